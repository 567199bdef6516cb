"""Every wrong way of writing penalties and money is refused on load, where it stands and with what to do about it.

One small definition holds a rule, pool, measure, table, reading, right and security of each sort and loads clean; each
kind of damage changes one passage of it. No database is needed.
"""

from __future__ import annotations

import pytest

from definitions.loading import Loaded, load_files
from definitions.problems import DefinitionRefused
from definitions.reader import SourceFile
from tests.definitions.small import changed
from tests.definitions.small_penalties import VALID
from tests.definitions.wrong_money import DAMAGE

FILE = "penalties.toml"


def load(text: str) -> Loaded:
    return load_files([SourceFile(FILE, text.encode())])


def test_the_undamaged_definition_loads() -> None:
    assert all(problem.level == "warning" for problem in load(VALID).health)


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_wrong_is_refused_with_its_place_and_its_remedy(kind: str) -> None:
    (old, new), code, table, clause, mentioned = DAMAGE[kind]
    with pytest.raises(DefinitionRefused) as refusal:
        load(changed(old, new, VALID))
    errors = [problem for problem in refusal.value.problems if problem.level == "error"]
    matching = [p for p in errors if p.code == code and p.table.startswith(table)]
    assert matching, [(p.code, p.table, p.clause, p.text) for p in errors]
    problem = matching[0]
    assert (problem.file, problem.clause) == (FILE, clause)
    assert problem.text and problem.remedy
    assert mentioned in f"{problem.text} {problem.remedy}"

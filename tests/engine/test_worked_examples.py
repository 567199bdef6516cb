"""The examples of docs/rules/amounts.md and measures.md come out as written."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.definition import parse_definition
from engine.facts_file import check_facts, parse_facts
from engine.language.formula import shown
from engine.language.values import Choice, Value
from engine.world import FactWorld
from tests.engine.support import CALENDARS

RULES = Path(__file__).parents[2] / "docs" / "rules"
BLOCK = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"^# → (\w+)(?:\[(.*?)\])?: (.+)$", re.MULTILINE)
HEAD = 'format = 1\n[contract]\nnumber = "DOC"\ntotal = "1000"\n'


def blocks() -> list[Any]:
    found = []
    for page in ("amounts.md", "measures.md"):
        text = (RULES / page).read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start()) + 1
            found.append(pytest.param(block[1], id=f"{page}-{line}"))
    return found


def written(value: Value) -> str:
    text = shown(value)
    if not isinstance(value, Choice):
        return text
    if not value.options:
        return f"? {', '.join(sorted(value.missing))}"
    return text + (", provisional" if value.provisional else "")


@pytest.mark.parametrize("example", blocks())
def test_a_worked_example_comes_out_as_written(example: str) -> None:
    text, _mark, facts = example.partition("# facts\n")
    as_of = re.search(r"^# as of (\S+)$", example, re.MULTILINE)
    assert as_of is not None
    definition = parse_definition(tomllib.loads(HEAD + text))
    store = check_facts(definition, parse_facts(tomllib.loads(facts), definition).store)
    world = FactWorld(definition, store, CALENDARS, date.fromisoformat(as_of[1]), None, {})
    expected = EXPECTED.findall(example)
    assert expected
    for name, key, value in expected:
        instances = {"/".join(each.key.values()): each for each in world.bound(definition.measures[name].bindings)}
        result = world.measure(name, tuple(instances[key].variables.values()))
        assert written(result) == value, (name, key)

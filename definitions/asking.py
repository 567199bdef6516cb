"""Evaluate a definition in files over facts in a file (rules.md §9). Reads no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from definitions.loading import load_path, published_calendars
from definitions.problems import DefinitionRefused, Problem, make_problem, translated
from definitions.reader import SourceFile, parse_toml
from engine.definition import Definition
from engine.evaluation import Evaluation, evaluate
from engine.facts import FactsRefused, FactStore
from engine.facts_file import FactsFile, parse_facts
from engine.language.errors import is_far

EVALUATED, DEFINITION_REFUSED, FACTS_REFUSED = 0, 1, 2


@dataclass(frozen=True)
class Answer:
    """What `evaluate` says: its exit code, the JSON (in English, whatever the reader's language), and the evaluation
    unless something was refused."""

    exit_code: int
    payload: dict[str, Any]
    evaluation: Evaluation | None = None
    health: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refused it, in the order of the JSON."""
        return tuple(problem for problem in self.problems if problem.level == "error")


def problem_json(problem: Problem) -> dict[str, str]:
    """A problem as `{"errors": […]}` and the health list show it, in the reader's language."""
    text, remedy = translated(problem)
    return {**problem.to_json(), "text": text, "remedy": remedy}


def _refusal(exit_code: int, problems: Iterable[Problem], file: str = "") -> Answer:
    found = tuple(problems)
    errors = [problem.to_json() for problem in found if problem.level == "error"]
    for error in errors:
        if file and not error["where"].startswith(file):
            error["where"] = ":".join(part for part in (file, error["where"]) if part)
    return Answer(exit_code, {"errors": errors}, problems=found)


def read_facts(path: str | Path, definition: Definition) -> FactsFile:
    """The facts and readings of one file. Raises FactsRefused with every problem."""
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as error:
        raise FactsRefused([make_problem("no_facts", file=place.name, path=place)]) from error
    try:
        data = parse_toml(SourceFile(place.name, content), keep_dates=True)
    except DefinitionRefused as error:
        raise FactsRefused(error.problems) from error
    return parse_facts(data, definition)


def read_day(value: str | date) -> date:
    """A day of the command line. Raises FactsRefused if it does not exist."""
    try:
        day = value if isinstance(value, date) and not isinstance(value, datetime) else date.fromisoformat(str(value))
    except ValueError as error:
        raise FactsRefused([make_problem("bad_as_of", value=value)]) from error
    if is_far(day):
        raise FactsRefused([make_problem("bad_as_of", value=value)])
    return day


def ask(
    path: str | Path, *, as_of: str | date, facts: str | Path | None = None, known_on: str | date | None = None
) -> Answer:
    """Load, check and evaluate. The exit code is 0 evaluated, 1 definition refused, 2 facts (or days) refused."""
    try:
        loaded = load_path(path)
    except DefinitionRefused as error:
        return _refusal(DEFINITION_REFUSED, error.problems)
    name = Path(facts).name if facts is not None else ""
    try:
        day = read_day(as_of)
        known = read_day(known_on) if known_on is not None else None
        entered = read_facts(facts, loaded.definition) if facts is not None else FactsFile(FactStore(), {})
        evaluation = evaluate(
            loaded.definition,
            entered.store,
            calendars=published_calendars(),
            as_of=day,
            known_on=known,
            readings=entered.readings,
            version=loaded.source.sha256[:12],
        )
    except FactsRefused as error:
        return _refusal(FACTS_REFUSED, error.problems, name)
    return Answer(EVALUATED, evaluation.to_json(loaded.health), evaluation, loaded.health)

"""Definitions and facts damaged at random are answered or refused with what to do, never with a traceback.

The worked cases of foreign shapes give the definitions, their facts, and the words to swap in; the seed is fixed.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from definitions.asking import published_calendars
from definitions.loading import load_source
from definitions.reader import Source
from engine.calendars_cn import china_official
from engine.definition import Definition, DefinitionRefused, parse_definition
from engine.evaluation import evaluate
from engine.facts import FactsRefused
from engine.facts_file import parse_facts
from engine.problems import Problem
from tests.billing.world import DATA
from tests.definitions.test_cases import CASES

ODD = (
    "none", "true", "total", "1", "-1", "CNY 1", "JPY 1", "3 points", "5 days", "2 hours", "assessed()",
    "assessments()", "contract.total", "1 / 0", "power(2, 100000)", "steps(1, 0)", "trigger()", "end(m)", "m.next",
    "payments()", "f", "linked(fault)", "happened(event.x)", "''", "x", "|m|", "10%", "",
    "year_fraction(start(m), end(m), act_act)",
)  # fmt: skip
STRANGE: tuple[Any, ...] = (
    True, 0, -5, 10**12, "CNY 5", "USD 5", "x", "", "90 minutes", "12 months", "99.98%", "3 points", [], ["x"],
    "2026-Q1", date(2026, 1, 31), date(1, 1, 1), date(9999, 12, 31), "2026-02-29",
)  # fmt: skip
Path = tuple[Any, ...]


def leaves(data: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(value, (*path, key))
    else:
        yield path, data


def swap(data: dict[str, Any], path: Path, value: object) -> None:
    holder: Any = data
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value


def shapes() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every definition of a foreign shape with each of its questions."""
    found = []
    for path in sorted(CASES.glob("shape_*.toml")):
        case = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [(tomllib.loads(case["definition"]), question) for question in case["ask"]]
    return found


def said(problems: tuple[Problem, ...] | list[Problem]) -> bool:
    return all(problem.text and problem.remedy for problem in problems)


def answered(definition: Definition, facts: dict[str, Any], as_of: date) -> str:
    """Evaluated, or why not."""
    try:
        entered = parse_facts(facts, definition)
        evaluation = evaluate(
            definition, entered.store, calendars=published_calendars(), as_of=as_of, readings=entered.readings
        )
    except FactsRefused as error:
        assert said(error.problems)
        return "facts refused"
    assert evaluation.to_json(())
    return "answered"


@pytest.mark.parametrize("seed", range(4))
def test_a_definition_with_words_swapped_is_answered_or_refused(seed: int) -> None:
    chance, cases, outcomes = random.Random(seed), shapes(), set[str]()
    words = [value for data, _question in cases for _path, value in leaves(data) if isinstance(value, str)]
    for _round in range(120):
        source, question = chance.choice(cases)
        data = deepcopy(source)
        for _change in range(chance.choice((1, 1, 2))):
            path, _value = chance.choice([leaf for leaf in leaves(data) if leaf[0][-1] != "number"])
            swap(data, path, chance.choice(ODD) if chance.random() < 0.5 else chance.choice(words))
        try:
            definition = parse_definition(data)
        except DefinitionRefused as refusal:
            assert said(refusal.problems)
            outcomes.add("refused")
            continue
        outcomes.add(answered(definition, tomllib.loads(question.get("facts", "")), question["as_of"]))
    assert {"refused", "answered"} <= outcomes


@pytest.mark.parametrize("seed", range(2))
def test_facts_with_values_swapped_are_answered_or_refused(seed: int) -> None:
    chance, outcomes = random.Random(seed), set[str]()
    cases = [(parse_definition(data), question) for data, question in shapes() if question.get("facts")]
    for _round in range(60):
        definition, question = chance.choice(cases)
        facts = tomllib.loads(question["facts"])
        path, _value = chance.choice(list(leaves(facts)))
        swap(facts, path, chance.choice(STRANGE))
        outcomes.add(answered(definition, facts, question["as_of"]))
    assert outcomes == {"facts refused", "answered"}


@pytest.mark.parametrize(
    ("hours", "start"), [("80000000", "2025-07-01"), ("99999999999999", "2025-07-01"), ("3", "9990-01-01")]
)
def test_a_stretch_nobody_can_play_is_not_tried(hours: str, start: str) -> None:
    """A nought too many in a length, or in a year: the checks of compared rows leave it to the reader of the table."""
    data = deepcopy(DATA) | {
        "interval": {"outage": {"title": "停机", "plural": "outages", "key": {"system": "system"}}},
        "system": {"s1": {"title": "系统一", "number": 1}},
        "term": {"service": {"start": f"on {start}", "end": f"on {start} + 1 days"}},
        "rule": {
            name: {
                "title": name, "clause": "3", "for": "systems as s", "when": f"longest(outages) > {length} hours",
                "amount": f"{rate} * contract.total",
            }
            for name, length, rate in (("long", hours, "20%"), ("short", "2", "10%"))
        },
        "pool": {"heaviest": {"title": "取重", "clause": "3", "over": ["long", "short"], "combine": "max"}},
    }  # fmt: skip
    loaded = load_source(Source(data, {}), calendars={"CN": china_official()})
    assert "accompanied" not in {problem.code for problem in loaded.health}

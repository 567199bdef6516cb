"""Worked cases as data: tests/cases/*.toml, each through the function behind `manage.py evaluate`, without a database.

A case names a contract shipped with the product, or the `path` of an example, or holds a small definition. Every
`[[ask]]` gives the day, the facts and the rows expected: `expect` deadlines, `assess` rule instances, `pool`,
`measure`, `instalment`, `security` and `right` results. Fields left out of a row are not compared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from definitions import asking
from definitions.asking import Answer, ask
from definitions.loading import Loaded, load_path
from engine.evaluation import DeadlineResult

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
DATA = ROOT / "definitions" / "data"
SPECIAL = {"id", "key", "absent", "count", "not_status", "reasons_count", "delay_days", "target"}


@cache
def shipped(path: Path) -> Loaded:
    """A definition that is part of the product: loading it is another test's subject, once is enough here."""
    return load_path(path)


@pytest.fixture(autouse=True)
def load_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(
        asking, "load_path", lambda path: load_path(path) if tmp_path in path.parents else shipped(path)
    )


def cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.toml")):
        case = tomllib.loads(path.read_text(encoding="utf-8"))
        for index, question in enumerate(case["ask"], start=1):
            yield pytest.param(case, question, id=f"{path.stem}-{index}")


def answer_to(case: dict[str, Any], question: dict[str, Any], folder: Path) -> Answer:
    if "definition" in case:
        definition = folder / "definition.toml"
        definition.write_text(case["definition"], encoding="utf-8")
    elif "path" in case:
        definition = ROOT / case["path"]
    else:
        definition = DATA / case["contract"]
    facts = None
    if "facts" in question:
        facts = folder / "facts.toml"
        facts.write_text(question["facts"], encoding="utf-8")
    return ask(definition, as_of=question["as_of"], facts=facts, known_on=question.get("known_on"))


def found(answer: Answer, expected: dict[str, Any]) -> list[DeadlineResult]:
    assert answer.evaluation is not None, answer.payload
    rows = [row for row in answer.evaluation.deadlines if row.id == expected["id"]]
    return [row for row in rows if "key" not in expected or dict(row.key) == expected["key"]]


def compare(row: DeadlineResult, expected: dict[str, Any]) -> None:
    shown = row.to_json()
    for field, value in expected.items():
        if field not in SPECIAL:
            assert (shown[field] or "") == value, f"{row.id} {field}"
    if "not_status" in expected:
        assert row.status != expected["not_status"], row.id
    if "reasons_count" in expected:
        assert len(row.reasons) == expected["reasons_count"], shown["reasons"]
    if "delay_days" in expected:
        assert row.delay_days == expected["delay_days"], row.id
    if "target" in expected:
        assert row.target is not None and row.target.isoformat() == expected["target"], row.id


# The table of a case and the array of the answer it is about.
MONEY = {
    "assess": "assessments", "pool": "pools", "measure": "measures", "instalment": "instalments",
    "security": "securities", "right": "rights",
}  # fmt: skip


def compare_money(answer: Answer, section: str, expected: dict[str, Any]) -> None:
    """One result against a row. `key` lists the key's values, `low` and `high` stand for the amount (or the pool's
    result), `by_reading` maps options joined by "/" to amounts, `names` must be among what is missing."""
    key = expected.get("key")
    rows = [
        row
        for row in answer.payload[section]
        if row["id"] == expected["id"] and (key is None or list(row["key"].values()) == key)
    ]
    if expected.get("absent") or "count" in expected:
        assert len(rows) == expected.get("count", 0), rows
        return
    assert len(rows) == 1, (expected, [row["key"] for row in rows])
    row = rows[0]
    amount = row["result"] if section == "pools" else row.get("amount")
    for field, value in expected.items():
        if field in ("low", "high", "amount") and section != "measures":
            assert amount is not None
            shown = [amount["low"], amount["high"]] if field == "amount" else [amount[field]]
            assert shown == [value or None] * len(shown), (row["id"], field, amount)
        elif field == "by_reading":
            found = {"/".join(each["readings"].values()): each["amount"] or "" for each in row["by_reading"]}
            assert found == value, row["id"]
        elif field == "settled":
            assert {each["sink"]: each["amount"] for each in row["settled"]} == value, row["id"]
        elif field == "rest":
            assert {name: part for name, part in row["rest"].items() if name in value} == value, row["id"]
        elif field == "names":
            assert set(value) <= set(row["missing"]), row["missing"]
        elif field not in ("id", "key"):
            assert row[field] == value, (row["id"], field, row[field])


@pytest.mark.parametrize(("case", "question"), list(cases()))
def test_case(case: dict[str, Any], question: dict[str, Any], tmp_path: Path) -> None:
    answer = answer_to(case, question, tmp_path)
    assert answer.exit_code == 0, answer.payload
    for section, name in MONEY.items():
        for expected in question.get(section, []):
            compare_money(answer, name, expected)
    for expected in question.get("expect", []):
        rows = found(answer, expected)
        if expected.get("absent"):
            assert rows == []
        elif "count" in expected:
            assert len(rows) == expected["count"]
        else:
            assert len(rows) == 1, (expected, [row.key for row in rows])
            compare(rows[0], expected)

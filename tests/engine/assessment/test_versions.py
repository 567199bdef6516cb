"""A supplementary agreement changes the rules: every event is judged by the version of its day."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from engine.facts_file import parse_facts
from engine.results import Evaluation
from engine.versions import Version, evaluate_versions
from tests.engine.assessment.support import CALENDARS, contract, incident

GONE = """
[rule.gone]
clause = "3"
for = "incidents as i"
yields = "money"
amount = "CNY 1"
"""
OLD = (
    """
[event.handover]
[duty.report]
clause = "4"
for = "incidents as i"
due = "i.at + 5 calendar_days"
[duty.close]
clause = "5"
due = "event.handover + 10 calendar_days"
[rule.loss]
clause = "2"
for = "incidents as i"
yields = "money"
amount = "CNY 100"
"""
    + GONE
    + """
[measure.days]
for = "each(month of term.service) as m"
value = "1"
[pool.all]
over = ["loss", "gone"]
"""
)
NEW = (
    OLD.replace("CNY 100", "CNY 250")
    .replace("5 calendar_days", "3 calendar_days")
    .replace("10 calendar", "20 calendar")
    .replace('value = "1"', 'value = "2"')
    .replace('over = ["loss", "gone"]', 'over = ["loss"]')
    .replace(GONE, "[event.extra]\n")
)


def ask(facts: str, as_of: str = "2025-12-31") -> Evaluation:
    new = contract(NEW)
    versions = [Version(date(2025, 7, 1), new, "v2"), Version(date(2025, 1, 1), contract(OLD), "v1")]
    store = parse_facts(tomllib.loads(facts), new).store
    return evaluate_versions(versions, store, calendars=CALENDARS, as_of=date.fromisoformat(as_of))


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2025-06-30", [("gone", "v1", "1.00"), ("loss", "v1", "100.00")]), ("2025-07-01", [("loss", "v2", "250.00")])],
)
def test_an_incident_is_judged_by_the_version_of_its_day(day: str, expected: list[tuple[str, str, str]]) -> None:
    found = ask(incident("i1", day))
    assert [(a.id, a.version, str(a.amount.value if a.amount else "")) for a in found.assessments] == expected


def test_the_pool_in_force_combines_the_assessments_of_both() -> None:
    found = ask(incident("i1", "2025-06-30") + incident("i2", "2025-07-01"))
    assert str(found.pool("all").result.value) == "351.00"
    assert found.pool("all").winners == ("loss/i1", "gone/i1", "loss/i2")


def test_deadlines_go_by_their_anchor_and_periods_by_their_first_day() -> None:
    facts = incident("i1", "2025-06-30") + incident("i2", "2025-07-01")
    found = ask(facts + '[[event]]\nname = "handover"\nat = 2025-06-01\n[[event]]\nname = "extra"\nat = 2025-08-01\n')
    assert [(d.id, d.version, d.date) for d in found.deadlines] == [
        ("close", "v1", date(2025, 6, 11)),
        ("report", "v1", date(2025, 7, 5)),
        ("report", "v2", date(2025, 7, 4)),
    ]
    assert {(m.key["m"], m.version, m.value) for m in found.measures if m.key["m"] in ("2025-06", "2025-07")} == {
        ("2025-06", "v1", "1"),
        ("2025-07", "v2", "2"),
    }


def test_what_is_not_yet_anchored_goes_by_the_version_in_force() -> None:
    assert [d.version for d in ask("").deadlines] == ["v2"]
    assert [d.version for d in ask("", "2025-06-30").deadlines] == ["v1"]

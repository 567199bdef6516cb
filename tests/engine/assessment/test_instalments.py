"""Instalments as shares, cumulative shares and with a factor; securities by rate and withholding; rights."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

from engine.assessment.instalments import Stage, entitlements
from engine.evaluation import evaluate
from engine.facts_file import parse_facts
from engine.results import Evaluation
from tests.engine.assessment.support import CALENDARS, contract


def everything(text: str, facts: dict[str, Any] | None = None, as_of: str = "2025-06-30") -> Evaluation:
    definition = contract(text)
    store = parse_facts(facts or {}, definition).store
    return evaluate(definition, store, calendars=CALENDARS, as_of=date.fromisoformat(as_of))


def test_the_last_instalment_takes_the_remainder() -> None:
    third = Stage(None, Fraction(1, 3), None)
    found = entitlements(Fraction("100.00"), [third, third, third], 2)
    assert [str(each[0]) for each in found if each] == ["33.33", "33.34", "33.33"]
    assert [str(each[1]) for each in found if each] == ["33.33", "66.67", "100.00"]


def test_up_to_95_percent_is_what_is_missing_to_it() -> None:
    text = """
[instalment.a]
clause = "1"
share = "30%"
[instalment.b]
clause = "1"
cumulative = "80%"
[instalment.c]
clause = "1"
cumulative = "95%"
"""
    found = everything(text).instalments
    assert [str(each.amount.value) for each in found] == ["36000.00", "60000.00", "18000.00"]
    assert [str(each.cumulative.value) for each in found] == ["36000.00", "96000.00", "114000.00"]


def test_a_factor_scales_a_share_and_an_unknown_one_is_pending() -> None:
    text = """
[item.score]
attributes = { value = "ratio" }
[instalment.a]
clause = "1"
share = "40%"
factor = "min(scores.value)"
"""
    (pending,) = everything(text).instalments
    assert (pending.state, pending.amount.value) == ("pending", None)
    score = {"item": [{"kind": "score", "id": "x", "at": "2025-03-01", "attributes": {"value": "90%"}}]}
    (known,) = everything(text, score).instalments
    assert (known.state, str(known.amount.value)) == ("known", "43200.00")


def test_a_retention_grows_with_what_is_paid_and_is_released_in_part() -> None:
    text = """
[event.handover]
[security.retention]
clause = "1"
withholding = "5%"
until = "event.handover + 12 months"
releases = [{ share = "50%", when = "happened(event.handover)" }]
"""
    paid = {
        "item": [
            {
                "kind": "payment",
                "id": "p",
                "at": "2025-03-01",
                "attributes": {"instalment": "a", "amount": "CNY 1000.00"},
            }
        ]
    }
    (kept,) = everything(text, paid).securities
    assert (str(kept.amount.value), str(kept.released), str(kept.available)) == ("50.00", "0.00", "50.00")
    handed = {**paid, "event": [{"name": "handover", "at": "2025-06-01"}]}
    (half,) = everything(text, handed).securities
    assert (str(half.released), str(half.available), half.valid_until) == ("25.00", "25.00", date(2026, 6, 1))
    part = {"sink": "security.retention", "amount": "CNY 10.00"}
    drawn = {"item": [*paid["item"], {"kind": "settlement", "id": "s", "at": "2025-06-02", "attributes": part}]}
    assert str(everything(text, drawn).securities[0].available) == "40.00"
    assert everything(text, handed, "2026-06-02").securities[0].in_force is False


def test_a_right_may_be_exercised_while_its_condition_holds() -> None:
    text = """
[event.breach]
[event.cured]
[right.terminate]
clause = "1"
holder = ["buyer"]
when = "happened(event.breach) and not happened(event.cured)"
until = "event.breach + 30 days"
[right.inspect]
clause = "2"
holder = ["buyer"]
"""
    rights = {r.id: r for r in everything(text).rights}
    assert (rights["inspect"].exercisable, rights["terminate"].exercisable) == (True, False)
    breach = {"event": [{"name": "breach", "at": "2025-06-01"}]}
    assert {r.id: r.exercisable for r in everything(text, breach).rights} == {"inspect": True, "terminate": True}
    late = everything(text, breach, "2025-07-02").rights
    assert {r.id: r.exercisable for r in late} == {"inspect": True, "terminate": False}

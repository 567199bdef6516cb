"""Statuses as of a day: gates, breaches, delays, and what is never a breach."""

from __future__ import annotations

import pytest

from tests.engine.support import definition, event, run

PAYMENT = """
[duty.payment]
clause = "7.2(1)"
due = "event.effective + 90 workdays"
gate = "happened(event.invoice)"
"""
INVOICE = event("invoice", "2025-10-09")


@pytest.mark.parametrize(
    ("as_of", "status", "delay"),
    [("2025-06-30", "open", 0), ("2025-11-04", "due_today", 0), ("2025-11-05", "late", 1), ("2025-11-14", "late", 10)],
)
def test_the_status_follows_as_of(as_of: str, status: str, delay: int) -> None:
    facts = event("invoice", "2025-06-26")
    result = run(definition(PAYMENT), as_of, facts).deadline("payment")
    assert (result.status, result.delay_days) == (status, delay)


@pytest.mark.parametrize(
    ("paid", "status", "delay"), [("2025-11-03", "met", 0), ("2025-11-04", "met", 0), ("2025-11-05", "late", 1)]
)
def test_paying_on_the_last_day_is_in_time(paid: str, status: str, delay: int) -> None:
    done = f'[[attribute]]\nof = "duty:payment"\nname = "done"\nvalue = {paid}\n'
    result = run(definition(PAYMENT), "2026-01-31", INVOICE + done).deadline("payment")
    assert (result.status, result.delay_days) == (status, delay)


def test_the_dutys_own_event_is_the_same_as_the_finding_that_it_was_done() -> None:
    result = run(definition(PAYMENT), "2026-01-31", INVOICE + event("payment", "2025-11-05")).deadline("payment")
    assert (result.status, result.delay_days) == ("late", 1)


def test_without_an_invoice_the_buyer_waits_and_is_not_in_breach() -> None:
    result = run(definition(PAYMENT), "2025-11-05", event("invoice", "2025-11-20")).deadline("payment")
    assert (result.status, str(result.value), result.delay_days) == ("waiting", "2025-11-04", 0)


def test_an_invoice_after_the_date_leaves_no_contractual_date() -> None:
    result = run(definition(PAYMENT), "2025-12-20", event("invoice", "2025-11-20")).deadline("payment")
    assert (result.status, str(result.value)) == ("open", "2025-11-04")
    assert [reason.message for reason in result.reasons] == ["gate_met_late"]


def test_an_invoice_on_the_last_day_is_in_time() -> None:
    result = run(definition(PAYMENT), "2025-11-05", event("invoice", "2025-11-04")).deadline("payment")
    assert (result.status, result.delay_days) == ("late", 1)


def test_after_gate_gives_the_late_invoice_a_date_of_its_own() -> None:
    text = PAYMENT + 'after_gate = "event.invoice + 10 workdays"\n'
    facts = event("invoice", "2025-11-20")
    result = run(definition(text), "2025-11-20", facts).deadline("payment")
    assert (result.status, str(result.value)) == ("open", "2025-12-04")
    assert run(definition(text), "2025-12-05", facts).deadline("payment").status == "late"


@pytest.mark.parametrize(
    ("paid", "status", "reason"),
    [("2025-12-30", "met", None), ("2025-12-31", "met", "disputed_day"), ("2026-01-01", "late", "delay")],
)
def test_between_the_safe_date_and_the_due_date_lies_a_disputed_day(paid: str, status: str, reason: str | None) -> None:
    text = '[duty.p]\nclause = "7.2(2)"\ndue = "on 2025-12-31"\nsafe = "on 2025-12-30"\n'
    result = run(definition(text), "2026-03-01", event("p", paid)).deadline("p")
    assert result.status == status
    assert [step.message for step in result.reasons] == ([reason] if reason else [])


def test_a_duty_without_a_date_is_not_applicable_and_says_why() -> None:
    text = '[duty.s]\nclause = "1"\ntracking = "standing"\ndue = "none"\nreason = "a promise for the whole term"\n'
    result = run(definition(text), "2026-01-01").deadline("s").to_json()
    assert (result["state"], result["status"]) == ("never", "not_applicable")
    assert "a promise for the whole term" in result["reasons"][0]


@pytest.mark.parametrize("kind", ["internal", "external"])
def test_internal_targets_and_third_parties_are_never_in_breach(kind: str) -> None:
    text = f'[duty.t]\nclause = "1"\nkind = "{kind}"\ndue = "on 2025-09-01"\n'
    result = run(definition(text), "2025-12-01").deadline("t")
    assert (result.status, result.delay_days) == ("open", 0)


def test_an_estimate_is_never_called_a_breach() -> None:
    text = definition(d="latest(end(term.service), event.acceptance_signed) + 90 workdays")
    facts = event("acceptance_signed", "2026-08-24")
    result = run(text, "2027-03-01", facts).deadline("d")
    assert (result.state, result.status, result.delay_days) == ("provisional", "open", 0)


@pytest.mark.parametrize(("as_of", "status"), [("2025-09-10", "open"), ("2025-09-11", "late"), ("2025-09-12", "late")])
def test_a_clock_in_minutes_is_late_once_the_day_ends_after_it(as_of: str, status: str) -> None:
    facts = event("reported", "2025-09-10T23:55:00+08:00")
    result = run(definition(d="event.reported + 15 minutes"), as_of, facts)
    assert result.deadline("d").status == status


def test_seconds_decide_whether_a_response_was_in_time() -> None:
    text = '[duty.r]\nclause = "3.7"\ndue = "event.reported + 15 minutes"\ndone = "event.responded"\n'
    reported = event("reported", "2025-09-10T23:55:00+08:00")
    for at, status in [("2025-09-11T00:10:00+08:00", "met"), ("2025-09-11T00:10:01+08:00", "late")]:
        assert run(definition(text), "2025-09-12", reported + event("responded", at)).deadline("r").status == status


def test_a_claim_window_waits_until_it_opens() -> None:
    contract = definition(d="window(on 2025-09-01, on 2025-09-30)")
    assert run(contract, "2025-08-31").deadline("d").status == "waiting"
    assert run(contract, "2025-09-01").deadline("d").status == "open"
    assert run(contract, "2025-10-01").deadline("d").status == "late"


def test_breaches_of_a_duty_are_a_set_others_can_start_from() -> None:
    contract = definition(
        '[duty.renewal]\nclause = "8.2"\nfor = "guarantees as g"\ndue = "g.expires - 15 workdays"\ndone = "g.renewed"\n'
        '[duty.fee]\nclause = "8.2"\nfor = "breaches(duty.renewal) as b"\ndue = "b.due + 30 days"\n'
    )
    facts = "".join(
        f'[[item]]\nkind = "guarantee"\nid = "{name}"\nattributes = {{ expires = 2026-03-31, renewed = {renewed} }}\n'
        for name, renewed in [("in_time", "2026-03-10"), ("too_late", "2026-03-20")]
    )
    evaluation = run(contract, "2026-06-01", facts)
    late = evaluation.deadline("renewal", g="too_late")
    assert (late.status, late.delay_days) == ("late", 10)
    assert [result.key for result in evaluation.deadlines if result.id == "fee"] == [{"b": "too_late"}]

"""The payment gate as pure rules: every state, and each boundary from both sides."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.rules import ApplicationKnown, GateInput, InvoiceKnown, gate
from billing.sentences import LINES, ROLES, STATES, STEPS, line_text, state_text, step_text

DUE = date(2025, 11, 4)
HUNDRED, CENT = Decimal("100.00"), Decimal("0.01")
BASE = GateInput(amount=HUNDRED, as_of=DUE, due_state="known", due_on=DUE, clause="7.2(1)", invoice_clause="7.2(4)")
FULL = (InvoiceKnown(HUNDRED, "checked"),)


def line(known, subject):
    return next(line for line in gate(known).lines if line.subject == subject)


@pytest.mark.parametrize(
    ("given", "state", "available"),
    [
        ({"due_state": "pending", "due_on": None}, "not_met", 0),
        ({"due_state": "never", "due_on": None}, "not_met", 0),
        ({}, "waiting_invoice", 0),
        ({"invoices": (InvoiceKnown(HUNDRED, "received"),)}, "waiting_invoice", 0),
        ({"invoices": (InvoiceKnown(HUNDRED, "rejected"),)}, "waiting_invoice", 0),
        ({"invoices": (InvoiceKnown(CENT, "checked"),)}, "payable", CENT),
        ({"invoices": FULL}, "payable", HUNDRED),
        ({"invoices": FULL, "due_state": "provisional"}, "payable", HUNDRED),
        ({"invoices": FULL, "payee": ""}, "payable", 0),
        ({"invoices": FULL, "payee": None}, "payable", HUNDRED),
        ({"invoices": FULL, "applications": (ApplicationKnown(HUNDRED, "applied"),)}, "applied", 0),
        ({"invoices": FULL, "applications": (ApplicationKnown(HUNDRED, "approved"),)}, "approved", 0),
        ({"invoices": FULL, "applications": (ApplicationKnown(HUNDRED, "rejected"),)}, "payable", HUNDRED),
        ({"invoices": FULL, "applications": (ApplicationKnown(HUNDRED, "paid"),)}, "paid", 0),
        ({"invoices": FULL, "applications": (ApplicationKnown(HUNDRED - CENT, "paid"),)}, "payable", CENT),
    ],
)
def test_states(given, state, available):
    found = gate(replace(BASE, **given))
    assert (found.state, found.available) == (state, available)


def test_the_term_must_have_ended_the_day_before():
    known = replace(BASE, term_ends=DUE, invoices=FULL)
    assert gate(known).state == "not_met"
    assert gate(replace(known, as_of=DUE + timedelta(days=1))).state == "payable"


@pytest.mark.parametrize(("day", "state"), [(-1, "not_met"), (0, "payable"), (1, "payable")])
def test_what_may_be_paid_only_from_a_day_on_is_not_payable_before(day, state):
    opens = DUE - timedelta(days=20)
    known = replace(BASE, opens_on=opens, as_of=opens + timedelta(days=day), invoices=FULL)
    found = gate(known)
    assert (found.state, found.available) == (state, HUNDRED if state == "payable" else 0)
    assert line(known, "trigger").code == ("trigger_early" if state == "not_met" else "trigger_met")


@pytest.mark.parametrize(
    ("day", "invoices", "code", "overdue"),
    [
        (-1, FULL, "deadline_ahead", False),
        (0, FULL, "deadline_today", False),
        (1, FULL, "deadline_passed", True),
        (1, (), "deadline_excused", False),
        (1, (InvoiceKnown(HUNDRED - CENT, "checked"),), "deadline_excused", False),
    ],
)
def test_the_deadline_runs_against_the_buyer_only_once_the_invoice_is_whole(day, invoices, code, overdue):
    known = replace(BASE, as_of=DUE + timedelta(days=day), invoices=invoices)
    assert (line(known, "deadline").code, gate(known).overdue) == (code, overdue)


@pytest.mark.parametrize(("day", "code", "state"), [(0, "paid_in_time", "met"), (1, "paid_late", "failed")])
def test_paid_in_time_or_late(day, code, state):
    known = replace(
        BASE,
        invoices=FULL,
        applications=(ApplicationKnown(HUNDRED, "paid"),),
        last_settled_on=DUE + timedelta(days=day),
        as_of=DUE + timedelta(days=30),
    )
    found = line(known, "deadline")
    assert (found.code, found.state, gate(known).overdue) == (code, state, False)


def test_what_is_paid_waits_for_nothing_and_still_says_that_it_was_late():
    known = replace(
        BASE,
        invoices=FULL,
        applications=(ApplicationKnown(HUNDRED, "paid"),),
        last_settled_on=DUE + timedelta(days=1),
        as_of=DUE + timedelta(days=30),
        payee="proposed",
    )
    assert line(replace(known, applications=()), "payee").state == "waiting"
    found = gate(known)
    assert "waiting" not in {each.state for each in found.lines}
    assert "paid_late" in {each.code for each in found.lines}
    assert found.met == len(found.lines) - 1


def test_every_open_line_says_who_does_what():
    assert line(replace(BASE, due_state="pending", missing=("验收通过",)), "trigger").params == {
        "missing": ("验收通过",)
    }
    assert line(BASE, "invoice").who == "VND"
    assert line(replace(BASE, invoices=(InvoiceKnown(HUNDRED, "received"),)), "invoice").who == "FIN"
    assert line(replace(BASE, payee=""), "payee").who == "IT"
    for state, who in (("applied", "MGR"), ("approved", "FIN")):
        known = replace(BASE, invoices=FULL, applications=(ApplicationKnown(HUNDRED, state),))
        assert line(known, "application").who == who
    assert gate(BASE).first_open.subject == "invoice"


def test_every_code_has_words():
    samples = {"on": DUE, "safe": DUE, "days": 3, "amount": HUNDRED, "missing": ("甲", "乙")}
    for code in LINES:
        assert "%(" not in line_text(code, samples, "CNY")
    for state in STATES:
        assert state_text(state)
    for step in STEPS:
        for who in ("", *ROLES):
            assert step_text(step, who)
    assert step_text("", "IT") == ""


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [("1234.5", "CNY", "¥1,234.50"), ("1234.50", "CHF", "CHF\u00a01,234.50"), ("-0.005", "CNY", "−¥0.005")],
)
def test_a_line_names_the_contract_s_currency_and_rounds_nothing(amount, currency, shown):
    assert shown in line_text("penalties_deducted", {"amount": Decimal(amount)}, currency)

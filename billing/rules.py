"""The payment gate (能不能付): from what is known about a milestone to its state and a checklist. Pure: no database, no
clock, no translation; every text is a code that billing.sentences turns into words.

States: not met → waiting for invoice (the buyer is not in breach) → payable → applied → approved → paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

MilestoneState = Literal["not_met", "waiting_invoice", "payable", "applied", "approved", "paid"]
LineState = Literal["met", "waiting", "failed"]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class InvoiceKnown:
    """An invoice as it stood on the day asked about: state is received, checked or rejected."""

    amount: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class ApplicationKnown:
    """A payment application as it stood: applied, approved, rejected or paid."""

    amount: Decimal
    state: str


@dataclass(frozen=True, slots=True)
class GateInput:
    """All that the gate looks at. `due_state` is the deadline's: known, provisional, pending or never; `missing` names
    the facts a pending deadline waits for. `term_ends` is set for the instalment that needs the term to have ended.
    Clauses are citations from the contract's definition."""

    amount: Decimal
    as_of: date
    due_state: str
    due_on: date | None = None
    missing: Sequence[str] = ()
    term_ends: date | None = None
    invoices: Sequence[InvoiceKnown] = ()
    applications: Sequence[ApplicationKnown] = ()
    last_paid_on: date | None = None
    payee_complete: bool = True
    clause: str = ""
    invoice_clause: str = ""
    payee_clause: str = ""


@dataclass(frozen=True, slots=True)
class GateLine:
    """One condition. `code` and `params` say what is the case, `next_step` what to do and `who` (a role) does it;
    a met condition has neither."""

    subject: str
    code: str
    state: LineState
    clause: str = ""
    who: str = ""
    next_step: str = ""
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gate:
    """The milestone's state and its lines. `available` is what may be applied for now. `overdue`: the deadline has
    passed, the invoice is there and money is still owed; while the invoice is missing the buyer is not in breach."""

    state: MilestoneState
    lines: tuple[GateLine, ...]
    outstanding: Decimal
    available: Decimal
    paid: Decimal
    overdue: bool
    overdue_days: int = 0

    @property
    def first_open(self) -> GateLine | None:
        """The condition that blocks now: the first one not met that somebody can act on."""
        return next((line for line in self.lines if line.state != "met" and line.who), None)

    @property
    def met(self) -> int:
        return sum(line.state == "met" for line in self.lines)


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _trigger(known: GateInput) -> GateLine:
    if known.due_state in {"known", "provisional"}:
        return GateLine("trigger", "trigger_met", "met", known.clause)
    if known.due_state == "never":
        return GateLine("trigger", "trigger_never", "failed", known.clause, "MGR", "trigger_never")
    code = "trigger_missing" if known.missing else "trigger_pending"
    missing = {"missing": tuple(known.missing)}
    return GateLine("trigger", code, "waiting", known.clause, "IT", "record_event", missing)


def _term(known: GateInput, ends: date) -> GateLine:
    if known.as_of > ends:
        return GateLine("term", "term_ended", "met", known.clause, params={"on": ends})
    return GateLine("term", "term_running", "waiting", known.clause, "", "wait_for_term", {"on": ends})


def _invoice(known: GateInput, checked: Decimal) -> GateLine:
    if checked >= known.amount:
        return GateLine("invoice", "invoice_checked", "met", known.invoice_clause, params={"amount": checked})
    received = _sum([invoice.amount for invoice in known.invoices if invoice.state == "received"])
    if received:
        return GateLine(
            "invoice", "invoice_received", "waiting", known.invoice_clause, "FIN", "check_invoice", {"amount": received}
        )
    code = "invoice_partial" if checked else "invoice_missing"
    return GateLine(
        "invoice", code, "waiting", known.invoice_clause, "VND", "hand_in_invoice", {"amount": known.amount - checked}
    )


def _payee(known: GateInput) -> GateLine:
    if known.payee_complete:
        return GateLine("payee", "payee_known", "met", known.payee_clause)
    return GateLine("payee", "payee_unknown", "waiting", known.payee_clause, "IT", "complete_payee")


def _deadline(known: GateInput, *, open_: bool, paid: bool) -> GateLine:
    due = known.due_on
    if due is None:
        return GateLine("deadline", "deadline_open", "waiting", known.clause)
    params = {"on": due}
    if paid:
        late = known.last_paid_on is not None and known.last_paid_on > due
        if late and known.last_paid_on is not None:
            days = (known.last_paid_on - due).days
            return GateLine("deadline", "paid_late", "failed", known.clause, params={"on": due, "days": days})
        return GateLine("deadline", "paid_in_time", "met", known.clause, params=params)
    if known.as_of <= due:
        code = "deadline_estimate" if known.due_state == "provisional" else "deadline_ahead"
        return GateLine("deadline", code, "met", known.clause, params={"on": due, "days": (due - known.as_of).days})
    days = (known.as_of - due).days
    if open_:
        return GateLine("deadline", "deadline_passed", "failed", known.clause, params={"on": due, "days": days})
    return GateLine("deadline", "deadline_excused", "waiting", known.clause, params={"on": due, "days": days})


def _application(known: GateInput, state: MilestoneState) -> GateLine:
    match state:
        case "paid":
            return GateLine("application", "application_paid", "met")
        case "approved":
            return GateLine("application", "application_approved", "waiting", "", "FIN", "post_payment")
        case "applied":
            return GateLine("application", "application_applied", "waiting", "", "MGR", "decide_application")
        case "payable":
            rejected = bool(known.applications) and known.applications[-1].state == "rejected"
            code = "application_rejected" if rejected else "application_none"
            return GateLine("application", code, "waiting", "", "FIN", "apply")
        case _:
            return GateLine("application", "application_early", "waiting")


def gate(known: GateInput) -> Gate:
    """The gate of one milestone on the day `known.as_of`."""
    checked = _sum([invoice.amount for invoice in known.invoices if invoice.state == "checked"])
    paid = _sum([application.amount for application in known.applications if application.state == "paid"])
    under_way = [application for application in known.applications if application.state in {"applied", "approved"}]
    committed = paid + _sum([application.amount for application in under_way])
    trigger = _trigger(known)
    conditions = [trigger] + ([_term(known, known.term_ends)] if known.term_ends else [])
    triggered = all(line.state == "met" for line in conditions)
    available = min(known.amount, checked) - committed
    state: MilestoneState
    if paid >= known.amount:
        state = "paid"
    elif under_way:
        state = "approved" if under_way[-1].state == "approved" else "applied"
    elif not triggered:
        state = "not_met"
    elif available <= ZERO:
        state = "waiting_invoice"
    else:
        state = "payable"
    open_ = checked >= known.amount
    deadline = _deadline(known, open_=open_, paid=state == "paid")
    overdue = deadline.code == "deadline_passed"
    lines = (*conditions, _invoice(known, checked), _payee(known), deadline, _application(known, state))
    return Gate(
        state=state,
        lines=lines,
        outstanding=known.amount - paid,
        available=available if state == "payable" and known.payee_complete else ZERO,
        paid=paid,
        overdue=overdue,
        overdue_days=(known.as_of - known.due_on).days if overdue and known.due_on else 0,
    )

"""From rows to the payment gate of billing.rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Invoice, Milestone, PaymentApplication
from billing.rules import ApplicationKnown, Gate, GateInput, GateLine, InvoiceKnown, PenaltiesKnown, gate
from billing.selectors.beside import Beside, beside_now, due_of
from billing.sentences import line_text, side_text, state_text, step_text
from billing.terms import MoneyTerms, money_terms


@dataclass(frozen=True, slots=True)
class LineView:
    """A gate line in words: what is the case, the clause, met|waiting|failed, and who does what next."""

    subject: str
    text: str
    state: str
    clause: str
    next_step: str


@dataclass(frozen=True, slots=True)
class GateView:
    """The gate in words, with the figures behind it. `sides` stand beside the state: (code, words)."""

    gate: Gate
    state: str
    state_text: str
    sides: tuple[tuple[str, str], ...]
    lines: tuple[LineView, ...]

    @property
    def met(self) -> int:
        return self.gate.met


def _on(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()


def _invoices(rows: Iterable[Invoice], *, as_of: date, zone: ZoneInfo) -> list[InvoiceKnown]:
    known = []
    for row in rows:
        if _on(row.submitted_at, zone) > as_of:
            continue
        decided = row.checked_at is not None and _on(row.checked_at, zone) <= as_of
        known.append(InvoiceKnown(row.amount, row.state if decided else Invoice.State.RECEIVED.value))
    return known


def _application(row: PaymentApplication, *, as_of: date, zone: ZoneInfo) -> ApplicationKnown | None:
    if _on(row.applied_at, zone) > as_of:
        return None
    payment = getattr(row, "payment", None)
    if payment is not None and payment.paid_on <= as_of:
        counter = getattr(payment, "reversed_by", None)
        reversed_then = counter is not None and counter.paid_on <= as_of
        return ApplicationKnown(row.amount, "reversed" if reversed_then else "paid")
    if row.decided_at is not None and _on(row.decided_at, zone) <= as_of:
        return ApplicationKnown(row.amount, "rejected" if row.state == "rejected" else "approved")
    return ApplicationKnown(row.amount, "applied")


def known_of(
    milestone: Milestone,
    *,
    invoices: Iterable[Invoice],
    applications: Iterable[PaymentApplication],
    as_of: date,
    beside: Beside,
    terms: MoneyTerms | None = None,
    missing: Sequence[str] = (),
) -> GateInput:
    """The gate's input from a milestone (with contract and obligation loaded) and its rows, oldest first.

    Without `terms` (lists) the clause of the invoice stays empty and the account is not asked about."""
    zone = ZoneInfo(milestone.contract.zone)
    applications = list(applications)
    known = [_application(row, as_of=as_of, zone=zone) for row in applications]
    due = beside.due or due_of(milestone)
    penalties = PenaltiesKnown(beside.frozen, beside.undeducted, beside.deducted)
    return GateInput(
        amount=milestone.amount,
        as_of=as_of,
        due_state=due.state,
        due_on=due.on,
        safe_on=due.safe_on,
        target_on=due.target_on,
        gate_late=due.gate_late,
        opens_on=due.opens_on,
        missing=due.missing if beside.due is not None else tuple(missing),
        term_ends=milestone.contract.ends_on if milestone.after_acceptance else None,
        invoices=_invoices(invoices, as_of=as_of, zone=zone),
        applications=[row for row in known if row is not None],
        last_settled_on=max(_settled_days(applications, beside, as_of=as_of), default=None),
        payee=terms.payee.state if terms else None,
        penalties=penalties if beside.penalties_shown else None,
        guarantee=beside.guarantee,
        hold=beside.hold,
        clause=milestone.clause,
        invoice_clause=terms.event_clauses.get(milestone.invoice_event, "") if terms else "",
        payee_clause=terms.payee.clause if terms else "",
    )


def _settled_days(applications: Iterable[PaymentApplication], beside: Beside, *, as_of: date) -> list[date]:
    """The days money moved for good: payments not reversed, and the last deduction."""
    payments = [payment for row in applications if (payment := getattr(row, "payment", None)) is not None]
    days = [
        payment.paid_on
        for payment in payments
        if payment.paid_on <= as_of and getattr(payment, "reversed_by", None) is None
    ]
    return days + ([beside.last_deducted_on] if beside.last_deducted_on is not None else [])


def missing_titles(milestone: Milestone, terms: MoneyTerms) -> tuple[str, ...]:
    """What a pending deadline waits for, by the titles the definition gives."""
    if milestone.obligation.due_state != "pending":
        return ()
    named = [(fact["name"].removeprefix("event."), fact["title"]) for fact in milestone.obligation.missing]
    return tuple(title or terms.event_titles.get(name) or name for name, title in named)


def application_rows(milestone_ids: Iterable[int]) -> list[PaymentApplication]:
    """Applications with their payments, oldest first. Not narrowed to a viewer: whoever sees a milestone may know its
    state; the rows themselves are handed only to the buyer's people."""
    return list(
        PaymentApplication.objects.filter(milestone_id__in=milestone_ids)
        .select_related("payment", "payment__reversed_by")
        .order_by("pk")
    )


def gate_of(milestone: Milestone, *, terms: MoneyTerms, as_of: date) -> Gate:
    """The gate of a milestone whose contract and obligation are loaded; for services, inside their lock."""
    return gate(
        known_of(
            milestone,
            invoices=milestone.invoices.order_by("pk"),
            applications=application_rows([milestone.pk]),
            as_of=as_of,
            beside=beside_now(milestone, terms=terms, as_of=as_of),
            terms=terms,
            missing=missing_titles(milestone, terms),
        )
    )


def _line(line: GateLine, currency: str) -> LineView:
    return LineView(
        subject=line.subject,
        text=line_text(line.code, line.params, currency),
        state=line.state,
        clause=line.clause,
        next_step=step_text(line.next_step, line.who),
    )


def gate_view(found: Gate, *, currency: str) -> GateView:
    """The gate in the reader's language, amounts in the contract's currency."""
    lines = tuple(_line(line, currency) for line in found.lines)
    # What is in the house is no longer waited for: in words alone, the state stays the register's (F.4).
    in_hand = found.state == "waiting_invoice" and any(line.code == "invoice_received" for line in found.lines)
    return GateView(
        gate=found,
        state=found.state,
        state_text=state_text("invoice_received" if in_hand else found.state),
        sides=tuple((side, side_text(side)) for side in found.sides),
        lines=lines,
    )


def milestone_gate(milestone: Milestone, *, viewer: Viewer, as_of: date) -> GateView:
    """The gate of one milestone for a reader on a day of the contract's calendar. Raises NotVisible."""
    require(viewer, "milestone.read", milestone)
    contract = milestone.contract
    return gate_view(gate_of(milestone, terms=money_terms(contract), as_of=as_of), currency=contract.currency)


# What the other party may know of a milestone; how the buyer's own application goes is the buyer's affair.
SHARED_SUBJECTS = frozenset({"trigger", "term", "invoice", "guarantee", "hold", "deadline"})


def lines_for(view: GateView, *, viewer: Viewer) -> tuple[LineView, ...]:
    """The conditions a reader may know: all of them inside the buyer's party, outside those both parties share."""
    if viewer.kind == "buyer" or viewer.is_system:
        return view.lines
    return tuple(line for line in view.lines if line.subject in SHARED_SUBJECTS)

"""What the other party's people may read, field by field. Selectors narrow rows to the viewer; these values leave out
what is the buyer's own affair: people's names, notes and journal, causes of moved dates, files of the buyer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.policy import NotVisible
from accounts.scoping import Viewer
from billing import selectors as billing
from contracts.selectors import file_get
from obligations import selectors as obligations
from obligations.selectors.stakes import SideFigures, side_figures

MILESTONES = 500
"""More instalments than any vendor has open at once; the sums below are over all of them."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A file or reference handed in; `file_id` None: only a reference."""

    title: str
    reference: str
    file_id: int | None
    file_name: str


@dataclass(frozen=True, slots=True)
class Round:
    """One submission of one's own party with the buyer's answer; who answered stays inside the buyer's party."""

    number: int
    state: str
    done_on: date
    note: str
    submitted_by: str
    submitted_at: datetime
    answered_at: datetime | None
    answer: str
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class PastDate:
    """A due date as it was once computed."""

    number: int
    state: str
    due_on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Duty:
    """One obligation for the other party's page."""

    row: obligations.ObligationRow
    trigger: str
    deadline_text: str
    evidence: str
    consequence: str
    owed_to: str
    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    strip: obligations.StripRows | None
    rounds: tuple[Round, ...]
    past: tuple[PastDate, ...]
    may: frozenset[str]
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """An invoice with the result of the check; `reason` only when it was rejected."""

    pk: int
    contract_number: str
    milestone: str
    number: str
    amount: Decimal
    currency: str
    issued_on: date
    submitted_at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    """An instalment and how far its payment has come."""

    pk: int
    contract_id: int
    contract_number: str
    obligation_id: int
    title: str
    clause: str
    amount: Decimal
    currency: str
    due_on: date | None
    estimate: bool
    state: str
    state_text: str
    missing: str
    invoiced: Decimal
    in_check: Decimal  # handed in, not checked yet
    paid: Decimal
    deducted: Decimal
    may_invoice: bool


@dataclass(frozen=True, slots=True)
class Stake:
    """The first line of the home page. `unpaid` and `uninvoiced` are sums in `currency`, None for readers without
    sight of money; `with_buyer` is what has been handed in or applied for and not paid yet."""

    figures: SideFigures
    currency: str
    unpaid: Decimal | None
    uninvoiced: Decimal | None
    with_buyer: Decimal | None


def duty(pk: int, *, viewer: Viewer, as_of: date, known_on: date | None = None) -> Duty:
    """One obligation as of a day. Raises NotVisible."""
    found = obligations.obligation_get(pk, viewer=viewer, as_of=as_of, known_on=known_on)
    return Duty(
        row=found.row,
        trigger=found.text.trigger,
        deadline_text=found.text.deadline_text,
        evidence=found.text.evidence,
        consequence=found.text.consequence,
        owed_to=found.text.obligee_names,
        sentences=found.sentences,
        reasons=found.reason_sentences,
        strip=found.strip,
        rounds=tuple(_round(one) for one in found.submissions),
        past=tuple(PastDate(one.number, one.state, one.due_on, one.recorded_at) for one in found.versions),
        may=found.may & {"submit", "acknowledge", "hand_over"},
        acknowledged=found.acknowledged,
    )


def _round(one: Any) -> Round:
    return Round(
        number=one.round,
        state=one.state,
        done_on=one.done_on,
        note=one.note,
        submitted_by=one.submitted_by,
        submitted_at=one.submitted_at,
        answered_at=one.reviewed_at,
        answer=one.review_note,
        proofs=tuple(Proof(proof.title, proof.reference, proof.file_id, proof.file_name) for proof in one.evidence),
    )


def own_file(pk: int, *, viewer: Viewer) -> Any:
    """A file the viewer's own party handed in; the supervisor may also open the vendor's. Raises NotVisible."""
    file = file_get(pk, viewer=viewer)
    parties = {viewer.party_id}
    if viewer.kind == "supervisor":
        parties.add(file.contract.vendor_id)
    if file.uploaded_by is None or file.uploaded_by.party_id not in parties:
        raise NotVisible("")
    return file


def milestone_lines(*, viewer: Viewer, as_of: date | None) -> tuple[MilestoneLine, ...]:
    """The viewer's instalments, those that wait for an invoice first. Three statements."""
    rows = billing.milestones_list(viewer=viewer, as_of=as_of, limit=MILESTONES).rows
    return tuple(_milestone(row, viewer) for row in rows)


def _milestone(row: billing.MilestoneRow, viewer: Viewer) -> MilestoneLine:
    lines = billing.lines_for(row.gate, viewer=viewer)
    milestone, gate = row.milestone, row.gate.gate
    received = (line.params["amount"] for line in gate.lines if line.code == "invoice_received")
    in_check = next((amount for amount in received if isinstance(amount, Decimal)), Decimal(0))
    lacks_invoice = any(line.code in {"invoice_missing", "invoice_partial"} for line in gate.lines)
    return MilestoneLine(
        pk=milestone.pk,
        contract_id=row.contract.pk,
        contract_number=row.contract.number,
        obligation_id=milestone.obligation_id,
        title=milestone.title,
        clause=milestone.clause,
        amount=milestone.amount,
        currency=row.contract.currency,
        due_on=row.due_on,
        estimate=row.due_state == "provisional",
        state=row.gate.state,
        state_text=row.gate.state_text,
        missing=next((line.text for line in lines if line.state != "met"), ""),
        invoiced=milestone.invoiced,
        in_check=in_check,
        paid=gate.paid,
        deducted=gate.deducted,
        may_invoice=viewer.kind == "vendor" and row.gate.state == "waiting_invoice" and lacks_invoice,
    )


def invoice_lines(rows: Iterable[Any]) -> tuple[InvoiceLine, ...]:
    """Invoices of the viewer's contracts."""
    return tuple(
        InvoiceLine(
            pk=row.pk,
            contract_number=row.contract.number,
            milestone=row.milestone.title,
            number=row.number,
            amount=row.amount,
            currency=row.contract.currency,
            issued_on=row.issued_on,
            submitted_at=row.submitted_at,
            state=row.state,
            reason=row.check_note if row.state == "rejected" else "",
        )
        for row in rows
    )


def total(figures: Iterable[SideFigures]) -> SideFigures:
    """The sum over contracts."""
    found = list(figures)
    days = [one.next_due_on for one in found if one.next_due_on is not None]
    return SideFigures(
        overdue=sum(one.overdue for one in found),
        week=sum(one.week for one in found),
        in_review=sum(one.in_review for one in found),
        owed=sum(one.owed for one in found),
        done=sum(one.done for one in found),
        next_due_on=min(days, default=None),
    )


def stake(*, viewer: Viewer, as_of: date, money: bool) -> Stake:
    """What is at stake for the viewer's party on a day. Four statements; one without money.

    Sums are over the contracts of one currency, the one most instalments are in.
    """
    figures = total(side_figures(viewer=viewer, as_of=as_of).values())
    if not money:
        return Stake(figures, "", None, None, None)
    rows = milestone_lines(viewer=viewer, as_of=as_of)
    currencies = [row.currency for row in rows]
    currency = max(set(currencies), key=currencies.count) if currencies else "CNY"
    rows = tuple(row for row in rows if row.currency == currency)
    unpaid = sum((row.amount - row.paid - row.deducted for row in rows), Decimal(0))
    waiting = [row for row in rows if row.state == "waiting_invoice"]
    uninvoiced = sum((max(row.amount - row.invoiced - row.in_check, Decimal(0)) for row in waiting), Decimal(0))
    states = {"payable", "applied", "approved"}
    with_buyer = sum((row.invoiced - row.paid for row in rows if row.state in states), Decimal(0))
    with_buyer += sum((row.in_check for row in rows), Decimal(0))
    return Stake(figures, currency, unpaid, uninvoiced, with_buyer)

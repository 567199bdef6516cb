"""The payment advice (付款通知): what the vendor reads about an instalment — paid, deducted, still to come — and about
what it owes the buyer apart from that, or gets back. Of a transfer it sees day, amount and bank reference, never the
buyer's own papers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import FiscalHold, Milestone, Payment, Refund, SeparateClaim
from billing.selectors.milestones import milestone_get
from billing.selectors.settlement import Waterfall, settlement_of, waterfall_of
from contracts.models import Contract
from contracts.selectors.calendars import end_of_day

ZERO = Decimal("0.00")
# More refunds than any vendor looks back on.
REFUNDS = 200


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A transfer, or the counter-entry of one (negative)."""

    on: date
    amount: Decimal
    bank_reference: str
    payee_name: str
    payee_account: str
    is_counter: bool


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A claim the vendor pays by a transfer of its own."""

    number: str
    title: str
    clause: str
    amount: Decimal
    due_on: date
    settled_on: date | None


@dataclass(frozen=True, slots=True)
class BackLine:
    """What goes back to the vendor of a claim it has met. `paid_on` None, and no reference: still to be transferred.
    Who ordered and approved it, and why, stays inside the buyer's house."""

    number: str
    title: str
    clause: str
    contract: str
    amount: Decimal
    currency: str
    approved_on: date
    paid_on: date | None
    bank_reference: str


@dataclass(frozen=True, slots=True)
class Advice:
    """All of it on a day. `delayed_since`: the vendor was told of a fiscal delay that lasts."""

    milestone: Milestone
    waterfall: Waterfall
    payments: tuple[PaidLine, ...]
    owed: tuple[OwedLine, ...]
    back: tuple[BackLine, ...]
    delayed_since: date | None


def payment_advice(milestone_id: int, *, viewer: Viewer, as_of: date) -> Advice:
    """The advice of one instalment up to a day. Raises NotVisible. Six queries."""
    require(viewer, "milestone.read")
    milestone = milestone_get(milestone_id, viewer=viewer)
    # The rows are the buyer's own; whoever may see the instalment may know these fields of them.
    rows = Payment.objects.filter(
        Q(application__milestone=milestone) | Q(reverses__application__milestone=milestone), paid_on__lte=as_of
    ).select_related("application", "reverses__application")
    payments = tuple(_paid(row) for row in rows.order_by("paid_on", "pk"))
    deductions, liabilities = settlement_of(milestone, viewer=viewer, as_of=as_of)
    claims = SeparateClaim.objects.visible_to(viewer).filter(contract=milestone.contract_id).exclude(state="withdrawn")
    hold = FiscalHold.objects.visible_to(viewer).filter(milestone=milestone, ended_on=None, notified_on__lte=as_of)
    return Advice(
        milestone=milestone,
        waterfall=waterfall_of(
            milestone,
            paid=sum((row.amount for row in payments), ZERO),
            deductions=deductions,
            liabilities=liabilities,
            frozen=ZERO,
        ),
        payments=payments,
        owed=tuple(
            OwedLine(row.number, row.liability.title, row.liability.clause, row.amount, row.due_on, row.settled_on)
            for row in claims.select_related("liability").order_by("due_on", "pk")
        ),
        back=refunds_back(viewer=viewer, as_of=as_of, contract=milestone.contract),
        delayed_since=hold.values_list("known_on", flat=True).first(),
    )


def _paid(row: Payment) -> PaidLine:
    application = row.application or (row.reverses.application if row.reverses is not None else None)
    name, account = (application.payee_name, application.payee_account) if application is not None else ("", "")
    return PaidLine(row.paid_on, row.amount, row.bank_reference, name, account, row.reverses_id is not None)


def refunds_back(*, viewer: Viewer, as_of: date, contract: Contract | None = None) -> tuple[BackLine, ...]:
    """What the buyer had approved by a day to pay back to the viewer's party, of one contract or all: what is still to
    come first, then the latest. One query."""
    require(viewer, "milestone.read")
    ends = end_of_day(as_of, timezone.get_current_timezone_name())
    rows = Refund.objects.visible_to(viewer).filter(approved_at__lt=ends).select_related("liability", "contract")
    if contract is not None:
        rows = rows.filter(contract=contract)
    lines = [_back(row, as_of) for row in rows.order_by("-pk")[:REFUNDS]]
    return tuple(sorted(lines, key=lambda line: line.paid_on is not None))


def _back(row: Refund, as_of: date) -> BackLine:
    paid_on = row.paid_on if row.paid_on is not None and row.paid_on <= as_of else None
    return BackLine(
        number=row.number,
        title=row.liability.title,
        clause=row.liability.clause,
        contract=row.contract.title,
        amount=row.amount,
        currency=row.contract.currency,
        approved_on=row.approved_at.astimezone(ZoneInfo(row.contract.zone)).date(),
        paid_on=paid_on,
        bank_reference=row.bank_reference if paid_on is not None else "",
    )

"""Lists of milestones (blocked first), invoices and payments, by keyset: a page costs the same at any depth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from django.db.models import Case, DateTimeField, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import Deduction, FiscalHold, Invoice, Milestone, Payment, PaymentApplication
from billing.models.milestones import HALF_FEN
from billing.rules import gate
from billing.selectors.beside import Beside, beside_of, deducted_on, due_of, dues_on, holds_of
from billing.selectors.gates import GateView, application_rows, gate_view, known_of
from contracts.gathering import gather
from contracts.models import Contract
from contracts.selectors import today_for

PAGE = 50
NEVER = datetime(9999, 1, 1, tzinfo=UTC)  # sorts milestones without a date last


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """A milestone of a list with its gate; `application` is the one under way (buyer's people only)."""

    milestone: Milestone
    contract: Contract
    gate: GateView
    due_on: date | None
    due_state: str
    application: PaymentApplication | None


@dataclass(frozen=True, slots=True)
class MilestonePageRows:
    """A page of the list; `older` is the cursor of the next page, empty on the last."""

    rows: tuple[MilestoneRow, ...]
    older: str


@dataclass(frozen=True, slots=True)
class InvoicePage:
    rows: tuple[Invoice, ...]
    older: str


InvoiceFilter = Literal["", "received", "checked", "rejected"]


def _ranked(viewer: Viewer, today: date) -> QuerySet[Milestone]:
    """0: blocked by an invoice, a freeze or a fiscal hold; 1: under way; 2: not yet triggered; 3: settled."""
    waiting = Q(obligation__due_state__in=("pending", "never")) | Q(after_acceptance=True, contract__ends_on__gte=today)
    rank = Case(
        When(amount__lt=F("paid") + F("deducted") + HALF_FEN, then=Value(3)),
        When(waiting, then=Value(2)),
        When(Q(invoiced__lt=F("amount") - F("deducted") - HALF_FEN) | Q(frozen__gt=0), then=Value(0)),
        When(Exists(FiscalHold.objects.filter(milestone=OuterRef("pk"), ended_on=None)), then=Value(0)),
        default=Value(1),
        output_field=IntegerField(),
    )
    due = Coalesce("obligation__due_at", Value(NEVER), output_field=DateTimeField())
    rows: QuerySet[Milestone] = Milestone.objects.visible_to(viewer).select_related("contract", "obligation")
    return rows.annotate(rank=rank, sort_due=due).order_by("rank", "sort_due", "pk")


def _after(rows: QuerySet[Milestone], cursor: str) -> QuerySet[Milestone]:
    try:
        rank_text, stamp, pk_text = cursor.split("_")
        rank, pk, due = int(rank_text), int(pk_text), datetime.fromtimestamp(int(stamp) / 1_000_000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return rows
    same = Q(sort_due__gt=due) | Q(sort_due=due, pk__gt=pk)
    return rows.filter(Q(rank__gt=rank) | (Q(rank=rank) & same))


def milestones_list(
    *, viewer: Viewer, as_of: date | None = None, contract: Contract | None = None, cursor: str = "", limit: int = PAGE
) -> MilestonePageRows:
    """Milestones the viewer may see: blocked ones first, then by due date. Three queries whatever the number of rows.

    `as_of` defaults to each contract's own today. One contract's list on a past day has the deadlines of that day; over
    all contracts they stay today's (reckoning each contract anew would cost the number of contracts), and pages say so.
    """
    require(viewer, "milestone.read")
    ranked = _ranked(viewer, as_of or timezone.localdate())
    rows = ranked if contract is None else ranked.filter(contract=contract)
    # The page's keys are found over narrow rows; only then are its few milestones read with all their columns.
    keys = (_after(rows, cursor) if cursor else rows).values("pk")[: limit + 1]
    found = list(ranked.filter(pk__in=keys))
    older = ""
    if len(found) > limit:
        found = found[:limit]
        last = found[-1]
        stamp = int(last.sort_due.timestamp() * 1_000_000)  # type: ignore[attr-defined]
        older = f"{last.rank}_{stamp}_{last.pk}"  # type: ignore[attr-defined]
    ids = [row.pk for row in found]
    invoices: dict[int, list[Invoice]] = {}
    invoiced, held, taken = gather(
        Invoice.objects.filter(milestone_id__in=ids),
        FiscalHold.objects.filter(milestone_id__in=ids),
        Deduction.objects.filter(milestone_id__in=ids),
    )
    for invoice in invoiced:
        invoices.setdefault(invoice.milestone_id, []).append(invoice)
    applications: dict[int, list[PaymentApplication]] = {}
    for application in application_rows(ids):
        applications.setdefault(application.milestone_id, []).append(application)
    inside = viewer.kind == "buyer" or viewer.is_system
    holds = holds_of(held)
    days = {row.pk: as_of or today_for(row.contract) for row in found}
    deducted = deducted_on(taken, as_of=max(days.values())) if days else {}
    dues = dues_on(contract, found, as_of=as_of) if contract is not None and as_of is not None else {}

    def beside(row: Milestone) -> Beside:
        day = days[row.pk]
        entries = [(on, amount) for on, amount in deducted.get(row.pk, ()) if on <= day]
        return beside_of(row, as_of=day, deductions=entries, hold=holds.get(row.pk), due=dues.get(row.pk))

    return MilestonePageRows(
        rows=tuple(
            _row(
                row,
                invoices.get(row.pk, ()),
                applications.get(row.pk, ()),
                as_of=days[row.pk],
                beside=beside(row),
                inside=inside,
            )
            for row in found
        ),
        older=older,
    )


def _row(
    milestone: Milestone,
    invoices: Iterable[Invoice],
    applications: Iterable[PaymentApplication],
    *,
    as_of: date,
    beside: Beside,
    inside: bool,
) -> MilestoneRow:
    applications = list(applications)
    due = beside.due or due_of(milestone)
    known = known_of(milestone, invoices=invoices, applications=applications, as_of=as_of, beside=beside)
    live = [row for row in applications if row.state in {"applied", "approved"}]
    return MilestoneRow(
        milestone=milestone,
        contract=milestone.contract,
        gate=gate_view(gate(known), currency=milestone.contract.currency),
        due_on=due.on,
        due_state=due.state,
        application=live[-1] if live and inside else None,
    )


def invoices_list(
    *, viewer: Viewer, state: InvoiceFilter = "", contract: Contract | None = None, before: int | None = None
) -> InvoicePage:
    """Invoices, newest first, by keyset on the row number. Two queries at most."""
    require(viewer, "milestone.read")
    rows = Invoice.objects.visible_to(viewer).select_related(
        "milestone", "contract", "submitted_by", "checked_by", "file", "original"
    )
    if state:
        rows = rows.filter(state=state)
    if contract is not None:
        rows = rows.filter(contract=contract)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PAGE + 1])
    return InvoicePage(tuple(found[:PAGE]), str(found[PAGE - 1].pk) if len(found) > PAGE else "")


def payments_list(*, viewer: Viewer, contract: Contract | None = None, limit: int = PAGE) -> tuple[Payment, ...]:
    """Posted payments, newest first."""
    require(viewer, "payment.read")
    rows = Payment.objects.visible_to(viewer).select_related(
        "application__milestone", "reverses__application__milestone", "contract"
    )
    if contract is not None:
        rows = rows.filter(contract=contract)
    return tuple(rows.order_by("-pk")[:limit])

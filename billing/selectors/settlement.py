"""What the vendor owes and how it is settled: the waterfall of an instalment, liabilities, deductions, claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.policy import NotVisible, require
from accounts.scoping import Viewer
from billing.models import Deduction, Freeze, Liability, Milestone, Payment, Refund, SeparateClaim
from contracts.models import Contract

ZERO = Decimal("0.00")
LIABILITY = ("pk", "title", "clause", "source_key", "amount", "deducted", "claimed", "drawn", "deductible")
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class DeductionRow:
    """A deduction, or a counter-entry (negative), with what it is for. `reversed` says it was taken back since."""

    pk: int
    number: str
    amount: Decimal
    title: str
    clause: str
    source_key: str
    on: date
    note: str
    milestone: str
    liability_id: int
    is_counter: bool
    reversed: bool
    added_by: str


@dataclass(frozen=True, slots=True)
class LiabilityRow:
    """A liability and what has become of it, in the order of LIABILITY. `open` is neither deducted, claimed nor
    drawn."""

    pk: int
    title: str
    clause: str
    source_key: str
    amount: Decimal
    deducted: Decimal
    claimed: Decimal
    drawn: Decimal
    deductible: bool

    @property
    def open(self) -> Decimal:
        return self.amount - self.deducted - self.claimed - self.drawn


@dataclass(frozen=True, slots=True)
class Waterfall:
    """应付 − 抵扣 = 实付 of one instalment on a day, and what the vendor owes apart from it.

    `due` is the instalment; `to_pay` = due − deducted; `outstanding` = to_pay − paid. `frozen` is held back until
    a decision and `claimed` the contract's separate claims; `undeducted` the decided liabilities not settled yet.
    """

    due: Decimal
    deductions: tuple[DeductionRow, ...]
    deducted: Decimal
    paid: Decimal
    frozen: Decimal
    liabilities: tuple[LiabilityRow, ...]

    @property
    def to_pay(self) -> Decimal:
        return self.due - self.deducted

    @property
    def outstanding(self) -> Decimal:
        return self.to_pay - self.paid

    @property
    def claimed(self) -> Decimal:
        return sum((row.claimed for row in self.liabilities), ZERO)

    @property
    def drawn(self) -> Decimal:
        return sum((row.drawn for row in self.liabilities), ZERO)

    @property
    def undeducted(self) -> Decimal:
        return sum((row.open for row in self.liabilities), ZERO)


def _deduction_row(row: Deduction) -> DeductionRow:
    return DeductionRow(
        pk=row.pk,
        number=row.number,
        amount=row.amount,
        title=row.liability.title,
        clause=row.liability.clause,
        source_key=row.liability.source_key,
        on=row.deducted_on,
        note=row.note,
        milestone=row.milestone.title,
        liability_id=row.liability_id,
        is_counter=row.reverses_id is not None,
        reversed=getattr(row, "reversed_by", None) is not None,
        added_by=str(row.added_by),
    )


def deductions_of(rows: QuerySet[Deduction], *, as_of: date | None = None) -> tuple[DeductionRow, ...]:
    """Deductions in the order they were made, up to a day. One query."""
    found = rows.select_related("liability", "milestone", "added_by", "reversed_by").order_by("pk")
    if as_of is not None:
        found = found.filter(deducted_on__lte=as_of)
    return tuple(_deduction_row(row) for row in found)


def waterfall_of(
    milestone: Milestone,
    *,
    paid: Decimal,
    deductions: Iterable[DeductionRow],
    liabilities: Iterable[LiabilityRow],
    frozen: Decimal,
) -> Waterfall:
    """The waterfall of rows already read."""
    rows = tuple(deductions)
    return Waterfall(
        due=milestone.amount,
        deductions=rows,
        deducted=sum((row.amount for row in rows), ZERO),
        paid=paid,
        frozen=frozen,
        liabilities=tuple(liabilities),
    )


def settlement_of(
    milestone: Milestone, *, viewer: Viewer, as_of: date
) -> tuple[tuple[DeductionRow, ...], tuple[LiabilityRow, ...]]:
    """A milestone's deductions up to a day, in the order they were made, and all liabilities of its contract. One
    query."""
    own = FilteredRelation(
        "deductions", condition=Q(deductions__milestone=milestone.pk, deductions__deducted_on__lte=as_of)
    )
    rows = (
        Liability.objects.visible_to(viewer)
        .filter(contract=milestone.contract_id)
        .annotate(own=own)
        .order_by("pk", "own__pk")
        .values_list(
            *LIABILITY,
            "own__pk",
            "own__number",
            "own__amount",
            "own__deducted_on",
            "own__note",
            "own__reverses",
            "own__reversed_by",
            "own__added_by__display_name",
            "own__added_by__username",
        )
    )
    liabilities: dict[int, LiabilityRow] = {}
    deductions: list[DeductionRow] = []
    for row in rows:
        liability = liabilities.setdefault(row[0], LiabilityRow(*row[: len(LIABILITY)]))
        pk, number, amount, on, note, reverses, reversed_by, display, username = row[len(LIABILITY) :]
        if pk is not None:
            deductions.append(
                DeductionRow(
                    pk=pk,
                    number=number,
                    amount=amount,
                    title=liability.title,
                    clause=liability.clause,
                    source_key=liability.source_key,
                    on=on,
                    note=note,
                    milestone=milestone.title,
                    liability_id=liability.pk,
                    is_counter=reverses is not None,
                    reversed=reversed_by is not None,
                    added_by=display or username,
                )
            )
    return tuple(sorted(deductions, key=lambda one: one.pk)), tuple(liabilities.values())


def waterfall(milestone: Milestone, *, viewer: Viewer, as_of: date) -> Waterfall:
    """The waterfall of an instalment up to a day. Raises NotVisible. Three queries; frozen amounts are the buyer's own
    affair and 0 to others."""
    require(viewer, "milestone.read", milestone)
    rows = Payment.objects.filter(paid_on__lte=as_of).filter(
        Q(application__milestone=milestone) | Q(reverses__application__milestone=milestone)
    )
    deductions, liabilities = settlement_of(milestone, viewer=viewer, as_of=as_of)
    inside = viewer.kind == "buyer" or viewer.is_system
    return waterfall_of(
        milestone,
        # Added here, not in SQL: SQLite adds decimals as binary fractions.
        paid=sum(rows.values_list("amount", flat=True), ZERO),
        deductions=deductions,
        liabilities=liabilities,
        frozen=milestone.frozen if inside else ZERO,
    )


def liabilities_of(contract: Contract, *, viewer: Viewer) -> tuple[LiabilityRow, ...]:
    """A contract's liabilities, oldest first. One query."""
    rows = Liability.objects.visible_to(viewer).filter(contract=contract).order_by("pk").values_list(*LIABILITY)
    return tuple(LiabilityRow(*row) for row in rows)


def liability_get(pk: int, *, viewer: Viewer) -> Liability:
    """A liability with its contract. Raises NotVisible."""
    require(viewer, "payment.read")
    return _one(Liability.objects.visible_to(viewer).select_related("contract").filter(pk=pk).first())


def deduction_get(pk: int, *, viewer: Viewer) -> Deduction:
    """A deduction with its liability and milestone. Raises NotVisible."""
    require(viewer, "payment.read")
    rows = Deduction.objects.visible_to(viewer).select_related("liability", "milestone", "contract", "added_by")
    return _one(rows.filter(pk=pk).first())


def claim_get(pk: int, *, viewer: Viewer) -> SeparateClaim:
    """A separate claim with its liability. Raises NotVisible."""
    require(viewer, "payment.read")
    return _one(SeparateClaim.objects.visible_to(viewer).select_related("liability", "contract").filter(pk=pk).first())


def contract_deductions(contract: Contract, *, viewer: Viewer, as_of: date) -> tuple[DeductionRow, ...]:
    """Every deduction of a contract up to a day. One query."""
    return deductions_of(Deduction.objects.visible_to(viewer).filter(contract=contract), as_of=as_of)


def claims_of(contract: Contract, *, viewer: Viewer) -> tuple[SeparateClaim, ...]:
    """A contract's separate claims, newest first. One query."""
    rows = SeparateClaim.objects.visible_to(viewer).filter(contract=contract).select_related("liability", "added_by")
    return tuple(rows.order_by("-pk"))


def refunds_of(contract: Contract, *, viewer: Viewer) -> tuple[Refund, ...]:
    """What goes back to the vendor, newest first. One query."""
    rows = Refund.objects.visible_to(viewer).filter(contract=contract).select_related("liability")
    return tuple(rows.order_by("-pk"))


def refund_get(pk: int, *, viewer: Viewer) -> Refund:
    """A refund with its liability. Raises NotVisible."""
    require(viewer, "payment.read")
    rows = Refund.objects.visible_to(viewer).select_related("liability", "contract", "approved_by")
    return _one(rows.filter(pk=pk).first())


def freezes_of(contract: Contract, *, viewer: Viewer) -> tuple[Freeze, ...]:
    """What is frozen now, of all instalments of a contract. One query; nothing for the other party."""
    rows = Freeze.objects.visible_to(viewer).filter(contract=contract, lifted_at=None).select_related("milestone")
    return tuple(rows.order_by("pk"))


def _one(found: Row | None) -> Row:
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    return found

"""The quantity ledger: who uses how much of which row on a day, and every entry that made it so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.policy import NotVisible, allows, proven, require
from accounts.scoping import Viewer
from billing.models import SystemUse
from billing.services.allocation import systems_of
from billing.services.quantities import balances, lines_of
from contracts.models import Contract, InformationSystem, LineItem

PAGE = 50


@dataclass(frozen=True, slots=True)
class LineUse:
    """What is used of one row, by the system's key. `left` is negative where more is used than the contract lists, None
    where it lists no quantity (a bundled row)."""

    line: LineItem
    by_system: Mapping[int, Decimal]

    @property
    def used(self) -> Decimal:
        return sum(self.by_system.values(), Decimal(0))

    @property
    def left(self) -> Decimal | None:
        return None if self.line.quantity is None else self.line.quantity - self.used

    @property
    def over(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def users(self) -> int:
        return sum(1 for each in self.by_system.values() if each)


@dataclass(frozen=True, slots=True)
class UsePage:
    """`entries`: a page of the ledger, newest first; `older` is the cursor of the next page, empty on the last."""

    systems: tuple[InformationSystem, ...]
    rows: tuple[LineUse, ...]
    entries: tuple[SystemUse, ...]
    older: str
    may_record: bool


def uses_on(
    contract: Contract, *, viewer: Viewer, on: date
) -> tuple[tuple[InformationSystem, ...], tuple[LineUse, ...]]:
    """Every row of the contract with what each system uses of it on a day."""
    require(viewer, "allocation.read", contract)
    used = balances(contract, on)
    by_line: dict[int, dict[int, Decimal]] = {}
    for (line, system), quantity in used.items():
        by_line.setdefault(line, {})[system] = quantity
    rows = tuple(LineUse(row, by_line.get(row.number, {})) for row in lines_of(contract).values())
    return tuple(systems_of(contract)), rows


def use_page(
    contract: Contract, *, viewer: Viewer, on: date, line: int | None = None, before: int | None = None
) -> UsePage:
    """The rows as used on a day, and entries of the ledger (of one row, if given), by keyset."""
    systems, rows = uses_on(contract, viewer=viewer, on=on)
    entries = SystemUse.objects.visible_to(viewer).filter(contract=contract)
    if line is not None:
        entries = entries.filter(line=line)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    found = list(
        entries.select_related("system", "recorded_by", "evidence", "corrects", "corrected_by").order_by("-pk")[
            : PAGE + 1
        ]
    )
    return UsePage(
        systems=systems,
        rows=rows,
        entries=tuple(found[:PAGE]),
        older=str(found[PAGE - 1].pk) if len(found) > PAGE else "",
        may_record=allows(viewer, "quantity.record"),
    )


def use_get(pk: int, *, viewer: Viewer, contract: Contract) -> SystemUse:
    """One entry of the ledger. Raises NotVisible."""
    require(viewer, "allocation.read", contract)
    rows = SystemUse.objects.visible_to(viewer).filter(contract=contract).select_related("system", "evidence__file")
    found: SystemUse | None = rows.filter(pk=pk).first()
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    found.contract = contract
    proven(viewer, found)
    return found

"""How the price is shared among the systems: methods side by side, versions, and the base penalties multiply."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from accounts.policy import NotVisible, allows, proven, require
from accounts.scoping import Viewer
from billing.models import Allocation
from billing.rules_allocation import month_base, whole_months
from billing.services.allocation import Part, parts_by_use, parts_equal, systems_of
from billing.services.quantities import balances, lines_of
from contracts.models import Contract, InformationSystem, LineItem

State = Allocation.State
SHOWN = 6  # methods beside each other


@dataclass(frozen=True, slots=True)
class Option:
    """One way to share the price. `key`: "v3", "equal" or "line-1"; `version` if it was proposed or approved; amounts
    are in the order of the systems."""

    key: str
    title: str
    parts: tuple[Part, ...]
    version: Allocation | None = None
    in_force: bool = False

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        return tuple(part.amount for part in self.parts)


@dataclass(frozen=True, slots=True)
class AllocationPage:
    """`options`: the version in force first, then proposals, then what else could be proposed. `months` is the term in
    whole months, None if it is no whole number. `usable` are the rows somebody uses."""

    contract: Contract
    systems: tuple[InformationSystem, ...]
    options: tuple[Option, ...]
    versions: tuple[Allocation, ...]
    months: int | None
    usable: tuple[LineItem, ...]
    may_propose: bool
    may_decide: bool

    @property
    def in_force(self) -> Option | None:
        return next((option for option in self.options if option.in_force), None)

    def base(self, fee: Decimal | Fraction) -> Fraction | None:
        """A fee per service month, unrounded; None without a term in whole months."""
        return month_base(fee, self.months) if self.months else None

    @property
    def whole(self) -> Fraction | None:
        """The whole price per service month: the upper end while the base is undecided."""
        return self.base(self.contract.total)

    @property
    def equal_part(self) -> Fraction | None:
        """An equal part of the price, unrounded, per service month."""
        return self.base(Fraction(self.contract.total) / len(self.systems)) if self.systems else None


def method_text(version: Allocation, lines: dict[int, LineItem]) -> str:
    """The method in words, with the row it goes by."""
    if version.method == Allocation.Method.LINE and version.line is not None:
        line = lines.get(version.line)
        return _("By the use of row %(number)s %(title)s") % {
            "number": version.line,
            "title": line.title if line else "",
        }
    return str(version.get_method_display())


def in_force_of(versions: Sequence[Allocation], on: date) -> Allocation | None:
    """The last approved version that is in effect on the day."""
    approved = [row for row in versions if row.state == State.APPROVED and row.effective_on <= on]
    return max(approved, key=lambda row: (row.decided_at, row.number), default=None)


def allocation_page(contract: Contract, *, viewer: Viewer, on: date, lines: Sequence[int] = ()) -> AllocationPage:
    """Everything the page shows as of a day; `lines` are rows to compare by (default: the dearest two in use)."""
    require(viewer, "allocation.read", contract)
    systems = systems_of(contract)
    versions = list(
        Allocation.objects.visible_to(viewer)
        .filter(contract=contract)
        .select_related("proposed_by", "decided_by", "evidence")
        .prefetch_related("shares")
    )
    priced = lines_of(contract)
    used = balances(contract, on)
    usable = [
        priced[number] for number in sorted({line for (line, _key), each in used.items() if each}) if number in priced
    ]
    current = in_force_of(versions, on)
    shown = [row for row in versions if row == current] + [row for row in versions if row.state == State.PROPOSED]
    options = [_of_version(row, systems, priced, in_force=row == current) for row in shown[: SHOWN - 2]]
    if systems:
        _add(options, Option("equal", _("Equal parts"), tuple(parts_equal(contract, systems))))
    dearest = sorted(usable, key=lambda row: (-(row.amount or Decimal(0)), row.number))
    chosen = [row for row in usable if row.number in lines] or dearest[:2]
    for row in chosen[: SHOWN - len(options)]:
        weights = {key: each for (number, key), each in used.items() if number == row.number}
        title = _("By row %(number)s") % {"number": row.number}
        parts = parts_by_use(contract, systems, weights)
        _add(options, Option(f"line-{row.number}", f"{title} {row.title}", tuple(parts)))
    return AllocationPage(
        contract=contract,
        systems=tuple(systems),
        options=tuple(options),
        versions=tuple(versions),
        months=whole_months(contract.starts_on, contract.ends_on) if contract.starts_on and contract.ends_on else None,
        usable=tuple(usable),
        may_propose=allows(viewer, "allocation.propose"),
        may_decide=allows(viewer, "allocation.approve"),
    )


def _add(options: list[Option], option: Option) -> None:
    """Add what could be proposed, unless a version shown says the very same."""
    if option.amounts not in [other.amounts for other in options]:
        options.append(option)


def _of_version(
    version: Allocation, systems: Sequence[InformationSystem], lines: dict[int, LineItem], *, in_force: bool
) -> Option:
    by_system = {row.system_id: row for row in version.shares.all()}
    parts = [
        Part(one, by_system[one.pk].weight, by_system[one.pk].amount)
        if one.pk in by_system
        else Part(one, None, Decimal(0))
        for one in systems
    ]
    title = f"v{version.number} {method_text(version, lines)}"
    return Option(f"v{version.number}", title, tuple(parts), version, in_force)


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One version with its parts; `before` is what is in force on its day without it, for the differences."""

    version: Allocation
    contract: Contract
    method: str
    option: Option
    before: Option | None
    may_decide: bool


def allocation_get(pk: int, *, viewer: Viewer, contract: Contract) -> VersionPage:
    """One version. Raises NotVisible."""
    require(viewer, "allocation.read", contract)
    versions = list(
        Allocation.objects.visible_to(viewer)
        .filter(contract=contract)
        .select_related("proposed_by", "decided_by", "evidence__file")
        .prefetch_related("shares")
    )
    found: Allocation | None = next((row for row in versions if row.pk == pk), None)
    if found is None:
        raise NotVisible(_("This does not exist, or is not yours to see."))
    found.contract = contract
    proven(viewer, found)
    systems, lines = systems_of(contract), lines_of(contract)
    others = [row for row in versions if row != found and (row.decided_at or found.proposed_at) <= found.proposed_at]
    current = in_force_of(others, found.effective_on)
    return VersionPage(
        version=found,
        contract=contract,
        method=method_text(found, lines),
        option=_of_version(found, systems, lines, in_force=False),
        before=_of_version(current, systems, lines, in_force=True) if current else None,
        may_decide=found.state == State.PROPOSED
        and allows(viewer, "allocation.approve")
        and found.proposed_by_id != viewer.user_id,
    )

"""Tables and bars of the allocation page and the quantity ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from billing.rules_allocation import exact_text
from billing.selectors.allocation import AllocationPage, VersionPage
from billing.selectors.quantities import LineUse, UsePage
from web.components import Cell, Column, Row, Table, Tone
from web.templatetags.ui import money_text

STATE_TONES: dict[str, Tone] = {"proposed": "info", "approved": "ok", "rejected": ""}


def plain(value: Decimal) -> str:
    """A quantity with thousands separated and without trailing zeros."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Amount:
    """A system's part by one method: text, difference to the first method ("" if equal or first), bar in per cent."""

    text: str
    difference: str
    width: str


@dataclass(frozen=True)
class MethodRow:
    code: str
    title: str
    amounts: tuple[Amount, ...]


@dataclass(frozen=True)
class MethodHead:
    """A method's column: its state in a word, and the address to propose it from."""

    title: str
    chip: str
    tone: Tone
    url: str
    verb: str


@dataclass(frozen=True)
class MethodsTable:
    """The methods beside each other; bars share one scale, so that they compare across methods."""

    heads: tuple[MethodHead, ...]
    rows: tuple[MethodRow, ...]
    totals: tuple[str, ...]


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def methods_table(page: AllocationPage) -> MethodsTable:
    """Amounts by system and method, each with its difference to the first method shown."""
    currency = page.contract.currency
    most = max((amount for option in page.options for amount in option.amounts), default=Decimal(0))
    heads = []
    for option in page.options:
        chip, tone, url, verb = _("possible"), "", "", ""
        if option.version is not None:
            chip = _("in force") if option.in_force else str(option.version.get_state_display())
            tone = "ok" if option.in_force else "info"
            url = reverse("web:allocation_version", args=[page.contract.pk, option.version.pk])
            verb = _("View")
        elif page.may_propose:
            url = reverse("web:allocation_new", args=[page.contract.pk]) + f"?like={option.key}"
            verb = _("Propose")
        heads.append(MethodHead(option.title, chip, tone, url, verb))  # type: ignore[arg-type]
    rows = []
    for index, system in enumerate(page.systems):
        first = page.options[0].amounts[index]
        amounts = []
        for number, option in enumerate(page.options):
            amount = option.amounts[index]
            apart = amount - first
            sign = "+" if apart > 0 else ""
            amounts.append(
                Amount(
                    money_text(amount, currency),
                    f"{sign}{money_text(apart, currency)}" if number and apart else "",
                    _percent(amount, most),
                )
            )
        rows.append(MethodRow(system.code, system.title, tuple(amounts)))
    totals = tuple(money_text(sum(option.amounts, Decimal(0)), currency) for option in page.options)
    return MethodsTable(tuple(heads), tuple(rows), totals)


@dataclass(frozen=True)
class BaseRow:
    """A system's part per service month by each method, unrounded."""

    code: str
    title: str
    amounts: tuple[str, ...]


@dataclass(frozen=True)
class BaseTable:
    rows: tuple[BaseRow, ...]


def base_table(page: AllocationPage) -> BaseTable:
    """What a penalty per system multiplies; no row for a term of no whole months."""
    rows = []
    for index, system in enumerate(page.systems):
        bases = [page.base(option.amounts[index]) for option in page.options]
        rows.append(BaseRow(system.code, system.title, tuple(exact_text(each) for each in bases if each is not None)))
    return BaseTable(tuple(rows) if page.months else ())


def versions_table(page: AllocationPage) -> Table:
    """Every version, newest first."""
    columns = (
        Column(_("Version"), "main"),
        Column(_("Method")),
        Column(_("In effect from"), "date"),
        Column(_("State")),
        Column(_("Proposed by")),
        Column(_("Decided by")),
    )
    current = page.in_force.version if page.in_force else None
    rows = []
    for version in page.versions:
        method = str(version.get_method_display())
        rows.append(
            Row(
                (
                    Cell(
                        f"v{version.number}",
                        url=reverse("web:allocation_version", args=[page.contract.pk, version.pk]),
                        sub=version.reason,
                    ),
                    Cell(f"{method} {version.line}" if version.line is not None else method),
                    Cell(version.effective_on.isoformat()),
                    Cell(
                        _("in force") if version == current else str(version.get_state_display()),
                        chip=True,
                        tone=STATE_TONES[version.state],
                    ),
                    Cell(str(version.proposed_by)),
                    Cell(str(version.decided_by or "")),
                ),
                faded=version.state == "rejected" or (version.state == "approved" and version != current),
            )
        )
    return Table(_("Versions"), columns, tuple(rows), _("No version proposed yet"))


def share_table(found: VersionPage) -> Table:
    """A version's parts with their weights and what they change."""
    currency = found.contract.currency
    before = found.before
    weighed = any(part.weight is not None for part in found.option.parts)
    columns = [Column(_("System"), "main")]
    columns += [Column(_("Weight"), "num")] if weighed else []
    columns.append(Column(_("Amount"), "num"))
    columns += [Column(_("Against %(method)s") % {"method": before.title}, "num")] if before else []
    rows = []
    for index, part in enumerate(found.option.parts):
        cells = [Cell(part.system.title, sub=part.system.code)]
        cells += [Cell(plain(part.weight) if part.weight is not None else "")] if weighed else []
        cells.append(Cell(amount=part.amount, currency=currency))
        cells += [Cell(amount=part.amount - before.amounts[index], currency=currency)] if before else []
        rows.append(Row(tuple(cells)))
    total = sum(found.option.amounts, Decimal(0))
    cells = [Cell(_("Total"))] + ([Cell()] if weighed else []) + [Cell(amount=total, currency=currency)]
    rows.append(Row((*cells, *([Cell()] if before else [])), strong=True))
    return Table(_("Parts"), tuple(columns), tuple(rows))


@dataclass(frozen=True)
class MatrixRow:
    """A priced row: used by each system ("" = nothing), in all, listed, left; `width` = used of listed in per cent."""

    number: int
    title: str
    cells: tuple[str, ...]
    used: str
    listed: str
    left: str
    over: bool
    width: str


def use_matrix(systems: Sequence[Any], rows: Sequence[LineUse]) -> tuple[MatrixRow, ...]:
    """Rows by systems as a day has them."""
    found = []
    for row in rows:
        listed = row.line.quantity
        share = min(Decimal(100), 100 * row.used / listed) if listed else Decimal(0)
        found.append(
            MatrixRow(
                row.line.number,
                row.line.title,
                tuple(plain(row.by_system[one.pk]) if row.by_system.get(one.pk) else "" for one in systems),
                plain(row.used),
                plain(listed) if listed is not None else "",
                plain(row.left) if row.left is not None else "",
                row.over,
                f"{share:.2f}%",
            )
        )
    return tuple(found)


@dataclass(frozen=True)
class PriceRow:
    """A row of the price list. `span` is how many rows its price covers: 0 in a row covered by an earlier one, which
    shows no price of its own (blank is not zero). `first_of` and `last_of` name a bundle's rows."""

    number: int
    title: str
    group: str
    unit_price: str
    quantity: str
    amount: str
    span: int
    first_of: int
    last_of: int
    users: str
    over: bool


def price_rows(uses: Sequence[LineUse], systems: int, currency: str) -> tuple[PriceRow, ...]:
    """The priced rows in the contract's order; neighbours of one bundle share one price over all of them."""
    found = []
    for index, use in enumerate(uses):
        line = use.line
        start, end = index, index + 1
        if line.bundle:
            while start and uses[start - 1].line.bundle == line.bundle:
                start -= 1
            while end < len(uses) and uses[end].line.bundle == line.bundle:
                end += 1
        # A row of the bundle with a price of its own keeps it; blank ones belong to the first.
        shares = end - start > 1 and all(uses[each].line.amount is None for each in range(start + 1, end))
        bundled = shares and uses[start].line.amount is not None
        found.append(
            PriceRow(
                line.number,
                line.title,
                line.group,
                plain(line.unit_price) if line.unit_price is not None else "",
                plain(line.quantity) if line.quantity is not None else "",
                money_text(line.amount, currency) if line.amount is not None else "",
                span=0 if bundled and index > start else end - start if bundled else 1,
                first_of=uses[start].line.number if bundled else 0,
                last_of=uses[end - 1].line.number if bundled else 0,
                users=_("%(some)s of %(all)s systems") % {"some": use.users, "all": systems} if use.users else "",
                over=use.over,
            )
        )
    return tuple(found)


def entries_table(page: UsePage, contract: Any) -> Table:
    """The ledger, newest first; an entry taken back and its counter-entry are greyed."""
    columns = (
        Column(_("In effect from"), "date"),
        Column(_("System"), "main"),
        Column(_("Row"), "num"),
        Column(_("Change"), "num"),
        Column(_("Evidence")),
        Column(_("Entered by")),
        Column("", "action"),
    )
    rows = []
    for entry in page.entries:
        taken_back = hasattr(entry, "corrected_by")
        note = entry.note
        if entry.corrects_id is not None:
            note = _("Counter-entry: %(note)s") % {"note": entry.note}
        elif taken_back:
            note = _("Taken back. %(note)s") % {"note": entry.note}
        may = page.may_record and not taken_back and entry.corrects_id is None
        rows.append(
            Row(
                (
                    Cell(entry.effective_on.isoformat()),
                    Cell(entry.system.title, sub=note),
                    Cell(str(entry.line)),
                    Cell(f"{'+' if entry.quantity > 0 else ''}{plain(entry.quantity)}"),
                    Cell(entry.evidence.title, sub=entry.evidence.reference),
                    Cell(str(entry.recorded_by)),
                    Cell(
                        _("Take back") if may else "",
                        url=reverse("web:quantity_reverse", args=[contract.pk, entry.pk]) if may else "",
                    ),
                ),
                faded=taken_back or entry.corrects_id is not None,
            )
        )
    return Table(_("Entries"), columns, tuple(rows), _("No entry yet"))

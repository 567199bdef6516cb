"""The line items as a table: what is exported and what is read share their names here, and what a table that was
loaded back changes is worked out. Nothing here writes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.tables import TOTAL, in_all_languages, own_row, whole_number
from contracts.errors import Refused
from contracts.models import Contract, LineItem
from contracts.services.files import Upload
from contracts.spreadsheets import FormulaWithoutResult, RowProblem, RowsRefused, TableRow, number_in, read_table
from engine.money import minor_units

SHEET = gettext_lazy("Line items")
# Column by column, as exported; they are found by their heads, in any language and order.
HEADS = {
    "contract": gettext_lazy("Contract"),
    "number": gettext_lazy("No."),
    "title": gettext_lazy("Item"),
    "group": gettext_lazy("Group"),
    "unit_price": gettext_lazy("Unit price"),
    "quantity": gettext_lazy("Quantity"),
    "amount": gettext_lazy("Amount"),
    "bundle": gettext_lazy("Bundle"),
}
TEXTS = {"title": 300, "group": 80, "bundle": 40}  # characters that are kept
PLACES = 4  # of unit prices and quantities
NUMBERS = ("unit_price", "quantity", "amount")
FIELDS = (*TEXTS, *NUMBERS)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A row as the table states it. `row` is its number in the sheet, `number` that of the line item; a blank price,
    quantity or amount is None, never zero."""

    row: int
    number: int
    title: str
    group: str
    bundle: str
    unit_price: Decimal | None
    quantity: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line item that differs; `fields` names what, each with what it was and what it becomes (None = blank)."""

    number: int
    title: str
    change: Literal["added", "changed", "removed"]
    fields: tuple[tuple[str, str | Decimal | None, str | Decimal | None], ...]


def _plain(text: str) -> str:
    """A text as a sheet brings it back: without control characters, its blanks and line ends as single spaces."""
    kept = (each for each in text if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())


def _columns(head: Sequence[str]) -> dict[str, int]:
    """The place of each column. Raises RowsRefused for one that is missing, stands twice or is none of the table's."""
    names = {spelt: name for name, title in HEADS.items() for spelt in in_all_languages(title)}
    found: dict[str, int] = {}
    texts: list[str] = []
    for index, title in enumerate(head):
        name = names.get(title)
        if name is None and title:
            texts.append(_("the column “%(column)s” is none of this table's. Delete it.") % {"column": title[:40]})
        elif name in found:
            texts.append(_("the column “%(column)s” stands twice. Delete one.") % {"column": title[:40]})
        elif name is not None:
            found[name] = index
    texts += [
        _("the column “%(column)s” is missing. Download the table here again and change that one.") % {"column": title}
        for name, title in HEADS.items()
        if name not in found
    ]
    if texts:
        raise RowsRefused([RowProblem(1, text) for text in texts])
    return found


def _text(value: Any, longest: int) -> str:
    """A cell as text, "" if blank. Raises Refused with the row's sentence."""
    if value is None:
        return ""
    if isinstance(value, FormulaWithoutResult):
        raise Refused(_("the cell holds a formula without a result. Write the text itself."))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(_("“%(value)s” is not text. Format the cell as text.") % {"value": str(value)[:40]})
    text = _plain(f"{value:.15g}" if isinstance(value, float) else str(value))
    if len(text) > longest:
        raise Refused(_("the text is longer than %(count)s characters. Shorten it.") % {"count": longest})
    return text


def _values(row: TableRow, columns: Mapping[str, int], currency: str, problems: list[RowProblem]) -> dict[str, Any]:
    """The fields of a row; what cannot be read is noted with its column."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        cell = row.cells[columns[name]]
        try:
            if name in TEXTS:
                found[name] = _text(cell, TEXTS[name])
            else:
                found[name] = number_in(cell, places=minor_units(currency) if name == "amount" else PLACES)
        except Refused as error:
            said = {"column": HEADS[name], "problem": error.message}
            text = _("%(column)s: %(problem)s")
            if name in NUMBERS:
                text = _("%(column)s: %(problem)s Write the contract's figure; a blank cell is not zero.")
            problems.append(RowProblem(row.number, text % said))
    if found.get("title") == "":
        text = _("%(column)s: the item's name is missing. Write it, or delete the whole row.")
        problems.append(RowProblem(row.number, text % {"column": HEADS["title"]}))
    return found


def read_lines(upload: Upload, *, contract: Contract) -> list[LineRow]:
    """The line items a table states, in its order.

    Raises RowsRefused with every faulty row: another contract's, without number or name, one twice, a formula without
    result, a figure that is none, is negative or has too many decimals; and for columns missing or unknown. Whether
    the figures agree with each other is the loader's question.
    """
    table = read_table(upload, in_all_languages(SHEET))
    columns, totals = _columns(table.head), in_all_languages(TOTAL)
    problems: list[RowProblem] = []
    rows: list[LineRow] = []
    seen: dict[int, int] = {}
    for row in table.rows:
        owner, numbered = row.cells[columns["contract"]], row.cells[columns["number"]]
        if str(owner or "") in totals and numbered is None:
            continue
        if not own_row(row, contract, problems, column=columns["contract"]):
            continue
        number = whole_number(numbered)
        if number is None:
            text = _("%(column)s: the number of the line item is missing. Write a whole number that no other row has.")
            problems.append(RowProblem(row.number, text % {"column": HEADS["number"]}))
            continue
        if number in seen:
            text = _("%(column)s: line item %(number)s stands in row %(first)s already. Give it another number.")
            said = {"column": HEADS["number"], "number": number, "first": seen[number]}
            problems.append(RowProblem(row.number, text % said))
            continue
        seen[number] = row.number
        before = len(problems)
        values = _values(row, columns, contract.currency, problems)
        if len(problems) == before:
            rows.append(LineRow(row.number, number, **values))
    if problems:
        raise RowsRefused(problems)
    return rows


def _shown(line: LineItem) -> dict[str, str | Decimal | None]:
    """What the exported table shows of a line item."""
    return {name: _plain(getattr(line, name)) if name in TEXTS else getattr(line, name) for name in FIELDS}


def line_changes(lines: Sequence[LineItem], rows: Sequence[LineRow]) -> tuple[LineChange, ...]:
    """What the rows change about the line items, by number. Compared with what the exported table shows, so that a
    table that comes back untouched changes nothing."""
    old = {line.number: _shown(line) for line in lines}
    new = {row.number: {name: getattr(row, name) for name in FIELDS} for row in rows}
    found: list[LineChange] = []
    for number in sorted(old.keys() | new.keys()):
        before, after = old.get(number), new.get(number)
        fields = tuple(
            (name, (before or {}).get(name) or None, (after or {}).get(name) or None)
            if name in TEXTS
            else (name, (before or {}).get(name), (after or {}).get(name))
            for name in FIELDS
            if (before or {}).get(name) != (after or {}).get(name)
        )
        if before is None or after is None or fields:
            change: Literal["added", "changed", "removed"] = (
                "added" if before is None else "removed" if after is None else "changed"
            )
            found.append(LineChange(number, str((after or before or {})["title"]), change, fields))
    return tuple(found)


def with_changes(table: Mapping[str, Mapping[str, Any]], changes: Sequence[LineChange]) -> dict[str, dict[str, Any]]:
    """The definition's line table with the changes made. What a sheet does not carry (clause, note) stays as it was,
    and a field that did not change keeps the very words of the definition."""
    result = {name: dict(entry) for name, entry in table.items()}
    names = {entry.get("number", 0): name for name, entry in result.items()}
    for change in changes:
        if change.change == "removed":
            del result[names[change.number]]
            continue
        name = names.get(change.number) or _free_name(change.number, result)
        entry = result.setdefault(name, {"number": change.number})
        for field, _before, value in change.fields:
            if value is None:
                entry.pop(field, None)
            else:
                entry[field] = f"{value.normalize():f}" if isinstance(value, Decimal) else value
    return result


def _free_name(number: int, taken: Mapping[str, Any]) -> str:
    """A name for a new line item: r07, or r07x where the definition uses that for another."""
    name = f"r{number:02d}"
    while name in taken:
        name += "x"
    return name

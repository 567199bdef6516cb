"""Reading a filled-in Excel table: in bounded memory, every value as typed, every problem with its row.

A file is data from a stranger: it is inspected as an upload first (contracts.uploads), its parts may not unpack to more
than a table of people's size needs, and no more rows are read than asked for.
"""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from contracts.errors import Refused
from contracts.money_fields import refuse_too_large
from contracts.services.files import Upload
from contracts.uploads import inspect
from engine.money import largest

MAX_ROWS = 2_000
MAX_COLUMNS = 64
PART_BYTES = 16 * 1024 * 1024  # one sheet, or the texts shared by all
PARTS_BYTES = 48 * 1024 * 1024
SHOWN = 20  # problems named in one refusal


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one row of the table; number 0 is the table as a whole."""

    number: int
    text: str


class RowsRefused(Refused):
    """Some rows cannot be taken, so none was. `problems` has them all, in order."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda one: one.number))
        lines = [
            _("Row %(number)s: %(text)s") % {"number": one.number, "text": one.text} if one.number else one.text
            for one in self.problems
        ]
        if len(lines) > SHOWN:
            lines[SHOWN:] = [_("and %(count)s more.") % {"count": len(lines) - SHOWN}]
        super().__init__("\n".join([_("Nothing was taken over. Correct these rows:"), *lines]), "upload")


@dataclass(frozen=True, slots=True)
class FormulaWithoutResult:
    """A cell whose formula was never computed: it looks filled and holds nothing."""


NOT_COMPUTED = FormulaWithoutResult()


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row with its number in the sheet. Cells as openpyxl reads them, or `NOT_COMPUTED`."""

    number: int
    cells: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TableRead:
    """The head as texts, and the rows that hold anything."""

    head: tuple[str, ...]
    rows: tuple[TableRow, ...]


def _no_table() -> Refused:
    return Refused(_("This is not an Excel table (.xlsx). Download the table here, fill it in and load it."), "upload")


def _too_large() -> Refused:
    return Refused(
        _("The table is far larger than what belongs here (at most %(rows)s rows). Delete what is not needed.")
        % {"rows": MAX_ROWS},
        "upload",
    )


def _received(upload: Upload) -> io.BytesIO:
    content = io.BytesIO()
    for chunk in upload.chunks():
        content.write(chunk)
        if content.tell() > settings.UPLOAD_MAX_BYTES:
            raise Refused(_("The file is too large. Split the table."), "upload")
    name = upload.name or ""
    if not name.lower().endswith(".xlsx"):
        raise _no_table()
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        Path(copy.name).write_bytes(content.getvalue())
        inspect(Path(copy.name), name)
    with ZipFile(content) as archive:
        sizes = [entry.file_size for entry in archive.infolist()]
    if max(sizes, default=0) > PART_BYTES or sum(sizes) > PARTS_BYTES:
        raise _too_large()
    content.seek(0)
    return content


def read_table(upload: Upload, titles: Collection[str]) -> TableRead:
    """The sheet whose title is one of `titles` (the table's name in every language).

    Raises Refused for a file that is no such table, is hostile, or has more than `MAX_ROWS` rows.
    """
    content = _received(upload)
    try:
        return _read(content, titles)
    except (
        BadZipFile, InvalidFileException, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
        OSError, EOFError, OverflowError, NotImplementedError,
    ) as error:  # fmt: skip
        if isinstance(error, Refused):
            raise
        raise _no_table() from error


def _read(content: io.BytesIO, titles: Collection[str]) -> TableRead:
    values = load_workbook(content, read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(content, read_only=True, data_only=False, keep_links=False)
    name = next((title for title in values.sheetnames if title in titles), None)
    if name is None:
        raise Refused(
            _("The file has no sheet “%(sheet)s”. Download the table here, fill it in and load it.")
            % {"sheet": next(iter(titles), "")},
            "upload",
        )
    area: dict[str, Any] = {"min_row": 1, "max_row": MAX_ROWS + 3, "max_col": MAX_COLUMNS}
    computed = values[name].iter_rows(values_only=True, **area)
    written = formulas[name].iter_rows(values_only=True, **area)
    found: list[TableRow] = []
    head: tuple[str, ...] = ()
    for number, (shown, typed) in enumerate(zip(computed, written, strict=True), start=1):
        cells = tuple(map(_cell, shown, typed))
        if number == 1:
            head = tuple("" if each is None else str(each).strip() for each in cells)
        elif any(each is not None for each in cells):
            found.append(TableRow(number, cells))
        # One more row for the totals.
        if number > MAX_ROWS + 2:
            raise _too_large()
    return TableRead(head, tuple(found))


def _cell(shown: Any, typed: Any) -> Any:
    if isinstance(shown, str):
        shown = shown.strip()
    if shown in (None, "") and isinstance(typed, str) and typed.startswith("="):
        return NOT_COMPUTED
    return None if shown == "" else shown


def number_in(value: Any, *, places: int, negative: bool = False) -> Decimal | None:
    """A cell as an exact number, None if blank. Raises Refused with the row's sentence for anything else: a blank is
    not zero, and nothing is rounded. The largest is what is kept exactly with `places` decimals, or with two."""
    if value is None:
        return None
    if isinstance(value, FormulaWithoutResult):
        raise Refused(_("a cell holds a formula without a result. Write the number itself."))
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise Refused(_("“%(value)s” is not a number.") % {"value": str(value)[:40]})
    # A spreadsheet shows 15 significant digits and stores 0.1 + 0.2 as 0.30000000000000004: what lies beyond the digits
    # shown is the program's noise, not the person's.
    written = f"{value:.15g}" if isinstance(value, float) else str(value)
    text = written.replace(",", "").replace("，", "").strip()
    try:
        number = Decimal(text) if len(text) <= 40 else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Refused(_("“%(value)s” is not a number.") % {"value": text[:40]})
    refuse_too_large(number, largest(max(places, 2)))
    if number < 0 and not negative:
        raise Refused(_("%(value)s is below zero.") % {"value": text[:40]})
    exponent = number.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise Refused(
            _("%(value)s has more than %(places)s decimals. Enter it exactly.") % {"value": text[:40], "places": places}
        )
    return number

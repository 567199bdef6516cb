"""Tables as Excel: real numbers and dates, a frozen head, totals as formulas, ready to print, and no cell that could
run as a formula (ASVS 1.2.10)."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook.properties import CalcProperties

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_767
LONGEST_TITLE = 31
FIRST_YEAR = 1900  # the workbook's calendar begins there; an earlier date is written as text
# What spreadsheet programs take for the beginning of a formula, in both widths, after any blanks.
FORMULA_STARTS = "=+-@＝＋－＠"
HEAD_FILL = PatternFill("solid", fgColor="EAF0F7")
INPUT_FILL = PatternFill("solid", fgColor="FFF8E1")
TOTAL_LINE = Border(top=Side(style="thin"))
A4, MARGIN_CM = 9, 1.5

Kind = Literal["text", "number", "quantity", "money", "date"]


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula this program wrote, e.g. "=SUM(C2:C9)". Never made from a person's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `total` sums it in a last row; `fill_in` marks cells people are meant to change. Width in characters,
    0 = by the head."""

    head: str
    kind: Kind = "text"
    width: int = 0
    total: bool = False
    fill_in: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. `frozen` columns stay in view on the left; every row has a value per column."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Any]]
    frozen: int = 0


def plain_text(value: object) -> str:
    """The text without what a workbook cannot hold (control characters, lone surrogates, non-characters)."""
    kept = (
        each
        for each in str(value)
        if each in "\n\t" or (unicodedata.category(each) not in ("Cc", "Cs") and ord(each) & 0xFFFE != 0xFFFE)
    )
    return "".join(kept)[:LONGEST_CELL]


def sheet_title(title: str) -> str:
    """A title a workbook takes: at most 31 characters, none of the forbidden ones."""
    cleaned = plain_text(title).translate(str.maketrans("", "", "[]:*?/\\\n\t")).strip(" '")
    return cleaned[:LONGEST_TITLE] or "Sheet"


def _number_format(value: Decimal, kind: Kind) -> str:
    if kind == "quantity":
        return "#,##0" if value == value.to_integral_value() else "#,##0.0###"
    exponent = value.as_tuple().exponent
    extra = max(0, -exponent - 2) if isinstance(exponent, int) and kind != "money" else 0
    return "#,##0.00" + "#" * min(extra, 8)


def _cell(sheet: Any, given: Any, kind: Kind = "text") -> Any:
    """A typed cell. Text is written as a string cell whatever it starts with, so "=…" stays text."""
    value: Any = given
    if isinstance(given, Formula):
        cell = WriteOnlyCell(sheet, value=given.text)
        cell.number_format = "#,##0.00" if kind == "money" else "#,##0.####" if kind == "quantity" else "General"
    elif isinstance(given, datetime) and given.year >= FIRST_YEAR:
        value = timezone.localtime(given).replace(tzinfo=None) if timezone.is_aware(given) else given
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(given, date) and given.year >= FIRST_YEAR:
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(given, Decimal) and given.is_finite():
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = _number_format(given, kind)
    elif isinstance(given, bool | int) or given is None:
        cell = WriteOnlyCell(sheet, value=value)
    else:
        text = plain_text(given)
        cell = WriteOnlyCell(sheet, value="")
        cell.value = text
        cell.data_type = "s"
        if text.lstrip()[:1] and text.lstrip()[0] in FORMULA_STARTS:
            cell.quotePrefix = True
    return cell


def _width(column: Column) -> int:
    by_head = sum(2 if ord(each) > 0x2E80 else 1 for each in column.head) + 4
    return column.width or max(12, min(48, by_head))


def _page_setup(sheet: Any, columns: int) -> None:
    """A4, lengthwise when wide, one page across, the head on every page, numbered, room on the left for binding."""
    sheet.page_setup.paperSize = A4
    sheet.page_setup.orientation = "landscape" if columns > 5 else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"
    inch = MARGIN_CM / 2.54
    margins = sheet.page_margins
    margins.left, margins.right, margins.top, margins.bottom = inch * 5 / 3, inch, inch, inch
    sheet.oddFooter.center.text = "&P / &N"
    sheet.oddHeader.right.text = "&A"


def _write(book: Any, table: Sheet) -> None:
    sheet = book.create_sheet(sheet_title(table.title))
    sheet.freeze_panes = f"{get_column_letter(table.frozen + 1)}2"
    for index, column in enumerate(table.columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = _width(column)
    _page_setup(sheet, len(table.columns))
    heads = []
    for column in table.columns:
        cell = _cell(sheet, column.head)
        cell.font, cell.fill = Font(bold=True), HEAD_FILL
        cell.alignment = Alignment(
            vertical="center", wrap_text=True, horizontal="left" if column.kind in ("text", "date") else "right"
        )
        heads.append(cell)
    sheet.append(heads)
    last = 1
    for row in table.rows:
        cells = []
        for column, value in zip(table.columns, row, strict=True):
            cell = _cell(sheet, value, column.kind)
            if column.fill_in:
                cell.fill = INPUT_FILL
            cells.append(cell)
        sheet.append(cells)
        last += 1
    if any(column.total for column in table.columns):
        sheet.append(_total_row(sheet, table, last))
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(table.columns)))}{last}"


def _total_row(sheet: Any, table: Sheet, last: int) -> list[Any]:
    cells = []
    for index, column in enumerate(table.columns, start=1):
        letter = get_column_letter(index)
        value: Any = Formula(f"=SUM({letter}2:{letter}{max(2, last)})") if column.total else None
        cell = _cell(sheet, _("Total") if index == 1 and not column.total else value, column.kind)
        cell.font, cell.border = Font(bold=True), TOTAL_LINE
        cells.append(cell)
    return cells


def sheets_workbook(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of one or more tables; programs compute its formulas when they open it. Returns the file's bytes."""
    book = Workbook(write_only=True)
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    for table in sheets:
        _write(book, table)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def workbook(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One table whose columns only have heads; values keep their type. Returns the file's bytes."""
    return sheets_workbook([Sheet(title, tuple(Column(head) for head in heads), rows)])


def download(name: str, content: bytes) -> HttpResponse:
    """A workbook as a download named `<name>.xlsx` (RFC 6266)."""
    response = HttpResponse(content, content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(plain_text(name), safe='')}.xlsx"
    response["Cache-Control"] = "no-store"
    return response


def excel_response(name: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """One table as a download."""
    return download(name, workbook(title, heads, rows))

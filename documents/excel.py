"""Lists as Excel: real numbers and dates, a frozen head, an auto filter, and no cell that could run as a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_767


def _cell(sheet: Any, given: Any) -> Any:
    """A typed cell. Text is written as a string cell whatever it starts with, so "=…" stays text (ASVS 1.2.10)."""
    value: Any = given
    if isinstance(given, datetime):
        value = timezone.localtime(given).replace(tzinfo=None) if timezone.is_aware(given) else given
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(given, date):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(given, Decimal):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "#,##0.00"
    elif isinstance(value, bool | int) or value is None:
        cell = WriteOnlyCell(sheet, value=value)
    else:
        text = "".join(character for character in str(value) if character >= " " or character in "\n\t")
        cell = WriteOnlyCell(sheet, value="")
        cell.value = text[:LONGEST_CELL]
        cell.data_type = "s"
        if text[:1] in "=+-@\t＝":
            cell.quotePrefix = True
    return cell


def workbook(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """One sheet: bold head row, frozen, filtered; values keep their type. Returns the file's bytes."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31].translate(str.maketrans("", "", "[]:*?/\\")) or "Sheet")
    sheet.freeze_panes = "A2"
    for index, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = max(12, min(48, len(head) * 2 + 6))
    head_cells = []
    for head in heads:
        cell = _cell(sheet, head)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(vertical="center")
        head_cells.append(cell)
    sheet.append(head_cells)
    count = 1
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])
        count += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(1, len(heads)))}{count}"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def excel_response(name: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download named `<name>.xlsx` (RFC 6266)."""
    response = HttpResponse(workbook(title, heads, rows), content_type=MEDIA_TYPE)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    response["Cache-Control"] = "no-store"
    return response

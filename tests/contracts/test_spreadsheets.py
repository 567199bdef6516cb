"""Tables people load back: what cannot be read is refused in words, whatever the reader of workbooks raises."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from contracts.errors import Refused
from contracts.spreadsheets import read_table
from tests.contracts.samples import unreadable


def workbook() -> bytes:
    book, kept = Workbook(), io.BytesIO()
    book.worksheets[0].title = "台账"
    book.worksheets[0].append(["系统", "数量"])
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("changed", [{"method": 99}, {"version": 99, "method": 8}])
def test_a_sheet_packed_in_a_way_nobody_here_knows_is_refused(changed: dict[str, int]) -> None:
    whole = workbook()
    read_table(SimpleUploadedFile("t.xlsx", whole), {"台账"})
    damaged = unreadable(whole, "xl/worksheets/sheet1.xml", **changed)
    with pytest.raises(Refused):
        read_table(SimpleUploadedFile("t.xlsx", damaged), {"台账"})

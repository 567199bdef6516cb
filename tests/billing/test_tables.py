"""Tables out and in: what a workbook holds, the way there and back, and files that mean harm. All or nothing."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from openpyxl import Workbook, load_workbook

from billing.models import Allocation, SystemUse
from billing.services.quantities import Target, uses_import
from billing.tables import read_shares, read_uses
from contracts.errors import Refused
from contracts.models import Contract, DefinitionVersion, InformationSystem, LineItem
from contracts.spreadsheets import MAX_ROWS, RowsRefused
from documents.contract_workbook import contract_workbook, uses_sheet
from documents.excel import Column, Sheet, sheets_workbook, workbook
from tests.billing.sharing import everything, use
from tests.billing.steps import paid
from tests.billing.world import TODAY

EVIL = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "  =cmd|'/c calc'!A0", '=HYPERLINK("http://x")')
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def priced(world):
    """The small contract with three systems and four rows, the last two in a bundle."""
    version = DefinitionVersion.objects.get(contract=world.contract)
    for number, title in enumerate(("甲系统", "=1+1", "丙系统"), start=1):
        InformationSystem.objects.create(contract=world.contract, code=f"s{number}", title=title, position=number)
    for number, quantity in ((1, "100"), (2, "5.5"), (3, "1"), (4, None)):
        LineItem.objects.create(
            contract=world.contract, version=version, number=number, title=f"=第{number}行",
            bundle="b" if number > 2 else "",
            unit_price=None if quantity is None else Decimal("2.5"), quantity=quantity and Decimal(quantity),
            amount=None if quantity is None else Decimal(quantity) * Decimal("2.5"),
        )  # fmt: skip
    with translation.override("en"):
        yield world


def upload(content: bytes, name: str = "table.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type=XLSX)


def exported(world: Any) -> Any:
    """The table of quantities as downloaded, to be edited."""
    sheet = uses_sheet(world.contract, viewer=world.viewer("IT"), on=TODAY)
    return load_workbook(io.BytesIO(sheets_workbook([sheet])))


def saved(book: Any) -> SimpleUploadedFile:
    stream = io.BytesIO()
    book.save(stream)
    return upload(stream.getvalue())


def edited(world: Any, cells: dict[str, Any]) -> SimpleUploadedFile:
    book = exported(world)
    for address, value in cells.items():
        book.worksheets[0][address] = value
    return saved(book)


def imported(world: Any, table: SimpleUploadedFile) -> list[SystemUse]:
    return uses_import(
        actor=world.viewer("IT"), contract=world.contract, targets=read_uses(table, contract=world.contract), on=TODAY,
        title="盘点", reference="P-1",
    )  # fmt: skip


# --- out -----------------------------------------------------------------------------------------------------------


def test_a_workbook_holds_real_numbers_and_dates_with_totals_as_formulas(priced):
    paid(priced, "1")
    book = load_workbook(io.BytesIO(contract_workbook(priced.contract, viewer=priced.viewer("FIN"), on=TODAY)))
    assert book.sheetnames[:5] == ["Milestones", "Invoices", "Bank transfers", "Line items", "Quantities"]
    transfers = book["Bank transfers"]
    assert (transfers["F2"].value, transfers["F2"].number_format) == (250000.25, "#,##0.00")
    assert transfers["E2"].value.date() == date(2025, 10, 17)
    assert transfers["E2"].number_format == "yyyy-mm-dd"
    assert transfers["F3"].value == "=SUM(F2:F2)"
    lines = book["Line items"]
    assert [lines[f"G{row}"].value for row in range(2, 6)] == [250, 13.75, 2.5, None]  # blank is not zero
    for sheet in book.worksheets:
        assert sheet.freeze_panes is not None
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_nothing_a_person_wrote_becomes_a_formula(priced):
    content = workbook("=x", [f"={text}" for text in ("a", "b")], [(text, text) for text in EVIL])
    for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows():
        assert {cell.data_type for cell in row} == {"s"}
    book = load_workbook(io.BytesIO(contract_workbook(priced.contract, viewer=priced.viewer("FIN"), on=TODAY)))
    ours = re.compile(r"=(SUM\([A-Z]+\d+:[A-Z]+\d+\)|D\d+(-[A-Z]+\d+|/12))")
    formulas = [c.value for sheet in book.worksheets for row in sheet.iter_rows() for c in row if c.data_type == "f"]
    assert formulas
    assert all(ours.fullmatch(text) for text in formulas)
    titles = [row[2].value for row in book["Line items"].iter_rows(min_row=2, max_row=5)]
    assert titles == [f"=第{number}行" for number in range(1, 5)]


def test_a_marked_cell_says_so_to_every_program():
    content = sheets_workbook([Sheet("t", (Column("a"),), [(text,) for text in EVIL])])
    cells = [row[0] for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(min_row=2)]
    assert all(cell.quotePrefix for cell in cells)


# --- there and back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_table_comes_back_with_what_was_changed(priced, language):
    use(priced, "s1", 10)
    with translation.override(language):
        table = edited(priced, {"E2": 40, "F2": 2.5, "G3": "1,000.5", "E5": 0.1 + 0.2})
    entries = imported(priced, table)
    assert [(row.line, row.system.code, str(row.quantity.normalize())) for row in entries] == [
        (1, "s1", "3E+1"), (1, "s2", "2.5"), (2, "s3", "1000.5"), (4, "s1", "0.3"),
    ]  # fmt: skip
    again = exported(priced).worksheets[0]
    assert [again[f"{column}2"].value for column in "EFG"] == [40, 2.5, None]
    assert (again["H2"].value, again["I2"].value, again["I5"].value) == ("=SUM(E2:G2)", "=D2-H2", None)
    before = everything()
    with pytest.raises(Refused, match="says already"):
        imported(priced, saved(exported(priced)))
    assert everything() == before


def test_zero_takes_away_and_blank_leaves(priced):
    use(priced, "s1", 10)
    use(priced, "s2", 7)
    entries = imported(priced, edited(priced, {"E2": 0, "F2": None}))
    assert [(row.system.code, row.quantity) for row in entries] == [("s1", Decimal(-10))]


def test_the_preview_shows_and_the_second_step_enters_exactly_that(priced):
    client = priced.client("IT")
    address = reverse("web:quantities_import", args=[priced.contract.pk])
    apply = reverse("web:quantities_apply", args=[priced.contract.pk])
    form = {"effective_on": "2025-07-01", "evidence_title": "盘点", "reference": "P-1", "reason": "年中盘点"}
    before = everything()
    shown = client.post(address, form | {"upload": edited(priced, {"E2": 40})})
    assert shown.status_code == 200
    assert everything() == before
    signed = shown.context["apply_form"].initial
    stolen = priced.client("IT2") if "IT2" in priced.person else priced.client("FIN")
    assert stolen.post(apply, signed).status_code in (302, 403)
    forged = client.post(apply, signed | {"payload": signed["payload"][:-2] + "xx", "idempotency_key": "other"})
    assert forged.headers["Location"] == address
    assert SystemUse.objects.count() == 0
    for _ in range(2):  # sent twice, entered once
        assert client.post(apply, signed).headers["Location"] == reverse("web:quantities", args=[priced.contract.pk])
    assert [row.quantity for row in SystemUse.objects.all()] == [Decimal(40)]


def test_an_agreed_allocation_comes_back_through_the_pages(priced):
    client = priced.client("FIN")
    address = reverse("web:allocation", args=[priced.contract.pk])
    book = load_workbook(io.BytesIO(client.get(address + "?format=xlsx", HTTP_ACCEPT_LANGUAGE="zh-hans").content))
    sheet = book.worksheets[0]
    for row, amount in ((2, 500000), (3, 500001), (4, 0)):
        sheet[f"D{row}"] = amount
    form = {"effective_on": "2025-07-01", "evidence_title": "补充协议", "reference": "B-1", "reason": "双方商定"}
    load = reverse("web:allocation_import", args=[priced.contract.pk])
    shown = client.post(load, form | {"upload": saved(book)})
    assert shown.status_code == 200, shown.context["form"].errors
    assert Allocation.objects.count() == 0
    done = client.post(reverse("web:allocation_apply", args=[priced.contract.pk]), shown.context["apply_form"].initial)
    version = Allocation.objects.get()
    assert done.headers["Location"].endswith(f"/allocation/{version.pk}/")
    assert [str(row.amount) for row in version.shares.all()] == ["500000.00", "500001.00", "0.00"]
    sheet["D4"] = 0.01
    short = client.post(load, form | {"upload": saved(book)})
    assert short.status_code == 422
    assert Allocation.objects.count() == 1


# --- refused -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "row", "said"),
    [
        ({"E2": "NaN"}, 2, "not a number"),
        ({"E2": "1e999"}, 2, "is above|not a number"),
        ({"E3": "Infinity"}, 3, "not a number"),
        ({"E3": -1}, 3, "below zero"),
        ({"E3": "-0.5"}, 3, "below zero"),
        ({"F4": "zehn"}, 4, "not a number"),
        ({"F4": True}, 4, "not a number"),
        ({"F4": date(2026, 1, 1)}, 4, "not a number"),
        ({"F4": 0.12345}, 4, "4 decimals"),
        ({"F4": "100000000000"}, 4, "100,000,000,000 is above 99,999,999,999.9999"),
        ({"F4": "9" * 30}, 4, "is above"),
        ({"F4": "1" + "0" * 100}, 4, "not a number"),
        ({"G2": "=E2*2"}, 2, "formula without a result"),
        ({"A3": "OTHER-1", "E3": 1}, 3, "belongs to"),
        ({"A3": None, "E3": 1}, 3, "belongs to"),
        ({"B3": 1, "E3": 1}, 3, "already"),
        ({"B3": 99, "E3": 1}, 3, "no row 99"),
        ({"B3": None, "E3": 1}, 3, "missing"),
        ({"B3": 1.5, "E3": 1}, 3, "missing"),
        ({"E1": "s9 foreign", "E3": 1}, 3, "no system"),
        ({"F1": "s1 again"}, 1, "two columns"),
    ],
)
def test_a_faulty_row_is_named_and_nothing_is_entered(priced, cells, row, said):
    use(priced, "s1", 10)
    before = everything()
    with pytest.raises(RowsRefused, match=said) as refused:
        imported(priced, edited(priced, {"E5": 3, **cells}))
    assert row in {problem.number for problem in refused.value.problems}
    assert everything() == before


def test_every_faulty_row_is_named_at_once(priced):
    client = priced.client("IT")
    form = {"effective_on": "2025-07-01", "evidence_title": "盘点", "reference": "P-1", "reason": "盘点"}
    table = edited(priced, {"E2": "NaN", "E3": -1, "G4": "x"})
    page = client.post(reverse("web:quantities_import", args=[priced.contract.pk]), form | {"upload": table})
    assert page.status_code == 422
    assert [problem.number for problem in page.context["problems"]] == [2, 3, 4]


def _book(rows: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Quantities")
    sheet.append(["Contract", "No.", "Item", "Contract quantity", "s1 a"])
    for number in range(rows):
        sheet.append(["PAY-2025-01", number, "x", 1, 1])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _sheet_xml(body: bytes, *, head: bytes = b"") -> bytes:
    """A workbook whose sheet is the given XML."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_book(1))) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                start = data.index(b"<sheetData>")
                data = head + data[:start] + b"<sheetData>" + body + b"</sheetData></worksheet>"
            target.writestr(entry.filename, data)
    return stream.getvalue()


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "' + b"ha" * 500 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]>'
HOSTILE = {
    "no workbook at all": (b"hello", "table.xlsx"),
    "another kind of file": (b"Contract,No.\nPAY-2025-01,1\n", "table.csv"),
    "a name that lies": (b"%PDF-1.4 ...", "table.xlsx"),
    "another workbook": (workbook("Other", ["a"], [(1,)]), "table.xlsx"),
    "too many rows": (_book(MAX_ROWS + 3), "table.xlsx"),
    "cells beyond counting": (_sheet_xml(b'<row r="1"><c r="A1"><v>1</v></c></row>' * 700_000), "table.xlsx"),
    "entities in entities": (_sheet_xml(b"<row><c t='inlineStr'><is><t>&b;</t></is></c></row>", head=LAUGHS), "t.xlsx"),
    "broken in the middle": (_sheet_xml(b"<row><c>"), "table.xlsx"),
    "cut off": (_book(3)[:-200], "table.xlsx"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_refused_in_words_and_changes_nothing(priced, what):
    content, name = HOSTILE[what]
    before = everything()
    with pytest.raises(Refused) as refused:
        read_uses(upload(content, name), contract=priced.contract)
    assert refused.value.message
    with pytest.raises(Refused):
        read_shares(upload(content, name), contract=priced.contract, codes=["s1"])
    assert everything() == before


def test_as_many_rows_as_allowed_are_read():
    contract = Contract(number="PAY-2025-01")
    with translation.override("en"):
        assert len(read_uses(upload(_book(MAX_ROWS)), contract=contract)) == MAX_ROWS


def test_a_day_in_the_future_or_before_the_contract_is_refused(priced):
    before = everything()
    for day in (date(2025, 10, 21), date(2025, 6, 19)):
        with pytest.raises(Refused):
            uses_import(
                actor=priced.viewer("IT"), contract=priced.contract, targets=[Target(2, 1, "s1", Decimal(1))], on=day,
                title="盘点", reference="P-1",
            )  # fmt: skip
    assert everything() == before

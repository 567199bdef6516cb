"""IT changes the table of line items and loads it back: a draft version, or nothing and every error with its row."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible
from contracts.errors import Refused
from contracts.models import DefinitionVersion, LineItem
from contracts.selectors import definition_for
from contracts.spreadsheets import RowsRefused
from definitions.impact import version_impact
from definitions.line_import import LinesPlan, lines_load, lines_plan
from definitions.line_table import read_lines
from definitions.services import LoadResult, contract_load, version_activate
from documents.contract_workbook import lines_sheet
from documents.excel import sheets_workbook
from tests.definitions.small import changed
from tests.definitions.test_damage import table_counts
from tests.world import World, build_world

# A note on the first row, a title with a wide blank, and a rate that is worth a warning.
NOTED = changed(
    'amount = "600"\nclause = "7"',
    'amount = "600"\nclause = "7"\nnote = "原文如此"',
    changed('title = "加密附件"', 'title = "加密　附件"', changed('rate = "5%"', 'rate = "6%"')),
)
SPLIT = {"E2": 200, "F2": 3}  # 100 × 6 becomes 200 × 3: the same amount


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Any:
    """One small contract for all; each test is rolled back."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(NOTED, encoding="utf-8")
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic.__enter__()
        yield build_world(folder)
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


@pytest.fixture
def world(loaded: World, db: None) -> Any:
    with translation.override("en"):
        loaded.contract.refresh_from_db()
        yield loaded


def edited(world: World, cells: dict[str, Any], *, without: int = 0, column: int = 0) -> SimpleUploadedFile:
    """The table as downloaded, with cells changed and perhaps a row or column deleted."""
    sheet = lines_sheet(world.contract, viewer=world.viewer("IT"))
    book = load_workbook(io.BytesIO(sheets_workbook([sheet])))
    for address, value in cells.items():
        book.worksheets[0][address] = value
    if without:
        book.worksheets[0].delete_rows(without)
    if column:
        book.worksheets[0].delete_cols(column)
    stream = io.BytesIO()
    book.save(stream)
    return SimpleUploadedFile("lines.xlsx", stream.getvalue())


def planned(world: World, table: SimpleUploadedFile, who: str = "IT") -> LinesPlan:
    rows = read_lines(table, contract=world.contract)
    return lines_plan(viewer=world.viewer(who), contract=world.contract, rows=rows)


def kept(world: World, table: SimpleUploadedFile, who: str = "IT") -> LoadResult:
    base = world.contract.versions.get(state="active").pk
    rows = read_lines(table, contract=world.contract)
    return lines_load(actor=world.viewer(who), contract=world.contract, rows=rows, base=base)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_unchanged_table_says_nothing_new(world: World, language: str) -> None:
    with translation.override(language):
        table = edited(world, {})
    before = table_counts()
    with pytest.raises(Refused, match="nothing differs"):
        kept(world, table)
    assert table_counts() == before


def test_a_changed_price_becomes_a_draft_that_another_person_puts_in_force(world: World) -> None:
    active = world.contract.versions.get(state="active")
    result = kept(world, edited(world, SPLIT))
    draft = result.version
    assert (result.activated, draft.state, draft.number) == (False, "draft", 2)
    assert draft.loaded_by == world.person["IT"]
    assert [one["code"] for one in draft.health] == ["rate_amount"]
    old, new = definition_for(active).to_data(), definition_for(draft).to_data()
    assert new["line"]["r01"] == old["line"]["r01"] | {"unit_price": "200", "quantity": "3"}
    assert new["line"]["r01"]["note"] == "原文如此"
    assert {**new, "line": {**new["line"], "r01": 0}} == {**old, "line": {**old["line"], "r01": 0}}
    assert list(new) == list(old)
    impact = version_impact(viewer=world.viewer("MGR"), contract=world.contract, version=draft)
    (one,) = impact.entries
    assert (one.name, one.change, sorted(one.fields)) == ("r01", "changed", ["quantity", "unit_price"])
    entry = JournalEntry.objects.filter(action="contract.load").latest("pk")
    assert entry.after["line_items"] == {"changed": [1]} and entry.after["based_on"] == 1
    with pytest.raises(NotAllowed):
        version_activate(actor=world.viewer("IT"), version=draft)
    version_activate(actor=world.viewer("MGR"), version=draft, agreement="补充协议一")
    assert LineItem.objects.get(version__state="active", contract=world.contract, number=1).unit_price == Decimal(200)


def test_rows_are_added_and_removed(world: World) -> None:
    """The crypto rows leave; a new row brings the same 400, without the fields a table does not carry."""
    new = {"B3": 7, "C3": " 新服务 ", "D3": "计算", "E3": "133.3334", "F3": 3, "G3": "400.00", "H3": None}
    plan = planned(world, edited(world, new, without=4))
    assert [(one.number, one.change) for one in plan.changes] == [(2, "removed"), (3, "removed"), (7, "added")]
    lines = definition_for(kept(world, edited(world, new, without=4)).version).to_data()["line"]
    assert list(lines) == ["r01", "r07"]
    assert lines["r07"] == {
        "number": 7, "title": "新服务", "group": "计算", "unit_price": "133.3334", "quantity": "3", "amount": "400",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "row", "said"),
    [
        ({"G2": 599.99}, 2, "Amount: 100 × 6 is 600.00, not 599.99. Correct the unit price"),
        ({"G2": 600.001}, 2, "Amount: 600.001 has more than 2 decimals"),
        ({"G2": "9999999999999.99"}, 2, "Amount: 100 × 6 is 600.00, not 9999999999999.99"),
        ({"G2": "10000000000000.00"}, 2, "Amount: 10,000,000,000,000.00 is above 9,999,999,999,999.99, the most that"),
        ({"F2": 100000000000}, 2, "Quantity: 100,000,000,000 is above 99,999,999,999.9999, the most that is kept"),
        ({"E2": 200, "G2": 1200}, 0, "The rows add up to 1600, the contract says 1000.00. Correct the amounts"),
        ({"H4": "crypt0"}, 4, "Bundle: The row is blank and no bundle prices it. Name its bundle"),
        ({"F2": None}, 2, "Amount: The row has some of unit price, quantity and amount, but not all three"),
        ({"E2": "=50*2"}, 2, "Unit price: a cell holds a formula without a result. Write the number itself"),
        ({"C3": '=CONCATENATE("a","b")'}, 3, "Item: the cell holds a formula without a result. Write the text"),
        ({"E2": -100}, 2, "Unit price: -100 is below zero. Write the contract's figure"),
        ({"F2": "六"}, 2, "Quantity: “六” is not a number"),
        ({"C2": None}, 2, "Item: the item's name is missing. Write it"),
        ({"C2": date(2026, 1, 1)}, 2, "Item: “2026-01-01 00:00:00” is not text"),
        ({"H2": "b" * 41}, 2, "Bundle: the text is longer than 40 characters"),
        ({"B3": 1}, 3, "No.: line item 1 stands in row 2 already"),
        ({"B3": "1.5"}, 3, "No.: the number of the line item is missing"),
        ({"A3": "OTHER-1"}, 3, "this row belongs to “OTHER-1”"),
        ({"G1": "Price"}, 1, "the column “Amount” is missing. Download the table"),
        ({"I1": "Remark"}, 1, "the column “Remark” is none of this table's"),
        ({"H1": "Group"}, 1, "the column “Group” stands twice"),
    ],
)
def test_a_faulty_row_is_named_and_nothing_is_written(world: World, cells: dict[str, Any], row: int, said: str) -> None:
    """Beside a change that would be right by itself."""
    before = table_counts()
    with pytest.raises(RowsRefused) as refused:
        kept(world, edited(world, {"D4": "密码", **cells}))
    assert (row, True) in [(each.number, said in each.text) for each in refused.value.problems], refused.value
    assert table_counts() == before


def test_every_faulty_row_is_named_at_once(world: World) -> None:
    with pytest.raises(RowsRefused) as refused:
        planned(world, edited(world, {"E2": -1, "F2": "x", "A4": None}))
    assert [each.number for each in refused.value.problems] == [2, 2, 4]
    with pytest.raises(RowsRefused) as refused:
        planned(world, edited(world, {"G2": 601, "F3": 3}))
    assert [each.number for each in refused.value.problems] == [0, 2, 3]
    with pytest.raises(RowsRefused, match="“Unit price” is missing"):
        planned(world, edited(world, {}, column=5))


@pytest.mark.parametrize("who", ["FIN", "MGR", "AUD", "VND", "OTHER_BUYER"])
def test_only_who_may_load_definitions_may_load_line_items(world: World, who: str) -> None:
    table = edited(world, SPLIT)
    before = table_counts()
    with pytest.raises((NotAllowed, NotVisible)):
        kept(world, table, who)
    assert table_counts() == before


def test_what_was_shown_is_what_is_kept_or_nothing(world: World, tmp_path: Any) -> None:
    """Once loaded it is not loaded again; and it is not built on a version that was not in force when it was shown."""
    rows = read_lines(edited(world, SPLIT), contract=world.contract)
    base = world.contract.versions.get(state="active").pk
    act = {"actor": world.viewer("IT"), "contract": world.contract, "rows": rows, "base": base}
    lines_load(**act)
    before = table_counts()
    with pytest.raises(Refused, match="before as version 2"):
        lines_load(**act)
    assert table_counts() == before
    (tmp_path / "small.toml").write_text(changed("+ 30 days", "+ 60 days", NOTED), encoding="utf-8")
    later = contract_load(tmp_path, actor=world.viewer("IT")).version
    assert planned(world, edited(world, {"D2": "计算"})).waiting == later
    version_activate(actor=world.viewer("MGR"), version=later, agreement="更正")
    before = table_counts()
    with pytest.raises(Refused, match="Another version was put in force"):
        lines_load(**act)
    assert table_counts() == before


def test_it_on_the_page_sees_the_change_then_makes_the_draft_once(world: World) -> None:
    contract = world.contract.pk
    step, apply = (reverse(f"web:{name}", args=[contract]) for name in ("lines_import", "lines_apply"))
    browser = world.client("IT")
    browser.cookies["django_language"] = "en"
    assert step in browser.get(reverse("web:contract_lines", args=[contract])).content.decode()
    assert step not in world.client("FIN").get(reverse("web:contract_lines", args=[contract])).content.decode()
    wrong = browser.post(step, {"upload": edited(world, {"G2": 1})})
    assert wrong.status_code == 422 and [each.number for each in wrong.context["problems"]] == [0, 2]
    table = edited(world, SPLIT)
    with CaptureQueriesContext(connection) as seen:
        page = browser.post(step, {"upload": table})
    assert page.status_code == 200 and len(seen.captured_queries) <= 9  # four of them are the frame's
    (row,) = page.context["preview"].rows
    assert (row.cells[0].text, row.cells[1].text) == ("1", "主机")
    assert "100 → 200" in row.cells[3].text and "6 → 3" in row.cells[3].text
    assert DefinitionVersion.objects.filter(contract=contract).count() == 1
    form = page.context["apply_form"].initial
    assert browser.post(apply, {**form, "payload": form["payload"] + "x"}).headers["Location"] == step
    form["idempotency_key"] += "2"
    for _again in range(2):
        answer = browser.post(apply, form)
        draft = world.contract.versions.get(state="draft")
        assert answer.headers["Location"] == reverse("web:version_impact", args=[contract, draft.pk])
    assert browser.get(answer.headers["Location"]).status_code == 200

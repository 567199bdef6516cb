"""A contract taken over late: one table, all or nothing, and still two people."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from accounts.models import JournalEntry
from accounts.policy import NotAllowed, NotVisible
from contracts.errors import Refused
from contracts.selectors import today_for
from obligations.models import Obligation, Submission
from obligations.services.bulk import BulkRefused, BulkRow, bulk_record, bulk_rows, bulk_template
from obligations.services.submissions import submissions_accept
from tests.obligations.story import Story

WEEKS = [
    BulkRow(2, "weekly/2025-W27", date(2025, 7, 7), "周报合订本", "档-01"),
    BulkRow(3, "weekly/2025-W28", "2025/7/14", "周报合订本", "档-01"),
    BulkRow(4, "OB-11", "2025-07-10", "服务方案", "档-02"),
]


def test_a_year_is_entered_by_one_and_accepted_by_another(story: Story) -> None:
    entered = bulk_record(actor=story.viewer("IT"), contract=story.contract, rows=WEEKS)
    assert Submission.objects.filter(state="submitted").count() == 3
    assert story.contract.evidence.count() == 2  # one document proves both weeks
    with pytest.raises(Refused):
        submissions_accept(actor=story.viewer("IT"), submissions=entered)
    submissions_accept(actor=story.viewer("MGR"), submissions=entered)
    done = {row.duty + row.key_text: row.done_on for row in Obligation.objects.filter(state="done")}
    assert done == {
        "weekly2025-W27": date(2025, 7, 7), "weekly2025-W28": date(2025, 7, 14), "plan": date(2025, 7, 10),
    }  # fmt: skip
    assert JournalEntry.objects.filter(action="obligation.bulk").count() == 1


def test_one_bad_line_refuses_all_and_every_bad_line_is_named(story: Story) -> None:
    rows = [
        *WEEKS,
        BulkRow(5, "weekly/2025-W27", date(2025, 7, 8), "x", "x"),
        BulkRow(6, "nonsense", date(2025, 7, 8), "x", "x"),
        BulkRow(7, "OB-10", date(2025, 7, 8), "x", "x"),
        BulkRow(8, "weekly/2025-W29", "2025-02-30", "x", "x"),
        BulkRow(9, "weekly/2025-W30", date(2999, 1, 1), "x", "x"),
        BulkRow(10, "weekly/2025-W31", date(2025, 8, 4)),
        BulkRow(11, "secrecy", date(2025, 8, 4), "x", "x"),
    ]
    with pytest.raises(BulkRefused) as refused:
        bulk_record(actor=story.viewer("IT"), contract=story.contract, rows=rows)
    assert [problem.number for problem in refused.value.problems] == [5, 6, 7, 8, 9, 10, 11]
    assert (Submission.objects.count(), story.contract.evidence.count()) == (0, 0)
    assert not Obligation.objects.filter(state="submitted").exists()


def test_a_register_number_with_its_period_is_enough(story: Story) -> None:
    (one,) = bulk_record(
        actor=story.viewer("IT"), contract=story.contract,
        rows=[BulkRow(2, "OB-10", date(2025, 7, 7), "周报", period="2025-W27")],
    )  # fmt: skip
    assert one.obligation.key_text == "2025-W27"


def test_only_the_buyers_it_enters_in_bulk(story: Story) -> None:
    for who, refusal in (("VND", NotVisible), ("FIN", NotAllowed), ("STRANGER", NotVisible)):
        with pytest.raises(refusal):
            bulk_record(actor=story.viewer(who), contract=story.contract, rows=WEEKS)
    assert Submission.objects.count() == 0


def test_the_template_comes_back_filled_in(story: Story) -> None:
    blank = bulk_template(viewer=story.viewer("IT"), contract=story.contract, as_of=today_for(story.contract))
    book = load_workbook(io.BytesIO(blank))
    sheet = book.active
    assert sheet is not None
    names = [sheet.cell(row, 1).value for row in range(2, sheet.max_row + 1)]
    assert "weekly/2025-W27" in names and "plan" in names
    line = names.index("plan") + 2
    sheet.cell(line, 5).value = date(2025, 7, 10)
    sheet.cell(line, 7).value = "档-02"
    filled = io.BytesIO()
    book.save(filled)
    rows = bulk_rows(SimpleUploadedFile("补录.xlsx", filled.getvalue()))
    assert rows == [BulkRow(line, "plan", date(2025, 7, 10), "", "档-02", "")]
    bulk_record(actor=story.viewer("IT"), contract=story.contract, rows=rows)
    assert story.obligation("plan").state == "submitted"


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.xlsx", b"PK\x03\x04 broken"), ("a.txt", b"duty"), ("a.xlsx", b""), ("a.pdf", b"%PDF-1.4\n")],
)
def test_what_is_no_table_is_refused(story: Story, name: str, content: bytes) -> None:
    with pytest.raises(Refused):
        bulk_rows(SimpleUploadedFile(name, content))

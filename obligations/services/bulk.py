"""Taking a contract over late: many duties done on given days, entered at once from a table, all or nothing.

What is entered waits for review like any report: another person accepts it (`submissions_accept`), one by one or all
together.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts import journal
from accounts.policy import NotAllowed, require
from accounts.scoping import Viewer
from contracts.errors import Refused
from contracts.models import Contract, Evidence
from contracts.selectors import today_for
from contracts.services.files import Upload, evidence_add
from contracts.uploads import inspect
from obligations.models import Obligation, Submission
from obligations.services.evaluation import contract_locked
from obligations.services.reminders import plan_reminders

MAX_ROWS = 2000
COLUMNS = 8
SHOWN = 20  # problems named in one refusal


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One line: which obligation ("payment_1", "weekly/2025-W27", or a register number with a period), the day it was
    done, and the document that proves it. `number` is the line's number for the person, `done_on` a date or text."""

    number: int
    what: str
    done_on: date | str | None
    title: str = ""
    reference: str = ""
    note: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with one line."""

    number: int
    text: str


class BulkRefused(Refused):
    """Some lines cannot be taken, so none was. `problems` has them all, in order."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        self.problems = tuple(problems)
        lines = [
            _("Line %(number)s: %(text)s") % {"number": one.number, "text": one.text} for one in self.problems[:SHOWN]
        ]
        if len(self.problems) > SHOWN:
            lines.append(_("and %(count)s more.") % {"count": len(self.problems) - SHOWN})
        super().__init__("\n".join([_("Nothing was entered. Correct these lines:"), *lines]), "upload")


def bulk_record(*, actor: Viewer, contract: Contract, rows: Iterable[BulkRow]) -> list[Submission]:
    """Enter many reports of one contract, of both sides; each then waits for another person's review.

    Raises BulkRefused with every faulty line (unknown or ambiguous obligation, no longer owed, twice in the table, no
    or a future day, no document); nothing is entered then. PolicyError for other roles.
    """
    require(actor, "obligation.bulk", contract)
    if actor.user_id is None:
        raise NotAllowed(_("A person must report this, the system cannot."))
    lines = list(rows)
    if not lines:
        raise Refused(_("The table has no line with a day in it. Fill in the column of the day it was done."), "upload")
    if len(lines) > MAX_ROWS:
        raise Refused(_("The table has more than %(limit)s lines. Split it.") % {"limit": MAX_ROWS}, "upload")
    with transaction.atomic():
        locked = contract_locked(contract.pk)
        chosen = _chosen(locked, lines)
        proofs = _proofs(actor, locked, lines)
        now = timezone.now()
        rounds = dict(
            Submission.objects.filter(obligation__in=[row.pk for row, _day in chosen])
            .order_by()
            .values_list("obligation_id")
            .annotate(last=Max("round"))
        )
        submissions = Submission.objects.bulk_create(
            Submission(
                obligation=row, round=rounds.get(row.pk, 0) + 1, done_on=day, note=line.note.strip()[:2000],
                submitted_by_id=actor.user_id, submitted_at=now,
            )
            for (row, day), line in zip(chosen, lines, strict=True)
        )  # fmt: skip
        link = Submission.evidence.through
        link.objects.bulk_create(
            link(submission_id=one.pk, evidence_id=proofs[_proof_of(line)].pk)
            for one, line in zip(submissions, lines, strict=True)
        )
        pks = [row.pk for row, _day in chosen]
        Obligation.objects.filter(pk__in=pks).update(state=Obligation.State.SUBMITTED, updated_at=now)
        journal.record(
            actor,
            "obligation.bulk",
            locked,
            chain=journal.contract_chain(locked.pk),
            after={
                "count": len(submissions),
                "reports": [[f"{row.duty}/{row.key_text}".rstrip("/"), day] for row, day in chosen],
            },
        )
        plan_reminders(pks, now=now)
    return submissions


def bulk_rows(upload: Upload) -> list[BulkRow]:
    """The lines of a filled-in template that have a day. Raises Refused for a file that is no such table."""
    content = io.BytesIO()
    for chunk in upload.chunks():
        content.write(chunk)
        if content.tell() > settings.UPLOAD_MAX_BYTES:
            raise Refused(_("The file is too large. Split the table."), "upload")
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as copy:
        Path(copy.name).write_bytes(content.getvalue())
        inspect(Path(copy.name), upload.name or "")  # the type check of every upload: no macros, no bombs
    try:
        sheet = load_workbook(content, read_only=True, data_only=True).worksheets[0]
        cells = sheet.iter_rows(min_row=2, max_row=MAX_ROWS + 2, max_col=COLUMNS, values_only=True)
        lines = [_line(number, values) for number, values in enumerate(cells, start=2)]
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise Refused(
            _("This is not an Excel table (.xlsx). Download the template and fill it in."), "upload"
        ) from error
    return [line for line in lines if line is not None]


def bulk_template(*, viewer: Viewer, contract: Contract, as_of: date) -> bytes:
    """An Excel table of everything owed that fell due by as-of, to be filled in with days and documents."""
    require(viewer, "obligation.bulk", contract)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "obligations"
    heads = (
        _("Obligation (do not change)"), _("Title"), _("Clause"), _("Due"), _("Done on"), _("Document"),
        _("Document number or place"), _("Note"),
    )  # fmt: skip
    sheet.append(list(heads))
    owed = Obligation.objects.visible_to(viewer).filter(contract=contract, state="open", due_on__lte=as_of)
    for row in owed.order_by("due_at", "pk")[:MAX_ROWS]:
        address = f"{row.duty}/{row.key_text}".rstrip("/")
        sheet.append([address, row.title, row.clause, row.due_on, None, "", "", ""])
        for cell in sheet[sheet.max_row][:3]:
            cell.data_type = "s"  # a text is never a formula
    for column, width in zip("ABCDEFGH", (28, 48, 16, 12, 12, 28, 28, 32), strict=True):
        sheet.column_dimensions[column].width = width
    sheet.freeze_panes = "B2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


# --- one line ------------------------------------------------------------------------------------------------------


def _line(number: int, values: Sequence[Any]) -> BulkRow | None:
    what, _title, _clause, _due, done_on, title, reference, note = [*values, *[None] * COLUMNS][:COLUMNS]
    if done_on in (None, "") or what in (None, ""):
        return None
    day = done_on.date() if isinstance(done_on, datetime) else done_on if isinstance(done_on, date) else str(done_on)
    texts = [str(text or "").strip() for text in (title, reference, note)]
    return BulkRow(number, str(what).strip(), day, title=texts[0], reference=texts[1], note=texts[2])


def _day(value: date | str | None) -> date | None:
    if isinstance(value, date):
        return value
    parts = (value or "").strip().replace("/", "-").replace(".", "-").split("-")
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day)
    except ValueError:
        return None


def _proof_of(line: BulkRow) -> tuple[str, str]:
    title, reference = " ".join(line.title.split()), " ".join(line.reference.split())
    return (title or reference, reference or title)


def _proofs(actor: Viewer, contract: Contract, lines: Iterable[BulkRow]) -> dict[tuple[str, str], Evidence]:
    """One evidence per document, however many lines it proves."""
    return {
        proof: evidence_add(actor=actor, contract=contract, title=proof[0], reference=proof[1])
        for proof in dict.fromkeys(_proof_of(line) for line in lines)
    }


def _chosen(contract: Contract, lines: Sequence[BulkRow]) -> list[tuple[Obligation, date]]:
    """The obligation and day of each line. Raises BulkRefused with all that is wrong."""
    today = today_for(contract)
    by_address: dict[str, Obligation] = {}
    by_ref: dict[str, list[Obligation]] = {}
    for one in Obligation.objects.filter(contract=contract).exclude(state="closed"):
        by_address[f"{one.duty}/{one.key_text}".rstrip("/")] = one
        by_ref.setdefault(one.ref, []).append(one)
    problems: list[RowProblem] = []
    chosen: list[tuple[Obligation, date]] = []
    taken: dict[int, int] = {}
    for line in lines:
        address = f"{line.what}/{line.period}".rstrip("/")
        row = by_address.get(address)
        if row is None:
            found = [one for one in by_ref.get(line.what, ()) if not line.period or one.key_text == line.period]
            row = found[0] if len(found) == 1 else None
        day = _day(line.done_on)
        text = _problem(line, row, day, today, taken.get(row.pk) if row else None)
        if text:
            problems.append(RowProblem(line.number, text))
        elif row is not None and day is not None:
            taken[row.pk] = line.number
            chosen.append((row, day))
    if problems:
        raise BulkRefused(problems)
    return chosen


def _problem(line: BulkRow, row: Obligation | None, day: date | None, today: date, twice: int | None) -> str:
    if row is None:
        return _("there is no single obligation %(what)s. Take the name from the template.") % {"what": line.what}
    if twice is not None:
        return _("%(what)s stands in line %(number)s already.") % {"what": line.what, "number": twice}
    if row.state != Obligation.State.OPEN:
        return _("%(what)s is not owed any more, or a report on it waits for review.") % {"what": line.what}
    if day is None:
        return _("%(day)s is not a day. Write it as 2026-06-30.") % {"day": line.done_on or "—"}
    if day > today:
        return _("%(day)s lies in the future.") % {"day": day}
    if not any(_proof_of(line)):
        return _("name the document that proves it, or its number.")
    return ""

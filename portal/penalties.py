"""Issued penalties as the other party may read them: the claim, its grounds and both sides' words. Clues, drafts, rows
that did not count, other readings, internal notes and the buyer's names stay inside the buyer's house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from accounts.policy import allows
from accounts.scoping import Viewer
from contracts.selectors import today_for
from penalties import rules
from penalties.selectors import CasePage, case_page, docket_list
from penalties.selectors.sheet import sentences


@dataclass(frozen=True, slots=True)
class Line:
    """One penalty of the list. `days_left` None: no period runs."""

    pk: int
    number: str
    title: str
    contract: str
    clause: str
    state: str
    state_text: str
    amount: Decimal | None
    currency: str
    object_by: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Paper:
    """Evidence in the thread; `file_id` only for one's own party's files."""

    title: str
    file_id: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done or said, by which side."""

    kind_text: str
    side: str
    text: str
    amount: Decimal | None
    at: datetime
    papers: tuple[Paper, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """A row of the contract that counts, and how its amount comes about."""

    title: str
    clause: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the vendor has to pay by itself."""

    number: str
    amount: Decimal
    due_on: date
    state_text: str


@dataclass(frozen=True, slots=True)
class Back:
    """What the buyer pays back of it; `paid_on` None: still to be transferred."""

    number: str
    amount: Decimal
    state_text: str
    paid_on: date | None
    bank_reference: str


@dataclass(frozen=True, slots=True)
class Penalty:
    """One issued penalty. `acts` is what the vendor may do now; `refunds` only for readers with sight of money."""

    line: Line
    grounds: tuple[Ground, ...]
    entries: tuple[Entry, ...]
    claims: tuple[Claim, ...]
    refunds: tuple[Back, ...]
    deducted: Decimal | None
    sent_on: date | None
    delivered_on: date | None
    by_contract: bool
    acts: frozenset[str]
    talking: bool

    def of_side(self, *sides: str) -> list[Entry]:
        """The words of one side, in order."""
        return [entry for entry in self.entries if entry.side in sides]


def _line(case: Any, today: date) -> Line:
    running = case.state == "notified" and case.object_by is not None
    return Line(
        pk=case.pk,
        number=case.number,
        title=case.title,
        contract=case.contract.title,
        clause=case.clause,
        state=case.state,
        state_text=str(case.get_state_display()),
        amount=case.amount,
        currency=case.contract.currency,
        object_by=case.object_by,
        days_left=(case.object_by - today).days if running else None,
    )


def lines(*, viewer: Viewer, today: date, before: int | None = None) -> tuple[tuple[Line, ...], int | None]:
    """The penalties issued to the viewer's party, newest first, and where the list goes on."""
    found = docket_list(viewer=viewer, before=before)
    return tuple(_line(case, today) for case in found.rows), found.older


def stake(rows: Sequence[Line]) -> Decimal:
    """What is claimed and not over yet."""
    open_ = [row.amount for row in rows if row.state not in ("withdrawn", "waived", "closed")]
    return sum((amount for amount in open_ if amount is not None), Decimal(0))


def penalty(pk: int, *, viewer: Viewer) -> Penalty:
    """One issued penalty. Raises NotVisible."""
    found = case_page(pk, viewer=viewer)
    case = found.case
    return Penalty(
        line=_line(case, today_for(found.contract)),
        grounds=_grounds(found),
        entries=tuple(
            Entry(
                str(entry.get_kind_display()), entry.side, entry.text, entry.amount, entry.recorded_at,
                tuple(_paper(paper, viewer) for paper in entry.evidence.all()),
            )
            for entry in found.entries
        ),
        claims=tuple(Claim(row.number, row.amount, row.due_on, str(row.get_state_display())) for row in found.claims),
        refunds=_refunds(found) if allows(viewer, "portal.money.read") else (),
        deducted=case.liability.deducted if case.liability is not None else None,
        sent_on=case.sent_on,
        delivered_on=case.delivered_on,
        by_contract=case.object_by_contract,
        acts=rules.acts_in(case.state) & {"object", "retract", "agree"},
        talking=case.state in ("notified", "objected", "decided", "frozen"),
    )  # fmt: skip


def _grounds(found: CasePage) -> tuple[Ground, ...]:
    if found.outcome is None:
        return ()
    return tuple(
        Ground(row.title, row.clause, tuple(sentences(row, found.definition)))
        for row in found.outcome.rows
        if row.label in found.outcome.winners
    )


def _refunds(found: CasePage) -> tuple[Back, ...]:
    return tuple(
        Back(row.number, row.amount, str(row.get_state_display()), row.paid_on, row.bank_reference)
        for row in found.refunds
    )


def _paper(paper: Any, viewer: Viewer) -> Paper:
    own = paper.file is not None and paper.file.uploaded_by is not None
    mine = own and paper.file.uploaded_by.party_id == viewer.party_id
    return Paper(paper.title, paper.file_id if mine else None)

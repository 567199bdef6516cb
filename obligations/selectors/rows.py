"""One obligation as lists show it: a frozen row, the same object for page, API, Excel and PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.policy import allows
from accounts.scoping import Viewer
from engine.language.spans import Zone
from obligations.models import Obligation, Submission
from obligations.rules import (
    Figures,
    Status,
    StatusCode,
    Urgency,
    is_breach,
    is_told,
    may_submit,
    status_of,
    urgency_of,
)

Verb = Literal["submit", "review", "chase", "view"]
SOON_DAYS = 7


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact a pending date waits for; `name` as in the dependency map, `title` in the contract's words."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """See the columns of `Obligation`. `due_on` is an estimate while `due_state` is "provisional"; `is_instant` marks a
    deadline inside its day (`due_at`, UTC). `delay_days` > 0 only for a breach in days; `verb` is the viewer's next
    step."""

    pk: int
    contract_id: int
    contract_number: str
    contract_title: str
    is_demo: bool
    currency: str
    zone: str
    duty: str
    key: Mapping[str, str]
    key_text: str
    ref: str
    title: str
    clause: str
    kind: str
    tracking: str
    category: str
    group: str
    lane: str
    obligor: str
    obligor_name: str
    obligee: str
    policy: str
    role: str
    amount: Decimal | None
    position: int
    state: str
    status: StatusCode
    urgency: Urgency
    is_breach: bool
    delay_days: int
    days_left: int | None
    due_state: str
    due_on: date | None
    due_at: datetime | None
    is_instant: bool
    safe_on: date | None
    gate_open: bool
    gate_late: bool
    missing: tuple[MissingFact, ...]
    done_on: date | None
    done_at: datetime | None
    waiver_reason: str
    keeper_id: int | None
    keeper_name: str
    reporter_id: int | None
    verb: Verb

    @property
    def is_estimate(self) -> bool:
        """The date may still move: part of it lies beyond the published calendar."""
        return self.due_state == "provisional"

    @property
    def chip(self) -> str:
        """The status for a chip: "due_soon" for an open one within seven days."""
        soon = self.status == "open" and self.days_left is not None and self.days_left <= SOON_DAYS
        return "due_soon" if soon else self.status


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a replay says of a row, in place of its columns."""

    figures: Figures
    state: str
    done_on: date | None
    done_at: datetime | None
    missing: tuple[MissingFact, ...]


def list_rows(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The queryset with what a row needs from elsewhere: contract, keeper and who handed in the open report."""
    reporter = Submission.objects.filter(obligation=OuterRef("pk"), state="submitted").values("submitted_by")[:1]
    return rows.select_related("contract", "keeper").annotate(reporter_id=Subquery(reporter))


def stored(obligation: Obligation) -> Overlay:
    """The columns as they stand now."""
    missing = tuple(MissingFact(entry["name"], entry["title"]) for entry in obligation.missing)
    figures = Figures(
        obligation.due_state, obligation.due_on, obligation.due_at, obligation.safe_on, obligation.gate_open,
        obligation.gate_late, tuple(fact.name for fact in missing),
    )  # fmt: skip
    return Overlay(figures, obligation.state, obligation.done_on, obligation.done_at, missing)


def build_row(obligation: Obligation, *, viewer: Viewer, as_of: date, overlay: Overlay | None = None) -> ObligationRow:
    """The row as of a day, from its columns or from a replay's overlay. The queryset must come from `list_rows`."""
    seen = overlay or stored(obligation)
    contract, figures = obligation.contract, seen.figures
    status = status_of(
        state=seen.state, kind=obligation.kind, figures=figures, done_on=seen.done_on, done_at=seen.done_at,
        as_of=as_of, zone=contract.zone,
    )  # fmt: skip
    end = Zone(contract.zone).end_of(figures.due_on) if figures.due_on is not None else None
    reporter = getattr(obligation, "reporter_id", None)
    return ObligationRow(
        pk=obligation.pk,
        contract_id=contract.pk,
        contract_number=contract.number,
        contract_title=contract.title,
        is_demo=contract.is_demo,
        currency=contract.currency,
        zone=contract.zone,
        duty=obligation.duty,
        key=obligation.key,
        key_text=obligation.key_text,
        ref=obligation.ref,
        title=obligation.title,
        clause=obligation.clause,
        kind=obligation.kind,
        tracking=obligation.tracking,
        category=obligation.category,
        group=obligation.group,
        lane=obligation.lane,
        obligor=obligation.obligor,
        obligor_name=obligation.obligor_name,
        obligee=obligation.obligee,
        policy=obligation.policy,
        role=obligation.role,
        amount=obligation.amount,
        position=obligation.position,
        state=seen.state,
        status=status.code,
        urgency=urgency_of(status),
        is_breach=is_breach(status, obligation.kind),
        delay_days=status.delay_days,
        days_left=status.days_left,
        due_state=figures.due_state,
        due_on=figures.due_on,
        due_at=figures.due_at,
        is_instant=figures.due_at is not None and figures.due_at != end,
        safe_on=figures.safe_on,
        gate_open=figures.gate_open,
        gate_late=figures.gate_late,
        missing=seen.missing,
        done_on=seen.done_on,
        done_at=seen.done_at,
        waiver_reason=obligation.waiver_reason if seen.state == "waived" else "",
        keeper_id=obligation.keeper_id,
        keeper_name=str(obligation.keeper) if obligation.keeper is not None else "",
        reporter_id=reporter,
        verb=_verb(viewer, obligation, seen.state, status, reporter),
    )


def may_review(viewer: Viewer, reporter_id: int | None) -> bool:
    """The buyer's reviewers, except for what they handed in themselves."""
    return allows(viewer, "obligation.review") and viewer.kind == "buyer" and reporter_id != viewer.user_id


def _verb(viewer: Viewer, obligation: Obligation, state: str, status: Status, reporter_id: int | None) -> Verb:
    if state == "submitted":
        return "review" if may_review(viewer, reporter_id) else "view"
    if state != "open":
        return "view"
    here = not is_told(obligation.duty)
    if here and allows(viewer, "obligation.submit") and may_submit(obligation.obligor, viewer.kind):
        return "submit"
    if viewer.kind == "buyer" and allows(viewer, "obligation.chase") and status.code != "not_applicable":
        return "chase"
    return "view"

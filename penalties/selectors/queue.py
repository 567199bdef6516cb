"""The docket as a list of work: what has the nearest deadline first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import CharField, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast

from accounts.policy import require
from accounts.scoping import Viewer
from billing.models import SecurityClaim, SeparateClaim
from contracts.models import Contract
from obligations.models import Obligation
from obligations.selectors.keyset import Cursor, parse_cursor
from penalties import rules
from penalties.models import PenaltyCase
from penalties.selectors.cases import PAGE

# The deadlines a case leads to (penalties.services.deadlines).
TOLD = ("penalty.delivery", "penalty.objection", "penalty.final")
# Places in the order of deadlines for cases that have none: still to be worked on, and over.
UNDATED, OVER = date(9999, 12, 30), date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class QueuedCase:
    """A case with its place in the order: its next deadline, the first of `told_on` (a notice, an objection, what is to
    be recorded then), `claim_on` (the vendor pays a claim) and `security_on` (the last day to deliver a claim on the
    security), or UNDATED or OVER."""

    case: PenaltyCase
    place: date
    told_on: date | None = None
    claim_on: date | None = None
    security_on: date | None = None

    @property
    def next_on(self) -> date | None:
        """The next deadline; None where nothing runs."""
        return self.place if self.place < UNDATED else None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the docket; `counts` by group of the whole, `next_cursor` "" on the last page."""

    rows: tuple[QueuedCase, ...]
    counts: dict[str, int]
    next_cursor: str
    is_first: bool


def docket_queue(
    *,
    viewer: Viewer,
    contract: Contract | None = None,
    group: str = "",
    about: str = "",
    cursor: str = "",
    limit: int = PAGE,
) -> QueuePage:
    """The cases of the buyer's docket, of one contract or all, by group (rules.GROUPS) and by what they rest on
    (`about`, a label such as "incident:i1"): deadlines in order, then what has none and is not over, then what is over;
    the newest first among equals. Five statements at most: one for the deadlines that run, none for each case."""
    require(viewer, "penalty.read", contract)
    rows: QuerySet[Any] = PenaltyCase.objects.visible_to(viewer)
    if contract is not None:
        rows = rows.filter(contract=contract)
    counted = rows.aggregate(**{name: Count("pk", filter=Q(state__in=states)) for name, states in rules.GROUPS.items()})
    if group in rules.GROUPS:
        rows = rows.filter(state__in=rules.GROUPS[group])
    if about:
        # Databases differ in how they write what is not ASCII.
        spelt = Q(because_text__contains=json.dumps(about)) | Q(
            because_text__contains=json.dumps(about, ensure_ascii=False)
        )
        rows = rows.annotate(because_text=Cast("because", TextField())).filter(spelt)
    start = parse_cursor(cursor)
    place, pk = (start.key, start.pk) if start is not None and type(start.key) is date else (date.min, 0)
    found = _dated(rows, contract, place, pk, limit + 1)
    for tier, rest in ((UNDATED, _undated(rows)), (OVER, rows.filter(state__in=rules.FINAL))):
        if len(found) <= limit and place <= tier:
            ahead = rest.filter(pk__lt=pk) if place == tier else rest
            ahead = ahead.select_related("contract").order_by("-pk")[: limit + 1 - len(found)]
            found += [QueuedCase(row, tier) for row in ahead]
    shown = tuple(found[:limit])
    more = str(Cursor(shown[-1].place, shown[-1].case.pk)) if len(found) > limit else ""
    return QueuePage(shown, counted, more, place == date.min)


def _dated(rows: QuerySet[Any], contract: Contract | None, place: date, pk: int, size: int) -> list[QueuedCase]:
    """The next cases with a deadline after a place in the order; none once the place is beyond all deadlines."""
    if place >= UNDATED:
        return []
    deadlines = _deadlines(rows, contract)
    order = sorted((min(days.values()), -key) for key, days in deadlines.items())
    ahead = [(day, -minus) for day, minus in order if (day, minus) > (place, -pk)][:size]
    cases = rows.select_related("contract").in_bulk([key for _day, key in ahead])
    # A case may have gone out of sight between the two statements.
    return [QueuedCase(cases[key], day, **deadlines[key]) for day, key in ahead if key in cases]


def _sources() -> tuple[tuple[str, str, QuerySet[Any], str], ...]:
    """Where deadlines come from: the name, the column that leads to the case's liability (or its number), the rows that
    are open, and the column of the day."""
    drawn = SecurityClaim.objects.filter(
        state__in=(SecurityClaim.State.PROPOSED, SecurityClaim.State.APPROVED),
        instrument__cashed_on=None,
        instrument__expires_on__isnull=False,
    )
    return (
        ("told_on", "key_text", Obligation.objects.filter(duty__in=TOLD, state=Obligation.State.OPEN), "due_on"),
        ("claim_on", "liability", SeparateClaim.objects.filter(state=SeparateClaim.State.OPEN), "due_on"),
        ("security_on", "liability", drawn, "instrument__expires_on"),
    )


def _deadlines(rows: QuerySet[Any], contract: Contract | None) -> dict[int, dict[str, date]]:
    """The first day of each kind of deadline that runs, by the id of its case. One statement."""
    live = rows.exclude(state__in=rules.FINAL).order_by()
    parts = []
    for name, by, open_rows, column in _sources():
        own = {"number": OuterRef(by), "contract": OuterRef("contract")} if by == "key_text" else {by: OuterRef(by)}
        if contract is not None:
            open_rows = open_rows.filter(contract=contract)
        parts.append(
            open_rows.order_by()
            .annotate(
                of_case=Subquery(live.filter(**own).values("pk")[:1]),
                of_kind=Value(name, output_field=CharField()),
                on_day=Cast(F(column), DateField()),
            )
            .filter(of_case__isnull=False)
            .values_list("of_case", "of_kind", "on_day")
        )
    found: dict[int, dict[str, date]] = {}
    for key, name, day in parts[0].union(*parts[1:], all=True):
        days = found.setdefault(key, {})
        days[name] = min(day, days.get(name, day))
    return found


def _undated(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Cases that are not over and have no deadline."""
    rows = rows.exclude(state__in=rules.FINAL)
    for _name, by, open_rows, _column in _sources():
        own = {by: OuterRef("number"), "contract": OuterRef("contract")} if by == "key_text" else {by: OuterRef(by)}
        rows = rows.filter(~Exists(open_rows.filter(**own)))
    return rows

"""The docket as a list of work: what has the nearest deadline first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, DateField, F, Min, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Least

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
    """A case with its next deadline: the first of `told_on` (a notice, an objection, what is to be recorded then),
    `claim_on` (the vendor pays a claim) and `security_on` (the last day to deliver a claim on the security). None where
    nothing runs."""

    case: PenaltyCase
    next_on: date | None
    told_on: date | None
    claim_on: date | None
    security_on: date | None


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
    the newest first among equals. Two statements."""
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
    rows = _placed(rows)
    start = parse_cursor(cursor)
    if start is not None and type(start.key) is date:
        rows = rows.filter(Q(place__gt=start.key) | Q(place=start.key, pk__lt=start.pk))
    else:
        start = None
    found = list(rows.select_related("contract").order_by("place", "-pk")[: limit + 1])
    shown = found[:limit]
    more = str(Cursor(shown[-1].place, shown[-1].pk)) if len(found) > limit else ""
    return QueuePage(tuple(map(_queued, shown)), counted, more, start is None)


def _placed(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The cases with their deadlines and their place in the order, which every case has."""
    told = Obligation.objects.filter(
        contract=OuterRef("contract"), duty__in=TOLD, key_text=OuterRef("number"), state="open"
    )
    claims = SeparateClaim.objects.filter(liability=OuterRef("liability"), state=SeparateClaim.State.OPEN)
    drawn = SecurityClaim.objects.filter(
        liability=OuterRef("liability"),
        state__in=(SecurityClaim.State.PROPOSED, SecurityClaim.State.APPROVED),
        instrument__cashed_on=None,
    )
    first = {
        "told_on": _first(told, "contract", "due_on"),
        "claim_on": _first(claims, "liability", "due_on"),
        "security_on": _first(drawn, "liability", "instrument__expires_on"),
    }
    # Databases differ in what the least of nothing is.
    dated = (Coalesce(F(name), Value(UNDATED), output_field=DateField()) for name in first)
    over = When(state__in=(*rules.FINAL,), then=Value(OVER))
    return rows.annotate(**first).annotate(place=Case(over, default=Least(*dated), output_field=DateField()))


def _first(rows: QuerySet[Any], by: str, column: str) -> Subquery:
    return Subquery(rows.order_by().values(by).annotate(first=Min(column)).values("first"), output_field=DateField())


def _queued(row: Any) -> QueuedCase:
    dated = row.place not in (UNDATED, OVER)
    return QueuedCase(row, row.place if dated else None, row.told_on, row.claim_on, row.security_on)

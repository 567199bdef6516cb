"""What one side owes and waits for, contract by contract: the first line of the other party's pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Min, Q

from accounts.policy import require
from accounts.scoping import Viewer
from obligations.models import Obligation
from obligations.rules import WEEK_DAYS
from obligations.selectors.filters import status_query
from obligations.selectors.inbox import SIDES

ZONE = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class SideFigures:
    """Counts of one side's duties. `week` includes today and its last day; `in_review` waits for the other side's
    word; `owed` is everything open or in review that has, or awaits, a date."""

    overdue: int = 0
    week: int = 0
    in_review: int = 0
    owed: int = 0
    done: int = 0
    next_due_on: date | None = None


def side_figures(
    *, viewer: Viewer, as_of: date, side: str = "vendor", contract_ids: tuple[int, ...] | None = None
) -> dict[int, SideFigures]:
    """Figures of the side's duties by contract id, over all contracts the viewer may know of; one statement."""
    require(viewer, "obligation.read")
    owed = Q(state__in=("open", "submitted")) & ~Q(due_state="never")
    week = as_of + timedelta(days=WEEK_DAYS)
    rows = Obligation.objects.visible_to(viewer).filter(obligor__in=SIDES[side])
    if contract_ids is not None:
        rows = rows.filter(contract_id__in=contract_ids)
    counted = (
        rows.values("contract_id")
        .annotate(
            overdue=Count("pk", filter=status_query("late", as_of, ZONE)),
            week=Count("pk", filter=owed & Q(due_state="known", gate_open=True, due_on__range=(as_of, week))),
            in_review=Count("pk", filter=Q(state="submitted")),
            owed=Count("pk", filter=owed),
            done=Count("pk", filter=Q(state="done")),
            next_due_on=Min("due_on", filter=owed & Q(due_on__gte=as_of)),
        )
        .order_by()
    )
    return {row.pop("contract_id"): SideFigures(**row) for row in counted}

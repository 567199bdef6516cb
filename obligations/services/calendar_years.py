"""Deciding on a year of the working calendar, together with every deadline it moves."""

from __future__ import annotations

from django.db import transaction

from accounts.scoping import Viewer
from contracts.models import CalendarYear
from contracts.services.calendars import calendar_decide
from obligations.services.evaluation import DueChange, calendar_changed
from obligations.services.previews import EffectRow, calendar_preview


def calendar_year_effects(*, viewer: Viewer, calendar: CalendarYear) -> list[EffectRow]:
    """What approving the proposed year would move, over all contracts; nothing is written."""
    return calendar_preview(viewer=viewer, calendar=calendar)


def calendar_year_decide(*, actor: Viewer, calendar: CalendarYear, approve: bool, note: str = "") -> list[DueChange]:
    """Approve or reject a proposed year; on approval every contract that counts by it is recomputed in the same
    transaction. What changed. Raises as `contracts.services.calendars.calendar_decide`."""
    with transaction.atomic():
        decided = calendar_decide(actor=actor, calendar=calendar, approve=approve, note=note)
        if not approve:
            return []
        return calendar_changed(decided.code, actor=actor, cause=f"calendar:{decided.code} {decided.year}")

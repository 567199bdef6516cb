"""Working hours of contracts, and how a stored due date reads for the planner."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from contracts.models import Contract
from contracts.selectors.calendars import calendars_for, end_of_day
from engine.calendars import Calendar, build_calendar
from obligations.models import Obligation
from obligations.services.reminders.schedule import Clock, Due


class Clocks:
    """Clocks by contract; the stored calendars are read once per instance."""

    def __init__(self) -> None:
        self._calendars: Mapping[str, Calendar] | None = None

    def of(self, contract: Contract) -> Clock:
        """The contract's clock. A code without any stored year works Monday to Friday."""
        if self._calendars is None:
            self._calendars = calendars_for(contract)
        calendar = self._calendars.get(contract.calendar_code)
        if calendar is None:
            calendar = build_calendar(code=contract.calendar_code, zone=contract.zone)
        return Clock(calendar, ZoneInfo(contract.zone))


def due_of(obligation: Obligation) -> Due | None:
    """The current due version for the planner; None while there is no date to remind of. One access to `contract`."""
    if obligation.due_state not in ("known", "provisional") or obligation.due_on is None:
        return None
    day_ends = end_of_day(obligation.due_on, obligation.contract.zone)
    moment = obligation.due_at or day_ends
    return Due(
        on=obligation.due_on,
        at=moment,
        safe_on=obligation.safe_on,
        instant=moment != day_ends,
        may_be_late=obligation.due_state == "known" and obligation.gate_open,
    )

"""The explained deadline of an obligation as the day-strip component: days from the derivation, sentences in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from web.components import DayStrip, StripDay

# Names as the shipped calendar has them; a year typed in by hand carries its own names.
HOLIDAYS = (
    gettext_noop("New Year's Day"),
    gettext_noop("Spring Festival"),
    gettext_noop("Tomb-sweeping Day"),
    gettext_noop("Labour Day"),
    gettext_noop("Dragon Boat Festival"),
    gettext_noop("Mid-autumn Festival"),
    gettext_noop("National Day"),
)


def explained_deadline(detail: Any) -> DayStrip | None:
    """The strip of an obligation's due date; None where nothing is counted by calendar (standing, pending, minutes)."""
    strip = detail.strip
    if strip is None or not strip.days:
        return None
    days = tuple(
        StripDay(
            on=day.on,
            kind=day.kind,
            ordinal=day.ordinal,
            name=_(day.name) if day.name else "",
            anchor=day.is_anchor,
            due=day.is_due,
            safe=day.is_safe,
        )
        for day in strip.days
    )
    return DayStrip(_("Why this day"), days, tuple(detail.sentences), detail.row.is_estimate)

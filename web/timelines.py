"""Lanes of a selector as the year timeline component."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from web.components import BandKind, TimelineBand, TimelineLane, TimelineMark, YearTimeline
from web.obligation_rows import obligation_url

LANES = {
    "payment": gettext_lazy("Payments"),
    "guarantee": gettext_lazy("Guarantee"),
    "acceptance": gettext_lazy("Acceptance"),
    "report": gettext_lazy("Reports"),
    "service": gettext_lazy("Service"),
    "exit": gettext_lazy("Exit"),
    "other": gettext_lazy("Other"),
}
# Marks with more than one obligation are named by their number; a lane of weekly reports carries no words at all.
LABELLED_MARKS = 6


def twelve_months(day: date) -> tuple[date, date]:
    """The twelve calendar months around `day`: five before, its own, six after; first and last day."""
    index = day.year * 12 + day.month - 1 - 5
    first = date(index // 12, index % 12 + 1, 1)
    after = index + 12
    return first, date.fromordinal(date(after // 12, after % 12 + 1, 1).toordinal() - 1)


def year_timeline(lanes: Any, *, as_of: date, query: str = "") -> YearTimeline:
    """Twelve months of what falls due; several obligations of a day and lane share a mark."""
    drawn = []
    if lanes.term_first is not None and lanes.term_last is not None:
        first, last = max(lanes.term_first, lanes.first), min(lanes.term_last, lanes.last)
        if first <= last:
            kind: BandKind = "running" if lanes.term_last >= as_of else "neutral"
            band = TimelineBand(first, last, kind, _("Term"), label=_("Term"))
            drawn.append(TimelineLane(_("Term"), bands=(band,)))
    for lane in lanes.lanes:
        few = len(lane.marks) <= LABELLED_MARKS
        marks = tuple(
            TimelineMark(
                on=mark.on,
                kind=mark.kind,
                title="；".join(row.title for row in mark.rows[:5]),
                label=(mark.rows[0].title[:8] if len(mark.rows) == 1 else str(len(mark.rows))) if few else "",
                url=obligation_url(mark.rows[0], query),
            )
            for mark in lane.marks
        )
        drawn.append(TimelineLane(str(LANES[lane.code]), marks))
    return YearTimeline(_("Twelve months"), lanes.first, as_of, tuple(drawn))

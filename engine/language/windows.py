"""Windows: stretches of time in which the members of a set are counted or a length is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..intervals import Interval, clip, total
from .offsets import Length, add_clock, shift
from .periods import Period, parse_key
from .spans import FIRST_INSTANT, LAST_INSTANT, Edge, Moment, Span, Zone
from .values import TRUE, Choice, compare_spans, conjunction, unsure


@dataclass(frozen=True)
class Window:
    """The instants from `start` to `end`. `name` is what it is called where something in it is missing.

    Half-open like an interval; a rolling window excludes its first instant and includes its last instead. `ends` is
    not empty where nobody knows yet when it ends.
    """

    start: datetime
    end: datetime
    name: str
    left_open: bool = False
    right_closed: bool = False
    ends: frozenset[str] = frozenset()

    @property
    def interval(self) -> Interval:
        """The stretch itself, for measuring."""
        return Interval(self.start, max(self.start, self.end))

    @property
    def period(self) -> Period | None:
        """The calendar period of that name, if the window is one."""
        try:
            return parse_key(self.name.removeprefix("period:"))
        except ValueError:
            return None

    def holds(self, at: Span, zone: Zone) -> Choice:
        """Whether a moment lies inside; a date lies where it begins."""
        place = Span(_begun(at.low, zone), _begun(at.high, zone), _begun(at.estimate, zone), at.missing)
        first = Span(self.start, self.start, self.start)
        last = Span(self.end, self.end, self.end)
        return conjunction(
            [
                compare_spans(zone, ">" if self.left_open else ">=", place, first),
                compare_spans(zone, "<=" if self.right_closed else "<", place, last),
            ]
        )

    def holds_period(self, key: str, zone: Zone) -> Choice:
        """Whether a figure of a period belongs here: it begins or ends inside, and is no longer than the window."""
        try:
            figure = parse_key(key)
        except ValueError:
            return unsure({key})
        own = self.period
        if own is not None and (figure.end - figure.start) > (own.end - own.start):
            return Choice((False,))
        first, last = zone.start_of(figure.start), zone.end_of(figure.end)
        inside = self.start <= first < self.end or self.start < last <= self.end
        return TRUE if inside or (first < self.start and last > self.end) else Choice((False,))


def _begun(point: Moment | Edge, zone: Zone) -> datetime | Edge:
    return point if isinstance(point, Edge | datetime) else zone.start_of(point)


def until(moment: Moment, length: Length, zone: Zone, name: str) -> Window:
    """(moment - length, moment]: the window that ends with a moment, a date included to its end."""
    end = moment if isinstance(moment, datetime) else zone.end_of(moment)
    closed = isinstance(moment, datetime)
    if length.is_clock:
        start = add_clock(end, -length.microseconds)
        return Window(_instant(start), end, name, left_open=closed, right_closed=closed)
    before = shift(length, -1, zone)(moment).estimate
    start = before if isinstance(before, Edge) else zone.end_of(zone.day_of(before))
    return Window(_instant(start), end, name, right_closed=closed)


def since(moment: datetime, length: Length, zone: Zone, name: str) -> Window:
    """[moment, moment + length): the window that begins with an instant, or with its day for calendar units."""
    if length.is_clock:
        return Window(moment, _instant(add_clock(moment, length.microseconds)), name)
    first = zone.day_of(moment)
    after = shift(length, 1, zone)(first).estimate
    end = after if isinstance(after, Edge) else zone.start_of(zone.day_of(after))
    return Window(zone.start_of(first), _instant(end), name)


def _instant(point: datetime | Edge) -> datetime:
    if isinstance(point, Edge):
        return FIRST_INSTANT if point is Edge.PAST else LAST_INSTANT
    return point


def worst_total(spells: Iterable[Interval], length: Length, zone: Zone) -> timedelta:
    """The longest time the spells fill of any window of that length.

    The time filled changes its slope only where a window's edge meets a spell's, so those positions are enough.
    """
    group = tuple(spells)
    starts = [since(spell.start, length, zone, "") for spell in group]
    ends = [until(spell.end, length, zone, "") for spell in group]
    if not length.is_clock:
        last_days = [zone.day_of(spell.end - timedelta(microseconds=1)) for spell in group]
        ends = [until(day, length, zone, "") for day in last_days]
    return max((total(clip(group, window.interval)) for window in (*starts, *ends)), default=timedelta())

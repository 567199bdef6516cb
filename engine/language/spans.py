"""Values on the time line: a date or instant known only within bounds.

Every deadline is a `Span` [low, high] with an estimate inside. `low == high` is known; an absent event lies after
as-of, so its low is the first moment after it; "never" is +∞ on both ends. All operations are monotone, so they map
low, estimate and high one by one.

A date ends at 24:00 in the contract's zone: that is its place among instants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from ..derivation import Step


class Edge(Enum):
    """The ends of time: PAST is before everything, FUTURE is never."""

    PAST = "past"
    FUTURE = "future"

    def __repr__(self) -> str:
        return self.name


PAST, FUTURE = Edge.PAST, Edge.FUTURE
Moment = date | datetime
Point = date | datetime | Edge
FIRST_INSTANT = datetime.min.replace(tzinfo=UTC)
LAST_INSTANT = datetime.max.replace(tzinfo=UTC)
_LAST_TICK = timedelta(microseconds=1)
State = Literal["known", "provisional", "pending", "never"]


def is_instant(point: Point) -> bool:
    """True for a moment with a time of day (datetime is a subclass of date)."""
    return isinstance(point, datetime)


@dataclass(frozen=True)
class Zone:
    """A time zone as a place where days begin and end."""

    name: str

    @cached_property
    def info(self) -> ZoneInfo:
        """The tz database entry. Raises ZoneInfoNotFoundError for an unknown name."""
        return ZoneInfo(self.name)

    def start_of(self, day: date) -> datetime:
        """00:00 of the day, in UTC (the first instant of the day where clocks skip midnight)."""
        try:
            return datetime.combine(day, time(), self.info).astimezone(UTC)
        except OverflowError:
            return FIRST_INSTANT if day.year == date.min.year else LAST_INSTANT

    def end_of(self, day: date) -> datetime:
        """24:00 of the day, in UTC."""
        if day == date.max:
            return LAST_INSTANT
        return self.start_of(day + timedelta(days=1))

    def day_of(self, moment: Moment) -> date:
        """The calendar day of a moment here; a date is itself."""
        return self.local(moment).date() if isinstance(moment, datetime) else moment

    def local(self, moment: datetime) -> datetime:
        """The instant on this zone's clocks; at the ends of time, where they show none, as it is."""
        try:
            return moment.astimezone(self.info)
        except OverflowError:
            return moment

    def order(self, point: Point) -> tuple[int, datetime]:
        """A sort key: instants by time, a date at its last moment before 24:00, PAST and FUTURE outermost."""
        if isinstance(point, Edge):
            return (-1 if point is PAST else 1, FIRST_INSTANT)
        if isinstance(point, datetime):
            return (0, _in_utc(point))
        return (0, self.end_of(point) - _LAST_TICK)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST_INSTANT if moment.year == date.min.year else LAST_INSTANT


@dataclass(frozen=True)
class Span:
    """A moment within bounds; `opens` is the beginning of a claim window that closes at this moment."""

    low: Point
    high: Point
    estimate: Point
    missing: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()
    opens: Span | None = None

    @property
    def state(self) -> State:
        """known · provisional (an estimate exists) · pending (facts are missing) · never."""
        if self.low is FUTURE:
            return "never"
        if self.low == self.high and not isinstance(self.low, Edge):
            return "known"
        return "pending" if isinstance(self.estimate, Edge) else "provisional"

    @property
    def value(self) -> Moment | None:
        """The moment if it is known."""
        if self.state == "known" and not isinstance(self.low, Edge):
            return self.low
        return None

    def with_steps(self, *steps: Step) -> Span:
        """The same value with more derivation at the end."""
        return replace(self, steps=(*self.steps, *steps))


def known(point: Point, *steps: Step) -> Span:
    """A moment that is certain (or certainly never, for FUTURE)."""
    return Span(point, point, point, frozenset(), steps)


def absent(after: datetime, name: str, *steps: Step) -> Span:
    """A happening not seen up to as-of: it lies after that instant, if it comes at all."""
    return Span(after, FUTURE, FUTURE, frozenset({name}), steps)


def unknown(names: Iterable[str], *steps: Step) -> Span:
    """A moment nothing is known about, such as a missing attribute."""
    return Span(PAST, FUTURE, FUTURE, frozenset(names), steps)


def latest(zone: Zone, spans: Iterable[Span]) -> Span:
    """Everything must have come: the maximum, bound by bound."""
    return _combine(spans, lambda points: max(points, key=zone.order))


def earliest(zone: Zone, spans: Iterable[Span]) -> Span:
    """Whichever comes first: the minimum, bound by bound."""
    return _combine(spans, lambda points: min(points, key=zone.order))


def either(zone: Zone, spans: Iterable[Span], missing: Iterable[str]) -> Span:
    """One of the values, undecided which: from the lowest low to the highest high; the last estimate."""
    group = list(spans)
    last = max((span.estimate for span in group), key=zone.order)
    low = min((span.low for span in group), key=zone.order)
    high = max((span.high for span in group), key=zone.order)
    names = frozenset(missing).union(*(span.missing for span in group))
    return settled(Span(low, high, last, names))


def _combine(spans: Iterable[Span], pick: Callable[[list[Point]], Point]) -> Span:
    group = list(spans)
    low, high = pick([span.low for span in group]), pick([span.high for span in group])
    wanting = group if high is PAST else [span for span in group if span.low != span.high]
    names: frozenset[str] = frozenset().union(*(span.missing for span in wanting))
    return settled(Span(low, high, pick([span.estimate for span in group]), names))


def settled(span: Span) -> Span:
    """A certain value misses nothing, whatever went into it; PAST only holds the place of one."""
    return replace(span, missing=frozenset()) if span.low == span.high is not PAST else span

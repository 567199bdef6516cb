"""Moving a moment by n units, with everything that can bend the count.

The rule of the whole module: a shift maps one point to a `Reach` (low, estimate, high), exact if all three agree.
They differ only where a calendar ends: what lies beyond starts at the first uncovered day, is estimated by the
weekly pattern, and has no upper bound.
"""

from __future__ import annotations

import calendar as month_lengths
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple

from ..calendars import Calendar
from ..intervals import Interval, clip, total, union
from .spans import FUTURE, LAST_INSTANT, PAST, Edge, Point, Span, Zone, settled

CLOCK = {"seconds": timedelta(seconds=1), "minutes": timedelta(minutes=1), "hours": timedelta(hours=1)}
EPOCH_YEARS = (1, 9999)


class Reach(NamedTuple):
    """Where one point may land."""

    low: Point
    estimate: Point
    high: Point


@dataclass(frozen=True)
class Length:
    """A duration ready to be counted: `amount` whole calendar units, or `microseconds` of elapsed time.

    A mean of durations may hold a part of a microsecond; only an instant counted from it is cut to whole ones.
    """

    amount: int
    unit: str
    calendar: Calendar | None = None
    microseconds: int | Fraction = 0
    written: str = ""

    @property
    def label(self) -> str:
        """The amount as the definition wrote it."""
        return self.written or str(self.amount)

    @property
    def is_clock(self) -> bool:
        """Elapsed time, as opposed to calendar units."""
        return self.unit in CLOCK


def exact(point: Point) -> Reach:
    """A landing without doubt."""
    return Reach(point, point, point)


def move(span: Span, shift: Callable[[Point], Reach]) -> Span:
    """The span shifted bound by bound; PAST and FUTURE stay where they are."""

    def shifted(point: Point) -> Reach:
        return exact(point) if isinstance(point, Edge) else shift(point)

    low = shifted(span.low)
    if span.low == span.high == span.estimate:
        return settled(Span(low.low, low.high, low.estimate, span.missing))
    return settled(Span(low.low, shifted(span.high).high, shifted(span.estimate).estimate, span.missing))


def add_months(day: date, months: int) -> date | Edge:
    """The same day of the month `months` later, clamped to the month's end (Civil Code 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not EPOCH_YEARS[0] <= year <= EPOCH_YEARS[1]:
        return FUTURE if months > 0 else PAST
    return date(year, month + 1, min(day.day, month_lengths.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date, mode: str) -> Fraction:
    """Months from one day to another: full ones (`down`), begun ones (`up`), or with the part of the last (`exact`)."""
    if end < start:
        return -months_between(end, start, mode)
    count = (end.year - start.year) * 12 + end.month - start.month
    while count > 0 and add_months_date(start, count) > end:
        count -= 1
    last = add_months_date(start, count)
    rest = (end - last).days
    if mode == "up":
        return Fraction(count + (rest > 0))
    if mode == "exact" and rest:
        return count + Fraction(rest, max((add_months_date(start, count + 1) - last).days, 1))
    return Fraction(count)


def add_months_date(day: date, months: int) -> date:
    """`add_months` clamped to the last representable date."""
    moved = add_months(day, months)
    return date.max if isinstance(moved, Edge) else moved


def add_days(day: date, days: int) -> date | Edge:
    """The day `days` later; beyond the representable years, the end of time."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return FUTURE if days > 0 else PAST


def add_clock(moment: datetime, microseconds: int | Fraction) -> datetime | Edge:
    """Elapsed time: counted on the UTC line, so a change of clocks neither adds nor removes an hour."""
    try:
        return moment.astimezone(UTC) + timedelta(microseconds=round(microseconds))
    except OverflowError:
        return FUTURE if microseconds > 0 else PAST


def add_workdays(cal: Calendar, day: date, count: int) -> Reach:
    """`Calendar.add_workdays` with bounds where the calendar's coverage ends."""
    try:
        target = cal.add_workdays(day, count)
    except (OverflowError, ValueError):
        return exact(FUTURE if count > 0 else PAST)
    if count == 0 or (cal.covers(day) and cal.covers(target)):
        return exact(target)
    if count > 0:
        if day < cal.first:
            return Reach(add_days(day, 1), target, FUTURE)
        return Reach(max(add_days_date(cal.last, 1), add_days_date(day, 1)), target, FUTURE)
    if day <= cal.last:
        return Reach(PAST, target, add_days_date(day, -1))
    # Counting back into the covered days from beyond: no uncovered day may work, or every one of them may.
    border = add_days_date(cal.last, 1)
    fewest = cal.add_workdays(border, count)
    gap = (day - border).days
    most = add_days_date(day, count) if gap >= -count else cal.add_workdays(border, count + gap)
    return Reach(fewest, target, most)


def add_days_date(day: date, days: int) -> date:
    """`add_days` clamped to the first and last representable date."""
    moved = add_days(day, days)
    if isinstance(moved, Edge):
        return date.max if moved is FUTURE else date.min
    return moved


def roll(cal: Calendar, day: date, direction: Literal["next", "previous"]) -> Reach:
    """The day if it works, else the nearest working day; a day beyond coverage may turn out to rest."""
    try:
        target = cal.roll(day, direction)
    except (OverflowError, ValueError):
        return exact(FUTURE if direction == "next" else PAST)
    if cal.covers(day) and cal.covers(target):
        return exact(target)
    if direction == "next":
        return Reach(day if not cal.covers(day) else add_days_date(cal.last, 1), target, FUTURE)
    return Reach(PAST if day < cal.first else min(target, cal.last), target, day)


def shift(length: Length, sign: int, zone: Zone, *, start_counted: bool = False) -> Callable[[Point], Reach]:
    """The function that moves a point by `sign × length`.

    Minutes and hours need an instant and move it by elapsed time. Any larger unit turns an instant into its date: in
    the calendar's zone for working days, else in the contract's. The anchor day is not counted, unless
    `start_counted` (a reading of Civil Code 201) lets a forward count begin with it.
    """
    if length.is_clock:
        return lambda point: exact(add_clock(_instant(point), sign * length.microseconds))
    place = Zone(length.calendar.zone) if length.calendar is not None else zone
    counted = start_counted and sign > 0 and length.amount > 0

    def moved(point: Point) -> Reach:
        assert not isinstance(point, Edge)
        day = place.day_of(point)
        amount = sign * length.amount
        if length.calendar is not None:
            return add_workdays(length.calendar, add_days_date(day, -1) if counted else day, amount)
        if length.unit in ("months", "years"):
            target = add_months(day, amount * (12 if length.unit == "years" else 1))
            if counted and not isinstance(target, Edge) and target.day == day.day:
                return exact(add_days(target, -1))
            return exact(target)
        days = amount * (7 if length.unit == "weeks" else 1)
        return exact(add_days(day, days - 1 if counted else days))

    return moved


def lead(length: Length, zone: Zone, *, start_counted: bool = False) -> Callable[[Point], Reach]:
    """The function that finds the last d with d + length ≤ x ("at least n months before x").

    Found by bisection on the forward count itself, so it is right for every unit, month ends and calendars.
    """
    forward = shift(length, 1, zone, start_counted=start_counted)
    if length.is_clock:
        return lambda point: exact(add_clock(_instant(point), -length.microseconds))

    def found(point: Point, pick: int) -> Point:
        assert not isinstance(point, Edge)
        target = zone.order(zone.day_of(point))
        reach = 1000 + length.amount * {"years": 400, "months": 32, "weeks": 8, "workdays": 12}.get(length.unit, 2)
        high = zone.day_of(point).toordinal()
        low = max(high - reach, 1)
        if zone.order(forward(date.fromordinal(low))[pick]) > target:
            return PAST
        while low < high:
            middle = (low + high + 1) // 2
            if zone.order(forward(date.fromordinal(middle))[pick]) <= target:
                low = middle
            else:
                high = middle - 1
        return date.fromordinal(low)

    def led(point: Point) -> Reach:
        # a later landing leaves less lead: the bounds of d are those of the count, turned round
        return Reach(found(point, 2), found(point, 1), found(point, 0))

    return led


def paused(
    length: Length,
    sign: int,
    zone: Zone,
    stops: tuple[Interval, ...],
    *,
    start_counted: bool = False,
) -> Callable[[Point], Reach]:
    """Like `shift`, with the clock stopped inside the intervals.

    Elapsed time skips exactly the stopped stretches. Of calendar units, a day touched by a stop does not count.
    """
    stops = union(stops)
    if length.is_clock:
        return lambda point: exact(_paused_clock(_instant(point), sign * length.microseconds, stops))
    place = Zone(length.calendar.zone) if length.calendar is not None else zone

    def stopped(start: date, end: date) -> int:
        """Days (working days) of the span after `start` up to `end`, or before it, on which the clock stood."""
        first, last = (add_days_date(start, 1), end) if sign > 0 else (end, add_days_date(start, -1))
        window = Interval(place.start_of(first), max(place.end_of(last), place.start_of(first)))
        count, counted = 0, add_days_date(first, -1)
        for spell in clip(stops, window):
            # two spells may touch the same day: it counts once
            before = max(counted, add_days_date(place.day_of(spell.start), -1))
            counted = max(before, place.day_of(spell.end - timedelta(microseconds=1)))
            days = (counted - before).days
            count += days if length.calendar is None else length.calendar.count_workdays(before, counted)
        return count

    def never_ends(target: date) -> bool:
        """The count runs into a stop that is still going on and has no end."""
        return sign > 0 and any(s.end == LAST_INSTANT and s.start < place.end_of(target) for s in stops)

    base = shift(length, sign, zone, start_counted=start_counted)
    extra_unit = "workdays" if length.calendar is not None else "days"

    def moved(point: Point) -> Reach:
        assert not isinstance(point, Edge)
        day = place.day_of(point)
        origin = add_days_date(day, -1) if start_counted and sign > 0 else day
        plain = base(point)

        def extended(target: Point, pick: int) -> Point:
            first, held = target, 0
            while not isinstance(target, Edge):
                if never_ends(place.day_of(target)):
                    return FUTURE
                lost = stopped(origin, place.day_of(target))
                if lost == held or isinstance(first, Edge):
                    return target
                held = lost
                target = shift(Length(held, extra_unit, length.calendar), sign, zone)(first)[pick]
            return target

        return Reach(*(extended(target, pick) for pick, target in enumerate(plain)))

    return moved


def _paused_clock(moment: datetime, microseconds: int | Fraction, stops: tuple[Interval, ...]) -> Point:
    target = add_clock(moment, microseconds)
    lost = timedelta()
    while not isinstance(target, Edge):
        if microseconds > 0 and any(stop.end == LAST_INSTANT and stop.start < target for stop in stops):
            return FUTURE
        window = Interval(min(moment, target), max(moment, target))
        now_lost = total(clip(stops, window))
        if now_lost == lost:
            return target
        lost = now_lost
        sign = 1 if microseconds >= 0 else -1
        target = add_clock(moment, microseconds + sign * (lost // timedelta(microseconds=1)))
    return target


def _instant(point: Point) -> datetime:
    assert isinstance(point, datetime), "the caller turns dates into the bounds of their day first"
    return point

"""Service levels as arithmetic: availability compared exactly, shown truncated; clocks against limits; averages.

Pure: instants and `as_of` come in as arguments, nothing is rounded. Time is counted in whole microseconds, ratios are
fractions. Half-open intervals; the union counts once (register D-58), exactly the target meets it (D-59).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from engine.intervals import Interval, clip, subtract, total, union
from engine.language.spans import Zone

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
Verdict = Literal["met", "failed", "unknown"]


def microseconds(length: timedelta) -> int:
    """A length of time as a whole number of microseconds, without floating point."""
    return length // MICROSECOND


# --- windows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of calendar days in the contract's zone, the last day included, and its instants [start, end)."""

    first: date
    last: date
    span: Interval

    @property
    def total(self) -> int:
        """Microseconds of elapsed time; a day on which clocks change is longer or shorter."""
        return microseconds(self.span.length)


def window(first: date, last: date, zone: str) -> Window:
    """From 00:00 of the first day to 24:00 of the last, as the contract's zone has it."""
    place = Zone(zone)
    return Window(first, last, Interval(place.start_of(first), place.end_of(last)))


def month_of(day: date) -> date:
    """The first day of the day's month."""
    return day.replace(day=1)


def next_month(first: date) -> date:
    """The first day of the following month."""
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def months(first: date, last: date) -> tuple[date, ...]:
    """The first days of the months that the days from `first` to `last` touch."""
    found, month = [], month_of(first)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return tuple(found)


def month_window(month: date, zone: str, *, term: tuple[date, date] | None = None) -> Window:
    """The whole calendar month, or the part of it within the term (both days included)."""
    first, last = month, next_month(month) - timedelta(days=1)
    if term is not None:
        first, last = max(first, term[0]), min(last, term[1])
    return window(first, last, zone)


def months_touched(start: datetime, end: datetime, zone: str) -> tuple[date, ...]:
    """The months that the half-open [start, end) has time in."""
    place = Zone(zone)
    last = place.day_of(end - MICROSECOND)
    return months(place.day_of(start), last)


# --- outages --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stretch:
    """An outage as recorded; `end` None: it goes on."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Downtime:
    """What a window's outages come to, in microseconds, as seen at one instant.

    `whole`: their union; `counted`: without what is excluded; `most`: the same if whatever still goes on lasts to the
    end of the window. `running` says that something does.
    """

    total: int
    whole: int
    counted: int
    most: int
    running: bool
    excluded_total: int = 0
    spells: tuple[Interval, ...] = ()


def downtime(
    outages: Iterable[Stretch], exclusions: Iterable[Interval], span: Interval, *, now: datetime, reduce: bool = False
) -> Downtime:
    """The outages of a window as seen at `now`. What lies after `now` is not seen; what goes on counts until `now`.

    `reduce`: excluded time also leaves the denominator (reading of register D-57).
    """
    outages = tuple(outages)
    holes = union(clip(exclusions, span))
    seen, lasting = [], []
    running = False
    for stretch in outages:
        if stretch.start >= now or stretch.start >= span.end:
            continue
        open_now = stretch.end is None or stretch.end > now
        running = running or (open_now and now < span.end)
        seen.append(Interval(stretch.start, min(stretch.end or now, now)))
        lasting.append(Interval(stretch.start, span.end if open_now else stretch.end or span.end))
    whole = clip(seen, span)
    spells = subtract(whole, holes)
    most = subtract(clip((each for each in lasting if each.end > each.start), span), holes)
    length = microseconds(span.length)
    gone = microseconds(total(holes)) if reduce else 0
    return Downtime(
        total=length - gone,
        whole=microseconds(total(whole)),
        counted=microseconds(total(spells)),
        most=microseconds(total(most)),
        running=running,
        excluded_total=microseconds(total(holes)),
        spells=spells,
    )


# --- availability ---------------------------------------------------------------------------------------------------


def availability(counted: int, total_us: int) -> Fraction | None:
    """1 − down / total, exactly; None for a window without time."""
    return None if total_us <= 0 else 1 - Fraction(counted, total_us)


def allowed(total_us: int, target: Fraction) -> Fraction:
    """How many seconds may be down: total × (1 − target), exactly."""
    return Fraction(total_us, SECOND) * (1 - target)


def meets(counted: int, total_us: int, target: Fraction) -> bool:
    """Whether the availability is not below the target; exactly the target meets it."""
    return Fraction(counted) <= total_us * (1 - target)


@dataclass(frozen=True, slots=True)
class Level:
    """An availability against its target. `verdict` is "unknown" while what goes on, or the rest of an unfinished
    window, may still decide it; a window already beyond its allowance has failed whatever follows."""

    counted: int
    total: int
    target: Fraction
    verdict: Verdict
    finished: bool
    running: bool

    @property
    def value(self) -> Fraction | None:
        return availability(self.counted, self.total)

    @property
    def seconds(self) -> Fraction:
        return Fraction(self.counted, SECOND)

    @property
    def allowed(self) -> Fraction:
        return allowed(self.total, self.target)

    @property
    def used(self) -> Fraction | None:
        """The share of the allowance used up; None where nothing is allowed."""
        return self.seconds / self.allowed if self.allowed else None


def level(down: Downtime, target: Fraction, *, finished: bool) -> Level:
    """The verdict on one window; `finished`: the whole window has passed."""
    verdict: Verdict = "unknown"
    if down.total > 0:
        if not meets(down.counted, down.total, target):
            verdict = "failed"
        elif finished and not down.running and meets(down.most, down.total, target):
            verdict = "met"
    return Level(down.counted, down.total, target, verdict, finished, down.running)


def added(parts: Sequence[Level], target: Fraction) -> Level | None:
    """The window made of adjoining windows: seconds and totals add up. None without parts."""
    if not parts:
        return None
    counted, total_us = sum(part.counted for part in parts), sum(part.total for part in parts)
    finished, running = all(part.finished for part in parts), any(part.running for part in parts)
    verdict: Verdict = "unknown"
    if not meets(counted, total_us, target):
        verdict = "failed"
    elif finished and not running:
        verdict = "met"
    return Level(counted, total_us, target, verdict, finished, running)


# --- clocks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """One limit of one incident: from a moment to another within `limit`. None where a moment is not known."""

    start: datetime | None
    end: datetime | None
    limit: timedelta
    verdict: Verdict

    @property
    def due(self) -> datetime | None:
        """The last instant that is in time."""
        return None if self.start is None else self.start + self.limit

    @property
    def taken(self) -> timedelta | None:
        return None if self.start is None or self.end is None else self.end - self.start


def clock(start: datetime | None, end: datetime | None, limit: timedelta, *, now: datetime) -> Clock:
    """Exactly the limit is in time (register D-65). Not done yet: failed once `now` has passed the limit, else open."""
    verdict: Verdict = "unknown"
    if start is not None:
        if end is not None:
            verdict = "met" if end - start <= limit else "failed"
        elif now - start > limit:
            verdict = "failed"
    return Clock(start, end, limit, verdict)


def mean(lengths: Iterable[timedelta]) -> Fraction | None:
    """The average in seconds, unrounded; None without any (then nothing is judged, register D-60)."""
    values = [microseconds(length) for length in lengths]
    return Fraction(sum(values), len(values) * SECOND) if values else None


# --- display --------------------------------------------------------------------------------------------------------


def truncated(value: Fraction, digits: int) -> Decimal:
    """The value with `digits` decimals, cut off, never rounded up: 99.98996914 % must not read 99.99 %."""
    scaled = value * 10**digits
    whole = abs(scaled.numerator) // scaled.denominator
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-digits)


def percent(value: Fraction | None, digits: int = 4) -> str:
    """A ratio as percent, truncated: "99.9899"; empty if there is none."""
    return "" if value is None else f"{truncated(value * 100, digits):f}"


def exact_seconds(value: Fraction, digits: int = 6) -> str:
    """Seconds in decimal notation, exact where that ends ("259.2"), else cut off with an ellipsis ("1.333333…")."""
    shown = truncated(value, digits)
    text = f"{shown:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if Fraction(shown) == value else f"{text}…"


def shown_seconds(value: Fraction, digits: int = 6) -> str:
    """As `exact_seconds`, for readers: thousands set apart, a real minus sign ("2,592,000", "−18,468.5")."""
    whole, point, rest = exact_seconds(abs(value), digits).partition(".")
    number = whole.rstrip("…")
    return f"{'−' if value < 0 else ''}{int(number):,}{whole[len(number) :]}{point}{rest}"

"""Geometry of the drawn components: percentages for the year timeline, weeks for the day strip.

Horizontal positions are percentages so that one drawing fits any width while its text keeps its size; they
are returned as text because a localised number is not a valid SVG length.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import get_language

from web.components import DayStrip, StripDay, TimelineLane, YearTimeline

HEAD = 24
"""Pixels above the first lane (month names)."""
NEAR_TODAY = 5.0
"""Percent of the width within which a month's name and today's mark would touch."""
LANE = 26
"""Pixels per lane."""
NARROWEST = 760
"""The drawing's minimum width in pixels: labels are kept only where they fit at this width."""


class Position(Protocol):
    """Percentage of the drawing's width at which a day begins (or has its middle)."""

    def __call__(self, day: date, *, middle: bool = False) -> float: ...


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def _text_width(text: str) -> float:
    """Rough width in pixels at 12 px: a Chinese character is square, a Latin one about half."""
    return sum(12.0 if ord(character) > 0x2E80 else 6.8 for character in text)


def add_months(first: date, count: int) -> date:
    """The first of the month ``count`` months after ``first`` (itself the first of a month)."""
    index = first.year * 12 + first.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


@dataclass(frozen=True)
class DrawnMonth:
    """A month column: left edge, centre and name; no name where today's mark stands in its way."""

    x: str
    centre: str
    name: str


@dataclass(frozen=True)
class DrawnBand:
    """A band's rectangle; ``label`` is empty where it does not fit."""

    x: str
    centre: str
    width: str
    kind: str
    title: str
    label: str
    url: str


@dataclass(frozen=True)
class DrawnMark:
    """A mark's position; ``label`` is empty where it would touch the next mark or the edge."""

    x: str
    kind: str
    title: str
    label: str
    url: str


@dataclass(frozen=True)
class DrawnLane:
    """A lane with its pixel rows."""

    name: str
    bottom: int
    centre: int
    baseline: int
    band_top: int
    bands: tuple[DrawnBand, ...]
    marks: tuple[DrawnMark, ...]


@dataclass(frozen=True)
class ListedMark:
    """A mark in the table beside the drawing."""

    on: date
    lane: str
    kind: str
    title: str
    url: str


@dataclass(frozen=True)
class DrawnTimeline:
    """Everything the timeline template prints."""

    height: int
    months: tuple[DrawnMonth, ...]
    lanes: tuple[DrawnLane, ...]
    today: str
    today_fraction: str
    today_anchor: str
    listed: tuple[ListedMark, ...]


def _month_name(first: date, *, with_year: bool) -> str:
    chinese = (get_language() or "").startswith("zh")
    if with_year:
        return date_format(first, "Y年n月" if chinese else "M Y")
    return date_format(first, "n月" if chinese else "M")


def draw_timeline(model: YearTimeline) -> DrawnTimeline:
    """Positions of a timeline. Marks and bands outside the range are left out (bands are clipped to it)."""
    end = add_months(model.first, model.months)
    span = (end - model.first).days

    def at(day: date, *, middle: bool = False) -> float:
        return ((day - model.first).days + (0.5 if middle else 0.0)) / span * 100

    inside = model.first <= model.today < end
    position = at(model.today, middle=True)
    starts = [add_months(model.first, index) for index in range(model.months + 1)]
    months = []
    for index, (start, after) in enumerate(pairwise(starts)):
        centre = (at(start) + at(after)) / 2
        name = _month_name(start, with_year=index == 0 or start.month == 1)
        hidden = inside and abs(centre - position) < NEAR_TODAY
        months.append(DrawnMonth(x=_percent(at(start)), centre=_percent(centre), name="" if hidden else name))
    lanes = tuple(_draw_lane(lane, index, model, end, at) for index, lane in enumerate(model.lanes))
    listed = sorted(
        (
            ListedMark(on=mark.on, lane=lane.name, kind=mark.kind, title=mark.title, url=mark.url)
            for lane in model.lanes
            for mark in lane.marks
            if model.first <= mark.on < end
        ),
        key=lambda row: row.on,
    )
    return DrawnTimeline(
        height=HEAD + LANE * len(model.lanes) + 6,
        months=tuple(months),
        lanes=lanes,
        today=_percent(position) if inside else "",
        today_fraction=f"{position / 100:.4f}" if inside else "0",
        today_anchor="start" if position < 5 else "end" if position > 95 else "middle",
        listed=tuple(listed),
    )


def _draw_lane(lane: TimelineLane, index: int, model: YearTimeline, end: date, at: Position) -> DrawnLane:
    top = HEAD + LANE * index
    pixels = NARROWEST / 100
    bands = []
    for band in lane.bands:
        first, last = max(band.first, model.first), min(band.last, end - timedelta(days=1))
        if first > last:
            continue
        left, right = at(first), at(last + timedelta(days=1))
        # A hair of air on both sides keeps neighbouring months apart.
        left, right = left + 0.25, right - 0.25
        fits = _text_width(band.label) + 8 <= (right - left) * pixels
        bands.append(
            DrawnBand(
                x=_percent(left),
                centre=_percent((left + right) / 2),
                width=_percent(right - left),
                kind=band.kind,
                title=band.title,
                label=band.label if fits else "",
                url=band.url,
            )
        )
    inside = sorted((mark for mark in lane.marks if model.first <= mark.on < end), key=lambda mark: mark.on)
    marks = []
    for position, mark in enumerate(inside):
        here = at(mark.on, middle=True)
        following = at(inside[position + 1].on, middle=True) - 1.2 if position + 1 < len(inside) else 100.0
        fits = here + (12 + _text_width(mark.label)) / pixels <= following
        marks.append(
            DrawnMark(
                x=_percent(here),
                kind=mark.kind,
                title=mark.title,
                label=mark.label if fits else "",
                url=mark.url,
            )
        )
    return DrawnLane(
        name=lane.name,
        bottom=top + LANE,
        centre=top + LANE // 2,
        baseline=top + LANE // 2 + 4,
        band_top=top + 4,
        bands=tuple(bands),
        marks=tuple(_late_on_top(marks)),
    )


def _late_on_top(marks: list[DrawnMark]) -> list[DrawnMark]:
    order = {"next": 0, "done": 1, "soon": 2, "late": 3}
    return sorted(marks, key=lambda mark: order[mark.kind])


@dataclass(frozen=True)
class StripCell:
    """A calendar cell: None in ``day`` = a day outside the strip, shown faint; number 0 = not in this
    month."""

    number: int
    on: date | None
    day: StripDay | None


@dataclass(frozen=True)
class StripMonth:
    """A month of the strip as Monday-first weeks (those that hold a day of the strip), with its totals. ``telling``
    months hold the anchor, the safe day or the due day; the others may be folded where there is little room."""

    first: date
    weeks: tuple[tuple[StripCell, ...], ...]
    open: bool
    telling: bool
    counted: int
    from_ordinal: int | None
    to_ordinal: int | None
    skipped: int
    names: tuple[str, ...]


def _weeks(first: date, days: dict[date, StripDay]) -> tuple[tuple[StripCell, ...], ...]:
    after = add_months(first, 1)
    cells = [StripCell(0, None, None)] * first.weekday()
    cells += [
        StripCell(offset + 1, on, days.get(on))
        for offset in range((after - first).days)
        for on in [first + timedelta(days=offset)]
    ]
    cells += [StripCell(0, None, None)] * (-len(cells) % 7)
    weeks = (tuple(cells[start : start + 7]) for start in range(0, len(cells), 7))
    return tuple(week for week in weeks if any(cell.day for cell in week))


def _month(first: date, strip: DayStrip, *, telling: bool, short: bool) -> StripMonth:
    own = {day.on: day for day in strip.days if (day.on.year, day.on.month) == (first.year, first.month)}
    ordinals = [day.ordinal for day in own.values() if day.ordinal is not None]
    return StripMonth(
        first=first,
        weeks=_weeks(first, own),
        open=short or telling,
        telling=telling,
        counted=len(ordinals),
        from_ordinal=min(ordinals, default=None),
        to_ordinal=max(ordinals, default=None),
        skipped=sum(day.ordinal is None and not day.anchor for day in own.values()),
        names=tuple(dict.fromkeys(day.name for day in own.values() if day.name)),
    )


def draw_strip(strip: DayStrip, *, unfolded: int = 6) -> tuple[StripMonth, ...]:
    """The strip's months in order. A strip of more than ``unfolded`` months opens only the months that hold
    the anchor, the safe day and the due day; the others are one line each until opened."""
    if not strip.days:
        return ()
    firsts = sorted({day.on.replace(day=1) for day in strip.days})
    telling = {day.on.replace(day=1) for day in strip.days if day.anchor or day.due or day.safe}
    short = len(firsts) <= unfolded
    return tuple(_month(first, strip, telling=first in telling, short=short) for first in firsts)


def strip_kinds(strip: DayStrip) -> frozenset[str]:
    """What occurs in the strip, so that the legend explains nothing else."""
    kinds: set[str] = {day.kind for day in strip.days}
    kinds |= {"counted"} if any(day.ordinal is not None for day in strip.days) else set()
    kinds |= {"anchor"} if any(day.anchor for day in strip.days) else set()
    kinds |= {"due"} if any(day.due for day in strip.days) else set()
    kinds |= {"safe"} if any(day.safe for day in strip.days) else set()
    return frozenset(kinds)

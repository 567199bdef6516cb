"""Geometry of the service pages: the budget bar, the budget's burn-down, an incident's timeline against its limits.

Horizontal positions are percentages as text (a localised number is not a valid SVG length), vertical ones whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from contracts.attribute_words import attribute_words
from engine.intervals import Interval
from sla.rules import microseconds, shown_seconds, truncated
from sla.selectors import IncidentView

TOP, BOTTOM = 10, 186
"""The burn-down's first and last pixel row."""
NARROW = Fraction(6)
"""Percent of the width below which a segment carries no text."""


def share(part: Fraction, whole: Fraction) -> str:
    """A part of a whole as an SVG length, within 0 and 100 %."""
    value = Fraction(0) if not whole else min(max(part / whole, Fraction(0)), Fraction(1))
    return f"{truncated(value * 100, 3)}%"


def seconds_of(spell: Interval) -> Fraction:
    return Fraction(microseconds(spell.length), 1_000_000)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the budget bar; `over` lies beyond the budget."""

    x: str
    width: str
    centre: str
    label: str
    over: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget bar: what was used piece by piece, the limit, and the scale's end."""

    segments: tuple[Segment, ...]
    limit: str
    limit_label: str
    end_label: str


def budget(spells: Sequence[Interval], allowed: Fraction) -> Budget:
    """The seconds used, stretch by stretch, against those allowed."""
    used = sum((seconds_of(spell) for spell in spells), Fraction(0))
    scale = max(used, allowed) * Fraction(21, 20) or Fraction(1)
    segments: list[Segment] = []
    at = Fraction(0)
    for spell in spells:
        length = seconds_of(spell)
        inside = max(min(length, allowed - at), Fraction(0))
        for part, over in ((inside, False), (length - inside, True)):
            if part:
                text = shown_seconds(part, 1) if part * 100 / scale >= NARROW else ""
                segments.append(Segment(share(at, scale), share(part, scale), share(at + part / 2, scale), text, over))
                at += part
    return Budget(tuple(segments), share(allowed, scale), shown_seconds(allowed), shown_seconds(scale, 0))


@dataclass(frozen=True, slots=True)
class Line:
    x1: str
    y1: int
    x2: str
    y2: int
    over: bool


@dataclass(frozen=True, slots=True)
class Point:
    x: str
    y: int
    label: str
    over: bool
    after: bool
    """Whether the label stands right of the point."""


@dataclass(frozen=True, slots=True)
class Burn:
    """Seconds of the budget left over the month."""

    lines: tuple[Line, ...]
    points: tuple[Point, ...]
    zero: int
    depth: int
    """Pixels between the zero line and the lowest value."""
    top_label: str
    low_label: str


def burn(spells: Sequence[Interval], allowed: Fraction, span: Interval, until: datetime) -> Burn:
    """From the whole budget down, a step at the end of each counted stretch, to `until`."""
    used = sum((seconds_of(spell) for spell in spells), Fraction(0))
    low = min(allowed - used, Fraction(0))
    scale = (allowed - low) or Fraction(1)
    length = Fraction(microseconds(span.length))

    def across(moment: datetime) -> str:
        return share(Fraction(microseconds(min(moment, span.end) - span.start)), length)

    def down(left: Fraction) -> int:
        return TOP + int((allowed - left) * (BOTTOM - TOP) / scale)

    lines: list[Line] = []
    points: list[Point] = []
    left, x, y = allowed, "0%", TOP
    for spell in spells:
        here = across(spell.end)
        lines.append(Line(x, y, here, y, left < 0))
        left -= seconds_of(spell)
        lines.append(Line(here, y, here, down(left), left < 0))
        x, y = here, down(left)
        points.append(Point(x, y, f"−{shown_seconds(seconds_of(spell), 1)}", left < 0, float(x[:-1]) < 80))
    lines.append(Line(x, y, across(until), y, left < 0))
    return Burn(
        tuple(lines), tuple(points[:12]), down(Fraction(0)), down(low) - down(Fraction(0)),
        shown_seconds(allowed, 1), shown_seconds(low, 1) if low else "",
    )  # fmt: skip


# --- an incident ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment on the incident's timeline."""

    x: str
    label: str
    at: datetime
    anchor: str
    row: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A limit: the time allowed, and the time taken (beyond it in red), on a row of its own."""

    y: int
    label: str
    x: str
    width: str
    taken: str
    beyond_x: str
    beyond: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Course:
    """An incident's course: moments, limits and outages on one scale."""

    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    outages: tuple[tuple[str, str, bool], ...]
    height: int
    outage_y: int


ROW = 30
HEAD = 52


def course(
    moments: Sequence[tuple[str, datetime]],
    limits: Sequence[tuple[str, datetime | None, datetime | None, datetime | None, str]],
    outages: Sequence[tuple[datetime, datetime | None]],
    now: datetime,
) -> Course | None:
    """`limits`: name, start, end and last instant in time of each, with the verdict. None without any moment."""
    known = [at for _name, at in moments]
    ends = [due for _n, _s, _e, due, _v in limits if due is not None]
    ends += [end for _n, _s, end, _d, _v in limits if end is not None]
    starts = [start for start, _end in outages]
    if not known:
        return None
    first = min([*known, *starts])
    last = max([*known, *ends, *(min(end or now, now) for _start, end in outages)])
    whole = Fraction(max(microseconds(last - first), 1)) * Fraction(26, 25)

    def across(moment: datetime) -> Fraction:
        return Fraction(microseconds(moment - first))

    marks: list[Mark] = []
    previous: list[Fraction] = [Fraction(-100)] * 3
    for name, at in sorted(moments, key=lambda each: each[1]):
        place = across(at) * 100 / whole
        row = next((index for index in range(3) if place - previous[index] >= 14), 2)
        previous[row] = place
        marks.append(Mark(share(across(at), whole), name, at, "end" if place > 84 else "start", row))
    bars = []
    for number, (name, start, end, due, verdict) in enumerate(limits):
        if start is None or due is None:
            continue
        reached = end if end is not None else max(now, start)
        inside = min(reached, due)
        bars.append(
            Bar(
                HEAD + 14 + number * ROW, name, share(across(start), whole), share(across(due) - across(start), whole),
                share(across(inside) - across(start), whole), share(across(due), whole),
                share(across(min(reached, last)) - across(due), whole) if reached > due else "",
                verdict,
            )
        )  # fmt: skip
    base = HEAD + 14 + len(limits) * ROW
    drawn = tuple(
        (share(across(start), whole), share(across(min(end or last, last)) - across(start), whole), end is None)
        for start, end in outages
    )
    return Course(tuple(marks), tuple(bars), drawn, base + (26 if drawn else 0), base)


def course_of(found: IncidentView) -> Course | None:
    """The drawing of an incident's page."""
    moments = []
    for task in found.moments:
        if isinstance(task.value, str):
            moments.append((attribute_words(task.attribute.name), datetime.fromisoformat(task.value)))
    return course(
        moments,
        [
            (limit.promise.title, limit.clock.start, limit.clock.end, limit.clock.due, limit.clock.verdict)
            for limit in found.limits
        ],
        [(spell.starts_at, spell.ends_at) for spell in found.spells if spell.domain in ("outage", "platform_outage")],
        found.seen.now,
    )

"""The steps that explain a count, day by day, in a compact form.

The day strip is one parameter: a list of [ISO date, kind, holiday name, ordinal], where the ordinal is the place in
the count (0 for a day that does not count). Doors draw it as a calendar.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from ..calendars import Calendar
from ..derivation import Step, step
from ..intervals import Interval
from .offsets import Length
from .spans import Edge, Moment, Span, Zone

if TYPE_CHECKING:
    from .world import World

# A longer strip serves no reader; the count itself is not limited.
MAX_MARKS = 800

KIND_CODES = ("workday", "weekend", "holiday", "makeup", "uncovered")


def shown(span: Span, zone: Zone) -> Moment | None:
    """What a reader sees of a moment, on the contract's clocks: it, its estimate, or None while nothing is known."""
    point = span.value if span.value is not None else span.estimate
    if isinstance(point, Edge):
        return None
    return zone.local(point) if isinstance(point, datetime) else point


def marks(cal: Calendar, start: date, end: date, *, sign: int) -> list[list[object]]:
    """The day strip of a count that starts after `start` and ends on `end` (or runs back, for sign -1)."""
    strip: list[list[object]] = []
    day, ordinal = start, 0
    while day != end and len(strip) < MAX_MARKS:
        day += timedelta(days=sign)
        mark = cal.describe(day)
        counts = mark.works or (mark.kind == "uncovered" and cal.is_workday(day))
        ordinal += counts
        strip.append([day.isoformat(), mark.kind, mark.name, ordinal if counts else 0])
    return strip


def offset_step(world: World, base: Span, result: Span, length: Length, sign: int) -> Step:
    """How an anchor was moved by a duration."""
    forward = sign > 0
    source, target = shown(base, world.zone), shown(result, world.zone)
    direction = "after" if forward else "before"
    if not isinstance(source, date) or not isinstance(target, date):
        return step(f"offset_open_{direction}", amount=length.label, unit=length.unit)
    if length.is_clock:
        return step(f"elapsed_{direction}", amount=length.label, unit=length.unit, source=source, result=target)
    children: tuple[Step, ...] = ()
    if forward and length.amount:
        law = "Civil Code 201" if world.law else ""
        children = (step("start_day_counted" if world.start_counted else "start_day_not_counted", law=law),)
    if length.calendar is None:
        law = "Civil Code 202" if world.law and length.unit in ("months", "years") else ""
        return step(
            f"counted_{direction}", *children, amount=length.label, unit=length.unit, source=source, result=target,
            law=law,
        )  # fmt: skip
    cal = length.calendar
    place = Zone(cal.zone)
    start, end = place.day_of(source), place.day_of(target)
    first = start - timedelta(days=1) if world.start_counted and forward else start
    strip = marks(cal, first, end, sign=1 if end >= first else -1)
    kinds = [mark[1] for mark in strip]
    counts = {kind: kinds.count(kind) for kind in KIND_CODES}
    if counts["uncovered"]:
        children = (*children, step("beyond_coverage", calendar=cal.code, last=cal.last, days=counts["uncovered"]))
    return step(
        f"workdays_{direction}", *children, amount=length.label, source=source, result=target, calendar=cal.code,
        kind=cal.kind, origin=cal.source, days=len(strip), marks=strip,
        **{f"{kind}s": count for kind, count in counts.items()},
    )  # fmt: skip


def roll_step(world: World, before: Span, after: Span, direction: str, law: str) -> tuple[Step, ...]:
    """Why a date moved off a day off; nothing if it stayed."""
    cal = world.calendar("")
    source, target = shown(before, world.zone), shown(after, world.zone)
    if isinstance(source, datetime):
        # an instant rolls with its day
        source = world.zone.day_of(source)
    if not isinstance(source, date) or not isinstance(target, date) or source == target:
        return ()
    mark = cal.describe(source)
    return (
        step(
            f"rolled_{direction}", source=source, result=target, kind=mark.kind, name=mark.name,
            calendar=cal.code, law=law,
        ),
    )  # fmt: skip


def pause_step(world: World, base: Span, result: Span, length: Length, spells: tuple[Interval, ...]) -> Step:
    """How an anchor was moved while the clock stopped inside intervals."""
    zone = world.zone
    source, target = shown(base, zone), shown(result, zone)
    if source is None:
        return step("offset_open_after", amount=length.label, unit=length.unit)
    if not spells:
        return step("unpaused", amount=length.label, unit=length.unit, source=source, result=target)
    stops = [[zone.local(spell.start), None if spell.end >= world.after else zone.local(spell.end)] for spell in spells]
    return step(
        "paused",
        amount=length.label,
        unit=length.unit,
        source=source,
        result=target,
        stops=stops,
    )

"""Half-open time intervals [start, end): union, subtraction, clipping and total length.

Instants are aware datetimes and are compared as instants, so lengths stay right across a change of clocks.
Every function takes intervals in any order and returns them sorted, disjoint, non-touching and non-empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The instants t with start ≤ t < end. Raises ValueError for a naive instant or an end before the start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("an interval needs instants with a time zone")
        # to UTC first: two datetimes of one zone are otherwise subtracted by their wall clocks
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end < self.start:
            raise ValueError("an interval must not end before it starts")

    @property
    def length(self) -> timedelta:
        """Elapsed time from start to end."""
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


def union(*groups: Iterable[Interval]) -> tuple[Interval, ...]:
    """All instants in any of the intervals; overlapping and touching spells merge."""
    merged: list[Interval] = []
    for spell in sorted(spell for group in groups for spell in group):
        if spell.start == spell.end:
            continue
        if merged and spell.start <= merged[-1].end:
            if spell.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, spell.end)
        else:
            merged.append(spell)
    return tuple(merged)


def subtract(spells: Iterable[Interval], excluded: Iterable[Interval]) -> tuple[Interval, ...]:
    """The instants in `spells` and in none of `excluded`."""
    holes = union(excluded)
    rest: list[Interval] = []
    index = 0
    for spell in union(spells):
        start = spell.start
        while index < len(holes) and holes[index].end <= start:
            index += 1
        look = index
        while look < len(holes) and holes[look].start < spell.end:
            if holes[look].start > start:
                rest.append(Interval(start, holes[look].start))
            start = max(start, holes[look].end)
            look += 1
        if start < spell.end:
            rest.append(Interval(start, spell.end))
    return tuple(rest)


def clip(spells: Iterable[Interval], window: Interval) -> tuple[Interval, ...]:
    """The part of the spells inside the window."""
    return tuple(
        Interval(max(spell.start, window.start), min(spell.end, window.end))
        for spell in union(spells)
        if spell.start < window.end and spell.end > window.start and window.start < window.end
    )


def total(spells: Iterable[Interval]) -> timedelta:
    """The length of the union: overlaps count once."""
    return sum((spell.length for spell in union(spells)), timedelta())

"""Calendar periods: their keys (`2025-W27`, `2025-09`, `2025-Q3`, `2025-H2`, `2025`), edges and succession."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from .errors import is_far

_MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_KEYS = (
    ("week", re.compile(r"(\d{4})-W(\d{2})")),
    ("day", re.compile(r"(\d{4})-(\d{2})-(\d{2})")),
    ("month", re.compile(r"(\d{4})-(\d{2})")),
    ("quarter", re.compile(r"(\d{4})-Q([1-4])")),
    ("half", re.compile(r"(\d{4})-H([12])")),
    ("year", re.compile(r"(\d{4})")),
)


@dataclass(frozen=True)
class Period:
    """A calendar period, or the part of one inside a term: `start` and `end` are both inside it."""

    unit: str
    key: str
    start: date
    end: date


def period_of(day: date, unit: str) -> Period:
    """The whole period of the unit that holds the day; weeks are ISO weeks. Time itself cuts off the first and last."""
    if unit == "day":
        return Period(unit, day.isoformat(), day, day)
    if unit == "week":
        iso_year, week, weekday = day.isocalendar()
        before, after = min(weekday - 1, (day - date.min).days), min(7 - weekday, (date.max - day).days)
        first, last = day - timedelta(days=before), day + timedelta(days=after)
        return Period(unit, f"{iso_year:04d}-W{week:02d}", first, last)
    size = _MONTHS[unit]
    index = (day.month - 1) // size
    start, months = date(day.year, index * size + 1, 1), (index + 1) * size
    if day.year == date.max.year and months == date.max.month:
        end = date.max
    else:
        end = date(day.year + months // 12, months % 12 + 1, 1) - timedelta(days=1)
    year = f"{day.year:04d}"
    key = {"month": f"{year}-{day.month:02d}", "quarter": f"{year}-Q{index + 1}", "half": f"{year}-H{index + 1}"}
    return Period(unit, key.get(unit, year), start, end)


def periods(unit: str, start: date, end: date, *, whole: bool = False) -> Iterator[Period]:
    """The periods touching [start, end], clipped to it; with `whole` only those entirely inside."""
    day = start
    while day <= end:
        full = period_of(day, unit)
        if not whole or (full.start >= start and full.end <= end):
            yield Period(unit, full.key, max(full.start, start), min(full.end, end))
        day = full.end + timedelta(days=1)


def parse_key(text: str) -> Period:
    """The whole period a key names. Raises ValueError for a key of no known form or a period that does not exist."""
    for unit, pattern in _KEYS:
        if match := pattern.fullmatch(text):
            first, *rest = (int(part) for part in match.groups())
            if unit == "week":
                start = date.fromisocalendar(first, rest[0], 1)
            elif unit == "day":
                start = date(first, *rest)
            else:
                start = date(first, (rest[0] - 1) * _MONTHS[unit] + 1 if rest else 1, 1)
            if is_far(start):
                break
            return period_of(start, unit)
    raise ValueError(f"{text!r} is not a period; write 2025-09, 2025-W27, 2025-Q3, 2025-H2 or 2025")

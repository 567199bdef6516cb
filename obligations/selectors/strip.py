"""The counted days of a derivation as plain rows, for doors to draw as a calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from engine.derivation import Step


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day of a count. `kind` workday, weekend, holiday, makeup or uncovered (beyond the published schedule);
    `ordinal` its number in the count, None if it does not count; `name` the holiday behind it."""

    on: date
    kind: str
    ordinal: int | None
    name: str


@dataclass(frozen=True, slots=True)
class DayCount:
    """One count of working days. `anchor` is the day it starts from (not itself counted, and not in `days`), `result`
    the day it ends on, `backward` a count towards the past, `source` where the calendar comes from."""

    anchor: date
    result: date
    calendar: str
    source: str
    backward: bool
    days: tuple[DayRow, ...]


def day_counts(derivation: Iterable[Step]) -> tuple[DayCount, ...]:
    """Every count of the derivation in reading order; the last one at the top level is the deadline's own."""
    found: list[DayCount] = []
    for top in derivation:
        for _depth, each in top.walk():
            params = each.params
            if each.message.startswith("workdays_") and isinstance(params.get("marks"), list):
                found.append(_count(each))
    return tuple(found)


def _count(step: Step) -> DayCount:
    params = step.params
    marks = params["marks"]
    assert isinstance(marks, list)
    return DayCount(
        anchor=_day(params["source"]),
        result=_day(params["result"]),
        calendar=str(params.get("calendar", "")),
        source=str(params.get("origin", "")),
        backward=step.message == "workdays_before",
        days=tuple(DayRow(_day(on), kind, ordinal or None, name) for on, kind, name, ordinal in marks),
    )


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])

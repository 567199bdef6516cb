"""The counted days of a derivation as plain rows, for doors to draw as a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from engine.derivation import Step

LONGEST = 900  # days; a longer strip serves no reader


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


@dataclass(frozen=True, slots=True)
class StripDay:
    """One day of a drawn strip, in calendar order; see `DayRow`. `is_anchor` the start day, `is_due` the deadline,
    `is_safe` the stricter day that is right under every reading."""

    on: date
    kind: str
    ordinal: int | None
    name: str
    is_anchor: bool
    is_due: bool
    is_safe: bool


@dataclass(frozen=True, slots=True)
class StripRows:
    """The deadline's own count as consecutive days, anchor to due day."""

    days: tuple[StripDay, ...]
    calendar: str
    source: str


def strip_of(counts: Sequence[DayCount], due_on: date | None, safe_on: date | None) -> StripRows | None:
    """The count that ends on the due day (or nearest before it) as a strip; None without any count."""
    if not counts or due_on is None:
        return None
    count = next((one for one in reversed(counts) if one.result == due_on), counts[-1])
    known = {row.on: row for row in count.days}
    first = min([count.anchor, *known])
    last = max([count.anchor, due_on, *known])
    if (last - first).days > LONGEST:
        return None
    days = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        on = date.fromordinal(ordinal)
        row = known.get(on)
        days.append(
            StripDay(
                on=on,
                kind=row.kind if row else "workday",
                ordinal=row.ordinal if row else None,
                name=row.name if row else "",
                is_anchor=on == count.anchor,
                is_due=on == due_on,
                is_safe=on == safe_on and safe_on != due_on,
            )
        )
    return StripRows(tuple(days), count.calendar, count.source)


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

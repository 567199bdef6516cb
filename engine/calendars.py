"""Working-day calendars: counting in O(1) on prefix arrays, with an explicit end of coverage.

A calendar is a weekly pattern plus exceptions: rest days, and **make-up working days** (weekend days declared
working, 调休上班) that no "weekmask minus holidays" library can express. Every published year ends somewhere;
beyond that the calendar answers by its weekly pattern, and `covers` says that the answer is only an estimate.

Counting rule, in words: the n-th working day after *d* never counts *d* itself, whether *d* works or rests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

DayKind = Literal["workday", "weekend", "holiday", "makeup", "uncovered"]
VariantKind = Literal["official", "weekdays", "no_makeup"]
VARIANTS: tuple[VariantKind, ...] = ("official", "weekdays", "no_makeup")

MONDAY_TO_FRIDAY = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class DayMark:
    """What one day is: its kind, and the holiday it belongs to (also for the make-up day of that holiday)."""

    kind: DayKind
    name: str = ""

    @property
    def works(self) -> bool:
        """True if the day counts; for an uncovered day use `Calendar.is_workday`, which follows the pattern."""
        return self.kind in ("workday", "makeup")


class _Week:
    """Counting by the weekly pattern alone, over the proleptic ordinals of `date.toordinal`."""

    __slots__ = ("per_week", "rank", "works")

    def __init__(self, weekly: frozenset[int]) -> None:
        # ordinal % 7: 1 is Monday … 6 is Saturday, 0 is Sunday (ordinal 1 is Monday 0001-01-01)
        self.works = tuple((residue or 7) in weekly for residue in range(7))
        self.per_week = sum(self.works)
        # rank[r]: working days among residues 1..r of the running week
        self.rank = tuple(sum(self.works[1 : residue + 1]) for residue in range(7))

    def upto(self, ordinal: int) -> int:
        """Working days in [1, ordinal]."""
        weeks, residue = divmod(ordinal, 7)
        return weeks * self.per_week + self.rank[residue]

    def nth(self, count: int) -> int:
        """The ordinal of the count-th working day (count ≥ 1) since ordinal 1."""
        weeks, left = divmod(count - 1, self.per_week)
        ordinal = weeks * 7
        for _ in range(7):
            ordinal += 1
            if self.works[ordinal % 7]:
                if left == 0:
                    return ordinal
                left -= 1
        raise AssertionError("a week holds at least one working day")  # pragma: no cover


@dataclass(frozen=True)
class Calendar:
    """A working-day calendar of one place.

    `first`..`last` is the span for which official data is known (inclusive); outside it answers follow `weekly`
    (ISO weekdays) and are estimates. `rest` and `work` are the exceptions, `names` the holiday behind either.
    Build one with `build_calendar`; two calendars with the same data are equal.
    """

    code: str
    zone: str
    first: date
    last: date
    source: str = ""
    weekly: frozenset[int] = frozenset(MONDAY_TO_FRIDAY)
    rest: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()
    names: Mapping[date, str] = field(default_factory=dict)
    kind: VariantKind = "official"
    _week: _Week = field(init=False, repr=False, compare=False)
    _base: int = field(init=False, repr=False, compare=False)
    _size: int = field(init=False, repr=False, compare=False)
    _before: int = field(init=False, repr=False, compare=False)
    _prefix: list[int] = field(init=False, repr=False, compare=False)
    _workdays: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        week = _Week(self.weekly)
        exceptions = self.rest | self.work
        if exceptions:
            base = min(exceptions).toordinal()
            end = max(exceptions).toordinal()
        else:
            base, end = 1, 0
        rest = {day.toordinal() for day in self.rest}
        work = {day.toordinal() for day in self.work}
        prefix: list[int] = []
        workdays: list[int] = []
        for ordinal in range(base, end + 1):
            if ordinal in work or (week.works[ordinal % 7] and ordinal not in rest):
                workdays.append(ordinal)
            prefix.append(len(workdays))
        for name, value in (
            ("_week", week),
            ("_base", base),
            ("_size", len(prefix)),
            ("_before", week.upto(base - 1) if prefix else 0),
            ("_prefix", prefix),
            ("_workdays", workdays),
        ):
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        return hash((self.code, self.zone, self.first, self.last, self.weekly, self.rest, self.work))

    # -- one day -----------------------------------------------------------------------------------------------

    def covers(self, day: date) -> bool:
        """True if official data covers the day; otherwise every answer about it is an estimate."""
        return self.first <= day <= self.last

    def is_workday(self, day: date) -> bool:
        """True if the day works; beyond coverage by the weekly pattern (ask `covers`)."""
        if day in self.work:
            return True
        return day.isoweekday() in self.weekly and day not in self.rest

    def describe(self, day: date) -> DayMark:
        """The day's kind for a reader: uncovered, holiday, make-up day, weekend or plain working day."""
        if not self.covers(day):
            return DayMark("uncovered")
        if day in self.rest:
            return DayMark("holiday", self.names.get(day, ""))
        if day.isoweekday() in self.weekly:
            return DayMark("workday")
        if day in self.work:
            return DayMark("makeup", self.names.get(day, ""))
        return DayMark("weekend")

    # -- counting ----------------------------------------------------------------------------------------------

    def add_ordinal(self, ordinal: int, count: int) -> int:
        """`add_workdays` on bare day ordinals, for bulk work: no dates built, no derivation."""
        if count > 0:
            index = ordinal - self._base
            if index >= 0:
                try:
                    return self._workdays[self._prefix[index] + count - 1]
                except IndexError:
                    pass  # start or end lies beyond the data: the weekly pattern goes on
            return self._ordinal_of(self._rank(ordinal) + count)
        if count < 0:
            return self._ordinal_of(self._rank(ordinal - 1) + 1 + count)
        return ordinal

    def add_workdays(self, day: date, count: int) -> date:
        """The count-th working day after `day` (before it, for a negative count); `day` itself is not counted.

        Zero returns `day`. Beyond coverage the weekly pattern counts; `covers(result)` then says False.
        """
        return date.fromordinal(self.add_ordinal(day.toordinal(), count))

    def count_workdays(self, start: date, end: date) -> int:
        """Working days in (start, end]; negative, in (end, start], if `end` lies before `start`."""
        return self._rank(end.toordinal()) - self._rank(start.toordinal())

    def roll(self, day: date, direction: Literal["next", "previous"] = "next") -> date:
        """The day itself if it works, else the nearest working day after (before) it."""
        if self.is_workday(day):
            return day
        return self.add_workdays(day, 1 if direction == "next" else -1)

    def _rank(self, ordinal: int) -> int:
        """Working days up to and including the ordinal, counted from ordinal 1; the inverse of `_ordinal_of`."""
        index = ordinal - self._base
        if not self._size or index < 0:
            return self._week.upto(ordinal)
        if index < self._size:
            return self._before + self._prefix[index]
        end = self._base + self._size - 1
        return self._before + len(self._workdays) + self._week.upto(ordinal) - self._week.upto(end)

    def _ordinal_of(self, rank: int) -> int:
        if not self._size or rank <= self._before:
            return self._week.nth(rank)
        inside = rank - self._before
        if inside <= len(self._workdays):
            return self._workdays[inside - 1]
        end = self._base + self._size - 1
        return self._week.nth(self._week.upto(end) + inside - len(self._workdays))

    # -- other readings of the same calendar -------------------------------------------------------------------

    def variant(self, kind: VariantKind) -> Calendar:
        """The same place under another reading of "working day".

        `official`: as published. `weekdays`: the weekly pattern only, known for every year. `no_makeup`: public
        holidays rest, but make-up days do not work.
        """
        if kind == self.kind:
            return self
        if kind == "weekdays":
            return replace(self, kind=kind, first=date.min, last=date.max, rest=frozenset(), work=frozenset(), names={})
        if kind == "no_makeup":
            return replace(self, kind=kind, work=frozenset())
        raise ValueError(f"{self.code} is the {self.kind} variant; take {kind!r} from the published calendar")

    def with_year(
        self,
        year: int,
        *,
        rest: Iterable[date] = (),
        work: Iterable[date] = (),
        names: Mapping[date, str] | None = None,
        source: str = "",
    ) -> Calendar:
        """The calendar with one year replaced by hand-entered days (a notice not yet in the library).

        The coverage grows if the year adjoins it. Raises ValueError for a day outside the year.
        """
        new_rest, new_work = frozenset(rest), frozenset(work)
        for day in new_rest | new_work:
            if day.year != year:
                raise ValueError(f"{day.isoformat()} does not lie in {year}")
        kept_names = {day: name for day, name in self.names.items() if day.year != year}
        first, last = self.first, self.last
        if year == last.year + 1 and (last.month, last.day) == (12, 31):
            last = date(year, 12, 31)
        if year == first.year - 1 and (first.month, first.day) == (1, 1):
            first = date(year, 1, 1)
        return build_calendar(
            code=self.code,
            zone=self.zone,
            weekly=self.weekly,
            rest={day for day in self.rest if day.year != year} | new_rest,
            work={day for day in self.work if day.year != year} | new_work,
            names={**kept_names, **(names or {})},
            first=first,
            last=last,
            source="; ".join(part for part in (self.source, source) if part),
        )


def build_calendar(
    *,
    code: str,
    zone: str,
    weekly: Iterable[int] = MONDAY_TO_FRIDAY,
    rest: Iterable[date] = (),
    work: Iterable[date] = (),
    names: Mapping[date, str] | None = None,
    first: date | None = None,
    last: date | None = None,
    source: str = "",
) -> Calendar:
    """A calendar from explicit rest and working days over a weekly pattern of ISO weekdays (1 is Monday).

    Without `first`/`last` the coverage is the whole years its exceptions touch; without exceptions it is unlimited.
    Raises ValueError for an empty or wrong pattern, a day both resting and working, or `last` before `first`.
    """
    pattern = frozenset(weekly)
    if not pattern or not pattern <= set(range(1, 8)):
        raise ValueError("the weekly pattern needs at least one ISO weekday, 1 (Monday) to 7 (Sunday)")
    resting, working = frozenset(rest), frozenset(work)
    if both := resting & working:
        raise ValueError(f"{min(both).isoformat()} is both a rest day and a working day")
    exceptions = resting | working
    if first is None:
        first = date(min(exceptions).year, 1, 1) if exceptions else date.min
    if last is None:
        last = date(max(exceptions).year, 12, 31) if exceptions else date.max
    if last < first:
        raise ValueError(f"coverage ends ({last.isoformat()}) before it begins ({first.isoformat()})")
    return Calendar(
        code=code, zone=zone, first=first, last=last, source=source, weekly=pattern,
        rest=resting, work=working, names=dict(names or {}),
    )  # fmt: skip

"""Working days: the published years, other readings of them, and the end of what is published."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendars import Calendar, build_calendar
from engine.calendars_cn import china_official, published_years
from tests.engine.support import CN

NOTICES = json.loads(Path(__file__).with_name("workdays.json").read_text(encoding="utf-8"))["years"]
DAYS = st.dates(date(2004, 1, 1), date(2026, 12, 31))


def _by_notice(day: date) -> bool:
    """The rule in words: weekdays work unless named as rest, weekend days work only if named as work."""
    notice = NOTICES[str(day.year)]
    if day.isoformat() in notice["work"]:
        return True
    return day.isoweekday() <= 5 and day.isoformat() not in notice["rest"]


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_of_the_year_equals_the_state_councils_notice(year: int) -> None:
    day = date(year, 1, 1)
    while day.year == year:
        assert CN.is_workday(day) == _by_notice(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_every_day_agrees_with_an_independent_library(year: int) -> None:
    other = holidays.China(years=[year])  # type: ignore[attr-defined]
    day = date(year, 1, 1)
    while day.year == year:
        assert CN.is_workday(day) == other.is_working_day(day), day
        day += timedelta(days=1)


def test_the_coverage_is_explicit() -> None:
    assert (CN.first, CN.last) == (date(2004, 1, 1), date(published_years()[-1], 12, 31))
    assert CN.covers(CN.last) and not CN.covers(CN.last + timedelta(days=1))
    assert CN.describe(date(2027, 1, 4)).kind == "uncovered"
    assert CN.is_workday(date(2027, 1, 4)) and not CN.is_workday(date(2027, 1, 3))


def test_days_are_described_for_a_reader() -> None:
    assert (CN.describe(date(2025, 10, 1)).kind, CN.describe(date(2025, 10, 1)).name) == ("holiday", "National Day")
    assert CN.describe(date(2025, 9, 28)).kind == "makeup"
    assert CN.describe(date(2025, 9, 27)).kind == "weekend"
    assert CN.describe(date(2025, 9, 29)).kind == "workday"


@given(DAYS, st.integers(-300, 300))
def test_counting_equals_walking_day_by_day(day: date, count: int) -> None:
    walked, left = day, abs(count)
    while left:
        walked += timedelta(days=1 if count > 0 else -1)
        left -= CN.is_workday(walked)
    assert CN.add_workdays(day, count) == walked


@given(DAYS, st.integers(1, 300))
def test_forward_and_backward_counts_agree(day: date, count: int) -> None:
    start = CN.roll(day)
    assert CN.add_workdays(CN.add_workdays(start, count), -count) == start
    assert CN.count_workdays(day, CN.add_workdays(day, count)) == count


@given(st.dates(date(1990, 1, 1), date(2050, 12, 31)), st.integers(-2000, 2000))
def test_every_day_can_be_counted_from_covered_or_not(day: date, count: int) -> None:
    target = CN.add_workdays(day, count)
    if count:
        assert CN.is_workday(target)
        inclusive = day - timedelta(days=1) if count < 0 else day
        assert abs(CN.count_workdays(inclusive, target)) in (abs(count), abs(count) - 1, abs(count) + 1)
    assert (target > day) == (count > 0) or count == 0


@given(DAYS, DAYS)
def test_counts_add_up(a: date, b: date) -> None:
    assert CN.count_workdays(a, b) == -CN.count_workdays(b, a)
    assert CN.count_workdays(date(2010, 1, 1), b) == CN.count_workdays(date(2010, 1, 1), a) + CN.count_workdays(a, b)


def test_other_readings_of_working_day() -> None:
    weekdays, no_makeup = CN.variant("weekdays"), CN.variant("no_makeup")
    assert weekdays.is_workday(date(2025, 10, 1)) and weekdays.covers(date(2090, 1, 1))
    assert not no_makeup.is_workday(date(2025, 9, 28)) and not no_makeup.is_workday(date(2025, 10, 1))
    with pytest.raises(ValueError, match="published calendar"):
        weekdays.variant("official")


def test_a_year_entered_by_hand_extends_the_coverage() -> None:
    grown = CN.with_year(2027, rest=[date(2027, 1, 1)], work=[date(2027, 1, 2)], source="notice for 2027")
    assert grown.last == date(2027, 12, 31) and "notice for 2027" in grown.source
    assert grown.add_workdays(date(2026, 12, 31), 1) == date(2027, 1, 2)
    assert grown.add_workdays(date(2026, 12, 31), -5) == CN.add_workdays(date(2026, 12, 31), -5)
    with pytest.raises(ValueError, match="does not lie in 2027"):
        CN.with_year(2027, rest=[date(2028, 1, 1)])


def test_a_calendar_of_another_place_may_rest_on_fridays() -> None:
    gulf = build_calendar(code="AE", zone="Asia/Dubai", weekly=(7, 1, 2, 3, 4))
    assert gulf.add_workdays(date(2025, 9, 4), 1) == date(2025, 9, 7)  # Thursday to Sunday
    assert gulf.covers(date(1900, 1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weekly": ()}, "at least one"),
        ({"weekly": (0,)}, "ISO weekday"),
        ({"rest": [date(2025, 1, 1)], "work": [date(2025, 1, 1)]}, "both"),
        ({"first": date(2025, 2, 1), "last": date(2025, 1, 1)}, "before it begins"),
    ],
)
def test_a_contradictory_calendar_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_calendar(code="X", zone="UTC", **options)  # type: ignore[arg-type]


def test_years_with_a_gap_are_refused() -> None:
    assert china_official([2024, 2025]).first == date(2024, 1, 1)
    for years in ([2020, 2022], [1999], []):
        with pytest.raises(ValueError, match="year"):
            china_official(years)


def test_calendars_are_values() -> None:
    assert china_official() == china_official(published_years())
    assert isinstance(hash(CN), int) and isinstance(CN, Calendar)

"""Half-open intervals: overlaps count once, exclusions cut, windows clip."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intervals import Interval, clip, subtract, total, union

START = datetime(2025, 7, 1, tzinfo=UTC)


def span(first: int, last: int) -> Interval:
    return Interval(START + timedelta(minutes=first), START + timedelta(minutes=last))


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda pair: span(pair[0], pair[0] + pair[1])), max_size=8
)


def minutes(spans: list[Interval] | tuple[Interval, ...]) -> set[int]:
    return {m for m in range(100) if any(START + timedelta(minutes=m) in each for each in spans)}


def test_overlapping_outages_count_once() -> None:
    assert total([span(0, 1), span(0, 3), span(2, 5)]) == timedelta(minutes=5)


def test_an_exclusion_leaves_two_spells() -> None:
    assert subtract([span(0, 60)], [span(15, 45)]) == (span(0, 15), span(45, 60))


def test_touching_spells_merge_and_empty_ones_vanish() -> None:
    assert union([span(0, 5), span(5, 9), span(3, 3)]) == (span(0, 9),)


@given(SPANS, SPANS)
def test_sets_of_minutes_behave_like_sets(a: list[Interval], b: list[Interval]) -> None:
    assert minutes(union(a, b)) == minutes(a) | minutes(b)
    assert minutes(subtract(a, b)) == minutes(a) - minutes(b)
    assert minutes(clip(a, span(10, 40))) == minutes(a) & set(range(10, 40))
    assert total(a) == timedelta(minutes=len(minutes(a)))


# Pairs of first and last second inside two and a half hours around a month's end.
MIDNIGHT = datetime(2025, 7, 31, 16, tzinfo=UTC)  # the end of July on the contract's clocks
LAST = 9000
SECONDS = st.lists(st.tuples(st.integers(0, LAST), st.integers(0, LAST)).map(sorted).map(tuple), max_size=12)


def at(second: int) -> datetime:
    return MIDNIGHT - timedelta(seconds=LAST // 2) + timedelta(seconds=second)


def spans_of(pairs: list[tuple[int, int]]) -> list[Interval]:
    return [Interval(at(first), at(last)) for first, last in pairs]


def counted(pairs: list[tuple[int, int]]) -> set[int]:
    """Every second that lies in one of the pairs, one by one."""
    return {second for first, last in pairs for second in range(first, last)}


def seconds(spans: tuple[Interval, ...]) -> set[int]:
    start = at(0)
    whole = [(int((s.start - start).total_seconds()), int((s.end - start).total_seconds())) for s in spans]
    return counted(whole)


@given(SECONDS, SECONDS)
def test_the_algebra_agrees_with_counting_every_second(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> None:
    down, out = spans_of(a), spans_of(b)
    july = Interval(at(0), MIDNIGHT)
    assert seconds(union(down, out)) == counted(a) | counted(b)
    assert seconds(subtract(down, out)) == counted(a) - counted(b)
    assert seconds(clip(subtract(down, out), july)) == (counted(a) - counted(b)) & set(range(LAST // 2))
    assert total(subtract(down, out)) == timedelta(seconds=len(counted(a) - counted(b)))
    # what lies on either side of the month's end adds up to the whole, no second twice
    august = Interval(MIDNIGHT, at(LAST))
    assert total(clip(down, july)) + total(clip(down, august)) == total(down)


def test_lengths_are_elapsed_time_across_a_change_of_clocks() -> None:
    zone = ZoneInfo("America/New_York")
    night = Interval(datetime(2026, 3, 8, 0, 0, tzinfo=zone), datetime(2026, 3, 8, 4, 0, tzinfo=zone))
    assert night.length == timedelta(hours=3)


def test_a_naive_or_backward_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Interval(datetime(2025, 1, 1), datetime(2025, 1, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="before"):
        span(5, 4)

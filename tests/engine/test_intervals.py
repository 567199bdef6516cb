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


def test_lengths_are_elapsed_time_across_a_change_of_clocks() -> None:
    zone = ZoneInfo("America/New_York")
    night = Interval(datetime(2026, 3, 8, 0, 0, tzinfo=zone), datetime(2026, 3, 8, 4, 0, tzinfo=zone))
    assert night.length == timedelta(hours=3)


def test_a_naive_or_backward_interval_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Interval(datetime(2025, 1, 1), datetime(2025, 1, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="before"):
        span(5, 4)

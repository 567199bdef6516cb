"""Packed arrays give the same cells as the interval algebra, whatever overlaps."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intervals import Interval, clip, subtract, total, union
from sla import packing
from sla.rules import microseconds, month_window

BASE = datetime(2026, 3, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
stretch = st.tuples(st.integers(0, 60 * 24), st.integers(1, 72)).map(
    lambda pair: Interval(BASE + pair[0] * HOUR, BASE + (pair[0] + pair[1]) * HOUR)
)
some = st.lists(stretch, max_size=12)


def packed(spells: list[Interval]) -> packing.Times:
    return packing.Times(
        np.array([packing.instant(spell.start) for spell in spells], np.int64),
        np.array([packing.instant(spell.end) for spell in spells], np.int64),
    )


@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.sampled_from([None, 1, 2]), some), st.dictionaries(st.sampled_from([None, 1, 2]), some),
       st.sampled_from(["Asia/Shanghai", "Europe/Berlin"]))  # fmt: skip
def test_cells_equal_the_interval_algebra(outages, holes, zone):
    source = {place: packed(spells) for place, spells in outages.items()}
    gone = {place: packed(spells) for place, spells in holes.items()}
    found = {
        (cell.system, cell.month): (cell.whole, cell.counted)
        for cell in packing.cells(source, gone, packing.month_bounds(source, zone))
    }
    expected = {}
    for place, spells in outages.items():
        own = union(holes.get(None, []), holes.get(place, []) if place is not None else [])
        for month in (date(2026, number, 1) for number in range(3, 8)):
            span = month_window(month, zone).span
            inside = clip(spells, span)
            if inside:
                rest = subtract(inside, own)
                expected[place, month] = microseconds(total(inside)), microseconds(total(rest))
    assert found == expected


def test_touching_outages_are_one_island_and_nothing_is_none():
    spells = [Interval(BASE, BASE + HOUR), Interval(BASE + HOUR, BASE + 2 * HOUR)]
    joined = packing.islands(*packed(spells))
    assert joined.starts.tolist() == [packing.instant(BASE)]
    assert joined.ends.tolist() == [packing.instant(BASE + 2 * HOUR)]
    assert not len(packing.islands(*packing.EMPTY).starts)
    assert not list(packing.cells({}, {}, packing.month_bounds({}, "Asia/Shanghai")))


def test_postgres_bytes_are_read_as_written():
    start, end = packing.instant(BASE), packing.instant(BASE + HOUR)
    times = packing.from_bytes(start.to_bytes(8, "big", signed=True) + end.to_bytes(8, "big", signed=True))
    assert (times.starts.tolist(), times.ends.tolist()) == ([start], [end])


@pytest.mark.parametrize("value", ["2026-03-20 00:00:00", BASE.replace(tzinfo=None), BASE])
def test_databases_without_zones_mean_utc(value):
    rows = packing.from_rows([(7, value, BASE + HOUR)])
    assert rows[7].starts.tolist() == [packing.instant(BASE)]

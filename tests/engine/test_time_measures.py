"""Lengths of time: unions, subtraction, clipping, merged spells, against a count of every second; sliding windows,
against one of every minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.intervals import Interval, total
from engine.language.arithmetic import clock
from engine.language.offsets import Length
from engine.language.spans import Zone
from engine.language.values import Choice, bounds, size
from engine.language.windows import worst_total
from tests.engine.amounts import figure, figure_in, interval, item, probe, value

INCIDENT = item("incident", "i1", "2025-09-03T08:00:00+08:00") + item("incident", "i2", "2025-09-03T08:00:00+08:00")
KEY = 'incident = "i1", system = "s1"'
MONTHS = "each(month of term.service)[key == '2025-09'] as m"


def outage(start: str, end: str = "", key: str = KEY, attributes: str = "") -> str:
    return interval("outage", f"2025-09-{start}+08:00", f"2025-09-{end}+08:00" if end else "", key, attributes)


OVERLAPPING = INCIDENT + outage("03T02:00:00", "03T02:03:00") + outage("03T02:02:00", "03T02:05:00")


def test_what_overlaps_counts_once() -> None:
    assert figure("|outages|", OVERLAPPING) == "5 minutes"
    assert figure("sum(outages.length)", OVERLAPPING) == "10 minutes"


@pytest.mark.parametrize(
    ("seconds", "met"), [("04:19", "true"), ("04:19.2", "true"), ("04:19.200001", "false"), ("04:20", "false")]
)
def test_a_limit_is_met_exactly(seconds: str, met: str) -> None:
    facts = INCIDENT + outage("03T02:00:00", f"03T02:{seconds}")
    assert figure("1 - |outages - exclusions over m| / |m| >= 99.99%", facts, bound=MONTHS) == met


def test_a_spell_is_clipped_at_the_border_of_a_month() -> None:
    facts = INCIDENT + interval("outage", "2025-08-31T23:58:00+08:00", "2025-09-01T00:01:00+08:00", KEY)
    shown = {key: probe("|outages over m|", facts, bound="each(month of term.service) as m")[key] for key in
             ("2025-08", "2025-09", "2025-10")}  # fmt: skip
    assert [size(bounds(each)[0]) // 60_000_000 for each in shown.values()] == [2, 1, 0]


def test_filters_on_length_see_merged_spells_before_anything_is_taken_out() -> None:
    facts = OVERLAPPING + interval("exclusion", "2025-09-03T02:00:00+08:00", "2025-09-03T02:04:00+08:00")
    assert figure("|outages[length >= 5 minutes] - exclusions|", facts) == "1 minute"
    assert figure("|outages[length > 5 minutes] - exclusions|", facts) == "0 seconds"
    assert figure("longest(outages - exclusions)", facts) == "1 minute"
    assert figure("longest(outages)", facts) == "5 minutes"


@pytest.mark.parametrize(("end", "met"), [("01:59:59", "false"), ("02:00:00", "true"), ("02:00:01", "true")])
def test_two_hours_and_more(end: str, met: str) -> None:
    facts = INCIDENT + outage("03T00:00:00", f"03T{end}") + outage("04T00:00:00", "04T00:10:00")
    assert figure("longest(outages[incident == 'i1', system == 's1']) >= 2 hours", facts) == met


def test_an_exclusion_without_its_evidence_leaves_a_range() -> None:
    gap = interval("exclusion", "2025-09-03T02:00:00+08:00", "2025-09-03T02:04:00+08:00")
    agreed = interval("exclusion", "2025-09-03T02:04:00+08:00", "2025-09-03T02:05:00+08:00", "", "agreed = true")
    found = value("|outages - exclusions[agreed == true]|", OVERLAPPING + gap + agreed)
    assert [size(end) // 60_000_000 for end in bounds(found)] == [0, 4]
    assert found.missing == {"interval.exclusion.agreed"}


def test_whose_fault_a_stop_was_may_be_open() -> None:
    facts = (
        INCIDENT
        + outage("03T00:00:00", "03T05:00:00", attributes="provider_fault = true")
        + outage("03T05:00:00", "03T09:00:00")
    )
    assert figure("|outages[provider_fault == true]|", facts) == "5 hours … 9 hours"
    assert figure("|outages[provider_fault == true]| >= 8 hours", facts) == "true | false"
    assert figure("|outages[provider_fault == true]| >= 5 hours", facts) == "true"


def test_a_stop_that_goes_on_runs_to_as_of() -> None:
    facts = INCIDENT + outage("03T22:00:00")
    found = value("longest(outages)", facts, as_of="2025-09-03")
    assert isinstance(found, Choice)
    assert (size(found.value) // 3_600_000_000, found.provisional) == (2, {"interval.outage.i1/s1.end"})
    reached, not_yet = (value(f"longest(outages) >= {n} hours", facts, as_of="2025-09-03") for n in (2, 3))
    assert isinstance(reached, Choice) and reached.value is True and not reached.provisional
    assert isinstance(not_yet, Choice) and not_yet.value is False and not_yet.provisional


@pytest.mark.parametrize(
    ("month", "hours"), [("2025-10", "745 hours"), ("2026-03", "743 hours"), ("2025-11", "720 hours")]
)
def test_a_month_with_a_change_of_clocks_has_its_own_length(month: str, hours: str) -> None:
    text = '[contract]\nnumber = "B"\nzone = "Europe/Berlin"\n[term.service]\nstart = 2025-07-01\nend = 2026-06-30\n'
    assert figure_in(text, "|m|", f"each(month of term.service)[key == '{month}'] as m") == hours


@pytest.mark.parametrize(
    ("window", "shown"),
    [("1 hours", "30 minutes"), ("2 hours", "40 minutes"), ("24 hours", "1 hour"), ("1 days", "1 hour")],
)
def test_the_worst_placement_of_a_sliding_window(window: str, shown: str) -> None:
    facts = INCIDENT + "".join(
        outage(f"03T{start}:00", f"03T{end}:00")
        for start, end in (("01:00", "01:30"), ("02:20", "02:30"), ("08:00", "08:20"))
    )
    assert figure(f"|outages over any {window}|", facts) == shown


ORIGIN = datetime(2025, 9, 1, tzinfo=UTC)
SPELL = st.tuples(st.integers(0, 90), st.integers(0, 30)).map(
    lambda pair: Interval(ORIGIN + timedelta(minutes=pair[0]), ORIGIN + timedelta(minutes=sum(pair)))
)


@given(st.lists(SPELL, max_size=6), st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_sliding_agrees_with_trying_every_minute(spells: list[Interval], minutes: int) -> None:
    down = {minute for each in spells for minute in range(130) if ORIGIN + timedelta(minutes=minute) in each}
    brute = max(sum(start <= m < start + minutes for m in down) for start in range(-60, 130))
    length = Length(0, "minutes", None, minutes * 60_000_000)
    assert worst_total(spells, length, Zone("UTC")) == timedelta(minutes=brute)
    assert size(clock(total(spells))) == len(down) * 60_000_000


TO_THE_SECOND = st.tuples(st.integers(0, 5400), st.integers(0, 1800)).map(
    lambda pair: Interval(ORIGIN + timedelta(seconds=pair[0]), ORIGIN + timedelta(seconds=sum(pair)))
)


@given(
    st.lists(TO_THE_SECOND, max_size=5), st.lists(TO_THE_SECOND, max_size=4), st.integers(0, 6000), st.integers(1, 2400)
)
@settings(max_examples=40, deadline=None)
def test_union_subtraction_and_clipping_agree_with_a_second_by_second_count(
    down: list[Interval], excluded: list[Interval], first: int, length: int
) -> None:
    def written(name: str, spells: list[Interval], key: str) -> str:
        return "".join(interval(name, each.start.isoformat(), each.end.isoformat(), key) for each in spells)

    start, end = (ORIGIN + timedelta(seconds=second) for second in (first, first + length))
    facts = INCIDENT + written("outage", down, KEY) + written("exclusion", excluded, "")
    window = f"window(on {start.isoformat()}, on {end.isoformat()})"
    found = value(f"|outages - exclusions over {window}|", facts)
    seconds = [ORIGIN + timedelta(seconds=s) for s in range(first, first + length)]
    brute = sum(any(s in each for each in down) and not any(s in each for each in excluded) for s in seconds)
    assert [size(end_) // 1_000_000 for end_ in bounds(found)] == [brute, brute]

"""Sums, counts and means of sets some of whose members are in doubt: the bounds of every way it may turn out."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language import aggregates
from engine.language.values import TRUE, Between, Choice, Value, bounds, certain, unsure
from tests.engine.amounts import figure, figure_of, item, probe, value

NUMBERS = st.integers(-6, 6).map(Fraction)
MEMBER = st.tuples(NUMBERS, NUMBERS, st.booleans())


def pairs_of(members: list[tuple[Fraction, Fraction, bool]]) -> list[tuple[Value, Choice]]:
    found: list[tuple[Value, Choice]] = []
    for index, (first, second, sure) in enumerate(members):
        low, high = sorted((first, second))
        known = certain(low) if low == high else Choice((Between(low, high),), frozenset({f"v{index}"}))
        found.append((known, TRUE if sure else unsure({f"m{index}"})))
    return found


def worlds(members: list[tuple[Fraction, Fraction, bool]]) -> list[list[Fraction]]:
    """Every set the members may turn out to be, with every value at one of its ends."""
    sure = [sorted(pair[:2]) for pair in members if pair[2]]
    doubtful = [sorted(pair[:2]) for pair in members if not pair[2]]
    subsets = chain.from_iterable(combinations(doubtful, size) for size in range(len(doubtful) + 1))
    found: list[list[Fraction]] = []
    for subset in subsets:
        ends: list[list[Fraction]] = [[]]
        for low, high in (*sure, *subset):
            ends = [[*each, end] for each in ends for end in {low, high}]
        found += ends
    return found


@given(st.lists(MEMBER, max_size=4))
@settings(max_examples=120, deadline=None)
def test_bounds_are_those_of_every_world(members: list[tuple[Fraction, Fraction, bool]]) -> None:
    pairs, possible = pairs_of(members), worlds(members)
    sums = [sum(each, Fraction(0)) for each in possible]
    assert bounds(aggregates.total(pairs, frozenset())) == (min(sums), max(sums))
    counts = [Fraction(len(each)) for each in possible]
    assert bounds(aggregates.count(pairs, frozenset())) == (min(counts), max(counts))
    if not any(sure for *_value, sure in members):
        assert aggregates.mean(pairs, frozenset()).options == ()
        return
    for aggregate, function in (
        (aggregates.mean, lambda each: sum(each, Fraction(0)) / len(each)),
        (aggregates.smallest, min),
        (aggregates.largest, max),
    ):
        results = [function(each) for each in possible]
        assert bounds(aggregate(pairs, frozenset())) == (min(results), max(results))


TICKETS = "".join(
    [
        item("ticket", "a", "2025-08-31", cause='"disk"', fee='"CNY 10"', number="1"),
        item("ticket", "b", "2025-09-01", cause='"disk"', fee='"CNY 20"', number="2"),
        item("ticket", "c", "2025-09-30", cause='"net"', fee='"CNY 30"', number="4"),
        item("ticket", "d", "2025-10-01", fee='"CNY 40"', number="8"),
    ]
)
SEPTEMBER = "each(month of term.service)[key == '2025-09'] as m"


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("count(tickets)", "4"),
        ("count(tickets over m)", "2"),
        ("sum(tickets.fee over m)", "CNY 50.00"),
        ("mean(tickets.fee over m)", "CNY 25.00"),
        ("min(tickets.fee over m)", "CNY 20.00"),
        ("max(tickets.number over m)", "4"),
        ("count(tickets[cause == 'disk'])", "2 … 3"),
        ("sum(tickets[cause == 'disk'].fee)", "CNY 30.00 … CNY 70.00"),
        ("mean(tickets[cause == 'disk'].fee)", "CNY 15.00 … CNY 23.333333…"),
        ("max(tickets[cause == 'disk'].fee)", "CNY 20.00 … CNY 40.00"),
        ("count(tickets[cause == 'disk']) >= 2", "true"),
        ("count(tickets[cause == 'disk']) >= 3", "true | false"),
        ("count(tickets[cause == 'disk']) >= 4", "false"),
        ("count(tickets[cause != 'disk', fee > CNY 35])", "0 … 1"),
        ("count(tickets - tickets[cause == 'net'])", "2 … 3"),
        ("count(tickets[cause == 'net'] + tickets[cause == 'disk'])", "3 … 4"),
        ("count(tickets over window(on 2025-09-01, on 2025-10-01))", "3"),
        ("count(tickets over rolling 1 months at on 2025-09-30)", "3"),
        ("count(tickets over rolling 30 days at on 2025-09-30)", "2"),
        ("count(tickets over any 2 days)", "2"),
        ("sum(tickets.fee over any 31 days)", "CNY 90.00"),
        ("sum(tickets[fee > CNY 100].fee) + CNY 1", "CNY 1.00"),
        ("count(each(month of term.service))", "12"),
    ],
)
def test_aggregates_over_sets_and_windows(expression: str, shown: str) -> None:
    assert figure(expression, TICKETS, bound=SEPTEMBER) == shown


def test_the_mean_of_durations_is_not_rounded() -> None:
    times = "".join(
        item("ticket", name, opened="2025-09-01T09:00:00+08:00", closed=f"2025-09-01T09:{minute}:00+08:00")
        for name, minute in (("a", "10"), ("b", "10"), ("c", "15"))
    )
    text = '[measure.response]\nfor = "tickets as t"\nvalue = "t.closed - t.opened"\n'
    assert figure("mean(measure.response)", times, text=text) == "11 minutes 40 seconds"
    assert figure("mean(measure.response) * 3 == 35 minutes", times, text=text) == "true"


def test_a_figure_that_is_missing_is_named() -> None:
    facts = figure_of("availability", "2025-09", '"99.98%"', 'system = "s1"')
    shown = probe("min(availability[system == s] over m)", facts, bound=f"{SEPTEMBER}, systems as s")
    assert shown["2025-09/s1"] == certain(Fraction(9998, 10000))
    other = shown["2025-09/s2"]
    assert isinstance(other, Choice) and other.missing == {"series.availability.2025-09.s2"}


def test_an_unfinished_month_is_provisional_until_it_cannot_turn_back() -> None:
    now = {"bound": "each(month of term.service)[key == '2025-10'] as m", "as_of": "2025-10-05"}
    counted = value("count(tickets over m)", TICKETS, **now)
    assert isinstance(counted, Choice) and counted.value == 1 and counted.provisional == {"period:2025-10"}
    passed, not_yet = (value(f"count(tickets over m) >= {n}", TICKETS, **now) for n in (1, 2))
    assert isinstance(passed, Choice) and passed.value is True and not passed.provisional
    assert isinstance(not_yet, Choice) and not_yet.value is False and not_yet.provisional
    few = value("1 - count(tickets over m) / 10 < 95%", TICKETS, **now)
    assert isinstance(few, Choice) and few.value is True and not few.provisional
    mean = value("mean(tickets.number over m) >= 1", TICKETS, **now)
    assert isinstance(mean, Choice) and mean.value is True and mean.provisional

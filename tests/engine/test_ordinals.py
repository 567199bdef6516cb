"""Ordinals and streaks: places among different causes, periods in a row, and what open facts leave possible."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.formula import shown
from engine.language.values import bounds
from tests.engine.amounts import figure_of, item, probe

ALL = "tickets as t"
MONTHS = "each(month of term.service) as m, systems[id == 's1'] as s"


def tickets(*causes: str | None, **more: str) -> str:
    """Tickets a, b, c … on following days; None leaves the cause open."""
    return "".join(
        item("ticket", chr(97 + day), f"2025-08-{day + 1:02d}", **({"cause": f'"{cause}"'} if cause else {}), **more)
        for day, cause in enumerate(causes)
    )


def places(expression: str, facts: str, **options: str) -> list[str]:
    return [shown(value) for value in probe(expression, facts, bound=ALL, **options).values()]


def test_the_same_cause_counts_once() -> None:
    assert places("ordinal(tickets, cause)", tickets("disk", "disk", "net", "disk")) == ["1", "1", "2", "1"]
    assert places("ordinal(tickets)", tickets("disk", "disk", "net", "disk")) == ["1", "2", "3", "4"]


def test_an_unknown_cause_may_be_any_or_another() -> None:
    assert places("ordinal(tickets, cause)", tickets("disk", None, "net")) == ["1", "1 … 2", "2 … 3"]


def true_places(causes: Sequence[str]) -> list[int]:
    order = list(dict.fromkeys(causes))
    return [order.index(cause) + 1 for cause in causes]


@given(st.lists(st.sampled_from(["disk", "net", None]), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None)
def test_places_lie_within_every_way_the_causes_may_turn_out(causes: list[str | None]) -> None:
    found = [bounds(value) for value in probe("ordinal(tickets, cause)", tickets(*causes), bound=ALL).values()]
    open_places = [index for index, cause in enumerate(causes) if cause is None]
    names = ["disk", "net", *(f"x{index}" for index in open_places)]
    every = []
    for chosen in product(names, repeat=len(open_places)):
        filled = [cause or chosen[open_places.index(index)] for index, cause in enumerate(causes)]
        every.append(true_places(filled))
    for index, (low, high) in enumerate(found):
        options = [places_[index] for places_ in every]
        assert low <= min(options) and max(options) <= high
        assert high == max(options)


def test_an_element_outside_the_set_has_no_place_and_a_doubtful_one_may_have_one() -> None:
    facts = (
        tickets("disk", kind='"B"')
        + item("ticket", "x", "2025-08-09", cause='"net"', kind='"A"')
        + item("ticket", "y", "2025-08-10", cause='"power"')
    )
    assert places("ordinal(tickets[kind == 'B'] over term.service, cause)", facts) == ["1", "0", "0 … 2"]


def test_an_element_of_another_kind_stands_beside_the_set() -> None:
    incident = item("incident", "i1", "2025-08-20", cause='"net"')
    expression = "ordinal(tickets[cause != 'power'], cause)"
    for facts, place in (("", "1"), (tickets("power"), "1"), (tickets("disk", "disk"), "2"), (tickets("net"), "1")):
        (found,) = probe(expression, incident + facts, bound="incidents as i").values()
        assert shown(found) == place


def test_a_measure_of_an_element_stands_for_it() -> None:
    text = '[measure.grave]\nfor = "tickets as t"\nvalue = "t.number >= 5"\n'
    facts = "".join(
        item("ticket", name, f"2025-08-0{day}", **({"number": number} if number else {}), cause=f'"{cause}"')
        for name, day, number, cause in (("a", 1, "5", "x"), ("b", 2, "4", "y"), ("c", 3, "6", "z"), ("d", 4, "", "w"))
    )
    assert places("ordinal(measure.grave[value == true], cause)", facts, text=text) == ["1", "0", "2", "0 … 3"]


@pytest.mark.parametrize(("start", "place"), [("2025-07-31", "1"), ("2025-08-31", "2"), ("2025-09-01", "1")])
def test_a_window_leaves_earlier_members_out(start: str, place: str) -> None:
    facts = item("ticket", "a", "2025-08-01") + item("ticket", "z", start)
    assert places("ordinal(tickets over month)", facts)[1] == place
    assert places("ordinal(tickets, id, month)", facts)[1] == place


def scores(**months: str) -> str:
    return "".join(
        figure_of("availability", f"2025-{month[1:]}", f'"{percent}%"', 'system = "s1"')
        for month, percent in months.items()
    )


FAILING = "streak(availability[system == s, value < 99%], month)"


def streaks(facts: str, expression: str = FAILING) -> list[str]:
    return [shown(value) for value in probe(expression, facts, bound=MONTHS).values()][:6]


def test_periods_in_a_row() -> None:
    assert streaks(scores(m07="98", m08="98", m09="100", m10="98", m11="98", m12="98")) == list("120123")


def test_a_missing_period_makes_a_streak_a_range() -> None:
    found = streaks(scores(m07="98", m09="98", m10="98", m11="100", m12="98"))
    assert found == ["1", "0 … 2", "1 … 3", "2 … 4", "0", "1"]


def test_with_a_window_nothing_recorded_at_its_start_is_missing_too() -> None:
    facts = scores(m08="98", m09="98")
    assert streaks(facts)[:3] == ["0 … 1", "1", "2"]
    within = "streak(availability[system == s, value < 99%] over term.service, month)"
    assert streaks(facts, within)[:3] == ["0 … 1", "1 … 2", "2 … 3"]


def test_another_system_neither_breaks_nor_lengthens_a_streak() -> None:
    other = figure_of("availability", "2025-08", '"100%"', 'system = "s2"')
    assert streaks(scores(m07="98", m08="98") + other)[:2] == ["1", "2"]


def test_rounds_that_name_their_month_form_a_streak() -> None:
    rounds = "".join(
        item("ticket", f"r{n:02d}", f"2025-{n:02d}-20", month=f'"2025-{n:02d}"', passed=passed)
        for n, passed in ((7, "false"), (8, "false"), (9, "false"), (10, "true"))
    )
    assert places("streak(tickets[passed == false] over term.service, month)", rounds) == ["1", "2", "3", "0"]
    unset = rounds.replace("passed = true", "number = 1")
    assert places("streak(tickets[passed == false], month) >= 3", unset) == ["false", "false", "true", "true | false"]

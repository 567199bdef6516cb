"""Bands, tiers and steps at, below and above every boundary."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.evaluator import Evaluator
from engine.language.parser import parse_expression
from engine.language.values import Between, Choice, bounds, certain
from tests.engine.amounts import figure, item, sentences, world

STRICT = """
[table.strict]
title = "Mean response"
covers = "(15 minutes, )"
rows = [
  { range = "(15 minutes, 30 minutes)", value = "'lower'", clause = "annex 2 row 7" },
  { range = "(30 minutes, 60 minutes)", value = "'upper'" },
]
"""
CLOSED = """
[table.closed]
rows = [
  { range = "[0, 10)", value = "CNY 1" },
  { range = "[10, 20]", value = "CNY 2" },
  { range = "(20, 30]", value = "x * CNY 1", round = "steps(x, 10, up) * 10" },
]
[table.gap]
rows = [{ range = "[0, 10]", value = "1" }, { range = "[20, 30]", value = "2" }]
[table.loose]
covers = "[0, 100]"
rows = [{ range = "[10, 20]", value = "CNY 5" }]
[table.rates]
rows = [
  { range = "[0, 2]", value = "CNY 1" },
  { range = "(2, 5]", value = "CNY 10" },
  { range = "(5, )", value = "CNY 100" },
]
[table.capped]
rows = [{ range = "[0, 2]", value = "CNY 1" }, { range = "(2, 5]", value = "CNY 10" }]
"""


@pytest.mark.parametrize(
    ("minutes", "shown"),
    [
        ("0", "''"),
        ("15", "''"),
        ("15.01", "'lower'"),
        ("29.99", "'lower'"),
        ("30", "? hole:table.strict"),
        ("30.01", "'upper'"),
        ("45", "'upper'"),
        ("59.99", "'upper'"),
        ("60", "? hole:table.strict"),
        ("75", "? hole:table.strict"),
    ],
)
def test_open_ends_leave_holes_inside_what_the_table_covers(minutes: str, shown: str) -> None:
    assert figure(f"band({minutes} minutes, table.strict)", text=STRICT) == shown


def test_a_hole_names_the_rows_on_either_side() -> None:
    between = sentences("band(30 minutes, table.strict)", text=STRICT)
    assert "30 minutes lies in no row of Mean response: below it (15 minutes, 30 minutes) gives 'lower'" in between[-1]
    assert "above it (30 minutes, 60 minutes) gives 'upper'" in between[-1]
    above = sentences("band(75 minutes, table.strict)", text=STRICT)
    assert "the highest, (30 minutes, 60 minutes), gives 'upper'" in above[-1]
    (row,) = sentences("band(20 minutes, table.strict)", text=STRICT)
    assert row == "20 minutes lies in (15 minutes, 30 minutes) of Mean response (annex 2 row 7): 'lower'."


@pytest.mark.parametrize(
    ("x", "shown"),
    [("0", "CNY 1.00"), ("9.99", "CNY 1.00"), ("10", "CNY 2.00"), ("20", "CNY 2.00"), ("20.01", "CNY 30.00"),
     ("30", "CNY 30.00"), ("30.01", "0"), ("-1", "0")],
)  # fmt: skip
def test_closed_ends_belong_to_their_row_and_a_row_may_round(x: str, shown: str) -> None:
    assert figure(f"band({x}, table.closed)", text=CLOSED) == shown


@pytest.mark.parametrize(
    ("x", "table", "shown"),
    [
        ("10", "gap", "1"), ("15", "gap", "? hole:table.gap"), ("20", "gap", "2"), ("31", "gap", "0"),
        ("9", "loose", "? hole:table.loose"), ("10", "loose", "CNY 5.00"), ("21", "loose", "? hole:table.loose"),
        ("100", "loose", "? hole:table.loose"), ("101", "loose", "0"),
    ],
)  # fmt: skip
def test_without_covers_the_rows_say_what_the_table_is_about(x: str, table: str, shown: str) -> None:
    assert figure(f"band({x}, table.{table})", text=CLOSED) == shown


def banded(low: str, high: str, table: str) -> Choice:
    place = world(STRICT + CLOSED)
    tree = parse_expression(f"band(n, table.{table})")
    n = Choice((Between(Fraction(low), Fraction(high)),), frozenset({"n"}))
    result = Evaluator(place, values={"n": n}).value(tree)
    assert isinstance(result, Choice)
    return result


def test_a_number_within_bounds_gives_every_row_it_may_lie_in() -> None:
    assert bounds(banded("3", "9", "closed")) == bounds(certain(banded("3", "9", "closed").options[0]))
    low, high = bounds(banded("9", "12", "closed"))
    assert (low.amount, high.amount) == (1, 2)
    assert banded("5", "25", "gap").missing == {"n", "hole:table.gap"}
    assert banded("5", "10", "gap").value == 1


@pytest.mark.parametrize(
    ("x", "rates", "capped"),
    [("0", 0, 0), ("1", 1, 1), ("2", 2, 2), ("2.5", 7, 7), ("5", 32, 32), ("6", 132, 32), ("5.5", 82, 32)],
)
def test_each_part_is_charged_at_its_own_row(x: str, rates: int, capped: int) -> None:
    assert figure(f"tier({x}, table.rates)", text=CLOSED) == (f"CNY {rates}.00" if rates else "0")
    assert figure(f"tier({x}, table.capped)", text=CLOSED) == (f"CNY {capped}.00" if capped else "0")


def test_a_tier_with_a_hole_is_unknown_beyond_it() -> None:
    assert figure("tier(10, table.gap)", text=CLOSED) == "10"
    assert figure("tier(12, table.gap)", text=CLOSED) == "? hole:table.gap"


@given(st.fractions(min_value=0, max_value=12), st.fractions(min_value=0, max_value=12))
@settings(max_examples=60, deadline=None)
def test_more_never_costs_less(first: Fraction, second: Fraction) -> None:
    low, high = sorted((first, second))
    place, tree = world(CLOSED), parse_expression("tier(n, table.rates)")
    costs = [Evaluator(place, values={"n": certain(n)}).value(tree).value for n in (low, high)]  # type: ignore[union-attr]
    amounts = [getattr(cost, "amount", cost) for cost in costs]
    assert amounts[0] <= amounts[1]
    assert amounts[1] - amounts[0] <= 100 * (high - low)
    both = Evaluator(place, values={"n": Choice((Between(low, high),), frozenset({"n"}))}).value(tree)
    assert [getattr(end, "amount", end) for end in bounds(both)] == amounts


@pytest.mark.parametrize(
    ("x", "up", "down", "exact"),
    [("13", "2", "1", "1.857142…"), ("14", "2", "2", "2"), ("15", "3", "2", "2.142857…"), ("0", "0", "0", "0")],
)
def test_begun_full_and_exact_units(x: str, up: str, down: str, exact: str) -> None:
    assert [figure(f"steps({x}, 7, {mode})") for mode in ("up", "down", "exact")] == [up, down, exact]
    assert figure(f"steps({x} days, 1 weeks)") == up


def test_a_unit_of_nothing_has_no_number_of_steps() -> None:
    assert figure("steps(3, 1 - 1)") == "? steps(3, 1 - 1)"


def test_an_unknown_number_names_its_fact() -> None:
    found = figure("steps(t.number, 7) * CNY 5", item("ticket", "t1"), bound="tickets as t")
    assert found == "? ticket:t1.number"

"""Every well-typed expression has a value, or is unknown and says why; and every value can be explained."""

from __future__ import annotations

from fractions import Fraction
from operator import eq, ge, gt, le, lt, ne

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.definition.environment import build_environment
from engine.language.check import Checker
from engine.language.errors import ExpressionError
from engine.language.evaluator import Evaluator
from engine.language.parser import parse_bindings, parse_expression
from engine.language.spans import Span
from engine.language.values import (
    TRUE,
    Between,
    Choice,
    between,
    compare_values,
    conjunction,
    disjunction,
    negation,
    unsure,
)
from engine.messages import render
from tests.engine.amounts import figure_of, interval, item, world

TABLES = """
[table.minutes]
title = "Minutes"
covers = "(5 minutes, )"
rows = [{ range = "(5 minutes, 15 minutes)", value = "1" }, { range = "(15 minutes, )", value = "x / 1 minutes" }]
[table.rates]
title = "Rates"
rows = [{ range = "[0, 2]", value = "1%" }, { range = "(2, 4]", value = "2%" }]
[reading.part]
clause = "1"
title = "Part"
options = [{ key = "half", value = "50%" }, { key = "none", value = "0" }, { key = "third", value = "1 / 3" }]
[reading.base]
clause = "1"
title = "Base"
for = "systems as s"
options = [{ key = "all", value = "contract.total" }, { key = "own", value = "s.fee" }]
[measure.wait]
title = "Wait"
for = "tickets as t"
value = "t.closed - t.opened"
"""
FACTS = (
    item("ticket", "a", "2025-08-31", cause='"disk"', fee='"CNY 10"', number="-2", passed="true",
         opened="2025-08-31T10:00:00+08:00", closed="2025-08-31T10:10:00+08:00")
    + item("ticket", "b", "2025-09-30", fee='"CNY 0"', number="0", opened="2025-09-30T10:00:00+08:00")
    + item("ticket", "c", "", cause='"net"', anything='"text"')
    + item("incident", "i1", "2025-09-03", systems='["s1", "s2"]')
    + interval("outage", "2025-09-03T10:00:00+08:00", "2025-09-03T10:15:00+08:00", 'incident="i1", system="s1"')
    + interval("outage", "2025-09-04T10:00:00+08:00", "", 'incident="i1", system="s2"', "provider_fault = true")
    + interval("exclusion", "2025-09-03T10:05:00+08:00", "2025-09-05")
    + figure_of("availability", "2025-08", '"98%"', 'system = "s1"')
)  # fmt: skip
ATOMS = {
    "count": ["0", "3", "t.number", "m.days", "n", "ordinal(tickets, cause)",
              "streak(availability[system == s], month)",
              "days(event.signed, event.invoice)", "months(t.at, event.claim_made, up)", "band(C, table.minutes)",
              "count(tickets[cause == 'disk'] over m)", "t.anything"],
    "ratio": ["5%", "reading.part", "mean(availability[system == s] over m)", "tier(N, table.rates)", "C / C", "$ / $"],
    "money": ["CNY 0", "contract.total", "t.fee", "reading.base(s)", "sum(tickets[passed == true].fee)",
              "max(tickets.fee over term.service)", "sum(tickets.fee over any 40 days)"],
    "clock": ["10 minutes", "t.closed - t.opened", "measure.wait(t)", "|m|", "longest(outages - exclusions over m)",
              "|outages[length >= 20 minutes] over any 3 hours|", "mean(measure.wait over m)",
              "|outages over rolling 3 days at t.at|"],
    "bool": ["true", "t.passed", "t.cause == 'disk'", "s in i.systems", "t.at in m", "happened(event.invoice)",
             "t.anything == 3", "count(systems[s == id]) > 0"],
}  # fmt: skip
GROWN = {
    "count": [
        "N + N",
        "N - N",
        "N * N",
        "-N",
        "abs(N)",
        "steps(N, N, down)",
        "min(N, N)",
        "max(N, N, 1)",
        "round(N)",
        "power(N, N)",
        "if(B, N, N)",
        "steps(C, 1 hours)",
    ],
    "ratio": ["N / N", "R * N", "$ / $", "C / C", "if(B, R, R)", "round(R, 2)", "R * R"],
    "money": [
        "$ + $",
        "$ - $",
        "$ * R",
        "$ / N",
        "min($, $)",
        "max(CNY 0, $)",
        "if(B, $, $)",
        "round($)",
        "abs($)",
        "round($, CNY 3, up)",
    ],
    "clock": ["C + C", "C - C", "C * N", "C / N", "max(C, C)", "if(B, C, C)", "round(C, 1 minutes, down)"],
    "bool": ["N < N", "$ >= $", "C == C", "R != R", "B and B", "B or B", "not B"],
}
KINDS = {"N": "count", "R": "ratio", "$": "money", "C": "clock", "B": "bool"}


@st.composite
def expressions(draw: st.DrawFn, kind: str = "", depth: int = 2) -> str:
    kind = kind or draw(st.sampled_from(sorted(ATOMS)))
    pattern = draw(st.sampled_from(GROWN[kind] if depth and draw(st.booleans()) else ATOMS[kind]))
    text = ""
    for index, char in enumerate(pattern):
        inside = pattern[index - 1 : index].isalpha() or pattern[index + 1 : index + 2].isalpha()
        if char in KINDS and not inside:
            text += f"({draw(expressions(KINDS[char], max(depth - 1, 0)))})"
        else:
            text += char
    return text


PLACE = world(TABLES, FACTS, "2025-10-01")
ENVIRONMENT = build_environment(PLACE.definition, ["CN"])
VARIABLES = "tickets as t, each(month of term.service) as m, incidents as i, systems as s"
BINDINGS = parse_bindings(VARIABLES)
INSTANCES = {tuple(each.key.values()): each.variables for each in PLACE.bound(BINDINGS)}


@given(expressions(), st.sampled_from(["a", "b", "c"]), st.sampled_from(["2025-08", "2025-10", "2026-03"]))
@settings(max_examples=350, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_well_typed_is_known_or_says_what_is_missing(text: str, ticket: str, month: str) -> None:
    variables = INSTANCES[ticket, month, "i1", "s1"]
    tree = parse_expression(text)
    checker = Checker(ENVIRONMENT, "CNY", mode="amount")
    checker.bind(BINDINGS)
    checker.variables["n"] = checker.check(parse_expression("1"))
    try:
        checker.check(tree)
    except ExpressionError:
        return
    n = Choice((Between(Fraction(-1), Fraction(7)),), frozenset({"n"}))
    evaluator = Evaluator(PLACE, variables, values={"n": n})
    result = evaluator.value(tree)
    if isinstance(result, Choice) and not (result.is_certain and not isinstance(result.value, Span)):
        assert result.missing, text
    steps = evaluator.explain(tree)
    assert steps == evaluator.explain(tree)
    for top in steps:
        for _depth, each in top.walk():
            assert render(each)


OPERATORS = {"<": lt, "<=": le, ">": gt, ">=": ge, "==": eq, "!=": ne}
TRUTHS = [TRUE, Choice((False,)), unsure({"x"})]


@pytest.mark.parametrize("one", TRUTHS)
@pytest.mark.parametrize("other", TRUTHS)
def test_and_or_not_are_those_of_three_values(one: Choice, other: Choice) -> None:
    every = [(a, b) for a in one.options for b in other.options]
    for combined, plain in ((conjunction([one, other]), all), (disjunction([one, other]), any)):
        outcomes = {plain(pair) for pair in every}
        assert combined.value == (outcomes.pop() if len(outcomes) == 1 else None)
        assert combined.is_certain or combined.missing == {"x"}
    assert negation(negation(one)).options == one.options


@given(st.tuples(*[st.integers(-4, 4)] * 4), st.sampled_from(sorted(OPERATORS)))
@settings(max_examples=150, deadline=None)
def test_a_comparison_is_decided_if_it_is_so_throughout(ends: tuple[int, ...], op: str) -> None:
    low, high = sorted(ends[:2])
    other_low, other_high = sorted(ends[2:])
    left = between(Fraction(low), Fraction(high), {"x"})
    right = between(Fraction(other_low), Fraction(other_high), {"y"})
    compare = OPERATORS[op]
    outcomes = {compare(a, b) for a in range(low, high + 1) for b in range(other_low, other_high + 1)}
    assert compare_values(op, left, right).options == (tuple(outcomes) if len(outcomes) == 1 else (True, False))

"""The language as text: what is printed is read back as the same tree, and errors say where."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.language import ExpressionError, parse_bindings, parse_deadline, parse_expression, parse_range
from engine.language import syntax as s

NAMES = st.sampled_from(["a", "g", "outages", "months_left", "甲方"])
NUMBERS = st.decimals("0", "99999", places=2)
ATOMS = st.one_of(
    st.builds(s.Number, NUMBERS),
    st.builds(s.Percent, NUMBERS),
    st.builds(s.MoneyAmount, st.sampled_from(["CNY", "USD"]), NUMBERS),
    st.builds(s.Text, st.sampled_from(["total", "per day", "it's", ""])),
    st.builds(s.Flag, st.booleans()),
    st.builds(s.Nothing),
    st.builds(s.OnDate, st.dates(date(1900, 1, 1), date(2999, 1, 1))),
    st.builds(s.Quantity, st.integers(0, 400).map(Decimal), st.sampled_from(list(s.UNITS))),
    st.builds(lambda n: s.Quantity(Decimal(n), "workdays", "CN"), st.integers(0, 400)),
    st.builds(s.Var, NAMES),
    st.builds(s.Ref, st.sampled_from(["event", "duty", "term", "reading"]), NAMES),
    st.builds(s.Each, st.sampled_from(["month", "week"]), st.builds(s.Ref, st.just("term"), NAMES), st.booleans()),
)


def _deeper(inner: st.SearchStrategy[s.Expr]) -> st.SearchStrategy[s.Expr]:
    pairs = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(s.Binary, st.sampled_from(list("+-*/")), inner, inner),
        st.builds(s.Compare, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner, inner),
        st.builds(s.Member, inner, inner),
        st.builds(s.Negate, inner),
        st.builds(s.Not, inner),
        st.builds(s.And, pairs),
        st.builds(s.Or, pairs),
        st.builds(s.Call, NAMES, pairs),
        st.builds(s.Field, inner.filter(lambda e: not isinstance(e, s.Number)), st.sampled_from(["at", "expires"])),
        st.builds(s.Index, inner, pairs),
        st.builds(s.Measure, st.builds(s.Over, st.builds(s.Var, NAMES), st.builds(s.Var, NAMES))),
        st.builds(s.Measure, inner),
        st.builds(lambda f, g, n, d: s.Call(f, (s.Over(g, s.Rolling(n, d)),)), NAMES, inner, inner, inner),
        st.builds(lambda f, g, n: s.Call(f, (s.Over(g, s.Sliding(n)),)), NAMES, inner, inner),
    )


def _flat(tree: s.Expr) -> bool:
    """`a and (b and c)` prints without brackets and is read as one list, so it is not a tree of the parser."""
    for node in tree.walk():
        for kind in (s.And, s.Or):
            if isinstance(node, kind) and any(isinstance(part, kind) for part in node.parts):
                return False
    return True


@pytest.mark.property
@given(st.recursive(ATOMS, _deeper, max_leaves=12).filter(_flat))
def test_what_is_printed_is_read_back(tree: s.Expr) -> None:
    assert parse_expression(str(tree)) == tree


@pytest.mark.parametrize(
    "text",
    [
        "latest(end(term.service), event.acceptance_signed) + 90 workdays",
        "if(reading.late_fee_cap == 'total', min(b.days * 5% * contract.total, CNY 242264.18), b.days * 5%)",
        "i.provider_fault and longest(outages[incident == i, system == s]) >= 2 hours",
        "reading.fee_base(s) / reading.service_months * 30%",
        "1 - |outages - exclusions over m| / |m|",
        "count(incidents[at >= d] over rolling 3 months at d) > 3 or sum(fines over any 24 hours) > CNY 5",
        "each(month of term.service whole)",
        "instalment.1.amount + line.r01.amount",
        "due(duty.report[p]) + 2 workdays(NYC)",
        "pause(event.a + 5 days, holds[reason == 'fiscal'])",
        "band(measure.mean(m, s), table.t) == 'upper' and s in systems",
    ],
)
def test_the_languages_own_examples_are_read_and_printed(text: str) -> None:
    assert str(parse_deadline(text)) == text


def test_bindings_and_ranges() -> None:
    assert [str(b) for b in parse_bindings("incidents as i, i.systems as s")] == ["incidents as i", "i.systems as s"]
    row = parse_range("(15 minutes, 30 minutes]")
    assert (row.low_closed, row.high_closed, str(row)) == (False, True, "(15 minutes, 30 minutes]")
    assert parse_range("[2 hours, )").high is None


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("event.x +", "unfinished_expression", 10),
        ("latest(event.x", "unfinished_expression", 15),
        ("event.x + 3 fortnights", "unknown_unit", 13),
        ("event.x + 3 day s", "unexpected_text", 17),
        ("on 2025-02-30", "bad_date", 1),
        ("on 2025-06-01T10:00:00", "naive_instant", 1),
        ("x $ y", "unexpected_text", 3),
        ("event.x + 1.5 days", "broken_unit", 11),
        ("event.x + 5 days(CN)", "calendar_without_workdays", 11),
        ("each(fortnight of term.t)", "unknown_period", 1),
        ("duty.d[]", "empty_filter", 1),
        ("3(4)", "not_a_function", 1),
        ("(" * 90 + "1" + ")" * 90, "too_complex", 1),
        ("not " * 300 + "true", "too_complex", 1),
        ("1 + " * 2000 + "1", "too_complex", 1),
        ("1 + " * 900 + "1", "too_complex", 1),
        ("x" + ".a" * 900, "too_complex", 1),
        ("", "unfinished_expression", 1),
    ],
)
def test_errors_name_the_place(text: str, code: str, column: int) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_expression(text)
    assert (refused.value.code, refused.value.column) == (code, column)


@pytest.mark.parametrize(("text", "code"), [("a as event", "reserved_name"), ("a as x, b as x", "duplicate_variable")])
def test_variables_need_names_of_their_own(text: str, code: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse_bindings(text)
    assert refused.value.code == code

"""What does not fit does not load."""

from __future__ import annotations

import pytest

from engine.definition import DefinitionRefused
from tests.engine.amounts import contract, figure

TABLES = """
[table.minutes]
rows = [{ range = "[0 minutes, 15 minutes)", value = "'low'" }, { range = "[15 minutes, )", value = "'high'" }]
[table.rates]
rows = [{ range = "[0, 2]", value = "1%" }]
"""


def refused(expression: str, bound: str = "") -> list[str]:
    """The codes of the errors that keep a measure of this value from loading."""
    clause = f'for = "{bound}"\n' if bound else ""
    with pytest.raises(DefinitionRefused) as refusal:
        contract(f'{TABLES}[measure.probe]\n{clause}value = "{expression}"\n')
    return [problem.code for problem in refusal.value.problems if problem.level == "error"]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("CNY 1 + USD 1", "two_currencies"),
        ("CNY 1 < USD 1", "two_currencies"),
        ("max(CNY 1, USD 1)", "two_currencies"),
        ("CNY 1 * (CNY 7 / USD 1)", "two_currencies"),
        ("USD 1 / (CNY 7 / USD 1)", "two_currencies"),
        ("CNY 1 + 1", "ill_typed"),
        ("CNY 1 * CNY 1", "ill_typed"),
        ("CNY 1 + 3 points", "ill_typed"),
        ("3 points < CNY 1", "ill_typed"),
        ("1 / CNY 1", "ill_typed"),
        ("1 hours < 1 days", "clock_and_calendar"),
        ("1 hours + 1 days", "clock_and_calendar"),
        ("steps(1 hours, 1 days, up)", "clock_and_calendar"),
        ("1 months < 30 days", "mixed_units"),
        ("1 months / 30 days", "mixed_units"),
        ("1 months * 0.5", "broken_unit"),
        ("3 workdays * 50%", "broken_unit"),
        ("7 days / 2", "broken_unit"),
        ("if(1, CNY 1, CNY 2)", "ill_typed"),
        ("if(true, CNY 1, 2)", "ill_typed"),
        ("true and 1", "ill_typed"),
        ("not CNY 1", "ill_typed"),
        ("true < false", "ill_typed"),
        ("'a' < 'b'", "ill_typed"),
        ("sum(tickets.cause)", "ill_typed"),
        ("sum(tickets.passed)", "ill_typed"),
        ("mean(contract.total)", "ill_typed"),
        ("sum(tickets.fees)", "unknown_name"),
        ("longest(tickets)", "ill_typed"),
        ("|tickets|", "ill_typed"),
        ("count(tickets over tickets)", "ill_typed"),
        ("count(tickets[fee > 3])", "ill_typed"),
        ("band(3, table.minutes)", "ill_typed"),
        ("band(3 minutes, table.none)", "unknown_name"),
        ("tier(3 minutes, table.minutes)", "ill_typed"),
        ("steps(3, 1, sideways)", "wrong_arguments"),
        ("steps(3)", "wrong_arguments"),
        ("round(contract.total, 2, 3)", "wrong_arguments"),
        ("round(3 minutes)", "wrong_arguments"),
        ("streak(tickets, fortnight)", "wrong_arguments"),
        ("ordinal(tickets, colour)", "unknown_name"),
        ("assessed(measure.probe)", "wrong_arguments"),
        ("power(CNY 2, 3)", "ill_typed"),
        ("contract.totl", "unknown_name"),
        ("median(tickets.fee)", "unknown_function"),
    ],
)
def test_an_expression_that_does_not_fit_is_refused(expression: str, code: str) -> None:
    assert code in refused(expression)


def test_a_measure_takes_the_arguments_of_its_for() -> None:
    text = '[measure.m]\nfor = "systems as s"\nvalue = "1"\n[measure.probe]\nvalue = "measure.m(tickets)"\n'
    with pytest.raises(DefinitionRefused):
        contract(text)
    with pytest.raises(DefinitionRefused) as refusal:
        contract('[measure.m]\nvalue = "1"\n[measure.p]\nvalue = "measure.m(system.s1)"\n')
    assert [problem.code for problem in refusal.value.problems if problem.level == "error"] == ["wrong_arguments"]


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("2 months * 0.5", "1 month"),
        ("6 days / 2", "3 days"),
        ("12 months / 1 years", "1"),
        ("14 days < 3 weeks", "true"),
        ("90 minutes == 1.5 hours", "true"),
        ("USD 10 * (CNY 7.10 / USD 1) + CNY 1", "CNY 72.00"),
        ("3 points * 2 + 1 points", "7 points"),
    ],
)
def test_what_fits_is_worked_out(expression: str, shown: str) -> None:
    assert figure(expression) == shown


def test_a_part_of_a_month_worked_out_from_a_reading_is_no_length_of_time() -> None:
    text = '[reading.part]\nclause = "1"\noptions = [{ key = "a", value = "0.5" }]\n'
    assert figure("1 months * reading.part", text=text) == "? reading.part"
    assert figure("2 months * reading.part", text=text, part="a") == "1 month"
    assert figure("1 months * reading.part", text=text, part="a") == "? 1 month * reading.part"

"""The same thing said in the words other people use for it."""

from __future__ import annotations

import tomllib

import pytest

from engine.definition import DefinitionRefused, parse_definition
from engine.definition.tables import plural_of
from engine.language import ExpressionError, parse_expression, parse_range
from engine.language.day_count import convention_named
from tests.engine.amounts import figure
from tests.engine.support import definition, due, run

LOAD = """
[series.load]
key = { system = "system" }
unit = "kWh"
[series.price]
period = "year"
unit = "CNY"
"""


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("(10, ∞)", "(10, )"),
        ("(-∞, 10]", "(, 10]"),
        ("[10, inf)", "[10, )"),
        (">= 30 minutes", "[30 minutes, )"),
        ("> 30 minutes", "(30 minutes, )"),
        ("<= 5%", "(, 5%]"),
        ("< 5%", "(, 5%)"),
        ("7", "[7, 7]"),
    ],
)
def test_a_range_may_be_a_comparison_or_name_its_open_end(written: str, same: str) -> None:
    assert parse_range(written) == parse_range(same)


def test_half_a_range_is_refused() -> None:
    with pytest.raises(ExpressionError):
        parse_range(">=")


def test_whole_periods_on_either_side() -> None:
    first = parse_expression("each(whole month of term.t)")
    assert first == parse_expression("each(month of term.t whole)") != parse_expression("each(month of term.t)")


@pytest.mark.parametrize(
    ("written", "name"),
    [("'ACT/365'", "act_365"), ("act_360", "act_360"), ("'30E/360'", "thirty_360"), ("'Actual/Actual'", "act_act")],
)
def test_a_day_count_by_its_usual_name(written: str, name: str) -> None:
    assert convention_named(written) == name


def test_an_american_30_360_is_not_taken_for_the_european_one() -> None:
    with pytest.raises(DefinitionRefused, match="year_fraction"):
        definition("[measure.m]\nvalue = \"year_fraction(on 2026-01-01, on 2026-02-01, '30/360')\"\n")


@pytest.mark.parametrize(
    ("name", "plural"),
    [("outage", "outages"), ("delivery", "deliveries"), ("day", "days"), ("breach", "breaches"), ("y", "ys")],
)
def test_the_plural_nobody_stated(name: str, plural: str) -> None:
    assert plural_of(name) == plural


def test_a_spell_without_a_plural_goes_by_its_name() -> None:
    text = '[interval.downtime]\n[interval.planned]\nplural = "planned_works"\n[measure.m]\nvalue = "|downtime|"\n'
    assert "downtime" in definition(text).intervals
    with pytest.raises(DefinitionRefused):
        definition(text + '[measure.n]\nvalue = "|planned|"\n')


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("load[period == '2025-07', system == system.s1] * 2", "1800"),
        ("load('2025-07', system.s1) - 1", "899"),
        ("series.load('2025-07', 's1') + 1", "901"),
        ("load['2025-07', 's1'] * price('2025')", "CNY 765.00"),
        ("max(load('2025-07', 's1'), 1000)", "1000"),
        ("if(load('2025-07', 's1') < 900, 1, 2)", "2"),
        # of two systems nobody said which; of a month without a figure nobody knows
        ("load('2025-07') * 2", "?"),
        ("load('2025-08', 's1') * 2", "?"),
        ("sum(load[period == '2025-07'])", "1700"),
    ],
)
def test_a_figure_where_a_number_is_needed_is_the_one_there_is(expression: str, shown: str) -> None:
    facts = "".join(
        f'[[series]]\nname = "load"\nperiod = "2025-07"\nkey = {{ system = "{system}" }}\nvalue = {value}\n'
        for system, value in (("s1", 900), ("s2", 800))
    )
    facts += '[[series]]\nname = "price"\nperiod = "2025"\nvalue = "CNY 0.85"\n'
    assert figure(expression, facts, text=LOAD).startswith(shown)


def test_a_set_is_no_number_and_the_remedy_says_so() -> None:
    with pytest.raises(DefinitionRefused) as refusal:
        definition('[item.ticket]\n[measure.m]\nvalue = "tickets * 2"\n')
    assert [problem.code for problem in refusal.value.problems if problem.level == "error"] == ["set_for_number"]
    assert "only(" in refusal.value.problems[-1].remedy


def sketch(contract: str, text: str = "") -> dict[str, object]:
    """The data of a definition with nothing but these."""
    return tomllib.loads(f"[contract]\n{contract}\n{text}")


def test_the_contract_states_its_own_dates_and_figures() -> None:
    data = sketch(
        'id = "X-1"\nsigned = 2026-01-05\ntotal = "EUR 100"\nfloor = "EUR 40"\nallowed = "3 months"\nshare = "5%"',
        '[duty.a]\ndue = "contract.signed + contract.allowed"\n[duty.b]\ndue = "event.signed + 1 calendar_day"\n'
        '[rule.r]\namount = "max(contract.floor, contract.share * contract.total)"\nowes = "vendor"\nto = "buyer"\n'
        '[pool.p]\nof = "r"\n',
    )
    found = parse_definition(data)
    assert (found.contract.number, found.contract.currency) == ("X-1", "EUR")
    result = run(found, "2026-04-06", "")
    assert [row.to_json()["value"] for row in result.deadlines] == ["2026-04-07", "2026-01-06"]
    assert str(result.assessments[0].amount.low) == "40.00"  # type: ignore[union-attr]
    assert result.assessments[0].debtor == "vendor"


def test_a_price_in_another_currency_than_the_contract_s_is_refused() -> None:
    with pytest.raises(DefinitionRefused, match="EUR"):
        parse_definition(sketch('number = "X"\ncurrency = "CNY"\ntotal = "EUR 100"'))


def test_a_party_called_by_its_role_is_the_party_that_has_it() -> None:
    text = '[party.owner]\nrole = "buyer"\n[party.builder]\nrole = "vendor"\n'
    duty = '[duty.d]\ndue = 2026-01-01\nobligor = "vendor"\nobligee = ["owner"]\n'
    found = parse_definition(sketch('number = "X"', text + duty))
    assert (found.duties["d"].obligor, found.duties["d"].obligee) == (("builder",), ("owner",))
    assert found.parties["owner"].name == "owner"
    with pytest.raises(DefinitionRefused, match="nobody"):
        parse_definition(sketch('number = "X"', text + duty.replace('"vendor"', '"nobody"')))


def test_options_by_their_keys() -> None:
    text = '[reading.r]\nclause = "1"\ndefault = "b"\n'
    text += '[reading.r.options]\na = { value = "1 day" }\nb = { value = "3 days" }\n'
    assert due("on 2026-01-05 + reading.r", text=text) == "2026-01-08"


def test_a_release_on_a_day() -> None:
    text = '[security.s]\namount = "100"\nreleases = [{ share = "50%", at = "on 2025-10-01" }]\n'
    found = [str(run(definition(text), day, "").securities[0].released) for day in ("2025-09-30", "2025-10-01")]
    assert found == ["0.00", "50.00"]


def test_the_length_of_a_window_is_measured() -> None:
    assert figure("|window(on 2025-09-01, on 2025-09-30)|") == "720 hours"


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("event.signed = event.effective", "=="),
        ("3 => 2", ">="),
        ("3 =< 2", "<="),
        ("true && false", "and"),
        ("CNY 1,000.00", "CNY 1000.00"),
        ("5 workdays after event.signed", "event.x + 5 workdays"),
        ("each month of term.service", "each(month of term.x)"),
        ("event.signed + 1 fortnight", "2 weeks"),
        ("max(1,,2)", ""),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(expression: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        parse_expression(expression)
    assert refusal.value.params.get("suggestion", "") == hint


@pytest.mark.parametrize(("written", "unit"), [("business_days", "workdays"), ("natural_day", "calendar_days")])
def test_a_unit_by_its_other_name(written: str, unit: str) -> None:
    assert parse_expression(f"event.signed + 5 {written}") == parse_expression(f"event.signed + 5 {unit}")


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("|term.service - holds|", "8757 hours"),
        ("|window(on 2025-09-01, on 2025-09-30) - holds|", "717 hours"),
        # a hold outside the window takes nothing out of it
        ("|window(on 2025-10-01, on 2025-10-31) - holds|", "744 hours"),
        ("1 - |holds over term.service| / |term.service - holds[reason == 'x']|", "0.999657…"),
    ],
)
def test_a_window_less_what_is_taken_out_of_it(expression: str, shown: str) -> None:
    start, end = "2025-09-11T01:00:00+08:00", "2025-09-11T04:00:00+08:00"
    facts = f'[[interval]]\nname = "hold"\nstart = {start}\nend = {end}\nkey = {{ reason = "x" }}\n'
    assert figure(expression, facts) == shown


def test_a_month_less_intervals_and_nothing_less_a_number() -> None:
    text = '[measure.m]\nfor = "each(month of term.service) as m"\nvalue = "|m - holds|"\n'
    assert "m" in definition(text).measures
    with pytest.raises(DefinitionRefused):
        definition(text.replace("|m - holds|", "|m - 3|"))

"""Broken definitions are refused: each kind of damage with its code, table and remedy."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from engine.definition import DefinitionRefused, parse_definition
from engine.dependencies import affected_by, dependency_map
from engine.derivation import Step
from engine.evaluation import evaluate
from engine.messages import MESSAGES, render
from engine.problems import PROBLEMS
from tests.engine.support import BASE, CALENDARS, definition, due, event, run, store

DUTY = '[duty.d]\nclause = "1"\n'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (DUTY + 'due = "event.sgined + 3 days"\n', "unknown_name"),
        (DUTY + 'due = "event.signed + 3 dyas"\n', "unknown_unit"),
        (DUTY + 'due = "on 2025-02-30"\n', "bad_date"),
        (DUTY + 'due = "event.signed + 3 workdays(MARS)"\n', "unknown_calendar"),
        (DUTY + 'due = "event.signed + true"\n', "ill_typed"),
        (DUTY + 'due = "true + 3 days"\n', "ill_typed"),
        (DUTY + 'due = "5 days"\n', "ill_typed"),
        (DUTY + 'due = "contract.total"\n', "ill_typed"),
        (DUTY + 'due = "on 2025-06-01 + 15 minutes"\n', "needs_instant"),
        (DUTY + 'due = "event.signed + 1 days + 15 minutes"\n', "needs_instant"),
        (DUTY + 'due = "if(2 hours > 2 days, on 2025-06-01, none)"\n', "clock_and_calendar"),
        (DUTY + 'due = "if(CNY 5 > USD 5, on 2025-06-01, none)"\n', "two_currencies"),
        (DUTY + 'due = "if(reading.open == \'shrt\', on 2025-06-01, none)"\n', "unknown_option"),
        (DUTY + 'due = "if(longest(holds) > 2 hours, on 2025-06-01, none)"\n', "not_in_deadline"),
        (DUTY + 'due = "lastest(event.signed, event.invoice)"\n', "unknown_function"),
        (DUTY + 'due = "max(event.signed, event.invoice)"\n', "wrong_arguments"),
        (DUTY + 'due = "snap(event.signed, middle, month)"\n', "wrong_arguments"),
        (DUTY + 'due = "event.signed +"\n', "unfinished_expression"),
        (DUTY + 'due = "due(duty.d)"\n', "cycle"),
        (DUTY + 'due = "due(duty.e)"\n[duty.e]\nclause = "1"\ndue = "due(duty.d) + 1 days"\n', "cycle"),
        (DUTY + 'due = "none"\n', "missing_reason"),
        (DUTY + 'due = "event.signed"\nfor = "guarantes as g"\n', "unknown_name"),
        (DUTY + 'due = "g.expire"\nfor = "guarantees as g"\n', "unknown_name"),
        (DUTY + 'due = "g.expires"\nfor = "guarantees as g"\n[duty.e]\ndue = "due(duty.d)"\n', "needs_key"),
        (DUTY + 'due = "event.signed"\ngate = "event.invoice"\n', "ill_typed"),
        (DUTY + 'due = "event.signed"\nobligor = ["byer"]\n', "unknown_name"),
        (DUTY + 'due = "event.signed"\ndoen = "event.invoice"\n', "unknown_field"),
        (DUTY + 'due = 90.5\n', "float_value"),
        (DUTY + 'due = "event.signed"\nkind = "binding"\n', "wrong_value"),
        (DUTY, "missing_field"),
        ('[dutty.d]\nclause = "1"\n', "unknown_table"),
        ('[reading.r]\nclause = "1"\ndefault = "c"\noptions = [{ key = "a" }, { key = "b" }]\n', "bad_default"),
        ('[reading.r]\nclause = "1"\ndefault = "a"\noptions = [{ key = "a" }, { key = "a" }]\n', "duplicate_name"),
        ('[item.thing]\nplural = "holds"\n', "duplicate_name"),
        ('[item.thing]\nattributes = { size = "metres" }\n', "unknown_name"),
        ('[line.a]\nunit_price = "cheap"\n', "wrong_value"),
        ('[line.a]\nunit_price = 1.5\n', "float_value"),
        ('[calendar.X]\nrest = ["2025-02-30"]\n', "bad_date"),
        ('[calendar.X]\nrest = [2025-01-01]\nwork = [2025-01-01]\n', "bad_calendar"),
        ('[calendar.X]\nzone = "Mars/Olympus"\n', "unknown_zone"),
        ('[event.e]\nat = "2025-06-31"\n', "bad_date"),
        ('[event.e]\nat = 2025-06-30T10:00:00\n', "naive_instant"),
        ('[term.t]\nstart = 2025-07-01\nend = "start(term.t) + CNY 5"\n', "ill_typed"),
        ('[term.t]\nstart = "end(term.t)"\nend = "start(term.t)"\n', "cycle"),
        ('[rule.r]\nclause = "1"\nfor = "guarantees as g"\namount = "g.amount + g.expires"\n', "ill_typed"),
        ('[rule.r]\nclause = "1"\nwhen = "surprising"\n', "unknown_name"),
        ('[pool.p]\nover = ["nothing"]\n', "unknown_name"),
        ('[measure.m]\nvalue = "band()"\n', "wrong_arguments"),
        ('[security.s]\nclause = "8"\nrisks = 5\n', "wrong_value"),
        ('[security.s]\nclause = "8"\nforms = [1]\n', "wrong_value"),
        ('[table.t]\nrows = [{ range = "(1 minutes", value = "1" }]\n', "unfinished_expression"),
    ],
)  # fmt: skip
def test_damage_is_refused_with_a_located_message(text: str, code: str) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        definition(text)
    problems = [problem for problem in refused.value.problems if problem.level == "error"]
    assert code in [problem.code for problem in problems]
    for problem in problems:
        assert problem.table and problem.text and problem.remedy and "{" not in problem.text + problem.remedy


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    data = tomllib.loads(BASE + DUTY + 'due = "event.sgined + 3 days"\n')
    with pytest.raises(DefinitionRefused) as refused:
        parse_definition(data, {"duty.d": "duties.toml", "contract": "contract.toml"})
    (problem,) = refused.value.problems
    assert (problem.file, problem.table, problem.clause) == ("duties.toml", "duty.d", "1")
    assert problem.remedy.startswith("Did you mean signed?")
    assert "character 1:" in problem.text


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('zone = "Asia/Shanghai"', 'zone = "Asia/Shangai"', "unknown_zone"),
        ('number = "T-1"', "", "missing_field"),
        ('[contract]\nnumber = "T-1"\n', "", "missing_table"),
        ("format = 1", "format = 2", "unknown_format"),
        ('number = "T-1"', 'number = "T-1"\nprofile = "de"', "unknown_profile"),
        ('number = "T-1"', 'number = "T-1"\ncalendar = "CNN"', "unknown_calendar"),
        ('start_day = "reading.start_day"', 'start_day = "sometimes"', "bad_option"),
        ('start_day = "reading.start_day"', 'start_day = "reading.calendar"', "bad_option"),
        ('start_day = "reading.start_day"', 'start_day = "reading.start"', "unknown_name"),
    ],
)
def test_a_broken_frame_is_refused(old: str, new: str, code: str) -> None:
    base = BASE.replace('number = "T-1"\n', 'number = "T-1"\nzone = "Asia/Shanghai"\n') if "zone" in old else BASE
    with pytest.raises(DefinitionRefused) as refused:
        definition("", base.replace(old, new, 1))
    assert code in [problem.code for problem in refused.value.problems]


def test_a_definition_gives_its_data_back() -> None:
    contract = definition(d="event.signed + 3 days")
    assert parse_definition(contract.to_data()) == contract


def test_every_problem_and_message_can_be_rendered() -> None:
    for code, (text, remedy) in PROBLEMS.items():
        assert text and remedy, code
    for message in MESSAGES:
        assert render(Step(message))


def test_the_derivation_of_working_days_shows_every_day() -> None:
    result = run(definition(d="event.effective + 90 workdays"), "2025-06-30").deadline("d")
    (count,) = (step for step in result.derivation if step.message == "workdays_after")
    strip = count.params["marks"]
    assert isinstance(strip, list) and len(strip) == 132
    assert strip[0] == ["2025-06-26", "workday", "", 1]
    assert ["2025-10-01", "holiday", "National Day", 0] in strip
    assert ["2025-09-28", "makeup", "National Day", 68] in strip
    assert strip[-1] == ["2025-11-04", "workday", "", 90]
    assert [child.message for child in count.children] == ["start_day_not_counted"]
    assert Step.from_json(count.to_json()) == count


def test_the_reading_chosen_is_part_of_the_derivation() -> None:
    contract = definition(d="event.effective + 90 workdays")
    result = run(contract, "2025-06-30", readings={"calendar": "weekdays"}).deadline("d")
    chosen = {step.params["key"]: step.params["origin"] for step in result.derivation if step.message == "reading"}
    # working days are never rolled, so that reading does not bear on the date
    assert chosen == {"calendar": "chosen", "start_day": "default"}


def test_the_json_shape_is_exact_and_sorted() -> None:
    data = run(definition(b="on 2025-07-01", a="event.invoice"), "2025-06-30").to_json()
    assert list(data) == [
        "format", "contract", "as_of", "known_on", "deadlines", "measures", "assessments", "pools", "rights",
        "instalments", "securities", "ignored", "health",
    ]  # fmt: skip
    assert [row["id"] for row in data["deadlines"]] == ["a", "b"]
    assert list(data["deadlines"][0]) == [
        "id", "key", "state", "value", "safe", "raw", "low", "high", "status", "missing", "reasons", "kind",
        "clause", "version", "derivation",
    ]  # fmt: skip


def test_only_the_duties_asked_for_are_answered() -> None:
    contract = definition(a="event.signed + 3 days", b="due(duty.a) + 2 workdays", c="on 2025-07-01")
    answer = evaluate(contract, store(), calendars=CALENDARS, as_of=date(2025, 7, 1), only=["b"], version="2")
    assert [(result.id, str(result.value), result.version) for result in answer.deadlines] == [("b", "2025-07-02", "2")]


def test_the_dependency_map_follows_duties_terms_and_sets_to_the_facts() -> None:
    contract = definition(
        '[duty.renewal]\nclause = "8"\nfor = "guarantees as g"\ndue = "g.expires - 15 workdays"\n',
        a="latest(end(term.service), event.acceptance_signed) + 90 workdays",
        b="pause(due(duty.a) + 3 days, holds)",
        c="if(reading.open == 'short', on 2025-07-01, none)",
    )
    needs = dependency_map(contract)
    assert {"event.acceptance_signed", "term.service", "calendar.CN", "reading.calendar"} <= needs["a"]
    assert {"duty.a", "event.acceptance_signed", "interval.hold"} <= needs["b"]
    assert "event.acceptance_signed" not in needs["c"] and "reading.open" in needs["c"]
    assert "item.guarantee" in needs["renewal"]
    assert affected_by(needs, ["event.acceptance_signed"]) == {"a", "b"}


def test_a_long_chain_of_duties_is_evaluated_in_order() -> None:
    # named so that the alphabet runs against the chain: only the order of need can evaluate it
    chain = {f"d{999 - n}": f"due(duty.d{1000 - n}) + 1 calendar_days" if n else "event.signed" for n in range(600)}
    answer = run(definition(**chain), "2025-06-25")
    assert str(answer.deadline("d400").value) == "2027-02-14"  # 599 days after 2025-06-25


def test_terms_may_be_computed_and_never_roll() -> None:
    text = '[term.secret]\nstart = "event.signed"\nend = "start(term.secret) + 3 years"\n'
    assert due("end(term.secret)", text=text) == "2028-06-25"  # a Sunday


def test_an_ended_contract_of_another_country_counts_its_own_way() -> None:
    base = (
        '[contract]\nnumber = "N-1"\nzone = "America/New_York"\nprofile = "none"\ncalendar = "NYC"\n'
        '[calendar.NYC]\nzone = "America/New_York"\nrest = [2025-07-04, 2025-11-27, 2025-12-25]\n'
        "[event.start]\n"
    )
    contract = definition("", base, w="event.start + 3 workdays", d="event.start + 3 days")
    answer = run(contract, "2025-12-31", event("start", "2025-07-02"), calendars={})
    assert str(answer.deadline("w").value) == "2025-07-08"  # 07-03, 07-07, 07-08
    assert str(answer.deadline("d").value) == "2025-07-05"  # a Saturday: no profile, no roll

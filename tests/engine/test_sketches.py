"""What a definition may leave out or add, and what it may not."""

from __future__ import annotations

import pytest

from engine.definition import DefinitionRefused
from tests.engine.support import definition, due, run


def codes(text: str) -> list[str]:
    """The warnings of a definition with this text."""
    return [problem.code for problem in definition(text).warnings]


def refused(text: str) -> list[str]:
    """The errors of a definition with this text."""
    with pytest.raises(DefinitionRefused) as refusal:
        definition(text)
    return [problem.code for problem in refusal.value.problems if problem.level == "error"]


def test_a_clause_may_wait_until_the_clauses_are_listed() -> None:
    assert codes("[duty.d]\ndue = 2025-10-01\n") == ["missing_clause"]
    assert refused('[clause."1"]\n[duty.d]\ndue = 2025-10-01\n') == ["missing_clause"]


def test_a_remark_is_allowed_and_a_misspelt_field_is_not() -> None:
    assert codes('[duty.d]\nclause = "1"\ndue = 2025-10-01\nhint = "x"\nnotes = "y"\n') == ["unknown_field"]
    assert refused('[duty.d]\nclause = "1"\ndue = 2025-10-01\ngat = "happened(event.signed)"\n') == ["unknown_field"]


def test_an_event_of_the_duty_s_name_performs_it_unless_the_duty_starts_from_it() -> None:
    text = '[event.d]\n[duty.d]\nclause = "1"\ndue = "{due}"\n'
    facts = '[[event]]\nname = "d"\nat = 2025-09-30\n'
    performed = run(definition(text.format(due="on 2025-10-01")), "2025-11-01", facts).deadline("d")
    started = run(definition(text.format(due="event.d + 1 calendar_day")), "2025-11-01", facts).deadline("d")
    assert (performed.status, started.status) == ("met", "late")


def test_an_event_with_a_key_performs_that_instance() -> None:
    text = '[duty.d]\nclause = "1"\nfor = "systems as s"\ndue = 2025-10-01\n'
    facts = '[[event]]\nname = "d"\nat = 2025-10-01\nkey = { s = "s1" }\n'
    result = run(definition(text), "2025-10-05", facts)
    assert (result.deadline("d", s="s1").status, result.deadline("d", s="s2").status) == ("met", "late")


def test_a_circle_through_a_gate_is_found() -> None:
    text = """
    [duty.a]
    clause = "1"
    for = "breaches(duty.b) as x"
    due = "x.due + 1 day"
    [duty.b]
    clause = "1"
    due = 2025-10-01
    gate = "count(breaches(duty.a)) == 0"
    """
    assert refused(text) == ["cycle"]


def test_a_term_may_end_by_its_own_start() -> None:
    text = '[term.warranty]\nstart = "event.signed"\nend = "start(term.warranty) + 24 months"\n'
    assert due("end(term.warranty)", text=text) == "2027-06-25"


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("event.signed + (1 month + 5 calendar_days)", "2025-07-30"),
        ("event.signed + 1 month + 5 calendar_days", "2025-07-30"),
        ("event.signed - (1 month - 5 calendar_days)", "2025-05-30"),
        ("event.signed + 2 * 5 calendar_days", "2025-07-05"),
        ("event.signed + (2 calendar_days + 3 calendar_days)", "2025-06-30"),
    ],
)
def test_durations_of_two_units_are_counted_one_after_the_other(expression: str, shown: str) -> None:
    assert due(expression) == shown


def test_a_duration_of_two_units_is_none() -> None:
    reading = '[reading.x]\nclause = "1"\ndefault = "k"\noptions = [{ key = "k", value = "1 month + 5 days" }]\n'
    assert refused(reading + '[duty.d]\nclause = "1"\ndue = "event.signed + reading.x"\n') == ["mixed_units"]


def test_no_sentence_shows_a_gap() -> None:
    text = """
    [duty.a]
    clause = "1"
    due = "latest(event.acceptance_signed, pause(event.claim_made + 5 days, holds)) + 90 workdays"
    gate = "happened(event.invoice)"
    [duty.b]
    clause = "1"
    due = "lead(due(duty.a), 1 month)"
    [duty.c]
    clause = "1"
    due = "window(snap(event.termination, end, month), event.termination + 30 days)"
    """
    for row in run(definition(text), "2026-11-22").to_json()["deadlines"]:
        for sentence in (*row["derivation"], *row["reasons"]):
            assert "—" not in sentence, sentence
            assert " ." not in sentence and "()" not in sentence, sentence


def test_options_may_be_bare_keys_and_a_default_may_wait() -> None:
    reading = '[reading.x]\nclause = "1"\noptions = ["early", "late"]\n'
    duty = '[duty.d]\nclause = "1"\ndue = "if(reading.x == \'early\', on 2025-12-01, on 2025-12-02)"\n'
    assert codes(reading + duty) == ["no_default"]
    undecided = run(definition(reading + duty), "2025-11-01").deadline("d")
    assert (undecided.state, undecided.missing) == ("provisional", ("reading.x",))
    chosen = run(definition(reading + duty), "2025-11-01", readings={"x": "early"}).deadline("d")
    assert str(chosen.value) == "2025-12-01"
    assert refused('[reading.x]\nclause = "1"\ndefault = "erly"\noptions = ["early", "late"]\n') == ["bad_default"]

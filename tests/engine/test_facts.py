"""Facts: what is seen on a day, what was known then, corrections, and what is refused."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from engine.facts import FactRecord, FactsRefused, FactStore
from engine.facts_file import parse_facts
from tests.engine.support import definition, due, event, run

FIRST = event("acceptance_signed", "2026-07-03", id='"e1"', recorded="2026-07-04")
CORRECTED = event("acceptance_signed", "2026-07-10", id='"e2"', recorded="2026-07-20", supersedes='"e1"')
END = "event.acceptance_signed + 1 calendar_days"


def test_what_happens_later_is_not_seen_but_listed() -> None:
    evaluation = run(definition(d=END), "2026-07-02", FIRST)
    assert evaluation.deadline("d").state == "pending"
    assert evaluation.ignored == ("e1",)
    assert run(definition(d=END), "2026-07-03", FIRST).ignored == ()


def test_a_later_entry_supersedes_an_earlier_one() -> None:
    assert due(END, FIRST + CORRECTED) == "2026-07-11"


def test_known_on_hides_the_correction_that_came_later() -> None:
    assert due(END, FIRST + CORRECTED, known_on=date(2026, 7, 19)) == "2026-07-04"
    assert due(END, FIRST + CORRECTED, known_on=date(2026, 7, 20)) == "2026-07-11"
    assert due(END, FIRST, known_on=date(2026, 7, 3)) == "pending"


def test_a_withdrawn_fact_is_gone() -> None:
    store = FactStore(
        [
            FactRecord("event", "invoice", id="e1", at=date(2025, 9, 1)),
            FactRecord("event", "invoice", id="e2", supersedes="e1", recorded=date(2025, 9, 5)),
        ]
    )
    assert store.view(date(2025, 9, 10), None, "UTC").events == {}
    assert "invoice" in store.view(date(2025, 9, 10), date(2025, 9, 4), "UTC").events


def test_a_withdrawn_item_is_gone_and_was_there_before() -> None:
    item = FactRecord("item", "incident", id="i1", at=date(2025, 9, 1), attributes={"major": True})
    same_name = FactRecord("event", "invoice", id="i1", at=date(2025, 9, 1))
    gone = FactRecord("item", "incident", id="i1.withdrawn", supersedes="i1", recorded=date(2025, 9, 5))
    store = FactStore([same_name, item, gone])
    now, before = (store.view(date(2025, 9, 10), day, "UTC") for day in (None, date(2025, 9, 4)))
    assert "incident" not in now.items
    assert [record.id for record in before.items["incident"]] == ["i1"]
    assert "invoice" in now.events, "what is only called alike stays"


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (FactRecord("item", "incident", id="i2", supersedes="i9"), "unknown_reference"),
        (FactRecord("item", "other", id="i2", supersedes="i1"), "unknown_reference"),
        (FactRecord("item", "incident", id="i2", supersedes="i1", attributes={"major": False}), "replaced_item"),
    ],
)
def test_an_item_is_withdrawn_only_by_its_own_kind_and_never_replaced(record: FactRecord, code: str) -> None:
    with pytest.raises(FactsRefused) as refusal:
        FactStore([FactRecord("item", "incident", id="i1", at=date(2025, 9, 1)), record])
    assert [found.code for found in refusal.value.problems] == [code]


def test_an_entered_event_replaces_the_contracts_own_date() -> None:
    assert due("event.signed + 1 calendar_days", event("signed", "2025-06-20")) == "2025-06-21"


def test_an_instant_belongs_to_the_day_of_the_contracts_zone() -> None:
    facts = event("reported", "2025-09-10T16:30:00Z")  # 00:30 on 09-11 in Shanghai
    assert run(definition(d="event.reported + 1 hours"), "2025-09-10", facts).ignored == ("event.reported",)
    assert due("event.reported + 1 hours", facts, as_of="2025-09-11") == "2025-09-11T01:30:00+08:00"


def test_a_finding_completes_an_item_later() -> None:
    text = '[duty.d]\nclause = "1"\nfor = "guarantees as g"\ndue = "g.expires - 1 calendar_days"\n'
    facts = (
        '[[item]]\nkind = "guarantee"\nid = "g1"\nattributes = { amount = "CNY 12.30" }\n'
        '[[attribute]]\nof = "guarantee:g1"\nname = "expires"\nvalue = 2026-03-31\n'
    )
    assert str(run(definition(text), "2026-01-01", facts).deadline("d", g="g1").value) == "2026-03-30"


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (event("acceptance_sigend", "2026-07-03"), "unknown_fact"),
        ('[[event]]\nname = "invoice"\n', "missing_field"),
        ('[[event]]\nname = "invoice"\nat = "2026-02-30"\n', "bad_date"),
        ('[[event]]\nname = "invoice"\nat = 2026-07-03\ncolour = "red"\n', "unknown_field"),
        ('[[item]]\nkind = "guarante"\nid = "g"\n', "unknown_fact"),
        ('[[item]]\nkind = "guarantee"\nid = "g"\nattributes = { expire = 2026-01-01 }\n', "unknown_fact"),
        ('[[item]]\nkind = "guarantee"\nid = "g"\nattributes = { amount = 12.3 }\n', "float_value"),
        ('[[item]]\nkind = "guarantee"\nid = "g"\nattributes = { expires = "soon" }\n', "wrong_value"),
        ('[[item]]\nkind = "incident"\nid = "i"\nattributes = { systems = ["s9"] }\n', "wrong_value"),
        ('[[interval]]\nname = "hold"\nstart = 2026-07-03\nend = 2026-07-01\n', "wrong_order"),
        ('[[attribute]]\nof = "duty:nothing"\nname = "done"\nvalue = 2026-01-01\n', "unknown_fact"),
        ('[[attribute]]\nof = "guarantee:g9"\nname = "expires"\nvalue = 2026-01-01\n', "unknown_reference"),
        ('[readings]\nopen = "medium"\n', "unknown_option"),
        ('[readings]\nopne = "short"\n', "unknown_fact"),
        ("[[happening]]\n", "unknown_table"),
        (event("invoice", "2026-07-03", supersedes='"e9"'), "unknown_reference"),
        (event("invoice", "2026-07-03", id='"a"') + event("signed", "2026-07-03", id='"a"'), "duplicate_fact"),
    ],
)
def test_facts_the_contract_does_not_know_are_refused(facts: str, code: str) -> None:
    with pytest.raises(FactsRefused) as refused:
        parse_facts(tomllib.loads(facts), definition(d="event.signed"))
    assert [problem.code for problem in refused.value.problems] == [code]
    assert all(problem.text and problem.remedy for problem in refused.value.problems)


def test_a_circle_of_corrections_is_refused() -> None:
    with pytest.raises(FactsRefused):
        FactStore(
            [
                FactRecord("event", "invoice", id="a", at=date(2025, 1, 1), supersedes="b"),
                FactRecord("event", "invoice", id="b", at=date(2025, 1, 1), supersedes="a"),
            ]
        )

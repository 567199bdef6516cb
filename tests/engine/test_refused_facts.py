"""Facts that name what the contract does not know are refused: otherwise a date would wait for ever, silently."""

from __future__ import annotations

import tomllib

import pytest

from engine.facts import FactsRefused
from engine.facts_file import parse_facts
from tests.engine.support import definition

CONTRACT = """
[interval.outage]
key = { incident = "incident", system = "system" }
[series.availability]
key = { system = "system" }
value = "ratio"
[item.delivery]
attributes = { loss = "money", idle = "duration", warranty = "span" }
[rule.fine]
clause = "1"
for = "systems as s"
when = "problem_seen"
findings = { problem_seen = "bool" }
amount = "CNY 1"
[duty.report]
clause = "1"
for = "systems as s"
due = "event.reported + 1 day"
[duty.single]
clause = "1"
due = "event.reported + 1 day"
"""
FIGURE = '[[series]]\nname = "availability"\nperiod = "2025-10"\nvalue = "99%"\n'
ITEM = '[[item]]\nkind = "delivery"\nid = "d1"\n'


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ('[[interval]]\nname = "outage"\nstart = 2025-10-14\nkey = { system = "s9" }\n', "unknown_fact"),
        ('[[interval]]\nname = "outage"\nstart = 2025-10-14\nkey = { incident = "i9" }\n', "unknown_fact"),
        (FIGURE + 'key = { system = "s9" }\n', "unknown_fact"),
        (FIGURE + 'key = { sytem = "s1" }\n', "unknown_fact"),
        (ITEM + ITEM, "duplicate_fact"),
        (ITEM + 'attributes = { loss = "USD 20" }\n', "wrong_value"),
        (ITEM + 'attributes = { idle = "2 days" }\n', "wrong_value"),
        (ITEM + 'attributes = { warranty = "3 hours" }\n', "wrong_value"),
        ('[[attribute]]\nof = "rule:fine/s1"\nname = "problem_sen"\nvalue = true\n', "unknown_fact"),
        ('[[attribute]]\nof = "rule:fine/s1"\nname = "problem_seen"\nvalue = "yes"\n', "wrong_value"),
        ('[[attribute]]\nof = "rule:fine"\nname = "problem_seen"\nvalue = true\n', "wrong_value"),
        ('[[attribute]]\nof = "duty:report"\nname = "done"\nvalue = 2025-10-14\n', "wrong_value"),
        ('[[attribute]]\nof = "duty:single/s1"\nname = "done"\nvalue = 2025-10-14\n', "wrong_value"),
        ('[[attribute]]\nof = "duty:single"\nname = "finished"\nvalue = 2025-10-14\n', "unknown_fact"),
        ('[[event]]\nname = "reported"\nat = 2025-10-14\nremark = "x"\n', "unknown_field"),
        ('[[event]]\nname = "reported"\nat = 2025-10-14\nkey = { s = "s1" }\n', "unknown_fact"),
        ('[[event]]\nname = "report"\nat = 2025-10-14\n', "missing_field"),
        ('[[event]]\nname = "report"\nat = 2025-10-14\nkey = { system = "s1" }\n', "unknown_fact"),
    ],
)  # fmt: skip
def test_facts_about_the_unknown_are_refused(facts: str, code: str) -> None:
    with pytest.raises(FactsRefused) as refusal:
        parse_facts(tomllib.loads(facts), definition(CONTRACT))
    assert [problem.code for problem in refusal.value.problems] == [code]


@pytest.mark.parametrize(
    "facts",
    [
        ITEM + 'attributes = { loss = "CNY 20", idle = "2 hours", warranty = "24 months" }\n',
        '[[attribute]]\nof = "rule:fine/s1"\nname = "problem_seen"\nvalue = true\n',
        '[[attribute]]\nof = "rule:fine/s1"\nname = "important"\nvalue = true\n',  # an attribute of incidents
        '[[attribute]]\nof = "duty:report/s1"\nname = "done"\nvalue = 2025-10-14\n',
        '[[interval]]\nname = "outage"\nstart = 2025-10-14\nkey = { incident = "i1", system = "s1" }\n'
        '[[item]]\nkind = "incident"\nid = "i1"\n',
    ],
)
def test_facts_the_contract_knows_are_taken(facts: str) -> None:
    assert parse_facts(tomllib.loads(facts), definition(CONTRACT)).store.records

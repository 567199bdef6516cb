"""A small contract for rules and pools: incidents, a monthly fee, and whatever a test adds."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

from engine.definition import Definition, parse_definition
from engine.evaluation import assess
from engine.facts_file import parse_facts
from engine.results import Evaluation
from tests.engine.support import CALENDARS

BASE = """
format = 1
[contract]
number = "P-1"
total = "120000.00"
[party.buyer]
name = "Buyer"
role = "buyer"
[party.vendor]
name = "Vendor"
role = "vendor"
[term.service]
start = 2025-01-01
end = 2026-12-31
[system.s1]
[system.s2]
[item.incident]
attributes = { cause = "text", systems = "systems", loss = "money", severe = "bool", points = "points", late = "count" }
[reading.base]
clause = "1"
must_choose = true
options = [{ key = "big", value = "CNY 9000" }, { key = "small", value = "CNY 700" }]
[reading.way]
clause = "1"
must_choose = true
options = [{ key = "sum" }, { key = "max" }]
"""

LOSS = """
[rule.loss]
clause = "2"
for = "incidents as i"
yields = "money"
amount = "i.loss"
"""


def contract(text: str) -> Definition:
    """The base contract with more TOML."""
    return parse_definition(tomllib.loads(BASE + text))


def incident(name: str, at: str = "2025-03-01", **attributes: str) -> str:
    """An incident of a facts file; attribute values are written as TOML."""
    inner = ", ".join(f"{key} = {value}" for key, value in attributes.items())
    return f'[[item]]\nkind = "incident"\nid = "{name}"\nat = {at}\nattributes = {{ {inner} }}\n'


def run(text: str, facts: str = "", as_of: str = "2026-12-31", **options: Any) -> Evaluation:
    """What the contract's rules and pools come to."""
    definition = contract(text)
    parsed = parse_facts(tomllib.loads(facts), definition)
    readings = {**parsed.readings, **options.pop("readings", {})}
    return assess(
        definition, parsed.store, calendars=CALENDARS, as_of=date.fromisoformat(as_of), readings=readings, **options
    )


def amount(evaluation: Evaluation, pool: str, *key: str) -> str:
    """The result of a pool's group as text: a number, or `low..high`."""
    found = evaluation.pool(pool, *key).result
    return f"{found.value}" if found.value is not None else f"{found.low}..{found.high}"

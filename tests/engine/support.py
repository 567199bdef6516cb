"""A small contract in which each test writes only the duties it is about."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.calendars import Calendar
from engine.calendars_cn import china_official
from engine.definition import Definition, parse_definition
from engine.evaluation import Evaluation, evaluate
from engine.facts import FactStore
from engine.facts_file import parse_facts

CN = china_official()
CALENDARS: Mapping[str, Calendar] = {"CN": CN}

BASE = """
format = 1
[contract]
number = "T-1"
total = "4845283.52"
[profile]
start_day = "reading.start_day"
calendar = "reading.calendar"
roll = "reading.roll"
[party.buyer]
name = "Buyer"
role = "buyer"
[party.vendor]
name = "Vendor"
role = "vendor"
[term.service]
start = 2025-07-01
end = 2026-06-30
clause = "5"
[event.signed]
at = 2025-06-25
clause = "20.1"
[event.effective]
at = 2025-06-25
clause = "20.1"
[event.acceptance_signed]
[event.invoice]
[event.claim_made]
[event.claims_closed]
[event.termination]
[event.reported]
[event.responded]
[interval.hold]
key = { reason = "text" }
[item.guarantee]
attributes = { expires = "date", renewed = "date", amount = "money" }
[item.incident]
attributes = { systems = "systems", received = "instant", cause = "text", important = "bool", users = "count" }
[item.request]
attributes = { received = "date" }
[system.s1]
[system.s2]
[reading.start_day]
clause = "7.2"
default = "excluded"
options = [{ key = "excluded" }, { key = "included" }]
[reading.calendar]
clause = "7.2"
default = "official"
options = [{ key = "official" }, { key = "weekdays" }, { key = "no_makeup" }]
[reading.roll]
clause = "8.1"
default = "next"
options = [{ key = "next" }, { key = "none" }]
[reading.open]
clause = "1"
must_choose = true
options = [{ key = "short", value = "3 days" }, { key = "long", value = "10 days" }]
"""


def definition(text: str = "", base: str = BASE, **duties: str) -> Definition:
    """The base contract with more TOML, or with one duty per keyword whose value is its `due`."""
    data = tomllib.loads(base + text)
    for name, due in duties.items():
        data.setdefault("duty", {})[name] = {"clause": "1", "due": due}
    return parse_definition(data)


def run(contract: Definition, as_of: str, facts: str = "", **options: Any) -> Evaluation:
    """The evaluation as of a day with facts written as in a facts file."""
    parsed = parse_facts(tomllib.loads(facts), contract)
    readings = {**parsed.readings, **options.pop("readings", {})}
    options.setdefault("calendars", CALENDARS)
    return evaluate(contract, parsed.store, as_of=date.fromisoformat(as_of), readings=readings, **options)


def due(expression: str, facts: str = "", as_of: str = "2026-11-22", text: str = "", **options: Any) -> str:
    """The due date of one expression as JSON shows it: its value, or its state while it has none."""
    result = run(definition(text, d=expression), as_of, facts, **options).deadline("d")
    shown = result.to_json()["value"]
    return shown if result.state == "known" else f"{result.state} {shown or ''}".strip()


def event(name: str, at: str, **more: str) -> str:
    """One [[event]] of a facts file."""
    rest = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'[[event]]\nname = "{name}"\nat = {at}\n{rest}'


def store() -> FactStore:
    """No facts at all."""
    return FactStore()

"""Values of expressions in the small contract: each is type-checked as a measure of its own and then evaluated."""

from __future__ import annotations

import tomllib
from datetime import date

from engine.amounts import Evaluator
from engine.definition import Definition, parse_definition
from engine.facts import FactStore
from engine.facts_file import check_facts, parse_facts
from engine.language.formula import shown
from engine.language.values import Choice, Value
from engine.messages import render
from engine.world import FactWorld
from tests.engine.support import BASE, CALENDARS

EXTRA = """
[interval.outage]
key = { incident = "incident", system = "system" }
attributes = { provider_fault = "bool" }
[interval.exclusion]
attributes = { agreed = "bool" }
[item.ticket]
plural = "tickets"
[item.ticket.attributes]
opened = "instant"
closed = "instant"
cause = "text"
fee = "money"
dollars = "money(USD)"
kind = "text"
month = "text"
passed = "bool"
number = "count"
anything = "any"
[series.availability]
key = { system = "system" }
value = "ratio"
[series.monthly_fee]
value = "money"
"""


def contract(text: str = "") -> Definition:
    """The base contract with tickets, outages and figures."""
    return parse_definition(tomllib.loads(BASE + EXTRA + text))


def world(text: str = "", facts: str = "", as_of: str = "2026-11-22", **readings: str) -> FactWorld:
    """The facts of a day seen through the contract."""
    definition = contract(text)
    parsed = parse_facts(tomllib.loads(facts), definition)
    chosen = {**parsed.readings, **readings}
    return FactWorld(
        definition, check_facts(definition, parsed.store), CALENDARS, date.fromisoformat(as_of), None, chosen
    )


def probe(
    expression: str, facts: str = "", *, bound: str = "", text: str = "", as_of: str = "2026-11-22", **readings: str
) -> dict[str, Value]:
    """The value of an expression for every instance of a "for" clause, by key; "" without one."""
    quoted = expression.replace("\\", "\\\\").replace('"', '\\"')
    clause = f'for = "{bound}"\n' if bound else ""
    place = world(f'{text}\n[measure.probe]\n{clause}value = "{quoted}"\n', facts, as_of, **readings)
    return {
        "/".join(each.key.values()): place.measure("probe", tuple(each.variables.values()))
        for each in place.bound(place.definition.measures["probe"].bindings)
    }


def value(expression: str, facts: str = "", **options: str) -> Value:
    """The value of one expression."""
    (found,) = probe(expression, facts, **options).values()
    return found


def figure(expression: str, facts: str = "", **options: str) -> str:
    """One value as the contract language writes it; `?` and what is missing if nothing is known."""
    found = value(expression, facts, **options)
    text = shown(found)
    if isinstance(found, Choice) and not found.options:
        return f"? {', '.join(sorted(found.missing))}"
    return text


def sentences(expression: str, facts: str = "", **options: str) -> list[str]:
    """The derivation of one value in words."""
    text, as_of = options.pop("text", ""), options.pop("as_of", "2026-11-22")
    bound = options.pop("bound", "")
    clause = f'for = "{bound}"\n' if bound else ""
    place = world(f'{text}\n[measure.probe]\n{clause}value = "{expression}"\n', facts, as_of, **options)
    measure = place.definition.measures["probe"]
    (instance,) = place.bound(measure.bindings)
    steps = Evaluator(place, instance.variables).explain(measure.value)
    return [render(each) for top in steps for _depth, each in top.walk()]


def item(kind: str, name: str, at: str = "", /, **attributes: str) -> str:
    """One [[item]] of a facts file; attribute values as TOML."""
    when = f"at = {at}\n" if at else ""
    pairs = ", ".join(f"{key} = {text}" for key, text in attributes.items())
    return f'[[item]]\nkind = "{kind}"\nid = "{name}"\n{when}attributes = {{ {pairs} }}\n'


def interval(name: str, start: str, end: str = "", key: str = "", attributes: str = "") -> str:
    """One [[interval]] of a facts file."""
    ends = f"end = {end}\n" if end else ""
    keyed = f"key = {{ {key} }}\n" if key else ""
    more = f"attributes = {{ {attributes} }}\n" if attributes else ""
    return f'[[interval]]\nname = "{name}"\nstart = {start}\n{ends}{keyed}{more}'


def figure_of(name: str, period: str, amount: str, key: str = "") -> str:
    """One [[series]] of a facts file."""
    keyed = f"key = {{ {key} }}\n" if key else ""
    return f'[[series]]\nname = "{name}"\nperiod = "{period}"\nvalue = {amount}\n{keyed}'


def figure_in(text: str, expression: str, bound: str) -> str:
    """One value in a contract of its own."""
    definition = parse_definition(
        tomllib.loads(f'format = 1\n{text}[measure.probe]\nfor = "{bound}"\nvalue = "{expression}"\n')
    )
    place = FactWorld(definition, FactStore(), CALENDARS, date(2026, 11, 22), None, {})
    (instance,) = place.bound(definition.measures["probe"].bindings)
    return shown(place.measure("probe", tuple(instance.variables.values())))

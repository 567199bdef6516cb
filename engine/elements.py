"""The members of sets: items, periods, systems, lines, spells, breaches, each with its typed fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from .definition import Definition
from .definition.builtin import SYSTEM_FINDINGS, item_kinds
from .definition.model import Named
from .derivation import step
from .facts import FactRecord, FactView
from .intervals import Interval
from .language.periods import Period, period_of
from .language.spans import Span, Zone, known, unknown
from .language.values import Choice, Element, Money, Value, certain, nothing_known

MOMENT_TYPES = ("date", "instant", "moment")


def period_element(period: Period, end: Span | None = None) -> Element:
    """A calendar period, with its neighbours as `previous` and `next`; `end` where the term may yet cut it short."""
    before = period_of(period_of(period.start, period.unit).start - timedelta(days=1), period.unit)
    after = period_of(period_of(period.start, period.unit).end + timedelta(days=1), period.unit)
    neighbours: dict[str, Value] = {
        "previous": certain(Element("period", before.key, _edges(before))),
        "next": certain(Element("period", after.key, _edges(after))),
    }
    edges = _edges(period) if end is None else {**_edges(period), "end": end, "days": nothing_known(end.missing)}
    return Element("period", period.key, {**edges, **neighbours})


def _edges(period: Period) -> dict[str, Value]:
    return {
        "start": known(period.start, step("period_start", period=period.key, date=period.start)),
        "end": known(period.end, step("period_end", period=period.key, date=period.end)),
        "key": certain(period.key),
        "id": certain(period.key),
        "days": certain(Fraction((period.end - period.start).days + 1)),
    }


def typed(
    value: Any, kind: str, name: str, definition: Definition, source: str = "", *, view: FactView | None = None
) -> Value:
    """A recorded attribute as a value of the language; None is missing."""
    if kind in MOMENT_TYPES:
        if value is None:
            return unknown({name}, step("attribute_missing", name=name))
        return known(value, step("attribute", name=name, at=value, source=source))
    if value is None:
        return nothing_known({name})
    if kind == "system":
        return certain(system_element(definition, value, view))
    if kind == "systems":
        return certain(tuple(system_element(definition, each, view) for each in value))
    return certain(value)


def system_element(definition: Definition, name: str, view: FactView | None = None) -> Element:
    """One of the contract's systems, with what was found out about it."""
    element = table_element("system", definition.systems[name], definition.contract.currency)
    found = view.attributes.get(f"system:{name}", {}) if view is not None else {}
    findings = {
        finding: typed(found.get(finding), kind, f"system:{name}.{finding}", definition)
        for finding, kind in SYSTEM_FINDINGS.items()
        if finding in found or getattr(definition.systems[name], finding) is None
    }
    return Element(element.kind, element.id, {**element.fields, **findings})


def item_element(definition: Definition, view: FactView, record: FactRecord) -> Element:
    """An item with its attributes, as amended by later findings about it."""
    kind = item_kinds(definition)[record.name]
    about = f"{record.name}:{record.id}"
    values = {**record.attributes, **view.attributes.get(about, {}), **view.attributes.get(f"item:{record.id}", {})}
    members: dict[str, Value] = {
        name: typed(values.get(name), attribute, f"{about}.{name}", definition, view=view)
        for name, attribute in kind.attributes.items()
    }
    if "at" not in members:
        members["at"] = typed(record.at, "moment", f"{about}.at", definition)
    members["id"] = certain(record.id)
    return Element(record.name, record.id, members)


def spell_element(definition: Definition, view: FactView, record: FactRecord, *, alone: bool = True) -> Element:
    """An interval with its key, attributes and edges; `spell` is the stretch itself.

    Where several share a label (`alone` False) the start tells them apart.
    """
    kind = definition.intervals[record.name]
    start, end = view.start_of(record), view.end_of(record)
    about = record.label if record.label.startswith("interval.") else f"interval.{record.label}"
    members: dict[str, Value] = {}
    for name, attribute in {**kind.key, **kind.attributes}.items():
        value = record.key.get(name) if name in kind.key else record.attributes.get(name)
        plain = "system" if attribute == "system" else attribute
        members[name] = typed(value, plain, f"{about}.{name}", definition) if plain != "system" else (
            certain(value) if value is not None else nothing_known({f"{about}.{name}"})
        )  # fmt: skip
    members["start"] = known(start)
    members["end"] = known(end) if end is not None else unknown({f"{about}.end"})
    name = record.label if alone or record.start is None else f"{record.label}@{record.start.isoformat()}"
    members["id"] = certain(name)
    members["spell"] = certain(Interval(start, end if end is not None else open_end(view.zone)))
    return Element(record.name, name, members)


def open_end(zone: Zone) -> datetime:
    """Where an interval that still goes on is taken to end: with time itself."""
    return zone.end_of(date.max)


def figure_element(definition: Definition, record: FactRecord) -> Element:
    """A figure of a series: its key, period and value."""
    members: dict[str, Value] = {name: certain(value) for name, value in record.key.items()}
    members["period"] = certain(record.period)
    members["value"] = certain(record.value) if record.value is not None else nothing_known({record.label})
    members["id"] = certain(record.label)
    return Element(record.name, record.label, members)


def table_element(kind: str, table: Named, currency: str) -> Element:
    """A table of the definition (line, instalment, security …) as a member of its set."""
    members: dict[str, Value] = {}
    for name, value in {**table.data, **{spec.name: getattr(table, spec.name) for spec in fields(table)}}.items():
        if name == "data":
            continue
        members[name] = _constant(value, f"{kind}.{table.id}.{name}", currency if name in _MONEY_FIELDS else "")
    return Element(kind, table.id, members)


_MONEY_FIELDS = ("amount", "unit_price", "total", "fee")


def _constant(value: Any, name: str, currency: str) -> Value:
    if value is None:
        return nothing_known({name})
    if isinstance(value, date):
        return known(value, step("stated", name=name, date=value))
    if isinstance(value, Decimal):
        return certain(Money(currency, Fraction(value)) if currency else Fraction(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return certain(Fraction(value))
    return certain(value) if isinstance(value, str | bool) else nothing_known({name})


def breach_element(duty: str, key: tuple[str, ...], variables: Mapping[str, Element], due: Span, done: Span,
                   days: int) -> Element:  # fmt: skip
    """A duty's instance in breach: due, done, days late, and the variables of the instance."""
    members: dict[str, Value] = {
        **{name: Choice((element,)) for name, element in variables.items()},
        "due": due,
        "done": done,
        "days": certain(Fraction(days)),
        "id": certain("/".join(key) or duty),
    }
    return Element("breach", "/".join(key) or duty, members)

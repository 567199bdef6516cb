"""The names of a definition and their types, for the type check."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..language import ExpressionError
from ..language.check import Checker
from ..language.types import (
    ANY,
    BOOL,
    COUNT,
    DATE,
    DUTY,
    MOMENT,
    RATIO,
    TERM,
    TEXT,
    Environment,
    Type,
    attribute_type,
    element,
    money,
    set_of,
)
from .model import Definition


def build_environment(definition: Definition, published: Collection[str]) -> Environment:
    """Every name an expression of this definition may use."""
    d = definition
    amount = money(d.contract.currency)
    fields = _fields(d, amount)
    refs: dict[str, Mapping[str, Type]] = {
        "event": dict.fromkeys((*d.events, *d.duties), MOMENT),
        "term": dict.fromkeys(d.terms, TERM),
        "duty": dict.fromkeys(d.duties, DUTY),
        "reading": dict.fromkeys(d.readings, TEXT),
        "contract": {"total": amount, **{n: TEXT for n, v in d.contract.data.items() if isinstance(v, str)}},
        "system": dict.fromkeys(d.systems, element("system")),
        "line": dict.fromkeys(d.lines, element("line")),
        "instalment": dict.fromkeys(d.instalments, element("instalment")),
        "security": dict.fromkeys(d.securities, element("security")),
        "deliverable": dict.fromkeys(d.deliverables, element("deliverable")),
        "commitment": dict.fromkeys(d.commitments, element("commitment")),
        "party": dict.fromkeys(d.parties, element("party")),
        "measure": dict.fromkeys(d.measures, ANY),
        "pool": dict.fromkeys(d.pools, ANY),
        "rule": dict.fromkeys(d.rules, ANY),
        "right": dict.fromkeys(d.rights, ANY),
        "table": dict.fromkeys(d.tables, ANY),
        "penalty_table": dict.fromkeys(d.penalty_tables, ANY),
        "calendar": dict.fromkeys(d.calendars, ANY),
        "item": {kind.id: set_of(kind.id) for kind in d.items.values()},
        "interval": {kind.id: set_of(kind.id) for kind in d.intervals.values()},
        "series": {name: set_of(name) for name in d.series},
    }
    refs["contract"] = {**refs["contract"], "total": amount}
    environment = Environment(
        refs=refs,
        sets=_sets(d),
        fields=fields,
        duties={duty.id: tuple(binding.name for binding in duty.bindings) for duty in d.duties.values()},
        options={reading.id: reading.keys for reading in d.readings.values()},
        calendars=frozenset({*d.calendars, *published}),
        tables={},
        findings={
            name: attribute_type(kind, d.contract.currency)
            for item in d.items.values()
            for name, kind in item.attributes.items()
            if kind == "bool"
        },
        interval_kinds=frozenset(d.intervals),
    )
    readings = {name: _reading_type(environment, d, name) for name in d.readings}
    tables = {name: _table_type(environment, d, name) for name in d.tables}
    breaches = {f"breach of {duty.id}": _breach_fields(environment, d, duty.id) for duty in d.duties.values()}
    return Environment(
        refs={**refs, "reading": readings},
        sets=environment.sets,
        fields={**fields, **breaches},
        duties=environment.duties,
        options=environment.options,
        calendars=environment.calendars,
        tables=tables,
        findings=environment.findings,
        interval_kinds=environment.interval_kinds,
    )


def set_names(definition: Definition) -> list[tuple[str, str]]:
    """Every set's name with the table it comes from, to find two of the same name."""
    d = definition
    return [
        *((kind.plural, f"item.{kind.id}") for kind in d.items.values()),
        *((kind.plural, f"interval.{kind.id}") for kind in d.intervals.values()),
        *((name, f"series.{name}") for name in d.series),
        *((name, "the built-in sets") for name in BUILT_IN),
    ]


BUILT_IN = ("systems", "lines", "instalments", "securities", "deliverables", "commitments")


def _sets(d: Definition) -> dict[str, Type]:
    return {
        **{name: set_of("security" if name == "securities" else name[:-1]) for name in BUILT_IN},
        **{name: set_of(name) for name in d.series},
        **{kind.plural: set_of(kind.id) for kind in (*d.items.values(), *d.intervals.values())},
        "payments": set_of("payment"),
        "assessments": set_of("assessment"),
    }


def _fields(d: Definition, amount: Type) -> dict[str, Mapping[str, Type]]:
    currency = d.contract.currency
    common = {"id": TEXT, "title": TEXT, "clause": TEXT, "number": COUNT}
    neighbour = element("period")
    fields: dict[str, Mapping[str, Type]] = {
        "period": {"start": DATE, "end": DATE, "key": TEXT, "id": TEXT, "days": COUNT, "previous": neighbour,
                   "next": neighbour},
        "system": common,
        "line": {**common, "amount": amount, "unit_price": amount, "quantity": COUNT, "bundle": TEXT, "group": TEXT},
        "instalment": {**common, "amount": amount, "share": RATIO, "duty": TEXT, "invoice": TEXT, "acceptance": BOOL},
        "security": {**common, "amount": amount, "rate": RATIO, "valid_until": DATE},
        "deliverable": {**common, "phase": TEXT, "recurrence": TEXT, "duty": TEXT, "basis": TEXT, "count": COUNT},
        "commitment": {**common, "measure": TEXT, "target": TEXT, "window": TEXT},
        "party": {**common, "name": TEXT, "role": TEXT},
        "payment": {"id": TEXT, "at": MOMENT, "amount": amount, "instalment": TEXT},
        "assessment": {"id": TEXT, "at": MOMENT, "amount": amount, "rule": TEXT},
    }  # fmt: skip
    for item in d.items.values():
        declared = {name: attribute_type(kind, currency) for name, kind in item.attributes.items()}
        fields[item.id] = {"id": TEXT, "at": MOMENT, **declared}
    for interval in d.intervals.values():
        typed = {n: attribute_type(k, currency) for n, k in {**interval.key, **interval.attributes}.items()}
        fields[interval.id] = {"id": TEXT, "start": MOMENT, "end": MOMENT, **typed}
    for series in d.series.values():
        typed = {name: attribute_type(kind, currency) for name, kind in series.key.items()}
        fields[series.id] = {"id": TEXT, "period": TEXT, "value": attribute_type(series.value, currency), **typed}
    return fields


def _reading_type(environment: Environment, d: Definition, name: str) -> Type:
    """A reading is its key, or the common type of its options' values."""
    values = [option.value for option in d.readings[name].options if option.value is not None]
    if not values:
        return TEXT
    try:
        return Checker(environment, d.contract.currency).unify(*values)
    except ExpressionError:
        return ANY


def _table_type(environment: Environment, d: Definition, name: str) -> Type:
    try:
        return Checker(environment, d.contract.currency, mode="amount").unify(*(r.value for r in d.tables[name].rows))
    except (ExpressionError, IndexError):
        return ANY


def _breach_fields(environment: Environment, d: Definition, duty: str) -> Mapping[str, Type]:
    checker = Checker(environment, d.contract.currency)
    try:
        checker.bind(d.duties[duty].bindings)
    except ExpressionError:
        return {}
    return {"id": TEXT, "due": MOMENT, "done": MOMENT, "days": COUNT, **checker.variables}

"""The names of a definition and their types, for the type check."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

from ..language import ExpressionError
from ..language.check import Checker
from ..language.offsets import Length
from ..language.syntax import Expr, Var
from ..language.types import (
    ANY,
    BOOL,
    CLOCK,
    COUNT,
    DATE,
    DUTY,
    INSTANT,
    MOMENT,
    POINTS,
    RATIO,
    SPAN,
    TERM,
    TEXT,
    Environment,
    Type,
    attribute_type,
    element,
    money,
    set_of,
)
from ..language.values import Money, Points
from .builtin import SYSTEM_FINDINGS, item_kinds
from .literals import stated
from .model import Definition
from .units import currency_named


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
        "contract": {n: kind for n, v in d.contract.data.items() if (kind := _stated(v)) is not None},
        "system": dict.fromkeys(d.systems, element("system")),
        "line": dict.fromkeys(d.lines, element("line")),
        "instalment": dict.fromkeys(d.instalments, element("instalment")),
        "security": dict.fromkeys(d.securities, element("security")),
        "deliverable": dict.fromkeys(d.deliverables, element("deliverable")),
        "commitment": dict.fromkeys(d.commitments, element("commitment")),
        "party": dict.fromkeys(d.parties, element("party")),
        "measure": dict.fromkeys(d.measures, ANY),
        "total of pool": {},
        "pool": dict.fromkeys(d.pools, ANY),
        "rule": {name: POINTS if rule.yields == "points" else ANY for name, rule in d.rules.items()},
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
    ranges = {name: _range_type(environment, d, name) for name in d.tables}
    environment = replace(environment, ranges=ranges, callables=_callables(environment, d))
    breaches = {f"breach of {duty.id}": _breach_fields(environment, d, duty.id) for duty in d.duties.values()}
    environment = replace(environment, fields={**fields, **breaches})
    # readings first, then tables, which may use them, then measures, which may look tables up
    readings = {name: _reading_type(environment, d, name) for name in d.readings}
    environment = replace(environment, refs={**refs, "reading": readings})
    environment = replace(environment, tables={name: _table_type(environment, d, name) for name in d.tables})
    environment = _with_outcomes(_with_measures(environment, d), d)
    # what was noted while types were still being found may be outdated
    environment.sums.clear()
    return environment


def units_in(environment: Environment) -> dict[str, str]:
    """`rule.x`, `pool.x` and `total of pool.x` → `CNY`, `points` …"""
    found = {}
    for kind in ("rule", "pool", "total of pool"):
        for name, unit in environment.refs[kind].items():
            found[f"{kind}.{name}"] = unit.detail if unit.name == "money" else "points"
    return found


def zeros_in(environment: Environment) -> dict[Expr, str]:
    """The unit of each `sum(…)` of amounts, points or elapsed times: what the sum of nothing is so much of."""
    return {
        tree: kind.detail or kind.name
        for tree, kind in environment.sums.items()
        if kind.name in ("money", "points", "clock")
    }


def _with_outcomes(environment: Environment, d: Definition) -> Environment:
    """The types of rules and pools, each after those it rests on, and the fields of their results."""
    for _round in range(len(d.rules) + len(d.pools) + 1):
        before = (environment.refs["rule"], environment.refs["pool"], environment.refs["measure"])
        outcomes = {f"assessment of rule.{name}": _rule_fields(environment, d, name) for name in d.rules}
        outcomes |= {f"assessment of pool.{name}": _pool_fields(environment, d, name, outcomes) for name in d.pools}
        environment = replace(environment, fields={**environment.fields, **outcomes})
        rules = {name: _rule_type(environment, d, name) for name in d.rules}
        environment = replace(environment, refs={**environment.refs, "rule": rules})
        totals = {name: _total_type(environment, d, name, frozenset()) for name in d.pools}
        pools = {name: _pool_type(environment, d, name, totals[name]) for name in d.pools}
        environment = replace(environment, refs={**environment.refs, "pool": pools, "total of pool": totals})
        environment = _with_measures(environment, d)
        if before == (environment.refs["rule"], environment.refs["pool"], environment.refs["measure"]):
            break
    return environment


def _rule_type(environment: Environment, d: Definition, name: str) -> Type:
    """What a rule yields: the currency its amount is in, or points; by its words where types do not tell."""
    rule = d.rules[name]
    if rule.yields == "points":
        return POINTS
    checker = Checker(environment, d.contract.currency, mode="amount")
    kind = ANY
    if rule.amount is not None:
        try:
            checker.bind(rule.bindings)
            checker.variables |= {n: attribute_type(k, d.contract.currency, d.items) for n, k in rule.findings.items()}
            kind = checker.check(rule.amount)
        except ExpressionError:
            kind = ANY
    return kind if kind.name == "money" else money(currency_named(d, rule.amount))


def _total_type(environment: Environment, d: Definition, name: str, seen: frozenset[str]) -> Type:
    """What a pool adds up: what its first member yields."""
    for member in d.pools[name].over:
        if member in d.rules:
            return environment.refs["rule"][member]
        if member in d.pools and member not in seen:
            total = _total_type(environment, d, member, seen | {name})
            return _pool_type(environment, d, member, total)
    return money(d.contract.currency)


def _pool_type(environment: Environment, d: Definition, name: str, total: Type) -> Type:
    """What a pool comes to: what it adds up, or what its `amount` makes of that (points into money)."""
    tree = d.pools[name].amount
    if tree is None or not any(isinstance(node, Var) and node.name == "total" for node in tree.walk()):
        return total
    names = {node.name for node in tree.walk() if isinstance(node, Var)} - {*environment.sets}
    variables = {**dict.fromkeys(names, ANY), "total": total}
    try:
        kind = Checker(environment, d.contract.currency, mode="amount", variables=variables).check(tree)
    except ExpressionError:
        return total
    return kind if kind.name in ("money", "points") else total


def _assessed(environment: Environment, d: Definition) -> Mapping[str, Type]:
    """What every assessment offers, and what was settled of it."""
    return {**environment.fields["assessment"], "settled": money(d.contract.currency)}


def _rule_fields(environment: Environment, d: Definition, name: str) -> Mapping[str, Type]:
    """What an assessment of a rule offers: its amount in the rule's unit, and the variables of its instance."""
    checker = Checker(environment, d.contract.currency, mode="amount")
    base = {**_assessed(environment, d), "amount": environment.refs["rule"][name]}
    try:
        checker.bind(d.rules[name].bindings)
    except ExpressionError:
        # a rule that reads the assessments of another is bound to what that one offers; its own check names faults
        return base
    return {**checker.variables, **base}


def _pool_fields(
    environment: Environment, d: Definition, name: str, rules: Mapping[str, Mapping[str, Type]]
) -> Mapping[str, Type]:
    """What a result of a pool offers: its amount in the pool's unit, and the keys it is grouped by."""
    members = next((rules[f"assessment of rule.{m}"] for m in d.pools[name].over if m in d.rules), {})
    keys = [tree.name for tree in d.pools[name].by if isinstance(tree, Var)]
    base = {**_assessed(environment, d), "amount": environment.refs["pool"][name]}
    # the first thing it rests on, by its kind
    things = {kind: element(kind) for kind in d.items if kind not in base}
    return {**things, **{key: members.get(key, ANY) for key in keys}, **base}


def _with_measures(environment: Environment, d: Definition) -> Environment:
    """The types of measures, each after those it needs, and the fields of their instances."""
    for _round in d.measures:
        known = environment.refs["measure"]
        found = {name: _measure_type(environment, d, name) for name in d.measures}
        fields = {f"measure.{name}": _measure_fields(environment, d, name, found[name]) for name in d.measures}
        environment = replace(
            environment,
            refs={**environment.refs, "measure": found},
            fields={**environment.fields, **fields},
        )
        if found == known:
            break
    return environment


def _measure_type(environment: Environment, d: Definition, name: str) -> Type:
    checker = Checker(environment, d.contract.currency, mode="amount")
    try:
        checker.bind(d.measures[name].bindings)
        return checker.check(d.measures[name].value)
    except ExpressionError:
        return ANY


def _measure_fields(environment: Environment, d: Definition, name: str, value: Type) -> Mapping[str, Type]:
    """A measure's instance has the fields of what it measures, its variables, `at` and `value`."""
    variables = environment.callables.get(f"measure.{name}", {})
    fields: dict[str, Type] = {}
    for kind in reversed([*variables.values()]):
        fields |= environment.fields.get(kind.detail, {})
    fields.pop("length", None)
    return {**fields, **variables, "id": TEXT, "at": MOMENT, "value": value}


def _callables(environment: Environment, d: Definition) -> dict[str, Mapping[str, Type]]:
    """The variables of measures and readings that stand for one of several things."""
    bound = {
        **{f"measure.{measure.id}": measure.bindings for measure in d.measures.values()},
        **{f"reading.{reading.id}": reading.bindings for reading in d.readings.values() if reading.bindings},
    }
    found: dict[str, Mapping[str, Type]] = {
        f"reading.{reading.id}": {name: ANY for name in reading.parameters if name not in environment.sets}
        for reading in d.readings.values()
    }
    for name, bindings in bound.items():
        checker = Checker(environment, d.contract.currency, mode="amount")
        try:
            checker.bind(bindings)
        except ExpressionError:
            checker.variables = {binding.name: ANY for binding in bindings}
        found[name] = checker.variables
    return found


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
    kinds = (*item_kinds(d).values(), *d.intervals.values())
    return {
        **{name: set_of("security" if name == "securities" else name[:-1]) for name in BUILT_IN},
        **{name: set_of(name) for name in d.series},
        **{name: set_of(kind.id) for kind in kinds for name in reversed(kind.names) if name != kind.plural},
        **{kind.plural: set_of(kind.id) for kind in kinds},
    }


def _stated(value: object) -> Type | None:
    """The type of a further field of [contract]; None for a table or a list, which no expression reads."""
    found = stated(value)
    if isinstance(found, Money):
        return money(found.currency)
    if isinstance(found, Length):
        return CLOCK if found.is_clock else SPAN
    simple = ((bool, BOOL), (Fraction, RATIO), (Points, POINTS), (datetime, INSTANT), (date, DATE), (str, TEXT))
    return next((kind for each, kind in simple if isinstance(found, each)), None)


def _fields(d: Definition, amount: Type) -> dict[str, Mapping[str, Type]]:
    currency = d.contract.currency
    common = {"id": TEXT, "title": TEXT, "clause": TEXT, "number": COUNT}
    neighbour = element("period")
    fields: dict[str, Mapping[str, Type]] = {
        "period": {"start": DATE, "end": DATE, "key": TEXT, "id": TEXT, "days": COUNT, "previous": neighbour,
                   "next": neighbour},
        "system": {**common, **{name: attribute_type(kind, currency) for name, kind in SYSTEM_FINDINGS.items()}},
        "line": {**common, "amount": amount, "unit_price": amount, "quantity": COUNT, "bundle": TEXT, "group": TEXT},
        "instalment": {**common, "amount": amount, "share": RATIO, "duty": TEXT, "invoice": TEXT, "acceptance": BOOL},
        "security": {**common, "amount": amount, "rate": RATIO, "valid_until": DATE},
        "deliverable": {**common, "phase": TEXT, "recurrence": TEXT, "duty": TEXT, "basis": TEXT, "count": COUNT},
        "commitment": {**common, "measure": TEXT, "target": TEXT, "window": TEXT},
        "party": {**common, "name": TEXT, "role": TEXT},
    }  # fmt: skip
    for item in item_kinds(d).values():
        declared = {name: attribute_type(kind, currency, d.items) for name, kind in item.attributes.items()}
        fields[item.id] = {"id": TEXT, "at": MOMENT, **declared}
    for interval in d.intervals.values():
        held = {**interval.key, **interval.attributes}
        typed = {name: attribute_type(kind, currency, d.items) for name, kind in held.items()}
        fields[interval.id] = {"id": TEXT, "start": MOMENT, "end": MOMENT, "length": CLOCK, **typed}
    for series in d.series.values():
        typed = {name: attribute_type(kind, currency, d.items) for name, kind in series.key.items()}
        fields[series.id] = {"id": TEXT, "period": TEXT, "value": attribute_type(series.value, currency), **typed}
    return fields


def _reading_type(environment: Environment, d: Definition, name: str) -> Type:
    """A reading is its key, or the common type of its options' values."""
    values = [option.value for option in d.readings[name].options if option.value is not None]
    if not values:
        return TEXT
    variables = environment.callables.get(f"reading.{name}", {})
    try:
        return Checker(environment, d.contract.currency, mode="amount", variables=variables).unify(*values)
    except ExpressionError:
        return ANY


def _range_type(environment: Environment, d: Definition, name: str) -> tuple[Type, bool]:
    """What a table looks up, by the ends of its ranges; and whether a row works with `x` itself."""
    rows = d.tables[name].rows
    ends = [end for row in rows for end in (row.range.low, row.range.high) if end is not None]
    uses_x = any(isinstance(node, Var) and node.name == "x" for row in rows for node in row.value.walk())
    try:
        return Checker(environment, d.contract.currency, mode="amount").unify(*ends), uses_x
    except (ExpressionError, IndexError):
        return ANY, uses_x


def _table_type(environment: Environment, d: Definition, name: str) -> Type:
    kind, _uses_x = environment.ranges[name]
    checker = Checker(environment, d.contract.currency, mode="amount", variables={"x": kind})
    try:
        return checker.unify(*(row.value for row in d.tables[name].rows))
    except (ExpressionError, IndexError):
        return ANY


def _breach_fields(environment: Environment, d: Definition, duty: str) -> Mapping[str, Type]:
    checker = Checker(environment, d.contract.currency)
    try:
        checker.bind(d.duties[duty].bindings)
    except ExpressionError:
        return {}
    return {"id": TEXT, "due": MOMENT, "done": MOMENT, "days": COUNT, **checker.variables}

"""Which fact each deadline rests on, so that a change re-evaluates only what it can move."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass

from .definition import Definition
from .language import syntax as s
from .world import done_moment

_OPEN = ("duty", "term", "reading")


def dependency_map(definition: Definition) -> dict[str, frozenset[str]]:
    """For each duty the names of all it depends on, followed to the facts at the end.

    Names: `event.x`, `item.x` (the kind), `interval.x`, `series.x`, `reading.x`, `term.x`, `calendar.CN`, `duty.x`
    (another duty, and also the duty itself: a finding that it was done).
    """
    direct = {
        **{f"duty.{name}": _duty(definition, name) for name in definition.duties},
        **{f"term.{t.id}": _names(definition, (t.start, t.end)) for t in definition.terms.values()},
        **{
            f"reading.{r.id}": _names(definition, (o.value for o in r.options if o.value is not None))
            for r in definition.readings.values()
        },
    }
    return {name: _closure(f"duty.{name}", direct) for name in definition.duties}


def affected_by(dependencies: Mapping[str, frozenset[str]], names: Iterable[str]) -> frozenset[str]:
    """The duties that depend on any of the names, for `evaluate(only=…)`."""
    changed = frozenset(names)
    return frozenset(duty for duty, needs in dependencies.items() if needs & changed)


def money_readings(definition: Definition) -> frozenset[str]:
    """The readings that can change an amount: those a rule, pool, measure or instalment rests on, however far down.

    A choice of any of them moves money, so that a second person answers for it.
    """
    trees: dict[str, list[s.Expr]] = {
        **{f"rule.{r.id}": _expressions(r) for r in definition.rules.values()},
        **{f"pool.{p.id}": _expressions(p) for p in definition.pools.values()},
        **{f"measure.{m.id}": _expressions(m) for m in definition.measures.values()},
        **{f"table.{t.id}": _expressions(t) for t in definition.tables.values()},
        **{f"term.{t.id}": [t.start, t.end] for t in definition.terms.values()},
        **{
            f"reading.{r.id}": [option.value for option in r.options if option.value is not None]
            for r in definition.readings.values()
        },
    }
    duties = dependency_map(definition)
    waiting = [name for name in trees if name.partition(".")[0] in ("rule", "pool")]
    seen, found = set(waiting), set()
    for pool in definition.pools.values():
        if pool.combine.startswith("reading."):
            waiting.append(pool.combine)
    while waiting:
        name = waiting.pop()
        kind, _dot, rest = name.partition(".")
        if kind == "reading":
            found.add(rest)
        nodes = [node for tree in trees.get(name, ()) for node in tree.walk() if isinstance(node, s.Ref)]
        following = {f"{node.kind}.{node.name}" for node in nodes}
        if kind == "duty":
            following |= {each for each in duties.get(rest, frozenset()) if each.startswith("reading.")}
        waiting += sorted(following - seen)
        seen |= following
    return frozenset(found)


def _expressions(value: object) -> list[s.Expr]:
    """Every expression held by a table, in nested parts too."""
    if isinstance(value, s.Expr):
        return [value]
    parts: Iterable[object] = ()
    if is_dataclass(value):
        parts = vars(value).values()
    elif isinstance(value, tuple | list):
        parts = value
    return [tree for part in parts for tree in _expressions(part)]


def _closure(start: str, direct: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found = {start}
    waiting = [start]
    while waiting:
        for name in direct.get(waiting.pop(), frozenset()) - found:
            found.add(name)
            if name.partition(".")[0] in _OPEN:
                waiting.append(name)
    return frozenset(found)


def _duty(definition: Definition, name: str) -> frozenset[str]:
    duty = definition.duties[name]
    trees = [done_moment(tree) if key == "done" else tree for key, tree in duty.expressions.items()]
    names = set(_names(definition, [*trees, *(binding.source for binding in duty.bindings)]))
    if duty.due is not None:
        bound = (definition.profile.start_day, definition.profile.calendar, definition.profile.roll)
        names |= {value for value in bound if value.startswith("reading.")}
        # a roll or count may need the contract's calendar, and the calendar may be republished
        names.add(f"calendar.{definition.contract.calendar}")
    if not duty.bindings:
        names.add(f"event.{name}")
    return frozenset(names)


def _names(definition: Definition, trees: Iterable[s.Expr]) -> frozenset[str]:
    sets = {
        **{name: f"item.{kind.id}" for kind in definition.items.values() for name in kind.names},
        **{name: f"interval.{kind.id}" for kind in definition.intervals.values() for name in kind.names},
        **{name: f"series.{name}" for name in definition.series},
    }
    found: set[str] = set()
    for tree in trees:
        for node in tree.walk():
            if isinstance(node, s.Ref) and node.kind in ("event", "term", "duty", "reading"):
                found.add(f"{node.kind}.{node.name}")
            elif isinstance(node, s.Var) and node.name in sets:
                found.add(sets[node.name])
            elif isinstance(node, s.Quantity) and node.calendar:
                found.add(f"calendar.{node.calendar}")
    return frozenset(found)

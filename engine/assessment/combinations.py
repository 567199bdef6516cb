"""Undecided readings: which of them a rule or pool rests on, and the combinations to evaluate it under."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from itertools import product

from ..definition import Definition
from ..dependencies import dependency_map
from ..language import syntax as s

# Beyond this many combinations nothing is evaluated per combination; the result says so and shows outer bounds.
MAX_COMBINATIONS = 64

Combination = Mapping[str, str]


class ReadingsUsed:
    """The readings every rule, pool, measure … rests on, however far down."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._graph: dict[str, frozenset[str]] | None = None
        self._found: dict[str, frozenset[str]] = {}

    def by(self, name: str) -> frozenset[str]:
        """The readings `rule.x` or `pool.x` depends on, by name without prefix."""
        if name not in self._found:
            self._found[name] = frozenset(
                each.removeprefix("reading.") for each in self._closure(name) if each.startswith("reading.")
            )
        return self._found[name]

    def variables(self, tree: s.Expr | None, chosen: Callable[[str], str]) -> frozenset[str] | None:
        """The bare names an expression looks at, through the readings it asks too; None if it may look at any.

        `chosen` gives the option in force of a reading, empty while it is undecided.
        """
        if tree is None:
            return frozenset()
        names: set[str] = set()
        waiting, seen = [tree], set[str]()
        while waiting:
            for node in waiting.pop().walk():
                if isinstance(node, s.Call) and node.function in ("trigger", "ordinal", "streak"):
                    return None
                if isinstance(node, s.Over) and isinstance(node.window, s.Var):
                    return None
                if isinstance(node, s.Var):
                    names.add(node.name)
                if isinstance(node, s.Ref) and node.kind == "reading" and node.name not in seen:
                    seen.add(node.name)
                    key, options = chosen(node.name), self.definition.readings[node.name].options
                    waiting += [o.value for o in options if o.value is not None and key in ("", o.key)]
        if any(name in rule.findings for rule in self.definition.rules.values() for name in names):
            return None
        return frozenset(names)

    def _closure(self, start: str) -> set[str]:
        if self._graph is None:
            self._graph = _graph(self.definition)
        seen = {start}
        waiting = [start]
        while waiting:
            following = self._graph.get(waiting.pop(), frozenset()) - seen
            seen |= following
            waiting += following
        return seen


def combinations(options: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]] | None:
    """Every combination of options, in the order of the readings' names; None if there are too many."""
    names = sorted(options)
    count = 1
    for name in names:
        count *= max(1, len(options[name]))
    if count > MAX_COMBINATIONS:
        return None
    return [dict(zip(names, keys, strict=True)) for keys in product(*(options[name] for name in names))]


def _graph(d: Definition) -> dict[str, frozenset[str]]:
    graph: dict[str, frozenset[str]] = {}
    tables: dict[str, Mapping[str, object]] = {
        "rule": d.rules, "pool": d.pools, "measure": d.measures, "table": d.tables, "term": d.terms,
        "reading": d.readings, "right": d.rights, "instalment": d.instalments, "security": d.securities,
    }  # fmt: skip
    for kind, members in tables.items():
        for name, member in members.items():
            graph[f"{kind}.{name}"] = frozenset(_names(_expressions(member)))
    for rule in d.rules.values():
        graph[f"condition.{rule.id}"] = frozenset(_names(_expressions((rule.bindings, rule.when, rule.because))))
    for pool in d.pools.values():
        over = {f"rule.{name}" if name in d.rules else f"pool.{name}" for name in pool.over}
        combine = {pool.combine} if pool.combine.startswith("reading.") else set()
        terms = {cap.window for cap in pool.caps if cap.window.startswith("term.")}
        graph[f"pool.{pool.id}"] |= over | combine | terms
    for duty, needs in dependency_map(d).items():
        graph[f"duty.{duty}"] = frozenset(need for need in needs if need.startswith("reading."))
    return graph


def _names(trees: Iterable[s.Expr]) -> Iterable[str]:
    return (f"{node.kind}.{node.name}" for tree in trees for node in tree.walk() if isinstance(node, s.Ref))


def _expressions(value: object) -> list[s.Expr]:
    """Every expression a table holds, in nested parts too."""
    if isinstance(value, s.Expr):
        return [value]
    if isinstance(value, tuple | list):
        return [tree for part in value for tree in _expressions(part)]
    if is_dataclass(value):
        return [tree for name, part in vars(value).items() if name != "data" for tree in _expressions(part)]
    return []

"""Evaluates rules and pools on demand, each once per combination of the undecided readings it depends on."""

from __future__ import annotations

from collections.abc import Mapping

from ..definition import Pool, Rule
from ..definition.units import units_of
from ..language.spans import known, unknown
from ..language.values import Choice, Element, Value, certain
from ..language.world import Source
from ..world import FactWorld
from .amounts import Amount, add
from .combinations import Combination, ReadingsUsed, combinations
from .grouping import Basis
from .instances import Entry, Found, find_instances, price_instances
from .pooled import Pooled
from .pools import evaluate_pool

NONE: frozenset[str] = frozenset()


class Assessor:
    """The rules and pools of one world. A rule that looks at a pool finds it evaluated, since circles do not load."""

    def __init__(self, world: FactWorld) -> None:
        self.base = world
        self.definition = world.definition
        self.used = ReadingsUsed(world.definition)
        self.units = units_of(world.definition)
        self.places = {name: index for index, name in enumerate((*self.definition.rules, *self.definition.pools))}
        self._worlds: dict[frozenset[tuple[str, str]], FactWorld] = {frozenset(): world}
        self._rules: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Entry, ...]] = {}
        self._found: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Found, ...]] = {}
        self._pools: dict[tuple[str, frozenset[tuple[str, str]]], tuple[Pooled, ...]] = {}
        self._levels: dict[str, int] = {}

    # -- readings --------------------------------------------------------------------------------------------------

    def undecided(self, name: str) -> dict[str, tuple[str, ...]]:
        """The readings `rule.x` or `pool.x` depends on that have neither a choice nor a default, with their options."""
        readings = self.definition.readings
        return {
            each: readings[each].keys
            for each in sorted(self.used.by(name))
            if each in readings and not self.base.option(each)
        }

    def combinations(self, name: str) -> list[dict[str, str]] | None:
        """Every combination of undecided readings a rule or pool depends on; None if there are too many."""
        return combinations(self.undecided(name))

    def needs(self, name: str) -> tuple[str, ...]:
        """The readings a person must choose before anything that rests on `rule.x` or `pool.x` is final."""
        readings = self.definition.readings
        return tuple(
            each
            for each in sorted(self.used.by(name))
            if each in readings and readings[each].must_choose and each not in self.base.chosen
        )

    def world(self, combination: Combination) -> FactWorld:
        """The world that assumes a combination."""
        key = frozenset(combination.items())
        if key not in self._worlds:
            self._worlds[key] = self.base.under(combination)
            self._worlds[key]._assessor = self
        return self._worlds[key]

    def _relevant(self, name: str, combination: Combination) -> dict[str, str]:
        used = self.used.by(name)
        return {reading: key for reading, key in combination.items() if reading in used}

    # -- rules and pools -------------------------------------------------------------------------------------------

    def rule(self, name: str, combination: Combination) -> tuple[Entry, ...]:
        """The assessments of a rule."""
        relevant = self._relevant(f"rule.{name}", combination)
        key = (name, frozenset(relevant.items()))
        if key not in self._rules:
            rule = self.definition.rules[name]
            found = self._found_by(rule, combination)
            unit, place = self.units[f"rule.{name}"], self.places[name]
            names = self.used.variables(rule.amount, self.base.option)
            self._rules[key] = price_instances(self.world(relevant), rule, found, unit, place, names)
        return self._rules[key]

    def _found_by(self, rule: Rule, combination: Combination) -> tuple[Found, ...]:
        """The instances that apply or may apply; conditions are judged once for all readings they do not ask."""
        relevant = self._relevant(f"condition.{rule.id}", combination)
        key = (rule.id, frozenset(relevant.items()))
        if key not in self._found:
            self._found[key] = find_instances(self.world(relevant), rule)
        return self._found[key]

    def pool(self, name: str, combination: Combination) -> tuple[Pooled, ...]:
        """The groups of a pool."""
        relevant = self._relevant(f"pool.{name}", combination)
        key = (name, frozenset(relevant.items()))
        if key not in self._pools:
            pool = self.definition.pools[name]
            world = self.world(relevant)
            entries = [entry for member in self.over(name) for entry in self._members(member, combination)]
            combine = self.combine(pool, combination)
            units = (self.units[f"total of pool.{name}"], self.units[f"pool.{name}"])
            self._pools[key] = evaluate_pool(world, pool, entries, units, combine)
        return self._pools[key]

    def _members(self, name: str, combination: Combination) -> tuple[Entry, ...]:
        if self.is_rule(name):
            return self.rule(name, combination)
        level, place = self.level(name), self.places[name]
        return tuple(group.entry(place, level) for group in self.pool(name, combination))

    def is_rule(self, name: str) -> bool:
        """Whether a pool's member is a rule; where a rule and a pool share a name, the rule is meant."""
        return name in self.definition.rules or name not in self.definition.pools

    def over(self, name: str) -> tuple[str, ...]:
        """The rules and pools a pool combines."""
        return self.definition.pools[name].over

    def level(self, pool: str) -> int:
        """How many pools lie below, at the deepest."""
        if pool not in self._levels:
            below = [self.level(name) for name in self.definition.pools[pool].over if not self.is_rule(name)]
            self._levels[pool] = 1 + max(below, default=0)
        return self._levels[pool]

    def combine(self, pool: Pool, combination: Combination) -> str:
        """How a pool combines under a combination: sum, max or choose."""
        if not pool.combine.startswith("reading."):
            return pool.combine
        name = pool.combine.removeprefix("reading.")
        # undecided only beyond the limit of combinations: then the lighter way is shown
        return combination.get(name) or self.base.option(name) or self.definition.readings[name].keys[0]

    # -- what the language asks ------------------------------------------------------------------------------------

    def elements(
        self, kind: Source, name: str, combination: Combination
    ) -> tuple[tuple[Element, ...], tuple[Element, ...], frozenset[str]]:
        """The certain and the possible assessments of a rule or pool, and what would decide the rest."""
        if kind == "pool":
            groups = self.pool(name, combination)
            found = tuple(self._pooled(group) for group in groups)
            return found, found, NONE
        names = [name] if kind == "rule" else list(self.definition.rules)
        entries = [entry for each in names for entry in self.rule(each, combination)]
        order = self.base.zone.order
        entries.sort(key=lambda entry: ((-1, 0) if entry.at is None else order(entry.at), entry.label))
        sure = tuple(self._assessment(entry) for entry in entries if entry.applies)
        possible = tuple(self._assessment(entry) for entry in entries)
        missing = NONE.union(*(entry.missing for entry in entries if not entry.applies))
        return sure, possible, missing

    def _assessment(self, entry: Entry) -> Element:
        fields = {**_fields(entry.variables, entry.basis), "amount": entry.amount.as_value(), "rule": certain(entry.id)}
        fields["at"] = known(entry.at) if entry.at is not None else unknown({f"{entry.label}.at"})
        fields["settled"] = self.base.settled_of(entry.id, entry.key)
        return Element("assessment", entry.label, {**fields, "id": certain(entry.label)})

    def _pooled(self, group: Pooled) -> Element:
        fields = {
            **_fields(group.variables, group.basis),
            "amount": _reaching(group).as_value(),
            "pool": certain(group.id),
            "settled": self.base.settled_of(group.id, group.key),
        }
        fields["at"] = known(group.at) if group.at is not None else unknown({f"{group.label}.at"})
        fields |= {name: certain(value) for name, value in group.key.items() if name not in fields}
        return Element("assessment", group.label, {**fields, "id": certain(group.label)})

    def sum(self, kind: Source, name: str, combination: Combination) -> Amount:
        """What a rule, a pool, or every outermost pool in the contract's currency comes to."""
        if kind == "rule":
            unit = self.units[f"rule.{name}"]
            return add((entry.amount for entry in self.rule(name, combination) if entry.applies), unit)
        inner = {name for pool in self.definition.pools.values() for name in pool.over if not self.is_rule(name)}
        names = [name] if kind == "pool" else [each for each in self.definition.pools if each not in inner]
        unit = self.units[f"pool.{name}"] if kind == "pool" else self.definition.contract.currency
        groups = [group for each in names for group in self.pool(each, combination)]
        return add((_reaching(group) for group in groups if group.result.unit == unit), unit)


def _reaching(group: Pooled) -> Amount:
    """A group's result, up to what it would be if every clue came true."""
    result = group.result
    if not group.raised or (group.reach is not None and result.high is not None and group.reach <= result.high):
        return result
    return Amount(result.unit, result.low, group.reach, result.missing | group.missing, result.running)


def _fields(variables: Mapping[str, Element], basis: Basis) -> dict[str, Value]:
    """The variables of an instance, and what it rests on: the thing by its kind, and the thing's own fields."""
    found: dict[str, Value] = {}
    for element in basis.elements[:1]:
        found |= {name: value for name, value in element.fields.items() if isinstance(value, Choice)}
        found[element.kind] = certain(element)
    for label in basis.labels:
        name, _colon, value = label.partition(":")
        found.setdefault(name, certain(value))
    return {**found, **{name: certain(element) for name, element in variables.items()}}

"""Rows of penalties of which only the heaviest counts: gaps of severity between them, rows that always lose, steps
that do not rise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import combinations
from typing import Any

from definitions.problems import Problem, make_problem
from definitions.reader import Source
from engine.assessment.instances import find_instances, findings
from engine.calendars import Calendar
from engine.definition import Definition, Rule
from engine.facts import FactsRefused
from engine.facts_file import parse_facts
from engine.language import syntax as s
from engine.language.evaluator import Evaluator
from engine.language.syntax import Expr
from engine.world import FactWorld

# A stretch of time is played in the years after the term's start; a longer one is not tried.
YEARS_AFTER = 50
LONGEST = timedelta(days=40 * 365)


def check(source: Source, definition: Definition, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Warnings for the health page."""
    for pool in definition.pools.values():
        if pool.combine != "sum":
            rules = [definition.rules[name] for name in pool.over if name in definition.rules]
            yield from _compared(source, definition, rules)
            yield from _without_lighter(source, definition, rules)
            yield from _level_steps(source, rules)
            yield from _accompanied(source, definition, rules, calendars)


def _compared(source: Source, definition: Definition, rules: list[Rule]) -> Iterator[Problem]:
    """Rows that measure the same: one that always loses, and pairs with a gap of severity between them."""
    groups: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        sources = ", ".join(map(str, rule.bindings))
        for part in _parts(rule.when):
            if not _is_finding(part, definition):
                groups.setdefault((sources, str(part)), []).append(rule)
    told: set[tuple[str, str]] = set()
    for group in groups.values():
        for lighter in group:
            for heavier in group:
                pair = (lighter.id, heavier.id)
                weights = _weight(lighter), _weight(heavier)
                if pair in told or None in weights or weights[0] >= weights[1]:  # type: ignore[operator]
                    continue
                told.add(pair)
                yield from _pair(source, definition, lighter, heavier)


def _pair(source: Source, definition: Definition, lighter: Rule, heavier: Rule) -> Iterator[Problem]:
    own, other = _parts(lighter.when), _parts(heavier.when)
    place = {"file": source.file_of("rule", lighter.id), "table": f"rule.{lighter.id}", "clause": lighter.clause}
    denied = {str(part.value) for part in own if isinstance(part, s.Not) and _is_finding(part, definition)}
    needed = {name for part in other for name in _alternatives(part, definition)}
    if denied and needed:
        if not denied & needed:
            yield make_problem("severity_gap", **place, level="warning", name=heavier.title, other=lighter.title,
                               severe=" / ".join(sorted(needed)), light=" / ".join(f"not {d}" for d in sorted(denied)),
                               between=" / ".join(sorted(denied)))  # fmt: skip
        return
    extra = [part for part in other if str(part) not in {str(each) for each in own}]
    if extra and all(_is_finding(part, definition) for part in extra):
        yield make_problem("dominated", **place, level="warning", other=heavier.title)


def _parts(tree: Expr | None) -> tuple[Expr, ...]:
    return () if tree is None else tree.parts if isinstance(tree, s.And) else (tree,)


def _is_finding(tree: Expr, definition: Definition) -> bool:
    """A bare finding of severity about the instance or its thing, or its opposite; not what is common to all rows."""
    if isinstance(tree, s.Not):
        return _is_finding(tree.value, definition)
    if isinstance(tree, s.Or):
        return any(_is_finding(part, definition) for part in tree.parts)
    if isinstance(tree, s.Var):
        return True
    return isinstance(tree, s.Field) and tree.name in _findings(definition)


def _findings(definition: Definition) -> set[str]:
    """The findings rules ask for by name; the same words mean the same as attributes of a thing."""
    return {name for rule in definition.rules.values() for name in rule.findings}


def _alternatives(tree: Expr, definition: Definition) -> Iterator[str]:
    """The findings any of which a condition accepts as they stand, without the help of a reading."""
    if isinstance(tree, s.Or):
        for part in tree.parts:
            yield from _alternatives(part, definition)
    elif not isinstance(tree, s.Not) and _is_finding(tree, definition) and not _shared(tree):
        yield str(tree)


def _shared(tree: Expr) -> bool:
    """That a problem occurred is common to heavy and light rows and no degree of severity."""
    name = tree.name if isinstance(tree, s.Var | s.Field) else ""
    return name == "problem_occurred"


def _weight(rule: Rule) -> Fraction | None:
    """The coefficient of an amount that is a base times one percentage."""
    rates = (
        [node.value for node in rule.amount.walk() if isinstance(node, s.Percent)] if rule.amount is not None else []
    )
    return Fraction(rates[0]) if len(rates) == 1 else None


# -- what is missing below, and what does not rise ---------------------------------------------------------------------


def _without_lighter(source: Source, definition: Definition, rules: list[Rule]) -> Iterator[Problem]:
    """Rows that need a degree of severity and measure what no lighter row measures: below it there is nothing."""
    for rule in rules:
        needed = {name for part in _parts(rule.when) for name in _alternatives(part, definition)}
        weight = _weight(rule)
        if not needed or weight is None:
            continue
        own = _measured(rule, definition)
        lighter = [
            other for other in rules if (_weight(other) or weight) < weight and own & _measured(other, definition)
        ]
        if not lighter:
            yield make_problem(
                "no_lighter_row", file=source.file_of("rule", rule.id), table=f"rule.{rule.id}", clause=rule.clause,
                level="warning", name=rule.title, severe=" / ".join(sorted(needed)),
            )  # fmt: skip


def _measured(rule: Rule, definition: Definition) -> set[tuple[str, str]]:
    """The parts of a condition that are no finding of severity, each with the rule's \"for\" clause."""
    sources = ", ".join(map(str, rule.bindings))
    return {(sources, str(part)) for part in _parts(rule.when) if not _is_finding(part, definition)}


def _level_steps(source: Source, rules: list[Rule]) -> Iterator[Problem]:
    """Two rows that differ in nothing but the band of one table, and weigh the same."""
    for first, second in combinations(rules, 2):
        if _weight(first) is None or _weight(first) != _weight(second) or first.bindings != second.bindings:
            continue
        own, other = ({str(part): part for part in _parts(rule.when)} for rule in (first, second))
        left = [part for text, part in own.items() if text not in other]
        right = [part for text, part in other.items() if text not in own]
        if len(left) == len(right) == 1 and _same_measure(left[0], right[0]):
            yield make_problem(
                "level_step", file=source.file_of("rule", second.id), table=f"rule.{second.id}", clause=second.clause,
                level="warning", name=first.title, other=second.title,
            )  # fmt: skip


def _same_measure(left: Expr, right: Expr) -> bool:
    """Whether two comparisons ask one figure of a measure for different words."""
    return (
        isinstance(left, s.Compare) and isinstance(right, s.Compare) and left.left == right.left
        and isinstance(left.left, s.Ref) and left.left.kind == "measure"
        and isinstance(left.right, s.Text) and isinstance(right.right, s.Text)
    )  # fmt: skip


# -- what always comes along -------------------------------------------------------------------------------------------


def _accompanied(
    source: Source, definition: Definition, rules: list[Rule], calendars: Mapping[str, Calendar]
) -> Iterator[Problem]:
    """Rows met by a stretch of time so long that it meets what another row measures as well.

    Tried, not proved: the shortest stretch that meets the row is played through the engine.
    """
    for rule in rules:
        world = _witness(definition, rule, calendars)
        if world is None or not any(found.truth.value is not False for found in find_instances(world, rule)):
            continue
        for other in rules:
            weights = _weight(rule), _weight(other)
            if None in weights or weights[0] == weights[1] or not _met(world, other, definition):
                continue
            heavier, lighter = (other, rule) if weights[1] > weights[0] else (rule, other)  # type: ignore[operator]
            yield make_problem(
                "accompanied", file=source.file_of("rule", rule.id), table=f"rule.{rule.id}", clause=rule.clause,
                level="warning", name=rule.title, other=other.title, heavier=heavier.title, lighter=lighter.title,
            )  # fmt: skip


def _met(world: FactWorld, rule: Rule, definition: Definition) -> bool:
    """Whether an instance meets all a rule measures; findings are left to people."""
    parts = [part for part in _parts(rule.when) if not _is_finding(part, definition)]
    if not any(True for part in parts for _node in _lengths(part, definition)):
        return False
    return any(
        all(
            Evaluator(world, found.instance.variables, values=findings(world, rule, found.label)).truth(part).value
            is True
            for part in parts
        )
        for found in find_instances(world, rule)
    )


def _lengths(tree: Expr, definition: Definition) -> Iterator[s.Measure | s.Call]:
    """The lengths of time an expression asks for, in the measures it uses too."""
    waiting, seen = [tree], set[str]()
    while waiting:
        for node in waiting.pop().walk():
            if isinstance(node, s.Measure) or (isinstance(node, s.Call) and node.function == "longest"):
                yield node
            if isinstance(node, s.Ref) and node.kind == "measure" and node.name not in seen:
                seen.add(node.name)
                waiting.append(definition.measures[node.name].value)


def _witness(definition: Definition, rule: Rule, calendars: Mapping[str, Calendar]) -> FactWorld | None:
    """A world with one stretch of time that is just as long as a rule asks for; None if it asks for none."""
    found = _asked_length(definition, rule.when)
    term = next(iter(definition.terms.values()), None)
    if found is None or term is None or not isinstance(term.start, s.OnDate):
        return None
    plural, length = found
    kind = next(each for each in definition.intervals.values() if plural in each.names)
    day = term.start.value if not isinstance(term.start.value, datetime) else term.start.value.date()
    if day.year > date.max.year - YEARS_AFTER:
        return None
    start = datetime.combine(day + timedelta(days=14), time(), tzinfo=UTC)
    said = dict(_said(rule.when))
    things = sorted({each for each in kind.key.values() if each in definition.items})
    system = next(iter(definition.systems), "")
    data: dict[str, Any] = {
        "format": 1,
        "item": [
            {"kind": name, "id": name, "at": start, "attributes": _attributes(definition, name, said, start, system)}
            for name in things
        ],
        "interval": [{
            "name": kind.id, "start": start, "end": start + length,
            "key": {name: each if each in things else system for name, each in kind.key.items()},
            "attributes": {name: True for name, each in kind.attributes.items() if each == "bool"},
        }],
    }  # fmt: skip
    try:
        store = parse_facts(data, definition).store
    except FactsRefused:
        return None
    return FactWorld(definition, store, calendars, date(day.year + YEARS_AFTER, 1, 1), None, {})


def _attributes(
    definition: Definition, name: str, said: Mapping[str, bool], start: datetime, system: str
) -> dict[str, Any]:
    """What a thing must be for the rule to be met, as far as its condition says so in plain words."""
    found: dict[str, Any] = {}
    for attribute, kind in definition.items[name].attributes.items():
        if kind == "bool" and attribute in said:
            found[attribute] = said[attribute]
        elif kind == "systems" and system:
            found[attribute] = [system]
        elif attribute == "occurred" and kind == "instant":
            found[attribute] = start
    return found


def _said(tree: Expr | None) -> Iterator[tuple[str, bool]]:
    """The attributes a condition asserts or denies outright."""
    for part in _parts(tree):
        if isinstance(part, s.Field):
            yield part.name, True
        elif isinstance(part, s.Not) and isinstance(part.value, s.Field):
            yield part.value.name, False


def _asked_length(definition: Definition, tree: Expr | None) -> tuple[str, timedelta] | None:
    """The longest stretch of one kind of interval that a condition compares with a length, and the set's name."""
    plurals = {kind.plural for kind in definition.intervals.values()}
    found: list[tuple[timedelta, str]] = []
    for node in tree.walk() if tree is not None else ():
        if not isinstance(node, s.Compare) or node.op not in (">", ">=") or not isinstance(node.right, s.Quantity):
            continue
        length = _elapsed(node.right)
        if length and isinstance(node.left, s.Measure | s.Call):
            names = [each.name for each in node.left.walk() if isinstance(each, s.Var) and each.name in plurals]
            found += [(length + timedelta(seconds=node.op == ">"), names[0])] if names else []
    return (max(found)[1], max(found)[0]) if found else None


def _elapsed(quantity: s.Quantity) -> timedelta | None:
    unit = {"hours": 3600, "minutes": 60, "seconds": 1}.get(quantity.unit)
    if unit is None or not 0 < quantity.amount * unit <= LONGEST // timedelta(seconds=1):
        return None
    return timedelta(microseconds=int(quantity.amount * unit * 1_000_000))

"""Rules: one instance per tuple of the "for" clause, its condition three-valued, its amount rounded once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ..definition import Rule
from ..derivation import Step, step
from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.spans import Moment, Span
from ..language.values import TRUE, Choice, Element, Value, conjunction, nothing_known, unsure
from ..world import FactWorld, Instance
from .amounts import Amount, amount_of
from .grouping import Basis, basis_of

NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Entry:
    """One assessment, or the result of a pool, as a pool above sees it.

    `applies` is false for a clue: then `amount` is what it would come to. `hole` says that only a gap in a table
    keeps it from being decided. `leaves` are the labels of the rule instances it is made of. `place` orders entries
    of equal weight as the definition does.
    """

    id: str
    key: Mapping[str, str]
    variables: Mapping[str, Element]
    applies: bool
    amount: Amount
    at: Moment | None
    basis: Basis
    place: int
    level: int = 0
    hole: bool = False
    leaves: tuple[str, ...] = ()
    recorded: str = ""
    missing: frozenset[str] = NONE
    running: frozenset[str] = NONE
    steps: tuple[Step, ...] = ()
    clues: tuple[str, ...] = field(default=())

    @property
    def label(self) -> str:
        """`a3_1/2025-10/s1`."""
        return "/".join((self.id, *self.key.values()))


HOLE = "hole:"


def evaluate_rule(world: FactWorld, rule: Rule, unit: str, place: int) -> tuple[Entry, ...]:
    """Every instance whose condition is true or unknown, in the order of the "for" clause.

    An instance whose trigger lies after as-of is not seen.
    """
    found = []
    for instance in world.tuples(f"rule.{rule.id}", rule.bindings):
        entry = _evaluate(world, rule, instance, unit, place)
        if entry is not None:
            found.append(entry)
    return tuple(found)


def _evaluate(world: FactWorld, rule: Rule, instance: Instance, unit: str, place: int) -> Entry | None:
    at = trigger(world, instance.variables)
    if at is not None and world.zone.order(at) >= world.zone.order(world.after):
        return None
    label = "/".join((rule.id, *instance.key.values()))
    scope = Evaluator(world, instance.variables, values=findings(world, rule, label))
    truth = TRUE if rule.when is None else scope.truth(rule.when)
    if instance.doubts:
        truth = conjunction([truth, unsure(instance.doubts)])
    if truth.value is False:
        return None
    amount = Amount(unit, None, None)
    if rule.amount is not None:
        amount = amount_of(scope.value(rule.amount), unit, rule.round)
    applies = truth.value is True
    hole = not applies and bool(truth.missing) and all(name.startswith(HOLE) for name in truth.missing)
    hole = hole or (applies and any(name.startswith(HOLE) for name in amount.missing))
    missing = truth.missing | amount.missing
    running = truth.provisional | amount.running
    if hole and not applies:
        amount = Amount(unit, None, None, truth.missing)
    return Entry(
        id=rule.id,
        key=instance.key,
        variables=instance.variables,
        applies=applies or hole,
        amount=replace(amount, missing=amount.missing | (truth.missing if hole else NONE), running=running),
        at=at,
        basis=basis_of(world, rule.because, instance.variables),
        place=place,
        hole=hole,
        leaves=(label,),
        recorded=_recorded(instance.variables),
        missing=missing,
        running=running,
        steps=_steps(rule, label, truth, amount),
    )


def trigger(world: FactWorld, variables: Mapping[str, Element]) -> Moment | None:
    """When an instance was triggered: an item when it happened, an interval or period when it began, a breach when
    the duty was due; of several the latest."""
    if not variables:
        return None
    evaluator = Evaluator(world, variables)
    moments = [
        span.value
        for element in variables.values()
        if element.kind != "system" and (span := evaluator.occurrence(element)).value is not None
    ]
    return max((moment for moment in moments if moment is not None), key=world.zone.order, default=None)


def findings(world: FactWorld, rule: Rule, label: str) -> dict[str, Value]:
    """What was found about this very instance, by bare name; unknown where nothing is recorded."""
    recorded = world.view.attributes.get(f"rule:{label}", {})
    names = {node.name for tree in (rule.when, rule.amount) if tree is not None for node in tree.walk()
             if isinstance(node, s.Var)}  # fmt: skip
    found: dict[str, Value] = {}
    for name in sorted(names):
        if name in rule.findings or (name in world.common_findings and name not in world.set_names):
            value = recorded.get(name)
            if isinstance(value, Span | Choice):
                found[name] = value
            elif value is None:
                found[name] = nothing_known({f"rule:{label}.{name}"})
            else:
                found[name] = world.typed(value, rule.findings.get(name, "bool"), f"rule:{label}.{name}")
    return found


def _recorded(variables: Mapping[str, Element]) -> str:
    return "/".join(element.id for element in variables.values())


def _steps(rule: Rule, label: str, truth: Choice, amount: Amount) -> tuple[Step, ...]:
    steps = []
    if rule.when is not None:
        form = "condition_true" if truth.value is True else "condition_open"
        steps.append(step(form, condition=str(rule.when), missing=sorted(truth.missing)))
    if rule.amount is not None:
        shown = amount.value
        form = "assessed" if shown is not None else "assessed_between" if not amount.is_blank else "assessed_none"
        steps.append(
            step(form, label=label, formula=str(rule.amount), amount=shown, low=amount.low, high=amount.high,
                 unit=amount.unit, missing=sorted(amount.missing))
        )  # fmt: skip
    return tuple(steps)

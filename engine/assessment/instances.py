"""Rules: one instance per tuple of the "for" clause, its condition three-valued, its amount rounded once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..definition import Rule
from ..derivation import Step, step
from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.spans import Moment, Span
from ..language.values import FALSE, TRUE, Choice, Element, Value, conjunction, nothing_known, unsure
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


@dataclass(frozen=True)
class Found:
    """An instance whose condition is true or unknown, before its amount."""

    instance: Instance
    label: str
    at: Moment | None
    truth: Choice
    basis: Basis


def find_instances(world: FactWorld, rule: Rule) -> tuple[Found, ...]:
    """The instances whose condition is not false, in the order of the "for" clause.

    An instance whose trigger lies after as-of is not seen.
    """
    found = (_find(world, rule, instance) for instance in world.tuples(f"rule.{rule.id}", rule.bindings))
    return tuple(each for each in found if each is not None)


def _find(world: FactWorld, rule: Rule, instance: Instance) -> Found | None:
    at = trigger(world, instance.variables)
    if at is not None and world.zone.order(at) >= world.zone.order(world.after):
        return None
    label = "/".join((rule.id, *instance.key.values()))
    truth = _truth(world, rule, instance, findings(world, rule, label))
    if truth.value is False:
        return None
    basis = basis_of(world, rule.because, instance.variables)
    if any(name.startswith(f"rule:{label}.") for name in truth.missing):
        truth = _truth(world, rule, instance, findings(world, rule, label, basis, instance.variables))
        if truth.value is False:
            return None
    return Found(instance, label, at, truth, basis)


def _truth(world: FactWorld, rule: Rule, instance: Instance, found: Mapping[str, Value]) -> Choice:
    truth = TRUE if rule.when is None else Evaluator(world, instance.variables, values=found).truth(rule.when)
    return conjunction([truth, unsure(instance.doubts)]) if instance.doubts else truth


def price_instances(
    world: FactWorld, rule: Rule, found: Sequence[Found], unit: str, place: int, names: frozenset[str] | None
) -> tuple[Entry, ...]:
    """The instances with their amounts. `names` are the variables the amount looks at, None if it may be any: the
    same amount is not worked out again for instances that agree in them."""
    known: dict[tuple[str, ...], Amount] = {}
    entries = []
    for each in found:
        variables = each.instance.variables
        key = None if names is None else tuple(e.id for n, e in variables.items() if n in names)
        if key is None or key not in known:
            amount = Amount(unit, None, None)
            if rule.amount is not None:
                scope = Evaluator(world, variables, values=findings(world, rule, each.label, each.basis, variables))
                amount = amount_of(scope.value(rule.amount), unit, rule.round)
            if key is None:
                entries.append(_entry(rule, each, amount, unit, place))
                continue
            known[key] = amount
        entries.append(_entry(rule, each, known[key], unit, place))
    return tuple(entries)


def _entry(rule: Rule, found: Found, amount: Amount, unit: str, place: int) -> Entry:
    truth, instance = found.truth, found.instance
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
        at=found.at,
        basis=found.basis,
        place=place,
        hole=hole,
        leaves=(found.label,),
        recorded=_recorded(instance.variables),
        missing=missing,
        running=running,
        steps=_steps(rule, found.label, truth, amount),
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


def findings(
    world: FactWorld, rule: Rule, label: str, basis: Basis | None = None, variables: Mapping[str, Element] | None = None
) -> dict[str, Value]:
    """What was found about this very instance, by bare name.

    A yes or no that nobody recorded is that of the things it rests on, if one of them has it or all deny it; else it
    is unknown.
    """
    recorded = world.view.attributes.get(f"rule:{label}", {})
    found: dict[str, Value] = {}
    for name in _asked(world, rule):
        value = recorded.get(name)
        if isinstance(value, Span | Choice):
            found[name] = value
        elif value is not None:
            found[name] = world.typed(value, rule.findings.get(name, "bool"), f"rule:{label}.{name}")
        else:
            inherited = None if basis is None else _inherited(name, basis, variables or {})
            found[name] = nothing_known({f"rule:{label}.{name}"}) if inherited is None else inherited
    return found


def _inherited(name: str, basis: Basis, variables: Mapping[str, Element]) -> Choice | None:
    """What the things an instance rests on say of themselves, as far as they concern its own system."""
    own = {element.id for element in variables.values() if element.kind == "system"}
    said = [
        value.value if isinstance(value := element.fields.get(name), Choice) else None
        for element in basis.elements
        if not own or own & _systems(element)
    ]
    if True in said:
        return TRUE
    return FALSE if said and not basis.missing and all(each is False for each in said) else None


def _systems(element: Element) -> frozenset[str]:
    """The systems a thing names."""
    listed = element.fields.get("systems")
    held = listed.value if isinstance(listed, Choice) else None
    return frozenset(each.id for each in held if isinstance(each, Element)) if isinstance(held, tuple) else NONE


def _asked(world: FactWorld, rule: Rule) -> tuple[str, ...]:
    """The bare names of a rule that are findings about its instance."""
    key = ("findings", rule.id)
    if key not in world.cache:
        trees = (tree for tree in (rule.when, rule.amount) if tree is not None)
        names = {node.name for tree in trees for node in tree.walk() if isinstance(node, s.Var)}
        common = world.common_findings - world.set_names
        world.cache[key] = tuple(sorted(name for name in names if name in rule.findings or name in common))
    asked: tuple[str, ...] = world.cache[key]
    return asked


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

"""One group of one pool, what it is called, and where it stands in the order of things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from ..derivation import Step
from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.parser import PERIOD_UNITS
from ..language.periods import period_of
from ..language.spans import Moment
from ..language.values import Choice, Element
from ..outcomes import Headroom
from ..world import FactWorld
from .amounts import Amount, rounded
from .grouping import Basis
from .instances import Entry

NONE: frozenset[str] = frozenset()
ZERO = Decimal(0)


@dataclass(frozen=True)
class Pooled:
    """One group of a pool under one combination of readings.

    `total` is what was combined, `result` after amount, caps and rounding. `raised`: clues could make it more, up to
    `reach` (None: without bound). `lapsed` and `carried` are what caps and missed claims took. `decision`: a person
    has to pick.
    """

    id: str
    key: Mapping[str, str]
    variables: Mapping[str, Element]
    members: tuple[Entry, ...]
    winners: tuple[Entry, ...]
    barred: Mapping[str, tuple[str, ...]]
    total: Amount
    result: Amount
    reach: Decimal | None
    clues: tuple[str, ...]
    missing: frozenset[str]
    running: frozenset[str]
    basis: Basis
    at: Moment | None
    headroom: tuple[Headroom, ...] = ()
    lapsed: Decimal = ZERO
    carried: Decimal = ZERO
    decision: bool = False
    raised: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def label(self) -> str:
        """`per_system/i1/s1`."""
        return "/".join((self.id, *self.key.values()))

    @property
    def leaves(self) -> tuple[str, ...]:
        """The rule instances that count."""
        return tuple(dict.fromkeys(leaf for entry in self.winners for leaf in entry.leaves))

    def entry(self, place: int, level: int) -> Entry:
        """The result as a member of a pool above."""
        return Entry(
            id=self.id, key=self.key, variables=self.variables, applies=True,
            amount=replace(self.result, missing=self.result.missing, running=self.running),
            at=self.at, basis=self.basis, place=place, level=level, leaves=self.leaves, missing=self.missing,
            running=self.running, clues=self.clues,
        )  # fmt: skip


def order_of(world: FactWorld, at: Moment | None) -> tuple[int, object]:
    """What comes first: what has no moment, then by the contract's clock."""
    return (-1, 0) if at is None else world.zone.order(at)


def key_name(tree: s.Expr) -> str:
    """What a part of a pool's key is called in results."""
    if isinstance(tree, s.Call):
        return tree.function
    return tree.name if isinstance(tree, s.Var | s.Field) else str(tree)


def key_value(world: FactWorld, tree: s.Expr, entry: Entry) -> tuple[str, frozenset[str]]:
    """An entry's value for a part of a pool's key, and the facts that would tell it."""
    if isinstance(tree, s.Var) and tree.name in entry.variables:
        return entry.variables[tree.name].id, NONE
    if isinstance(tree, s.Var):
        values, missing = entry.basis.nodes(tree.name)
        if not values and not missing and tree.name in PERIOD_UNITS:
            # `by = "month"`: the calendar month in which what it rests on happened
            day = world.zone.day_of(entry.at) if entry.at is not None else None
            return (period_of(day, tree.name).key, NONE) if day else ("", frozenset({f"{entry.label}.at"}))
        return "+".join(sorted(values)), missing
    value = Evaluator(world, entry.variables).value(tree)
    if isinstance(value, Choice):
        found = value.value
        return (found.id if isinstance(found, Element) else "" if found is None else str(found)), value.missing
    return ("" if value.value is None else value.value.isoformat()), value.missing


def rounded_by(amount: Amount, rule: str) -> Amount:
    """Both ends rounded as the pool says."""
    low, high = (None if e is None else rounded(Fraction(e), amount.unit, rule) for e in (amount.low, amount.high))
    return replace(amount, low=low, high=high)

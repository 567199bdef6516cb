"""Run-time values that are not moments: numbers, money, texts, truth, durations, elements and sets.

A `Choice` is the set of values an expression may have. One option is certain; several mean a reading or a condition
is undecided; none means nothing is known. `missing` names what would decide it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from .offsets import Length
from .spans import Span, Zone

# Beyond this many combinations of undecided readings a value counts as unknown.
MAX_OPTIONS = 64


@dataclass(frozen=True)
class Money:
    """An exact amount of one currency."""

    currency: str
    amount: Fraction


@dataclass(frozen=True)
class Points:
    """Penalty points: they add up among themselves and never turn into money by accident."""

    amount: Fraction


@dataclass(frozen=True)
class Element:
    """One member of a set: an item, system, period, breach, spell … with its fields.

    A field holds a `Choice` or a `Span`; `id` is what stands in a result's key.
    """

    kind: str
    id: str
    fields: Mapping[str, Choice | Span] = field(compare=False, hash=False)


@dataclass(frozen=True)
class Choice:
    """The values possible; see the module."""

    options: tuple[Any, ...]
    missing: frozenset[str] = frozenset()

    @property
    def is_certain(self) -> bool:
        """Exactly one value is possible."""
        return len(self.options) == 1

    @property
    def value(self) -> Any:
        """The certain value, or None."""
        return self.options[0] if self.is_certain else None


Value = Choice | Span
TRUE, FALSE = Choice((True,)), Choice((False,))


def certain(value: Any) -> Choice:
    """A value without doubt."""
    return Choice((value,))


def unsure(missing: Iterable[str]) -> Choice:
    """A truth value that the missing facts would decide."""
    return Choice((True, False), frozenset(missing))


def nothing_known(missing: Iterable[str]) -> Choice:
    """A value of which nothing is known."""
    return Choice((), frozenset(missing))


def combine(function: Callable[..., Any], *choices: Choice) -> Choice:
    """The function over every combination of options; unknown if any part is."""
    missing = frozenset().union(*(choice.missing for choice in choices))
    size = 1
    for choice in choices:
        size *= len(choice.options)
    if not 0 < size <= MAX_OPTIONS:
        return Choice((), missing)
    options = tuple(dict.fromkeys(function(*parts) for parts in product(*(c.options for c in choices))))
    return Choice(options, frozenset() if len(options) == 1 else missing)


def conjunction(parts: Iterable[Choice]) -> Choice:
    """Kleene "and": false as soon as one part is, true only if all are."""
    group = list(parts)
    if any(part == FALSE for part in group):
        return FALSE
    open_parts = [part for part in group if part.value is not True]
    return unsure(frozenset().union(*(part.missing for part in open_parts))) if open_parts else TRUE


def negation(part: Choice) -> Choice:
    """Kleene "not": unknown stays unknown."""
    if part.is_certain:
        return FALSE if part.value else TRUE
    return unsure(part.missing)


def disjunction(parts: Iterable[Choice]) -> Choice:
    """Kleene "or": true as soon as one part is, false only if all are."""
    return negation(conjunction(negation(part) for part in parts))


def compare_spans(zone: Zone, op: str, left: Span, right: Span) -> Choice:
    """A comparison is true (false) if it is so throughout the bounds, else unknown."""
    low, high = zone.order(left.low), zone.order(left.high)
    other_low, other_high = zone.order(right.low), zone.order(right.high)
    missing = left.missing | right.missing
    if op in (">", ">="):
        return compare_spans(zone, {">": "<", ">=": "<="}[op], right, left)
    if op == "!=":
        return negation(compare_spans(zone, "==", left, right))
    if op == "==":
        if low == high == other_low == other_high:
            return TRUE
        return FALSE if high < other_low or low > other_high else unsure(missing)
    strict = op == "<"
    if high < other_low or (not strict and high == other_low):
        return TRUE
    if low > other_high or (strict and low == other_high):
        return FALSE
    return unsure(missing)


def compare_values(op: str, left: Choice, right: Choice) -> Choice:
    """The comparison over every combination of options."""
    if not left.options or not right.options:
        return unsure(left.missing | right.missing)
    result = combine(lambda a, b: _compare(op, a, b), left, right)
    return result if result.is_certain else unsure(left.missing | right.missing)


def _compare(op: str, left: Any, right: Any) -> bool:
    first, second = size(left), size(right)
    if op == "==":
        return bool(first == second)
    if op == "!=":
        return bool(first != second)
    return bool({"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[op])


def size(value: Any) -> Any:
    """What a value is compared and divided by: its amount, its microseconds, its id."""
    if isinstance(value, Money | Points):
        return value.amount
    if isinstance(value, Length):
        return Fraction(value.microseconds if value.is_clock else value.amount)
    return value.id if isinstance(value, Element) else value

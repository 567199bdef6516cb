"""Amounts of assessments: what an expression gave, rounded once, within bounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..language.values import Choice, Money, Points, Value, between, bounds, size
from ..money import minor_units, round_money, round_whole
from ..outcomes import AmountRange

POINTS = "points"
# Digits of a number that is stated to stay unrounded but has no end as a decimal.
EXACT_DIGITS = 12
NONE: frozenset[str] = frozenset()
ZERO = Decimal(0)


@dataclass(frozen=True)
class Amount:
    """A rounded amount of one unit between two bounds (None: no bound), with what would settle it.

    `missing` names facts, holes and readings; `running` what was not over at as-of. Both are empty for a fixed one.
    """

    unit: str
    low: Decimal | None
    high: Decimal | None
    missing: frozenset[str] = NONE
    running: frozenset[str] = NONE

    @property
    def value(self) -> Decimal | None:
        """The amount, if it is certain."""
        return self.low if self.low == self.high else None

    @property
    def is_blank(self) -> bool:
        """Nothing at all is known of it."""
        return self.low is None and self.high is None

    def range(self) -> AmountRange:
        """The two bounds as a result shows them."""
        return AmountRange(self.unit, self.low, self.high)

    def as_value(self) -> Choice:
        """The amount as the language sees it."""
        low, high = (None if end is None else typed(end, self.unit) for end in (self.low, self.high))
        if low is None and high is None:
            return Choice((), self.missing, self.running)
        return between(low, high, self.missing, self.running)


def typed(number: Decimal | Fraction, unit: str) -> Money | Points:
    """A number as an amount of the language."""
    return Points(Fraction(number)) if unit == POINTS else Money(unit, Fraction(number))


def fixed(unit: str, amount: Decimal) -> Amount:
    """An amount without doubt."""
    return Amount(unit, amount, amount)


def nothing(unit: str) -> Amount:
    """No amount: zero, with the digits of its unit."""
    return fixed(unit, rounded(Fraction(0), unit))


def rounded(number: Fraction, unit: str, rule: str = "") -> Decimal:
    """The number rounded as a rule or pool states it; half-up to the unit's smallest part if it states nothing.

    `rule` is `exact`, or a mode (half_up, half_even, up, down) with an optional step: `down CNY 1`, `up 0.1`.
    """
    if rule == "exact":
        return _unrounded(number, unit, EXACT_DIGITS)
    mode, _space, step = rule.partition(" ")
    if not rule:
        return _unrounded(number, unit, 6) if unit == POINTS else round_money(number, minor_units(unit))
    size_of_step = Fraction(step.split()[-1]) if step else _smallest(unit)
    return _unrounded(round_whole(number / size_of_step, mode) * size_of_step, unit, _digits(unit))


def _smallest(unit: str) -> Fraction:
    return Fraction(1) if unit == POINTS else Fraction(1, 10 ** minor_units(unit))


def _digits(unit: str) -> int:
    return 6 if unit == POINTS else max(minor_units(unit), 6)


def _unrounded(number: Fraction, unit: str, digits: int) -> Decimal:
    """The number with as many decimals as it has, at most `digits`; money with no fewer than its minor unit."""
    exact = round_money(number, digits)
    whole, _dot, decimals = f"{exact:f}".partition(".")
    decimals = decimals.rstrip("0")
    if decimals and unit == POINTS:
        decimals = decimals.ljust(2, "0")
    elif unit != POINTS:
        decimals = decimals.ljust(minor_units(unit), "0")
    return Decimal(f"{whole}.{decimals}" if decimals else whole)


def amount_of(value: Value, unit: str, rule: str = "") -> Amount:
    """What an expression gave as an amount; both bounds are rounded the same way."""
    if not isinstance(value, Choice):
        return Amount(unit, None, None, value.missing)
    low, high = bounds(value)
    found = next((each.currency for each in (low, high) if isinstance(each, Money)), None)
    place = found or (POINTS if isinstance(low, Points) or isinstance(high, Points) else unit)

    def end(point: Any) -> Decimal | None:
        return None if point is None else rounded(Fraction(size(point)), place, rule)

    first, last = end(low), end(high)
    settled = first is not None and first == last
    return Amount(place, first, last, NONE if settled else value.missing, value.provisional)


def add(amounts: Iterable[Amount], unit: str) -> Amount:
    """The sum, bound by bound; unknown where a part is."""
    total = nothing(unit)
    for amount in amounts:
        total = Amount(
            amount.unit,
            None if total.low is None or amount.low is None else total.low + amount.low,
            None if total.high is None or amount.high is None else total.high + amount.high,
            total.missing | amount.missing,
            total.running | amount.running,
        )
    return total


def without_doubt(amount: Amount) -> Amount:
    """The amount with nothing left to settle, where its bounds agree."""
    return amount if amount.value is None else replace(amount, missing=NONE)

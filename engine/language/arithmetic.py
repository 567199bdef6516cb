"""Exact arithmetic on the language's values: rationals, money of one currency, points, durations."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..money import minor_units, round_money
from .offsets import Length
from .values import Element, Money, Points, size


def calculate(op: str, left: Any, right: Any) -> Any:
    """`left op right`; the type check has made sure that the operands fit. A division by zero yields None."""
    if op in "+-":
        return _add(left, right if op == "+" else scale(right, Fraction(-1)))
    if op == "*":
        return scale(left, right) if isinstance(right, Fraction) else scale(right, left)
    divisor = right if isinstance(right, Fraction) else size(right)
    if divisor == 0:
        return None
    if isinstance(right, Fraction):
        return scale(left, 1 / right)
    return size(left) / divisor


def scale(value: Any, factor: Fraction) -> Any:
    """The value times an exact number."""
    if isinstance(value, Money):
        return Money(value.currency, value.amount * factor)
    if isinstance(value, Points):
        return Points(value.amount * factor)
    if isinstance(value, Length):
        if value.is_clock:
            return Length(0, value.unit, None, round(value.microseconds * factor))
        return Length(int(value.amount * factor), value.unit, value.calendar)
    return value * factor


def rounded(value: Any) -> Any:
    """Half-up: money to its minor unit, any other number to a whole one."""
    if isinstance(value, Money):
        return Money(value.currency, Fraction(round_money(value.amount, minor_units(value.currency))))
    if isinstance(value, Points):
        return Points(Fraction(round_money(value.amount, 0)))
    return Fraction(round_money(value, 0))


def identity(value: Any) -> Any:
    """What makes two members the same: an element is its id."""
    return value.id if isinstance(value, Element) else value


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, Money):
        return Money(left.currency, left.amount + right.amount)
    if isinstance(left, Points):
        return Points(left.amount + right.amount)
    if isinstance(left, Length):
        if left.is_clock:
            return Length(0, left.unit, None, left.microseconds + right.microseconds)
        return Length(left.amount + right.amount, left.unit, left.calendar)
    return left + right

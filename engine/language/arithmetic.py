"""Exact arithmetic on the language's values: rationals, money, exchange rates, points, durations, and bounds of them.

Every function is total: operands that do not fit, a quotient by zero and a part of a calendar unit yield None, which
`values.combine` turns into "nothing known". The whole number 0 stands for an amount of any type (the sum of nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from fractions import Fraction
from itertools import product
from typing import Any

from ..money import minor_units, round_money, round_whole
from .offsets import Length
from .values import Between, Element, Money, Points, Rate, commensurable, is_number, size

ZERO = Fraction(0)
MODES = ("half_up", "half_even", "up", "down")
# A power beyond this is no penalty of any contract, only a way to exhaust the machine.
MAX_EXPONENT = 64


def calculate(op: str, left: Any, right: Any) -> Any:
    """`left op right`, exactly; None where there is no such value."""
    if isinstance(left, Between) or isinstance(right, Between):
        return _calculate_bounds(op, _ends(left), _ends(right))
    if op == "+":
        return _add(left, right)
    if op == "-":
        opposite = scale(right, Fraction(-1))
        return None if opposite is None else _add(left, opposite)
    return _multiply(left, right) if op == "*" else _divide(left, right)


def scale(value: Any, factor: Fraction) -> Any:
    """The value times an exact number; None for a part of a calendar unit, which is no length of time."""
    if isinstance(value, Between):
        ends = [end if end is None else scale(end, factor) for end in (value.low, value.high)]
        if factor == 0:
            known = value.low if value.low is not None else value.high
            return scale(known, factor)
        return Between(*(ends if factor > 0 else reversed(ends)))
    if isinstance(value, Money):
        return Money(value.currency, value.amount * factor)
    if isinstance(value, Rate):
        return Rate(value.of, value.per, value.amount * factor)
    if isinstance(value, Points):
        return Points(value.amount * factor)
    if isinstance(value, Length):
        if value.is_clock:
            return Length(0, value.unit, None, whole(value.microseconds * factor))
        amount = value.amount * factor
        return Length(int(amount), value.unit, value.calendar) if amount.denominator == 1 else None
    return value * factor if isinstance(value, Fraction) else None


def whole(number: Fraction) -> Any:
    """An exact number as `int` where it is one: two equal lengths are then written alike."""
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def negate(value: Any) -> Any:
    """The value with its sign turned."""
    return scale(value, Fraction(-1))


def absolute(value: Any) -> Any:
    """The value without its sign."""
    if isinstance(value, Between):
        low, high = value.low, value.high
        if low is not None and size(low) >= 0:
            return value
        if high is not None and size(high) <= 0:
            return negate(value)
        largest = None if low is None or high is None else max(negate(low), high, key=size)
        return Between(scale(low if low is not None else high, ZERO), largest)
    return value if not is_number(value) or size(value) >= 0 else negate(value)


def rounded(value: Any, unit: Any = None, mode: str = "half_up") -> Any:
    """Rounded to a multiple of `unit`, by default the minor unit of money and whole numbers of all else.

    `unit` may be a number of digits after the point, or an amount or duration of the value's own type.
    """
    if isinstance(value, Between):
        ends = [end if end is None else rounded(end, unit, mode) for end in (value.low, value.high)]
        return Between(*ends)
    if isinstance(unit, Between) or not is_number(value):
        return None
    if unit is None or (isinstance(unit, Fraction) and not isinstance(value, Fraction)) or _is_digits(value, unit):
        digits = (minor_units(value.currency) if isinstance(value, Money) else 0) if unit is None else int(unit)
        if isinstance(value, Length):
            return None
        if mode == "half_up":
            amount = Fraction(round_money(Fraction(size(value)), digits))
        else:
            amount = Fraction(round_whole(Fraction(size(value)) * 10**digits, mode), 10**digits)
        return _like(value, amount)
    count = quotient(value, unit)
    return None if count is None else scale(unit, Fraction(round_whole(count, mode)))


def _is_digits(value: Any, unit: Any) -> bool:
    return isinstance(value, Fraction) and isinstance(unit, Fraction) and unit.denominator == 1 and 0 <= unit <= 12


def _like(value: Any, amount: Fraction) -> Any:
    if isinstance(value, Money):
        return Money(value.currency, amount)
    return Points(amount) if isinstance(value, Points) else amount


def quotient(value: Any, unit: Any) -> Fraction | None:
    """How many units the value is; None if they have no common measure."""
    if isinstance(value, Length) and isinstance(unit, Length):
        pair = commensurable(value, unit)
        return None if pair is None or pair[1] == 0 else pair[0] / pair[1]
    if type(value) is not type(unit) or not is_number(value) or size(unit) == 0:
        return None
    if isinstance(value, Money) and value.currency != unit.currency:
        return None
    return Fraction(size(value)) / Fraction(size(unit))


def steps(value: Any, unit: Any, mode: str) -> Any:
    """How many units of a size lie in the value: begun ones (`up`), full ones (`down`), or exactly (`exact`)."""
    if isinstance(value, Between):
        ends = [end if end is None else steps(end, unit, mode) for end in (value.low, value.high)]
        grows = not isinstance(unit, Between) and is_number(unit) and size(unit) > 0
        return Between(*ends) if grows else None
    if isinstance(unit, Between):
        return None
    if value == ZERO and isinstance(value, Fraction) and is_number(unit) and size(unit) != 0:
        return ZERO
    count = quotient(value, unit)
    return count if count is None or mode == "exact" else Fraction(round_whole(count, mode))


def power(base: Any, exponent: Any) -> Any:
    """A number raised to a whole exponent of at most MAX_EXPONENT."""
    if isinstance(exponent, Between) or isinstance(base, Between):
        smallest = _ends(base)[0]
        if not isinstance(smallest, Fraction) or smallest < 1:
            # a base below one turns the order of the powers round
            return None
        ends = [power(*pair) for pair in product(_ends(base), _ends(exponent)) if None not in pair]
        if None in ends or not ends:
            return None
        lowest = ZERO if _ends(exponent)[0] is None else min(ends)
        return Between(lowest, None if None in (_ends(base)[1], _ends(exponent)[1]) else max(ends))
    if not isinstance(base, Fraction) or not isinstance(exponent, Fraction) or exponent.denominator != 1:
        return None
    if abs(exponent) > MAX_EXPONENT or max(abs(base.numerator), base.denominator) > 10**9:
        return None
    return None if base == 0 and exponent < 0 else base ** int(exponent)


def least(*values: Any) -> Any:
    """The smallest value."""
    return _extreme(values, min)


def greatest(*values: Any) -> Any:
    """The largest value."""
    return _extreme(values, max)


def _extreme(values: Iterable[Any], pick: Callable[..., Any]) -> Any:
    group = [_ends(value) for value in values]
    if not all(_comparable(one, other) for one, other in zip(_known(group), _known(group)[1:], strict=False)):
        return None
    # without a bound, the others bound min from above and max from below
    bounded: list[Any] = []
    for index in (0, 1):
        ends = [pair[index] for pair in group]
        open_end = (index == 0) == (pick is min)
        known = [end for end in ends if end is not None]
        bounded.append(None if (open_end and None in ends) or not known else pick(known, key=size))
    low, high = bounded
    return low if low is not None and high is not None and size(low) == size(high) else Between(low, high)


def _known(group: list[tuple[Any, Any]]) -> list[Any]:
    return [end for pair in group for end in pair if end is not None]


def _comparable(one: Any, other: Any) -> bool:
    if isinstance(one, Length) and isinstance(other, Length):
        return commensurable(one, other) is not None
    return is_number(one) and is_number(other)


def identity(value: Any) -> Any:
    """What makes two members the same: an element is its id."""
    return value.id if isinstance(value, Element) else value


def _ends(value: Any) -> tuple[Any, Any]:
    return (value.low, value.high) if isinstance(value, Between) else (value, value)


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return left + right
    if isinstance(left, Fraction) and left == 0 and is_number(right):
        return right
    if isinstance(right, Fraction) and right == 0 and is_number(left):
        return left
    if isinstance(left, Money) and isinstance(right, Money):
        same = left.currency == right.currency
        return Money(left.currency, left.amount + right.amount) if same else None
    if isinstance(left, Rate) and isinstance(right, Rate) and (left.of, left.per) == (right.of, right.per):
        return Rate(left.of, left.per, left.amount + right.amount)
    if isinstance(left, Points) and isinstance(right, Points):
        return Points(left.amount + right.amount)
    if isinstance(left, Length) and isinstance(right, Length):
        return _add_lengths(left, right)
    return None


def _add_lengths(left: Length, right: Length) -> Length | None:
    if left.is_clock and right.is_clock:
        return Length(0, left.unit, None, whole(Fraction(left.microseconds) + Fraction(right.microseconds)))
    if left.unit == right.unit and left.calendar == right.calendar:
        return Length(left.amount + right.amount, left.unit, left.calendar)
    return None


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(right, Fraction):
        return scale(left, right)
    if isinstance(left, Fraction):
        return scale(right, left)
    for money, rate in ((left, right), (right, left)):
        if isinstance(money, Money) and isinstance(rate, Rate) and money.currency == rate.per:
            return Money(rate.of, money.amount * rate.amount)
    return None


def _divide(left: Any, right: Any) -> Any:
    if not is_number(right) or size(right) == 0:
        return None
    if isinstance(right, Fraction):
        return scale(left, 1 / right)
    if isinstance(left, Fraction) and left == 0:
        return ZERO
    if isinstance(left, Money) and isinstance(right, Money) and left.currency != right.currency:
        return Rate(left.currency, right.currency, left.amount / right.amount)
    if isinstance(left, Money) and isinstance(right, Rate) and left.currency == right.of:
        return Money(right.per, left.amount / right.amount)
    return quotient(left, right)


def _calculate_bounds(op: str, left: tuple[Any, Any], right: tuple[Any, Any]) -> Any:
    """Interval arithmetic: the result lies between the results at the ends, where those exist."""
    if not all(end is None or is_number(end) for end in (*left, *right)):
        return None
    if op in "+-":
        other = right if op == "+" else (right[1], right[0])
        ends = [None if None in pair else calculate(op, *pair) for pair in zip(left, other, strict=True)]
        broken = any(
            end is None and None not in pair for end, pair in zip(ends, zip(left, other, strict=True), strict=True)
        )
        return None if broken or ends == [None, None] else Between(*ends)
    if op == "/" and not _keeps_its_sign(right):
        return None
    if None in left or None in right:
        return _half_open(op, left, right)
    corners = [calculate(op, *pair) for pair in product(left, right)]
    if None in corners:
        return None
    return Between(min(corners, key=size), max(corners, key=size))


def _keeps_its_sign(ends: tuple[Any, Any]) -> bool:
    low, high = ends
    return (low is not None and size(low) > 0) or (high is not None and size(high) < 0)


def _half_open(op: str, left: tuple[Any, Any], right: tuple[Any, Any]) -> Any:
    """A product or quotient with an end missing: bounded only where nothing is negative."""
    if any(low is None or size(low) < 0 for low in (left[0], right[0])):
        return None
    if op == "*":
        high = None if None in (left[1], right[1]) else calculate(op, left[1], right[1])
        return Between(calculate(op, left[0], right[0]), high)
    low = None if right[1] is None else calculate(op, left[0], right[1])
    high = None if left[1] is None else calculate(op, left[1], right[0])
    if low is None and right[1] is None:
        low = scale(high, ZERO) if high is not None else None
    return None if low is None and high is None else Between(low, high)


def clock(length: timedelta) -> Length:
    """Elapsed time as a value, counted in its largest whole unit."""
    ticks = length // timedelta(microseconds=1)
    for unit, ticks_each in (("hours", 3_600_000_000), ("minutes", 60_000_000), ("seconds", 1_000_000)):
        if ticks % ticks_each == 0 and (ticks or unit == "seconds"):
            return Length(0, unit, None, ticks, str(ticks // ticks_each))
    return Length(0, "seconds", None, ticks, f"{whole(Fraction(ticks, 1_000_000))}")

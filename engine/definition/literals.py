"""Attribute values as they stand in facts, read as the definition types them.

Values are booleans, whole numbers, dates, or texts ("CNY 12.30", "90 minutes", "99.98%"); never binary floats.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..language import ExpressionError, parse_expression
from ..language import syntax as s
from ..language.offsets import CLOCK, Length
from ..language.values import Money, Points
from ..money import LARGEST_AMOUNT
from .reader import read_moment

if TYPE_CHECKING:
    from .model import Definition

ATTRIBUTE_TYPES = (
    "any", "bool", "count", "date", "duration", "instant", "moment", "money", "number", "points", "ratio",
    "span", "system", "systems", "text", "texts",
)  # fmt: skip


_MONEY_OF = re.compile(r"money\(([A-Z]{3})\)")


def is_money(kind: str) -> bool:
    """Whether an attribute type is an amount of a currency of its own, such as `money(USD)`."""
    return _MONEY_OF.fullmatch(kind) is not None


def read_literal(value: Any, kind: str, definition: Definition) -> Any:
    """The value as the evaluator uses it. Raises ValueError naming what was expected.

    `kind` is one of ATTRIBUTE_TYPES or the name of an item kind (then the value is the id of such an item).
    """
    if isinstance(value, float):
        raise ValueError("a whole number or a text, never a binary float")
    if kind == "any":
        return value if isinstance(value, bool | date) else _number_or_text(value)
    if kind == "bool":
        return _expect(value, bool, "true or false")
    if kind in ("date", "instant", "moment"):
        return _moment(value, kind)
    if kind == "system":
        return _system(value, definition)
    if kind in ("systems", "texts"):
        members = _expect(value, list | tuple, "a list")
        return tuple(_system(item, definition) if kind == "systems" else str(item) for item in members)
    if found := _MONEY_OF.fullmatch(kind):
        return _told(value, "money", found[1])
    if kind in ("count", "number", "ratio", "money", "points", "duration", "span"):
        return _told(value, kind, definition.contract.currency)
    return _expect(value, str, "a text")


def _told(value: Any, kind: str, currency: str) -> Any:
    """A quantity as a fact tells it; an amount is one that can be kept."""
    read = _quantity(value, kind, currency)
    if isinstance(read, Money) and read is not value and abs(read.amount) > LARGEST_AMOUNT:
        raise ValueError(f"an amount up to {read.currency} {LARGEST_AMOUNT:,}, the most that is kept to the last digit")
    return read


def stated(value: Any) -> Any:
    """What a further field of [contract] says, as the evaluator uses it: a number, a date, an amount written with its
    currency, a rate, a length of time; any other text is just that."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value)
    if not isinstance(value, str) or value.strip().replace(".", "", 1).isdigit():
        return value
    if not isinstance(moment := read_moment(value), str):
        return moment
    for kind in ("ratio", "money", "points", "duration", "span"):
        try:
            return _quantity(value.strip(), kind, value.strip()[:3])
        except ValueError:
            continue
    return value


def _expect(value: Any, kind: Any, expected: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(expected)
    return value


def _moment(value: Any, kind: str) -> date | datetime:
    moment = read_moment(value)
    if isinstance(moment, str) or (kind == "date" and isinstance(moment, datetime)):
        raise ValueError("a date that exists" if kind == "date" else "a date or an instant with its offset")
    return moment


def _system(value: Any, definition: Definition) -> str:
    if not isinstance(value, str) or value not in definition.systems:
        raise ValueError("one of the systems " + ", ".join(definition.systems))
    return value


def _number_or_text(value: Any) -> Any:
    if isinstance(value, int):
        return Fraction(value)
    return tuple(value) if isinstance(value, list) else value


_TYPED = {
    "count": Fraction, "number": Fraction, "ratio": Fraction, "money": Money, "points": Points, "duration": Length,
    "span": Length,
}  # fmt: skip


def _quantity(value: Any, kind: str, currency: str) -> Any:
    expected = {
        "count": "a whole number", "number": "a number", "ratio": "a ratio such as \"99.98%\"",
        "money": f"an amount such as \"{currency} 12.30\"", "points": "points such as \"3 points\"",
        "duration": "elapsed time such as \"90 minutes\"", "span": "calendar time such as \"24 months\"",
    }[kind]  # fmt: skip
    if isinstance(value, _TYPED[kind]):
        # read before: facts of a file are checked again where they are evaluated
        return value
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(expected)
    try:
        tree = parse_expression(str(value))
    except ExpressionError:
        raise ValueError(expected) from None
    sign = -1 if isinstance(tree, s.Negate) else 1
    if isinstance(tree, s.Negate):
        tree = tree.value
    if isinstance(tree, s.Number):
        number = sign * Fraction(tree.value)
        if kind == "money":
            return Money(currency, number)
        if kind == "points":
            return Points(number)
        if kind in ("ratio", "number") or (kind == "count" and number.denominator == 1):
            return number
    if kind in ("ratio", "number") and isinstance(tree, s.Percent):
        return sign * Fraction(tree.value) / 100
    if kind == "money" and isinstance(tree, s.MoneyAmount) and tree.currency == currency:
        return Money(tree.currency, sign * Fraction(tree.amount))
    if isinstance(tree, s.Quantity) and sign == 1:
        if kind == "points" and tree.unit == "points":
            return Points(Fraction(tree.amount))
        ticks = _ticks(tree.amount, tree.unit)
        if kind == "duration" and ticks is not None and ticks.denominator == 1:
            return Length(0, tree.unit, None, ticks.numerator, f"{tree.amount:f}")
        # half a month is no length of the calendar: refused, never cut to a whole one
        whole = tree.amount == int(tree.amount)
        if kind == "span" and whole and tree.unit in s.DAY_UNITS and tree.unit != "workdays":
            return Length(int(tree.amount), tree.unit)
    raise ValueError(expected)


def _ticks(amount: Decimal, unit: str) -> Fraction | None:
    """The exact microseconds of an elapsed time; None for a unit of the calendar."""
    return Fraction(amount) * (CLOCK[unit] // timedelta(microseconds=1)) if unit in CLOCK else None

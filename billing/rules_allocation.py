"""Sharing a contract's price among the systems it serves, and the monthly base of a share: pure arithmetic.

The contract prices nothing per system (register D-25), so that a share is a stated method and not a fact of the
contract. Parts add up to the price to the last minor unit; a base that penalties multiply is never rounded before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.money import minor_units, round_money, split_largest_remainder

SHOWN_PLACES = 6


def shares(total: Decimal, weights: Sequence[Decimal], *, currency: str) -> tuple[Decimal, ...]:
    """The parts of `total` (any sign) by weight, in minor units of the currency; they add up to `total` exactly.

    Raises ValueError for no weight, a negative weight, or weights that are all zero.
    """
    return split_largest_remainder(total, weights, minor_units=minor_units(currency))


def whole_months(first: date, last: date) -> int | None:
    """Months of a term with both ends included, e.g. 12 for 2025-07-01 to 2026-06-30; None if it is no whole number."""
    after = date.fromordinal(last.toordinal() + 1)
    if after.day != first.day or after <= first:
        return None
    return (after.year - first.year) * 12 + after.month - first.month


def month_base(fee: Decimal | Fraction, months: int) -> Fraction:
    """A fee per service month, unrounded: what a penalty multiplies by its coefficient (rounded once, at the end)."""
    return Fraction(fee) / months


def exact_text(value: Fraction, *, minor: int = 2, places: int = SHOWN_PLACES) -> str:
    """The value in full, or cut after `places` decimals with an ellipsis where it goes on. Never rounded."""
    scaled = abs(value.numerator) * 10**places // value.denominator
    whole, part = divmod(scaled, 10**places)
    goes_on = Fraction(scaled, 10**places) != abs(value)
    digits = str(part).rjust(places, "0")
    if not goes_on:
        digits = digits.rstrip("0").ljust(minor, "0")
    sign = "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{whole:,}.{digits}{'…' if goes_on else ''}" if digits else f"{sign}{whole:,}"


def table_problem(total: Decimal, amounts: Iterable[Decimal]) -> Decimal:
    """What an explicit table still lacks (positive) or has too much (negative); 0 if it adds up to the price."""
    return total - sum(amounts, Decimal(0))


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a used quantity from a day on."""

    on: date
    quantity: Decimal


def balance_range(changes: Iterable[Change]) -> tuple[tuple[date, Decimal], tuple[date, Decimal]] | None:
    """The lowest and the highest balance over time, each with the first day it is reached; None without a change."""
    by_day: dict[date, Decimal] = {}
    for change in changes:
        by_day[change.on] = by_day.get(change.on, Decimal(0)) + change.quantity
    reached: list[tuple[date, Decimal]] = []
    for day in sorted(by_day):
        reached.append((day, by_day[day] + (reached[-1][1] if reached else Decimal(0))))
    if not reached:
        return None
    return min(reached, key=lambda each: each[1]), max(reached, key=lambda each: each[1])


def product_differs(
    unit_price: Decimal | None, quantity: Decimal | None, amount: Decimal | None, *, currency: str
) -> bool:
    """Whether a priced row's amount is not its price times its quantity; a blank row is not zero and differs from
    nothing."""
    if unit_price is None or quantity is None or amount is None:
        return False
    return round_money(unit_price * quantity, minor_units(currency)) != amount

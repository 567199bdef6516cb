"""Money: exact decimals, one rounding, splits that add up, and Chinese capital amounts (大写).

No other module of the product rounds an amount: `round_money` is the one place, half-up to the minor unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from .capitals import parse_capitals, to_capitals

__all__ = [
    "LARGEST_AMOUNT", "LARGEST_QUANTITY", "MINOR_UNITS", "largest", "minor_units", "parse_capitals", "round_money",
    "round_whole", "split_largest_remainder", "to_capitals",
]  # fmt: skip

# Of the two databases SQLite keeps decimals as binary fractions: up to fifteen digits come back as they went in (IEEE
# 754), of a sixteenth the fen may be lost. What is computed may be of any size; what is entered or kept may not, and on
# both databases alike.
EXACT_DIGITS = 15

# ISO 4217 currencies whose minor unit is not a hundredth.
MINOR_UNITS = {
    "BHD": 3, "CLP": 0, "IQD": 3, "ISK": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3,
    "PYG": 0, "TND": 3, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
}  # fmt: skip


def largest(decimals: int) -> Decimal:
    """The largest figure with so many decimals that every database gives back to the last digit."""
    return Decimal((0, (9,) * EXACT_DIGITS, -decimals))


# 9,999,999,999,999.99: no amount of money that is entered or kept is above it.
LARGEST_AMOUNT = largest(2)
# 99,999,999,999.9999: the same for quantities and unit prices, which have four decimals.
LARGEST_QUANTITY = largest(4)


def minor_units(currency: str) -> int:
    """Digits after the point in a currency's amounts (ISO 4217)."""
    return MINOR_UNITS.get(currency, 2)


def round_money(amount: Decimal | Fraction | int, minor_units: int = 2) -> Decimal:
    """The amount rounded half-up (away from zero at the half) to `minor_units` digits.

    Exact for fractions of any size: no intermediate decimal context is involved. Raises TypeError for a float.
    """
    if isinstance(amount, float):
        raise TypeError("an amount is never a binary float")
    scaled = Fraction(amount) * 10**minor_units
    magnitude = abs(scaled)
    units = (2 * magnitude.numerator + magnitude.denominator) // (2 * magnitude.denominator)
    sign = 1 if scaled < 0 and units else 0
    return Decimal((sign, tuple(int(digit) for digit in str(units)), -minor_units))


def round_whole(number: Fraction, mode: str = "half_up") -> int:
    """The whole number a quotient is rounded to: half_up, half_even, up (away from zero) or down (towards it).

    Raises KeyError for another mode.
    """
    units, rest = divmod(abs(number).numerator, number.denominator)
    twice = 2 * rest - number.denominator
    up = {
        "half_up": twice >= 0,
        "half_even": twice > 0 or (twice == 0 and units % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    return (units + up) * (-1 if number < 0 else 1)


def split_largest_remainder(
    total: Decimal, weights: Sequence[Decimal | Fraction | int], *, minor_units: int = 2
) -> tuple[Decimal, ...]:
    """Split `total` by non-negative weights so that the rounded parts add up to it exactly.

    Each part is cut down to the minor unit and the left-over units go to the largest remainders, the earlier part
    first on a tie. The split is done on the absolute value and the sign put back, so a credit splits as its debit.
    Raises ValueError for no weights, a negative weight, all weights zero, or a total finer than the minor unit.
    """
    scaled = Fraction(total) * 10**minor_units
    if scaled.denominator != 1:
        raise ValueError(f"{total} is finer than the minor unit")
    exact = [Fraction(weight) for weight in weights]
    if not exact or any(weight < 0 for weight in exact) or not sum(exact):
        raise ValueError("a split needs non-negative weights that are not all zero")
    units = abs(scaled.numerator)
    whole = sum(exact)
    quotas = [units * weight / whole for weight in exact]
    parts = [quota.numerator // quota.denominator for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - quotas[index], index))
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    sign = -1 if scaled < 0 else 1
    return tuple(round_money(Fraction(sign * part, 10**minor_units), minor_units) for part in parts)

"""Day count conventions: what part of a year lies between two dates, as interest is reckoned."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

CONVENTIONS = ("act_365", "act_360", "act_act", "thirty_360")
YEAR, BANKERS_YEAR, MONTH = 365, 360, 30


def year_fraction(start: date, end: date, convention: str) -> Fraction:
    """The part of a year from `start`, left out, to `end`, included; negative if `end` comes first.

    `act_365` and `act_360` divide the days by 365 or 360, `act_act` each calendar year's days by that year's own
    number (ISDA), `thirty_360` counts every month as 30 days and a 31st as a 30th (30E/360).
    """
    if convention == "thirty_360":
        days = (end.year - start.year) * BANKERS_YEAR + (end.month - start.month) * MONTH
        return Fraction(days + min(end.day, MONTH) - min(start.day, MONTH), BANKERS_YEAR)
    if convention == "act_act":
        return _up_to(end) - _up_to(start)
    return Fraction((end - start).days, BANKERS_YEAR if convention == "act_360" else YEAR)


def _up_to(day: date) -> Fraction:
    """The years up to a day: its year, and the part of that year before it."""
    first = date(day.year, 1, 1)
    length = (date(day.year, 12, 31) - first).days + 1
    return day.year + Fraction((day - first).days, length)

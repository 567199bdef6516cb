"""Day count conventions: what part of a year lies between two dates, as interest is reckoned."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

CONVENTIONS = ("act_365", "act_360", "act_act", "thirty_360")
# What the conventions are also called, in any spelling of capitals and strokes.
ALIASES = {
    "act_365f": "act_365", "actual_365": "act_365", "act_365_fixed": "act_365", "actual_365_fixed": "act_365",
    "actual_360": "act_360", "actual_actual": "act_act", "act_act_isda": "act_act", "30e_360": "thirty_360",
}  # fmt: skip
YEAR, BANKERS_YEAR, MONTH = 365, 360, 30


def convention_named(written: str) -> str:
    """The convention of that name, `'ACT/365'` as well as `act_365`; the name itself if there is none."""
    name = re.sub(r"\W+", "_", written.strip("'\"").lower()).strip("_")
    return ALIASES.get(name, name)


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

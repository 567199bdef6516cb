"""Mainland China's working days as published by the State Council, from the `chinesecalendar` data set."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from chinese_calendar import constants

from .calendars import Calendar, build_calendar

CODE = "CN"
ZONE = "Asia/Shanghai"


def published_years() -> range:
    """The years the installed data set covers, without gaps (2004 … the last holiday notice it knows)."""
    years = {day.year for day in constants.holidays}
    return range(min(years), max(years) + 1)


@lru_cache(maxsize=4)
def _build(years: tuple[int, ...]) -> Calendar:
    wanted = set(years)
    rest = {day: name for day, name in constants.holidays.items() if day.year in wanted}
    work = {day: name for day, name in constants.workdays.items() if day.year in wanted}
    return build_calendar(
        code=CODE,
        zone=ZONE,
        rest=rest,
        work=work,
        names={**rest, **work},
        first=date(years[0], 1, 1),
        last=date(years[-1], 12, 31),
        source="State Council holiday notices",
    )


def china_official(years: Iterable[int] | None = None) -> Calendar:
    """The official calendar over the given consecutive years, all published years by default.

    Raises ValueError for a year the data set does not hold or for years with a gap between them.
    """
    known = published_years()
    chosen = tuple(sorted(set(years))) if years is not None else tuple(known)
    if not chosen or chosen[0] not in known or chosen[-1] not in known:
        raise ValueError(f"published years are {known.start}–{known.stop - 1}")
    if chosen[-1] - chosen[0] + 1 != len(chosen):
        raise ValueError("the years of a calendar must follow each other without a gap")
    return _build(chosen)

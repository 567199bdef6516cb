"""90 working days on, day ordinals in and out: the product's calendar against a bare prefix-array look-up over the
same days (the least that counting can cost), and against the library walked day by day."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

import chinese_calendar

from bench.harness import QUICK, Row, Variant, aa_row, judge, measure
from engine.calendars import Calendar
from engine.calendars_cn import china_official

JOB = "workdays"
COUNT = 90
FIRST, LAST = date(2015, 1, 1), date(2026, 6, 30)
STARTS = 20_000 if QUICK else 200_000
WALKED = 5 if QUICK else 40
ROUNDS = 3 if QUICK else 15


def bare(calendar: Calendar) -> Callable[[int], int]:
    """A function that looks the answer up in two arrays and does nothing else: no calendar ends, no negative count."""
    first, last = FIRST.toordinal(), date(LAST.year, 12, 31).toordinal()
    workdays = [day for day in range(first, last + 1) if calendar.is_workday(date.fromordinal(day))]
    working, before, prefix = set(workdays), 0, []
    for day in range(first, last + 1):
        before += day in working
        prefix.append(before)
    offset = COUNT - 1

    def look_up(ordinal: int) -> int:
        return workdays[prefix[ordinal - first] + offset]

    return look_up


def walk(ordinal: int) -> int:
    """The usual way: ask the library about one day after another."""
    day, left = date.fromordinal(ordinal), COUNT
    while left:
        day += timedelta(days=1)
        left -= chinese_calendar.is_workday(day)
    return day.toordinal()


def run() -> list[Row]:
    calendar = china_official()
    draw = random.Random(90).randint
    starts = [draw(FIRST.toordinal(), LAST.toordinal()) for _ in range(STARTS)]
    few = starts[:WALKED]
    look_up = bare(calendar)
    add = calendar.add_ordinal
    assert [add(day, COUNT) for day in starts] == [look_up(day) for day in starts], "the look-up differs"
    assert [add(day, COUNT) for day in few] == [walk(day) for day in few], "the library differs"
    times = measure(
        {
            "anchor": Variant(lambda: [look_up(day) for day in starts]),
            "again": Variant(lambda: [look_up(day) for day in starts]),
            "product": Variant(lambda: [add(day, COUNT) for day in starts]),
            "walk": Variant(lambda: [walk(day) for day in few]),
        },
        rounds=ROUNDS,
    )
    anchor, product = times["anchor"].median / STARTS, times["product"].median / STARTS
    walked = times["walk"].median / WALKED
    aa = times["again"].ratio(times["anchor"])
    size = f"+{COUNT} working days, {STARTS:,} starts"
    return [
        Row(JOB, "anchor: bare prefix array", size, f"{anchor * 1e9:.0f} ns a call", 1.0),
        aa_row(JOB, size, aa),
        Row(JOB, "product, Calendar.add_ordinal", size, f"{product * 1e9:.0f} ns a call", product / anchor,
            "≤ 3× anchor", judge(product / anchor, 3, aa)),
        Row(JOB, "library walked day by day, against the product", f"+{COUNT} working days, {WALKED} starts",
            f"{walked * 1e3:.3g} ms a call", walked / product, "≥ 5,000× the product",
            judge(walked / product, 5_000, aa, at_least=True)),
    ]  # fmt: skip

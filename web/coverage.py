"""The coverage line: a security against the money at risk, as steps over time. Positions along the time axis are
percentages, so that one drawing fits any width; the table beside it holds the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules_guarantee import CoverStep, Risk
from web.drawing import Position, add_months

TOP, HEIGHT = 28, 180
"""Pixels above the plot, and of the plot itself."""
NEAR = 7.0
"""Percent of the width within which two labels would touch."""


@dataclass(frozen=True)
class DrawnStep:
    """The area under the security, the line of the exposure and its rise from the step before."""

    x: str
    width: str
    end: str
    security_y: int
    security_height: int
    exposure_y: int
    rise_y: int
    uncovered: bool
    planned: bool
    title: str


@dataclass(frozen=True)
class DrawnTick:
    """A line across the plot with a label; `anchor` keeps the label inside the drawing."""

    x: str
    label: str
    kind: str
    anchor: str
    y: int


@dataclass(frozen=True)
class DrawnCoverage:
    height: int
    bottom: int
    steps: tuple[DrawnStep, ...]
    months: tuple[DrawnTick, ...]
    marks: tuple[DrawnTick, ...]
    levels: tuple[tuple[int, str], ...]


def _percent(value: float) -> str:
    return f"{value:.3f}%"


def _level(amount: Decimal, top: Decimal) -> int:
    """Pixels from the top of the drawing; an amount that is there is never drawn as nothing."""
    if amount <= 0:
        return TOP + HEIGHT
    return TOP + HEIGHT - max(3, int(amount * HEIGHT / top))


def draw_coverage(
    steps: Sequence[CoverStep],
    *,
    today: date,
    ends: date | None,
    risks: Sequence[Risk],
    words: dict[str, str],
    money: Callable[[Decimal], str],
) -> DrawnCoverage | None:
    """Where everything stands in the drawing; None without steps. `words` name today and the
    end, `money` writes an amount."""
    if not steps:
        return None
    first, last = steps[0].first, steps[-1].last
    span = max((last - first).days + 1, 1)

    def at(day: date, *, middle: bool = False) -> float:
        return ((day - first).days + (0.5 if middle else 0)) / span * 100

    top = max([*(step.security for step in steps), *(step.exposure for step in steps), Decimal(1)])
    drawn, before = [], TOP + HEIGHT
    for step in steps:
        left, right = at(step.first), at(step.last) + 100 / span
        security, exposure = _level(step.security, top), _level(step.exposure, top)
        drawn.append(
            DrawnStep(
                x=_percent(left),
                width=_percent(right - left),
                end=_percent(right),
                security_y=security,
                security_height=TOP + HEIGHT - security,
                exposure_y=exposure,
                rise_y=before,
                uncovered=step.uncovered > 0,
                planned=step.planned or step.first > today,
                title=f"{step.first:%Y-%m-%d} – {step.last:%Y-%m-%d}",
            )
        )
        before = exposure
    return DrawnCoverage(
        height=TOP + HEIGHT + 22,
        bottom=TOP + HEIGHT,
        steps=tuple(drawn),
        months=tuple(_months(first, last, at)),
        marks=tuple(_marks(first, last, at, today=today, ends=ends, risks=risks, words=words)),
        levels=((_level(top, top), money(top)),),
    )


def _anchor(position: float) -> str:
    return "start" if position < 6 else "end" if position > 94 else "middle"


def _months(first: date, last: date, at: Position) -> list[DrawnTick]:
    ticks: list[DrawnTick] = []
    month = add_months(first.replace(day=1), 1)
    while month <= last:
        position = at(month)
        shown = month.month in (1, 4, 7, 10)
        label = f"{month:%Y-%m}" if shown else ""
        ticks.append(DrawnTick(_percent(position), label, "month", _anchor(position), TOP + HEIGHT + 16))
        month = add_months(month, 1)
    return ticks


def _marks(
    first: date,
    last: date,
    at: Position,
    *,
    today: date,
    ends: date | None,
    risks: Sequence[Risk],
    words: dict[str, str],
) -> list[DrawnTick]:
    wanted = [(today, words["today"], "now")] if first <= today <= last else []
    if ends is not None and first <= ends <= last:
        wanted.append((ends, words["ends"], "end"))
    for risk in risks:
        day = risk.on or risk.low
        if day is not None and first <= day <= last:
            wanted.append((day, f"{day:%m-%d}", "risk"))
    ticks: list[DrawnTick] = []
    taken: list[float] = []
    for day, label, kind in wanted:
        position = at(day)
        free = all(abs(position - other) >= NEAR for other in taken)
        ticks.append(DrawnTick(_percent(position), label if free else "", kind, _anchor(position), 16))
        if free:
            taken.append(position)
    return ticks

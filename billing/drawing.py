"""The settlement of an instalment as bars: positions in percent, so that one drawing fits any width."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.selectors.settlement import Waterfall


@dataclass(frozen=True)
class Bar:
    """A part of a bar: left edge and width in percent of the drawing, and what it is."""

    x: str
    width: str
    kind: str


@dataclass(frozen=True)
class BarLine:
    """One line of the drawn waterfall: words on the left, figure on the right, bars below."""

    label: str
    amount: Decimal
    y: int
    bar_y: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class DrawnWaterfall:
    lines: tuple[BarLine, ...]
    height: int
    summary: str


LINE = 46
"""Pixels per line: words above, bar below."""


def draw_waterfall(found: Waterfall) -> DrawnWaterfall:
    """The waterfall as bars on one scale: the instalment, what comes off it, what is paid of the rest, and what the
    vendor owes apart."""
    apart = found.undeducted + found.claimed
    scale = max(found.due, apart, Decimal(1))

    def bar(start: Decimal, size: Decimal, kind: str) -> Bar:
        return Bar(f"{start / scale * 100:.3f}%", f"{max(size, Decimal(0)) / scale * 100:.3f}%", kind)

    rows: list[tuple[str, Decimal, tuple[Bar, ...]]] = [
        (_("Due under the contract"), found.due, (bar(Decimal(0), found.due, "due"),)),
        (_("Deducted"), -found.deducted, (bar(found.to_pay, found.deducted, "off"),)),
    ]
    frozen = min(found.frozen, max(found.outstanding, Decimal(0)))
    rows.append(
        (
            _("To pay"),
            found.to_pay,
            (
                bar(Decimal(0), found.paid, "paid"),
                bar(found.paid, found.outstanding - frozen, "open"),
                bar(found.to_pay - frozen, frozen, "frozen"),
            ),
        )
    )
    if apart:
        parts = (bar(Decimal(0), found.undeducted, "off"), bar(found.undeducted, found.claimed, "claim"))
        rows.append((_("Owed by the vendor apart"), apart, parts))
    lines = tuple(
        BarLine(label, amount, number * LINE + 14, number * LINE + 20, bars)
        for number, (label, amount, bars) in enumerate(rows)
    )
    return DrawnWaterfall(lines, len(rows) * LINE, _("Settlement of the instalment as bars; the figures follow."))

"""Measured figures as results: exact, as text."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..definition import Measure
from ..language.formula import written
from ..language.offsets import Length
from ..language.spans import Edge, Span
from ..language.values import Value, bounds
from ..outcomes import MeasureResult, OutcomeState
from ..world import FactWorld


def measure_results(world: FactWorld, version: str, names: Collection[str] | None = None) -> list[MeasureResult]:
    """Every instance of every measure whose window has begun by as-of, sorted by id, then key."""
    found = [
        result
        for measure in world.definition.measures.values()
        if names is None or measure.id in names
        for result in _measured(world, measure, version)
    ]
    return sorted(found, key=lambda result: (result.id, tuple(result.key.values())))


def _measured(world: FactWorld, measure: Measure, version: str) -> list[MeasureResult]:
    found = []
    for instance in world.tuples(f"measure.{measure.id}", measure.bindings):
        if len(instance.variables) < len(measure.bindings):
            continue
        starts = [element.fields.get("start") for element in instance.variables.values() if element.kind == "period"]
        if any(isinstance(s, Span) and world.zone.order(s.low) > world.zone.order(world.as_of) for s in starts):
            continue
        value = world.measure(measure.id, tuple(instance.variables.values()))
        found.append(_result(measure, dict(instance.key), value, instance.doubts, version))
    return found


def _result(measure: Measure, key: dict[str, str], value: Value, doubts: frozenset[str], version: str) -> MeasureResult:
    low, high = bounds(value)
    if isinstance(value, Span):
        certain, shown = value.value is not None, None if value.value is None else value.value.isoformat()
        running = frozenset[str]()
    else:
        certain, running = value.is_certain, value.provisional
        shown = figure(value.value) if certain else None
    certain = certain and not doubts
    state: OutcomeState = "pending" if not certain else "provisional" if running else "known"
    return MeasureResult(
        id=measure.id,
        key=key,
        state=state,
        value=shown if certain else None,
        low=None if low is None or isinstance(low, Edge) else figure(low),
        high=None if high is None or isinstance(high, Edge) else figure(high),
        missing=() if certain else tuple(sorted(value.missing | doubts)),
        clause=measure.clause,
        version=version,
    )


def figure(value: Any) -> str:
    """An exact figure as text: `9999/10000`, `CNY 12.30`, `1800 seconds`, `267.84 seconds`, `true`, an id."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Length) and value.is_clock:
        return f"{_plain(Fraction(value.microseconds, 1_000_000))} seconds"
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value) if isinstance(value, str | Fraction) else written(value)


def _plain(number: Fraction) -> str:
    """A number with all its decimals; as a fraction where they would not end."""
    tens = 0
    while number * 10**tens % 1 and tens < 12:
        tens += 1
    scaled = number * 10**tens
    return str(number) if scaled % 1 else f"{Decimal(int(scaled)).scaleb(-tens):f}"

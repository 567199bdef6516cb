"""Prove stored assessments: compute each again from its own snapshot and compare to the fen. Reads, never writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from contracts.models import Contract
from engine.facts import FactsRefused
from penalties.models import Assessment
from penalties.reckoning import basis_of, outcomes
from penalties.snapshots import fingerprint
from penalties.units import kept


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored assessment that does not come out again; `stored` and `now` are (low, high), None where open."""

    assessment: int
    case: str
    stored: tuple[Decimal | None, Decimal | None]
    now: tuple[Decimal | None, Decimal | None] | None
    reason: str


@dataclass
class Proof:
    """How many were computed again, those that differ, and how many come to the same in other words: a later release
    may explain more fully."""

    checked: int
    differences: list[Difference]
    reworded: int = 0


def recompute(contract: Contract | None = None) -> Proof:
    """Compute every stored assessment again, of one contract or of all.

    Same facts, definition, readings, calendars and day must give the same bounds, to the fen.
    Assessments without rules behind them (a late duty nobody priced) hold no figures and are not counted.
    """
    rows = Assessment.objects.exclude(case__target__startswith="duty:")
    if contract is not None:
        rows = rows.filter(case__contract=contract)
    proof = Proof(0, [])
    for group in _by_basis(rows):
        proof.checked += len(group)
        _compare(group, proof)
    return proof


def _by_basis(rows: object) -> Iterator[list[Assessment]]:
    """Assessments that share everything they rest on, together: the engine is asked once for all of them."""
    ordered = rows.order_by(  # type: ignore[attr-defined]
        "case__contract_id", "facts_id", "definition_id", "as_of", "known_on", "pk"
    ).select_related("case__contract", "facts", "definition")
    group: list[Assessment] = []
    for row in ordered.iterator(chunk_size=500):
        if group and _shared(group[0]) != _shared(row):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _shared(row: Assessment) -> tuple[object, ...]:
    readings = tuple(sorted(row.readings.items()))
    return row.facts_id, row.definition_id, row.as_of, row.known_on, readings, tuple(row.calendar_years)


def _compare(group: list[Assessment], proof: Proof) -> None:
    try:
        found = {(each.target, each.key_text): each for each in outcomes(basis_of(group[0]))}
    except (FactsRefused, LookupError, ValueError, ArithmeticError) as error:
        reason = f"{type(error).__name__}: {error}"
        proof.differences += [Difference(r.pk, r.case.number, (r.low, r.high), None, reason) for r in group]
        return
    for row in group:
        now = found.get((row.case.target, row.case.key_text))
        if now is None:
            proof.differences.append(
                Difference(row.pk, row.case.number, (row.low, row.high), None, "nothing owed any more")
            )
        elif (row.low, row.high, row.unit) != (kept(now.low), kept(now.high), now.unit):
            proof.differences.append(
                Difference(row.pk, row.case.number, (row.low, row.high), (now.low, now.high), "another amount")
            )
        elif fingerprint(row.outcome) != fingerprint(now.to_json()):
            proof.reworded += 1

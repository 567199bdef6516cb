"""What is claimed together: the engine's assessments and pools divided into the things a docket has one case for each.

A unit is the outermost pool that keeps things apart or lets one win (it has `by`, or combines by max, choice or a
reading); sums over the whole contract do not join cases, they only cap and settle them. An assessment in no such pool
is a unit of its own. Nothing here knows a contract: the pools of its definition decide. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.definition import Definition
from engine.language.spans import Moment, Zone
from engine.money import LARGEST_AMOUNT, round_money
from engine.results import AssessmentResult, Evaluation, PoolResult
from penalties.outcomes import Outcome, PoolAbove, ReadingCase, Row

Node = AssessmentResult | PoolResult
PLACES = 2  # decimals a case keeps of an amount


@dataclass(frozen=True)
class _Tree:
    """The evaluation's nodes by label, and the pool each stands in."""

    nodes: Mapping[str, Node]
    parents: Mapping[str, PoolResult]

    @classmethod
    def of(cls, definition: Definition, evaluation: Evaluation) -> _Tree:
        """A clue is listed by every pool it may yet reach: it stands in the one that is over its own rule."""
        nodes: dict[str, Node] = {each.label: each for each in evaluation.assessments}
        nodes |= {each.label: each for each in evaluation.pools}
        parents: dict[str, PoolResult] = {}
        for direct in (True, False):
            for pool in evaluation.pools:
                for label in (*pool.members, *pool.clues):
                    table = definition.pools.get(pool.id)
                    over = table.over if table is not None else ()
                    if not direct or (label in nodes and nodes[label].id in over):
                        parents.setdefault(label, pool)
        return cls(nodes, parents)

    def above(self, label: str) -> Iterator[PoolResult]:
        """The pools the node stands in, the nearest first."""
        seen = {label}
        while label in self.parents and self.parents[label].label not in seen:
            pool = self.parents[label]
            label = pool.label
            seen.add(label)
            yield pool

    def rows(self, label: str) -> Iterator[AssessmentResult]:
        """The assessments below a node, itself included."""
        node = self.nodes.get(label)
        if isinstance(node, AssessmentResult):
            yield node
        elif isinstance(node, PoolResult):
            for each in (*node.members, *node.clues):
                if self.parents[each] is node:
                    yield from self.rows(each)


def joins(definition: Definition, pool: str) -> bool:
    """Whether a pool makes one case of what it holds; one of an earlier version alone is taken to."""
    table = definition.pools.get(pool)
    return table is None or bool(table.by) or table.combine != "sum"


def outcomes_of(definition: Definition, evaluation: Evaluation) -> tuple[Outcome, ...]:
    """One outcome per unit that money rests on, sorted by target and key.

    Units about which nothing has happened yet (no row stands, none rests on an incident, breach or cause: a month
    without figures is none) are left out, and so is what is not money: points and rights.
    """
    tree = _Tree.of(definition, evaluation)
    units: dict[str, Node] = {}
    for each in evaluation.assessments:
        unit: Node = each
        for pool in tree.above(each.label):
            if joins(definition, pool.id):
                unit = pool
        units.setdefault(unit.label, unit)
    found = [_outcome(definition, tree, unit) for unit in units.values()]
    return tuple(sorted((each for each in found if _worth(definition, each)), key=lambda o: (o.target, o.key_text)))


def _worth(definition: Definition, outcome: Outcome) -> bool:
    money = outcome.unit == definition.contract.currency
    happened = any(not label.startswith("period:") for row in outcome.rows for label in row.because)
    return money and (outcome.standing or happened)


def _outcome(definition: Definition, tree: _Tree, unit: Node) -> Outcome:
    below = list(tree.rows(unit.label))
    rows = tuple(_row(definition, each) for each in below)
    zone = Zone(definition.contract.zone)
    above = tuple(
        PoolAbove(pool.label, pool.title, pool.clause, pool.total.value, pool.result.value)
        for pool in tree.above(unit.label)
    )
    winners = tuple(sorted(row.label for row in rows if row.stage in ("heaviest", "candidate")))
    amount = unit.result if isinstance(unit, PoolResult) else unit.amount
    kind, decision = ("pool", unit.decision) if isinstance(unit, PoolResult) else ("rule", False)
    # The unit's own answer may rest on one row; before it is final, what the others wait for is looked into too.
    missing = {*unit.missing, *(name for row in rows if not row.counts for name in row.missing)}
    because = unit.because or tuple(dict.fromkeys(label for row in rows for label in row.because))
    counting = [row for row in below if row.stage in ("candidate", "heaviest", "displaced")] or below
    moments = [_day(zone, row.at) for row in counting if row.at is not None]
    return Outcome(
        target=f"{kind}:{unit.id}",
        key=dict(unit.key),
        title=_title(unit, rows),
        clause=unit.clause,
        unit=amount.unit if amount is not None else "",
        state=unit.state,
        low=amount.low if amount is not None else None,
        high=amount.high if amount is not None else None,
        rows=rows,
        winners=winners,
        missing=tuple(sorted(missing)),
        needs=tuple(sorted({*unit.needs, *(name for row in below for name in row.needs)})),
        because=tuple(because),
        by_reading=tuple(ReadingCase(dict(each.readings), each.amount, each.winners) for each in unit.by_reading),
        derivation=unit.derivation,
        pools=above,
        happened_on=min(moments) if moments else None,
        decision=decision,
    )


def _title(unit: Node, rows: tuple[Row, ...]) -> str:
    """What the case is called: by the row that counts, where one does, else by the pool or rule."""
    leading = next((row for row in rows if row.stage in ("heaviest", "candidate")), None)
    return (leading.title if leading is not None else "") or unit.title or unit.id


def _row(definition: Definition, each: AssessmentResult) -> Row:
    amount = each.amount
    return Row(
        rule=each.id,
        key=dict(each.key),
        stage=each.stage,
        state=each.state,
        title=each.title or each.id,
        clause=each.clause,
        unit=amount.unit if amount is not None else "",
        low=amount.low if amount is not None else None,
        high=amount.high if amount is not None else None,
        by_reading=tuple(ReadingCase(dict(case.readings), case.amount) for case in each.by_reading),
        missing=each.missing,
        because=each.because,
        barred_by=each.barred_by,
        at=each.at.isoformat() if each.at is not None else "",
        yields=each.yields,
        derivation=each.derivation,
    )


def _day(zone: Zone, moment: Moment) -> date:
    return zone.day_of(moment) if isinstance(moment, datetime) else moment


def capped(outcome: Outcome, taken: Mapping[str, Decimal]) -> Decimal | None:
    """The amount that may be claimed: the outcome's own, at most what each pool above leaves beside what other cases
    under it already claim (`taken` by the pool's label). None while the outcome is not one figure."""
    amount = outcome.amount
    if amount is None:
        return None
    for pool in outcome.pools:
        if pool.result is not None:
            amount = min(amount, max(Decimal(0), pool.result - taken.get(pool.label, Decimal(0))))
    return amount


def kept(figure: Decimal | None) -> Decimal | None:
    """The figure as a case keeps it, for what is claimed is paid: one that a rule leaves unrounded (`exact`) is rounded
    half-up here, and none above the largest that is kept to the last digit. A computed amount may be of any size; one
    that would lose a fen in the database is open there."""
    if figure is None:
        return None
    rounded = round_money(figure, PLACES)
    return None if abs(rounded) > LARGEST_AMOUNT else rounded

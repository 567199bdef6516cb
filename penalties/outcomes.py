"""What the engine answered for one thing that is claimed together: every row that could apply, the winner, the rest.

An `Outcome` is what a case, a sheet and a recomputation share; it goes to JSON and back without loss. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.derivation import Step

Stage = str  # clue | undecided | candidate | heaviest | displaced


@dataclass(frozen=True, slots=True)
class ReadingCase:
    """The amount under one combination of the readings still open; None where that combination gives no row."""

    readings: Mapping[str, str]
    amount: Decimal | None
    winners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolAbove:
    """A pool the outcome is counted in: its total and, after its caps, its result; None while it is not one figure."""

    label: str
    title: str
    clause: str
    total: Decimal | None
    result: Decimal | None


@dataclass(frozen=True, slots=True)
class Row:
    """One rule's answer about one instance. `low`..`high` bound the amount in `unit` (None: open)."""

    rule: str
    key: Mapping[str, str]
    stage: Stage
    state: str
    title: str
    clause: str
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    by_reading: tuple[ReadingCase, ...] = ()
    missing: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    barred_by: tuple[str, ...] = ()
    at: str = ""
    yields: str = "money"
    derivation: tuple[Step, ...] = ()

    @property
    def label(self) -> str:
        """What the row is called among the others: "a3_5/i1/s1"."""
        return "/".join((self.rule, *self.key.values()))

    @property
    def amount(self) -> Decimal | None:
        """The one amount, if it is one."""
        return self.low if self.low is not None and self.low == self.high else None

    @property
    def counts(self) -> bool:
        """Whether it stands as a candidate: its conditions are met, whatever became of it then."""
        return self.stage in ("candidate", "heaviest", "displaced")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one target. `amount` is the payable figure where it is one. `winners` are labels of rows;
    `displaced`: a lighter row was barred. `needs` are the readings a person must choose before it is final; `decision`:
    a person must pick, because the winner depends on a reading or a hole. `pools` are those above, nearest first."""

    target: str
    key: Mapping[str, str]
    title: str
    clause: str
    unit: str
    state: str
    low: Decimal | None
    high: Decimal | None
    rows: tuple[Row, ...]
    winners: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    by_reading: tuple[ReadingCase, ...] = ()
    derivation: tuple[Step, ...] = ()
    pools: tuple[PoolAbove, ...] = ()
    happened_on: date | None = None
    needs: tuple[str, ...] = ()
    decision: bool = False

    @property
    def key_text(self) -> str:
        """The key as text; with `target` it names the outcome within its contract."""
        return "/".join(self.key.values())

    @property
    def amount(self) -> Decimal | None:
        """The one amount, if it is one and nothing about it is open."""
        return self.low if self.state == "known" and self.low is not None and self.low == self.high else None

    @property
    def displaced(self) -> bool:
        """Whether a row had to give way to a heavier one."""
        return any(row.stage == "displaced" for row in self.rows)

    @property
    def standing(self) -> bool:
        """Whether at least one row's conditions are met."""
        return any(row.counts for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON data."""
        return {
            "target": self.target,
            "key": dict(self.key),
            "title": self.title,
            "clause": self.clause,
            "unit": self.unit,
            "state": self.state,
            "low": _text(self.low),
            "high": _text(self.high),
            "rows": [_row_data(row) for row in self.rows],
            "winners": list(self.winners),
            "missing": list(self.missing),
            "because": list(self.because),
            "by_reading": [_case_data(each) for each in self.by_reading],
            "derivation": [step.to_json() for step in self.derivation],
            "pools": [_pool_data(each) for each in self.pools],
            "happened_on": self.happened_on.isoformat() if self.happened_on else None,
            "needs": list(self.needs),
            "decision": self.decision,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """The inverse of `to_json`."""
        return cls(
            target=data["target"],
            key=data["key"],
            title=data["title"],
            clause=data["clause"],
            unit=data["unit"],
            state=data["state"],
            low=_figure(data["low"]),
            high=_figure(data["high"]),
            rows=tuple(_row(each) for each in data["rows"]),
            winners=tuple(data["winners"]),
            missing=tuple(data["missing"]),
            because=tuple(data["because"]),
            by_reading=tuple(_case(each) for each in data["by_reading"]),
            derivation=tuple(Step.from_json(each) for each in data["derivation"]),
            pools=tuple(_pool(each) for each in data["pools"]),
            happened_on=date.fromisoformat(data["happened_on"]) if data["happened_on"] else None,
            needs=tuple(data["needs"]),
            decision=data["decision"],
        )


def _text(figure: Decimal | None) -> str | None:
    return None if figure is None else str(figure)


def _figure(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _case_data(case: ReadingCase) -> dict[str, Any]:
    return {"readings": dict(case.readings), "amount": _text(case.amount), "winners": list(case.winners)}


def _case(data: Mapping[str, Any]) -> ReadingCase:
    return ReadingCase(data["readings"], _figure(data["amount"]), tuple(data["winners"]))


def _pool_data(pool: PoolAbove) -> dict[str, Any]:
    return {
        "label": pool.label,
        "title": pool.title,
        "clause": pool.clause,
        "total": _text(pool.total),
        "result": _text(pool.result),
    }


def _pool(data: Mapping[str, Any]) -> PoolAbove:
    return PoolAbove(data["label"], data["title"], data["clause"], _figure(data["total"]), _figure(data["result"]))


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "rule": row.rule,
        "key": dict(row.key),
        "stage": row.stage,
        "state": row.state,
        "title": row.title,
        "clause": row.clause,
        "unit": row.unit,
        "low": _text(row.low),
        "high": _text(row.high),
        "by_reading": [_case_data(each) for each in row.by_reading],
        "missing": list(row.missing),
        "because": list(row.because),
        "barred_by": list(row.barred_by),
        "at": row.at,
        "yields": row.yields,
        "derivation": [step.to_json() for step in row.derivation],
    }


def _row(data: Mapping[str, Any]) -> Row:
    return Row(
        rule=data["rule"],
        key=data["key"],
        stage=data["stage"],
        state=data["state"],
        title=data["title"],
        clause=data["clause"],
        unit=data["unit"],
        low=_figure(data["low"]),
        high=_figure(data["high"]),
        by_reading=tuple(_case(each) for each in data["by_reading"]),
        missing=tuple(data["missing"]),
        because=tuple(data["because"]),
        barred_by=tuple(data["barred_by"]),
        at=data["at"],
        yields=data["yields"],
        derivation=tuple(Step.from_json(each) for each in data["derivation"]),
    )

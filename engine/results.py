"""What an evaluation answers, and its normative JSON shape (`manage.py evaluate --json`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from .derivation import Step
from .language.spans import Moment, State
from .messages import render
from .outcomes import (
    AmountRange,
    AssessmentResult,
    Headroom,
    InstalmentResult,
    MeasureResult,
    PoolResult,
    ReadingAmount,
    Rest,
    RightResult,
    SecurityResult,
    Settled,
    iso,
    lines,
)
from .problems import Problem

__all__ = [
    "AmountRange",
    "AssessmentResult",
    "DeadlineResult",
    "Evaluation",
    "Headroom",
    "InstalmentResult",
    "MeasureResult",
    "PoolResult",
    "ReadingAmount",
    "Rest",
    "RightResult",
    "SecurityResult",
    "Settled",
    "Status",
    "lines",
]

Status = Literal["waiting", "open", "due_today", "met", "late", "not_applicable"]


@dataclass(frozen=True)
class DeadlineResult:
    """One instance of a duty as of one day.

    `value` is the contractual due date, if known; `estimate` a provisional one, never to call a breach by. `raw` is
    the date before the profile's roll, `low`/`high` the bounds (None: unbounded). `safe` is the stricter date for
    reminders, `target` an internal one. `done` is when it was done. `delay_days` counts from due to done or as-of.
    `missing` names the facts that would settle it (`event.acceptance_signed`, `guarantee:g1.expires`);
    `reasons` say in words why the status is what it is. Instants are on the contract's clocks.
    """

    id: str
    key: Mapping[str, str]
    state: State
    value: Moment | None
    estimate: Moment | None
    safe: Moment | None
    raw: Moment | None
    low: Moment | None
    high: Moment | None
    status: Status
    delay_days: int
    missing: tuple[str, ...]
    reasons: tuple[Step, ...]
    kind: str
    clause: str
    version: str
    derivation: tuple[Step, ...]
    done: Moment | None = None
    target: Moment | None = None
    opens: Moment | None = None

    @property
    def date(self) -> date | None:
        """The day to plan by: of the value, else of the estimate."""
        moment = self.value if self.value is not None else self.estimate
        return moment.date() if isinstance(moment, datetime) else moment

    def to_json(self) -> dict[str, Any]:
        """The result as the JSON shape has it; a provisional value is its estimate."""
        shown = self.value if self.value is not None else self.estimate
        return {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "value": iso(shown),
            "safe": iso(self.safe),
            "raw": iso(self.raw),
            "low": iso(self.low),
            "high": iso(self.high),
            "status": self.status,
            "missing": list(self.missing),
            "reasons": [render(reason) for reason in self.reasons],
            "kind": self.kind,
            "clause": self.clause,
            "version": self.version,
            "derivation": lines(self.derivation),
        }


@dataclass(frozen=True)
class Evaluation:
    """All answers for one contract as of one day; each group sorted by id, then key."""

    contract: str
    as_of: date
    known_on: date | None
    deadlines: tuple[DeadlineResult, ...]
    ignored: tuple[str, ...] = ()
    readings: Mapping[str, str] = field(default_factory=dict)
    measures: tuple[MeasureResult, ...] = ()
    assessments: tuple[AssessmentResult, ...] = ()
    pools: tuple[PoolResult, ...] = ()
    rights: tuple[RightResult, ...] = ()
    instalments: tuple[InstalmentResult, ...] = ()
    securities: tuple[SecurityResult, ...] = ()

    def deadline(self, duty: str, **key: str) -> DeadlineResult:
        """The result of one instance. Raises KeyError if there is none."""
        for result in self.deadlines:
            if result.id == duty and dict(result.key) == key:
                return result
        raise KeyError(f"{duty} {key}")

    def assessment(self, rule: str, *key: str) -> AssessmentResult:
        """The result of one rule instance, its key values in order. Raises KeyError if there is none."""
        for result in self.assessments:
            if result.id == rule and tuple(result.key.values()) == key:
                return result
        raise KeyError("/".join((rule, *key)))

    def pool(self, pool: str, *key: str) -> PoolResult:
        """The result of one group of a pool, its key values in order. Raises KeyError if there is none."""
        for result in self.pools:
            if result.id == pool and tuple(result.key.values()) == key:
                return result
        raise KeyError("/".join((pool, *key)))

    def to_json(self, health: Iterable[Problem] = ()) -> dict[str, Any]:
        """The normative JSON shape; arrays sort by id, then key. `health` are the definition's warnings."""
        return {
            "format": 1,
            "contract": self.contract,
            "as_of": self.as_of.isoformat(),
            "known_on": iso(self.known_on),
            "deadlines": [result.to_json() for result in self.deadlines],
            "measures": [result.to_json() for result in self.measures],
            "assessments": [result.to_json() for result in self.assessments],
            "pools": [result.to_json() for result in self.pools],
            "rights": [result.to_json() for result in self.rights],
            "instalments": [result.to_json() for result in self.instalments],
            "securities": [result.to_json() for result in self.securities],
            "ignored": list(self.ignored),
            "health": [
                {key: text for key, text in problem.to_json().items() if key in ("level", "code", "where", "text")}
                for problem in health
            ],
        }

"""What rules, pools, measures, rights, instalments and securities come to, and how JSON shows each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from .derivation import Step
from .language.spans import Moment
from .messages import render

# clue: whether it applies at all is unknown; undecided: it applies, its amount is open (facts, a hole, a reading);
# candidate: applies, and no pool has compared it; heaviest / displaced: what a pool made of it.
Stage = Literal["clue", "undecided", "candidate", "heaviest", "displaced"]
Yields = Literal["money", "points", "right", "refund"]
OutcomeState = Literal["known", "provisional", "pending"]


@dataclass(frozen=True)
class AmountRange:
    """An amount between two rounded bounds of one unit (a currency, or `points`); None where there is no bound."""

    unit: str
    low: Decimal | None
    high: Decimal | None

    @property
    def value(self) -> Decimal | None:
        """The amount, if it is certain."""
        return self.low if self.low == self.high else None

    def to_json(self) -> dict[str, Any]:
        """`{"unit": "CNY", "low": "20188.68", "high": "201886.81"}`."""
        return {"unit": self.unit, "low": _text(self.low), "high": _text(self.high)}


@dataclass(frozen=True)
class ReadingAmount:
    """What one combination of undecided readings comes to; `winners` are labels, in a pool. None: not computable."""

    readings: Mapping[str, str]
    amount: Decimal | None
    winners: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The combination, its amount, and the winners where there are any."""
        data: dict[str, Any] = {"readings": dict(self.readings), "amount": _text(self.amount)}
        return {**data, "winners": list(self.winners)} if self.winners else data


@dataclass(frozen=True)
class AssessmentResult:
    """One instance of a rule that applies, or may apply.

    `amount` is None for a right. A clue's amount is what it would come to. `missing` names the facts, holes
    (`hole:table.x`) and readings (`reading.x`) that would settle it; `needs` the readings a person must choose before
    it is final, even where a default is used. `because` are labels of what it rests on (`incident:i1`, `cause:c1`).
    `at` is its trigger: when the item happened, the interval or period began, the breached duty was due.
    `barred_by` are labels of the assessments that displaced it. `prior` is what was assessed before for the same
    instance, `difference` what is new.
    """

    id: str
    key: Mapping[str, str]
    stage: Stage
    yields: Yields
    state: OutcomeState
    amount: AmountRange | None
    by_reading: tuple[ReadingAmount, ...]
    missing: tuple[str, ...]
    because: tuple[str, ...]
    at: Moment | None
    clause: str
    derivation: tuple[Step, ...]
    version: str
    barred_by: tuple[str, ...] = ()
    title: str = ""
    debtor: str = ""
    creditor: str = ""
    needs: tuple[str, ...] = ()
    prior: Decimal | None = None

    @property
    def label(self) -> str:
        """`a3_1/2025-10/s1`: how it is named among winners and in findings about it."""
        return "/".join((self.id, *self.key.values()))

    @property
    def difference(self) -> Decimal | None:
        """The amount beyond what was assessed before, where both are certain."""
        if self.prior is None or self.amount is None or self.amount.value is None:
            return None
        return self.amount.value - self.prior

    def to_json(self) -> dict[str, Any]:
        """The result as the JSON shape has it."""
        data = {
            "id": self.id,
            "key": dict(self.key),
            "stage": self.stage,
            "yields": self.yields,
            "state": self.state,
            "amount": None if self.amount is None else self.amount.to_json(),
            "by_reading": [each.to_json() for each in self.by_reading],
            "missing": list(self.missing),
            "needs": list(self.needs),
            "because": list(self.because),
            "barred_by": list(self.barred_by),
            "at": iso(self.at),
            "debtor": self.debtor,
            "creditor": self.creditor,
            "clause": self.clause,
            "version": self.version,
            "derivation": lines(self.derivation),
        }
        return {**data, **_prior(self.prior, self.difference)}


@dataclass(frozen=True)
class Headroom:
    """What one cap leaves: its limit, what counts against it in the window of the last entry, and what is left."""

    cap: int
    window: str
    limit: Decimal
    used: Decimal
    left: Decimal

    def to_json(self) -> dict[str, Any]:
        """`cap` counts from 1, in the order of the definition."""
        return {
            "cap": self.cap,
            "window": self.window,
            "limit": _text(self.limit),
            "used": _text(self.used),
            "left": _text(self.left),
        }


@dataclass(frozen=True)
class Settled:
    """What one sink takes of a pool's result; `done` is the part recorded as settled."""

    sink: str
    amount: Decimal
    done: Decimal = Decimal(0)
    deadline: Moment | None = None

    def to_json(self) -> dict[str, Any]:
        """The sink with its amounts."""
        return {
            "sink": self.sink,
            "amount": _text(self.amount),
            "done": _text(self.done),
            "deadline": iso(self.deadline),
        }


@dataclass(frozen=True)
class Rest:
    """What no sink takes: carried forward, lapsed, or still to be paid."""

    forward: Decimal
    lapse: Decimal
    pay: Decimal

    def to_json(self) -> dict[str, Any]:
        """The three parts."""
        return {"forward": _text(self.forward), "lapse": _text(self.lapse), "pay": _text(self.pay)}


@dataclass(frozen=True)
class PoolResult:
    """One group of a pool: its combined total, and the result after its amount expression, caps and rounding.

    `winners` are the labels that count (all of a sum, the heaviest of a maximum); `members` all that were compared;
    `clues` those that may yet join. `decision` is true where a person has to pick: the winner differs between
    readings, or a hole stands beside a candidate. `settled` and `rest` are empty while the result is not certain.
    """

    id: str
    key: Mapping[str, str]
    state: OutcomeState
    total: AmountRange
    result: AmountRange
    winners: tuple[str, ...]
    headroom: tuple[Headroom, ...]
    settled: tuple[Settled, ...]
    rest: Rest | None
    by_reading: tuple[ReadingAmount, ...]
    missing: tuple[str, ...]
    derivation: tuple[Step, ...]
    members: tuple[str, ...] = ()
    clues: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    at: Moment | None = None
    clause: str = ""
    title: str = ""
    version: str = ""
    decision: bool = False
    needs: tuple[str, ...] = ()
    prior: Decimal | None = None

    @property
    def label(self) -> str:
        """`per_system/i1/s1`: how it is named among winners and in findings about it."""
        return "/".join((self.id, *self.key.values()))

    @property
    def difference(self) -> Decimal | None:
        """The result beyond what was assessed before, where both are certain."""
        return None if self.prior is None or self.result.value is None else self.result.value - self.prior

    def to_json(self) -> dict[str, Any]:
        """The result as the JSON shape has it."""
        data = {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "total": _text(self.total.value),
            "result": self.result.to_json(),
            "winners": list(self.winners),
            "members": list(self.members),
            "clues": list(self.clues),
            "because": list(self.because),
            "decision": self.decision,
            "headroom": [each.to_json() for each in self.headroom],
            "settled": [each.to_json() for each in self.settled],
            "rest": None if self.rest is None else self.rest.to_json(),
            "by_reading": [each.to_json() for each in self.by_reading],
            "missing": list(self.missing),
            "needs": list(self.needs),
            "at": iso(self.at),
            "clause": self.clause,
            "version": self.version,
            "derivation": lines(self.derivation),
        }
        return {**data, **_prior(self.prior, self.difference)}


@dataclass(frozen=True)
class MeasureResult:
    """One measured figure; `value` is text: an exact fraction, an amount, a duration, a truth, a moment."""

    id: str
    key: Mapping[str, str]
    state: OutcomeState
    value: str | None
    low: str | None
    high: str | None
    missing: tuple[str, ...]
    clause: str
    version: str = ""

    def to_json(self) -> dict[str, Any]:
        """The figure as the JSON shape has it."""
        return {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "missing": list(self.missing),
            "clause": self.clause,
        }


@dataclass(frozen=True)
class RightResult:
    """A right and whether it may be exercised now: True, False, or None while a fact is missing."""

    id: str
    key: Mapping[str, str]
    holder: tuple[str, ...]
    exercisable: bool | None
    state: OutcomeState
    missing: tuple[str, ...]
    clause: str
    derivation: tuple[Step, ...]
    title: str = ""
    until: Moment | None = None

    def to_json(self) -> dict[str, Any]:
        """The right as the JSON shape has it."""
        return {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "holder": list(self.holder),
            "exercisable": self.exercisable,
            "until": iso(self.until),
            "missing": list(self.missing),
            "clause": self.clause,
            "derivation": lines(self.derivation),
        }


@dataclass(frozen=True)
class InstalmentResult:
    """One instalment: its amount, the cumulative entitlement it completes, what pools deduct, and what was paid."""

    id: str
    key: Mapping[str, str]
    state: OutcomeState
    amount: AmountRange
    cumulative: AmountRange
    deducted: Decimal
    paid: Decimal
    missing: tuple[str, ...]
    clause: str
    derivation: tuple[Step, ...]
    title: str = ""

    @property
    def net(self) -> Decimal | None:
        """The amount less what is deducted from it, where it is certain."""
        return None if self.amount.value is None else self.amount.value - self.deducted

    def to_json(self) -> dict[str, Any]:
        """The instalment as the JSON shape has it."""
        return {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "amount": self.amount.to_json(),
            "cumulative": self.cumulative.to_json(),
            "deducted": _text(self.deducted),
            "net": _text(self.net),
            "paid": _text(self.paid),
            "missing": list(self.missing),
            "clause": self.clause,
            "derivation": lines(self.derivation),
        }


@dataclass(frozen=True)
class SecurityResult:
    """A guarantee, retention or deposit: its amount, what was drawn and released, and what it still secures."""

    id: str
    key: Mapping[str, str]
    state: OutcomeState
    amount: AmountRange
    drawn: Decimal
    released: Decimal
    available: Decimal | None
    valid_from: Moment | None
    valid_until: Moment | None
    in_force: bool | None
    missing: tuple[str, ...]
    clause: str
    derivation: tuple[Step, ...]
    title: str = ""

    def to_json(self) -> dict[str, Any]:
        """The security as the JSON shape has it."""
        return {
            "id": self.id,
            "key": dict(self.key),
            "state": self.state,
            "amount": self.amount.to_json(),
            "drawn": _text(self.drawn),
            "released": _text(self.released),
            "available": _text(self.available),
            "valid_from": iso(self.valid_from),
            "valid_until": iso(self.valid_until),
            "in_force": self.in_force,
            "missing": list(self.missing),
            "clause": self.clause,
            "derivation": lines(self.derivation),
        }


def lines(steps: Iterable[Step], translate: Callable[[str], str] = str) -> list[str]:
    """A derivation as indented lines of text."""
    return [f"{'  ' * depth}{render(each, translate)}" for top in steps for depth, each in top.walk()]


def iso(moment: Moment | None) -> str | None:
    """ISO form; None stays None."""
    return None if moment is None else moment.isoformat()


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _prior(prior: Decimal | None, difference: Decimal | None) -> dict[str, Any]:
    return {} if prior is None else {"prior": _text(prior), "difference": _text(difference)}

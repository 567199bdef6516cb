"""A penalty's life, its notice and its settlement plan. Pure: values in, values out; no database, no clock.

F.4 of the register's state machine, as a table: what may be done in which state, and what comes of it. Everything that
is not in the table is refused, whoever asks and however often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from engine.calendars import Calendar

State = Literal[
    "clue",
    "established",
    "proposed",
    "approved",
    "notified",
    "objected",
    "decided",
    "agreed",
    "frozen",
    "settled",
    "closed",
    "withdrawn",
    "waived",
]
Decision = Literal["upheld", "partly", "withdrawn"]
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Move:
    """One act: the states it may be done in, and the state it leads to."""

    before: frozenset[State]
    after: State


def _move(after: State, *before: State) -> Move:
    return Move(frozenset(before), after)


MOVES: Mapping[str, Move] = {
    "establish": _move("established", "clue"),
    "propose": _move("proposed", "established"),
    "cancel": _move("established", "proposed"),
    "reject": _move("established", "proposed"),
    "approve": _move("approved", "proposed"),
    "notify": _move("notified", "approved"),
    "object": _move("objected", "notified"),
    "retract": _move("notified", "objected"),
    "uphold": _move("decided", "objected"),
    "partly": _move("decided", "objected"),
    "withdraw": _move("withdrawn", "objected"),
    "agree": _move("agreed", "notified", "decided", "frozen"),
    "freeze": _move("frozen", "decided"),
    "settle": _move("settled", "agreed"),
    "close": _move("closed", "settled"),
    "reopen": _move("settled", "closed"),
    "waive": _move(
        "waived", "clue", "established", "proposed", "approved", "notified", "objected", "decided", "agreed", "frozen"
    ),
}
FINAL: frozenset[State] = frozenset({"closed", "withdrawn", "waived"})
# What the case list is divided into (ux.md: to confirm, in dispute, decided).
GROUPS: Mapping[str, tuple[State, ...]] = {
    "open": ("clue", "established", "proposed", "approved"),
    "dispute": ("notified", "objected", "decided", "frozen"),
    "final": ("agreed", "settled", "closed", "withdrawn", "waived"),
}
DECISION_MOVES: Mapping[Decision, str] = {"upheld": "uphold", "partly": "partly", "withdrawn": "withdraw"}


class IllegalMove(ValueError):
    """The act cannot be done in the state."""

    def __init__(self, act: str, state: str) -> None:
        super().__init__(f"{act} in {state}")
        self.act, self.state = act, state


def after(act: str, state: str) -> State:
    """The state that the act leads to. Raises IllegalMove, KeyError for an unknown act."""
    move = MOVES[act]
    if state not in move.before:
        raise IllegalMove(act, state)
    return move.after


def acts_in(state: str) -> frozenset[str]:
    """What may be done in the state, by whoever holds the role."""
    return frozenset(act for act, move in MOVES.items() if state in move.before)


# --- the notice -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """How notices reach the other party, from the definition's `[contract.notice]`.

    `rolls`: a notice that arrives on a day off counts from the next working day. `days` is the period for objections in
    `unit` (workdays or days); None where the contract gives none: then the notice itself sets one, shown as internal.
    """

    rolls: bool = False
    clause: str = ""
    days: int | None = None
    unit: Literal["days", "workdays"] = "workdays"
    objection_clause: str = ""


def notice_rule(data: Mapping[str, object], readings: Mapping[str, str]) -> NoticeRule:
    """The rule of a definition's `[contract]` table under the readings chosen.

    `[contract.notice]`: `clause`, `roll` ("next_workday"), `reading` and `applies` (the option under which the rule
    holds for notices of this kind), `objection = {days, unit, clause}`.
    """
    notice = data.get("notice")
    if not isinstance(notice, Mapping):
        return NoticeRule()
    reading = notice.get("reading", "")
    holds = not reading or readings.get(str(reading), notice.get("applies")) == notice.get("applies")
    objection = notice.get("objection")
    period: Mapping[str, object] = objection if isinstance(objection, Mapping) else {}
    days = period.get("days")
    return NoticeRule(
        rolls=holds and notice.get("roll") == "next_workday",
        clause=str(notice.get("clause", "")) if holds else "",
        days=days if isinstance(days, int) else None,
        unit="days" if period.get("unit") == "days" else "workdays",
        objection_clause=str(period.get("clause", "")),
    )


def deemed_delivered(received_on: date, rule: NoticeRule, calendar: Calendar | None) -> date:
    """The day a notice that arrived on `received_on` counts as delivered: that day, or under a rolling rule the first
    working day after a day off. Make-up working days work."""
    if not rule.rolls or calendar is None:
        return received_on
    return calendar.roll(received_on)


def objections_until(delivered_on: date, days: int, unit: str, calendar: Calendar | None) -> date:
    """The last day for objections; the day of delivery is not counted (Civil Code 201)."""
    if unit == "workdays" and calendar is not None:
        return calendar.add_workdays(delivered_on, days)
    return delivered_on + timedelta(days=days)


# --- settlement -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Source:
    """Where an amount may be taken from: `key` ("instalment:3", "guarantee:5", "vendor"), at most `limit` (None: any).
    An `optional` source gives nothing unless asked for."""

    key: str
    limit: Decimal | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a plan."""

    source: str
    amount: Decimal


class PlanRefused(ValueError):
    """The plan asks more of a source than it has, or leaves something uncovered; `source` names it."""

    def __init__(self, code: Literal["too_much", "uncovered", "negative", "unknown"], source: str = "") -> None:
        super().__init__(f"{code} {source}")
        self.code, self.source = code, source


def settlement_plan(
    amount: Decimal, sources: Sequence[Source], wishes: Mapping[str, Decimal] | None = None
) -> tuple[Part, ...]:
    """Spread `amount` over the sources in their order: each gives what it can, an optional one what is wished of it.

    The parts add up to `amount` exactly and no source gives more than its limit. Raises PlanRefused.
    """
    wanted = dict(wishes or {})
    known = {source.key: source for source in sources}
    for key, wish in wanted.items():
        if key not in known:
            raise PlanRefused("unknown", key)
        if wish < ZERO:
            raise PlanRefused("negative", key)
        limit = known[key].limit
        if limit is not None and wish > limit:
            raise PlanRefused("too_much", key)
    parts: dict[str, Decimal] = {}
    left = amount
    for key, wish in wanted.items():
        parts[key] = wish
        left -= wish
    if left < ZERO:
        raise PlanRefused("too_much")
    for source in sources:
        if source.key in parts or source.optional:
            continue
        given = left if source.limit is None else max(ZERO, min(left, source.limit))
        parts[source.key] = given
        left -= given
    if left != ZERO:
        raise PlanRefused("uncovered")
    return tuple(Part(source.key, parts[source.key]) for source in sources if parts.get(source.key))


# --- finality -------------------------------------------------------------------------------------------------------


def blockers(
    *,
    amount_known: bool,
    too_large: bool = False,
    missing: Sequence[str],
    undecided: Sequence[str],
    displaced: bool,
    minutes: bool,
) -> tuple[str, ...]:
    """What stands between a computed case and its final amount: findings not decided ("fact:…"), readings a person must
    choose first ("reading:…"), an amount that is not one figure ("amount"), or one above the largest that is kept
    ("limit"): without these nothing is approved; and minutes of the talks where one penalty displaced another
    ("minutes"): without them nothing is agreed."""
    found = [f"fact:{name}" for name in missing if not name.startswith("reading.")]
    names = {name.removeprefix("reading.") for name in missing if name.startswith("reading.")} | set(undecided)
    found += [f"reading:{name}" for name in sorted(names)]
    if not amount_known and not found:
        found.append("amount")
    if too_large:
        found.append("limit")
    if displaced and not minutes:
        found.append("minutes")
    return tuple(found)

"""When a reminder falls due: policies and steps, pure. Every moment comes in as a parameter.

Names of steps, unique within one due version:

    T-30 … T-0           that many natural days before the due date, moved back to a working day
    now, passed          a deadline in minutes or hours: when it starts to run, and when it has run out
    overdue-2026-11-23   each working day after the due date, until done or acknowledged
    escalate-1, -2 …     to the chain's first, second … role after one, two … unacknowledged working days
    digest-2026-11-23    one message for everything a take-over found late; weekly until done or acknowledged
    chase-…              by hand
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine.calendars import Calendar

OPENS, CLOSES = time(9, 0), time(17, 30)
MANUAL = "chase-"


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is reminded of a kind of duty, and when: `steps` in natural days before, `role` of the buyer's people who
    act on it (a vendor's duty goes to the vendor), `chain` of roles for escalation."""

    code: str
    steps: tuple[int, ...] = (30, 15, 7, 3, 1, 0)
    role: str = "IT"
    chain: tuple[str, ...] = ("MGR",)
    every_workday_after: bool = True


# On for every contract; a definition's [policy.<code>] replaces the one of the same code.
SHIPPED: Mapping[str, Policy] = {
    policy.code: policy
    for policy in (
        Policy("payment", role="FIN"),
        Policy("guarantee", role="FIN"),
        Policy("report"),
        Policy("penalty", steps=(7, 3, 1, 0), role="FIN", chain=("FIN", "MGR")),
        Policy("default"),
    )
}


def policies_from(definition: Mapping[str, Any]) -> dict[str, Policy]:
    """The shipped policies with those of a definition's data (`{"policy": {code: {…}}}`) in their place."""
    found = dict(SHIPPED)
    for code, table in definition.get("policy", {}).items():
        base = SHIPPED.get(code, SHIPPED["default"])
        found[code] = Policy(
            code=code,
            steps=tuple(sorted({int(step) for step in table.get("steps", base.steps)}, reverse=True)),
            role=str(table.get("role", base.role)),
            chain=tuple(str(role) for role in table.get("chain", base.chain)),
            every_workday_after=bool(table.get("every_workday_after", base.every_workday_after)),
        )
    return found


def policy_of(code: str, policies: Mapping[str, Policy]) -> Policy:
    """The policy of that code; an unknown code follows the default one."""
    return policies.get(code) or policies["default"]


def is_at_once(step: str) -> bool:
    """True for steps that do not wait for working hours."""
    return step in ("now", "passed") or step.startswith(MANUAL)


def stops_when_acknowledged(step: str) -> bool:
    """True for steps that an acknowledgement ends: what comes after the due date, and repeated digests."""
    return step.startswith(("overdue-", "escalate-", "digest-"))


@dataclass(frozen=True, slots=True)
class Clock:
    """Working hours of one contract: its calendar in its zone."""

    calendar: Calendar
    zone: ZoneInfo

    def opening(self, day: date) -> datetime:
        """The start of the sending hours of a day, in UTC."""
        return datetime.combine(day, OPENS, tzinfo=self.zone).astimezone(UTC)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def next_opening(self, moment: datetime) -> datetime:
        """The moment itself if it lies in sending hours (09:00 ≤ t < 17:30 of a working day), else the next start."""
        local = moment.astimezone(self.zone)
        if self.calendar.is_workday(local.date()):
            if OPENS <= local.time() < CLOSES:
                return moment
            if local.time() < OPENS:
                return self.opening(local.date())
        return self.opening(self.calendar.add_workdays(local.date(), 1))


@dataclass(frozen=True, slots=True)
class Due:
    """One due version as the planner needs it. `instant`: the deadline counts minutes or hours, `at` is the moment.
    `may_be_late`: the date is known and its gate is open, so that the days after it are late days.
    `base` is the stricter of the readings where they differ."""

    on: date
    at: datetime
    safe_on: date | None = None
    instant: bool = False
    may_be_late: bool = True

    @property
    def base(self) -> date:
        return min(self.on, self.safe_on) if self.safe_on else self.on


@dataclass(frozen=True, slots=True)
class Step:
    step: str
    level: int
    send_at: datetime


def _order(step: Step) -> tuple[datetime, str]:
    return step.send_at, step.step


@dataclass(frozen=True, slots=True)
class History:
    """What an earlier planning of the same due version decided. `planned_at`: when it was planned first; `digest`: it
    was late then and went into a digest; `acknowledged`: somebody has said "seen, mine"."""

    planned_at: datetime
    first_overdue: date | None = None
    digest: bool = False
    acknowledged: bool = False


def _before(due: Due, policy: Policy, clock: Clock) -> Iterator[Step]:
    """T-steps; of those that fall on one working day the nearest to the due date stays."""
    by_day: dict[date, int] = {}
    for days in policy.steps:
        day = clock.calendar.roll(due.base - timedelta(days=days), "previous")
        by_day[day] = min(days, by_day.get(day, days))
    for day, days in sorted(by_day.items()):
        moment = clock.opening(day)
        if not due.instant or moment < due.at:
            yield Step(f"T-{days}", 0, moment)


def _after(due: Due, policy: Policy, clock: Clock, history: History, until: datetime) -> Iterator[Step]:
    if not due.may_be_late or history.acknowledged:
        return
    last = clock.day_of(until)
    if history.digest and due.at <= history.planned_at:
        # Weekly, on the first working day of each week: a take-over of an old contract must not ring every morning.
        monday = clock.day_of(history.planned_at)
        monday += timedelta(days=7 - monday.weekday())
        while monday <= last:
            day = clock.calendar.roll(monday)
            yield Step(f"digest-{day}", 0, clock.opening(day))
            monday += timedelta(days=7)
        return
    base = due.on if due.instant else due.base
    first = history.first_overdue or max(
        clock.calendar.add_workdays(base, 1), clock.day_of(clock.next_opening(history.planned_at))
    )
    for level, _role in enumerate(policy.chain, start=1):
        day = clock.calendar.add_workdays(first, level)
        if day <= last:
            yield Step(f"escalate-{level}", level, clock.opening(day))
    day = first
    while day <= last:
        yield Step(f"overdue-{day}", 0, clock.opening(day))
        if not policy.every_workday_after:
            return
        day = clock.calendar.add_workdays(day, 1)


def steps_for(due: Due, policy: Policy, clock: Clock, *, history: History, until: datetime) -> tuple[Step, ...]:
    """All steps of a due version up to `until`, in order of time.

    What was past already when the version was planned first is dropped, but for the latest one: it is sent late. In
    digest mode the past is dropped whole and stands in the digest instead. An instant is announced when planned.
    """
    steps = list(_before(due, policy, clock))
    if due.instant:
        steps.append(Step("now", 0, history.planned_at))
        if due.may_be_late:
            steps.append(Step("passed", 0, max(due.at, history.planned_at)))
    past = sorted((step for step in steps if step.send_at <= history.planned_at), key=_order)
    late = due.at <= history.planned_at and not due.instant
    dropped = set(past if history.digest or late else past[:-1])
    steps = [step for step in steps if step not in dropped]
    if history.digest and past:
        moment = clock.next_opening(history.planned_at)
        steps.append(Step(f"digest-{clock.day_of(moment)}", 0, moment))
    named = {step.step for step in steps}
    steps += [step for step in _after(due, policy, clock, history, until) if step.step not in named]
    return tuple(sorted(steps, key=_order))


def chunk_end(due: Due, now: datetime, clock: Clock, workdays: int) -> datetime:
    """How far open-ended daily steps are planned: `workdays` working days after now or the due date, whichever is
    later."""
    start = max(clock.day_of(now), due.on)
    return clock.opening(clock.calendar.add_workdays(start, workdays)) + timedelta(hours=1)

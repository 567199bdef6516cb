"""What a stored or replayed due date means on a day. Pure: every date comes in as a parameter.

Boundaries (Civil Code 201, 203, 1259): the due day itself is still in time; the first late day is the day after, and
counts as one day of delay. A provisional date never makes anybody late. An unmet gate (invoice first) means waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from engine.language.periods import parse_key
from engine.language.spans import Zone

StatusCode = Literal[
    "pending", "waiting", "provisional", "open", "due_today", "late", "target_missed", "in_review", "met", "met_late",
    "waived", "closed", "standing", "not_applicable",
]  # fmt: skip
Urgency = Literal["overdue", "today", "week", "month", "later", "waiting", "none"]
Side = Literal["buyer", "vendor", "both", "third"]

URGENCIES: tuple[Urgency, ...] = ("overdue", "today", "week", "month", "later", "waiting", "none")
WEEK_DAYS, MONTH_DAYS = 7, 30


@dataclass(frozen=True, slots=True)
class Figures:
    """A due date as lists need it. `due_on` is the date, or its estimate while `due_state` is provisional; `due_at`
    the end of that day (or the instant itself) in UTC. `missing` names the facts that would decide a pending date. A
    gate met after the due day leaves the duty to be done, but no contractual date to be late against. `opens_on` is the
    first day of a window in which alone it may be done."""

    due_state: str = "pending"
    due_on: date | None = None
    due_at: datetime | None = None
    safe_on: date | None = None
    gate_open: bool = True
    gate_late: bool = False
    missing: tuple[str, ...] = ()
    opens_on: date | None = None

    @property
    def is_dated(self) -> bool:
        return self.due_state in ("known", "provisional") and self.due_on is not None


@dataclass(frozen=True, slots=True)
class Status:
    """`delay_days` counts from the day after the due day to the day done, or to as-of; 0 when not late.
    `days_left` to the due day, negative once passed; None without a date. pending: facts are missing; waiting: the
    gate (an invoice, say) is not met; provisional: the date may still move."""

    code: StatusCode
    delay_days: int = 0
    days_left: int | None = None


def status_of(
    *,
    state: str,
    kind: str,
    figures: Figures,
    done_on: date | None,
    as_of: date,
    zone: str,
    done_at: datetime | None = None,
) -> Status:
    """How an obligation stands at the end of `as_of` in the contract's zone.

    `state` is the row's own state (open, submitted, done, waived, standing, closed). `done_at` refines `done_on` for
    deadlines in minutes or hours. Only a contractual deadline makes late: an internal target or a third party's date
    is missed (target_missed), which is never a breach.
    """
    left = (figures.due_on - as_of).days if figures.is_dated and figures.due_on else None
    if state in ("waived", "closed", "standing"):
        return Status(state, 0, left)  # type: ignore[arg-type]
    if state == "done" and done_on is not None:
        delay = _delay(figures, done_on, done_at) if kind == "contractual" else None
        return Status("met" if delay is None else "met_late", delay or 0, left)
    if state == "submitted":
        return Status("in_review", 0, left)
    if figures.due_state == "never":
        return Status("not_applicable")
    if figures.due_state == "pending":
        return Status("pending")
    if not figures.gate_open:
        return Status("waiting", 0, left)
    if figures.due_state == "provisional" or left is None:
        return Status("provisional", 0, left)
    # An instant inside the day has passed by the end of it; a date runs to 24:00.
    passed = figures.due_at is not None and figures.due_at < Zone(zone).end_of(as_of)
    if left > 0 or figures.gate_late:
        return Status("open", 0, left)
    if not passed:
        return Status("due_today", 0, 0)
    return Status("late", -left, left) if kind == "contractual" else Status("target_missed", 0, left)


def _delay(figures: Figures, done_on: date, done_at: datetime | None) -> int | None:
    """Days late when it was done, None if in time (or no certain date to be late against)."""
    if figures.due_state != "known" or figures.due_on is None or figures.gate_late:
        return None
    if done_on > figures.due_on:
        return (done_on - figures.due_on).days
    if done_at is not None and figures.due_at is not None and done_at > figures.due_at:
        return 0
    return None


def is_breach(status: Status, kind: str) -> bool:
    """Only a contractual deadline can be breached: internal targets and third parties' duties cannot."""
    return kind == "contractual" and status.code in ("late", "met_late")


def urgency_of(status: Status) -> Urgency:
    """The group of the inbox a row belongs to. Seven and thirty days include their last day (Civil Code 1259)."""
    if status.code in ("met", "met_late", "waived", "closed", "standing", "not_applicable"):
        return "none"
    if status.code in ("late", "target_missed"):
        return "overdue"
    if status.code in ("pending", "waiting") or status.days_left is None:
        return "waiting"
    if status.days_left <= 0:
        return "today"
    if status.days_left <= WEEK_DAYS:
        return "week"
    return "month" if status.days_left <= MONTH_DAYS else "later"


# --- names of facts ------------------------------------------------------------------------------------------------


def dependants(dependencies: Mapping[str, Iterable[str]], names: Collection[str]) -> frozenset[str]:
    """The duties to evaluate when the named facts change: those that depend on one, and duties named themselves."""
    wanted = set(names)
    found = {duty for duty, needs in dependencies.items() if not wanted.isdisjoint(needs)}
    return frozenset(found | {duty for duty in dependencies if f"duty.{duty}" in wanted})


# --- instances -----------------------------------------------------------------------------------------------------


def key_text(key: Mapping[str, str]) -> str:
    """The instance as it stands in a finding's address: `duty:dl_2/2025-W27`."""
    return "/".join(key.values())


def has_begun(key: Mapping[str, str], as_of: date) -> bool:
    """True if a period in the key has begun by as-of; keys without a period (items) always have."""
    for part in key.values():
        try:
            start = parse_key(part).start
        except ValueError:
            continue
        if start > as_of:
            return False
    return True


def obligor_side(roles: Iterable[str]) -> Side:
    """One word for the parties of a duty by their roles: buyer, vendor, both, or third when neither signs."""
    sides = set(roles) & {"buyer", "vendor"}
    if sides == {"buyer", "vendor"}:
        return "both"
    if not sides:
        return "third"
    return "buyer" if "buyer" in sides else "vendor"


def is_told(duty: str) -> bool:
    """Whether the deadline follows from an act in a case or claim, which also ends it, and not from a duty of the
    definition: its name has a dot, which no duty's has."""
    return "." in duty


def may_submit(side: str, viewer_kind: str) -> bool:
    """Each side reports its own duties; what third parties owe is kept by the buyer."""
    if viewer_kind == "buyer":
        return side in ("buyer", "both", "third")
    return viewer_kind == "vendor" and side in ("vendor", "both")

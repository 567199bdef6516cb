"""From dates to a status: what is open, met or late as of a day, and why.

A breach is *done after due* or *undone when as-of passes it*; only a known contractual date can be broken. A gate
never moves the date: while unmet the duty waits and nobody is in breach; met too late, there is no contractual date
unless `after_gate` gives one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from .definition import Duty
from .derivation import Step, step
from .language import syntax as s
from .language.evaluator import Evaluator
from .language.explain import shown
from .language.spans import Moment, Point, Span
from .language.values import Choice
from .results import Status
from .world import FactWorld, Instance


@dataclass(frozen=True)
class Judgement:
    """A status with its reasons; `due` is the date judged by (after_gate's, where that applies)."""

    status: Status
    due: Span
    delay_days: int = 0
    reasons: tuple[Step, ...] = ()
    missing: frozenset[str] = frozenset()


def judge(world: FactWorld, duty: Duty, instance: Instance) -> Judgement:
    """The status of one instance as of the world's day."""
    dates = world.dates(duty.id, tuple(instance.key.values()))
    due, done = dates.due, dates.done.value
    if due.state == "never":
        stated = due.steps[-1] if due.steps and due.steps[-1].message == "no_date" else step("never")
        return Judgement("not_applicable", due, reasons=(stated,))
    if instance.doubts:
        reason = step("doubtful_instance", missing=sorted(instance.doubts))
        if done is None:
            return Judgement("waiting", due, reasons=(reason,), missing=instance.doubts)
    gate = _gate(world, duty, instance)
    if gate is not None and done is None and gate.value is not True:
        return Judgement("waiting", due, reasons=_waiting_for_gate(world, duty, due, gate))
    met = gate is not None and gate.value is True
    if met and due.value is not None and _met_late(world, duty, instance, due.value):
        if duty.after_gate is None:
            reason = step("gate_met_late", due=due.value)
            return Judgement("open" if done is None else "met", due, reasons=(reason,))
        given = world.deadline(duty.after_gate, instance)
        reason = step("gate_met_late_dated", due=due.value, value=shown(given, world.zone))
        judged = _by_date(world, duty, given, done)
        return Judgement(judged.status, given, judged.delay_days, (reason, *judged.reasons), judged.missing)
    return _by_date(world, duty, due, done)


def _waiting_for_gate(world: FactWorld, duty: Duty, due: Span, gate: Choice) -> tuple[Step, ...]:
    """Why a duty waits: for its gate, and for the facts its date still needs."""
    assert duty.gate is not None
    events = [node for node in duty.gate.walk() if isinstance(node, s.Ref) and node.kind == "event"]
    absent = dict.fromkeys(world.event_title(node.name) for node in events if not world.happened(node.name))
    form = "waiting_for_gate_estimated" if due.state == "provisional" else "waiting_for_gate"
    named = ", ".join(absent) or str(duty.gate)
    reason = step(form, gate=named, due=shown(due, world.zone), missing=sorted(gate.missing))
    if due.state != "pending":
        return (reason,)
    return (reason, _waiting_for_facts(due))


def _by_date(world: FactWorld, duty: Duty, due: Span, done: Moment | None) -> Judgement:
    value = due.value
    if value is None:
        return _undecided(world, due, done)
    if due.opens is not None and done is None and _order(world, due.opens.low) > _order(world, world.as_of):
        return Judgement("waiting", due, reasons=(step("waiting_for_window", opens=shown(due.opens, world.zone)),))
    judged_at: Moment = done if done is not None else world.as_of
    if done is None and world.zone.day_of(value) == world.as_of and not _passed(world, value):
        return Judgement("due_today", due)
    if not (_is_after(world, done, value) if done is not None else _passed(world, value)):
        return Judgement("met" if done is not None else "open", due)
    if duty.kind != "contractual":
        # an internal target or a third party's date is never a breach
        reason = step("internal_passed" if duty.kind == "internal" else "external_passed")
        return Judgement("met" if done is not None else "open", due, reasons=(reason,))
    delay = max((world.zone.day_of(judged_at) - world.zone.day_of(value)).days, 0)
    late = step("delay", days=delay) if delay else step("delay_same_day", due=shown(due, world.zone))
    return Judgement("late", due, delay, (late,))


def _undecided(world: FactWorld, due: Span, done: Moment | None) -> Judgement:
    if done is not None:
        in_time = _order(world, done) <= _order(world, due.low)
        reasons: tuple[Step, ...] = () if in_time else (step("done_undecided", done=done),)
        return Judgement("met", due, reasons=reasons, missing=frozenset() if in_time else due.missing)
    if due.state == "pending":
        return Judgement("waiting", due, reasons=(_waiting_for_facts(due),), missing=due.missing)
    open_reasons: tuple[Step, ...] = (step("provisional", value=shown(due, world.zone)),)
    if _order(world, due.estimate) < _order(world, world.as_of):
        open_reasons = (*open_reasons, step("past_estimate"))
    return Judgement("open", due, reasons=open_reasons, missing=due.missing)


def _waiting_for_facts(due: Span) -> Step:
    return step("waiting_for_facts", missing=sorted(due.missing)) if due.missing else step("out_of_time")


def _gate(world: FactWorld, duty: Duty, instance: Instance) -> Choice | None:
    return None if duty.gate is None else Evaluator(world, instance.variables).truth(duty.gate)


def _met_late(world: FactWorld, duty: Duty, instance: Instance, due: Moment) -> bool:
    """True if the gate was not yet met when the date came: the same facts, seen at the end of that day."""
    day = world.zone.day_of(due)
    if day >= world.as_of or duty.gate is None:
        return False
    then = world.as_of_day(day)
    twin = then.instance(duty.id, tuple(instance.key.values()))
    return twin is None or Evaluator(then, twin.variables).truth(duty.gate).value is not True


def _is_after(world: FactWorld, done: Moment, due: Moment) -> bool:
    """Done after due. A bare date against a due instant of that day cannot be late: the day is not over-read."""
    if isinstance(due, datetime) and not isinstance(done, datetime):
        return done > world.zone.day_of(due)
    return _order(world, done) > _order(world, due)


def _passed(world: FactWorld, due: Moment) -> bool:
    """As-of is the end of its day: a date is passed from the next day on, an instant once as-of's 24:00 is later."""
    if isinstance(due, datetime):
        return due < world.after
    return world.as_of > due


def _order(world: FactWorld, point: Point) -> tuple[int, datetime]:
    return world.zone.order(point)

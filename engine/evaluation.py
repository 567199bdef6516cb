"""Evaluate a definition: every duty's deadline and status as of a day, with its derivation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from .assessment.instalments import instalment_results
from .assessment.measures import measure_results
from .assessment.report import pool_results, rule_results
from .assessment.rights import right_results
from .assessment.securities import security_results
from .calendars import Calendar
from .definition import Definition, Duty
from .definition.needs import evaluation_order
from .definition.reader import Problems
from .derivation import Step, step
from .facts import FactsRefused, FactStore
from .facts_file import check_facts, check_readings
from .language import syntax as s
from .language.spans import FUTURE, Edge, Moment, Point
from .results import DeadlineResult, Evaluation
from .status import judge
from .world import FactWorld, Instance

__all__ = ["DeadlineResult", "Evaluation", "assess", "evaluate"]


def evaluate(
    definition: Definition,
    facts: FactStore,
    *,
    calendars: Mapping[str, Calendar],
    as_of: date,
    known_on: date | None = None,
    readings: Mapping[str, str] | None = None,
    only: Collection[str] | None = None,
    version: str = "",
) -> Evaluation:
    """Deadlines and statuses at the end of `as_of` in the contract's zone, by what was recorded until `known_on`.

    `calendars` by code must hold the contract's; inline calendars of the definition take precedence. `readings`
    overrides defaults. `only` limits the results to these duties (what they rest on is computed, not listed).
    Raises FactsRefused for facts or readings the definition does not know, KeyError for an unknown duty in `only`,
    and `engine.world.CalendarMissing` for a calendar not handed in.
    """
    world = world_for(definition, facts, calendars, as_of, known_on, readings)
    wanted = definition.duties if only is None else sorted(set(only))
    duties = [definition.duties[name] for name in wanted]
    for name in evaluation_order(definition, (duty.id for duty in duties)):
        for instance in world.instances(definition.duties[name]):
            world.dates(name, tuple(instance.key.values()))
    results = [_result(world, duty, instance, version) for duty in duties for instance in world.instances(duty)]
    results.sort(key=lambda result: (result.id, tuple(result.key.values())))
    evaluation = _bare(world, tuple(results))
    return evaluation if only is not None else _with_money(world, evaluation, version)


def assess(
    definition: Definition,
    facts: FactStore,
    *,
    calendars: Mapping[str, Calendar],
    as_of: date,
    known_on: date | None = None,
    readings: Mapping[str, str] | None = None,
    rules: Collection[str] | None = None,
    version: str = "",
) -> Evaluation:
    """Measures, assessments and pools only, without the list of deadlines.

    `rules` limits the results to these rules and to the pools they end in. Raises what `evaluate` raises.
    """
    world = world_for(definition, facts, calendars, as_of, known_on, readings)
    if rules is None:
        return _with_money(world, _bare(world, ()), version)
    names = [definition.rules[name].id for name in sorted(set(rules))]
    pools = _pools_above(definition, names)
    return replace(
        _bare(world, ()),
        assessments=tuple(rule_results(world.assessor, version, names, pools)),
        pools=tuple(pool_results(world.assessor, version, pools)),
    )


def world_for(
    definition: Definition,
    facts: FactStore,
    calendars: Mapping[str, Calendar],
    as_of: date,
    known_on: date | None,
    readings: Mapping[str, str] | None,
) -> FactWorld:
    """The facts of one day seen through a definition, checked. Raises FactsRefused."""
    problems = Problems({})
    chosen = check_readings(definition, readings or {}, problems)
    if problems.found:
        raise FactsRefused(problems.found)
    return FactWorld(definition, check_facts(definition, facts), calendars, as_of, known_on, chosen)


def _bare(world: FactWorld, deadlines: tuple[DeadlineResult, ...]) -> Evaluation:
    return Evaluation(
        contract=world.definition.contract.number,
        as_of=world.as_of,
        known_on=world.known_on,
        deadlines=deadlines,
        ignored=world.view.ignored,
        readings={name: world.option(name) for name in world.definition.readings},
    )


def _with_money(world: FactWorld, evaluation: Evaluation, version: str) -> Evaluation:
    pools = pool_results(world.assessor, version)
    return replace(
        evaluation,
        measures=tuple(measure_results(world, version)),
        assessments=tuple(rule_results(world.assessor, version)),
        pools=tuple(pools),
        rights=tuple(right_results(world)),
        instalments=tuple(instalment_results(world, pools)),
        securities=tuple(security_results(world)),
    )


def _pools_above(definition: Definition, names: Collection[str]) -> frozenset[str]:
    """The pools these rules end in, however far up."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        above = {pool.id for pool in definition.pools.values() if waiting.intersection(pool.over)}
        waiting = above - found
        found |= above
    return frozenset(found)


def _result(world: FactWorld, duty: Duty, instance: Instance, version: str) -> DeadlineResult:
    dates = world.dates(duty.id, tuple(instance.key.values()))
    judgement = judge(world, duty, instance)
    due = judgement.due
    raw = dates.raw if due is dates.due else due
    safe = _optional(world, duty.safe, instance)
    done = dates.done.value
    reasons = list(judgement.reasons)
    met_on_time = done is not None and judgement.status == "met" and due.value is not None
    if done is not None and met_on_time and safe is not None and world.zone.order(done) > world.zone.order(safe):
        reasons.append(step("disputed_day", safe=safe, due=due.value))
    state = due.state
    missing = due.missing | judgement.missing | (instance.doubts if state != "never" else frozenset())
    if instance.doubts and state == "known":
        state = "pending"
    if instance.doubts:
        # whether it exists at all is open, so it may also never fall due
        due = raw = replace(due, high=FUTURE, estimate=FUTURE) if due.low is not FUTURE else due
    estimate = None if isinstance(due.estimate, Edge) or state in ("known", "never") else due.estimate
    return DeadlineResult(
        id=duty.id,
        key=instance.key,
        state=state,
        value=_local(world, due.value) if state == "known" else None,
        estimate=_local(world, estimate),
        safe=_local(world, safe),
        raw=_local(world, raw.value if raw.value is not None else _finite(raw.estimate)),
        low=_local(world, _finite(due.low), floor=due.value is None),
        high=_local(world, _finite(due.high)),
        status=judgement.status,
        delay_days=judgement.delay_days,
        missing=tuple(sorted(missing)),
        reasons=tuple(reasons),
        kind=duty.kind,
        clause=duty.clause,
        version=version,
        derivation=(*due.steps, *_readings(world, duty)),
        done=_local(world, done),
        target=_local(world, _optional(world, duty.target, instance)),
        opens=_local(world, due.opens.value) if due.opens is not None else None,
    )


def _optional(world: FactWorld, tree: s.Expr | None, instance: Instance) -> Moment | None:
    return None if tree is None else world.deadline(tree, instance).value


def _finite(point: Point) -> Moment | None:
    return None if isinstance(point, Edge) else point


def _local(world: FactWorld, moment: Moment | None, *, floor: bool = False) -> Moment | None:
    """Instants on the contract's clocks; a lower bound at the very start of a day is shown as that day."""
    if not isinstance(moment, datetime):
        return moment
    local = world.zone.local(moment)
    if floor and world.zone.start_of(local.date()) == moment:
        return local.date()
    return local


def _readings(world: FactWorld, duty: Duty) -> list[Step]:
    """The readings that bear on the date: those named in it, and the profile's if it counts days."""
    tree = duty.due
    if tree is None:
        return []
    nodes = list(tree.walk())
    names = {node.name for node in nodes if isinstance(node, s.Ref) and node.kind == "reading"}
    units = {node.unit for node in nodes if isinstance(node, s.Quantity)}
    profile = world.definition.profile
    rolling = bool(units.intersection(s.ROLLING_UNITS))
    bound = [profile.start_day] if units.intersection(s.DAY_UNITS) else []
    bound += [profile.calendar] if rolling or "workdays" in units else []
    bound += [profile.roll] if rolling else []
    names |= {value.removeprefix("reading.") for value in bound if value.startswith("reading.")}
    steps = []
    for name in sorted(names):
        reading = world.definition.readings[name]
        option = next((o for o in reading.options if o.key == world.option(name)), None)
        origin = "chosen" if name in world.chosen else "default" if option else "undecided"
        text = option.text if option else ""
        steps.append(
            step(
                "reading",
                key=name,
                title=reading.title,
                clause=reading.clause,
                text=text,
                option=world.option(name),
                origin=origin,
            )
        )
    return steps

"""Several versions of one contract: every result by the version in force on the day of its trigger.

An incident is judged by the version in force when it happened, an interval by that of its start, a period by that of
its first day, a deadline by that of its anchor; what has not been triggered yet, by the version in force as of the day
asked. Pools and instalments are those of the version in force as of that day, over assessments of all versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .assessment.assessor import Assessor
from .assessment.combinations import Combination
from .assessment.instalments import instalment_results
from .assessment.instances import Entry, trigger
from .assessment.measures import measure_results
from .assessment.report import pool_results, rule_results, verdicts_of
from .assessment.rights import right_results
from .assessment.securities import security_results
from .calendars import Calendar
from .definition import Definition
from .evaluation import evaluate, world_for
from .facts import FactStore
from .facts_file import facts_known_to
from .language import syntax as s
from .language.evaluator import Evaluator
from .language.spans import Edge, Moment
from .results import Evaluation
from .world import FactWorld, Instance


@dataclass(frozen=True)
class Version:
    """A definition in force from a day on, under the name results carry."""

    since: date
    definition: Definition
    name: str


@dataclass(frozen=True)
class _Part:
    """One version with its world and the days it governs: [since, until)."""

    version: Version
    world: FactWorld
    first: bool
    until: date | None

    def governs(self, day: date) -> bool:
        return (self.first or day >= self.version.since) and (self.until is None or day < self.until)


def evaluate_versions(
    versions: Sequence[Version],
    facts: FactStore,
    *,
    calendars: Mapping[str, Calendar],
    as_of: date,
    known_on: date | None = None,
    readings: Mapping[str, str] | None = None,
) -> Evaluation:
    """Like `evaluate`, over versions in any order; the first governs everything before the second came into force.

    A version sees only the facts and readings it knows. Raises ValueError without a version, FactsRefused for facts
    or readings the version in force does not know, and what `evaluate` raises.
    """
    ordered = sorted((v for v in versions), key=lambda version: version.since)
    if not ordered:
        raise ValueError("no version")
    begun = [version for version in ordered if version.since <= as_of] or ordered[:1]
    parts = [
        _part(version, index, begun, facts, calendars, as_of, known_on, readings) for index, version in enumerate(begun)
    ]
    current = parts[-1]
    combined = _Combined(parts)
    pools = pool_results(combined, current.version.name)
    verdicts = verdicts_of(combined)
    assessments = [
        result
        for part in parts
        for result in rule_results(part.world.assessor, part.version.name, verdicts=verdicts)
        if part.governs(_day(part.world, result.at))
    ]
    measures = [
        result
        for part in parts
        for result in measure_results(part.world, part.version.name)
        if part.governs(_measured_on(part, result.id, tuple(result.key.values())))
    ]
    deadlines = [
        result
        for part in parts
        for result in evaluate(
            part.version.definition, part.world.facts, calendars=calendars, as_of=as_of, known_on=known_on,
            readings=part.world.chosen, only=part.version.definition.duties, version=part.version.name,
        ).deadlines
        if part.governs(_anchored_on(part, result.id, tuple(result.key.values())))
    ]  # fmt: skip

    def order(result: object) -> tuple[str, tuple[str, ...]]:
        return result.id, tuple(result.key.values())  # type: ignore[attr-defined]

    return Evaluation(
        contract=current.version.definition.contract.number,
        as_of=as_of,
        known_on=known_on,
        deadlines=tuple(sorted(deadlines, key=order)),
        ignored=current.world.view.ignored,
        readings={name: current.world.option(name) for name in current.version.definition.readings},
        measures=tuple(sorted(measures, key=order)),
        assessments=tuple(sorted(assessments, key=order)),
        pools=tuple(pools),
        rights=tuple(right_results(current.world)),
        instalments=tuple(instalment_results(current.world, pools)),
        securities=tuple(security_results(current.world)),
    )


def _part(
    version: Version,
    index: int,
    begun: Sequence[Version],
    facts: FactStore,
    calendars: Mapping[str, Calendar],
    as_of: date,
    known_on: date | None,
    readings: Mapping[str, str] | None,
) -> _Part:
    last = index == len(begun) - 1
    chosen = dict(readings or {})
    if not last:
        known = version.definition.readings
        chosen = {name: key for name, key in chosen.items() if name in known and key in known[name].keys}
        facts = facts_known_to(version.definition, facts)
    world = world_for(version.definition, facts, calendars, as_of, known_on, chosen)
    return _Part(version, world, index == 0, None if last else begun[index + 1].since)


class _Combined(Assessor):
    """The pools of the version in force over the assessments of every version."""

    def __init__(self, parts: Sequence[_Part]) -> None:
        super().__init__(parts[-1].world)
        self.parts = parts

    def rule(self, name: str, combination: Combination) -> tuple[Entry, ...]:
        """The assessments of a rule, each by its own version."""
        return tuple(
            entry
            for part in self.parts
            if name in part.version.definition.rules
            for entry in part.world.assessor.rule(name, combination)
            if part.governs(_day(part.world, entry.at))
        )

    def is_rule(self, name: str) -> bool:
        """A rule of any version."""
        return any(name in part.version.definition.rules for part in self.parts) or super().is_rule(name)

    def over(self, name: str) -> tuple[str, ...]:
        """What the pool combines now, and the rules of earlier versions it combined then."""
        pools = [part.version.definition.pools.get(name) for part in reversed(self.parts)]
        names = [member for pool in pools if pool is not None for member in pool.over]
        known = {*self.definition.pools, *(rule for part in self.parts for rule in part.version.definition.rules)}
        return tuple(member for member in dict.fromkeys(names) if member in known)


def _day(world: FactWorld, moment: Moment | None) -> date:
    """The day of a trigger; what is not triggered by anything is judged as of the day asked."""
    return world.as_of if moment is None else min(world.zone.day_of(moment), world.as_of)


def _measured_on(part: _Part, name: str, keys: tuple[str, ...]) -> date:
    measure = part.version.definition.measures[name]
    for instance in part.world.tuples(f"measure.{name}", measure.bindings):
        if tuple(instance.key.values()) == keys:
            return _day(part.world, trigger(part.world, instance.variables))
    return part.world.as_of


def _anchored_on(part: _Part, name: str, keys: tuple[str, ...]) -> date:
    """The day of the latest anchor of a due date that lies by as-of; else the day asked."""
    world, duty = part.world, part.version.definition.duties[name]
    instance = world.instance(name, keys) or Instance({}, {})
    own = trigger(world, instance.variables)
    anchors = [] if own is None else [world.zone.day_of(own)]
    for node in duty.due.walk() if duty.due is not None else ():
        if isinstance(node, s.OnDate) or (isinstance(node, s.Ref) and node.kind == "event"):
            value = Evaluator(world, instance.variables).moment(node).value
            if value is not None and not isinstance(value, Edge):
                anchors.append(world.zone.day_of(value))
    return min(max(anchors), world.as_of) if anchors else world.as_of


__all__ = ["Version", "evaluate_versions"]

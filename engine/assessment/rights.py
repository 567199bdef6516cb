"""Rights as results: who holds each, and whether it may be exercised now."""

from __future__ import annotations

from ..definition import Right
from ..language.evaluator import Evaluator
from ..language.values import TRUE, conjunction, unsure
from ..outcomes import RightResult
from ..world import FactWorld, Instance


def right_results(world: FactWorld) -> list[RightResult]:
    """Every right, one result per instance, sorted by id, then key."""
    found = [
        _result(world, right, instance)
        for right in world.definition.rights.values()
        for instance in world.tuples(f"right.{right.id}", right.bindings)
    ]
    return sorted(found, key=lambda result: (result.id, tuple(result.key.values())))


def _result(world: FactWorld, right: Right, instance: Instance) -> RightResult:
    scope = Evaluator(world, instance.variables)
    truth = TRUE if right.when is None else scope.truth(right.when)
    if instance.doubts:
        truth = conjunction([truth, unsure(instance.doubts)])
    until = scope.deadline(right.until) if right.until is not None else None
    missing = truth.missing
    exercisable: bool | None = truth.value
    if until is not None and exercisable is not False:
        if world.zone.order(until.high) < world.zone.order(world.as_of):
            exercisable, missing = False, frozenset()
        elif world.zone.order(until.low) < world.zone.order(world.as_of):
            exercisable, missing = None, missing | until.missing
    return RightResult(
        id=right.id,
        key=instance.key,
        holder=right.holder,
        exercisable=exercisable,
        state="pending" if exercisable is None else "provisional" if truth.provisional else "known",
        missing=tuple(sorted(missing)) if exercisable is None else (),
        clause=right.clause,
        derivation=() if right.when is None else scope.explain(right.when),
        title=right.title,
        until=until.value if until is not None else None,
    )

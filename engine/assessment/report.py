"""Results of rules and pools: one per instance or group, over all combinations of undecided readings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from ..definition import Pool, Rule
from ..derivation import Step, step
from ..language.evaluator import Evaluator
from ..language.spans import Edge
from ..outcomes import (
    AmountRange,
    AssessmentResult,
    OutcomeState,
    PoolResult,
    ReadingAmount,
    Rest,
    Settled,
    Stage,
    Yields,
)
from .amounts import Amount, amount_of, nothing
from .assessor import Assessor
from .combinations import MAX_COMBINATIONS, Combination
from .instances import Entry, findings
from .pooled import Pooled
from .securities import available
from .settlement import Outlet, settle

NONE: frozenset[str] = frozenset()
ZERO = Decimal(0)


@dataclass(frozen=True)
class Verdict:
    """What the pools made of one rule instance: it counts, or these bar it."""

    heaviest: bool = False
    barred_by: tuple[str, ...] = ()


def pool_results(assessor: Assessor, version: str, names: Collection[str] | None = None) -> list[PoolResult]:
    """Every group of every pool, sorted by id, then key."""
    pools = [pool for pool in assessor.definition.pools.values() if names is None or pool.id in names]
    results = [result for pool in pools for result in _pool(assessor, pool, version)]
    return sorted(results, key=lambda result: (result.id, tuple(result.key.values())))


def rule_results(
    assessor: Assessor,
    version: str,
    names: Collection[str] | None = None,
    pools: Collection[str] | None = None,
    *,
    verdicts: Mapping[str, Verdict] | None = None,
) -> list[AssessmentResult]:
    """Every instance of every rule that applies or may apply, sorted by id, then key. `pools` must then hold every pool
    the named rules end in: no other says anything of them.

    `verdicts` are what pools made of them, if other pools than the assessor's own compared them.
    """
    if verdicts is None:
        verdicts = verdicts_of(assessor, pools)
    rules = [rule for rule in assessor.definition.rules.values() if names is None or rule.id in names]
    results = [result for rule in rules for result in _rule(assessor, rule, version, verdicts)]
    return sorted(results, key=lambda result: (result.id, tuple(result.key.values())))


# -- rules -------------------------------------------------------------------------------------------------------------


def _rule(assessor: Assessor, rule: Rule, version: str, verdicts: Mapping[str, Verdict]) -> list[AssessmentResult]:
    name = f"rule.{rule.id}"
    known = assessor.combinations(name)
    worlds: list[Combination] = [{}] if known is None else list(known)
    found: dict[str, list[tuple[Combination, Entry | None]]] = {}
    for index, combination in enumerate(worlds):
        for entry in assessor.rule(rule.id, combination):
            rows = found.setdefault(entry.label, [(each, None) for each in worlds])
            rows[index] = (combination, entry)
    readings = {f"reading.{each}" for each in assessor.undecided(name)}
    return [
        _assessment(assessor, rule, version, rows, verdicts.get(label, Verdict()), readings, known is None)
        for label, rows in found.items()
    ]


def _assessment(
    assessor: Assessor,
    rule: Rule,
    version: str,
    rows: Sequence[tuple[Combination, Entry | None]],
    verdict: Verdict,
    readings: Collection[str],
    too_many: bool,
) -> AssessmentResult:
    entries = [entry for _combination, entry in rows if entry is not None]
    first = entries[0]
    unit = first.amount.unit
    applies = all(entry.applies for entry in entries)
    amounts = [entry.amount if entry is not None else nothing(unit) for _combination, entry in rows]
    spread = _spread(amounts, unit)
    differs = len(entries) < len(rows)
    missing = NONE.union(*(entry.missing for entry in entries))
    if len(rows) > 1 and (spread.value is None or differs or any(amount.is_blank for amount in amounts)):
        missing |= frozenset(readings)
    if rule.amount is None:
        settled = applies and not differs
    else:
        settled = applies and spread.value is not None and not any(amount.is_blank for amount in amounts)
    running = NONE.union(*(entry.running for entry in entries))
    stage: Stage = "clue" if not applies else "candidate" if settled else "undecided"
    if applies and not any(entry.hole for entry in entries):
        stage = "displaced" if verdict.barred_by else "heaviest" if verdict.heaviest else stage
    state: OutcomeState = "pending" if not settled else "provisional" if running else "known"
    by_reading: tuple[ReadingAmount, ...] = ()
    if len(rows) > 1:
        by_reading = tuple(ReadingAmount(c, amount.value) for (c, _entry), amount in zip(rows, amounts, strict=True))
    derivation = _derivation(assessor, rule, first, rows)
    if too_many:
        derivation = (*derivation, step("too_many_combinations", most=MAX_COMBINATIONS, readings=sorted(readings)))
    return AssessmentResult(
        id=rule.id,
        key=first.key,
        stage=stage,
        yields=cast(Yields, rule.yields),
        state=state,
        amount=None if rule.amount is None else AmountRange(unit, spread.low, spread.high),
        by_reading=by_reading,
        missing=tuple(sorted(missing)) if not settled or not applies else (),
        because=first.basis.names,
        at=first.at,
        clause=rule.clause,
        derivation=derivation,
        version=version,
        barred_by=verdict.barred_by,
        title=rule.title,
        debtor=rule.debtor,
        creditor=rule.creditor,
        needs=assessor.needs(f"rule.{rule.id}"),
        prior=assessor.base.prior.get(first.label),
    )


def _derivation(
    assessor: Assessor, rule: Rule, entry: Entry, rows: Sequence[tuple[Combination, Entry | None]]
) -> tuple[Step, ...]:
    """The condition, then the amount as it came about under each combination."""
    if not entry.applies:
        # what a clue needs is named; the sheet explains one instance at a time
        return entry.steps
    steps: list[Step] = []
    for combination, each in rows:
        if each is None:
            steps.append(step("not_under_readings", readings=_shown(combination)))
            continue
        world = assessor.world(combination)
        scope = Evaluator(world, each.variables, values=findings(world, rule, each.label, each.basis, each.variables))
        parts: list[Step] = []
        if rule.when is not None and (each is entry or len(rows) == 1):
            steps += scope.explain(rule.when)
        if rule.amount is not None:
            parts += scope.explain(rule.amount)
        last = each.steps[-1] if rule.amount is not None and each.steps else None
        if last is not None:
            parts.append(last)
        steps += [step("under_readings", *parts, readings=_shown(combination))] if combination else parts
    return tuple(steps)


def _shown(combination: Combination) -> list[str]:
    return [f"{name} = {key}" for name, key in combination.items()]


def _spread(amounts: Sequence[Amount], unit: str) -> Amount:
    """The bounds around all amounts of which anything is known."""
    known = [amount for amount in amounts if not amount.is_blank]
    if not known:
        return Amount(unit, None, None)
    lows, highs = [amount.low for amount in known], [amount.high for amount in known]
    return Amount(
        known[0].unit,
        None if None in lows else min(each for each in lows if each is not None),
        None if None in highs else max(each for each in highs if each is not None),
    )


def verdicts_of(assessor: Assessor, names: Collection[str] | None = None) -> dict[str, Verdict]:
    """For each rule instance what all pools say under all readings; only what they agree on counts.

    A combination under which the group has no amount at all says nothing.
    """
    found: dict[str, Verdict] = {}
    for pool in assessor.definition.pools.values():
        if names is not None and pool.id not in names:
            continue
        said: dict[str, list[Verdict]] = {}
        for combination in assessor.combinations(f"pool.{pool.id}") or [{}]:
            compared = assessor.combine(pool, combination) != "sum"
            for group in assessor.pool(pool.id, combination):
                if group.members and group.total.is_blank:
                    continue
                winners = group.leaves if compared and group.winners and not group.decision else ()
                for leaf in (leaf for entry in group.members for leaf in entry.leaves):
                    said.setdefault(leaf, []).append(Verdict(leaf in winners, group.barred.get(leaf, ())))
                for leaf, by in group.barred.items():
                    said.setdefault(leaf, [Verdict(barred_by=by)])
        for leaf, verdicts in said.items():
            first = verdicts[0]
            agreed = all((v.heaviest, bool(v.barred_by)) == (first.heaviest, bool(first.barred_by)) for v in verdicts)
            if agreed and (first.heaviest or first.barred_by) and not found.get(leaf, Verdict()).barred_by:
                found[leaf] = first
    return found


# -- pools -------------------------------------------------------------------------------------------------------------


def _pool(assessor: Assessor, pool: Pool, version: str) -> list[PoolResult]:
    name = f"pool.{pool.id}"
    known = assessor.combinations(name)
    worlds: list[Combination] = [{}] if known is None else list(known)
    found: dict[str, list[tuple[Combination, Pooled | None]]] = {}
    for index, combination in enumerate(worlds):
        for group in assessor.pool(pool.id, combination):
            rows = found.setdefault(group.label, [(each, None) for each in worlds])
            rows[index] = (combination, group)
    return [_pool_result(assessor, pool, version, rows, too_many=known is None) for rows in found.values()]


def _pool_result(
    assessor: Assessor, pool: Pool, version: str, rows: Sequence[tuple[Combination, Pooled | None]], *, too_many: bool
) -> PoolResult:
    name = f"pool.{pool.id}"
    groups = [group for _combination, group in rows if group is not None]
    first = groups[0]
    unit = first.result.unit
    results = [group.result if group is not None else nothing(unit) for _combination, group in rows]
    total = _spread([group.total for group in groups], unit)
    result = _spread(results, unit)
    blank = any(amount.is_blank for amount in results)
    settled_amount = None if blank else result.value
    missing = NONE.union(*(group.missing for group in groups))
    if settled_amount is None and len(rows) > 1:
        missing |= {f"reading.{each}" for each in assessor.undecided(name)}
    running = NONE.union(*(group.running for group in groups))
    winners = [group.leaves for group in groups if not (group.members and group.result.is_blank)] or [()]
    differ = any(set(each) != set(winners[0]) for each in winners)
    decision = differ or any(group.decision for group in groups)
    open_winner = any(not group.winners and group.members and not group.result.is_blank for group in groups)
    pending = settled_amount is None or open_winner
    state: OutcomeState = "pending" if pending else "provisional" if running or missing else "known"
    settled: tuple[Settled, ...] = ()
    rest: Rest | None = None
    if settled_amount is not None:
        settled, rest, doubts = _settlement(assessor, pool, first, settled_amount)
        missing |= doubts
    by_reading: tuple[ReadingAmount, ...] = ()
    if len(rows) > 1:
        by_reading = tuple(
            ReadingAmount(c, amount.value, group.leaves if group is not None else ())
            for (c, group), amount in zip(rows, results, strict=True)
        )
    steps = first.steps
    if too_many:
        readings = sorted(assessor.undecided(name))
        steps = (*steps, step("too_many_combinations", most=MAX_COMBINATIONS, readings=readings))
    return PoolResult(
        id=pool.id,
        key=first.key,
        state=state,
        total=AmountRange(unit, total.low, total.high),
        result=AmountRange(unit, result.low, result.high),
        winners=() if differ else winners[0],
        headroom=first.headroom,
        settled=settled,
        rest=rest,
        by_reading=by_reading,
        missing=tuple(sorted(missing)),
        derivation=steps,
        members=tuple(entry.label for entry in first.members),
        clues=tuple(dict.fromkeys(clue for group in groups for clue in group.clues)),
        because=first.basis.names,
        at=first.at,
        clause=pool.clause,
        title=pool.title,
        version=version,
        decision=decision,
        needs=assessor.needs(name),
        prior=assessor.base.prior.get(first.label),
    )


def _held(assessor: Assessor, sink: str) -> Decimal | None:
    """What an instalment or a security named as a sink can still give: its amount less what was taken from it, and
    released; nothing of a security out of force. None for any other sink, or while that is not known."""
    kind, _dot, name = sink.partition(".")
    world = assessor.base
    if kind == "security" and name in world.definition.securities:
        return available(world, world.definition.securities[name])
    if kind == "instalment" and name in world.definition.instalments:
        value = world.amount_of_share(kind, name) if world.definition.instalments[name].amount is None else None
        amount = world.definition.instalments[name].amount if value is None else amount_of(value, "").value
        return None if amount is None else max(ZERO, amount - world.drawn.get(sink, ZERO))
    return None


def _settlement(
    assessor: Assessor, pool: Pool, group: Pooled, amount: Decimal
) -> tuple[tuple[Settled, ...], Rest | None, frozenset[str]]:
    """The sinks, each as it stands today: its limit less what others took, its condition, its last day. While a limit
    or condition is not known nothing is spread; what is missing is named."""
    world = assessor.base
    scope = Evaluator(world, group.variables)
    key = "/".join(group.key.values())
    done: dict[str, Decimal] = {}
    for name, place, taker, part in world.settlements:
        # a pool that is one group takes everything recorded for it; the key then says what of it was settled
        if name == pool.id and (not key or place in ("", key)):
            done[taker] = done.get(taker, amount - amount) + part
    outlets = []
    unknown: frozenset[str] = NONE
    for sink in pool.sinks:
        limit = None
        if sink.limit is not None:
            stated = amount_of(scope.value(sink.limit), group.result.unit)
            if stated.value is None and amount:
                unknown |= stated.missing or {f"{sink.sink}.limit"}
            limit = stated.low or ZERO
            limit -= world.drawn.get(sink.sink, ZERO) - done.get(sink.sink, ZERO)
        held = _held(assessor, sink.sink)
        if held is not None:
            held += done.get(sink.sink, ZERO)
            limit = held if limit is None else min(limit, held)
        deadline = scope.deadline(sink.deadline) if sink.deadline is not None else None
        truth = scope.truth(sink.when) if sink.when is not None else None
        if truth is not None and truth.value is None and amount and not sink.optional:
            unknown |= truth.missing
        open_ = not sink.optional and (truth is None or truth.value is True)
        if deadline is not None and world.zone.order(deadline.low) < world.zone.order(world.as_of):
            open_ = False
        last = deadline.value if deadline is not None and not isinstance(deadline.value, Edge) else None
        outlets.append(Outlet(sink.sink, limit, open_, last))
    if unknown:
        return (), None, unknown
    settled, rest = settle(amount, outlets, done, rest=pool.rest)
    return settled, Rest(rest.forward + group.carried, rest.lapse + group.lapsed, rest.pay), NONE

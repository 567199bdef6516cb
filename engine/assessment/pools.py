"""Pools: assessments (or pools) grouped, combined, capped, and settled.

One group of one pool under one combination of readings. Members that certainly apply make the result; clues are only
named, with what they could make of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ..definition import Pool
from ..derivation import Step, step
from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.values import Choice, Element, certain
from ..world import FactWorld
from .amounts import Amount, add, amount_of, nothing, typed
from .capping import capped
from .grouping import Basis, Linkage, linkage
from .instances import Entry
from .pooled import NONE, ZERO, Pooled, key_name, key_value, order_of, rounded_by


@dataclass
class _Group:
    key: Mapping[str, str]
    members: list[Entry]
    clues: list[Entry]
    missing: frozenset[str] = NONE


def evaluate_pool(
    world: FactWorld, pool: Pool, entries: Sequence[Entry], units: tuple[str, str], combine: str
) -> tuple[Pooled, ...]:
    """Every group of the pool; a pool without a key is one group even where it has no members.

    `units` are those of what is combined and of what it comes to. `combine` is sum, max or choose. Members come in
    their order: lower pools first, then by when they happened, what they are called, and their place in the definition.
    """
    order = sorted(entries, key=lambda e: (e.level, order_of(world, e.at), e.recorded, e.place, e.label))
    groups = _grouped(world, pool, order)
    found = [_combine(world, pool, group, units, combine) for group in groups]
    return tuple(capped(world, pool, found, combine))


# -- grouping ----------------------------------------------------------------------------------------------------------


def _grouped(world: FactWorld, pool: Pool, entries: Sequence[Entry]) -> list[_Group]:
    certain_ones = [entry for entry in entries if entry.applies]
    links = {
        str(tree): linkage([str(arg) for arg in tree.args], (entry.basis for entry in certain_ones))
        for tree in pool.by
        if isinstance(tree, s.Call) and tree.function == "linked"
    }
    groups: dict[tuple[str, ...], _Group] = {}
    names = [key_name(tree) for tree in pool.by]
    for entry in certain_ones:
        values, missing = [], entry.basis.missing if links else NONE
        for tree in pool.by:
            if str(tree) in links:
                label, doubts = links[str(tree)].label(entry.basis, entry.label)
                values.append(label)
                missing |= doubts
            else:
                text, doubts = key_value(world, tree, entry)
                values.append(text)
                missing |= doubts
        key = tuple(values)
        group = groups.setdefault(key, _Group(dict(zip(names, key, strict=True)), [], []))
        group.members.append(entry)
        group.missing |= missing
    if not pool.by:
        groups.setdefault((), _Group({}, [], []))
    for entry in entries:
        if entry.applies and not entry.clues:
            continue
        for key, group in groups.items():
            if entry not in group.members and not entry.applies and _may_join(world, pool, entry, key, links):
                group.clues.append(entry)
    return list(groups.values())


def _may_join(world: FactWorld, pool: Pool, entry: Entry, key: tuple[str, ...], links: Mapping[str, object]) -> bool:
    """True if a clue, once established, would stand in the group."""
    for tree, value in zip(pool.by, key, strict=True):
        link = links.get(str(tree))
        if isinstance(link, Linkage):
            if value not in link.touched(entry.basis):
                return False
        elif key_value(world, tree, entry)[0] != value:
            return False
    return True


# -- combining ---------------------------------------------------------------------------------------------------------


def _combine(world: FactWorld, pool: Pool, group: _Group, units: tuple[str, str], combine: str) -> Pooled:
    label = "/".join((pool.id, *group.key.values()))
    members, late, waiting = _claimed(world, pool, group.members)
    place = members[0].amount.unit if members else units[0]
    barred: dict[str, tuple[str, ...]] = {leaf: (f"claim:{pool.id}",) for entry in late for leaf in entry.leaves}
    decision = False
    if combine == "sum":
        winners = members
        total = add((entry.amount for entry in members), place)
    else:
        winners, total, decision = _heaviest(world, label, members, place, combine)
        names = tuple(leaf for entry in winners for leaf in entry.leaves)
        for entry in members:
            if winners and entry not in winners:
                barred |= dict.fromkeys(entry.leaves, names)
    variables = _shared(members)
    result = _amount(world, pool, total, variables, units[1] if pool.amount is not None else place)
    # a clue whose claim is past can no longer count
    clues, _gone, _open = _claimed(world, pool, group.clues)
    reach = _reach(clues, total, combine)
    raised = reach is None or total.high is None or reach > total.high
    if pool.amount is not None and reach is not None:
        reach = _amount(world, pool, replace(total, high=reach), variables, units[1]).high
    names_of_clues = tuple(dict.fromkeys([*(e.label for e in clues), *(c for e in members for c in e.clues)]))
    missing = total.missing | group.missing | (frozenset[str]().union(*(e.missing for e in clues)) if raised else NONE)
    # what leaves a lower pool's result in doubt leaves this one in doubt
    missing |= NONE.union(*(entry.missing for entry in (winners or members) if entry.level))
    running = total.running | waiting
    at = next((entry.at for entry in reversed(members) if entry.at is not None), None)
    basis = Basis()
    for entry in members:
        basis = basis.joined(entry.basis)
    return Pooled(
        id=pool.id, key=group.key, variables=variables, members=tuple(members), winners=tuple(winners), barred=barred,
        total=total, result=result, reach=reach, raised=raised, clues=names_of_clues,
        missing=missing, running=running | (frozenset(names_of_clues) if raised and clues else NONE),
        basis=basis, at=at,
        lapsed=sum((e.amount.value or ZERO for e in late), ZERO), decision=decision,
        steps=(*_steps(pool, combine, members, winners, late, total), *_turned(pool, total, result)),
    )  # fmt: skip


def _claimed(world: FactWorld, pool: Pool, members: Sequence[Entry]) -> tuple[list[Entry], list[Entry], frozenset[str]]:
    """Those claimed in time or still claimable, those that lapsed, and the claims still open."""
    if pool.claim is None:
        return list(members), [], NONE
    kept: list[Entry] = []
    late: list[Entry] = []
    waiting = set[str]()
    for entry in members:
        deadline = Evaluator(world, entry.variables).deadline(pool.claim)
        claimed = world.outcome_finding(entry.label, "claimed", pool=entry.level > 0)
        order = world.zone.order
        if isinstance(claimed, date) and (deadline.opens is None or order(claimed) >= order(deadline.opens.low)):
            (kept if order(claimed) <= order(deadline.high) else late).append(entry)
        elif order(deadline.high) < order(world.as_of):
            late.append(entry)
        else:
            kept.append(entry)
            waiting.add(f"claim:{entry.label}")
    return kept, late, frozenset(waiting)


def _heaviest(
    world: FactWorld, label: str, members: Sequence[Entry], unit: str, combine: str
) -> tuple[list[Entry], Amount, bool]:
    """The heaviest by rounded amount, the earlier in the definition on a tie; or the one a person picked."""
    if not members:
        return [], nothing(unit), False
    if combine == "choose":
        picked = world.outcome_finding(label, "chosen", pool=True)
        for entry in members:
            if picked in (entry.label, *entry.leaves):
                return [entry], entry.amount, False
    holes = [entry for entry in members if entry.hole]
    ranked = sorted(members, key=lambda e: (-(e.amount.low if e.amount.low is not None else Decimal("-Infinity")),
                                            e.place, e.label))  # fmt: skip
    first = ranked[0]
    low = first.amount.low
    rivals = [e for e in ranked[1:] if e.amount.high is None or low is None or e.amount.high > low]
    if not rivals and not holes:
        return [first], first.amount, False
    contenders = [first, *rivals]
    highs = [entry.amount.high for entry in contenders]
    missing = frozenset[str]().union(*(entry.amount.missing for entry in contenders))
    running = frozenset[str]().union(*(entry.amount.running for entry in contenders))
    high = None if None in highs else max(each for each in highs if each is not None)
    return [], Amount(unit, low, high, missing, running), bool(holes)


def _shared(members: Sequence[Entry]) -> dict[str, Element]:
    """The variables all members have in common."""
    if not members:
        return {}
    first = members[0].variables
    return {
        name: element
        for name, element in first.items()
        if all(name in each.variables and each.variables[name].id == element.id for each in members)
    }


def _amount(world: FactWorld, pool: Pool, total: Amount, variables: Mapping[str, Element], unit: str) -> Amount:
    """The expression over `total`, at both of its bounds."""
    if pool.amount is None:
        return total if not pool.round else rounded_by(total, pool.round)
    ends = []
    for end in dict.fromkeys((total.low, total.high)):
        value = certain(typed(end, total.unit)) if end is not None else Choice((), total.missing)
        scope = Evaluator(world, variables, values={"total": value})
        ends.append(amount_of(scope.value(pool.amount), unit, pool.round))
    lows, highs = [end.low for end in ends], [end.high for end in ends]
    return Amount(
        ends[0].unit,
        None if None in lows else min(each for each in lows if each is not None),
        None if None in highs else max(each for each in highs if each is not None),
        total.missing.union(*(end.missing for end in ends)),
        total.running.union(*(end.running for end in ends)),
    )


def _reach(clues: Sequence[Entry], total: Amount, combine: str) -> Decimal | None:
    """The most the total could be if every clue came true; None without a bound."""
    highs = [entry.amount.high for entry in clues]
    if total.high is None or None in highs:
        return None
    known = [each for each in highs if each is not None and each > 0]
    return total.high + sum(known, ZERO) if combine == "sum" else max([total.high, *known])


def _turned(pool: Pool, total: Amount, result: Amount) -> tuple[Step, ...]:
    """What the pool's own expression makes of the total."""
    if pool.amount is None or total.value is None or result.value is None:
        return ()
    shown = f"{total.value} {total.unit}", f"{result.value} {result.unit}"
    return (step("pool_amount", total=shown[0], formula=str(pool.amount), amount=shown[1]),)


def _steps(
    pool: Pool, combine: str, members: Sequence[Entry], winners: Sequence[Entry], late: Sequence[Entry], total: Amount
) -> tuple[Step, ...]:
    parts = [
        step(
            "pool_member_fixed" if entry.amount.value is not None else "pool_member",
            label=entry.label, low=entry.amount.low, high=entry.amount.high, unit=entry.amount.unit,
        )
        for entry in members
    ]  # fmt: skip
    gone = [step("pool_lapsed", label=entry.label) for entry in late]
    if not members:
        return (step("pool_empty", *gone, title=pool.title, clause=pool.clause),)
    form = "pool_sum" if combine == "sum" else "pool_max" if winners else "pool_max_undecided"
    if total.value is None and form != "pool_max_undecided":
        form += "_range"
    return (
        step(form, *parts, *gone, title=pool.title, clause=pool.clause, count=len(members),
             winners=[entry.label for entry in winners], total=total.value, low=total.low, high=total.high,
             unit=total.unit),
    )  # fmt: skip

"""Pools: assessments (or pools) grouped, combined, capped, and settled.

One group of one pool under one combination of readings. Members that certainly apply make the result; clues are only
named, with what they could make of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ..definition import Pool
from ..definition.model import Cap
from ..derivation import Step, step
from ..language import syntax as s
from ..language.evaluator import Evaluator
from ..language.offsets import Length, shift
from ..language.parser import PERIOD_UNITS
from ..language.periods import period_of
from ..language.spans import Edge, Moment
from ..language.values import Choice, Element, certain
from ..outcomes import Headroom
from ..world import FactWorld
from . import caps
from .amounts import Amount, add, amount_of, nothing, rounded, typed
from .grouping import Basis, Linkage, linkage
from .instances import Entry

NONE: frozenset[str] = frozenset()
ZERO = Decimal(0)
# More than any amount: what nobody knows may be that much.
FAR = Decimal(10) ** 24


@dataclass(frozen=True)
class Pooled:
    """One group of a pool under one combination of readings.

    `total` is what was combined, `result` after amount, caps and rounding. `raised`: clues could make it more, up to
    `reach` (None: without bound). `lapsed` and `carried` are what caps and missed claims took. `decision`: a person
    has to pick.
    """

    id: str
    key: Mapping[str, str]
    variables: Mapping[str, Element]
    members: tuple[Entry, ...]
    winners: tuple[Entry, ...]
    barred: Mapping[str, tuple[str, ...]]
    total: Amount
    result: Amount
    reach: Decimal | None
    clues: tuple[str, ...]
    missing: frozenset[str]
    running: frozenset[str]
    basis: Basis
    at: Moment | None
    headroom: tuple[Headroom, ...] = ()
    lapsed: Decimal = ZERO
    carried: Decimal = ZERO
    decision: bool = False
    raised: bool = False
    steps: tuple[Step, ...] = ()

    @property
    def label(self) -> str:
        """`per_system/i1/s1`."""
        return "/".join((self.id, *self.key.values()))

    @property
    def leaves(self) -> tuple[str, ...]:
        """The rule instances that count."""
        return tuple(dict.fromkeys(leaf for entry in self.winners for leaf in entry.leaves))

    def entry(self, place: int, level: int) -> Entry:
        """The result as a member of a pool above."""
        return Entry(
            id=self.id, key=self.key, variables=self.variables, applies=True,
            amount=replace(self.result, missing=self.result.missing, running=self.running),
            at=self.at, basis=self.basis, place=place, level=level, leaves=self.leaves, missing=self.missing,
            running=self.running, clues=self.clues,
        )  # fmt: skip


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
    order = sorted(entries, key=lambda e: (e.level, _order(world, e.at), e.recorded, e.place, e.label))
    groups = _grouped(world, pool, order)
    found = [_combine(world, pool, group, units, combine) for group in groups]
    return tuple(_capped(world, pool, found, combine))


def _order(world: FactWorld, at: Moment | None) -> tuple[int, object]:
    return (-1, 0) if at is None else world.zone.order(at)


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
                text, doubts = _key_value(world, tree, entry)
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
        elif _key_value(world, tree, entry)[0] != value:
            return False
    return True


def key_name(tree: s.Expr) -> str:
    """What a part of a pool's key is called in results."""
    if isinstance(tree, s.Call):
        return tree.function
    return tree.name if isinstance(tree, s.Var | s.Field) else str(tree)


def _key_value(world: FactWorld, tree: s.Expr, entry: Entry) -> tuple[str, frozenset[str]]:
    if isinstance(tree, s.Var) and tree.name in entry.variables:
        return entry.variables[tree.name].id, NONE
    if isinstance(tree, s.Var):
        values, missing = entry.basis.nodes(tree.name)
        if not values and not missing and tree.name in PERIOD_UNITS:
            # `by = "month"`: the calendar month in which what it rests on happened
            day = world.zone.day_of(entry.at) if entry.at is not None else None
            return (period_of(day, tree.name).key, NONE) if day else ("", frozenset({f"{entry.label}.at"}))
        return "+".join(sorted(values)), missing
    value = Evaluator(world, entry.variables).value(tree)
    if isinstance(value, Choice):
        found = value.value
        return (found.id if isinstance(found, Element) else "" if found is None else str(found)), value.missing
    return ("" if value.value is None else value.value.isoformat()), value.missing


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
        return total if not pool.round else _rounded(total, pool.round)
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


def _rounded(amount: Amount, rule: str) -> Amount:
    low, high = (None if e is None else rounded(Fraction(e), amount.unit, rule) for e in (amount.low, amount.high))
    return replace(amount, low=low, high=high)


def _reach(clues: Sequence[Entry], total: Amount, combine: str) -> Decimal | None:
    """The most the total could be if every clue came true; None without a bound."""
    highs = [entry.amount.high for entry in clues]
    if total.high is None or None in highs:
        return None
    known = [each for each in highs if each is not None and each > 0]
    return total.high + sum(known, ZERO) if combine == "sum" else max([total.high, *known])


# One entry of the caps: the group it belongs to, the member if members are capped one by one, its amount and time.
Row = tuple[int, Entry | None, Amount, Mapping[str, Element], Moment | None]

# -- caps --------------------------------------------------------------------------------------------------------------


def _capped(world: FactWorld, pool: Pool, groups: list[Pooled], combine: str) -> list[Pooled]:
    """The groups after the pool's caps.

    Members of a plain sum pass the caps one by one, results of any other pool group by group. A cap without a window
    sees its own group only; one with a window sees the whole pool, split by its `by`.
    """
    if not pool.caps or not groups:
        return groups
    single = combine == "sum" and pool.amount is None
    rows: list[Row] = []
    for index, group in enumerate(groups):
        if single:
            rows += [(index, entry, entry.amount, entry.variables, entry.at) for entry in group.members]
        else:
            rows.append((index, None, group.result, group.variables, group.at))
    rows.sort(key=lambda row: _order(world, row[4]))
    limits = [_limit(world, cap, rows, groups) for cap in pool.caps]
    days = [world.zone.day_of(row[4]) if row[4] is not None else world.as_of for row in rows]
    # an amount nobody knows may take no room at all, or all there is
    low_ends = [(day, row[2].low or ZERO) for day, row in zip(days, rows, strict=True)]
    high_ends = [(day, FAR if row[2].high is None else row[2].high) for day, row in zip(days, rows, strict=True)]
    lows = caps.apply(low_ends, limits, until=world.as_of)
    highs = caps.apply(high_ends, limits, until=world.as_of)
    if lows is None or highs is None:
        return [_open_cap(world, pool, group) for group in groups]
    own: list[list[int]] = [[] for _group in groups]
    for number, row in enumerate(rows):
        own[row[0]].append(number)
    doubts = NONE.union(*(row[2].missing for row in rows))
    found = []
    for group, mine in zip(groups, own, strict=True):
        ends = [sum((run.amounts[number] for number in mine), _zero(group.result)) for run in (lows, highs)]
        low, high = min(ends), max(ends)
        lapsed = group.lapsed + sum((lows.lapsed[number] for number in mine), ZERO)
        blank = any(rows[number][2].low is None for number in mine)
        result = replace(group.result, low=None if blank else low, high=high if high < FAR else None)
        # what leaves another group open may leave this one more room or less
        open_ = doubts if low != high else NONE
        result = replace(result, missing=result.missing | open_ if result.value is None else NONE)
        if pool.round:
            result = _rounded(result, pool.round)
        # the last entry of the group in each scope tells what is left in its window
        last_rooms = {(room.cap, room.scope): room for number in mine for room in lows.rooms[number]}
        room = tuple(
            Headroom(each.cap + 1, each.window, each.limit, each.used, each.limit - each.used)
            for _place, each in sorted(last_rooms.items(), key=lambda found: found[0][0])
        )
        steps = group.steps
        if group.result.low is not None and low < group.result.low:
            limited = [str(cap.limit) for cap in pool.caps]
            steps = (*steps, step("capped", before=group.result.low, after=low, limits=limited))
        carried = lows.carried if group is groups[-1] else ZERO
        reach = _bounded(world, pool, group, group.reach)
        found.append(
            replace(group, result=result, reach=reach, missing=group.missing | open_, lapsed=lapsed, carried=carried,
                    headroom=room, steps=steps)
        )  # fmt: skip
    return found


def _zero(amount: Amount) -> Decimal:
    zero = nothing(amount.unit).low
    assert zero is not None
    return zero


def _open_cap(world: FactWorld, pool: Pool, group: Pooled) -> Pooled:
    """Where amounts or limits are unknown, the lowest fixed limit of the group is still an upper bound."""
    high = _bounded(world, pool, group, group.result.high)
    return replace(group, result=replace(group.result, high=high), reach=_bounded(world, pool, group, group.reach))


def _bounded(world: FactWorld, pool: Pool, group: Pooled, bound: Decimal | None) -> Decimal | None:
    """An upper bound, or the lowest limit on the whole group if that is less."""
    for cap in pool.caps:
        if cap.window or cap.by:
            continue
        limit = amount_of(Evaluator(world, group.variables).value(cap.limit), group.result.unit)
        if limit.high is not None and (bound is None or limit.high < bound):
            bound = limit.high
    return bound


def _limit(world: FactWorld, cap: Cap, rows: Sequence[Row], groups: Sequence[Pooled]) -> caps.Limit:
    known: dict[int, Decimal | None] = {}

    def allowed(number: int) -> Decimal | None:
        if number not in known:
            group, _entry, amount, variables, _at = rows[number]
            whole = groups[group].total
            total = certain(typed(whole.low or ZERO, whole.unit))
            scope = Evaluator(world, variables, values={"total": total})
            known[number] = amount_of(scope.value(cap.limit), amount.unit).low
        return known[number]

    def scope_of(number: int) -> Hashable:
        group, entry, _amount, variables, _at = rows[number]
        own = () if cap.window else (group,)
        if not cap.by:
            return own
        holder = entry if entry is not None else groups[group].entry(0, 0)
        return (*own, *(_key_value(world, tree, replace(holder, variables=variables))[0] for tree in cap.by))

    if cap.length is not None:
        length = Evaluator(world).lengths(cap.length).value
        assert isinstance(length, Length)
        back = shift(length, -1, world.zone)

        def begins(day: date) -> date:
            low = back(day).low
            return date.min if isinstance(low, Edge) else world.zone.day_of(low)

        return caps.Limit(allowed, "rolling", scope_of, begins, cap.excess == "carry")
    kind = "all" if cap.window.startswith("term.") else cap.window
    return caps.Limit(allowed, kind, scope_of, None, cap.excess == "carry")  # type: ignore[arg-type]


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

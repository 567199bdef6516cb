"""Caps of a pool: which entries pass them one by one, what each cap allows, under which key a carried excess falls due
(rules.md §4: `max(0, min(x, limit − earlier in the window, after caps))`, inside-out, excess lapses or is carried)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from ..definition import Pool
from ..definition.model import Cap
from ..derivation import step
from ..language.evaluator import Evaluator
from ..language.offsets import Length, shift
from ..language.parser import PERIOD_UNITS
from ..language.periods import period_of
from ..language.spans import Edge, Moment
from ..language.values import Element, certain
from ..outcomes import Headroom
from ..world import FactWorld
from . import caps
from .amounts import Amount, amount_of, nothing, typed
from .instances import Entry
from .pooled import NONE, ZERO, Pooled, key_value, order_of, rounded_by

# More than any amount: what nobody knows may be that much.
FAR = Decimal(10) ** 24
# One entry of the caps: the group it belongs to, the member if members are capped one by one, its amount and time.
Row = tuple[int, Entry | None, Amount, Mapping[str, Element], Moment | None]


def capped(world: FactWorld, pool: Pool, groups: list[Pooled], combine: str) -> list[Pooled]:
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
    rows.sort(key=lambda row: order_of(world, row[4]))
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
    late = _fallen(groups, rows, days, lows, highs)
    for group, mine in zip(groups, own, strict=True):
        fell = late.pop(tuple(group.key.items()), None)
        ends = [
            sum((run.amounts[number] for number in mine), fell.ends[place] if fell else _zero(group.result))
            for place, run in enumerate((lows, highs))
        ]
        low, high = min(ends), max(ends)
        lapsed = group.lapsed + sum((lows.lapsed[number] for number in mine), ZERO)
        blank = any(rows[number][2].low is None for number in mine)
        result = replace(group.result, low=None if blank else low, high=high if high < FAR else None)
        # what leaves another group open may leave this one more room or less
        open_ = doubts if low != high else NONE
        result = replace(result, missing=result.missing | open_ if result.value is None else NONE)
        if pool.round:
            result = rounded_by(result, pool.round)
        room = _headroom(room for number in mine for room in lows.rooms[number])
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
    return [
        *found,
        *(_group_of_fallen(pool, groups[fell.group], dict(key), fell, doubts) for key, fell in late.items()),
    ]


@dataclass
class _Fallen:
    """What fell due for one key of the pool: the group it came from, the day, both ends, and the room left then."""

    group: int
    day: date
    ends: list[Decimal]
    rooms: list[caps.Room]


def _fallen(
    groups: Sequence[Pooled], rows: Sequence[Row], days: Sequence[date], lows: caps.Capped, highs: caps.Capped
) -> dict[tuple[tuple[str, str], ...], _Fallen]:
    """Carried excesses by the key under which they fall due: where a part of the key is the calendar period of the
    entry, it is the period of the day they fall due."""
    found: dict[tuple[tuple[str, str], ...], _Fallen] = {}
    for place, run in enumerate((lows, highs)):
        for each, rooms in run.fallen:
            index = rows[each.index][0]
            key = tuple((name, _moved(value, days[each.index], each.day)) for name, value in groups[index].key.items())
            zero = _zero(groups[index].result)
            fell = found.setdefault(key, _Fallen(index, each.day, [zero, zero], []))
            fell.ends[place] += each.amount
            fell.rooms += rooms if place == 0 else ()
    return found


def _moved(value: str, day: date, later: date) -> str:
    units = (unit for unit in PERIOD_UNITS if period_of(day, unit).key == value)
    return next((period_of(later, unit).key for unit in units), value)


def _group_of_fallen(
    pool: Pool, source: Pooled, key: Mapping[str, str], fell: _Fallen, doubts: frozenset[str]
) -> Pooled:
    """A group in whose window nothing arose but what an earlier one had no room for."""
    low, high = min(fell.ends), max(fell.ends)
    result = replace(source.result, low=low, high=high if high < FAR else None)
    missing = doubts if low != high else NONE
    result = replace(result, missing=missing if result.value is None else NONE)
    if pool.round:
        result = rounded_by(result, pool.round)
    return replace(
        source, key=key, members=(), winners=(), barred={}, total=nothing(source.total.unit), result=result,
        reach=result.high, raised=False, clues=(), missing=missing, at=fell.day, headroom=_headroom(fell.rooms),
        lapsed=ZERO, carried=ZERO, decision=False,
        steps=(step("carried_over", amount=result.low, label=source.label),),
    )  # fmt: skip


def _headroom(rooms: Iterable[caps.Room]) -> tuple[Headroom, ...]:
    """The last of each scope tells what is left in its window."""
    last = {(room.cap, room.scope): room for room in rooms}
    return tuple(
        Headroom(each.cap + 1, each.window, each.limit, each.used, each.limit - each.used)
        for _place, each in sorted(last.items(), key=lambda found: found[0][0])
    )


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
        return (*own, *(key_value(world, tree, replace(holder, variables=variables))[0] for tree in cap.by))

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

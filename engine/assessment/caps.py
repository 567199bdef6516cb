"""Upper limits: max(0, min(x, limit - what came earlier in the window, after caps)), entry by entry, inside-out."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from ..language.periods import period_of

ZERO = Decimal(0)


@dataclass(frozen=True)
class Limit:
    """One cap: what it allows each entry (None while unknown), its window, and what happens to the excess."""

    allowed: Callable[[int], Decimal | None]
    window: Literal["", "day", "week", "month", "quarter", "half", "year", "rolling", "all"]
    scope: Callable[[int], Hashable]
    # the day a rolling window that ends on a day begins after
    back: Callable[[date], date] | None = None
    carry: bool = False


@dataclass
class Ledger:
    """What counted so far, per cap and scope, and what waits for room.

    `counted` holds (day, amount) for rolling windows, `sums` what fell into each calendar window or into all there is.
    """

    counted: dict[tuple[int, Hashable], list[tuple[date, Decimal]]] = field(default_factory=dict)
    sums: dict[tuple[int, Hashable, str], Decimal] = field(default_factory=dict)
    waiting: dict[tuple[int, Hashable], Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Room:
    """What one cap leaves in the window of one entry: its scope, its limit, and what counts against it in all."""

    cap: int
    scope: Hashable
    window: str
    limit: Decimal
    used: Decimal


@dataclass(frozen=True)
class Fallen:
    """A carried excess that fell due at the start of a window without entries: the entry it was cut from, the day."""

    index: int
    day: date
    amount: Decimal


@dataclass(frozen=True)
class Capped:
    """Every entry after all caps, what was cut off for good, what waits, and the room each cap leaves each entry;
    `fallen` is what fell due later, beside the entries, with the room then."""

    amounts: tuple[Decimal, ...]
    lapsed: tuple[Decimal, ...]
    carried: Decimal
    rooms: tuple[tuple[Room, ...], ...]
    fallen: tuple[tuple[Fallen, tuple[Room, ...]], ...]


def window_key(limit: Limit, day: date) -> str:
    """What the window around a day is called."""
    if limit.window in ("", "all"):
        return ""
    return f"-{day.isoformat()}" if limit.window == "rolling" else period_of(day, limit.window).key


def within(limit: Limit, earlier: date, day: date) -> bool:
    """True if the earlier day lies in the window the later day is judged in: (d - n, d] for a rolling one."""
    if limit.window in ("", "all"):
        return True
    if limit.window == "rolling":
        assert limit.back is not None
        return limit.back(day) < earlier <= day
    return period_of(earlier, limit.window) == period_of(day, limit.window)


def apply(entries: Sequence[tuple[date, Decimal]], limits: Sequence[Limit], *, until: date) -> Capped | None:
    """All entries, in order, through all caps; None if a limit that matters is unknown.

    A carried excess is added to the next entry of the same scope in a window with room, or falls due at the start of
    the next calendar window up to `until` if no entry lies in it.
    """
    ledger = Ledger()
    amounts: list[Decimal] = []
    lapsed: list[Decimal] = []
    fallen: list[Fallen] = []
    for index, (day, amount) in enumerate(entries):
        # what an empty window between two entries had room for is not kept waiting for the second of them
        _release(entries[:index], limits, ledger, fallen, lapsed, before=day)
        left, lost = amount, ZERO
        for number, limit in enumerate(limits):
            allowed = limit.allowed(index)
            if allowed is None:
                return None
            place = (number, limit.scope(index))
            left += ledger.waiting.pop(place, ZERO)
            used = _used(ledger, place, limit, day)
            kept = max(ZERO, min(left, allowed - used))
            if limit.carry:
                ledger.waiting[place] = left - kept
            else:
                lost += left - kept
            left = kept
        for number, limit in enumerate(limits):
            _count(ledger, (number, limit.scope(index)), limit, day, left)
        amounts.append(left)
        lapsed.append(lost)
    _release(entries, limits, ledger, fallen, lapsed, until=until)
    carried = sum(ledger.waiting.values(), ZERO)
    rooms = tuple(_rooms(ledger, limits, index, day) for index, (day, _amount) in enumerate(entries))
    later = tuple((each, _rooms(ledger, limits, each.index, each.day)) for each in fallen)
    return Capped(tuple(amounts), tuple(lapsed), carried, rooms, later)


def _rooms(ledger: Ledger, limits: Sequence[Limit], index: int, day: date) -> tuple[Room, ...]:
    return tuple(_room(ledger, number, limit, index, day) for number, limit in enumerate(limits))


def _room(ledger: Ledger, number: int, limit: Limit, index: int, day: date) -> Room:
    scope = limit.scope(index)
    used = _used(ledger, (number, scope), limit, day)
    return Room(number, scope, window_key(limit, day), limit.allowed(index) or ZERO, used)


def _count(ledger: Ledger, place: tuple[int, Hashable], limit: Limit, day: date, amount: Decimal) -> None:
    if not amount:
        return
    if limit.window == "rolling":
        # what was carried may come back before what another scope let fall due
        insort(ledger.counted.setdefault(place, []), (day, amount), key=_day)
        return
    window = (*place, window_key(limit, day))
    ledger.sums[window] = ledger.sums.get(window, ZERO) + amount


def _used(ledger: Ledger, place: tuple[int, Hashable], limit: Limit, day: date) -> Decimal:
    if limit.window != "rolling":
        return ledger.sums.get((*place, window_key(limit, day)), ZERO)
    assert limit.back is not None
    counted = ledger.counted.get(place, [])
    first, last = bisect_right(counted, limit.back(day), key=_day), bisect_right(counted, day, key=_day)
    return sum((part for _at, part in counted[first:last]), ZERO)


def _day(counted: tuple[date, Decimal]) -> date:
    return counted[0]


def _release(
    entries: Sequence[tuple[date, Decimal]],
    limits: Sequence[Limit],
    ledger: Ledger,
    fallen: list[Fallen],
    lapsed: list[Decimal],
    *,
    until: date = date.max,
    before: date | None = None,
) -> None:
    """Let what was carried fall due at the start of later calendar windows, begun by `until` or over `before` a day."""
    for number, limit in enumerate(limits):
        if not limit.carry or limit.window in ("", "all", "rolling") or not any(ledger.waiting.values()):
            continue
        if before is not None:
            until = period_of(before, limit.window).start - timedelta(days=1)
        for scope in sorted((scope for cap, scope in ledger.waiting if cap == number), key=repr):
            last = max(index for index in range(len(entries)) if limit.scope(index) == scope)
            period = period_of(entries[last][0], limit.window)
            while ledger.waiting[number, scope] > 0:
                period = period_of(period.end + timedelta(days=1), limit.window)
                if period.start > until:
                    break
                waiting = ledger.waiting[number, scope]
                due, lost = _through_outer(limits, ledger, number, last, period.start)
                if due:
                    fallen.append(Fallen(last, period.start, due))
                lapsed[last] += lost
                if ledger.waiting[number, scope] == waiting:
                    # a whole new window had no room: none ever will
                    break


def _through_outer(
    limits: Sequence[Limit], ledger: Ledger, number: int, index: int, day: date
) -> tuple[Decimal, Decimal]:
    """What of a waiting excess passes its own cap and the caps outside it on a later day, and what lapses there."""
    scope = limits[number].scope(index)
    left, lost = ledger.waiting[number, scope], ZERO
    for outer in range(number, len(limits)):
        limit = limits[outer]
        place = (outer, limit.scope(index))
        allowed = limit.allowed(index) or ZERO
        kept = max(ZERO, min(left, allowed - _used(ledger, place, limit, day)))
        if outer == number:
            ledger.waiting[number, scope] = left - kept
        elif limit.carry:
            ledger.waiting[place] = ledger.waiting.get(place, ZERO) + left - kept
        else:
            lost += left - kept
        left = kept
    for outer, limit in enumerate(limits):
        _count(ledger, (outer, limit.scope(index)), limit, day, left)
    return left, lost

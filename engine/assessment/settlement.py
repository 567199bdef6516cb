"""Where a settled amount goes: the sinks in their order, each up to its limit, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..language.spans import Moment
from ..outcomes import Rest, Settled

ZERO = Decimal(0)


@dataclass(frozen=True)
class Outlet:
    """One sink as it stands today: `limit` None takes anything; closed or optional ones take what was settled only."""

    sink: str
    limit: Decimal | None
    open: bool = True
    deadline: Moment | None = None


def settle(
    amount: Decimal, outlets: Sequence[Outlet], done: Mapping[str, Decimal], *, rest: str
) -> tuple[tuple[Settled, ...], Rest]:
    """Spread an amount over the sinks, what is recorded as settled first.

    `done` is what each sink was recorded to have taken; it stays where it is. The remainder fills the open sinks in
    order, none beyond its limit, and all together never beyond the amount. What is left goes where `rest` says.
    """
    zero = amount - amount  # with the places of the amount
    left = amount - sum(done.values(), ZERO)
    taken: list[Settled] = []
    for outlet in outlets:
        before = done.get(outlet.sink, zero)
        more = zero
        if outlet.open and left > 0:
            more = left if outlet.limit is None else max(ZERO, min(left, outlet.limit - before))
        left -= more
        if before or more:
            taken.append(Settled(outlet.sink, before + more, before, outlet.deadline))
    named = {outlet.sink for outlet in outlets}
    taken += [Settled(sink, part, part) for sink, part in sorted(done.items()) if sink not in named]
    parts = {"forward": zero, "lapse": zero, "pay": zero}
    # a rest below zero was settled too much and comes back
    parts["pay" if left < 0 else rest] += left
    return tuple(taken), Rest(**parts)

"""Sums, means and extremes over the members of a set, some of which may be in doubt or known only within bounds.

Each function takes pairs (value, whether it is in the set) and yields the bounds of the result over every way the
doubts may turn out, without trying them one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from .arithmetic import ZERO, calculate, scale
from .values import (
    ANYWHERE,
    DOWN,
    UP,
    Between,
    Choice,
    Value,
    between,
    bounds,
    is_number,
    nothing_known,
    provisional_of,
    size,
)

Pairs = Sequence[tuple[Value, Choice]]


def total(pairs: Pairs, running: frozenset[str]) -> Choice:
    """The sum: what is certain counts, what is in doubt counts from nothing to all of it."""
    low: Any = ZERO
    high: Any = ZERO
    negative = False
    for value, inside in pairs:
        bottom, top = bounds(value)
        if inside.value is not True:
            bottom, top = _with_nothing(bottom, min), _with_nothing(top, max)
        low, high = _plus(low, bottom), _plus(high, top)
        negative |= bottom is None or size(bottom) < 0
    return _result(pairs, low, high, running, ANYWHERE if negative else UP)


def with_zero(value: Choice, zero: Any) -> Choice:
    """The sum with nothing written as so much of nothing: no yuan, no points."""

    def typed(end: Any) -> Any:
        return zero if isinstance(end, Fraction) and not end else end

    options = tuple(
        Between(typed(option.low), typed(option.high)) if isinstance(option, Between) else typed(option)
        for option in value.options
    )
    return value if options == value.options else replace(value, options=options)


def count(pairs: Pairs, running: frozenset[str]) -> Choice:
    """How many there are: [certain, possible]."""
    sure = sum(1 for _value, inside in pairs if inside.value is True)
    doubts = frozenset().union(*(inside.missing for _value, inside in pairs))
    provisional = running | provisional_of(inside for _value, inside in pairs)
    return between(Fraction(sure), Fraction(len(pairs)), doubts, provisional, UP)


def smallest(pairs: Pairs, running: frozenset[str]) -> Choice:
    """The least value; of an empty set there is none."""
    return _extreme(pairs, running, min, DOWN)


def largest(pairs: Pairs, running: frozenset[str]) -> Choice:
    """The greatest value; of an empty set there is none."""
    return _extreme(pairs, running, max, UP)


def _extreme(pairs: Pairs, running: frozenset[str], pick: Callable[..., Any], drift: frozenset[str]) -> Choice:
    ends = [(bounds(value), inside.value is True) for value, inside in pairs]
    if not any(sure for _ends, sure in ends):
        return _no_member(pairs, running)
    lows = [low for (low, _high), sure in ends if sure or pick is min]
    highs = [high for (_low, high), sure in ends if sure or pick is max]
    # one unknown member leaves the end open towards which it may lie, and the others bound the opposite end
    low = _best(lows, pick, pick is min)
    high = _best(highs, pick, pick is max)
    return _result(pairs, low, high, running, drift)


def _best(ends: list[Any], pick: Callable[..., Any], outer: bool) -> Any:
    known = [end for end in ends if end is not None]
    if not known or (outer and len(known) < len(ends)):
        return None
    return pick(known, key=size)


def mean(pairs: Pairs, running: frozenset[str]) -> Choice:
    """The unweighted mean, unrounded; of an empty set there is none."""
    if not any(inside.value is True for _value, inside in pairs):
        return _no_member(pairs, running)
    low = _mean_end([(bounds(value)[0], inside.value is True) for value, inside in pairs], lowest=True)
    high = _mean_end([(bounds(value)[1], inside.value is True) for value, inside in pairs], lowest=False)
    return _result(pairs, low, high, running, ANYWHERE)


def _mean_end(ends: list[tuple[Any, bool]], *, lowest: bool) -> Any:
    """The lowest (highest) mean: doubtful members join, the most extreme first, as long as they push it further."""
    sure = [end for end, certain in ends if certain]
    doubtful = [end for end, certain in ends if not certain]
    if None in sure or None in doubtful:
        return None
    amount: Any = ZERO
    for end in sure:
        amount = _plus(amount, end)
    number = len(sure)
    for end in sorted(doubtful, key=size, reverse=not lowest):
        if amount is None:
            return None
        further = size(end) * number < size(amount) if lowest else size(end) * number > size(amount)
        if further:
            amount, number = _plus(amount, end), number + 1
    return None if amount is None else scale(amount, Fraction(1, number))


def only(pairs: Pairs, running: frozenset[str]) -> Choice:
    """The value of the one member; of none, of several or of one in doubt there is none."""
    if len(pairs) != 1 or pairs[0][1].value is not True or not isinstance(pairs[0][0], Choice):
        return _no_member(pairs, running)
    return pairs[0][0]


def _no_member(pairs: Pairs, running: frozenset[str]) -> Choice:
    """An extreme or a mean of a set that may be empty."""
    return Choice((), _missing(pairs), running)


def _missing(pairs: Iterable[tuple[Value, Choice]]) -> frozenset[str]:
    return frozenset().union(*(value.missing | inside.missing for value, inside in pairs))


def _result(pairs: Pairs, low: Any, high: Any, running: frozenset[str], drift: frozenset[str]) -> Choice:
    provisional = running | provisional_of([value for value, _inside in pairs])
    for value, _inside in pairs:
        if isinstance(value, Choice) and value.options and not all(is_number(option) for option in value.options):
            return nothing_known(_missing(pairs) or {"not a number"})
    parts = frozenset().union(*(value.drift for value, _inside in pairs if isinstance(value, Choice)))
    return between(low, high, _missing(pairs), provisional, drift | parts if provisional else drift)


def _plus(left: Any, right: Any) -> Any:
    return None if left is None or right is None else calculate("+", left, right)


def _with_nothing(end: Any, pick: Callable[..., Any]) -> Any:
    """The end of a member that may be no member at all; an open end towards nothing stays open."""
    if end is None:
        return None
    return end if pick(size(end), 0) == size(end) else ZERO

"""Run-time values that are not moments: numbers, money, texts, truth, durations, elements and sets.

A `Choice` is the set of values an expression may have. One option is certain; several mean a reading or a condition
is undecided; none means nothing is known. A number may also be known only within bounds: then an option is a
`Between`. `missing` names what would decide it; `provisional` names the windows and intervals that were still
running at as-of, so that the value may yet change although no fact is missing. `bounds` gives low and high of any
value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import product
from typing import Any

from .offsets import Length
from .spans import Span, Zone

# Beyond this many combinations a number is known only between the smallest and the largest; anything else, not at all.
MAX_OPTIONS = 64


@dataclass(frozen=True)
class Money:
    """An exact amount of one currency."""

    currency: str
    amount: Fraction


@dataclass(frozen=True)
class Rate:
    """An exchange rate: so much of the currency `of` for one unit of the currency `per`."""

    of: str
    per: str
    amount: Fraction


@dataclass(frozen=True)
class Points:
    """Penalty points: they add up among themselves and never turn into money by accident."""

    amount: Fraction


@dataclass(frozen=True)
class Element:
    """One member of a set: an item, system, period, breach, spell … with its fields.

    A field holds a `Choice` or a `Span`; `id` is what stands in a result's key.
    """

    kind: str
    id: str
    fields: Mapping[str, Choice | Span] = field(compare=False, hash=False)


@dataclass(frozen=True)
class Between:
    """A number, amount or duration of which only bounds are known, both included; None where there is no bound."""

    low: Any
    high: Any


@dataclass(frozen=True)
class Choice:
    """The values possible; see the module."""

    options: tuple[Any, ...]
    missing: frozenset[str] = frozenset()
    provisional: frozenset[str] = frozenset()
    # Where a provisional number may still go: what only counts up cannot come back below a limit it has passed.
    drift: frozenset[str] = frozenset()

    @property
    def is_certain(self) -> bool:
        """Exactly one value is possible."""
        return len(self.options) == 1 and not isinstance(self.options[0], Between)

    @property
    def value(self) -> Any:
        """The certain value, or None."""
        return self.options[0] if self.is_certain else None


Value = Choice | Span
UP, DOWN, STILL = frozenset({"up"}), frozenset({"down"}), frozenset[str]()
ANYWHERE = UP | DOWN
TRUE, FALSE = Choice((True,)), Choice((False,))


def certain(value: Any) -> Choice:
    """A value without doubt."""
    return Choice((value,))


def unsure(missing: Iterable[str], provisional: frozenset[str] = frozenset()) -> Choice:
    """A truth value that the missing facts would decide."""
    return Choice((True, False), frozenset(missing), provisional)


def nothing_known(missing: Iterable[str]) -> Choice:
    """A value of which nothing is known."""
    return Choice((), frozenset(missing))


def between(
    low: Any,
    high: Any,
    missing: Iterable[str],
    provisional: frozenset[str] = STILL,
    drift: frozenset[str] = ANYWHERE,
) -> Choice:
    """A number within bounds; certain if they agree, nothing known if there is neither."""
    drift = drift if provisional else STILL
    if low is None and high is None:
        return Choice((), frozenset(missing), provisional, drift)
    if low is not None and high is not None and size(low) == size(high):
        return Choice((low,), frozenset(), provisional, drift)
    return Choice((Between(low, high),), frozenset(missing), provisional, drift)


def bounds(value: Value) -> tuple[Any, Any]:
    """The lowest and highest value possible: exact numbers, Money, Points, Length, or points in time of a Span.

    None stands for no bound; (None, None) if nothing is known, or for what has no order (texts, elements, sets).
    Both are the same value if and only if it is certain.
    """
    if isinstance(value, Span):
        return value.low, value.high
    if not value.options or not all(is_number(option) for option in value.options):
        return None, None
    lows = [option.low if isinstance(option, Between) else option for option in value.options]
    highs = [option.high if isinstance(option, Between) else option for option in value.options]
    return (
        None if None in lows else min(lows, key=size),
        None if None in highs else max(highs, key=size),
    )


def is_number(value: Any) -> bool:
    """True for what has a size: numbers, amounts, durations, and bounds of them."""
    return isinstance(value, Fraction | Money | Rate | Points | Length | Between)


def narrowed(choice: Choice) -> Choice:
    """Many possible numbers as the bounds around them."""
    low, high = bounds(choice)
    if len(choice.options) < 2 or (low is None and high is None):
        return choice
    return between(low, high, choice.missing, choice.provisional, choice.drift)


def distinct(options: Iterable[Any]) -> tuple[Any, ...]:
    """The options without repetitions, in order; moments carry steps and are compared one by one."""
    found = list(options)
    if not any(isinstance(option, Span) for option in found):
        return tuple(dict.fromkeys(found))
    return tuple(option for index, option in enumerate(found) if option not in found[:index])


def provisional_of(values: Iterable[Value]) -> frozenset[str]:
    """What was still running under any of the values."""
    return frozenset().union(*(value.provisional for value in values if isinstance(value, Choice)))


def combine(function: Callable[..., Any], *choices: Choice, drift: frozenset[str] = ANYWHERE) -> Choice:
    """The function over every combination of options; unknown if any part is, or if it yields None.

    `drift` is where the result may still go if a part is provisional.
    """
    missing = frozenset().union(*(choice.missing for choice in choices))
    provisional = provisional_of(choices)
    drift = drift if provisional else STILL
    if _combinations(choices) > MAX_OPTIONS:
        choices = tuple(narrowed(choice) for choice in choices)
    if not 0 < _combinations(choices) <= MAX_OPTIONS:
        return Choice((), missing, provisional, drift)
    options = distinct(function(*parts) for parts in product(*(c.options for c in choices)))
    if None in options:
        return Choice((), missing, provisional, drift)
    settled = len(options) == 1 and not isinstance(options[0], Between)
    return Choice(options, frozenset() if settled else missing, provisional, drift)


def joint_drift(choices: Iterable[Choice]) -> frozenset[str]:
    """Where something that grows with every part may still go."""
    return frozenset().union(*(choice.drift for choice in choices))


def turned(drift: frozenset[str]) -> frozenset[str]:
    """The drift of the opposite."""
    return {UP: DOWN, DOWN: UP}.get(drift, drift)


def _combinations(choices: Iterable[Choice]) -> int:
    count = 1
    for choice in choices:
        count *= len(choice.options)
    return count


def conjunction(parts: Iterable[Choice]) -> Choice:
    """Kleene "and": false as soon as one part is, true only if all are."""
    group = list(parts)
    against = [part for part in group if part.value is False]
    if against:
        # one settled "no" is enough, whatever else may still change
        settled = [part for part in against if not part.provisional]
        return settled[0] if settled else against[0]
    open_parts = [part for part in group if part.value is not True]
    provisional = provisional_of(group)
    if open_parts:
        return unsure(frozenset().union(*(part.missing for part in open_parts)), provisional)
    return replace(TRUE, provisional=provisional) if provisional else TRUE


def negation(part: Choice) -> Choice:
    """Kleene "not": unknown stays unknown."""
    if part.is_certain:
        return Choice((not part.value,), frozenset(), part.provisional)
    return unsure(part.missing, part.provisional)


def disjunction(parts: Iterable[Choice]) -> Choice:
    """Kleene "or": true as soon as one part is, false only if all are."""
    return negation(conjunction(negation(part) for part in parts))


def compare_spans(zone: Zone, op: str, left: Span, right: Span) -> Choice:
    """A comparison is true (false) if it is so throughout the bounds, else unknown."""
    low, high = zone.order(left.low), zone.order(left.high)
    other_low, other_high = zone.order(right.low), zone.order(right.high)
    missing = left.missing | right.missing
    if op in (">", ">="):
        return compare_spans(zone, {">": "<", ">=": "<="}[op], right, left)
    if op == "!=":
        return negation(compare_spans(zone, "==", left, right))
    if op == "==":
        if low == high == other_low == other_high:
            return TRUE
        return FALSE if high < other_low or low > other_high else unsure(missing)
    strict = op == "<"
    if high < other_low or (not strict and high == other_low):
        return TRUE
    if low > other_high or (strict and low == other_high):
        return FALSE
    return unsure(missing)


def compare_values(op: str, left: Choice, right: Choice) -> Choice:
    """The comparison over every combination of options: true (false) if it is so in all of them, else unknown."""
    missing, provisional = left.missing | right.missing, left.provisional | right.provisional
    if not left.options or not right.options:
        return unsure(missing, provisional)
    result = combine(lambda a, b: _compare(op, a, b), left, right)
    if not result.is_certain:
        return unsure(missing, provisional)
    # what only grows and is above the limit already stays above it
    settling = {">": UP, ">=": UP, "<": DOWN, "<=": DOWN}.get(op, STILL)
    lasting = settling if result.value else turned(settling)
    drift = left.drift | turned(right.drift)
    return Choice((result.value,), frozenset(), STILL if drift <= lasting else provisional)


def _compare(op: str, left: Any, right: Any) -> bool | None:
    if op == "!=":
        same = _compare("==", left, right)
        return None if same is None else not same
    if op in (">", ">="):
        return _compare({">": "<", ">=": "<="}[op], right, left)
    if isinstance(left, Between) or isinstance(right, Between):
        return _compare_bounds(op, _ends(left), _ends(right))
    first, second = size(left), size(right)
    if is_number(left) != is_number(right):
        return False if op == "==" else None
    if isinstance(left, Money) and isinstance(right, Money) and left.currency != right.currency:
        return None
    if isinstance(left, Length) and isinstance(right, Length):
        pair = commensurable(left, right)
        if pair is None:
            # nobody can say whether a month is longer than 30 days
            return None
        first, second = pair
    if op == "==":
        return bool(first == second)
    try:
        return bool(first < second if op == "<" else first <= second)
    except TypeError:
        return None


def _ends(value: Any) -> tuple[Any, Any]:
    return (value.low, value.high) if isinstance(value, Between) else (value, value)


def _compare_bounds(op: str, left: tuple[Any, Any], right: tuple[Any, Any]) -> bool | None:
    def is_so(relation: str, one: Any, other: Any) -> bool:
        return one is not None and other is not None and bool(_compare(relation, one, other))

    if op == "==":
        apart = is_so("<", left[1], right[0]) or is_so("<", right[1], left[0])
        return False if apart else None
    if is_so(op, left[1], right[0]):
        return True
    return False if is_so("<" if op == "<=" else "<=", right[1], left[0]) else None


def commensurable(left: Length, right: Length) -> tuple[Fraction, Fraction] | None:
    """Two durations in a unit both share; None if they have none (a month and 30 days, two calendars)."""
    first, second = _in_base_unit(left), _in_base_unit(right)
    return (first[1], second[1]) if first[0] == second[0] else None


_BASE_UNITS = {"years": ("months", 12), "weeks": ("days", 7), "calendar_days": ("days", 1)}


def _in_base_unit(length: Length) -> tuple[tuple[str, str], Fraction]:
    if length.is_clock:
        return ("clock", ""), Fraction(length.microseconds)
    unit, factor = _BASE_UNITS.get(length.unit, (length.unit, 1))
    return (unit, length.calendar.code if length.calendar is not None else ""), Fraction(length.amount * factor)


def size(value: Any) -> Any:
    """What a value is compared and divided by: its amount, its microseconds, its id."""
    if isinstance(value, Money | Rate | Points):
        return value.amount
    if isinstance(value, Length):
        return _in_base_unit(value)[1]
    return value.id if isinstance(value, Element) else value

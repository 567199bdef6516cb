"""How much and how many: aggregates over sets and windows, lengths of time, ordinals and streaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from ..intervals import Interval, total
from . import aggregates
from . import syntax as s
from .arithmetic import ZERO, clock, identity, least
from .members import Group, Members, Pair, Spells
from .offsets import Length
from .parser import PERIOD_UNITS
from .periods import Period, parse_key, period_of
from .spans import Span, earliest, either, latest
from .values import (
    STILL,
    TRUE,
    UP,
    Choice,
    Element,
    Value,
    between,
    certain,
    combine,
    conjunction,
    narrowed,
    nothing_known,
    size,
    unsure,
)
from .windows import Window, worst_total

Aggregate = Callable[[aggregates.Pairs, frozenset[str]], Choice]
# A member of an ordinal: its order, whether that is certain, the member, whether it is in the set, and its key.
Placed = tuple[tuple[tuple[int, datetime], str], bool, Element, Choice, Choice]
# A streak is looked back for at most so many periods.
MAX_STREAK = 1200


class Figures(Members):
    """The part of the evaluator that measures and counts."""

    # -- aggregates ------------------------------------------------------------------------------------------------

    def _value_count(self, tree: s.Call) -> Value:
        return self._aggregate(tree.args[0], aggregates.count)

    def _value_sum(self, tree: s.Call) -> Value:
        """The sum; of nothing it is so much of nothing of what the set holds: no yuan, no points."""
        value = self._aggregate(tree.args[0], aggregates.total)
        zero = self.world.zero(tree)
        return value if zero is None else aggregates.with_zero(value, zero)

    def _value_mean(self, tree: s.Call) -> Value:
        return self._aggregate(tree.args[0], aggregates.mean)

    def _value_only(self, tree: s.Call) -> Value:
        """The one figure there is; unknown without one, and where several would do."""
        target = tree.args[0]
        found = self._aggregate(target, aggregates.only)
        inner = target.base if isinstance(target, s.Field) else target
        base = inner.base if isinstance(inner, s.Index) else None
        if found.options or not isinstance(inner, s.Index) or not isinstance(base, s.Var | s.Ref):
            return found
        if len(self.group(inner).members) > 1:
            return nothing_known({str(tree)})
        # name the period nobody has a figure of, as a streak does
        asked = [each.right for each in inner.items if isinstance(each, s.Compare) and str(each.left) == "period"]
        periods = [place.id if (place := self.element(each)) else _word(self.value(each)) for each in asked]
        names = {f"{base.name}.{period}" for period in periods if period}
        return replace(found, missing=(found.missing - {base.name}) | names) if names else found

    def _extreme_of(self, tree: s.Call) -> Value:
        """`min` or `max` of one set."""
        name = tree.function
        group, _length = self._slid(tree.args[0])
        spans = [(value, inside) for value, inside in self.figures(group) if isinstance(value, Span)]
        if spans and not group.missing:
            return self._extreme_moment(spans, name)
        return self._aggregate(tree.args[0], aggregates.smallest if name == "min" else aggregates.largest)

    def _extreme_moment(self, spans: list[tuple[Span, Choice]], name: str) -> Span:
        pick, zone = earliest if name == "min" else latest, self.world.zone
        everyone = pick(zone, [span for span, _inside in spans])
        sure = [span for span, inside in spans if inside.value is True]
        if len(sure) == len(spans):
            return everyone
        doubts = frozenset().union(*(inside.missing for _span, inside in spans))
        return either(zone, [everyone, *([pick(zone, sure)] if sure else [])], doubts)

    def _aggregate(self, tree: s.Expr, aggregate: Aggregate) -> Choice:
        group, length = self._slid(tree)
        if group.missing:
            return nothing_known(group.missing)
        if length is None:
            return self._result(group, aggregate)
        if not isinstance(length, Length):
            return nothing_known({str(tree)})
        # the worst placement of the window decides
        results = [self._result(self.inside(group, window), aggregate) for window in self.windows(group, length)]
        found = [result for result in results if result.options]
        if not found:
            return self._result(replace(group, members=()), aggregate) if not results else results[0]
        worst = aggregates.largest([(narrowed(result), TRUE) for result in found], STILL)
        return replace(worst, provisional=group.running, drift=UP if group.running else STILL)

    def _result(self, group: Group, aggregate: Aggregate) -> Choice:
        pairs: list[tuple[Value, Choice]]
        if aggregate is aggregates.count:
            pairs = [(certain(element), inside) for element, inside in group.members]
        else:
            pairs = self.figures(group)
        result = aggregate(pairs, group.running)
        if not result.options and not result.missing:
            return replace(result, missing=frozenset({self._nobody(group)}))
        return result

    def _nobody(self, group: Group) -> str:
        """What to name where a set has no member and so no least value and no mean."""
        return group.name or "value"

    def _slid(self, tree: s.Expr) -> tuple[Group, Length | object | None]:
        """A set, and the length of the window that slides over it, if one does."""
        if isinstance(tree, s.Over) and isinstance(tree.window, s.Sliding):
            length = self.lengths(tree.window.length).value
            return self.group(tree.group), length if isinstance(length, Length) else str(tree)
        group = self.group(tree)
        if isinstance(tree, s.Over):
            window = self.window(tree.window)
            name = window.name.removeprefix("period:") if isinstance(window, Window) else str(tree.window)
            group = replace(group, name=self._called(tree.group, name))
        return group, None

    def _called(self, tree: s.Expr, window: str) -> str:
        """What a figure of a window is called where it is not recorded: `series.availability.2025-10.s1`."""
        base = tree
        keys: list[str] = []
        while isinstance(base, s.Index | s.Field):
            if isinstance(base, s.Index):
                parts = [item.right for item in base.items if isinstance(item, s.Compare) and item.op == "=="]
                keys = [self._text(part) for part in parts] + keys
            base = base.base
        name = str(base)
        kind = "series." if isinstance(base, s.Var) and self.world.is_series(name) else ""
        return ".".join(part for part in (f"{kind}{name}", window, "/".join(filter(None, keys))) if part)

    def _text(self, tree: s.Expr) -> str:
        if isinstance(tree, s.Var) and tree.name in self.variables:
            return self.variables[tree.name].id
        return tree.value if isinstance(tree, s.Text) else ""

    # -- lengths of time -------------------------------------------------------------------------------------------

    def _on_measure(self, tree: s.Measure) -> Value:
        return self.kept("value", tree, self._length)

    def _length(self, tree: s.Expr) -> Value:
        assert isinstance(tree, s.Measure)
        inner = tree.value
        if self.is_window(inner):
            window = self.window(inner)
            if isinstance(window, frozenset) or window.ends:
                return nothing_known(window if isinstance(window, frozenset) else window.ends)
            return certain(clock(window.interval.length))
        if isinstance(inner, s.Over) and isinstance(inner.window, s.Sliding):
            length = self.lengths(inner.window.length).value
            if not isinstance(length, Length):
                return nothing_known({str(tree)})
            zone = self.world.zone
            return _measured(self.spells_of(inner.group), lambda spells: worst_total(spells, length, zone))
        return _measured(self.spells_of(inner), total)

    def is_window(self, tree: s.Expr) -> bool:
        """Whether an expression is a stretch of time itself, not a set of intervals."""
        if (isinstance(tree, s.Ref) and tree.kind == "term") or (
            isinstance(tree, s.Call) and tree.function == "window"
        ):
            return True
        element = self.element(tree)
        return element is not None and "spell" not in element.fields

    def _value_longest(self, tree: s.Call) -> Value:
        target = tree.args[0]
        sliding = isinstance(target, s.Over) and isinstance(target.window, s.Sliding)
        # a window that may slide anywhere cuts nothing off but its own length
        spells = self.spells_of(target.group if isinstance(target, s.Over) and sliding else target)
        longest = _measured(spells, lambda group: max((spell.length for spell in group), default=timedelta()))
        if not isinstance(target, s.Over) or not isinstance(target.window, s.Sliding):
            return longest
        return combine(least, longest, self.lengths(target.window.length), drift=longest.drift)

    # -- ordinals and streaks --------------------------------------------------------------------------------------

    def _value_ordinal(self, tree: s.Call) -> Value:
        """The place of the element at hand among the members that happened up to it, one per value of the key.

        Members of one key count once, where the first of them stands; an unknown key may be any of them or another.
        """
        group, key = self.group(tree.args[0]), tree.args[1] if len(tree.args) > 1 else None
        if len(tree.args) > 2:
            window = self.window(tree.args[2])
            group = replace(group, missing=window) if isinstance(window, frozenset) else self.inside(group, window)
        current = self._current(group, tree.args[0])
        if group.missing or current is None:
            return nothing_known(group.missing or {str(tree)})
        element, inside = current
        if inside.value is False:
            return certain(ZERO)
        at, own_key = self.occurrence(element), self._key_of(element, key)
        own_order = None if at.value is None else (self.world.zone.order(at.value), element.id)
        earlier: list[tuple[Choice, Choice]] = []
        for order, dated, member, belongs, name in self._ordered(group, key):
            if _stands_for(member, element):
                continue
            if own_order is None or not dated:
                open_order = unsure(at.missing | self.occurrence(member).missing)
                earlier.append((name, conjunction([belongs, open_order])))
            elif order < own_order:
                earlier.append((name, belongs))
        low, high = _place(own_key, earlier, keyed=key is not None)
        doubts = own_key.missing.union(inside.missing, *(name.missing | truth.missing for name, truth in earlier))
        return between(Fraction(low) if inside.value is True else ZERO, Fraction(high), doubts)

    def _ordered(self, group: Group, key: s.Expr | None) -> list[Placed]:
        """The members by when they happened, with their keys: the same for every element that asks for its place."""
        plain = key is None or isinstance(key, s.Var)
        known = ("ordered", id(group), str(key), () if plain else tuple(e.id for e in self.variables.values()))
        if known not in self.world.cache:
            zone = self.world.zone
            rows: list[Placed] = []
            for member, belongs in group.members:
                at = self.occurrence(member)
                order = (zone.order(at.low), member.id)
                rows.append((order, at.value is not None, member, belongs, self._key_of(member, key)))
            rows.sort(key=lambda row: row[0])
            self.world.cache[known] = (group, rows)
        found: list[Placed] = self.world.cache[known][1]
        return found

    def _current(self, group: Group, tree: s.Expr) -> Pair | None:
        """The element at hand, and whether it is in the set: one of another kind stands beside the set's members."""
        everyone = [member for base in _bases(tree) for member in self.group(base).possible]
        own = [each for each in self.variables.values() if each.kind not in ("system", "period")]
        for element in reversed(own):
            if any(_stands_for(member, element) for member in everyone):
                found = next((inside for member, inside in group.members if _stands_for(member, element)), None)
                return element, found if found is not None else Choice((False,))
        if own:
            return own[0], TRUE
        periods = [each for each in self.variables.values() if each.kind == "period"]
        return (periods[0], TRUE) if periods else None

    def _key_of(self, element: Element, key: s.Expr | None) -> Choice:
        if key is None:
            return certain(element.id)
        if isinstance(key, s.Var) and key.name not in element.fields and key.name not in self.variables:
            return nothing_known({f"{element.kind}:{element.id}.{key.name}"})
        value = self.scope(element).value(key)
        return value if isinstance(value, Choice) else certain(value.value)

    def _value_streak(self, tree: s.Call) -> Value:
        """How many periods in a row, up to the one at hand, have a member that passes the last filter.

        A period without any candidate may or may not have been one: it makes the streak a range.
        """
        everyone, passing = self._candidates(tree.args[0])
        unit = str(tree.args[1]) if len(tree.args) > 1 else "month"
        window: Window | frozenset[str] | None = self._window_of(tree)
        if isinstance(window, frozenset):
            return nothing_known(window)
        if everyone.missing:
            return nothing_known(everyone.missing)
        if unit not in PERIOD_UNITS:
            return nothing_known({str(tree)})
        current = self._period_at_hand(unit)
        if current is None:
            return nothing_known({f"{unit} of {tree}"})
        candidates = self._by_period(everyone, unit)
        hits = self._by_period(passing, unit)
        first = min((current.start, *(parse_key(key).start for key in candidates)))
        if window is not None:
            first = period_of(self.world.zone.day_of(window.start), unit).start
        low: int | None = None
        length, doubts = 0, set[str]()
        period = current
        while period.start >= first and length < MAX_STREAK:
            there, passed = candidates.get(period.key, ()), hits.get(period.key, ())
            if not there:
                doubts.add(f"{everyone.name}.{period.key}" if everyone.name else period.key)
                low = length if low is None else low
            elif not any(inside.value is True for _element, inside in passed):
                low = length if low is None else low
                if not passed:
                    break
                doubts.update(*(inside.missing for _element, inside in passed))
            length += 1
            period = period_of(period.start - timedelta(days=1), unit)
        return between(Fraction(length if low is None else low), Fraction(length), doubts)

    def _candidates(self, tree: s.Expr) -> tuple[Group, Group]:
        """The set a streak looks at, and those of it that pass the condition itself.

        The condition is the last pair of square brackets, without what only narrows the set to the element at hand.
        """
        if isinstance(tree, s.Over):
            everyone, passing = self._candidates(tree.group)
            window = self.window(tree.window)
            if isinstance(window, frozenset):
                return replace(everyone, missing=everyone.missing | window), passing
            return self.inside(everyone, window), self.inside(passing, window)
        if not isinstance(tree, s.Index):
            return self.group(tree), self.group(tree)
        narrowing = [
            item
            for item in tree.items
            if isinstance(item, s.Compare | s.Member)
            and any(_is_variable(node, self.variables) for node in item.walk())
        ]
        scope = tuple(narrowing) if len(narrowing) < len(tree.items) else tree.items[:-1]
        everyone = self.group(s.Index(tree.base, scope)) if scope else self.group(tree.base)
        return everyone, self.group(tree)

    def _window_of(self, tree: s.Call) -> Window | frozenset[str] | None:
        if len(tree.args) > 2:
            return self.window(tree.args[2])
        return self.window(tree.args[0].window) if isinstance(tree.args[0], s.Over) else None

    def _period_at_hand(self, unit: str) -> Period | None:
        for element in self.variables.values():
            found = self._period_of(element, unit)
            if found is not None and element.kind != "system":
                return found
        return None

    def _period_of(self, element: Element, unit: str) -> Period | None:
        """The period a member belongs to: the one it names, else the one it happened in."""
        if element.kind == "period":
            period = _parsed(element.id)
            return None if period is None else period_of(period.start, unit)
        for name in ("period", unit):
            value = element.fields.get(name)
            if isinstance(value, Choice) and isinstance(value.value, str):
                period = _parsed(value.value)
                if period is not None:
                    return period_of(period.start, unit)
        at = self.occurrence(element)
        return None if at.value is None else period_of(self.world.zone.day_of(at.value), unit)

    def _by_period(self, group: Group, unit: str) -> dict[str, list[Pair]]:
        found: dict[str, list[Pair]] = {}
        for element, inside in group.members:
            period = self._period_of(element, unit)
            if period is not None:
                found.setdefault(period.key, []).append((element, inside))
        return found


def _measured(spells: Spells, measure: Callable[[tuple[Interval, ...]], timedelta]) -> Choice:
    """A length of certain and of possible spells; what still runs can only lengthen it."""
    low, high = clock(measure(spells.sure)), clock(measure(spells.possible))
    return between(low, high, spells.missing, spells.running, UP)


def _bases(tree: s.Expr) -> list[s.Expr]:
    """The sets an expression starts from, without their filters and windows."""
    while isinstance(tree, s.Index | s.Over | s.Field):
        tree = tree.group if isinstance(tree, s.Over) else tree.base
    return [*_bases(tree.left), *_bases(tree.right)] if isinstance(tree, s.Binary) else [tree]


def _stands_for(member: Element, element: Element) -> bool:
    """Whether a member is the element itself, or what a measure says of it alone."""
    if member.id != element.id:
        return False
    if member.kind == element.kind:
        return True
    held = (value.value for value in member.fields.values() if isinstance(value, Choice))
    measured = member.kind.startswith("measure.")
    return measured and any(isinstance(each, Element) and each.kind == element.kind for each in held)


def _is_variable(node: s.Expr, names: Iterable[str]) -> bool:
    return isinstance(node, s.Var) and node.name in set(names)


def _parsed(key: str) -> Period | None:
    try:
        return parse_key(key)
    except ValueError:
        return None


def _place(own: Choice, earlier: list[tuple[Choice, Choice]], *, keyed: bool) -> tuple[int, int]:
    """The lowest and highest place the key at hand may have among those before it."""
    if not keyed:
        return 1 + sum(truth.value is True for _key, truth in earlier), 1 + len(earlier)
    if not own.is_certain:
        return 1, 1 + _different(earlier, None)
    # where the key at hand first stands settles its place: at the earliest, and at the latest
    mine = [i for i, (key, _truth) in enumerate(earlier) if not key.is_certain or _same(key, own)]
    surely_mine = [i for i in mine if earlier[i][0].is_certain and earlier[i][1].value is True]
    before_all = earlier[: mine[0]] if mine else earlier
    low = 1 + len({_id(key) for key, truth in before_all if key.is_certain and truth.value is True})
    high = 1 + _different(earlier[: surely_mine[0]] if surely_mine else earlier, own)
    return low, high


def _different(pairs: list[tuple[Choice, Choice]], own: Choice | None) -> int:
    """How many different keys there may be at most; every unknown one may be another."""
    known = {_id(key) for key, _truth in pairs if key.is_certain and (own is None or not _same(key, own))}
    return len(known) + sum(not key.is_certain for key, _truth in pairs)


def _same(one: Choice, other: Choice) -> bool:
    return bool(_id(one) == _id(other))


def _id(key: Choice) -> object:
    return size(identity(key.value))


def _word(value: Value) -> str:
    """The one text a value is, if it is one."""
    found = value.value if isinstance(value, Choice) else None
    return found if isinstance(found, str) else ""

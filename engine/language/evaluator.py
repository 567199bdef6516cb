"""Evaluation of every expression of the language: deadlines, conditions, amounts, measures and sets.

Pure: a tree, a `World` and the values of the "for" variables in; a `Span` (for moments) or `Choice` (for all else)
out. Total: whatever has no value is unknown and names what is missing. `Evaluator.explain` gives the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

from ..derivation import Step
from . import syntax as s
from .arithmetic import ZERO, absolute, calculate, clock, greatest, least, negate, power, rounded
from .day_count import convention_named, year_fraction
from .formula import explain
from .lookups import Lookups
from .members import Group
from .offsets import Length, months_between, move, shift
from .spans import Edge, Point, Span, known
from .values import (
    ANYWHERE,
    FALSE,
    STILL,
    TRUE,
    Choice,
    Element,
    Money,
    Value,
    between,
    bounds,
    certain,
    combine,
    compare_spans,
    compare_values,
    conjunction,
    disjunction,
    distinct,
    joint_drift,
    narrowed,
    negation,
    nothing_known,
    provisional_of,
    size,
    turned,
    unsure,
)
from .world import Source, World

Variables = Mapping[str, Element]


class Evaluator(Lookups):
    """Evaluates trees in one world for one binding of the "for" variables.

    `values` are other names: a rule's findings, a pool's `total`. `rolling` False leaves out the profile's roll and
    so yields the raw date.
    """

    def __init__(
        self,
        world: World,
        variables: Variables | None = None,
        *,
        values: Mapping[str, Value] | None = None,
        rolling: bool = True,
    ) -> None:
        self.world = world
        self.variables: Variables = variables or {}
        self.values: Mapping[str, Value] = values or {}
        self.rolling = rolling

    def binding(self, **values: Value) -> Evaluator:
        """The same evaluator with more named values."""
        return Evaluator(self.world, self.variables, values={**self.values, **values}, rolling=self.rolling)

    def scope(self, element: Element) -> Evaluator:
        """An evaluator inside `set[…]`."""
        return _FilterScope(self, element)

    def explain(self, tree: s.Expr) -> tuple[Step, ...]:
        """How the value of an amount, measure or condition came about: the formula with its numbers filled in,
        and below it the references, tables, readings, sets and windows it rests on. Deterministic."""
        return explain(self, tree)

    def truth(self, tree: s.Expr) -> Choice:
        """The truth of a condition: true, false, or unknown with what is missing."""
        value = self.value(tree)
        assert isinstance(value, Choice)
        return value if value.options else unsure(value.missing)

    def value(self, tree: s.Expr) -> Value:
        """The value of any expression."""
        function: Callable[..., Value] = getattr(self, f"_on_{type(tree).__name__.lower()}")
        return function(tree)

    def _on_number(self, tree: s.Number) -> Value:
        return certain(Fraction(tree.value))

    def _on_percent(self, tree: s.Percent) -> Value:
        return certain(Fraction(tree.value) / 100)

    def _on_moneyamount(self, tree: s.MoneyAmount) -> Value:
        return certain(Money(tree.currency, Fraction(tree.amount)))

    def _on_text(self, tree: s.Text) -> Value:
        return certain(tree.value)

    def _on_flag(self, tree: s.Flag) -> Value:
        return TRUE if tree.value else FALSE

    def _on_nothing(self, tree: s.Nothing) -> Value:
        return self.moment(tree)

    def _on_ondate(self, tree: s.OnDate) -> Value:
        return self.moment(tree)

    def _on_quantity(self, tree: s.Quantity) -> Value:
        return self.quantity(tree)

    def _on_var(self, tree: s.Var) -> Value:
        if tree.name in self.variables:
            return certain(self.variables[tree.name])
        if tree.name in self.values:
            return self.values[tree.name]
        members = self.world.members(tree.name)
        return nothing_known({tree.name}) if members is None else certain(members)

    def _on_ref(self, tree: s.Ref) -> Value:
        if tree.kind == "event":
            return self.world.event(tree.name)
        if tree.kind in ("reading", "measure"):
            return self._called_with(tree)
        return self.world.constant(tree.kind, tree.name, tuple(self._key(arg) for arg in tree.args))

    def _called_with(self, tree: s.Ref) -> Value:
        """A reading or measure with its arguments; without any, a measure per instance is the set of them."""
        args = tuple(self.element(arg) for arg in tree.args)
        if None in args:
            open_args = [arg for arg, element in zip(tree.args, args, strict=True) if element is None]
            values = [self.value(arg) for arg in open_args]
            return nothing_known(frozenset().union(*(v.missing for v in values)) or {str(arg) for arg in open_args})
        elements = tuple(element for element in args if element is not None)
        if tree.kind == "reading":
            return self.world.reading(tree.name, elements, self.variables)
        if not elements and self.world.takes_arguments(tree.name):
            return self.as_value(self.group(tree))
        return self.world.measure(tree.name, elements)

    def _on_field(self, tree: s.Field) -> Value:
        element = self.element(tree.base)
        if element is None:
            base = self.value(tree.base)
            if isinstance(base, Choice) and base.options and all(isinstance(o, tuple) for o in base.options):
                return self.as_value(self.group(tree))
            return nothing_known(base.missing or {str(tree)})
        field = element.fields.get(tree.name)
        if field is None and tree.name == "length" and "spell" in element.fields:
            field = self.with_lengths(((element, TRUE),))[0][0].fields["length"]
        return field if field is not None else nothing_known({f"{element.kind}:{element.id}.{tree.name}"})

    def element(self, tree: s.Expr) -> Element | None:
        """The one thing a variable, field or reference names; None for a set or while it is open which."""
        if isinstance(tree, s.Var) and tree.name in self.variables:
            return self.variables[tree.name]
        if isinstance(tree, s.Field | s.Var) or (isinstance(tree, s.Ref) and tree.kind not in ("event", "term")):
            if isinstance(tree, s.Ref) and tree.kind in ("reading", "measure"):
                return None
            value = self.value(tree)
            if isinstance(value, Choice) and isinstance(value.value, Element):
                return value.value
            holder = self.element(tree.base) if isinstance(tree, s.Field) else None
            return None if holder is None else self.held(holder, tree.name, value)
        return None

    def _on_index(self, tree: s.Index) -> Value:
        """The certain members of a filtered set; with doubtful ones, the sets with and without them all."""
        return self.as_value(self.group(tree))

    def _on_over(self, tree: s.Over) -> Value:
        return self.as_value(self.group(tree))

    def _on_each(self, tree: s.Each) -> Value:
        return self.as_value(self.group(tree))

    def _on_rolling(self, tree: s.Rolling) -> Value:
        return nothing_known({str(tree)})

    def _on_sliding(self, tree: s.Sliding) -> Value:
        return nothing_known({str(tree)})

    def _on_not(self, tree: s.Not) -> Value:
        return negation(self.truth(tree.value))

    def _on_and(self, tree: s.And) -> Value:
        parts = []
        for tree_part in tree.parts:
            truth = self.truth(tree_part)
            if truth.value is False and not truth.provisional:
                # one settled "no" decides, whatever the other parts are
                return truth
            parts.append(truth)
        return conjunction(parts)

    def _on_or(self, tree: s.Or) -> Value:
        return disjunction([self.truth(part) for part in tree.parts])

    def _on_member(self, tree: s.Member) -> Value:
        item = self.value(tree.item)
        if isinstance(tree.group, s.Ref) and tree.group.kind == "term" and isinstance(item, Span):
            zone, name = self.world.zone, tree.group.name
            start, end = self.world.term(name, "start"), self.world.term(name, "end")
            day = move(item, shift(Length(0, "days"), 1, zone))
            return conjunction([compare_spans(zone, ">=", day, start), compare_spans(zone, "<=", day, end)])
        return self.contains(item, tree.group)

    def _on_compare(self, tree: s.Compare) -> Value:
        for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
            if isinstance(one, s.Ref) and one.kind == "reading" and isinstance(other, s.Text):
                # whatever a reading's options are worth, they are told apart by their keys
                return compare_values(tree.op, self.world.reading_key(one.name), certain(other.value))
        left, right = self.value(tree.left), self.value(tree.right)
        if isinstance(left, Span) or isinstance(right, Span):
            return compare_spans(self.world.zone, tree.op, self.moment(tree.left), self.moment(tree.right))
        result = compare_values(tree.op, left, right)
        # a text and a number have no order: only the expression itself can be named
        return result if result.is_certain or result.missing else unsure({str(tree)})

    def _on_negate(self, tree: s.Negate) -> Value:
        value = self._figure(tree.value)
        return self.named(tree, combine(negate, value, drift=turned(value.drift)))

    def _on_binary(self, tree: s.Binary) -> Value:
        left = self.value(tree.left)
        if isinstance(left, Span):
            right = self.value(tree.right)
            return self._elapsed(right, left) if isinstance(right, Span) else self._offset(tree, finished=False)
        if _is_set(left):
            return self.as_value(self.group(tree))
        right = self._figure(tree.right)
        drift = _drift(tree.op, left, right)
        return self.named(tree, combine(lambda a, b: calculate(tree.op, a, b), left, right, drift=drift))

    def _elapsed(self, start: Span, end: Span) -> Value:
        """The time from one moment to another; two dates are whole days apart, a date and an instant lie within."""
        zone = self.world.zone

        def instant(point: Point, *, late: bool) -> datetime | None:
            if isinstance(point, Edge):
                return None
            if isinstance(point, datetime):
                return point
            return zone.end_of(point) if late and not dates else zone.start_of(point)

        points = [point for span in (start, end) for point in (span.low, span.high)]
        dates = not any(isinstance(point, datetime) for point in points)
        ends = []
        for first, last, late in ((start.high, end.low, True), (start.low, end.high, False)):
            begun, ended = instant(first, late=late), instant(last, late=not late)
            ends.append(None if begun is None or ended is None else clock(ended - begun))
        names = start.missing | end.missing
        if not names and ends[0] != ends[1]:
            names = frozenset({"time of day"})
        return between(ends[0], ends[1], names)

    def _on_call(self, tree: s.Call) -> Value:
        if tree.function == "if":
            return self.moment(tree) if self._yields_moment(tree) else self._value_if(tree)
        if hasattr(self, f"_moment_{tree.function}"):
            return self.moment(tree)
        function: Callable[[s.Call], Value] = getattr(self, f"_value_{tree.function}")
        return self.kept("value", tree, function) if tree.function in _COSTLY else function(tree)  # type: ignore[arg-type]

    def _yields_moment(self, tree: s.Call) -> bool:
        """Whether an `if` is about moments, by the branch it takes, or by any while it is undecided."""
        condition = self.truth(tree.args[0])
        branches = tree.args[1:] if not condition.is_certain else (tree.args[1 if condition.value else 2],)
        return any(isinstance(each, s.Nothing) or isinstance(self.value(each), Span) for each in branches)

    def _value_if(self, tree: s.Call) -> Value:
        condition = self.truth(tree.args[0])
        if condition.is_certain:
            value = self.value(tree.args[1 if condition.value else 2])
            if not condition.provisional or isinstance(value, Span):
                return value
            return replace(value, provisional=value.provisional | condition.provisional, drift=ANYWHERE)
        parts = [self._figure(arg) for arg in tree.args[1:]]
        missing = condition.missing.union(*(part.missing for part in parts))
        provisional = condition.provisional | provisional_of(parts)
        if not all(part.options for part in parts):
            return Choice((), missing, provisional)
        options = distinct(option for part in parts for option in part.options)
        return combine(lambda value: value, Choice(options, missing, provisional))

    def _value_happened(self, tree: s.Call) -> Value:
        target = tree.args[0]
        if isinstance(target, s.Ref) and target.kind == "event":
            name = target.name
            return TRUE if self.world.happened(name) else Choice((False,), frozenset({f"event.{name}"}))
        span = self.moment(target)
        return compare_spans(self.world.zone, "<=", span, known(self.world.as_of))

    def _value_min(self, tree: s.Call) -> Value:
        return self._least_or_greatest(tree, least)

    def _value_max(self, tree: s.Call) -> Value:
        return self._least_or_greatest(tree, greatest)

    def _least_or_greatest(self, tree: s.Call, function: Callable[..., object]) -> Value:
        parts = [self.value(arg) for arg in tree.args]
        if len(parts) == 1 and _is_set(parts[0]):
            return self._extreme_of(tree)
        figures = [part if isinstance(part, Choice) else nothing_known(part.missing) for part in parts]
        known_parts = [narrowed(part) if len(figures) > 3 else part for part in figures if part.options]
        if not known_parts:
            return nothing_known(frozenset().union(*(part.missing for part in figures)) or {str(tree)})
        result = combine(function, *known_parts, drift=joint_drift(figures))
        if len(known_parts) < len(figures):
            # whatever the unknown part is, the known ones bound the least from above and the greatest from below
            low, high = bounds(result)
            missing = frozenset().union(*(part.missing for part in figures))
            ends = (None, high) if tree.function == "min" else (low, None)
            return between(ends[0], ends[1], missing, result.provisional)
        return self.named(tree, result)

    def _value_abs(self, tree: s.Call) -> Value:
        return self.named(tree, combine(absolute, self._figure(tree.args[0])))

    def _value_round(self, tree: s.Call) -> Value:
        value = self._figure(tree.args[0])
        mode = next((str(arg) for arg in tree.args[1:] if isinstance(arg, s.Var)), "half_up")
        units = [self._figure(arg) for arg in tree.args[1:] if not isinstance(arg, s.Var)]
        unit = units[0] if units else certain(ZERO)
        whole = not units
        rounder = combine(lambda x, to: rounded(x, None if whole else to, mode), value, unit, drift=value.drift)
        return self.named(tree, rounder)

    def _value_power(self, tree: s.Call) -> Value:
        return self.named(tree, combine(power, *(self._figure(arg) for arg in tree.args)))

    def _value_days(self, tree: s.Call) -> Value:
        return self._distance(tree, lambda start, end: Fraction((end - start).days))

    def _value_months(self, tree: s.Call) -> Value:
        mode = str(tree.args[2]) if len(tree.args) > 2 else "down"
        return self._distance(tree, lambda start, end: months_between(start, end, mode))

    def _value_year_fraction(self, tree: s.Call) -> Value:
        convention = convention_named(str(tree.args[2]))
        return self._distance(tree, lambda start, end: year_fraction(start, end, convention))

    def _distance(self, tree: s.Call, measure: Callable[[date, date], Fraction]) -> Value:
        """A number of days, months or years between two dates; an end still open leaves it within bounds."""
        start, end = self.moment(tree.args[0]), self.moment(tree.args[1])
        zone, ends = self.world.zone, []
        for first, last in ((start.high, end.low), (start.low, end.high)):
            open_end = isinstance(first, Edge) or isinstance(last, Edge)
            ends.append(None if open_end else measure(zone.day_of(first), zone.day_of(last)))  # type: ignore[arg-type]
        return between(ends[0], ends[1], start.missing | end.missing or {str(tree)})

    def _value_breaches(self, tree: s.Call) -> Value:
        target = tree.args[0]
        assert isinstance(target, s.Ref)
        return certain(self.world.breaches(target.name))

    def _value_trigger(self, tree: s.Call) -> Value:
        return self.trigger()

    def _value_payments(self, tree: s.Call) -> Value:
        made = self.world.payments()
        if tree.args and isinstance(tree.args[0], s.Ref):
            name = tree.args[0].name
            made = tuple(each for each in made if _may_be(each, "instalment", name))
        return certain(made)

    def _value_assessments(self, tree: s.Call) -> Value:
        return self.world.assessments(*_source(tree))

    def _value_assessed(self, tree: s.Call) -> Value:
        return self.world.assessed(*_source(tree))

    def _value_settled(self, tree: s.Call) -> Value:
        return self.world.settled(*_source(tree))

    def _value_linked(self, tree: s.Call) -> Value:
        # only a pool's `by` may name it; the pool itself joins what is linked
        return nothing_known({str(tree)})


# Functions that look through a set: what they find is kept.
_COSTLY = frozenset({"count", "sum", "mean", "longest", "ordinal", "streak", "band", "tier"})


def _is_set(value: Value) -> bool:
    return isinstance(value, Choice) and bool(value.options) and all(isinstance(o, tuple) for o in value.options)


def _may_be(element: Element, name: str, text: str) -> bool:
    """Whether a field holds a text, as far as anyone knows."""
    value = element.fields.get(name)
    return not isinstance(value, Choice) or compare_values("==", value, certain(text)).value is not False


def _source(tree: s.Call) -> tuple[Source, str]:
    """`assessments(rule.x)`, `assessed(pool.y)`, `settled()`."""
    target = tree.args[0] if tree.args else None
    if isinstance(target, s.Ref) and target.kind in ("rule", "pool"):
        return ("rule" if target.kind == "rule" else "pool"), target.name
    return "", ""


def _drift(op: str, left: Choice, right: Choice) -> frozenset[str]:
    """Where `left op right` may still go, from where its parts may."""
    if op in "+-":
        return left.drift | (right.drift if op == "+" else turned(right.drift))
    if right.drift and (op == "/" or left.drift):
        return ANYWHERE
    moving, factor = (right, left) if right.drift else (left, right)
    low, high = bounds(factor)
    if not moving.drift:
        return STILL
    if low is not None and size(low) >= 0:
        return moving.drift
    return turned(moving.drift) if high is not None and size(high) <= 0 else ANYWHERE


class _FilterScope(Evaluator):
    """Inside `set[…]` a bare name on the left of a comparison (or alone) is a field of the element."""

    def __init__(self, outer: Evaluator, element: Element) -> None:
        super().__init__(outer.world, outer.variables, values=outer.values, rolling=outer.rolling)
        self.member = element

    def _plain_set(self, tree: s.Var) -> Group | None:
        return None if tree.name in self.member.fields else super()._plain_set(tree)

    def memorable(self, names: frozenset[str]) -> bool:
        """Inside a filter a set may depend on the member."""
        return False

    def element(self, tree: s.Expr) -> Element | None:
        """The thing an expression names; a bare field of the member may hold the id of one."""
        if isinstance(tree, s.Var) and tree.name in self.member.fields and tree.name not in self.variables:
            return self.held(self.member, tree.name, self.member.fields[tree.name])
        return super().element(tree)

    def binding(self, **values: Value) -> Evaluator:
        """The same scope with more named values."""
        scope = _FilterScope(self, self.member)
        scope.values = {**self.values, **values}
        return scope

    def _on_var(self, tree: s.Var) -> Value:
        if tree.name in self.member.fields and tree.name not in self.variables:
            return self.member.fields[tree.name]
        return super()._on_var(tree)

    def _on_compare(self, tree: s.Compare) -> Value:
        left = tree.left
        if isinstance(left, s.Var) and left.name in self.member.fields and left.name in self.variables:
            # `outages[system == system]`: the left side always means the element's own field
            field, right = self.member.fields[left.name], Evaluator.value(self, tree.right)
            if isinstance(field, Choice) and isinstance(right, Choice):
                return compare_values(tree.op, field, right)
        return super()._on_compare(tree)

"""Evaluation of deadlines, conditions and the plain arithmetic inside them.

Pure: a tree, a `World` and the values of the "for" variables in; a `Span` (for moments) or `Choice` (for all else)
out, each with the steps that explain it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from . import syntax as s
from .arithmetic import calculate, identity, rounded, scale
from .moments import Moments
from .offsets import Length, move, shift
from .spans import Span, known
from .values import (
    FALSE,
    TRUE,
    Choice,
    Element,
    Money,
    Value,
    certain,
    combine,
    compare_spans,
    compare_values,
    conjunction,
    disjunction,
    negation,
    nothing_known,
    size,
    unsure,
)
from .world import World

Variables = Mapping[str, Element]


class Evaluator(Moments):
    """Evaluates trees in one world for one binding of the "for" variables.

    `rolling` False leaves out the profile's roll and so yields the raw date.
    """

    def __init__(self, world: World, variables: Variables | None = None, *, rolling: bool = True) -> None:
        self.world = world
        self.variables: Variables = variables or {}
        self.rolling = rolling

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
        return certain(self.world.members(tree.name) or ())

    def _on_ref(self, tree: s.Ref) -> Value:
        if tree.kind == "event":
            return self.world.event(tree.name)
        if tree.kind == "reading":
            return self.world.reading(tree.name)
        return self.world.constant(tree.kind, tree.name, tuple(self._key(arg) for arg in tree.args))

    def _on_field(self, tree: s.Field) -> Value:
        element = self.element(tree.base)
        if element is None:
            return nothing_known({str(tree)})
        field = element.fields.get(tree.name)
        return field if field is not None else nothing_known({f"{element.kind}:{element.id}.{tree.name}"})

    def element(self, tree: s.Expr) -> Element | None:
        if isinstance(tree, s.Var) and tree.name in self.variables:
            return self.variables[tree.name]
        if isinstance(tree, s.Field) or (isinstance(tree, s.Ref) and tree.kind not in ("event", "reading", "term")):
            value = self.value(tree)
            if isinstance(value, Choice) and isinstance(value.value, Element):
                return value.value
        return None

    def _on_index(self, tree: s.Index) -> Value:
        """The certain members of a filtered set; with doubtful ones, the sets with and without them all."""
        pairs = self.filtered(tree)
        sure = tuple(element for element, inside in pairs if inside.value is True)
        possible = tuple(element for element, inside in pairs if inside.value is not False)
        if sure == possible:
            return certain(sure)
        missing = frozenset().union(*(inside.missing for _, inside in pairs if not inside.is_certain))
        return Choice((sure, possible), missing)

    def filtered(self, tree: s.Index) -> list[tuple[Element, Choice]]:
        base = self.value(tree.base)
        members: tuple[Element, ...] = (base.value or ()) if isinstance(base, Choice) else ()
        return [(element, self._inside(element, tree.items)) for element in members]

    def _inside(self, element: Element, filters: tuple[s.Expr, ...]) -> Choice:
        inner = _FilterScope(self, element)
        return conjunction([inner.truth(item) for item in filters])

    def _on_not(self, tree: s.Not) -> Value:
        return negation(self.truth(tree.value))

    def _on_and(self, tree: s.And) -> Value:
        return conjunction([self.truth(part) for part in tree.parts])

    def _on_or(self, tree: s.Or) -> Value:
        return disjunction([self.truth(part) for part in tree.parts])

    def _on_member(self, tree: s.Member) -> Value:
        item = self.value(tree.item)
        if isinstance(tree.group, s.Ref) and tree.group.kind == "term" and isinstance(item, Span):
            zone, name = self.world.zone, tree.group.name
            start, end = self.world.term(name, "start"), self.world.term(name, "end")
            day = move(item, shift(Length(0, "days"), 1, zone))
            return conjunction([compare_spans(zone, ">=", day, start), compare_spans(zone, "<=", day, end)])
        group = self.value(tree.group)
        assert isinstance(item, Choice) and isinstance(group, Choice)
        if not item.options or not group.options:
            return unsure(item.missing | group.missing)
        ids = combine(lambda one, many: identity(one) in {identity(each) for each in many}, item, group)
        return ids if ids.is_certain else unsure(item.missing | group.missing)

    def _on_compare(self, tree: s.Compare) -> Value:
        for one, other in ((tree.left, tree.right), (tree.right, tree.left)):
            if isinstance(one, s.Ref) and one.kind == "reading" and isinstance(other, s.Text):
                # whatever a reading's options are worth, they are told apart by their keys
                return compare_values(tree.op, self.world.reading_key(one.name), certain(other.value))
        left, right = self.value(tree.left), self.value(tree.right)
        if isinstance(left, Span) or isinstance(right, Span):
            return compare_spans(self.world.zone, tree.op, self.moment(tree.left), self.moment(tree.right))
        return compare_values(tree.op, left, right)

    def _on_negate(self, tree: s.Negate) -> Value:
        value = self.value(tree.value)
        assert isinstance(value, Choice)
        return combine(lambda amount: scale(amount, Fraction(-1)), value)

    def _on_binary(self, tree: s.Binary) -> Value:
        left = self.value(tree.left)
        if isinstance(left, Span):
            return self._offset(tree, finished=False)
        right = self.value(tree.right)
        assert isinstance(right, Choice)
        result = combine(lambda a, b: calculate(tree.op, a, b), left, right)
        # a quotient by zero has no value, and so nothing that rests on it is known
        return nothing_known({str(tree)}) if None in result.options else result

    def _on_call(self, tree: s.Call) -> Value:
        if hasattr(self, f"_moment_{tree.function}") and not (
            tree.function == "if" and not self._is_moment(tree.args[1])
        ):
            return self.moment(tree)
        function: Callable[[s.Call], Value] = getattr(self, f"_value_{tree.function}")
        return function(tree)

    def _is_moment(self, tree: s.Expr) -> bool:
        return isinstance(tree, s.Nothing) or isinstance(self.value(tree), Span)

    def _value_if(self, tree: s.Call) -> Value:
        condition = self.truth(tree.args[0])
        if condition.is_certain:
            return self.value(tree.args[1 if condition.value else 2])
        parts = [self.value(arg) for arg in tree.args[1:]]
        options = tuple(dict.fromkeys(o for part in parts if isinstance(part, Choice) for o in part.options))
        missing = condition.missing.union(*(part.missing for part in parts))
        known_all = all(isinstance(part, Choice) and part.options for part in parts)
        return Choice(options if known_all else (), missing if len(options) != 1 else frozenset())

    def _value_happened(self, tree: s.Call) -> Value:
        target = tree.args[0]
        if isinstance(target, s.Ref) and target.kind == "event":
            name = target.name
            return TRUE if self.world.happened(name) else Choice((False,), frozenset({f"event.{name}"}))
        span = self.moment(target)
        return compare_spans(self.world.zone, "<=", span, known(self.world.as_of))

    def _value_count(self, tree: s.Call) -> Value:
        value = self.value(tree.args[0])
        assert isinstance(value, Choice)
        if len(value.options) < 2:
            return combine(lambda group: Fraction(len(group)), value)
        sizes = [len(group) for group in value.options]
        return Choice(tuple(Fraction(n) for n in range(min(sizes), max(sizes) + 1)), value.missing)

    def _value_min(self, tree: s.Call) -> Value:
        return self._numeric(tree, lambda *values: min(values, key=size))

    def _value_max(self, tree: s.Call) -> Value:
        return self._numeric(tree, lambda *values: max(values, key=size))

    def _value_abs(self, tree: s.Call) -> Value:
        return self._numeric(tree, lambda value: value if size(value) >= 0 else scale(value, Fraction(-1)))

    def _value_round(self, tree: s.Call) -> Value:
        return self._numeric(tree, rounded)

    def _value_days(self, tree: s.Call) -> Value:
        start, end = self.moment(tree.args[0]), self.moment(tree.args[1])
        first, last = start.value, end.value
        if first is None or last is None:
            return nothing_known(start.missing | end.missing)
        zone = self.world.zone
        return certain(Fraction((zone.day_of(last) - zone.day_of(first)).days))

    def _value_breaches(self, tree: s.Call) -> Value:
        target = tree.args[0]
        assert isinstance(target, s.Ref)
        return certain(self.world.breaches(target.name))

    def _numeric(self, tree: s.Call, function: Callable[..., object]) -> Value:
        parts = [self.value(arg) for arg in tree.args]
        return combine(function, *(part for part in parts if isinstance(part, Choice)))


class _FilterScope(Evaluator):
    """Inside `set[…]` a bare name on the left of a comparison (or alone) is a field of the element."""

    def __init__(self, outer: Evaluator, element: Element) -> None:
        super().__init__(outer.world, outer.variables, rolling=outer.rolling)
        self.member = element

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

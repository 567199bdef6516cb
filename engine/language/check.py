"""The type check: an expression whose parts do not fit does not load.

`Checker.check` returns the type of a tree or raises `ExpressionError` at the first place that is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from . import syntax as s
from .errors import ExpressionError, suggestion
from .functions import FUNCTIONS
from .parser import PERIOD_UNITS
from .types import (
    ANY,
    BOOL,
    CLOCK,
    COUNT,
    DATE,
    DURATIONS,
    INSTANT,
    MOMENT,
    MOMENTS,
    NEVER,
    NUMBERS,
    POINTS,
    RATIO,
    SPAN,
    TERM,
    TEXT,
    Environment,
    Type,
    element,
    money,
    rate,
    set_of,
)
from .units import commensurable, constant_span, unit_of

# Functions other languages have, and what does the same here.
OTHER_WORDS = {
    "average": "mean", "avg": "mean", "ceil": "steps", "ceiling": "steps", "convert": "the rate, as in (USD 1 / CNY 7)",
    "end_of_month": "snap", "eomonth": "snap", "exists": "happened", "first": "earliest", "floor": "steps",
    "last": "latest", "len": "count", "length": "|…|", "lookup": "band", "number": "count", "size": "count",
    "total": "sum", "value": "only",
}  # fmt: skip

Mode = Literal["deadline", "amount"]


class Checker:
    """Checks the expressions of one place: a duty (`deadline`) or a rule, pool or measure (`amount`)."""

    def __init__(
        self,
        environment: Environment,
        currency: str,
        *,
        mode: Mode = "deadline",
        variables: Mapping[str, Type] | None = None,
        text: str = "",
    ) -> None:
        self.environment = environment
        self.currency = currency
        self.mode = mode
        self.variables: dict[str, Type] = dict(variables or {})
        self.text = text

    # -- entry points ----------------------------------------------------------------------------------------------

    def bind(self, bindings: Collection[s.Binding]) -> None:
        """Check a "for" clause and bring its variables into scope."""
        for binding in bindings:
            self.text = str(binding)
            kind = self.check(binding.source)
            if kind.name not in ("set", "any"):
                raise self.fail("ill_typed", binding.source, found=kind, expected="a set")
            self.variables[binding.name] = ANY if kind == ANY else element(kind.detail)

    def moment(self, tree: s.Expr) -> Type:
        """The type of an expression that must be a date, an instant or none."""
        return self.expect_named(tree, MOMENTS)

    def condition(self, tree: s.Expr) -> Type:
        """The type of an expression that must be a condition."""
        return self.expect_named(tree, ("bool",))

    def duration(self, tree: s.Expr) -> Type:
        """The type of an expression that must be a duration."""
        return self.expect_named(tree, DURATIONS)

    def check(self, tree: s.Expr) -> Type:
        """The type of any expression."""
        rule: Type = getattr(self, f"_{type(tree).__name__.lower()}")(tree)
        return rule

    # -- helpers ---------------------------------------------------------------------------------------------------

    def fail(self, code: str, tree: s.Expr, **params: object) -> ExpressionError:
        """The error at the place of a tree."""
        return ExpressionError(code, text=self.text, column=tree.column, **params)

    def expect(self, kind: Type, tree: s.Expr, expected: str, fits: bool) -> Type:
        """The type, if it fits."""
        if not fits:
            wanted = kind.name == "set" and ("number" in expected or "amount" in expected)
            code = "set_for_number" if wanted else "ill_typed"
            raise self.fail(code, tree, found=kind, expected=expected)
        return kind

    def expect_named(self, tree: s.Expr, names: Collection[str]) -> Type:
        """The type of a tree, which must be one of these (anything fits everywhere)."""
        kind = self.check(tree)
        words = " / ".join(str(Type(name)) for name in names if name != "never")
        return self.expect(kind, tree, words, kind.name in names or kind == ANY)

    def unify(self, *trees: s.Expr) -> Type:
        """The one type all trees share."""
        kinds = [self.check(tree) for tree in trees]
        result = kinds[0]
        for tree, kind in zip(trees[1:], kinds[1:], strict=True):
            result = self._join(tree, result, kind)
        return result

    def _join(self, tree: s.Expr, left: Type, right: Type) -> Type:
        if left == right or right == ANY:
            return left
        if left == ANY:
            return right
        if left.name in MOMENTS and right.name in MOMENTS:
            return right if left == NEVER else left if right == NEVER else MOMENT
        if left.name in NUMBERS and right.name in NUMBERS:
            return RATIO
        raise self._mismatch(tree, left, right)

    def _mismatch(self, tree: s.Expr, left: Type, right: Type) -> ExpressionError:
        if left.name == right.name == "money":
            return self.fail("two_currencies", tree, left=left.detail, right=right.detail)
        if left.name in DURATIONS and right.name in DURATIONS:
            return self.fail("clock_and_calendar", tree, left=left, right=right)
        return self.fail("ill_typed", tree, found=right, expected=left)

    def keyword(self, call: s.Call, index: int, words: Collection[str]) -> None:
        """An argument that is one of a few words."""
        if str(call.args[index]) not in words:
            raise self.fail("wrong_arguments", call, name=call.function, usage=FUNCTIONS[call.function].usage)

    def amounts_only(self, tree: s.Expr, name: str) -> None:
        """Refuse in a deadline what only rules, pools and measures can compute."""
        if self.mode == "deadline":
            raise self.fail("not_in_deadline", tree, name=name)

    def spells(self, tree: s.Expr) -> Type:
        """A set of intervals."""
        kind = self.check(tree)
        fits = kind.name == "set" and (kind.detail in self.environment.interval_kinds or kind.detail == "any")
        return self.expect(kind, tree, "a set of intervals", fits or kind == ANY)

    def member_value(self, tree: s.Expr, kind: Type) -> Type:
        """What `sum`, `mean`, `min`, `max` of a set take from each member: its value, amount or the field named."""
        inner = tree.group if isinstance(tree, s.Over) else tree
        if isinstance(inner, s.Field):
            base = self.check(inner.base)
            return self.field_type(element(base.detail), inner.name, inner) if base.name == "set" else ANY
        fields = self.environment.fields.get(kind.detail, {})
        return fields.get("value", fields.get("amount", ANY))

    def inside(self, kind: str) -> Checker:
        """A checker inside a filter, where bare names are fields of the set's members."""
        return _FilterChecker(self, kind)

    def table(self, tree: s.Expr) -> Type:
        """The value type of a table named `table.x` or `x`."""
        name = tree.name if isinstance(tree, s.Ref | s.Var) else str(tree)
        if name not in self.environment.tables:
            raise self._unknown(tree, "table", name, self.environment.tables)
        return self.environment.tables[name]

    def _unknown(self, tree: s.Expr, kind: str, name: str, known: Collection[str]) -> ExpressionError:
        return self.fail("unknown_name", tree, kind=kind, name=name, suggestion=suggestion(name, known))

    def field_type(self, kind: Type, name: str, tree: s.Expr) -> Type:
        """The type of a field of an element."""
        if kind.detail == "any":
            return ANY
        fields = self.environment.fields.get(kind.detail, {})
        if name not in fields:
            raise self._unknown(tree, f"field of {kind.detail}", name, fields)
        return fields[name]

    def offset(self, tree: s.Expr, base: Type, length: Type) -> Type:
        """A moment moved by a duration."""
        if length == CLOCK:
            if base == DATE:
                raise self.fail("needs_instant", tree, unit="minutes or hours")
            return INSTANT
        return MOMENT if length == ANY else DATE

    # -- literals and names ----------------------------------------------------------------------------------------

    def _number(self, tree: s.Number) -> Type:
        return COUNT

    def _percent(self, tree: s.Percent) -> Type:
        return RATIO

    def _moneyamount(self, tree: s.MoneyAmount) -> Type:
        return money(tree.currency)

    def _text(self, tree: s.Text) -> Type:
        return TEXT

    def _flag(self, tree: s.Flag) -> Type:
        return BOOL

    def _nothing(self, tree: s.Nothing) -> Type:
        return NEVER

    def _ondate(self, tree: s.OnDate) -> Type:
        return INSTANT if "T" in tree.value.isoformat() else DATE

    def _quantity(self, tree: s.Quantity) -> Type:
        if tree.calendar and tree.calendar not in self.environment.calendars:
            known = self.environment.calendars
            raise self.fail("unknown_calendar", tree, name=tree.calendar, suggestion=suggestion(tree.calendar, known))
        return POINTS if tree.unit == "points" else CLOCK if tree.unit in s.CLOCK_UNITS else SPAN

    def _var(self, tree: s.Var) -> Type:
        if tree.name in self.variables:
            return self.variables[tree.name]
        if tree.name in self.environment.sets:
            return self.environment.sets[tree.name]
        if self.mode == "amount" and tree.name in self.environment.findings:
            return self.environment.findings[tree.name]
        known = {*self.variables, *self.environment.sets}
        if self.mode == "amount":
            known |= set(self.environment.findings)
        raise self._unknown(tree, "variable or set", tree.name, known)

    def _ref(self, tree: s.Ref) -> Type:
        names = self.environment.refs.get(tree.kind, {})
        if tree.name not in names:
            raise self._unknown(tree, tree.kind, tree.name, names)
        wanted = self.environment.callables.get(f"{tree.kind}.{tree.name}", {})
        # a reading may be asked about something its options make no use of
        if len(tree.args) != len(wanted) and tree.args and (wanted or tree.kind != "reading"):
            usage = f"{tree.kind}.{tree.name}" + (f"({', '.join(wanted)})" if wanted else "")
            raise self.fail("wrong_arguments", tree, name=f"{tree.kind}.{tree.name}", usage=usage)
        for arg, kind in zip(tree.args, wanted.values(), strict=False):
            self._join(arg, kind, self.check(arg))
        if tree.kind == "measure" and wanted and not tree.args:
            # without arguments a measure is the set of all its instances
            return set_of(f"measure.{tree.name}")
        return names[tree.name]

    def _field(self, tree: s.Field) -> Type:
        base = self.check(tree.base)
        if base == ANY:
            return ANY
        if base.name == "set":
            kind = self.field_type(element(base.detail), tree.name, tree)
            return set_of(kind.detail if kind.name in ("element", "set") else kind.name)
        self.expect(base, tree.base, "something with fields", base.name == "element")
        return self.field_type(base, tree.name, tree)

    def _index(self, tree: s.Index) -> Type:
        base = self.check(tree.base)
        if base == ANY:
            return ANY
        self.expect(base, tree.base, "a set", base.name == "set")
        inner = _FilterChecker(self, base.detail)
        for item in tree.items:
            inner.condition(item)
        return base

    def _call(self, tree: s.Call) -> Type:
        function = FUNCTIONS.get(tree.function)
        if function is None:
            hint = OTHER_WORDS.get(tree.function) or suggestion(tree.function, FUNCTIONS)
            raise self.fail("unknown_function", tree, name=tree.function, suggestion=hint)
        if function.amounts:
            self.amounts_only(tree, tree.function)
        if not function.least <= len(tree.args) <= function.most:
            raise self.fail("wrong_arguments", tree, name=tree.function, usage=function.usage)
        return function.rule(self, tree)

    # -- operators -------------------------------------------------------------------------------------------------

    def _negate(self, tree: s.Negate) -> Type:
        return self.expect_named(tree.value, ("count", "ratio", "money", "points", "clock"))

    def _not(self, tree: s.Not) -> Type:
        return self.condition(tree.value)

    def _and(self, tree: s.And) -> Type:
        for part in tree.parts:
            self.condition(part)
        return BOOL

    def _or(self, tree: s.Or) -> Type:
        for part in tree.parts:
            self.condition(part)
        return BOOL

    def _member(self, tree: s.Member) -> Type:
        item, group = self.check(tree.item), self.check(tree.group)
        if item.name in MOMENTS:
            fits = group == TERM or (group.name == "element" and group.detail == "period")
            self.expect(group, tree.group, "a term or a period", fits or group == ANY)
        else:
            self.expect(group, tree.group, "a set", group.name == "set" or group == ANY)
        return BOOL

    def _compare(self, tree: s.Compare) -> Type:
        left, right = self.check(tree.left), self.check(tree.right)
        if tree.op in ("==", "!=") and (self._option(tree.left, tree.right) or self._option(tree.right, tree.left)):
            return BOOL
        return self._comparison(tree, left, right)

    def _comparison(self, tree: s.Compare, left: Type, right: Type) -> Type:
        ids = {"text", "element"}
        if {left.name, right.name} <= ids or (left.name in ids and right == ANY) or (right.name in ids and left == ANY):
            if tree.op not in ("==", "!="):
                raise self.fail("ill_typed", tree, found=left, expected="a number, an amount or a date")
            return BOOL
        joined = self._join(tree, left, right)
        if joined == SPAN and not commensurable(tree.left, tree.right):
            raise self.fail("mixed_units", tree, left=tree.left, right=tree.right)
        if joined.name in ("bool", "set", "never", "term", "duty") and tree.op not in ("==", "!="):
            raise self.fail("ill_typed", tree, found=joined, expected="a number, an amount or a date")
        return BOOL

    def _option(self, tree: s.Expr, literal: s.Expr) -> bool:
        """True for a reading compared with a text, which must be the key of one of its options."""
        if not (isinstance(tree, s.Ref) and tree.kind == "reading" and isinstance(literal, s.Text)):
            return False
        options = self.environment.options.get(tree.name, ())
        if literal.value not in options:
            raise self.fail(
                "unknown_option", literal, value=literal.value, name=str(tree), options=", ".join(options),
                suggestion=suggestion(literal.value, options),
            )  # fmt: skip
        return True

    def _binary(self, tree: s.Binary) -> Type:
        parts = s.apart(tree)
        if parts is not None and self.check(tree.left).name in MOMENTS:
            return self._binary(parts)
        left, right = self.check(tree.left), self.check(tree.right)
        if tree.op in "+-":
            return self._sum(tree, left, right)
        scalars = ("count", "ratio", "money", "points", "clock", "span", "rate", "any")
        self.expect(left, tree.left, "a number or an amount", left.name in scalars)
        self.expect(right, tree.right, "a number or an amount", right.name in scalars)
        if ANY in (left, right):
            return ANY
        self._whole_units(tree, left, right)
        return self._product(tree, left, right) if tree.op == "*" else self._quotient(tree, left, right)

    def _product(self, tree: s.Binary, left: Type, right: Type) -> Type:
        if right.name in NUMBERS:
            return left if left.name not in NUMBERS else self._join(tree, left, right)
        for amount, exchange in ((left, right), (right, left)):
            of, _slash, per = exchange.detail.partition("/")
            if amount.name == "money" and exchange.name == "rate":
                if amount.detail != per:
                    raise self.fail("two_currencies", tree, left=amount.detail, right=per)
                return money(of)
        return self.expect(right, tree.right, "a number", left.name in NUMBERS)

    def _quotient(self, tree: s.Binary, left: Type, right: Type) -> Type:
        if right.name in NUMBERS:
            return left if left.name not in NUMBERS else RATIO
        if left.name == right.name == "money" and left != right:
            return rate(left.detail, right.detail)
        if left.name == "money" and right.name == "rate":
            of, _slash, per = right.detail.partition("/")
            if left.detail != of:
                raise self.fail("two_currencies", tree, left=left.detail, right=of)
            return money(per)
        if left != right:
            raise self._mismatch(tree.right, left, right)
        if left == SPAN and not commensurable(tree.left, tree.right):
            raise self.fail("mixed_units", tree, left=tree.left, right=tree.right)
        return RATIO

    def _whole_units(self, tree: s.Binary, left: Type, right: Type) -> None:
        """Half a month is no length of time: refused where it is written out, unknown where it is worked out."""
        if SPAN not in (left, right) or left.name == right.name:
            return
        length = constant_span(tree)
        if length is not None and length.denominator != 1:
            node = next(node for node in tree.walk() if isinstance(node, s.Quantity))
            raise self.fail("broken_unit", tree, amount=str(tree), unit=node.unit)

    def _sum(self, tree: s.Binary, left: Type, right: Type) -> Type:
        window = isinstance(tree.left, s.Call) and tree.left.function == "window"
        stretch = left == TERM or (left.name, left.detail) == ("element", "period") or window
        if stretch and tree.op == "-" and right.name == "set":
            return self.spells(tree.right)
        if left.name in MOMENTS:
            if right.name in MOMENTS and tree.op == "-":
                return CLOCK
            fits = right.name in DURATIONS or right == ANY
            self.expect(right, tree.right, "a duration such as 5 days", fits)
            return self.offset(tree, left, right)
        if left.name == right.name == "set":
            return left
        addable = ("count", "ratio", "money", "points", "clock", "span", "rate", "any")
        self.expect(left, tree.left, "a date, a number or an amount", left.name in addable)
        self.expect(right, tree.right, str(left), right.name in addable)
        if left == right == SPAN and unit_of(tree.left) != unit_of(tree.right):
            raise self.fail("mixed_units", tree, left=tree.left, right=tree.right)
        return self._join(tree.right, left, right)

    # -- sets, windows, periods ------------------------------------------------------------------------------------

    def _measure(self, tree: s.Measure) -> Type:
        self.amounts_only(tree, "|…|")
        inner = tree.value.group if isinstance(tree.value, s.Over) else tree.value
        kind = self.check(tree.value)
        if isinstance(tree.value, s.Call) and tree.value.function == "window":
            return CLOCK
        if kind.name == "element" or kind == TERM:
            self.expect(kind, inner, "a period, a term or intervals", kind == TERM or kind.detail == "period")
        elif kind != ANY:
            self.spells(inner)
        return CLOCK

    def _over(self, tree: s.Over) -> Type:
        self.amounts_only(tree, "over")
        kind = self.check(tree.group)
        self.window(tree.window)
        return kind

    def window(self, window: s.Expr) -> None:
        """A stretch of time to count or measure in."""
        if isinstance(window, s.Var) and window.name in PERIOD_UNITS:
            return
        found = self.check(window)
        stretch = isinstance(window, s.Call) and window.function == "window"
        fits = found in (TERM, ANY) or found.name == "window" or (found.name, found.detail) == ("element", "period")
        self.expect(found, window, "a period, a term or a rolling window", fits or stretch)

    def _rolling(self, tree: s.Rolling) -> Type:
        self.duration(tree.length)
        self.moment(tree.at)
        return Type("window")

    def _sliding(self, tree: s.Sliding) -> Type:
        self.duration(tree.length)
        return Type("window")

    def _each(self, tree: s.Each) -> Type:
        kind = self.check(tree.term)
        self.expect(kind, tree.term, "a term", kind == TERM)
        return set_of("period")


class _FilterChecker(Checker):
    """Inside `set[…]`: bare names are fields of the set's members, then variables, then sets."""

    def __init__(self, outer: Checker, kind: str) -> None:
        super().__init__(outer.environment, outer.currency, mode=outer.mode, variables=outer.variables, text=outer.text)
        self.kind = kind

    def _var(self, tree: s.Var) -> Type:
        fields = self.environment.fields.get(self.kind, {})
        if tree.name in fields and tree.name not in self.variables:
            return fields[tree.name]
        if tree.name in self.variables or tree.name in self.environment.sets:
            return super()._var(tree)
        if self.kind == "any":
            return ANY
        raise self._unknown(tree, f"field of {self.kind}", tree.name, {*fields, *self.variables})

    def _compare(self, tree: s.Compare) -> Type:
        left = tree.left
        fields = self.environment.fields.get(self.kind, {})
        if isinstance(left, s.Var) and left.name in fields:
            return self._comparison(tree, fields[left.name], self.check(tree.right))
        return super()._compare(tree)

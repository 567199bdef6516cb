"""Text to syntax tree. Every error says what, where in the text, and (through its code) what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Context, Decimal
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from . import syntax as s
from .errors import ExpressionError, suggestion

# A line of a contract is short; the limits keep a hostile file from exhausting the machine.
MAX_LENGTH = 4000
MAX_DEPTH = 60
MAX_HEIGHT = 100

# Percent, per mille and per ten thousand: how many places a percentage has more than the number before the sign.
PER_CENT = {"%": 0, "‰": 1, "‱": 2}
# Wide enough for any number that fits into an expression.
EXACT = Context(prec=MAX_LENGTH)

# Units by another name, and words that stand for a unit or a sign.
SAME_UNIT = {"business_days": "workdays", "natural_days": "calendar_days", "working_days": "workdays"}
NEAR_UNIT = {"fortnights": "2 weeks", "percents": "%", "quarters": "3 months", "secs": "seconds"}
# What people write at first where the language has another word.
SLIPS = {
    "=": "==", "&": "and", "!": "not", "¥": "CNY 500", "￥": "CNY 500", "$": "USD 500", "€": "EUR 500",
    ",": "CNY 1000.00", "of": "*", "after": "event.x + 5 workdays", "before": "event.x - 5 workdays",
    "as": "for = \"set as x\"",
    **dict.fromkeys(("day", "week", "month", "quarter", "half", "year"), "each(month of term.x)"),
}  # fmt: skip
# An end of a range without a bound may be written out; a range with one end as a comparison.
UNBOUNDED = re.compile(r"[+-]?\s*(?:∞|\binf(?:inity)?\b)")
COMPARED = re.compile(r"(>=|<=|>|<|≥|≤)\s*(.+)", re.DOTALL)
ONE_SIDED = {">=": "[{}, )", "≥": "[{}, )", ">": "({}, )", "<=": "(, {}]", "≤": "(, {}]", "<": "(, {})"}

PERIOD_UNITS = ("day", "week", "month", "quarter", "half", "year")


def parse_expression(text: str) -> s.Expr:
    """The tree of any expression. Raises ExpressionError."""
    tree: s.Expr = _parse(text, "expr")
    return tree


def parse_deadline(text: str) -> s.Expr:
    """The tree of a deadline; the same language, `none` meaning never. Raises ExpressionError."""
    return parse_expression(text)


def parse_bindings(text: str) -> tuple[s.Binding, ...]:
    """The bindings of a `for` clause such as `incidents as i, i.systems as s`. Raises ExpressionError."""
    bindings: tuple[s.Binding, ...] = _parse(text, "bindings")
    names: set[str] = set()
    for binding in bindings:
        if binding.name in s.NAMESPACES:
            raise ExpressionError("reserved_name", text=text, name=binding.name)
        if binding.name in names:
            raise ExpressionError("duplicate_variable", text=text, name=binding.name)
        names.add(binding.name)
    return bindings


def parse_range(text: str) -> s.Range:
    """One row of a table: `(15 minutes, 30 minutes]`, with an end left out or `∞`; or `>= 30 minutes`, `15 minutes`.

    Raises ExpressionError.
    """
    written = UNBOUNDED.sub("", text).strip()
    if found := COMPARED.fullmatch(written):
        written = ONE_SIDED[found[1]].format(found[2])
    elif written[:1] not in ("[", "("):
        written = f"[{written}, {written}]"
    row: s.Range = _parse(written, "range")
    return row


@cache
def _lark() -> Lark:
    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start=["expr", "bindings", "range"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


@lru_cache(maxsize=8192)
def _parse(text: str, start: str) -> Any:
    if len(text) > MAX_LENGTH or max(_depths(text), default=0) > MAX_DEPTH:
        raise ExpressionError("too_complex", text=text[:80] + "…")
    try:
        tree = _lark().parse(text, start=start)
    except UnexpectedToken as error:
        found = str(error.token)
        column = error.column if isinstance(error.column, int) and error.column > 0 else len(text) + 1
        if error.token.type == "$END":
            raise ExpressionError("unfinished_expression", text=text, column=len(text) + 1) from None
        raise _unexpected(text, column, found) from None
    except UnexpectedCharacters as error:
        raise _unexpected(text, error.column, text[error.column - 1 : error.column]) from None
    except UnexpectedInput:
        raise ExpressionError("unfinished_expression", text=text, column=len(text) + 1) from None
    try:
        built = _Builder(text).build(tree)
    except RecursionError:
        raise ExpressionError("too_complex", text=text[:80] + "…") from None
    if isinstance(built, s.Expr) and _height(built) > MAX_HEIGHT:
        raise ExpressionError("too_complex", text=text[:80] + "…")
    return built


def _unexpected(text: str, column: int, found: str) -> ExpressionError:
    hint = SLIPS.get(found, "")
    after = text[column : column + 1]
    if found == "=" and after in ("<", ">"):
        hint = f"{after}="
    elif found == "," and not (text[column - 2 : column - 1] + after).isdigit():
        hint = ""
    return ExpressionError("unexpected_text", text=text, column=column, found=found, suggestion=hint)


def _height(tree: s.Expr) -> int:
    """Levels of the tree, counted without recursion."""
    height, level = 0, [tree]
    while level:
        height += 1
        level = [child for node in level for child in node.children()]
    return height


def _depths(text: str) -> list[int]:
    depth, depths = 0, []
    for char in text:
        depth += (char in "([") - (char in ")]")
        depths.append(depth)
    # "not not …" and "- - …" nest without brackets
    return [*depths, text.count("not ") // 2, text.count("- -") // 2, text.count("--")]


class _Builder:
    """Turns Lark's tree into the syntax tree; one method per rule alias."""

    def __init__(self, text: str) -> None:
        self.text = text

    def build(self, item: Any) -> Any:
        """The node (or tuple of bindings, or range) of one Lark subtree."""
        rule: Callable[[list[Any], int], Any] = getattr(self, f"_{str(item.data).rstrip('_')}")
        return rule(item.children, self._column(item))

    @staticmethod
    def _column(tree: Tree[Any]) -> int:
        return 1 if tree.meta.empty else tree.meta.column

    def _fail(self, code: str, column: int, **params: object) -> ExpressionError:
        return ExpressionError(code, text=self.text, column=column, **params)

    # -- logic ---------------------------------------------------------------------------------------------------

    def _or(self, items: list[Any], column: int) -> s.Expr:
        parts = tuple(self.build(item) for item in items)
        return parts[0] if len(parts) == 1 else s.Or(parts, column=column)

    def _and(self, items: list[Any], column: int) -> s.Expr:
        parts = tuple(self.build(item) for item in items)
        return parts[0] if len(parts) == 1 else s.And(parts, column=column)

    def _not(self, items: list[Any], column: int) -> s.Expr:
        return s.Not(self.build(items[0]), column=column)

    def _compare(self, items: list[Any], column: int) -> s.Expr:
        return s.Compare(str(items[1]), self.build(items[0]), self.build(items[2]), column=column)

    def _member(self, items: list[Any], column: int) -> s.Expr:
        return s.Member(self.build(items[0]), self.build(items[1]), column=column)

    # -- arithmetic ----------------------------------------------------------------------------------------------

    def _binary(self, items: list[Any], column: int) -> s.Expr:
        return s.Binary(str(items[1]), self.build(items[0]), self.build(items[2]), column=column)

    def _negate(self, items: list[Any], column: int) -> s.Expr:
        return s.Negate(self.build(items[0]), column=column)

    # -- references, filters, calls ------------------------------------------------------------------------------

    def _name(self, items: list[Any], column: int) -> s.Expr:
        return s.Var(str(items[0]), column=column)

    def _attribute(self, items: list[Any], column: int) -> s.Expr:
        base = self.build(items[0])
        name = str(items[1])[1:]
        if isinstance(base, s.Var) and base.name in s.NAMESPACES:
            return s.Ref(base.name, name, column=column)
        return s.Field(base, name, column=column)

    def _index(self, items: list[Any], column: int) -> s.Expr:
        base, *rest = items
        parts = tuple(self.build(item) for item in rest if item is not None)
        if not parts:
            raise self._fail("empty_filter", column)
        return s.Index(self.build(base), parts, column=column)

    def _call(self, items: list[Any], column: int) -> s.Expr:
        base, *rest = items
        args = tuple(self.build(item) for item in rest if item is not None)
        function = self.build(base)
        if isinstance(function, s.Var):
            return s.Call(function.name, args, column=column)
        if isinstance(function, s.Ref) and not function.args and args:
            return s.Ref(function.kind, function.name, args, column=column)
        raise self._fail("not_a_function", column, found=str(function))

    def _measure(self, items: list[Any], column: int) -> s.Expr:
        group = self.build(items[0])
        if len(items) > 1 and items[1] is not None:
            group = s.Over(group, self.build(items[1]), column=column)
        return s.Measure(group, column=column)

    def _over(self, items: list[Any], column: int) -> s.Expr:
        return s.Over(self.build(items[0]), self.build(items[1]), column=column)

    def _rolling(self, items: list[Any], column: int) -> s.Expr:
        return s.Rolling(self.build(items[0]), self.build(items[1]), column=column)

    def _sliding(self, items: list[Any], column: int) -> s.Expr:
        return s.Sliding(self.build(items[0]), column=column)

    def _each(self, items: list[Any], column: int) -> s.Expr:
        before, unit, term, after = items
        name = str(unit)
        if name not in PERIOD_UNITS:
            raise self._fail("unknown_period", column, name=name, suggestion=suggestion(name, PERIOD_UNITS))
        return s.Each(name, self.build(term), before is not None or after is not None, column=column)

    # -- literals ------------------------------------------------------------------------------------------------

    def _number(self, items: list[Any], column: int) -> s.Expr:
        return s.Number(Decimal(str(items[0])), column=column)

    def _percent(self, items: list[Any], column: int) -> s.Expr:
        written = str(items[0])
        # exact: a power of ten shorter, whatever the precision of decimals
        return s.Percent(Decimal(written[:-1].strip()).scaleb(-PER_CENT[written[-1]], EXACT), column=column)

    def _money(self, items: list[Any], column: int) -> s.Expr:
        currency, amount = str(items[0]).split()
        return s.MoneyAmount(currency, Decimal(amount), column=column)

    def _quantity(self, items: list[Any], column: int) -> s.Expr:
        number, word, calendar = items
        name = str(word)
        unit = name if name.endswith("s") else name + "s"
        unit = SAME_UNIT.get(unit, unit)
        if unit not in s.UNITS:
            known = (*s.UNITS, *(unit[:-1] for unit in s.UNITS))
            hint = NEAR_UNIT.get(unit) or suggestion(name, known)
            raise self._fail("unknown_unit", word.column, name=name, suggestion=hint)
        amount = Decimal(str(number))
        if unit in s.DAY_UNITS and amount != int(amount):
            raise self._fail("broken_unit", column, amount=str(amount), unit=unit)
        if calendar is not None and unit != "workdays":
            raise self._fail("calendar_without_workdays", column, unit=unit)
        return s.Quantity(amount, unit, str(calendar) if calendar is not None else "", column=column)

    def _text(self, items: list[Any], column: int) -> s.Expr:
        return s.Text(str(items[0])[1:-1], column=column)

    def _on_date(self, items: list[Any], column: int) -> s.Expr:
        written = str(items[0]).removeprefix("on").strip()
        value: date | datetime
        try:
            value = datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)
        except ValueError:
            raise self._fail("bad_date", column, value=written) from None
        if isinstance(value, datetime) and value.tzinfo is None:
            raise self._fail("naive_instant", column, value=written)
        return s.OnDate(value, column=column)

    def _true(self, items: list[Any], column: int) -> s.Expr:
        return s.Flag(True, column=column)

    def _false(self, items: list[Any], column: int) -> s.Expr:
        return s.Flag(False, column=column)

    def _none(self, items: list[Any], column: int) -> s.Expr:
        return s.Nothing(column=column)

    # -- the other entry points ----------------------------------------------------------------------------------

    def _bindings(self, items: list[Any], column: int) -> tuple[s.Binding, ...]:
        return tuple(s.Binding(self.build(item.children[0]), str(item.children[1])) for item in items)

    def _range(self, items: list[Any], column: int) -> s.Range:
        opener, low, high, closer = items
        return s.Range(
            None if low is None else self.build(low),
            None if high is None else self.build(high),
            opener.children[0] == "[",
            closer.children[0] == "]",
        )

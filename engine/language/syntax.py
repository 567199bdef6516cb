"""The syntax tree: frozen values that print themselves back as the language (`parse(str(tree)) == tree`).

`column` is where the node stood in its text; two trees that mean the same are equal wherever they stood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

# How tightly a node binds, for the parentheses it needs when printed.
_OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _UNARY, _POSTFIX, _ATOM = range(9)

# Roots of dotted references; a "for" variable may not take such a name.
NAMESPACES = frozenset(
    {
        "calendar", "commitment", "contract", "deliverable", "duty", "event", "instalment", "interval", "item",
        "line", "measure", "party", "penalty_table", "pool", "reading", "right", "rule", "security", "series",
        "system", "table", "term",
    }
)  # fmt: skip

CLOCK_UNITS = ("seconds", "minutes", "hours")
# Units the profile may roll when a duty's forward offset ends on a day off (Civil Code 203).
ROLLING_UNITS = ("days", "weeks", "months", "years")
DAY_UNITS = (*ROLLING_UNITS, "calendar_days", "workdays")
UNITS = (*CLOCK_UNITS, *DAY_UNITS, "points")


@dataclass(frozen=True)
class Expr:
    """Any expression."""

    level: ClassVar[int] = _ATOM
    column: int = field(default=1, compare=False, kw_only=True, repr=False)

    def children(self) -> Iterator[Expr]:
        """The direct sub-expressions, in reading order."""
        for spec in fields(self):
            value = getattr(self, spec.name)
            if isinstance(value, Expr):
                yield value
            elif isinstance(value, tuple):
                yield from (item for item in value if isinstance(item, Expr))

    def walk(self) -> Iterator[Expr]:
        """This node and everything below it."""
        return iter(self._nodes)

    @cached_property
    def _nodes(self) -> tuple[Expr, ...]:
        # trees never change and are walked once per instance of a rule
        return (self, *(node for child in self.children() for node in child.walk()))

    def _in(self, child: Expr, level: int) -> str:
        return f"({child})" if child.level < level else str(child)


@dataclass(frozen=True)
class Number(Expr):
    """An exact number; also what a binary float never becomes."""

    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:f}"


@dataclass(frozen=True)
class Percent(Expr):
    """`5%`: the ratio value / 100."""

    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:f}%"


@dataclass(frozen=True)
class MoneyAmount(Expr):
    """`CNY 242264.18`."""

    currency: str
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"


@dataclass(frozen=True)
class Text(Expr):
    """`'total'`: a key of a reading, an attribute's value, an id."""

    value: str

    def __str__(self) -> str:
        return f'"{self.value}"' if "'" in self.value else f"'{self.value}'"


@dataclass(frozen=True)
class Flag(Expr):
    """`true` or `false`."""

    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True)
class Nothing(Expr):
    """`none`: as a deadline, never."""

    def __str__(self) -> str:
        return "none"


@dataclass(frozen=True)
class OnDate(Expr):
    """`on 2025-12-31`, or an instant `on 2025-12-31T10:00:00+08:00`."""

    value: date | datetime

    def __str__(self) -> str:
        return f"on {self.value.isoformat()}"


@dataclass(frozen=True)
class Quantity(Expr):
    """`90 workdays(CN)`, `15 minutes`, `2 months`; `unit` is always the plural, `calendar` may be empty."""

    amount: Decimal
    unit: str
    calendar: str = ""

    def __str__(self) -> str:
        unit = self.unit[:-1] if self.amount == 1 else self.unit
        return f"{self.amount:f} {unit}" + (f"({self.calendar})" if self.calendar else "")


@dataclass(frozen=True)
class Var(Expr):
    """A bare name: a "for" variable, a set, a keyword argument such as `end` or `month`."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Ref(Expr):
    """A dotted reference into the definition: `event.signed`, `reading.fee_base(s)`, `contract.total`."""

    level = _POSTFIX
    kind: str
    name: str
    args: tuple[Expr, ...] = ()

    def __str__(self) -> str:
        args = f"({', '.join(map(str, self.args))})" if self.args else ""
        return f"{self.kind}.{self.name}{args}"


@dataclass(frozen=True)
class Field(Expr):
    """`g.expires`: a field of an item, period, breach, or of every element of a set."""

    level = _POSTFIX
    base: Expr
    name: str

    def __str__(self) -> str:
        return f"{self._in(self.base, _POSTFIX)}.{self.name}"


@dataclass(frozen=True)
class Index(Expr):
    """`outages[system == s]` filters a set; `duty.report[p]` picks a sibling instance."""

    level = _POSTFIX
    base: Expr
    items: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"{self._in(self.base, _POSTFIX)}[{', '.join(map(str, self.items))}]"


@dataclass(frozen=True)
class Call(Expr):
    """A function of the language; `engine.language.check.FUNCTIONS` lists them."""

    level = _POSTFIX
    function: str
    args: tuple[Expr, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.args))})"


@dataclass(frozen=True)
class Negate(Expr):
    """`-x`."""

    level = _UNARY
    value: Expr

    def __str__(self) -> str:
        return f"-{self._in(self.value, _UNARY)}"


@dataclass(frozen=True)
class Binary(Expr):
    """`left + right`, `-`, `*`, `/`; a moment plus a duration is an offset."""

    op: str
    left: Expr
    right: Expr

    @property
    def level(self) -> int:  # type: ignore[override]
        """Sums bind more loosely than products."""
        return _SUM if self.op in "+-" else _PRODUCT

    def __str__(self) -> str:
        return f"{self._in(self.left, self.level)} {self.op} {self._in(self.right, self.level + 1)}"


@dataclass(frozen=True)
class Compare(Expr):
    """`left == right` and its relatives; never chained."""

    level = _COMPARE
    op: str
    left: Expr
    right: Expr

    def __str__(self) -> str:
        return f"{self._in(self.left, _SUM)} {self.op} {self._in(self.right, _SUM)}"


@dataclass(frozen=True)
class Member(Expr):
    """`item in set`."""

    level = _COMPARE
    item: Expr
    group: Expr

    def __str__(self) -> str:
        return f"{self._in(self.item, _SUM)} in {self._in(self.group, _SUM)}"


@dataclass(frozen=True)
class Not(Expr):
    """`not x`."""

    level = _NOT
    value: Expr

    def __str__(self) -> str:
        return f"not {self._in(self.value, _NOT)}"


@dataclass(frozen=True)
class And(Expr):
    """`a and b and …`, at least two parts."""

    level = _AND
    parts: tuple[Expr, ...]

    def __str__(self) -> str:
        return " and ".join(self._in(part, _NOT) for part in self.parts)


@dataclass(frozen=True)
class Or(Expr):
    """`a or b or …`, at least two parts."""

    level = _OR
    parts: tuple[Expr, ...]

    def __str__(self) -> str:
        return " or ".join(self._in(part, _AND) for part in self.parts)


@dataclass(frozen=True)
class Measure(Expr):
    """`|outages - exclusions|`: the length of the union of a set of spells, or of a window."""

    value: Expr

    def __str__(self) -> str:
        inner = self.value
        return f"|{self._in(inner, _SUM) if not isinstance(inner, Over) else inner}|"


@dataclass(frozen=True)
class Over(Expr):
    """`set over window`: the elements that happen inside the window."""

    level = _OR
    group: Expr
    window: Expr

    def __str__(self) -> str:
        return f"{self.group} over {self.window}"


@dataclass(frozen=True)
class Rolling(Expr):
    """The window `rolling n months at d`: (d - n months, d]."""

    level = _OR
    length: Expr
    at: Expr

    def __str__(self) -> str:
        return f"rolling {self.length} at {self.at}"


@dataclass(frozen=True)
class Sliding(Expr):
    """The window `any n hours`: the worst placement of a window of that length."""

    level = _OR
    length: Expr

    def __str__(self) -> str:
        return f"any {self.length}"


@dataclass(frozen=True)
class Each(Expr):
    """`each(month of term.service whole)`: the calendar periods of a term, partial ones dropped if `whole`."""

    unit: str
    term: Expr
    whole: bool = False

    def __str__(self) -> str:
        return f"each({self.unit} of {self.term}{' whole' if self.whole else ''})"


@dataclass(frozen=True)
class Binding:
    """One `set as name` of a "for" clause."""

    source: Expr
    name: str

    def __str__(self) -> str:
        return f"{self.source} as {self.name}"


@dataclass(frozen=True)
class Range:
    """One row's interval in a table: `(15 minutes, 30 minutes]`; an end left out is unbounded."""

    low: Expr | None
    high: Expr | None
    low_closed: bool
    high_closed: bool

    def __str__(self) -> str:
        low = "" if self.low is None else str(self.low)
        high = "" if self.high is None else str(self.high)
        return f"{'[' if self.low_closed else '('}{low}, {high}{']' if self.high_closed else ')'}"


def level_of(tree: Expr) -> int:
    """How tightly a node binds."""
    return tree.level


def apart(tree: Binary) -> Binary | None:
    """`x + (1 month + 5 days)` as `x + 1 month + 5 days`: durations of different units are counted one by one."""
    right = tree.right
    if tree.op not in "+-" or not isinstance(right, Binary) or right.op not in "+-":
        return None
    second = right.op if tree.op == "+" else {"+": "-", "-": "+"}[right.op]
    first = Binary(tree.op, tree.left, right.left, column=tree.column)
    return Binary(second, first, right.right, column=right.column)


def lift_each(tree: Expr, name: str) -> tuple[Expr, Binding | None]:
    """A deadline written from `each(…)` itself, as a "for" clause and a deadline from the end of its period.

    `each(month of term.service) + 5 workdays` becomes `end(period) + 5 workdays` for every such period.
    """
    found = next((node for node in tree.walk() if isinstance(node, Each)), None)
    if found is None:
        return tree, None
    return _replaced(tree, found, Call("end", (Var(name),))), Binding(found, name)


def _replaced(tree: Expr, old: Expr, new: Expr) -> Expr:
    if tree == old:
        return new
    changes: dict[str, object] = {}
    for spec in fields(tree):
        value = getattr(tree, spec.name)
        if isinstance(value, Expr):
            changes[spec.name] = _replaced(value, old, new)
        elif isinstance(value, tuple):
            changes[spec.name] = tuple(_replaced(v, old, new) if isinstance(v, Expr) else v for v in value)
    return replace(tree, **changes) if changes else tree  # type: ignore[arg-type]

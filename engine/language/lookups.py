"""Tables and steps: `band` finds the row a number lies in, `tier` charges each part of it at its own row's rate."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any

from . import syntax as s
from .arithmetic import ZERO, calculate, greatest, least, steps
from .figures import Figures
from .values import (
    Between,
    Choice,
    Value,
    bounds,
    certain,
    combine,
    compare_values,
    distinct,
    is_number,
    joint_drift,
    nothing_known,
    size,
)
from .world import Row, Table


@dataclass(frozen=True)
class Limits:
    """One row's range with its ends worked out; None is unbounded."""

    low: Any
    high: Any
    low_closed: bool
    high_closed: bool

    def holds(self, x: Any) -> bool:
        """Whether a number lies in the range."""
        return self.side(x) == 0

    def side(self, x: Any) -> int:
        """-1 if the number lies below the range, 1 if above, 0 if in it."""
        if self.low is not None and not _ordered(self.low, x, or_equal=self.low_closed):
            return -1
        return 1 if self.high is not None and not _ordered(x, self.high, or_equal=self.high_closed) else 0

    def meets(self, low: Any, high: Any) -> bool:
        """Whether any number from `low` to `high` lies in the range."""
        return (low is None or self.side(low) <= 0) and (high is None or self.side(high) >= 0)

    def part(self, low: Any, high: Any) -> tuple[Any, Any]:
        """The stretch from `low` to `high`, cut to the range."""
        lows = [end for end in (low, self.low) if end is not None]
        highs = [end for end in (high, self.high) if end is not None]
        return (max(lows, key=size) if lows else None), (min(highs, key=size) if highs else None)


def _ordered(left: Any, right: Any, *, or_equal: bool) -> bool:
    return compare_values("<=" if or_equal else "<", certain(left), certain(right)).value is True


@dataclass(frozen=True)
class Place:
    """Where a number stands in a table: its row, or the rows on either side of the hole it fell into."""

    row: Row | None = None
    below: Row | None = None
    above: Row | None = None
    hole: bool = False


class Lookups(Figures):
    """The part of the evaluator that looks numbers up."""

    @abstractmethod
    def binding(self, **values: Value) -> Lookups:
        """The same evaluator with more named values, such as `x` in a table's row."""

    def _value_steps(self, tree: s.Call) -> Value:
        parts = [self._figure(arg) for arg in tree.args[:2]]
        mode = str(tree.args[2]) if len(tree.args) > 2 else "up"
        return self.named(tree, combine(lambda x, unit: steps(x, unit, mode), *parts, drift=joint_drift(parts)))

    def _figure(self, tree: s.Expr) -> Choice:
        value = self.value(tree)
        return value if isinstance(value, Choice) else nothing_known(value.missing or {str(tree)})

    def named(self, tree: s.Expr, value: Choice) -> Choice:
        """A result that does not exist (a quotient by zero, half a month) names its expression."""
        return value if value.options or value.missing else replace(value, missing=frozenset({str(tree)}))

    def table_of(self, tree: s.Call) -> Table:
        """The table a lookup names."""
        target = tree.args[1]
        assert isinstance(target, s.Ref | s.Var), "the type check lets only a table's name through"
        return self.world.table(target.name)

    def limits(self, span: s.Range) -> Limits:
        """The ends of a range; one that is not settled counts as unbounded."""
        ends = [None if end is None else self._figure(end).value for end in (span.low, span.high)]
        return Limits(ends[0], ends[1], span.low_closed, span.high_closed)

    def covered(self, table: Table) -> Limits:
        """What the table is about: its `covers`, else from its lowest row to its highest."""
        if table.covers is not None:
            return self.limits(table.covers)
        rows = [self.limits(row.range) for row in table.rows]
        lowest = min(rows, key=lambda r: (r.low is not None, size(r.low) if r.low is not None else 0, not r.low_closed))
        highest = max(rows, key=lambda r: (r.high is None, size(r.high) if r.high is not None else 0, r.high_closed))
        return Limits(lowest.low, highest.high, lowest.low_closed, highest.high_closed)

    # -- band ------------------------------------------------------------------------------------------------------

    def _value_band(self, tree: s.Call) -> Value:
        table, x = self.table_of(tree), self._figure(tree.args[0])
        found = [self._banded(table, option, x.missing) for option in x.options or (Between(None, None),)]
        if not table.rows or any(not result.options for result in found):
            missing = frozenset().union(x.missing, *(result.missing for result in found))
            return Choice((), missing or frozenset({str(tree)}), x.provisional, x.drift)
        options = distinct(option for result in found for option in result.options)
        missing = x.missing.union(*(result.missing for result in found))
        return combine(lambda value: value, Choice(options, missing, x.provisional))

    def _banded(self, table: Table, x: Any, missing: frozenset[str]) -> Choice:
        if not isinstance(x, Between):
            place = self.place(table, x)
            if place.hole:
                return nothing_known({f"hole:table.{table.id}"})
            return certain(self.nothing(table)) if place.row is None else self.row_value(place.row, x, missing)
        if not table.rows:
            return nothing_known(missing)
        covers = self.covered(table)
        found: list[Choice] = []
        limits = [self.limits(row.range) for row in table.rows]
        met = [(row, each) for row, each in zip(table.rows, limits, strict=True) if each.meets(x.low, x.high)]
        if x.low is None or covers.side(x.low) < 0 or x.high is None or covers.side(x.high) > 0:
            found.append(certain(self.nothing(table)))
        ends = [end for end in (x.low, x.high) if end is not None]
        holed = any(self.place(table, end).hole for end in ends)
        if holed or not _gapless([each for _row, each in met], covers.part(x.low, x.high)):
            return nothing_known(missing | {f"hole:table.{table.id}"})
        found += [self.row_value(row, _bounded(*each.part(x.low, x.high)), missing) for row, each in met]
        if any(not result.options for result in found):
            return nothing_known(missing.union(*(result.missing for result in found)))
        return Choice(distinct(o for result in found for o in result.options), missing)

    def place(self, table: Table, x: Any) -> Place:
        """The row of a certain number, nothing outside what the table covers, or the hole between two rows."""
        placed = [(row, self.limits(row.range).side(x)) for row in table.rows]
        row = next((row for row, side in placed if side == 0), None)
        if row is not None or not table.rows or not is_number(x):
            return Place(row)
        if not self.covered(table).holds(x):
            return Place()
        # a number above a row's range has that row below it
        below = next((row for row, side in reversed(placed) if side > 0), None)
        return Place(None, below, next((row for row, side in placed if side < 0), None), hole=True)

    def row_value(self, row: Row, x: Any, missing: frozenset[str] = frozenset()) -> Choice:
        """What a row gives for a number, or for a stretch of numbers."""
        looked = Choice((x,), missing if isinstance(x, Between) else frozenset())
        if row.round is not None:
            looked = self.binding(x=looked)._figure(row.round)
        value = self.binding(x=looked).value(row.value)
        return value if isinstance(value, Choice) else nothing_known(value.missing)

    def nothing(self, table: Table) -> Any:
        """What a table gives outside its range: no text, or zero."""
        return "" if any(isinstance(row.value, s.Text) for row in table.rows) else ZERO

    # -- tier ------------------------------------------------------------------------------------------------------

    def _value_tier(self, tree: s.Call) -> Value:
        table, x = self.table_of(tree), self._figure(tree.args[0])
        if not x.options or not table.rows:
            return Choice((), x.missing or frozenset({str(tree)}), x.provisional, x.drift)
        results = [self._tiered(table, option, x.missing) for option in x.options]
        if any(not result.options for result in results):
            return nothing_known(x.missing.union(*(result.missing for result in results)) or {str(tree)})
        options = distinct(option for result in results for option in result.options)
        return combine(lambda value: value, Choice(options, x.missing, x.provisional))

    def _tiered(self, table: Table, x: Any, missing: frozenset[str]) -> Choice:
        parts = self.parts(table, x)
        if parts is None:
            return nothing_known({f"hole:table.{table.id}"})
        results = [self.part_value(table, row, part, missing) for row, part in parts]
        return combine(_added, *results) if results else certain(ZERO)

    def part_value(self, table: Table, row: Row, part: Any, missing: frozenset[str] = frozenset()) -> Choice:
        """What a row charges for a part: its rate times the part; the value itself where the table works with `x`."""
        value = self.row_value(row, part, missing)
        nodes = (node for each in table.rows for node in each.value.walk())
        if any(isinstance(node, s.Var) and node.name == "x" for node in nodes):
            return value
        looked = Choice((part,), missing if isinstance(part, Between) else frozenset())
        if row.round is not None:
            looked = self.binding(x=looked)._figure(row.round)
        return combine(lambda rate, amount: calculate("*", rate, amount), value, looked)

    def parts(self, table: Table, x: Any) -> list[tuple[Row, Any]] | None:
        """The part of a number that falls into each row; None if a part falls into a hole."""
        low, high = bounds(Choice((x,)))
        covers = self.covered(table)
        ordered = sorted(
            ((self.limits(row.range), index, row) for index, row in enumerate(table.rows)),
            key=lambda entry: (
                entry[0].low is not None,
                size(entry[0].low) if entry[0].low is not None else 0,
                entry[1],
            ),
        )
        found, reached = [], covers.low
        for limits, _index, row in ordered:
            if _reaches(high, limits.low) is False:
                break
            if limits.low is not None and reached is not None and size(limits.low) > size(reached):
                return None
            ends = [None if end is None else _part(end, limits) for end in (low, high)]
            if ends[1] is None or size(ends[1]) > 0:
                found.append((row, _bounded(*ends)))
            reached = limits.high
        beyond = reached is not None and (covers.high is None or size(covers.high) > size(reached))
        return None if beyond and _reaches(high, reached) is not False else found


def _reaches(x: Any, limit: Any) -> bool:
    """Whether a number (None: without bound) goes beyond a limit."""
    return x is None or limit is None or size(x) > size(limit)


def _part(x: Any, limits: Limits) -> Any:
    """How much of a number lies in a row; without a lower end a row begins at zero."""
    upper = x if limits.high is None else least(x, limits.high)
    base = limits.low if limits.low is not None else calculate("-", x, x)
    part = calculate("-", upper, base) if limits.low is not None else upper
    return None if part is None else greatest(part, calculate("-", x, x))


def _bounded(low: Any, high: Any) -> Any:
    if low is not None and high is not None and size(low) == size(high):
        return low
    return Between(low, high)


def _added(*values: Any) -> Any:
    amount: Any = ZERO
    for value in values:
        amount = None if amount is None else calculate("+", amount, value)
    return amount


def _gapless(ranges: list[Limits], stretch: tuple[Any, Any]) -> bool:
    """Whether ranges leave no hole inside a stretch."""
    low, high = stretch
    if low is not None and high is not None and size(low) > size(high):
        return True
    ordered = sorted(ranges, key=lambda r: (r.low is not None, size(r.low) if r.low is not None else 0))
    reached, closed = low, False
    first = True
    for each in ordered:
        if each.low is not None:
            if reached is None or size(each.low) > size(reached):
                return False
            if not first and size(each.low) == size(reached) and not (closed or each.low_closed):
                return False
        reached, closed, first = each.high, each.high_closed, False
        if reached is None:
            return True
    return not first and reached is not None and high is not None and size(reached) >= size(high)

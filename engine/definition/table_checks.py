"""Checks of the lookup tables and of what readings stand for: every row fits the others."""

from __future__ import annotations

from ..language import ExpressionError
from ..language import syntax as s
from ..language.check import Checker
from ..language.types import Environment
from .model import Definition, RangeTable, Reading
from .reader import Problems


def check_tables(definition: Definition, problems: Problems, environment: Environment) -> None:
    """Note rows whose edges or values are of another type than the rows before, and such options of readings."""
    for table in definition.tables.values():
        _table(table, definition, problems, environment)
    for reading in definition.readings.values():
        _reading(reading, definition, problems, environment)


def _table(table: RangeTable, definition: Definition, problems: Problems, environment: Environment) -> None:
    """`covers` and the edges share one type, the values another; a value may use `x`, the number looked up."""
    ranges = [row.range for row in table.rows] + ([table.covers] if table.covers is not None else [])
    edges = [(edge, str(span)) for span in ranges for edge in (span.low, span.high) if edge is not None]
    values = [(row.value, str(row.value)) for row in table.rows]
    looked_up, _uses_x = environment.ranges[table.id]
    place = f"table.{table.id}"
    for trees, variables in ((edges, {}), (values, {"x": looked_up})):
        checker = Checker(environment, definition.contract.currency, mode="amount", variables=variables)
        _alike(checker, trees, place, table.clause, problems)


def _reading(reading: Reading, definition: Definition, problems: Problems, environment: Environment) -> None:
    """What options stand for is of one type, whichever is chosen. That each is right by itself is checked elsewhere."""
    checker = Checker(environment, definition.contract.currency, mode="amount")
    checker.variables |= environment.callables.get(f"reading.{reading.id}", {})
    values = [option.value for option in reading.options if option.value is not None]
    try:
        for value in values:
            checker.check(value)
    except ExpressionError:
        return
    _alike(checker, [(value, str(value)) for value in values], f"reading.{reading.id}", reading.clause, problems)


def _alike(checker: Checker, trees: list[tuple[s.Expr, str]], place: str, clause: str, problems: Problems) -> None:
    """Note the first tree that is wrong or of another type than the first of them."""
    for tree, written in trees:
        checker.text = written
        try:
            checker.check(tree)
            checker.unify(trees[0][0], tree)
        except ExpressionError as error:
            problems.add_expression(error, place, clause)
            return

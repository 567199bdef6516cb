"""Durations as they are written: their units, and what products of them come to."""

from __future__ import annotations

from fractions import Fraction

from . import syntax as s


def constant_span(tree: s.Expr) -> Fraction | None:
    """What a product or quotient of written numbers and one written duration comes to, in the duration's unit."""
    if isinstance(tree, s.Number):
        return Fraction(tree.value)
    if isinstance(tree, s.Percent):
        return Fraction(tree.value) / 100
    if isinstance(tree, s.Quantity):
        return Fraction(tree.amount)
    if isinstance(tree, s.Negate):
        value = constant_span(tree.value)
        return None if value is None else -value
    if isinstance(tree, s.Binary) and tree.op in "*/":
        left, right = constant_span(tree.left), constant_span(tree.right)
        if left is None or right is None or (tree.op == "/" and right == 0):
            return None
        return left * right if tree.op == "*" else left / right
    return None


_FAMILIES = {"years": "months", "weeks": "days", "calendar_days": "days"}


def commensurable(left: s.Expr, right: s.Expr) -> bool:
    """Whether two durations, as far as they are written out, are counted in units with a common measure."""
    families = [
        {_FAMILIES.get(n.unit, n.unit) for n in tree.walk() if isinstance(n, s.Quantity) and n.unit in s.DAY_UNITS}
        for tree in (left, right)
    ]
    return len(families[0] | families[1]) <= 1


def unit_of(tree: s.Expr) -> object:
    """The unit a written duration is counted in; a tree of its own for anything else."""
    units = {(node.unit, node.calendar) for node in tree.walk() if isinstance(node, s.Quantity)}
    return units if len(units) == 1 else tree

"""Figures of a series used as a number: `rate[period == y]` where an amount is needed is the one figure it finds.

Written out this is `only(rate[period == y])`; the keys alone, in order, say the same: `rate[y]`, `series.rate(y)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from . import syntax as s

# The series of a definition, each with the names of its keys.
Keys = Mapping[str, Sequence[str]]
# Functions of numbers, and which of their arguments are numbers.
NUMBERS = {"if": slice(1, None), "round": slice(0, 1), "abs": slice(0, 1), "steps": slice(0, 1), "band": slice(0, 1),
           "tier": slice(0, 1), "power": slice(0, 1)}  # fmt: skip


def single_figures(tree: s.Expr, series: Keys, *, whole: bool = True) -> s.Expr:
    """The tree with `only(…)` written around each figure that stands for a number.

    `whole`: the tree itself is a number, as a rule's amount or a measure's value is.
    """
    inner = _inside(_named(tree, series), series)
    return _only(inner, series) if whole else inner


def _inside(tree: s.Expr, series: Keys) -> s.Expr:
    changes: dict[str, object] = {}
    for spec in fields(tree):
        value = getattr(tree, spec.name)
        if isinstance(value, s.Expr):
            changes[spec.name] = _inside(_named(value, series), series)
        elif isinstance(value, tuple):
            changes[spec.name] = tuple(
                _inside(_named(each, series), series) if isinstance(each, s.Expr) else each for each in value
            )
    found: s.Expr = replace(tree, **changes) if changes else tree  # type: ignore[arg-type]
    if isinstance(found, s.Binary | s.Compare):
        return replace(found, left=_only(found.left, series), right=_only(found.right, series))
    if isinstance(found, s.Negate):
        return replace(found, value=_only(found.value, series))
    if isinstance(found, s.Call):
        numbers = NUMBERS.get(found.function, slice(0, None if len(found.args) > 1 else 0))
        if found.function in NUMBERS or found.function in ("min", "max"):
            args = list(found.args)
            args[numbers] = [_only(each, series) for each in args[numbers]]
            return replace(found, args=tuple(args))
    return found


def _named(tree: s.Expr, series: Keys) -> s.Expr:
    """Figures called by their keys alone become a filtered set."""
    if isinstance(tree, s.Index) and (name := _series(tree.base, series)):
        items = tree.items
        if any(isinstance(each, s.Compare | s.Member | s.And | s.Or | s.Not) for each in items):
            return tree
    elif isinstance(tree, s.Ref) and tree.kind == "series" and tree.args and tree.name in series:
        name, items = tree.name, tree.args
    elif isinstance(tree, s.Call) and tree.function in series:
        name, items = tree.function, tree.args
    else:
        return tree
    keys = ("period", *series[name])
    if len(items) > len(keys):
        return tree
    matches = (s.Compare("==", s.Var(key), each, column=each.column) for key, each in zip(keys, items, strict=False))
    return s.Index(s.Var(name, column=tree.column), tuple(matches), column=tree.column)


def _series(tree: s.Expr, series: Keys) -> str:
    if isinstance(tree, s.Var) or (isinstance(tree, s.Ref) and tree.kind == "series" and not tree.args):
        return tree.name if tree.name in series else ""
    return ""


def _only(tree: s.Expr, series: Keys) -> s.Expr:
    inner = tree.base if isinstance(tree, s.Field) and tree.name == "value" else tree
    if isinstance(inner, s.Index) and _series(inner.base, series):
        return s.Call("only", (tree,), column=tree.column)
    return tree

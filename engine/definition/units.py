"""The unit each rule and pool yields: a currency or points."""

from __future__ import annotations

from collections.abc import Mapping

from ..language import syntax as s
from .model import Definition


def units_of(definition: Definition) -> Mapping[str, str]:
    """`rule.x`, `pool.x` and `total of pool.x` → `CNY`, `points` …, found when the definition was read."""
    return definition.units


def currency_named(definition: Definition, tree: s.Expr | None) -> str:
    """The one currency an amount names itself; the contract's otherwise. For amounts whose type is open."""
    own = definition.contract.currency
    if tree is None:
        return own
    named = {node.currency for node in tree.walk() if isinstance(node, s.MoneyAmount)}
    for node in tree.walk():
        if isinstance(node, s.Ref) and node.kind == "table" and node.name in definition.tables:
            rows = definition.tables[node.name].rows
            named |= {n.currency for row in rows for n in row.value.walk() if isinstance(n, s.MoneyAmount)}
    stated = ("contract", "instalment", "line", "security")
    bases = any(isinstance(node, s.Ref) and node.kind in stated for node in tree.walk())
    return named.pop() if len(named) == 1 and not bases else own

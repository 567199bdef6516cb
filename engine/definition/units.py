"""The unit each rule and pool yields: a currency or points."""

from __future__ import annotations

from ..language import syntax as s
from .model import Definition

POINTS = "points"


def units_of(definition: Definition) -> dict[str, str]:
    """`rule.x` and `pool.x` → `CNY`, `points` …; a pool takes the unit of its first member that has one."""
    found: dict[str, str] = {}
    for rule in definition.rules.values():
        found[f"rule.{rule.id}"] = POINTS if rule.yields == "points" else _currency(definition, rule.amount)
    for pool in definition.pools.values():
        found[f"pool.{pool.id}"] = _pool_unit(definition, pool.id, found, set())
    return found


def _currency(definition: Definition, tree: s.Expr | None) -> str:
    """The one currency an amount names itself; the contract's otherwise."""
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


def _pool_unit(definition: Definition, name: str, units: dict[str, str], seen: set[str]) -> str:
    pool = definition.pools[name]
    if pool.amount is not None:
        named = {node.currency for node in pool.amount.walk() if isinstance(node, s.MoneyAmount)}
        if len(named) == 1 and not any(isinstance(n, s.Var) and n.name == "total" for n in pool.amount.walk()):
            return named.pop()
    for member in pool.over:
        if f"rule.{member}" in units:
            return units[f"rule.{member}"]
        if member in definition.pools and member not in seen:
            return _pool_unit(definition, member, units, {*seen, name})
    return definition.contract.currency

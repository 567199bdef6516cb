"""The texts a contract compares an attribute with: what a person may sensibly enter for it, offered by the forms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.definition.model import Definition
from engine.language import syntax as s


def compared_values(definition: Definition) -> Mapping[str, tuple[str, ...]]:
    """Attribute names with the texts the definition's rules, measures and deadlines compare them with, in its order;
    for `i.category == 'tamper'`: {"category": ("tamper",)}."""
    found: dict[str, dict[str, None]] = {}
    for tree in _trees(definition):
        for node in tree.walk():
            if isinstance(node, s.Compare) and node.op in ("==", "!=") and isinstance(node.right, s.Text):
                name = node.left.name if isinstance(node.left, s.Field | s.Var) else ""
                if name and node.right.value:
                    found.setdefault(name, {})[node.right.value] = None
    return {name: tuple(values) for name, values in found.items()}


def _trees(definition: Definition) -> Iterator[s.Expr]:
    d = definition
    for rule in d.rules.values():
        yield from (tree for tree in (rule.when, rule.amount, rule.because) if tree is not None)
    for measure in d.measures.values():
        yield measure.value
    for duty in d.duties.values():
        yield from duty.expressions.values()
        yield from (binding.source for binding in duty.bindings)
    for right in d.rights.values():
        yield from (tree for tree in (right.when, right.until) if tree is not None)

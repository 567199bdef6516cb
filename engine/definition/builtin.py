"""Kinds of things every contract knows without declaring them: payments, settlements, earlier assessments."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Definition, ItemKind


def _kind(name: str, plural: str, attributes: Mapping[str, str]) -> ItemKind:
    return ItemKind(
        id=name, title=name, clause="", data={}, plural=plural, attributes=attributes, recorder="FIN", confirmer="",
        domain="",
    )  # fmt: skip


# payment: money the buyer paid. settlement: what a pool settled through a sink (`instalment.3`, `security.x`), its
# `key` the group's key values joined by "/". assessment: what a rule or pool came to before, for the same key.
BUILT_IN_ITEMS: Mapping[str, ItemKind] = {
    kind.id: kind
    for kind in (
        _kind("payment", "payments", {"instalment": "text", "amount": "money"}),
        _kind("settlement", "settlements", {"pool": "text", "key": "text", "sink": "text", "amount": "money"}),
        _kind("assessment", "assessments", {"rule": "text", "pool": "text", "key": "text", "amount": "money"}),
    )
}


# What may be found out about a system of the contract (`of = "system:s1"`): its share of the price, and the months it
# has really been in service.
SYSTEM_FINDINGS: Mapping[str, str] = {"fee": "money", "months": "number"}


def item_kinds(definition: Definition) -> dict[str, ItemKind]:
    """The kinds declared, and the built-in ones that no declaration replaces."""
    plurals = {kind.plural for kind in definition.items.values()}
    return {
        **{name: kind for name, kind in BUILT_IN_ITEMS.items() if kind.plural not in plurals},
        **definition.items,
    }

"""What an obligation's row says about its duty: texts, parties and the amount at stake, from the definition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from contracts.models import Contract
from engine.definition import Definition, Duty
from engine.language import syntax
from obligations.models import Obligation
from obligations.reckoning import names_of, side_of
from obligations.rules import key_text, obligor_side


@dataclass(frozen=True)
class DutyTexts:
    """The columns that come from the definition, not from the engine. `arises_from` names the kinds of things that
    make one row each ("item.incident"); such a duty has a standing register row of its own."""

    duty: str
    columns: Mapping[str, object]
    tracking: str
    arises_from: tuple[str, ...]

    COLUMNS: ClassVar[tuple[str, ...]] = (
        "ref", "title", "clause", "kind", "tracking", "category", "group", "lane", "obligor", "obligee",
        "obligor_name", "policy", "role", "amount", "position",
    )  # fmt: skip

    @property
    def is_register(self) -> bool:
        return bool(self.arises_from)

    def row(self, contract: Contract, key: Mapping[str, str]) -> Obligation:
        """A new, unsaved obligation of this duty."""
        return Obligation(contract=contract, duty=self.duty, key=dict(key), key_text=key_text(key), **self.columns)

    def retitle(self, row: Obligation) -> bool:
        """Bring a row's texts up to this version; True if any differed."""
        differs = [name for name in self.COLUMNS if getattr(row, name) != self.columns[name]]
        for name in differs:
            setattr(row, name, self.columns[name])
        return bool(differs)


def duty_texts(definition: Definition, duties: Iterable[str]) -> dict[str, DutyTexts]:
    """Texts of the named duties."""
    positions = {name: number for number, name in enumerate(definition.duties, start=1)}
    amounts = _amounts(definition)
    wanted = set(duties)
    return {
        name: _texts(definition, duty, positions[name], amounts.get(name))
        for name, duty in definition.duties.items()
        if name in wanted
    }


def _texts(definition: Definition, duty: Duty, position: int, amount: Decimal | None) -> DutyTexts:
    policy = duty.policy or "default"
    role = definition.policies[policy].role if policy in definition.policies else ""
    return DutyTexts(
        duty=duty.id,
        tracking=duty.tracking,
        arises_from=_arises_from(definition, duty),
        columns={
            "ref": duty.ref[:20],
            "title": duty.title[:240],
            "clause": duty.clause[:80],
            "kind": duty.kind,
            "tracking": duty.tracking,
            "category": duty.category[:40],
            "group": duty.group[:120],
            "lane": (duty.lane or "other")[:20],
            "obligor": side_of(definition, duty),
            "obligee": _obligee(definition, duty),
            "obligor_name": names_of(definition, duty.obligor)[:200],
            "policy": policy[:40],
            "role": role if len(role) <= 3 else "",
            "amount": amount,
            "position": position,
        },
    )


def _obligee(definition: Definition, duty: Duty) -> str:
    if not duty.obligee:
        return ""
    return obligor_side(definition.parties[name].role for name in duty.obligee if name in definition.parties)


def _amounts(definition: Definition) -> dict[str, Decimal | None]:
    """The money at stake by duty: instalments, and the securities' duties to hand in and to give back."""
    amounts = {row.duty: row.amount for row in definition.instalments.values() if row.duty}
    for security in definition.securities.values():
        for part in ("submit", "renew", "refund"):
            duty = security.data.get(part)
            if duty:
                amounts[duty] = security.amount
    return amounts


def _arises_from(definition: Definition, duty: Duty) -> tuple[str, ...]:
    """The kinds of things (not periods) the duty's "for" runs over, as dependency names."""
    plurals = {each: name for name, kind in definition.items.items() for each in kind.names}
    spells = {each: name for name, kind in definition.intervals.items() for each in kind.names}
    found = []
    for binding in duty.bindings:
        for node in binding.source.walk():
            if isinstance(node, syntax.Var) and node.name in plurals:
                found.append(f"item.{plurals[node.name]}")
            elif isinstance(node, syntax.Var) and node.name in spells:
                found.append(f"interval.{spells[node.name]}")
    return tuple(dict.fromkeys(found))

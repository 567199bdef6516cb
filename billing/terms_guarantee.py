"""What a contract's definition says about its securities: amounts, forms, the duties that run for them, and the
names of the facts that the records made here stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.definition import Definition, Security
from engine.definition.reader import texts_in


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a claim may be made. `limit` liability: up to what the vendor owes; balance: the whole instrument. `keeps`:
    the sum called in goes on securing the contract."""

    key: str
    title: str
    clause: str
    limit: str
    keeps: bool


@dataclass(frozen=True, slots=True)
class SecurityTerms:
    """One security. `exact` is the rate times the price before rounding. Empty names mean the contract has no such
    duty, rule, event or kind of thing; `lead_days` come from the reminder policy of the duty `decide`."""

    code: str
    title: str
    clause: str
    amount: Decimal | None
    rate: Decimal | None
    exact: Decimal | None
    valid_until: date | None
    interest: bool
    forms: tuple[str, ...]
    note: str
    submit: str
    renew: str
    refund: str
    cash: str
    decide: str
    late_fee: str
    item: str
    paper: str
    claimed: str
    closed: str
    accepted: str
    draws: str
    risks: tuple[str, ...]
    grounds: tuple[Ground, ...]
    lead_days: tuple[int, ...]
    submit_clause: str
    renew_clause: str

    @property
    def duties(self) -> tuple[str, ...]:
        """Every duty that runs for it, in the order of its life."""
        return tuple(name for name in (self.submit, self.renew, self.cash, self.decide, self.refund) if name)

    def ground(self, key: str) -> Ground | None:
        return next((ground for ground in self.grounds if ground.key == key), None)


def _ground(row: Mapping[str, Any]) -> Ground:
    return Ground(
        key=str(row.get("key", "")),
        title=str(row.get("title", "")),
        clause=str(row.get("clause", "")),
        limit="balance" if row.get("limit") == "balance" else "liability",
        keeps=bool(row.get("keeps", False)),
    )


def _terms(definition: Definition, security: Security) -> SecurityTerms:
    data, total = security.data, definition.contract.total
    duty = definition.duties.get(str(data.get("decide", "")))
    policy = definition.policies.get(duty.policy) if duty is not None else None
    named = (
        "submit",
        "renew",
        "refund",
        "cash",
        "decide",
        "late_fee",
        "item",
        "paper",
        "claimed",
        "closed",
        "accepted",
        "draws",
    )
    known: dict[str, Mapping[str, Any]] = {
        **dict.fromkeys(("submit", "renew", "refund", "cash", "decide"), definition.duties),
        **dict.fromkeys(("item", "paper", "draws"), definition.items),
        **dict.fromkeys(("claimed", "closed", "accepted"), definition.events),
        "late_fee": definition.rules,
    }
    # A name that leads nowhere stands for nothing: the contract then has no such clock.
    names = {field: str(data[field]) if data.get(field) in known[field] else "" for field in named}

    def clause_of(name: str) -> str:
        return definition.duties[name].clause if name else security.clause

    return SecurityTerms(
        code=security.id,
        title=security.title,
        clause=security.clause,
        amount=security.amount,
        rate=security.rate,
        exact=security.rate * total if security.rate is not None and total is not None else None,
        valid_until=security.valid_until,
        interest=bool(data.get("interest", False)),
        forms=texts_in(data, "forms"),
        note=str(data.get("note", "")),
        risks=texts_in(data, "risks"),
        grounds=tuple(_ground(row) for row in data.get("grounds", ())),
        lead_days=policy.steps if policy is not None else (),
        submit_clause=clause_of(names["submit"]),
        renew_clause=clause_of(names["renew"] or names["refund"]),
        **names,
    )


def security_terms(definition: Definition) -> dict[str, SecurityTerms]:
    """The definition's securities by their names, in its order."""
    return {code: _terms(definition, security) for code, security in definition.securities.items()}

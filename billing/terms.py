"""What a contract's active definition says about money: its instalments and the account to pay to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contracts.models import Contract, DefinitionVersion


def masked(number: str) -> str:
    """An account number with all but its last four digits hidden: what pages show to those who do not act on it."""
    return f"•••• {number[-4:]}" if number else ""


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """The vendor's bank account as the contract names it; `clause` is where."""

    name: str
    bank: str
    number: str
    clause: str

    @property
    def complete(self) -> bool:
        return bool(self.name and self.bank and self.number)

    @property
    def masked(self) -> str:
        return masked(self.number)


@dataclass(frozen=True, slots=True)
class Instalment:
    code: str
    title: str
    clause: str
    amount: Decimal
    duty: str
    invoice_event: str
    after_acceptance: bool


@dataclass(frozen=True, slots=True)
class MoneyTerms:
    """`event_clauses` maps an event's name to the clause that asks for it."""

    payee: PayeeAccount
    instalments: tuple[Instalment, ...] = ()
    event_clauses: Mapping[str, str] = field(default_factory=dict)
    event_titles: Mapping[str, str] = field(default_factory=dict)


def _payee(parties: Mapping[str, Mapping[str, Any]]) -> PayeeAccount:
    vendor = next((party for party in parties.values() if party.get("role") == "vendor"), {})
    return PayeeAccount(
        name=vendor.get("account_holder", ""),
        bank=vendor.get("account_bank", ""),
        number=vendor.get("account_number", ""),
        clause=vendor.get("account_clause", ""),
    )


def _instalments(rows: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> tuple[Instalment, ...]:
    """In the order of the definition's files: databases sort the keys of an object."""
    named = [code for code in order if code in rows] or list(rows)
    return tuple(
        Instalment(
            code=code,
            title=row["title"],
            clause=row.get("clause", ""),
            amount=Decimal(row["amount"]),
            duty=row["duty"],
            invoice_event=row.get("invoice", ""),
            after_acceptance=bool(row.get("acceptance", False)),
        )
        for code, row in ((code, rows[code]) for code in named)
    )


def money_terms(contract: Contract) -> MoneyTerms:
    """The active version's terms; only the tables needed are read. Without an active version everything is empty."""
    found = (
        DefinitionVersion.objects.filter(contract=contract, state=DefinitionVersion.State.ACTIVE)
        .values_list("data__instalment", "data__party", "data__event", "origin__order__instalment")
        .first()
    )
    instalments, parties, events, order = found or ({}, {}, {}, [])
    return MoneyTerms(
        payee=_payee(parties or {}),
        instalments=_instalments(instalments or {}, order or []),
        event_clauses={name: row.get("clause", "") for name, row in (events or {}).items()},
        event_titles={name: row.get("title", "") for name, row in (events or {}).items()},
    )

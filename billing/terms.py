"""What a contract's active definition says about money: its instalments and the account to pay to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject

from billing.models import PayeeChange
from contracts.models import Contract, DefinitionVersion


def masked(number: str) -> str:
    """An account number with all but its last four digits hidden: what pages show to those who do not act on it."""
    return f"•••• {number[-4:]}" if number else ""


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """The vendor's bank account in force: as the contract names it (`clause` is where), or as two people confirmed a
    change on the vendor's letter (`changed`). `proposed`: a change waits for the second person."""

    name: str
    bank: str
    number: str
    clause: str
    changed: bool = False
    proposed: bool = False

    @property
    def complete(self) -> bool:
        return bool(self.name and self.bank and self.number)

    @property
    def state(self) -> str:
        """As the gate takes it: contract, changed, proposed, or empty while the account is not known."""
        if not self.complete:
            return ""
        if self.proposed:
            return "proposed"
        return "changed" if self.changed else "contract"

    @property
    def masked(self) -> str:
        return masked(self.number)


@dataclass(frozen=True, slots=True)
class SecurityPeriod:
    """The security behind the contract, as far as the gate asks: until when it must be valid."""

    code: str
    clause: str
    valid_until: date | None


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
    """`event_clauses` maps an event's name to the clause that asks for it; `buyer_name` is the title invoices must
    bear; `hold_clause` the clause of fiscal delays, `hold_kind` the kind of item they are reported to the engine as."""

    payee: PayeeAccount
    buyer_name: str = ""
    hold_clause: str = ""
    hold_kind: str = ""
    security: SecurityPeriod | None = None
    instalments: tuple[Instalment, ...] = ()
    event_clauses: Mapping[str, str] = field(default_factory=dict)
    event_titles: Mapping[str, str] = field(default_factory=dict)


def _party(parties: Mapping[str, Mapping[str, Any]], role: str) -> Mapping[str, Any]:
    return next((party for party in parties.values() if party.get("role") == role), {})


def _payee(
    parties: Mapping[str, Mapping[str, Any]], change: Mapping[str, str] | None, *, proposed: bool
) -> PayeeAccount:
    vendor = _party(parties, "vendor")
    if change is not None:
        clause = vendor.get("account_clause", "")
        return PayeeAccount(change["name"], change["bank"], change["account"], clause, changed=True, proposed=proposed)
    return PayeeAccount(
        proposed=proposed,
        name=vendor.get("account_holder", ""),
        bank=vendor.get("account_bank", ""),
        number=vendor.get("account_number", ""),
        clause=vendor.get("account_clause", ""),
    )


def _security(rows: Mapping[str, Mapping[str, Any]]) -> SecurityPeriod | None:
    for code, row in rows.items():
        until = row.get("valid_until")
        return SecurityPeriod(code, row.get("clause", ""), date.fromisoformat(str(until)) if until else None)
    return None


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
    changes = PayeeChange.objects.filter(contract=OuterRef("contract")).order_by("-decided_at", "-pk")
    in_force = changes.filter(state=PayeeChange.State.CONFIRMED)
    found = (
        DefinitionVersion.objects.filter(contract=contract, state=DefinitionVersion.State.ACTIVE)
        .annotate(
            change=Subquery(in_force.values(found=JSONObject(name="name", bank="bank", account="account"))[:1]),
            proposed=Exists(changes.filter(state=PayeeChange.State.PROPOSED)),
        )
        .values_list(
            "data__instalment",
            "data__party",
            "data__event",
            "data__item",
            "data__security",
            "origin__order__instalment",
            "change",
            "proposed",
        )
        .first()
    )
    nothing: tuple[Any, ...] = ({}, {}, {}, {}, {}, [], None, False)
    instalments, parties, events, items, securities, order, change, proposed = found or nothing
    parties = parties or {}
    holds = {name: row for name, row in (items or {}).items() if row.get("domain") == "fiscal_delay"}
    hold_kind = next(iter(holds), "")
    return MoneyTerms(
        payee=_payee(parties, change, proposed=proposed),
        buyer_name=_party(parties, "buyer").get("name", ""),
        hold_clause=holds[hold_kind].get("clause", "") if hold_kind else "",
        hold_kind=hold_kind,
        security=_security(securities or {}),
        instalments=_instalments(instalments or {}, order or []),
        event_clauses={name: row.get("clause", "") for name, row in (events or {}).items()},
        event_titles={name: row.get("title", "") for name, row in (events or {}).items()},
    )

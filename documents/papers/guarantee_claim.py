"""The claim letter on a guarantee (保函索赔通知书): to the bank that issued it, in writing, before it expires."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.models import SecurityClaim
from billing.rules_guarantee import nature_of
from documents.kinds import Kind, clause_text, contract_facts, day, long_day, money, priced

LETTER_STATES = ("approved", "delivered", "paid")


def _load(key: str) -> SecurityClaim | None:
    rows = SecurityClaim.objects.select_related("contract__buyer", "contract__vendor", "instrument")
    found: SecurityClaim | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(claim: SecurityClaim) -> str:
    if claim.state not in LETTER_STATES:
        return _("Another person has to approve the claim before its letter is issued.")
    return ""


def _content(claim: SecurityClaim) -> dict[str, Any]:
    contract, instrument = claim.contract, claim.instrument
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "instrument": {
            "number": instrument.number,
            "money": nature_of(instrument.form) == "money",
            "issuer": instrument.issuer,
            "amount": str(instrument.amount),
            "issued_on": day(instrument.issued_on),
            "expires_on": day(instrument.expires_on),
        },
        "claim": priced(
            claim.amount,
            number=claim.number,
            clause=claim.clause,
            reason=claim.reason,
        ),
    }


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract, instrument, claim = content["contract"], content["instrument"], content["claim"]
    currency = contract["currency"]
    return {
        "contract": contract,
        "signed_on": long_day(contract["signed_on"]),
        "instrument": {
            **instrument,
            "amount": money(instrument["amount"], currency),
            "issued_on": long_day(instrument["issued_on"]),
            "expires_on": long_day(instrument["expires_on"]),
        },
        "claim": {**claim, "amount": money(claim["amount"], currency), "clause": clause_text(claim["clause"])},
    }


KIND = Kind("guarantee_claim", "保函索赔通知书", "SP", "security_claim", _load, _refuse, _content, _layout)

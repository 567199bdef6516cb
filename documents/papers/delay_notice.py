"""The notice that public funds delay a payment (财政延付告知书): a letter to the vendor with the reason, and a receipt
to sign, which is the evidence of its delivery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from billing.models import FiscalHold
from billing.terms import money_terms
from contracts.models import Clause
from documents.kinds import Kind, clause_text, contract_facts, day, long_day, money, priced


def _load(key: str) -> FiscalHold | None:
    rows = FiscalHold.objects.select_related("contract__buyer", "contract__vendor", "milestone__obligation")
    found: FiscalHold | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(hold: FiscalHold) -> str:
    if hold.ended_on is not None:
        return _("The delay is over. Pay instead of giving notice of it.")
    return ""


def _clause(hold: FiscalHold) -> dict[str, str]:
    """The contract's clause on such delays, with its heading; empty where the contract has none."""
    number = money_terms(hold.contract).hold_clause
    rows = Clause.objects.filter(contract=hold.contract, version__state="active", code=number)
    found = rows.first() if number else None
    return {"number": number, "title": found.title if found else ""}


def _content(hold: FiscalHold) -> dict[str, Any]:
    milestone = hold.milestone
    return {
        "kind": KIND.code,
        "contract": contract_facts(hold.contract),
        "milestone": {
            "title": milestone.title,
            "clause": milestone.clause,
            "due_on": day(milestone.obligation.due_on),
        },
        "delayed": priced(milestone.amount - milestone.paid - milestone.deducted),
        "clause": _clause(hold),
        "reason": hold.reason,
        "known_on": day(hold.known_on),
    }


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract, milestone, clause = content["contract"], content["milestone"], content["clause"]
    basis = clause_text(clause["number"]) if clause["number"] else ""
    return {
        "contract": contract,
        "milestone": {**milestone, "clause": clause_text(milestone["clause"]), "due_on": long_day(milestone["due_on"])},
        "delayed": {**content["delayed"], "amount": money(content["delayed"]["amount"], contract["currency"])},
        "basis": f"{basis}（{clause['title']}）" if basis and clause["title"] else basis,
        "reason": content["reason"],
        "known_on": long_day(content["known_on"]),
        "signed_on": long_day(contract["signed_on"]),
    }


KIND = Kind("delay_notice", "财政延付告知书", "YF", "hold", _load, _refuse, _content, _layout, to_vendor=True)

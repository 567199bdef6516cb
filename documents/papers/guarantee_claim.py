"""The claim letter on a security, called by its form: on a promise (保函索赔通知书) to whoever issued it, in writing,
before it expires; on money held (保证金扣款通知书) to the vendor who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from billing.models import SecurityClaim, SecurityMovement
from billing.rules_guarantee import nature_of
from documents.kinds import Kind, clause_text, contract_facts, day, long_day, money, priced

LETTER_STATES = ("approved", "delivered", "paid")


@dataclass(frozen=True, slots=True)
class Words:
    """How a letter calls a security: its own title, the security's name, and how the buyer came by the money it holds
    of it ("" while it is a promise of somebody else)."""

    title: str
    name: str
    held_by: str = ""


PROMISES: dict[str, Words] = {
    "bank_guarantee": Words("保函索赔通知书", "保函"),
    "surety": Words("担保书索赔通知书", "担保书"),
    "insurance": Words("保险索赔通知书", "保险单"),
}
PROMISE = Words("担保索赔通知书", "担保")
SUMS: dict[str, Words] = {
    "cash": Words("保证金扣款通知书", "现金保证金", "贵方为此向我方交存了现金保证金"),
    "deposit": Words("保证金扣款通知书", "保证金", "贵方为此向我方交存了保证金"),
    "retention": Words("质保金扣款通知书", "质保金", "我方为此从合同价款中留存了质保金"),
}
CASHED: dict[str, Words] = {
    "draft": Words("担保款项扣款通知书", "汇票", "贵方为此向我方交付了汇票，我方已将其兑现"),
    "cheque": Words("担保款项扣款通知书", "支票", "贵方为此向我方交付了支票，我方已将其兑现"),
    "promissory_note": Words("担保款项扣款通知书", "本票", "贵方为此向我方交付了本票，我方已将其兑现"),
    "bank_guarantee": Words("担保款项扣款通知书", "保函", "贵方为此向我方提交了保函，我方已提取其项下款项"),
}
MONEY = Words("担保款项扣款通知书", "担保", "贵方为此向我方提供了担保，我方现持有其款项")


def words_of(form: str, *, held: bool) -> Words:
    """The words for a form of security, while it is a promise or once its money is held."""
    return SUMS.get(form) or CASHED.get(form, MONEY) if held else PROMISES.get(form, PROMISE)


def _load(key: str) -> SecurityClaim | None:
    rows = SecurityClaim.objects.select_related("contract__buyer", "contract__vendor", "instrument")
    found: SecurityClaim | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(claim: SecurityClaim) -> str:
    if claim.state not in LETTER_STATES:
        return _("Another person has to approve the claim before its letter is issued.")
    return ""


def _cashed_before(claim: SecurityClaim) -> bool:
    """Whether the instrument had been turned into money when the claim was proposed: a later call changes no letter."""
    turned = claim.instrument.movements.filter(kind=SecurityMovement.Kind.CASHED, recorded_at__lt=claim.proposed_at)
    return turned.exists()


def _content(claim: SecurityClaim) -> dict[str, Any]:
    contract, instrument = claim.contract, claim.instrument
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "instrument": {
            "number": instrument.number,
            "form": instrument.form,
            "held": nature_of(instrument.form) == "money" or _cashed_before(claim),
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
            owed=claim.liability_id is not None,
            keeps=claim.keeps,
        ),
    }


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract, instrument, claim = content["contract"], content["instrument"], content["claim"]
    currency = contract["currency"]
    words = words_of(instrument["form"], held=instrument["held"])
    return {
        "title": words.title,
        "words": {"name": words.name, "held_by": words.held_by, "act": "扣款" if instrument["held"] else "索赔"},
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


KIND = Kind("guarantee_claim", PROMISE.title, "SP", "security_claim", _load, _refuse, _content, _layout)

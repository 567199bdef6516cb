"""A contract with a security: half a percent of a small price, owed until a month after the term, and its people."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import time_machine

from billing import services
from billing.models import Liability, SecurityClaim, SecurityInstrument, SecurityOrder
from billing.services import guarantee, guarantee_claims
from contracts.models import DefinitionVersion
from engine.definition import parse_definition
from engine.dependencies import dependency_map
from obligations.models import Obligation
from obligations.services.evaluation import obligations_materialise
from tests.billing.world import DATA, NOW, pay_world, pdf
from tests.world import World

REQUIRED = Decimal("50000.05")
VALID_UNTIL = date(2026, 7, 30)


def _duty(number: int, title: str, due: str, **more: Any) -> dict[str, Any]:
    return {
        "ref": f"OB-{number}", "title": title, "clause": "8.2", "kind": "contractual", "tracking": "once",
        "group": "保证金", "category": "保证金", "obligor": ["vendor"], "obligee": ["buyer"], "trigger": "见条款",
        "deadline_text": "见条款", "due": due, "evidence": "原件", "consequence": "无", **more,
    }  # fmt: skip


SECURED: dict[str, Any] = {
    **deepcopy(DATA),
    "policy": {"end": {"title": "届满前", "steps": [29, 15, 6], "role": "FIN", "chain": ["MGR"]}},
    "reading": {
        "late_fee_cap": {
            "title": "迟延金封顶", "clause": "8.2", "ref": "R-1", "problem": "封住总额还是每日", "default": "total",
            "must_choose": True, "why": "失衡",
            "options": [{"key": "total", "text": "累计封顶"}, {"key": "per_day", "text": "逐日累加"}],
        },
    },
    "item": {
        "guarantee": {
            "title": "保函", "plural": "guarantees", "clause": "8.2", "recorder": "FIN", "confirmer": "MGR",
            "attributes": {
                "form": "text", "bank": "text", "amount": "money", "issued": "date", "expires": "date",
                "renewed": "date",
            },
        },
        "bill": {
            "title": "票据", "plural": "bills", "clause": "8.2", "recorder": "FIN", "confirmer": "MGR",
            "attributes": {"form": "text", "amount": "money", "matures": "date", "cashed": "date"},
        },
        "deduction": {
            "title": "扣减", "plural": "deductions", "clause": "8.3", "recorder": "FIN", "confirmer": "MGR",
            "attributes": {"deducted": "date", "amount": "money", "topped_up": "date"},
        },
    },
    "event": {
        **DATA["event"],
        "signed": {"title": "签订", "clause": "1", "at": "2025-06-25"},
        "claim_made": {"title": "提出索赔", "clause": "8.2", "recorder": "FIN"},
        "claims_closed": {"title": "索赔了结", "clause": "8.2", "recorder": "FIN"},
    },
    "duty": {
        **DATA["duty"],
        "hand_in": _duty(130, "提交保证金", "event.signed + 5 days"),
        "renewal": _duty(
            135, "续函", "g.expires - 15 workdays", safe="g.expires - 16 workdays", done="g.renewed",
            **{"for": "guarantees[expires < 2026-07-30] as g"},
        ),
        "cash_in": _duty(
            143, "兑现票据", "b.matures - 10 workdays", done="b.cashed",
            **{"for": "bills[matures < 2026-07-30] as b"},
        ) | {"kind": "internal", "obligor": ["buyer"]},
        "top_up": _duty(144, "补足", "d.deducted + 15 days", done="d.topped_up", **{"for": "deductions as d"}),
        "decide": _duty(140, "届满前定夺", "on 2026-07-30", policy="end")
        | {"kind": "internal", "obligor": ["buyer"]},
        "give_back": _duty(
            137, "退还",
            "if(happened(event.claim_made), latest(on 2026-07-30, event.claims_closed), on 2026-07-30) + 10 workdays",
        ) | {"obligor": ["buyer"], "obligee": ["vendor"]},
    },
    "rule": {
        "renewal_late": {
            "title": "迟延金", "clause": "8.2", "for": "breaches(duty.renewal) as b", "yields": "money",
            "amount": "if(reading.late_fee_cap == 'total', min(b.days * 5% * contract.total, CNY 50000.05), "
            "b.days * min(5% * contract.total, CNY 50000.05))",
            "because": "b", "debtor": "vendor", "creditor": "buyer",
        },
    },
    "security": {
        "performance": {
            "title": "履约保证金", "clause": "8.1", "amount": str(REQUIRED), "rate": "5%",
            "forms": ["bank_guarantee", "cash", "draft", "cheque"], "valid_until": "2026-07-30", "interest": False,
            "submit": "hand_in", "renew": "renewal", "refund": "give_back", "cash": "cash_in", "decide": "decide",
            "late_fee": "renewal_late", "item": "guarantee", "paper": "bill", "claimed": "claim_made",
            "closed": "claims_closed", "accepted": "acceptance_signed",
            "draws": "deduction", "risks": ["event.acceptance_signed", "duty.payment_3"],
            "grounds": [
                {"key": "liability", "clause": "8.3", "title": "应担责任", "limit": "liability"},
                {"key": "overdue", "clause": "8.2", "title": "续函逾期", "limit": "balance", "keeps": True},
            ],
        },
    },
}  # fmt: skip


def secured_world() -> World:
    """The contract of the payment stories, with the security in force as its second version."""
    world = pay_world()
    DefinitionVersion.objects.filter(contract=world.contract).update(state="superseded")
    DefinitionVersion.objects.create(
        contract=world.contract,
        number=2,
        state="active",
        sha256=f"secured-{world.contract.pk:056d}",
        data=SECURED,
        dependencies={name: sorted(needs) for name, needs in dependency_map(parse_definition(SECURED)).items()},
        activated_at=NOW + timedelta(minutes=1),
    )
    obligations_materialise(world.contract)
    return world


def at(year: int, month: int, day: int) -> time_machine.travel:
    """Ten in the morning of that day in Beijing."""
    return time_machine.travel(datetime(year, month, day, 2, tzinfo=UTC), tick=True)


def handed_in(world: World, *, who: str = "FIN", **given: Any) -> SecurityInstrument:
    """A bank's guarantee of the printed amount, valid to the end of what is owed, unless said otherwise."""
    values: dict[str, Any] = {
        "form": "bank_guarantee", "number": "BG-0001", "issuer": "演示银行", "amount": REQUIRED,
        "issued_on": date(2025, 6, 27), "received_on": date(2025, 6, 30), "expires_on": VALID_UNTIL,
        "upload": pdf("scan.pdf"),
    } | given  # fmt: skip
    return guarantee.instrument_submit(
        actor=world.viewer(who), contract=world.contract, security="performance", **values
    )


def accepted(world: World, **given: Any) -> SecurityInstrument:
    return guarantee.instrument_decide(
        actor=world.viewer("MGR"), instrument=handed_in(world, **given), accept=True, note="经财务处认可"
    )


def owed(world: World, amount: str = "20000.00", key: str = "case-1") -> Liability:
    return services.liability_open(
        actor=world.viewer("MGR"), contract=world.contract, source_key=key, title="违约金", clause="13.3",
        amount=Decimal(amount),
    )  # fmt: skip


def claimed(world: World, instrument: SecurityInstrument, amount: str, **given: Any) -> SecurityClaim:
    values: dict[str, Any] = {"ground": "liability", "reason": "违约金未付", **given}
    return guarantee_claims.security_claim_propose(
        actor=world.viewer("FIN"), instrument=instrument, amount=Decimal(amount), **values
    )


def delivered(world: World, instrument: SecurityInstrument, amount: str, on: date, **given: Any) -> SecurityClaim:
    claim = claimed(world, instrument, amount, **given)
    claim = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)
    return guarantee_claims.security_claim_deliver(
        actor=world.viewer("FIN"), claim=claim, delivered_on=on, reference="EMS 1001"
    )


def given_back(world: World, instrument: SecurityInstrument, amount: Decimal, on: date) -> SecurityOrder:
    order = guarantee.order_propose(
        actor=world.viewer("FIN"), instrument=instrument, kind="release", amount=amount, on=on, reference="退还收据 01"
    )
    return guarantee.order_decide(actor=world.viewer("MGR"), order=order, approve=True)


def duty(world: World, name: str, key: str = "") -> Obligation:
    found: Obligation = Obligation.objects.get(contract=world.contract, duty=name, key_text=key)
    return found

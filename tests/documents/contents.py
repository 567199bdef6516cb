"""A small content of every kind of document, by hand: what the papers of other stories would freeze."""

from __future__ import annotations

import copy
from typing import Any

from documents.kinds import priced
from engine.money import round_money
from tests.documents.samples import FACTS

CONTRACT = FACTS["content"]["contract"]
MONEY = round_money(12345)
_HEAD = {"title": "违约金", "clause": "13.3"}
_DEDUCTION = {
    "number": "PAY-2025-01-D-2025-0001", "milestone": "第 1 笔款", "clause": "7.2(1)", "on": "2025-10-20",
    "amount": "12345.00", "reverses": "",
}  # fmt: skip
_CLAIM = {
    "number": "PAY-2025-01-C-2025-0001",
    "due_on": "2025-11-20",
    "amount": "1.00",
    "state": "open",
    "settled_on": "",
}
_PENALTY: dict[str, Any] = {
    "case": priced(MONEY, number="PAY-2025-01-P-2025-0001", happened_on="2025-10-13", **_HEAD),
    "things": [{"what": "故障", "number": "i1", "at": "2025-10-13 11:00"}],
    "rows": [{**_HEAD, "stage": stage, "low": "1.00", "high": "2.00"} for stage in ("heaviest", "displaced")],
    "sentences": ["费用基数 × 30 % = 12345.00。"],
    "readings": [{"title": "费用基数", "clause": "附件 2", "text": "按合同金额"}],
    "reducible": True,
    "figures": {"number": 2, "as_of": "2025-10-20", "rules": 1},
}
CONTENTS: dict[str, dict[str, Any]] = {
    "payment_approval": FACTS["content"],
    "payment_advice": {
        "milestone": {"title": "第 1 笔款", "clause": "7.2(1)", "amount": "12350.00"},
        "deductions": [{"number": "D-1", "on": "2025-10-16", "amount": "4.00", **_HEAD}],
        "earlier": "1.00",
        "paid": priced(MONEY, on="2025-10-17", reference="BOC-1"),
        "payee": {"name": "收款公司", "bank": "演示银行", "account": "62220000111122223333"},
        "invoices": ["25112000000012345678"],
    },
    "payment_ledger": {
        "milestones": [
            {"position": 1, "title": "第 1 笔款", "clause": "7.2(1)", "amount": "3.00", "deducted": "1.00",
             "paid": "1.00"}
        ],
        "entries": [
            {"on": "2025-10-17", "recorded": "", "what": "付款", "milestone": "第 1 笔款", "voucher": "A-1",
             "reference": "BOC-1", "paid": "1.00", "deducted": ""},
            {"on": "2025-10-18", "recorded": "", "what": "抵扣", "milestone": "第 1 笔款", "voucher": "D-1",
             "reference": "违约金（第 13.3 条）", "paid": "", "deducted": "1.00"},
        ],
    },
    "deduction_sheet": {
        "liability": priced(MONEY, opened_on="2025-10-20", **_HEAD),
        "changes": [{"amount": "-5.00", "on": "2025-10-20"}],
        "deductions": [_DEDUCTION],
        "claims": [_CLAIM],
        "refunds": [
            {"number": "R-1", "reason": "法院改判。", "state": "paid", "paid_on": "2025-11-20", "amount": "1.00"}
        ],
        "deducted": priced(MONEY),
        "claimed": "1.00",
        "drawn": "0.00",
        "open": "0.00",
    },
    "delay_notice": {
        "milestone": {"title": "第 1 笔款", "clause": "7.2(1)", "due_on": "2025-11-04"},
        "delayed": priced(MONEY),
        "clause": {"number": "7.3", "title": "付款单位与财政延付"},
        "reason": "年度预算尚未批复。",
        "known_on": "2025-10-17",
    },
    "guarantee_claim": {
        "instrument": {"number": "BG-0001", "form": "bank_guarantee", "held": False, "issuer": "演示银行",
                       "amount": "50000.05", "issued_on": "2025-06-27", "expires_on": "2026-07-30"},
        "claim": priced(MONEY, number="G-1", clause="8.3", reason="违约金未付。", owed=True, keeps=False),
    },
    "guarantee_return": {
        "instrument": {"number": "BG-0001", "issuer": "演示银行", "amount": "50000.05", "drawn": "0.00",
                       "received_on": "2025-06-30", "expires_on": "2026-07-30"},
        "returned": priced(MONEY, on="2026-08-05", reference="退还收据 01"),
    },
    "penalty_notice": {**_PENALTY, "period": {"days": 10, "unit": "workdays", "clause": "13.5", "until": ""}},
    "penalty_confirmation": {
        **_PENALTY,
        "course": {"notified_on": "2025-10-17", "delivered_on": "2025-10-20", "objected_on": "", "decision": "partly",
                   "decided_on": "2025-10-30", "agreed_on": "2025-11-01"},
    },
    "penalty_settlement": {
        **_PENALTY,
        "case": {**_PENALTY["case"], "state": "settled"},
        "deductions": [_DEDUCTION],
        "claims": [_CLAIM],
        "drawn": "0.00",
        "open": "0.00",
        "owed": "12345.00",
    },
}  # fmt: skip
# Words the system chooses itself, figures and dates: no person's text ever stands there.
OWN = {
    "kind", "currency", "total", "amount", "capitals", "state", "stage", "unit", "frozen", "paid_before", "paid_after",
    "deducted", "claimed", "drawn", "open", "owed", "paid", "low", "high", "on", "recorded", "due_on", "known_on",
    "signed_on", "issued_on", "expires_on", "until", "decision", "what", "sha256", "earlier",
}  # fmt: skip


def facts_of(kind: str) -> dict[str, Any]:
    """Frozen facts around the content of a kind."""
    return {**copy.deepcopy(FACTS), "content": {"contract": CONTRACT, **copy.deepcopy(CONTENTS[kind]), "kind": kind}}


def poisoned(value: Any, text: str, name: str = "") -> Any:
    """The same facts with `text` added to whatever a person could have written."""
    if isinstance(value, dict):
        return {key: poisoned(item, text, key) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item, text, name) for item in value]
    return f"{value}{text}" if isinstance(value, str) and name not in OWN else value

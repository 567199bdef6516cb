"""Frozen facts of a payment approval form, and how a test reads a PDF."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from typing import Any

from documents import printed

FACTS = {
    "layout": printed.LAYOUT,
    "number": "PAY-2025-01-FK-2025-0001",
    "issued_at": "2025-10-20T02:00:00+00:00",
    "issued_on": "2025-10-20",
    "issued_by": "FIN",
    "verify_url": "https://pay.example.invalid/verify/abc/",
    "content": {
        "kind": "payment_approval",
        "contract": {
            "number": "PAY-2025-01",
            "title": "演示付款合同",
            "currency": "CNY",
            "total": "4845283.52",
            "signed_on": "2025-06-20",
            "buyer": "付款单位",
            "vendor": "收款公司",
        },
        "payee": {"name": "收款公司", "bank": "演示银行", "account": "62220000111122223333"},
        "milestone": {
            "title": "第 1 笔款",
            "clause": "7.2(1)",
            "position": 1,
            "count": 3,
            "amount": "1211320.88",
            "paid_before": "0.00",
            "frozen": "0.00",
        },
        "deductions": [
            {
                "number": "PAY-2025-01-D-2025-0001",
                "title": "九月报告迟交",
                "clause": "附件 3",
                "deducted_on": "2025-10-12",
                "amount": "11320.88",
            }
        ],
        "application": {
            "number": "PAY-2025-01-A-2025-0001",
            "amount": "1200000.00",
            "capitals": "壹佰贰拾万元整",
            "state": "approved",
            "note": "",
            "applied_by": "财务甲",
            "applied_on": "2025-10-17",
            "decided_by": "主管乙",
            "decided_on": "2025-10-18",
            "decision_note": "同意支付。",
        },
        "paid_before": "0.00",
        "paid_after": "1200000.00",
        "due": {
            "state": "known",
            "on": "2025-11-04",
            "safe_on": "2025-11-04",
            "derivation": ["生效后第 90 个工作日。"],
        },
        "invoices": [
            {
                "number": "25112000000012345678",
                "issued_on": "2025-10-09",
                "amount": "1211320.88",
                "checked_by": "财务丙",
                "checked_on": "2025-10-16",
            }
        ],
        "payment": None,
    },
}


def text_of(body: bytes) -> str:
    """The text as it stands on the pages."""
    found = subprocess.run(["pdftotext", "-layout", "-", "-"], input=body, capture_output=True, check=True)
    return found.stdout.decode()


def fields(facts: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every text of the content, by its path."""
    if isinstance(facts, str):
        yield path
    elif isinstance(facts, dict):
        for key, value in facts.items():
            yield from fields(value, (*path, key))
    elif isinstance(facts, list):
        for index, value in enumerate(facts):
            yield from fields(value, (*path, index))


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The facts with one value of their content replaced."""
    facts = copy.deepcopy(FACTS)
    target = facts["content"]
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return facts


def squeezed(body: bytes) -> str:
    """The text without blanks and line ends: what was broken over lines is found as it was written."""
    return "".join(text_of(body).split())


def pages_of(body: bytes) -> list[str]:
    """The text of each page."""
    return text_of(body).split("\f")[:-1]

"""The payment ledger (付款台账) of a contract: what was paid and deducted, entry by entry, and where each instalment
stands. It runs to the moment of its issue; with nothing new since, the same ledger is given again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.models import Deduction, Milestone, Payment
from contracts.models import Contract
from documents.kinds import ZERO, Kind, clause_text, contract_facts, day, money, total

PAID, REVERSED, DEDUCTED, RESTORED = "付款", "付款冲回", "抵扣", "抵扣冲回"


def _load(key: str) -> Contract | None:
    found: Contract | None = Contract.objects.select_related("buyer", "vendor").filter(pk=int(key)).first()
    return found


def _refuse(_contract: Contract) -> str:
    return ""


def _payments(contract: Contract) -> list[dict[str, Any]]:
    rows = Payment.objects.filter(contract=contract).select_related(
        "application__milestone", "reverses__application__milestone"
    )
    entries = []
    for row in rows.order_by("pk"):
        application = (row.reverses or row).application
        if application is None:
            continue  # the database has none: a payment has its application, a counter-entry its payment
        entries.append(
            {
                "on": day(row.paid_on),
                "recorded": row.posted_at.isoformat(),
                "what": PAID if row.amount > 0 else REVERSED,
                "milestone": application.milestone.title,
                "voucher": application.number,
                "reference": row.bank_reference,
                "paid": str(row.amount),
                "deducted": "",
            }
        )
    return entries


def _deductions(contract: Contract) -> list[dict[str, Any]]:
    rows = Deduction.objects.filter(contract=contract).select_related("milestone", "liability").order_by("pk")
    return [
        {
            "on": day(row.deducted_on),
            "recorded": row.added_at.isoformat(),
            "what": DEDUCTED if row.amount > 0 else RESTORED,
            "milestone": row.milestone.title,
            "voucher": row.number,
            "reference": f"{row.liability.title}（{clause_text(row.liability.clause)}）",
            "paid": "",
            "deducted": str(row.amount),
        }
        for row in rows
    ]


def _content(contract: Contract) -> dict[str, Any]:
    entries = sorted([*_payments(contract), *_deductions(contract)], key=lambda row: (row["on"], row["recorded"]))
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "milestones": [
            {
                "position": row.position,
                "title": row.title,
                "clause": row.clause,
                "amount": str(row.amount),
                "deducted": str(row.deducted),
                "paid": str(row.paid),
            }
            for row in Milestone.objects.filter(contract=contract).order_by("position")
        ],
        "entries": entries,
    }


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract = content["contract"]
    currency = contract["currency"]

    def figure(amount: Any) -> str:
        return money(amount, currency)

    milestones = content["milestones"]
    sums = {name: total(row[name] for row in milestones) for name in ("amount", "deducted", "paid")}
    so_far, entries = ZERO, []
    for row in content["entries"]:
        so_far += total([row["paid"] or ZERO])
        entries.append(
            {
                **row,
                "paid": figure(row["paid"]) if row["paid"] else "",
                "deducted": figure(row["deducted"]) if row["deducted"] else "",
                "so_far": figure(so_far),
            }
        )
    return {
        "contract": {**contract, "total": figure(contract["total"])},
        "milestones": [
            {
                **row,
                "clause": clause_text(row["clause"]),
                "amount": figure(row["amount"]),
                "deducted": figure(row["deducted"]),
                "paid": figure(row["paid"]),
                "open": figure(total([row["amount"]]) - total([row["deducted"], row["paid"]])),
            }
            for row in milestones
        ],
        "sums": {
            **{name: figure(value) for name, value in sums.items()},
            "open": figure(sums["amount"] - sums["deducted"] - sums["paid"]),
        },
        "entries": entries,
        "entry_sums": {
            "paid": figure(total(row["paid"] or ZERO for row in content["entries"])),
            "deducted": figure(total(row["deducted"] or ZERO for row in content["entries"])),
        },
        "boxes": [{"title": title, "who": "", "when": ""} for title in ("编制", "复核", "财务负责人")],
    }


KIND = Kind("payment_ledger", "付款台账", "TZ", "contract", _load, _refuse, _content, _layout)

"""The deduction confirmation (抵扣确认单): one liability of the vendor, how it is settled (out of instalments, by a
transfer of the vendor's own, out of the security; less what goes back), and what is left. Both parties sign it; it
names no person of the buyer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Liability
from documents.kinds import Kind, clause_text, contract_facts, day, line, listed, local_day, money, priced, total

CLAIM_STATES = {"open": "待支付", "settled": "已到账", "withdrawn": "已撤回"}
REFUND_STATES = {"open": "待退还", "paid": "已退还"}


def _load(key: str) -> Liability | None:
    rows = Liability.objects.select_related("contract__buyer", "contract__vendor")
    found: Liability | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(liability: Liability) -> str:
    if not (liability.deducted or liability.claimed or liability.drawn):
        return _("Nothing is deducted, claimed or drawn yet. Settle some of it first.")
    return ""


def _content(liability: Liability) -> dict[str, Any]:
    contract = liability.contract
    open_amount = liability.amount - liability.deducted - liability.claimed - liability.drawn
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "liability": priced(
            liability.amount,
            title=liability.title,
            clause=liability.clause,
            opened_on=local_day(liability.opened_at, contract),
        ),
        "changes": [
            {"amount": str(row.amount), "on": local_day(row.changed_at, contract)}
            for row in liability.changes.order_by("pk")
        ],
        "deductions": [
            {
                "number": row.number,
                "milestone": row.milestone.title,
                "clause": row.milestone.clause,
                "on": day(row.deducted_on),
                "amount": str(row.amount),
                "reverses": row.reverses.number if row.reverses else "",
            }
            for row in liability.deductions.select_related("milestone", "reverses").order_by("pk")
        ],
        "claims": [
            {
                "number": row.number,
                "due_on": day(row.due_on),
                "amount": str(row.amount),
                "state": row.state,
                "settled_on": day(row.settled_on),
            }
            for row in liability.claims.order_by("pk")
        ],
        "refunds": [
            {
                "number": row.number,
                "reason": row.note,
                "state": row.state,
                "paid_on": day(row.paid_on),
                "amount": str(row.amount),
            }
            for row in liability.refunds.order_by("pk")
        ],
        "deducted": priced(liability.deducted),
        "claimed": str(liability.claimed),
        "drawn": str(liability.drawn),
        "open": str(open_amount),
    }


def _reckoning(content: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    changed = total(row["amount"] for row in content["changes"])
    first = "应承担金额（初定）" if content["changes"] else "应承担金额"
    lines = [line(first, money(Decimal(content["liability"]["amount"]) - changed, currency))]
    for row in content["changes"]:
        amount = Decimal(row["amount"])
        lines.append(line(f"调整（{row['on']}）", money(abs(amount), currency), "＋" if amount > 0 else "−"))
    lines.append(line("自合同款中抵扣", money(content["deducted"]["amount"], currency), "−"))
    lines.append(
        line(
            "由服务商另行支付（已扣除退还）" if content["refunds"] else "由服务商另行支付",
            money(content["claimed"], currency),
            "−",
        )
    )
    lines.append(line("自履约担保中提取", money(content["drawn"], currency), "−"))
    lines.append(line("尚未安排", money(content["open"], currency), "=", "sum"))
    return lines


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract = content["contract"]
    currency = contract["currency"]
    liability = content["liability"]
    return {
        "contract": contract,
        "liability": {
            **liability,
            "amount": money(liability["amount"], currency),
            "clause": clause_text(liability["clause"]),
        },
        "deducted": {**content["deducted"], "amount": money(content["deducted"]["amount"], currency)},
        "reckoning": _reckoning(content, currency),
        "deductions": listed(content["deductions"], currency),
        "claims": [
            {**row, "amount": money(row["amount"], currency), "state": CLAIM_STATES[row["state"]]}
            for row in content["claims"]
        ],
        "refunds": [
            {**row, "amount": money(row["amount"], currency), "state": REFUND_STATES[row["state"]]}
            for row in content["refunds"]
        ],
        "boxes": [
            {"title": "采购人（盖章）", "who": contract["buyer"], "when": ""},
            {"title": "服务商（盖章）", "who": contract["vendor"], "when": ""},
        ],
    }


KIND = Kind("deduction_sheet", "抵扣确认单", "DK", "liability", _load, _refuse, _content, _layout, to_vendor=True)

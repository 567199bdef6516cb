"""The penalty settlement (违约金结算书): how an agreed penalty was met, part by part, until nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from documents.kinds import Kind, clause_text, day, line, money, taken_off
from documents.papers import penalty_facts
from documents.papers.deduction_sheet import CLAIM_STATES
from documents.papers.penalty_confirmation import boxes
from penalties.models import PenaltyCase

SETTLED = ("settled", "closed")
DRAW_STATES = {"proposed": "待审批", "approved": "已批准，待送达", "delivered": "已送达，待答复", "paid": "已到账"}


def _refuse(case: PenaltyCase) -> str:
    if case.state not in SETTLED or case.liability is None:
        return _("A settlement is issued once the penalty has been settled.")
    return ""


def _content(case: PenaltyCase) -> dict[str, Any]:
    found = penalty_facts.content(case, KIND.code)
    liability = case.liability
    assert liability is not None
    return {
        **found,
        "deductions": [
            {
                "number": row.number,
                "milestone": row.milestone.title,
                "clause": row.milestone.clause,
                "on": day(row.deducted_on),
                "amount": str(row.amount),
            }
            for row in liability.deductions.select_related("milestone").order_by("pk")
        ],
        "claims": [
            {
                "number": row.number,
                "state": row.state,
                "due_on": day(row.due_on),
                "settled_on": day(row.settled_on),
                "amount": str(row.amount),
            }
            for row in liability.claims.exclude(state="withdrawn").order_by("pk")
        ],
        "drawn": str(liability.drawn),
        "draws": [
            {
                "number": row.number,
                "security": row.instrument.number,
                "state": row.state,
                "on": day(row.answered_on if row.state == "paid" else row.delivered_on),
                "amount": str(row.paid if row.state == "paid" else row.amount),
            }
            for row in liability.security_claims.exclude(state__in=("rejected", "refused", "withdrawn"))
            .select_related("instrument")
            .order_by("pk")
        ],
        "refunds": [
            {"number": row.number, "state": row.state, "on": day(row.paid_on), "amount": str(row.amount)}
            for row in liability.refunds.order_by("pk")
        ],
        "open": str(liability.amount - liability.deducted - liability.claimed - liability.drawn),
        "owed": str(liability.amount),
    }


def _reckoning(content: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    lines = [line("应承担的违约金", money(content["owed"], currency))]
    for row in content["deductions"]:
        place, entry = f"自“{row['milestone']}”（{clause_text(row['clause'])}）中", f"{row['number']}，{row['on']}"
        lines.append(taken_off(f"{place}抵扣：{entry}", f"{place}抵扣冲回：{entry}", row["amount"], currency))
    for row in content["claims"]:
        when = f"{row['settled_on']} 到账" if row["settled_on"] else f"{row['due_on']} 前支付"
        text = f"服务商另行支付（{CLAIM_STATES[row['state']]}）：{row['number']}，{when}"
        lines.append(line(text, money(row["amount"], currency), "−"))
    if "draws" not in content and content["drawn"] not in {"0", "0.00"}:
        # issued before draws were printed one by one
        lines.append(line("自履约担保中提取", money(content["drawn"], currency), "−"))
    for row in content.get("draws", ()):
        words = DRAW_STATES[row["state"]] + (f"，{row['on']}" if row["on"] else "")
        text = f"自履约担保 {row['security']} 提取（{words}）：{row['number']}"
        lines.append(line(text, money(row["amount"], currency), "−"))
    for row in content.get("refunds", ()):
        words = f"{row['on']} 已退还" if row["on"] else "待退还"
        lines.append(line(f"退还服务商（{words}）：{row['number']}", money(row["amount"], currency), "＋"))
    lines.append(line("尚未清偿", money(content["open"], currency), "=", "sum"))
    return lines


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **penalty_facts.layout(content),
        "state": "已结清" if content["case"]["state"] == "closed" else "已结算",
        "reckoning": _reckoning(content, content["contract"]["currency"]),
        "boxes": boxes(content["contract"]),
    }


KIND = Kind(
    "penalty_settlement",
    "违约金结算书",
    "JS",
    "case",
    penalty_facts.load,
    _refuse,
    _content,
    _layout,
    to_vendor=True,
)

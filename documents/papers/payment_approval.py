"""The payment approval form (付款审批单): an application with its invoices, what was deducted before, the reckoning
应付 − 抵扣 = 实付, and room for the pen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from billing.models import Deduction, Freeze, Payment, PaymentApplication
from billing.selectors.milestones import due_view
from documents.kinds import (
    DUE_STATES,
    ZERO,
    Kind,
    clause_text,
    contract_facts,
    day,
    line,
    local_day,
    money,
    name_of,
    priced,
    taken_off,
    total,
)

STATES = {"applied": "待审批", "approved": "已批准", "paid": "已付款", "reversed": "已冲回"}


def _load(key: str) -> PaymentApplication | None:
    rows = PaymentApplication.objects.select_related(
        "contract",
        "contract__buyer",
        "contract__vendor",
        "milestone",
        "milestone__obligation",
        "applied_by",
        "decided_by",
    )
    found: PaymentApplication | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(application: PaymentApplication) -> str:
    if application.state == PaymentApplication.State.REJECTED:
        return _("This application was rejected. Apply again before you print a form.")
    return ""


def _before(application: PaymentApplication, own: Payment | None) -> tuple[Decimal, Decimal]:
    """Paid under the contract and on the milestone before this application's own payment, counter-entries taken off:
    what is paid later does not change an issued form."""
    earlier = Payment.objects.filter(contract_id=application.contract_id).exclude(application=application)
    if own is not None:
        earlier = earlier.filter(pk__lt=own.pk)
    of_milestone = Q(application__milestone=application.milestone_id) | Q(
        reverses__application__milestone=application.milestone_id
    )
    # Added here, not in SQL: SQLite adds decimals as binary fractions.
    return total(earlier.values_list("amount", flat=True)), total(
        earlier.filter(of_milestone).values_list("amount", flat=True)
    )


def _deductions(application: PaymentApplication, until: datetime | None) -> list[dict[str, Any]]:
    """Taken off the milestone until the payment was posted, counter-entries as negative rows."""
    rows = Deduction.objects.filter(milestone_id=application.milestone_id).select_related("liability").order_by("pk")
    if until is not None:
        rows = rows.filter(added_at__lte=until)
    return [
        {
            "number": row.number,
            "title": row.liability.title,
            "clause": row.liability.clause,
            "deducted_on": day(row.deducted_on),
            "amount": str(row.amount),
        }
        for row in rows
    ]


def _frozen(application: PaymentApplication, until: datetime | None) -> Decimal:
    rows = Freeze.objects.filter(milestone_id=application.milestone_id)
    if until is None:
        rows = rows.filter(lifted_at=None)
    else:
        rows = rows.filter(Q(lifted_at=None) | Q(lifted_at__gt=until), set_at__lte=until)
    return total(rows.values_list("amount", flat=True))


def _content(application: PaymentApplication) -> dict[str, Any]:
    contract, milestone = application.contract, application.milestone
    with translation.override("zh-hans"):
        due = due_view(milestone)
    payment = Payment.objects.filter(application=application).select_related("posted_by").first()
    posted_at = payment.posted_at if payment else None
    before, before_here = _before(application, payment)
    return {
        "kind": KIND.code,
        "contract": contract_facts(contract),
        "payee": {
            "name": application.payee_name,
            "bank": application.payee_bank,
            "account": application.payee_account,
        },
        "milestone": {
            "title": milestone.title,
            "clause": milestone.clause,
            "position": milestone.position,
            "count": contract.milestones.count(),
            "amount": str(milestone.amount),
            "paid_before": str(before_here),
            "frozen": str(_frozen(application, posted_at)),
        },
        "deductions": _deductions(application, posted_at),
        "application": priced(
            application.amount,
            number=application.number,
            state=application.state,
            note=application.note,
            applied_by=name_of(application.applied_by),
            applied_on=local_day(application.applied_at, contract),
            decided_by=name_of(application.decided_by),
            decided_on=local_day(application.decided_at, contract),
            decision_note=application.decision_note,
        ),
        "paid_before": str(before),
        "paid_after": str(before + application.amount),
        "due": {
            "state": due.state,
            "on": day(due.on),
            "safe_on": day(due.safe_on),
            "derivation": list(due.sentences),
        },
        "invoices": [
            {
                "number": invoice.number,
                "issued_on": day(invoice.issued_on),
                "amount": str(invoice.amount),
                "checked_by": name_of(invoice.checked_by),
                "checked_on": local_day(invoice.checked_at, contract),
            }
            for invoice in application.invoices.select_related("checked_by").order_by("pk")
        ],
        "payment": (
            {
                "paid_on": day(payment.paid_on),
                "bank_reference": payment.bank_reference,
                "posted_by": name_of(payment.posted_by),
            }
            if payment
            else None
        ),
    }


def _boxes(application: Mapping[str, str], payment: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Who the system knows to have acted, and room for the pen."""
    paid = payment or {}
    return [
        {"title": "经办（申请）", "who": application["applied_by"], "when": application["applied_on"]},
        {"title": "财务复核", "who": "", "when": ""},
        {"title": "审批", "who": application["decided_by"], "when": application["decided_on"]},
        {"title": "付款", "who": paid.get("posted_by", ""), "when": paid.get("paid_on", "")},
    ]


def _reckoning(content: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    """应付 − 抵扣 (− 暂缓 − 此前已付) = 实付; what could be paid and what stays open where it is not all paid now."""
    milestone = content["milestone"]
    frozen, before = Decimal(milestone["frozen"]), Decimal(milestone["paid_before"])
    deducted = total(row["amount"] for row in content["deductions"])
    payable = Decimal(milestone["amount"]) - deducted - frozen - before
    now = Decimal(content["application"]["amount"])
    lines = [line("应付（本节点金额）", money(milestone["amount"], currency))]
    if not content["deductions"]:
        lines.append(line("抵扣（无）", money(ZERO, currency), "−"))
    for row in content["deductions"]:
        words = f"{row['title']}（{clause_text(row['clause'])}；{row['number']}，{row['deducted_on']}）"
        lines.append(taken_off(f"抵扣：{words}", f"抵扣冲回：{words}", row["amount"], currency))
    if frozen:
        lines.append(line("暂缓支付（争议未决，并非扣减）", money(frozen, currency), "−"))
    if before:
        lines.append(line("本节点此前已付", money(before, currency), "−"))
    if payable != now:
        lines.append(line("可付", money(payable, currency), "="))
        lines.append(line("留待以后支付", money(payable - now, currency), "−"))
    lines.append(line("实付（本次付款）", money(now, currency), "=", "sum"))
    return lines


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract, milestone, due = content["contract"], content["milestone"], content["due"]
    currency = contract["currency"]
    left = Decimal(contract["total"]) - Decimal(content["paid_after"])
    return {
        "state": STATES[content["application"]["state"]],
        "contract": {**contract, "total": money(contract["total"], currency)},
        "payee": content["payee"],
        "milestone": {
            **milestone,
            "amount": money(milestone["amount"], currency),
            "clause": clause_text(milestone["clause"]),
        },
        "application": {
            **content["application"],
            "amount": money(content["application"]["amount"], currency),
        },
        "paid_before": money(content["paid_before"], currency),
        "paid_after": money(content["paid_after"], currency),
        "left_after": money(left, currency),
        "due": {**due, "text": f"{due['on']}{DUE_STATES.get(due['state'], '')}"},
        "reckoning": _reckoning(content, currency),
        "invoices": [{**row, "amount": money(row["amount"], currency)} for row in content["invoices"]],
        "invoice_total": money(total(row["amount"] for row in content["invoices"]), currency),
        "boxes": _boxes(content["application"], content["payment"]),
        "payment": content["payment"],
        "decision_note": content["application"]["decision_note"],
    }


KIND = Kind("payment_approval", "付款审批单", "FK", "application", _load, _refuse, _content, _layout)

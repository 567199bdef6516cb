"""The payment advice (付款通知书): a letter to the vendor about one transfer: the instalment, what was deducted from
it under which clause, what was transferred when with which bank reference, and what is left. It names nobody of the
buyer."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import Deduction, Payment
from documents.kinds import (
    ZERO,
    Kind,
    clause_text,
    contract_facts,
    day,
    line,
    listed,
    long_day,
    money,
    priced,
    taken_off,
)


def _load(key: str) -> Payment | None:
    rows = Payment.objects.select_related(
        "contract__buyer", "contract__vendor", "application__milestone", "reversed_by"
    )
    found: Payment | None = rows.filter(pk=int(key)).first()
    return found


def _refuse(payment: Payment) -> str:
    if payment.application is None:
        return _("A counter-entry is no payment. Give notice of the payment itself.")
    if getattr(payment, "reversed_by", None) is not None:
        return _("This payment was reversed. Give notice of the one that is made instead.")
    return ""


def _content(payment: Payment) -> dict[str, Any]:
    application = payment.application
    assert application is not None  # _refuse has asked
    milestone = application.milestone
    ours = Q(application__milestone=milestone) | Q(reverses__application__milestone=milestone)
    earlier = Payment.objects.filter(ours, pk__lt=payment.pk).values_list("amount", flat=True)
    deductions = Deduction.objects.filter(milestone=milestone, added_at__lte=payment.posted_at)
    return {
        "kind": KIND.code,
        "contract": contract_facts(payment.contract),
        "milestone": {"title": milestone.title, "clause": milestone.clause, "amount": str(milestone.amount)},
        "deductions": [
            {
                "number": row.number,
                "title": row.liability.title,
                "clause": row.liability.clause,
                "on": day(row.deducted_on),
                "amount": str(row.amount),
            }
            for row in deductions.select_related("liability").order_by("pk")
        ],
        "earlier": str(sum(earlier, ZERO)),
        "paid": priced(payment.amount, on=day(payment.paid_on), reference=payment.bank_reference),
        "payee": {
            "name": application.payee_name,
            "bank": application.payee_bank,
            "account": application.payee_account,
        },
        "invoices": [row.number for row in application.invoices.order_by("pk")],
    }


def _reckoning(content: Mapping[str, Any], currency: str) -> list[dict[str, Any]]:
    left = Decimal(content["milestone"]["amount"])
    lines = [line("合同约定应付", money(left, currency))]
    for row in content["deductions"]:
        left -= Decimal(row["amount"])
        words = f"{row['title']}（{clause_text(row['clause'])}）"
        lines.append(taken_off(f"抵扣：{words}", f"抵扣冲回：{words}", row["amount"], currency))
    earlier = Decimal(content["earlier"])
    if earlier:
        left -= earlier
        lines.append(line("此前已付", money(earlier, currency), "−"))
    left -= Decimal(content["paid"]["amount"])
    lines.append(line("本次实付", money(content["paid"]["amount"], currency), "−"))
    lines.append(line("本节点尚余", money(left, currency), "=", "sum"))
    return lines


def _layout(content: Mapping[str, Any]) -> dict[str, Any]:
    contract = content["contract"]
    currency = contract["currency"]
    paid = content["paid"]
    return {
        "contract": contract,
        "milestone": {**content["milestone"], "clause": clause_text(content["milestone"]["clause"])},
        "paid": {**paid, "amount": money(paid["amount"], currency), "on": long_day(paid["on"])},
        "payee": content["payee"],
        "invoices": "、".join(content["invoices"]),
        "reckoning": _reckoning(content, currency),
        "deductions": listed(content["deductions"], currency),
        "signed_on": long_day(contract["signed_on"]),
    }


KIND = Kind("payment_advice", "付款通知书", "FT", "payment", _load, _refuse, _content, _layout, to_vendor=True)

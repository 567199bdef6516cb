"""The payment approval form (付款审批单): which facts it freezes and how they are laid out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import segno
from django.utils import translation

from billing.models import Payment, PaymentApplication
from billing.selectors.milestones import due_view
from documents import render
from engine.money import to_capitals

KIND = "payment_approval"
STATES = {"applied": "待审批", "approved": "已批准", "paid": "已付款"}
DUE_STATES = {"provisional": "（暂定，次年节假日公布后可能变动）", "pending": "待条件成就", "never": "不再适用"}
SYMBOLS = {"CNY": "¥"}


def _paid_before(application: PaymentApplication) -> Decimal:
    """Paid under the contract before this application's own payment: later payments do not change an issued form."""
    earlier = Payment.objects.filter(contract_id=application.contract_id).exclude(application=application)
    own = Payment.objects.filter(application=application).first()
    if own is not None:
        earlier = earlier.filter(pk__lt=own.pk)
    # Added here, not in SQL: SQLite adds decimals as binary fractions.
    return sum(earlier.values_list("amount", flat=True), Decimal("0.00"))


def content_facts(application: PaymentApplication) -> dict[str, Any]:
    """Everything the form says about an application, as JSON with amounts and dates as text. Equal as long as nothing
    about the application changed; the number and the date of issue are not in it."""
    contract, milestone = application.contract, application.milestone
    zone = ZoneInfo(contract.zone)

    def on(moment: datetime | None) -> str:
        return moment.astimezone(zone).date().isoformat() if moment else ""

    with translation.override("zh-hans"):  # the form is Chinese whoever issues it
        due = due_view(milestone)
    before = _paid_before(application)
    decided = application.decided_by.display_name if application.decided_by else ""
    payment = Payment.objects.filter(application=application).first()
    return {
        "kind": KIND,
        "contract": {
            "number": contract.number,
            "title": contract.title,
            "currency": contract.currency,
            "total": str(contract.total),
        },
        "payer": {"name": contract.buyer.name},
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
        },
        "application": {
            "number": application.number,
            "amount": str(application.amount),
            "capitals": to_capitals(application.amount),
            "state": application.state,
            "note": application.note,
            "applied_by": application.applied_by.display_name,
            "applied_on": on(application.applied_at),
            "decided_by": decided,
            "decided_on": on(application.decided_at),
            "decision_note": application.decision_note,
        },
        "paid_before": str(before),
        "paid_after": str(before + application.amount),
        "due": {
            "state": due.state,
            "on": due.on.isoformat() if due.on else "",
            "safe_on": due.safe_on.isoformat() if due.safe_on else "",
            "derivation": list(due.sentences),
        },
        "invoices": [
            {
                "number": invoice.number,
                "issued_on": invoice.issued_on.isoformat(),
                "amount": str(invoice.amount),
                "checked_by": invoice.checked_by.display_name if invoice.checked_by else "",
                "checked_on": on(invoice.checked_at),
            }
            for invoice in application.invoices.select_related("checked_by").order_by("pk")
        ],
        "payment": (
            {
                "paid_on": payment.paid_on.isoformat(),
                "bank_reference": payment.bank_reference,
                "posted_by": payment.posted_by.display_name,
            }
            if payment
            else None
        ),
    }


def _amount(text: str, currency: str) -> str:
    return f"{SYMBOLS.get(currency, currency + ' ')}{Decimal(text):,}"


def _clause(number: str) -> str:
    """A clause as it is cited; an annex keeps its name."""
    return f"第 {number} 条" if number[:1].isdigit() else number


def _boxes(application: Mapping[str, str], payment: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Who the system knows to have acted, and room for the pen."""
    paid = payment or {}
    return [
        {"title": "经办（申请）", "who": application["applied_by"], "when": application["applied_on"]},
        {"title": "财务复核", "who": "", "when": ""},
        {"title": "审批", "who": application["decided_by"], "when": application["decided_on"]},
        {"title": "付款", "who": paid.get("posted_by", ""), "when": paid.get("paid_on", "")},
    ]


def layout(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The template's context from frozen facts; nothing else is read."""
    content = facts["content"]
    currency = content["contract"]["currency"]
    total, after = Decimal(content["contract"]["total"]), Decimal(content["paid_after"])
    due = content["due"]
    return {
        "number": facts["number"],
        "issued_on": facts["issued_on"],
        "state": STATES[content["application"]["state"]],
        "contract": {**content["contract"], "total": _amount(content["contract"]["total"], currency)},
        "payer": content["payer"],
        "payee": content["payee"],
        "milestone": {
            **content["milestone"],
            "amount": _amount(content["milestone"]["amount"], currency),
            "clause": _clause(content["milestone"]["clause"]),
        },
        "application": {
            **content["application"],
            "amount": _amount(content["application"]["amount"], currency),
        },
        "paid_before": _amount(content["paid_before"], currency),
        "paid_after": _amount(content["paid_after"], currency),
        "left_after": _amount(str(total - after), currency),
        "due": {**due, "text": f"{due['on']}{DUE_STATES.get(due['state'], '')}"},
        "invoices": [{**row, "amount": _amount(row["amount"], currency)} for row in content["invoices"]],
        "invoice_total": _amount(
            str(sum((Decimal(row["amount"]) for row in content["invoices"]), Decimal("0.00"))), currency
        ),
        "boxes": _boxes(content["application"], content["payment"]),
        "decision_note": content["application"]["decision_note"],
        "facts_sha256": render.facts_hash(facts),
        "verify_url": facts["verify_url"],
        "qr": segno.make(facts["verify_url"], error="m", micro=False).svg_data_uri(border=1),
    }


def render_pdf(facts: Mapping[str, Any]) -> bytes:
    """The form's bytes: the same for the same facts."""
    return render.pdf(
        KIND,
        layout(facts),
        issued_at=datetime.fromisoformat(facts["issued_at"]),
        identifier=render.facts_hash(facts),
    )

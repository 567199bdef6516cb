"""Money that waits for somebody: to be checked, decided, paid or recorded; only for those who may do it, which whoever
put it forward, or approved it, often may not."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from accounts.policy import allows
from accounts.scoping import Viewer
from billing.models import (
    Allocation,
    Invoice,
    PayeeChange,
    PaymentApplication,
    PaymentReversal,
    Refund,
    SecurityClaim,
    SecurityInstrument,
    SecurityOrder,
)
from contracts.selectors.waiting import waiting_rows

# What is to be done, who may, which rows in which state, who brought them there and when, what they are about and move,
# and whom the database bars from it for an earlier act of theirs ("" for nobody).
KINDS: tuple[tuple[str, str, Any, str, str, str, str, str], ...] = (
    ("invoice_check", "invoice.check", Invoice, "received", "submitted", "milestone__title", "amount", "submitted"),
    ("payment_decide", "payment.approve", PaymentApplication, "applied", "applied", "milestone__title", "amount",
     "applied"),
    ("payment_post", "payment.post", PaymentApplication, "approved", "decided", "milestone__title", "amount", ""),
    ("reversal_decide", "payment.reverse.approve", PaymentReversal, "proposed", "proposed", "reason", "", "proposed"),
    ("payee_decide", "payee.confirm", PayeeChange, "proposed", "proposed", "reason", "", "proposed"),
    ("refund_pay", "refund.pay", Refund, "open", "approved", "liability__title", "amount", "approved"),
    ("instrument_decide", "security.decide", SecurityInstrument, "submitted", "submitted", "number", "amount",
     "submitted"),
    ("claim_decide", "security.decide", SecurityClaim, "proposed", "proposed", "reason", "amount", "proposed"),
    ("claim_deliver", "security.record", SecurityClaim, "approved", "decided", "reason", "amount", ""),
    ("claim_answer", "security.record", SecurityClaim, "delivered", "delivered", "reason", "amount", "decided"),
    ("order_decide", "security.decide", SecurityOrder, "proposed", "proposed", "note", "amount", "proposed"),
    ("allocation_decide", "allocation.approve", Allocation, "proposed", "proposed", "reason", "", "proposed"),
)  # fmt: skip


def money_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """One set of rows per kind the viewer may act on."""
    found = []
    for task, action, model, state, act, about, amount, barred in KINDS:
        if not allows(viewer, action):
            continue
        rows = model.objects.visible_to(viewer).filter(state=state)
        if barred:
            rows = rows.exclude(**{f"{barred}_by": viewer.user_id})
        found.append(waiting_rows(rows, task=task, about=about, by=f"{act}_by", since=f"{act}_at", amount=amount))
    return found

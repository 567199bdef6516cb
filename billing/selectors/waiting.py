"""Money that waits for somebody: to be checked, decided or paid; never what the person put forward themselves."""

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
    SecurityClaim,
    SecurityInstrument,
    SecurityOrder,
)
from contracts.selectors.waiting import waiting_rows

# What is to be done, who may, which rows in which state, whose they are and since when, what they are about and move.
KINDS: tuple[tuple[str, str, Any, str, str, str, str], ...] = (
    ("invoice_check", "invoice.check", Invoice, "received", "submitted", "milestone__title", "amount"),
    ("payment_decide", "payment.approve", PaymentApplication, "applied", "applied", "milestone__title", "amount"),
    ("payment_post", "payment.post", PaymentApplication, "approved", "decided", "milestone__title", "amount"),
    ("reversal_decide", "payment.reverse.approve", PaymentReversal, "proposed", "proposed", "reason", ""),
    ("payee_decide", "payee.confirm", PayeeChange, "proposed", "proposed", "reason", ""),
    ("instrument_decide", "security.decide", SecurityInstrument, "submitted", "submitted", "number", "amount"),
    ("claim_decide", "security.decide", SecurityClaim, "proposed", "proposed", "reason", "amount"),
    ("order_decide", "security.decide", SecurityOrder, "proposed", "proposed", "note", "amount"),
    ("allocation_decide", "allocation.approve", Allocation, "proposed", "proposed", "reason", ""),
)


def money_waiting(viewer: Viewer) -> list[QuerySet[Any]]:
    """One set of rows per kind the viewer may act on."""
    found = []
    for task, action, model, state, act, about, amount in KINDS:
        if not allows(viewer, action):
            continue
        rows = model.objects.visible_to(viewer).filter(state=state).exclude(**{f"{act}_by": viewer.user_id})
        found.append(waiting_rows(rows, task=task, about=about, by=f"{act}_by", since=f"{act}_at", amount=amount))
    return found

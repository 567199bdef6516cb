"""What waits for a person in the whole product, with words and where to go: the first thing the inbox shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.scoping import Viewer
from billing.selectors.waiting import money_waiting
from contracts.selectors.waiting import Waiting, terms_waiting, waiting_list
from penalties.selectors.waiting import penalties_waiting
from sla.selectors.waiting import service_waiting

LIMIT = 20
# What is to be done; the address to do it or to look first; whether the address names the contract too.
TASKS: dict[str, tuple[Promise, str, bool]] = {
    "reading": (_("Decide the proposed reading"), "web:contract_reading_choice", True),
    "version_activate": (_("Decide about the draft version"), "web:version_activate", True),
    "calendar_decide": (_("Decide the proposed working days"), "web:workdays_year", False),
    "invoice_check": (_("Check the invoice"), "web:invoice_check", False),
    "payment_decide": (_("Decide the payment application"), "web:application", False),
    "payment_post": (_("Enter the payment"), "web:application", False),
    "reversal_decide": (_("Decide the reversal"), "web:reversal_decide", False),
    "payee_decide": (_("Decide the change of account"), "web:payee_decide", False),
    "refund_pay": (_("Record the refund"), "web:refund_pay", False),
    "instrument_decide": (_("Recognise the security, or refuse it"), "web:instrument_decide", False),
    "claim_decide": (_("Decide the claim on the security"), "web:security_claim", False),
    "claim_deliver": (_("Deliver the claim on the security"), "web:security_claim", False),
    "claim_answer": (_("Record what came of the claim"), "web:security_claim", False),
    "order_decide": (_("Decide about the security"), "web:security_order_decide", False),
    "allocation_decide": (_("Decide the allocation"), "web:allocation_version", True),
    "findings_confirm": (_("Confirm the findings"), "web:findings_confirm", False),
    "exclusion_judge": (_("Decide the exclusion"), "web:exclusion_judge", False),
    "penalty_approve": (_("Decide the proposed penalty"), "web:penalty", False),
    "penalty_notify": (_("Send the notice of the penalty"), "web:penalty", False),
    "penalty_decide": (_("Decide the vendor's objection"), "web:penalty_dispute", False),
    "penalty_settle": (_("Settle the agreed penalty"), "web:penalty", False),
    "settlement_decide": (_("Approve the settlement"), "web:settlement_decide", False),
    "adjustment_decide": (_("Decide the adjustment"), "web:adjustment_decide", False),
}


@dataclass(frozen=True, slots=True)
class Task:
    """A line of the inbox: what to do, about what, in which contract ("" for none), for how much, put forward by whom
    and when."""

    text: str
    url: str
    about: str
    contract: str
    currency: str
    amount: Decimal | None
    person: str
    since: datetime


def tasks_for(viewer: Viewer) -> tuple[Task, ...]:
    """The first of what waits for the viewer, the longest waiting first; one statement, whatever the number."""
    kinds = (
        *penalties_waiting(viewer), *money_waiting(viewer), *service_waiting(viewer), *terms_waiting(viewer)
    )  # fmt: skip
    return tuple(_task(row) for row in waiting_list(kinds, limit=LIMIT))


def _task(row: Waiting) -> Task:
    text, route, with_contract = TASKS[row.task]
    return Task(
        text=str(text),
        url=reverse(route, args=[row.contract_id, row.key] if with_contract else [row.key]),
        about=row.about or "",
        contract=row.contract,
        currency=row.currency,
        amount=row.amount,
        person=row.person or "",
        since=row.since,
    )

"""The words for the codes of billing.rules, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as N

STATES: dict[str, str] = {
    "not_met": N("Condition not met"),
    "waiting_invoice": N("Waiting for invoice"),
    "payable": N("Payable"),
    "applied": N("Applied for"),
    "approved": N("Approved"),
    "paid": N("Paid"),
}

LINES: dict[str, str] = {
    "trigger_met": N("What the payment depends on has happened"),
    "trigger_pending": N("What the payment depends on has not happened yet"),
    "trigger_never": N("What the payment depends on can no longer happen"),
    "term_ended": N("The service term has ended (%(on)s)"),
    "term_running": N("The service term runs until %(on)s"),
    "invoice_checked": N("Checked invoices cover the amount (%(amount)s)"),
    "invoice_received": N("An invoice has come in and waits to be checked (%(amount)s)"),
    "invoice_partial": N("Checked invoices do not cover the amount yet (%(amount)s missing)"),
    "invoice_missing": N("No invoice has come in; the buyer is not in breach"),
    "payee_known": N("The account to pay to is the one in the contract"),
    "payee_unknown": N("The contract's definition names no account to pay to"),
    "deadline_open": N("There is no date yet"),
    "deadline_ahead": N("Due on %(on)s (%(days)s days left)"),
    "deadline_estimate": N("Due on %(on)s by estimate: the holidays of that year are not published yet"),
    "deadline_passed": N("Was due on %(on)s (%(days)s days overdue)"),
    "deadline_excused": N("Was due on %(on)s; without an invoice the buyer is not in breach"),
    "paid_in_time": N("Paid in time (due on %(on)s)"),
    "paid_late": N("Paid %(days)s days after %(on)s"),
    "application_none": N("No payment has been applied for"),
    "application_early": N("A payment cannot be applied for yet"),
    "application_rejected": N("The last application was rejected"),
    "application_applied": N("Applied for, waiting for the decision"),
    "application_approved": N("Approved, waiting for the bank transfer"),
    "application_paid": N("Paid"),
}

STEPS: dict[str, str] = {
    "record_event": N("record the event with its evidence"),
    "trigger_never": N("decide how the contract goes on"),
    "wait_for_term": N("nothing to do before that day"),
    "hand_in_invoice": N("hand in the invoice"),
    "check_invoice": N("check the invoice"),
    "complete_payee": N("load a definition that names the account"),
    "apply": N("apply for the payment"),
    "decide_application": N("approve or reject the application"),
    "post_payment": N("transfer the money and enter the bank reference"),
}

ROLES: dict[str, str] = {"IT": N("Buyer IT"), "FIN": N("Finance"), "MGR": N("Manager"), "VND": N("Vendor")}


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"¥{value:,.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "、".join(str(item) for item in value)
    return str(value)


def state_text(state: str) -> str:
    """A milestone's state in words."""
    return _(STATES[state])


def line_text(code: str, params: Mapping[str, Any]) -> str:
    """What is the case with one condition."""
    return _(LINES[code]) % {name: _shown(value) for name, value in params.items()}


def step_text(step: str, who: str) -> str:
    """Who does what next; empty when nothing is to be done."""
    if not step:
        return ""
    if not who:
        return _(STEPS[step])
    return _("%(who)s: %(step)s") % {"who": _(ROLES[who]), "step": _(STEPS[step])}

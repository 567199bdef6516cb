"""The words for the codes of billing.rules, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

STATES: dict[str, str] = {
    "not_met": gettext_noop("Condition not met"),
    "waiting_invoice": gettext_noop("Waiting for invoice"),
    "payable": gettext_noop("Payable"),
    "applied": gettext_noop("Applied for"),
    "approved": gettext_noop("Approved"),
    "paid": gettext_noop("Paid"),
}

LINES: dict[str, str] = {
    "trigger_met": gettext_noop("What the payment depends on has happened"),
    "trigger_pending": gettext_noop("What the payment depends on has not happened yet"),
    "trigger_missing": gettext_noop("Not happened yet: %(missing)s"),
    "trigger_never": gettext_noop("What the payment depends on can no longer happen"),
    "term_ended": gettext_noop("The service term has ended (%(on)s)"),
    "term_running": gettext_noop("The service term runs until %(on)s"),
    "invoice_checked": gettext_noop("Checked invoices cover the amount (%(amount)s)"),
    "invoice_received": gettext_noop("An invoice has come in and waits to be checked (%(amount)s)"),
    "invoice_partial": gettext_noop("Checked invoices do not cover the amount yet (%(amount)s missing)"),
    "invoice_missing": gettext_noop("No invoice has come in; the buyer is not in breach"),
    "payee_known": gettext_noop("The account to pay to is the one in the contract"),
    "payee_unknown": gettext_noop("The contract's definition names no account to pay to"),
    "deadline_open": gettext_noop("There is no date yet"),
    "deadline_ahead": gettext_noop("Due on %(on)s (%(days)s days left)"),
    "deadline_estimate": gettext_noop("Due on %(on)s by estimate: the holidays of that year are not published yet"),
    "deadline_passed": gettext_noop("Was due on %(on)s (%(days)s days overdue)"),
    "deadline_excused": gettext_noop("Was due on %(on)s; without an invoice the buyer is not in breach"),
    "paid_in_time": gettext_noop("Paid in time (due on %(on)s)"),
    "paid_late": gettext_noop("Paid %(days)s days after %(on)s"),
    "application_none": gettext_noop("No payment has been applied for"),
    "application_early": gettext_noop("A payment cannot be applied for yet"),
    "application_rejected": gettext_noop("The last application was rejected"),
    "application_applied": gettext_noop("Applied for, waiting for the decision"),
    "application_approved": gettext_noop("Approved, waiting for the bank transfer"),
    "application_paid": gettext_noop("Paid"),
}

STEPS: dict[str, str] = {
    "record_event": gettext_noop("record the event with its evidence"),
    "trigger_never": gettext_noop("decide how the contract goes on"),
    "wait_for_term": gettext_noop("nothing to do before that day"),
    "hand_in_invoice": gettext_noop("hand in the invoice"),
    "check_invoice": gettext_noop("check the invoice"),
    "complete_payee": gettext_noop("load a definition that names the account"),
    "apply": gettext_noop("apply for the payment"),
    "decide_application": gettext_noop("approve or reject the application"),
    "post_payment": gettext_noop("transfer the money and enter the bank reference"),
}

ROLES: dict[str, str] = {
    "IT": gettext_noop("Buyer IT"),
    "FIN": gettext_noop("Finance"),
    "MGR": gettext_noop("Manager"),
    "VND": gettext_noop("Vendor"),
}


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

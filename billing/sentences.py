"""The words for the codes of billing.rules, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from contracts.money_words import money_text

STATES: dict[str, str] = {
    "not_met": gettext_noop("Condition not met"),
    "waiting_invoice": gettext_noop("Waiting for invoice"),
    "invoice_received": gettext_noop("Invoice to be checked"),
    "payable": gettext_noop("Payable"),
    "applied": gettext_noop("Applied for"),
    "approved": gettext_noop("Approved"),
    "paid": gettext_noop("Paid"),
    "settled": gettext_noop("Settled by deduction"),
}

SIDES: dict[str, str] = {
    "hold_notified": gettext_noop("Fiscal hold, vendor notified"),
    "hold_not_notified": gettext_noop("Fiscal hold, vendor not notified"),
    "pay_at_once": gettext_noop("Funds released: pay at once"),
    "disputed_day": gettext_noop("Day in dispute"),
    "overdue": gettext_noop("Overdue"),
}

LINES: dict[str, str] = {
    "trigger_met": gettext_noop("What the payment depends on has happened"),
    "acceptance_met": gettext_noop("The term's end and the signed acceptance report are recorded"),
    "trigger_early": gettext_noop("Payable only from %(on)s on"),
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
    "invoice_net": gettext_noop(
        "Checked invoices cover what is left after deductions (%(amount)s); "
        "finance settles whether the whole is invoiced"
    ),
    "invoice_not_needed": gettext_noop("Nothing is left to be invoiced for payment"),
    "payee_changed": gettext_noop("The account to pay to was changed on the vendor's letter; two people confirmed it"),
    "payee_proposed": gettext_noop("A change of the account to pay to waits for the second person"),
    "payee_unknown": gettext_noop("The contract's definition names no account to pay to"),
    "guarantee_valid": gettext_noop("The guarantee is valid until %(on)s"),
    "guarantee_money": gettext_noop("The security is held in money"),
    "guarantee_ended": gettext_noop("The guarantee's period ended on %(on)s as agreed"),
    "guarantee_expiring": gettext_noop("The guarantee ends on %(on)s and must be renewed before"),
    "guarantee_gap": gettext_noop("The guarantee does not cover the agreed period: gap from %(on)s"),
    "guarantee_none": gettext_noop("No guarantee has been accepted"),
    "penalties_none": gettext_noop("Nothing is to be deducted"),
    "penalties_undecided": gettext_noop("%(amount)s is frozen until what the vendor owes is decided"),
    "penalties_undeducted": gettext_noop("%(amount)s is decided and not deducted yet"),
    "penalties_deducted": gettext_noop("%(amount)s is deducted"),
    "hold_not_notified": gettext_noop("Funds are held; the vendor has not been told, so the excuse is in doubt"),
    "hold_notified": gettext_noop("Funds are held; the vendor was told on %(on)s and being late is no breach"),
    "hold_pay_at_once": gettext_noop("Funds are released: pay at once, by %(on)s as an internal target"),
    "hold_target_passed": gettext_noop("Funds are released; the internal target of %(on)s has passed"),
    "hold_ended": gettext_noop("The hold of the funds ended on %(on)s"),
    "deadline_open": gettext_noop("There is no date yet"),
    "deadline_ahead": gettext_noop("Due on %(on)s (%(days)s days left)"),
    "deadline_today": gettext_noop("Due today (%(on)s)"),
    "deadline_disputed_day": gettext_noop("Due by %(on)s; under the stricter reading %(safe)s was the last day"),
    "deadline_estimate_passed": gettext_noop("Estimated for %(on)s; an estimate does not make the buyer late"),
    "deadline_gate_late": gettext_noop("The invoice came after %(on)s; no contractual date is left"),
    "deadline_held": gettext_noop("Was due on %(on)s; the fiscal hold excuses the delay"),
    "target_ahead": gettext_noop("Internal target: pay by %(on)s"),
    "target_passed": gettext_noop("The internal target of %(on)s has passed %(days)s days ago; this is no breach"),
    "deadline_estimate": gettext_noop("Due on %(on)s by estimate: the holidays of that year are not published yet"),
    "deadline_passed": gettext_noop("Was due on %(on)s (%(days)s days overdue)"),
    "deadline_excused": gettext_noop("Was due on %(on)s; without an invoice the buyer is not in breach"),
    "paid_in_time": gettext_noop("Paid in time (due on %(on)s)"),
    "paid_disputed_day": gettext_noop("Paid on a day in dispute: in time by %(on)s, late by %(safe)s"),
    "paid_gate_late": gettext_noop("Paid; the invoice had come after %(on)s"),
    "paid_late": gettext_noop("Paid %(days)s days after %(on)s"),
    "application_none": gettext_noop("No payment has been applied for"),
    "application_early": gettext_noop("A payment cannot be applied for yet"),
    "application_rejected": gettext_noop("The last application was rejected"),
    "application_applied": gettext_noop("Applied for, waiting for the decision"),
    "application_approved": gettext_noop("Approved, waiting for the bank transfer"),
    "application_reversed": gettext_noop("The last payment was reversed by a counter-entry"),
    "application_settled": gettext_noop("Settled by deduction; nothing is left to pay"),
    "application_paid": gettext_noop("Paid"),
}

STEPS: dict[str, str] = {
    "record_event": gettext_noop("record the event with its evidence"),
    "record_acceptance": gettext_noop("record the signed acceptance report"),
    "decide_payee": gettext_noop("confirm or reject the change of account against the letter"),
    "hand_in_guarantee": gettext_noop("hand in the guarantee"),
    "renew_guarantee": gettext_noop("renew the guarantee in time"),
    "decide_penalties": gettext_noop("decide what the vendor owes"),
    "deduct": gettext_noop("deduct it before paying"),
    "notify_vendor": gettext_noop("notify the vendor of the reason and keep the proof of delivery"),
    "end_hold": gettext_noop("record the release of the funds"),
    "pay_at_once": gettext_noop("pay at once"),
    "pay_disputed": gettext_noop("pay today; by the reading in force it is in time, by the stricter one late"),
    "trigger_never": gettext_noop("decide how the contract goes on"),
    "wait_for_day": gettext_noop("nothing to do before that day"),
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


def shown(value: Any, currency: str) -> str:
    """A value in a sentence; amounts in the contract's currency, with every digit they have."""
    if isinstance(value, Decimal):
        return money_text(value, currency)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return "、".join(str(item) for item in value)
    return str(value)


def state_text(state: str) -> str:
    """A milestone's state in words."""
    return _(STATES[state])


def side_text(side: str) -> str:
    """What stands beside a milestone's state, in words."""
    return _(SIDES[side])


def line_text(code: str, params: Mapping[str, Any], currency: str) -> str:
    """What is the case with one condition; amounts in the contract's currency."""
    return _(LINES[code]) % {name: shown(value, currency) for name, value in params.items()}


def step_text(step: str, who: str) -> str:
    """Who does what next; empty when nothing is to be done."""
    if not step:
        return ""
    if not who:
        return _(STEPS[step])
    return _("%(who)s: %(step)s") % {"who": _(ROLES[who]), "step": _(STEPS[step])}

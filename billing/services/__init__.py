"""What may be done with money. Every function: policy check, locks, change, journal, all in one transaction."""

from billing.services.applications import payment_apply, payment_decide, payment_post
from billing.services.claims import separate_claim_add, separate_claim_settle, separate_claim_withdraw
from billing.services.deductions import deduction_add, deduction_reverse, freeze_lift, freeze_set
from billing.services.holds import hold_end, hold_notify, hold_open
from billing.services.invoices import invoice_add, invoice_check
from billing.services.liabilities import liability_adjust, liability_open
from billing.services.milestones import milestones_sync
from billing.services.payees import payee_decide, payee_propose
from billing.services.refunds import refund_add, refund_pay
from billing.services.reversals import reversal_decide, reversal_propose

__all__ = [
    "deduction_add",
    "deduction_reverse",
    "freeze_lift",
    "freeze_set",
    "hold_end",
    "hold_notify",
    "hold_open",
    "invoice_add",
    "invoice_check",
    "liability_adjust",
    "liability_open",
    "milestones_sync",
    "payee_decide",
    "payee_propose",
    "payment_apply",
    "payment_decide",
    "payment_post",
    "refund_add",
    "refund_pay",
    "reversal_decide",
    "reversal_propose",
    "separate_claim_add",
    "separate_claim_settle",
    "separate_claim_withdraw",
]

"""What may be done with money. Every function: policy check, locks, change, journal, all in one transaction."""

from billing.services.applications import payment_apply, payment_decide, payment_post
from billing.services.claims import separate_claim_add, separate_claim_settle, separate_claim_withdraw
from billing.services.deductions import deduction_add, deduction_reverse, freeze_lift, freeze_set
from billing.services.invoices import invoice_add, invoice_check
from billing.services.liabilities import liability_adjust, liability_draw, liability_open
from billing.services.milestones import milestones_sync

__all__ = [
    "deduction_add",
    "deduction_reverse",
    "freeze_lift",
    "freeze_set",
    "invoice_add",
    "invoice_check",
    "liability_adjust",
    "liability_draw",
    "liability_open",
    "milestones_sync",
    "payment_apply",
    "payment_decide",
    "payment_post",
    "separate_claim_add",
    "separate_claim_settle",
    "separate_claim_withdraw",
]

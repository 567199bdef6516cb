"""What may be done with money. Every function: policy check, locks, change, journal, all in one transaction."""

from billing.services.applications import payment_apply, payment_decide, payment_post
from billing.services.invoices import invoice_add, invoice_check
from billing.services.milestones import milestones_sync

__all__ = [
    "invoice_add",
    "invoice_check",
    "milestones_sync",
    "payment_apply",
    "payment_decide",
    "payment_post",
]

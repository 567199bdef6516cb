"""Money: milestones, invoices, payments, deductions, holds, allocation. What is posted is countered, never edited."""

from billing.models.allocation import Allocation, AllocationShare, SystemUse
from billing.models.deductions import Deduction, Freeze, Liability, LiabilityChange, SeparateClaim
from billing.models.guarantee import SecurityClaim, SecurityInstrument, SecurityMovement, SecurityOrder
from billing.models.holds import FiscalHold
from billing.models.invoices import Invoice, InvoiceTax
from billing.models.milestones import Milestone, NumberSequence
from billing.models.payments import PayeeChange, Payment, PaymentApplication, PaymentReversal
from billing.models.refunds import Refund

__all__ = [
    "Allocation",
    "AllocationShare",
    "Deduction",
    "FiscalHold",
    "Freeze",
    "Invoice",
    "InvoiceTax",
    "Liability",
    "LiabilityChange",
    "Milestone",
    "NumberSequence",
    "PayeeChange",
    "Payment",
    "PaymentApplication",
    "PaymentReversal",
    "Refund",
    "SecurityClaim",
    "SecurityInstrument",
    "SecurityMovement",
    "SecurityOrder",
    "SeparateClaim",
    "SystemUse",
]

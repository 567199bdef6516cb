"""What goes back to the vendor: too much of what it paid itself, or of what its guarantee paid for it."""

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.deductions import Liability, SeparateClaim
from billing.models.guarantee import SecurityClaim
from contracts.models import Contract
from contracts.money_fields import MoneyField


class Refund(ContractScoped):
    """The counter-record of a claim that was met: ordered by one person and approved by another, then transferred. The
    claim stays as it was; from the approval on the amount no longer counts as settled."""

    class State(models.TextChoices):
        OPEN = "open", _("To be paid back")
        PAID = "paid", _("Paid back")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="refunds")
    liability = models.ForeignKey(Liability, on_delete=models.PROTECT, related_name="refunds")
    # What it counters: the vendor's own transfer, or a draw on the security.
    claim = models.ForeignKey(SeparateClaim, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds")
    security_claim = models.ForeignKey(
        SecurityClaim, on_delete=models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    number = models.CharField(_("refund number"), max_length=80, unique=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    note = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    ordered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    paid_on = models.DateField(_("paid back on"), null=True, blank=True)
    bank_reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    paid_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_positive"),
            models.CheckConstraint(condition=~Q(ordered_by=F("approved_by")), name="refund_approved_by_other"),
            models.CheckConstraint(
                condition=Q(paid_by=None) | ~Q(paid_by=F("approved_by")), name="refund_paid_by_other"
            ),
            models.CheckConstraint(
                condition=Q(claim=None, security_claim__isnull=False) | Q(claim__isnull=False, security_claim=None),
                name="refund_counters_one_claim",
            ),
            models.CheckConstraint(
                condition=Q(state="open", paid_on=None, paid_by=None, bank_reference="")
                | (Q(state="paid", paid_on__isnull=False, paid_by__isnull=False) & ~Q(bank_reference="")),
                name="refund_paid_by_a_transfer",
            ),
            models.UniqueConstraint(
                fields=("bank_reference",), condition=~Q(bank_reference=""), name="refund_reference_once"
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def came_in_on(self) -> date | None:
        """The day the money that goes back came in."""
        if self.claim is not None:
            return self.claim.settled_on
        return self.security_claim.answered_on if self.security_claim is not None else None

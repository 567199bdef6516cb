"""Instalments of the price, with the running sums the database holds to their order; and number series."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.scoping import ContractScoped
from contracts.models import Contract
from contracts.money_fields import MoneyField
from obligations.models import Obligation

# SQLite adds amounts as binary fractions; half the smallest unit tells a rounding error from a fen too much.
HALF_FEN = Decimal("0.005")


class Milestone(ContractScoped):
    """An instalment of the price. Its deadline is the obligation it points down to."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="milestones")
    code = models.CharField(max_length=40)
    title = models.CharField(_("milestone"), max_length=120)
    clause = models.CharField(_("clause"), max_length=80)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    position = models.PositiveSmallIntegerField()
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="milestone")
    invoice_event = models.CharField(max_length=80, blank=True)
    # Payable only once the term has ended and the work was accepted: the last instalment.
    after_acceptance = models.BooleanField(default=False)
    # The house's own date for paying, once the invoice is there (the duty's internal target).
    target_on = models.DateField(null=True, blank=True)
    # Sum of checked invoices less credit notes; of applications neither rejected nor reversed; of payments less their
    # counter-entries; of deductions less theirs; of freezes in force.
    invoiced = MoneyField(max_digits=18, decimal_places=2, default=0)
    committed = MoneyField(max_digits=18, decimal_places=2, default=0)
    paid = MoneyField(max_digits=18, decimal_places=2, default=0)
    deducted = MoneyField(max_digits=18, decimal_places=2, default=0)
    frozen = MoneyField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ("contract_id", "position")
        constraints = (
            models.UniqueConstraint(fields=("contract", "code"), name="milestone_code_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="milestone_positive"),
            models.CheckConstraint(condition=Q(paid__gte=0), name="milestone_paid_not_negative"),
            models.CheckConstraint(condition=Q(deducted__gte=0), name="milestone_deducted_not_negative"),
            models.CheckConstraint(condition=Q(frozen__gte=0), name="milestone_frozen_not_negative"),
            models.CheckConstraint(condition=Q(committed__gte=F("paid")), name="milestone_paid_was_applied_for"),
            models.CheckConstraint(condition=Q(invoiced__gte=F("committed")), name="milestone_applied_was_invoiced"),
            models.CheckConstraint(condition=Q(amount__gte=F("invoiced")), name="milestone_not_over_invoiced"),
            # What is owed is paid, deducted, held back or still open; nothing is spent twice.
            models.CheckConstraint(
                condition=Q(amount__gt=F("committed") + F("deducted") + F("frozen") - HALF_FEN),
                name="milestone_not_overspent",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def open_amount(self) -> Decimal:
        """What is neither applied for, paid, deducted nor frozen."""
        left: Decimal = self.amount - self.committed - self.deducted - self.frozen
        return left


class NumberSequence(models.Model):
    """The last number given out of one series of one contract and year. The row is locked while a number is taken and
    rolls back with what the number was taken for, so a series has no gap and no number twice."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=30)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("contract", "series", "year"), name="sequence_once"),)

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"

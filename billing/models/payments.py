"""Payment applications, payments with their counter-entries, and changes of the account to pay to."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.invoices import Invoice
from billing.models.milestones import Milestone
from contracts.models import Contract, StoredFile
from contracts.money_fields import MoneyField


class PaymentApplication(ContractScoped):
    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        PAID = "paid", _("Paid")
        REVERSED = "reversed", _("Reversed")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payment_applications")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="applications")
    number = models.CharField(_("application number"), max_length=80, unique=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    invoices = models.ManyToManyField(Invoice, related_name="applications")
    payee_name = models.CharField(max_length=200)
    payee_bank = models.CharField(max_length=200)
    payee_account = models.CharField(max_length=60)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.APPLIED)
    applied_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    applied_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            # One application under way at a time; a part payment leaves room for the next one.
            models.UniqueConstraint(
                fields=("milestone",), condition=Q(state__in=("applied", "approved")), name="application_one_live"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="application_positive"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("applied_by")),
                name="application_decided_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state="applied", decided_by=None) | (~Q(state="applied") & ~Q(decided_by=None)),
                name="application_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return self.number


class Payment(ContractScoped):
    """A posted bank transfer, one per approved application; or the counter-entry of one, negative (`reverses`)."""

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payments")
    application = models.OneToOneField(
        PaymentApplication, on_delete=models.PROTECT, null=True, blank=True, related_name="payment"
    )
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    paid_on = models.DateField(_("paid on"))
    bank_reference = models.CharField(_("bank reference"), max_length=80, unique=True)
    posted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    posted_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, reverses=None, application__isnull=False)
                | Q(amount__lt=0, reverses__isnull=False, application=None),
                name="payment_or_counter_entry",
            ),
        )

    def __str__(self) -> str:
        return self.bank_reference


class PaymentReversal(ContractScoped):
    """A wish to reverse a payment: money that came back, or that was entered wrongly. It takes effect when a second
    person approves it, by a counter-entry."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payment_reversals")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="reversals")
    happened_on = models.DateField(_("reversed on"))
    bank_reference = models.CharField(_("bank reference"), max_length=80)
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("payment",), condition=~Q(state="rejected"), name="payment_reversal_one_live"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="payment_reversal_decided_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None) | (~Q(state="proposed") & ~Q(decided_by=None)),
                name="payment_reversal_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return self.bank_reference


class PayeeChange(ContractScoped):
    """Another account to pay to than the contract names: on the vendor's letter, proposed by one person and confirmed
    by another. The last confirmed one is in force."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payee_changes")
    name = models.CharField(_("account holder"), max_length=200)
    bank = models.CharField(_("bank"), max_length=200)
    account = models.CharField(_("account number"), max_length=60)
    letter = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("contract",), condition=Q(state="proposed"), name="payee_change_one_proposed"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="payee_change_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None) | (~Q(state="proposed") & ~Q(decided_by=None)),
                name="payee_change_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.bank}"

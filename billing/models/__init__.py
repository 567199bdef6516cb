"""Milestones, invoices, payment applications and payments. A paid amount is never edited; it is countered."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models import Contract, StoredFile
from obligations.models import Obligation


class Milestone(ContractScoped):
    """An instalment of the price. Its deadline is the obligation it points down to."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="milestones")
    code = models.CharField(max_length=40)
    title = models.CharField(_("milestone"), max_length=120)
    clause = models.CharField(_("clause"), max_length=80)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    position = models.PositiveSmallIntegerField()
    obligation = models.OneToOneField(Obligation, on_delete=models.PROTECT, related_name="milestone")
    invoice_event = models.CharField(max_length=80, blank=True)
    # Payable only once the term has ended and the work was accepted: the last instalment.
    after_acceptance = models.BooleanField(default=False)
    # Sum of checked invoices; of applications not rejected; of payments.
    invoiced = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ("contract_id", "position")
        constraints = (
            models.UniqueConstraint(fields=("contract", "code"), name="milestone_code_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="milestone_positive"),
            models.CheckConstraint(condition=Q(paid__gte=0), name="milestone_paid_not_negative"),
            models.CheckConstraint(condition=Q(committed__gte=F("paid")), name="milestone_paid_was_applied_for"),
            models.CheckConstraint(condition=Q(invoiced__gte=F("committed")), name="milestone_applied_was_invoiced"),
            models.CheckConstraint(condition=Q(amount__gte=F("invoiced")), name="milestone_not_over_invoiced"),
        )

    def __str__(self) -> str:
        return self.title


class Invoice(ContractScoped):
    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        CHECKED = "checked", _("Checked")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="invoices")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(_("invoice number"), max_length=40)
    amount = models.DecimalField(_("amount including tax"), max_digits=18, decimal_places=2)
    issued_on = models.DateField(_("issued on"))
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="invoices")
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    checked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    checked_at = models.DateTimeField(null=True, blank=True)
    check_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            # An invoice number exists once in the whole database, whatever the contract; a rejected one may come again.
            models.UniqueConstraint(fields=("number",), condition=~Q(state="rejected"), name="invoice_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_positive"),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("submitted_by")),
                name="invoice_checked_by_other",
            ),
        )

    def __str__(self) -> str:
        return self.number


class PaymentApplication(ContractScoped):
    class State(models.TextChoices):
        APPLIED = "applied", _("Applied")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        PAID = "paid", _("Paid")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payment_applications")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="applications")
    number = models.CharField(_("application number"), max_length=80, unique=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
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
    """A posted bank transfer; one per approved application."""

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="payments")
    application = models.OneToOneField(PaymentApplication, on_delete=models.PROTECT, related_name="payment")
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    paid_on = models.DateField(_("paid on"))
    bank_reference = models.CharField(_("bank reference"), max_length=80, unique=True)
    posted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    posted_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (models.CheckConstraint(condition=Q(amount__gt=0), name="payment_positive"),)

    def __str__(self) -> str:
        return self.bank_reference


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

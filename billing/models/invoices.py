"""Invoices and credit notes, with what they say about tax."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.milestones import Milestone
from contracts.models import Contract, StoredFile
from contracts.money_fields import MoneyField


class Invoice(ContractScoped):
    """An invoice, or a credit note (红字发票): negative, about one invoice of the same milestone."""

    class State(models.TextChoices):
        RECEIVED = "received", _("Received")
        CHECKED = "checked", _("Checked")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="invoices")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(_("invoice number"), max_length=40)
    amount = MoneyField(_("amount including tax"), max_digits=18, decimal_places=2)
    issued_on = models.DateField(_("issued on"))
    original = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="credit_notes")
    # As printed on the invoice; empty: not recorded.
    title = models.CharField(_("invoice title"), max_length=200, blank=True)
    buyer_tax_number = models.CharField(_("buyer's tax number"), max_length=40, blank=True)
    seller_tax_number = models.CharField(_("seller's tax number"), max_length=40, blank=True)
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
            models.CheckConstraint(
                condition=Q(amount__gt=0, original=None) | Q(amount__lt=0, original__isnull=False),
                name="invoice_or_credit_note",
            ),
            models.CheckConstraint(
                condition=Q(checked_by=None) | ~Q(checked_by=F("submitted_by")),
                name="invoice_checked_by_other",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def is_credit_note(self) -> bool:
        return self.original_id is not None


class InvoiceTax(ContractScoped):
    """One tax rate of an invoice: `net` and `tax` add up to the invoice over all its rates. `rate` is a fraction."""

    scope_prefix = "invoice__contract__"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="taxes")
    rate = models.DecimalField(_("tax rate"), max_digits=6, decimal_places=4)
    net = MoneyField(_("amount without tax"), max_digits=18, decimal_places=2)
    tax = MoneyField(_("tax"), max_digits=18, decimal_places=2)

    class Meta:
        ordering = ("invoice_id", "-rate")
        constraints = (
            models.UniqueConstraint(fields=("invoice", "rate"), name="invoice_tax_rate_once"),
            models.CheckConstraint(condition=Q(rate__gte=0, rate__lt=1), name="invoice_tax_rate_is_fraction"),
        )

    def __str__(self) -> str:
        return f"{self.rate}: {self.net} + {self.tax}"

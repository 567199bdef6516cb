"""Issued documents: frozen with the facts they show and both hashes. Reprinting serves the stored bytes."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models import Contract, StoredFile


class IssuedDocument(ContractScoped):
    class Kind(models.TextChoices):
        PAYMENT_APPROVAL = "payment_approval", _("Payment approval form")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=30, choices=Kind)
    number = models.CharField(_("document number"), max_length=80, unique=True)
    subject = models.CharField(max_length=80)  # "application:12": what it was issued for
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="issued_document")
    token = models.CharField(max_length=43, unique=True)  # in the QR; opens the public verify page
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    # A voided document stays; the document that replaces it points back.
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("contract", "subject"), name="document_subject"),)

    def __str__(self) -> str:
        return self.number

"""Issued documents: frozen with the facts they show and both hashes. Reprinting serves the stored bytes."""

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models import Contract, StoredFile
from penalties.models import PenaltyCase


class IssuedDocument(ContractScoped):
    class Kind(models.TextChoices):
        PAYMENT_APPROVAL = "payment_approval", _("Payment approval form")
        PAYMENT_ADVICE = "payment_advice", _("Payment advice")
        LEDGER = "payment_ledger", _("Payment ledger")
        DEDUCTION = "deduction_sheet", _("Deduction confirmation")
        DELAY = "delay_notice", _("Notice of a delay by public funds")
        GUARANTEE_CLAIM = "guarantee_claim", _("Claim letter on a security")
        GUARANTEE_RETURN = "guarantee_return", _("Guarantee return receipt")
        PENALTY_NOTICE = "penalty_notice", _("Penalty notice")
        PENALTY_CONFIRMATION = "penalty_confirmation", _("Penalty confirmation")
        PENALTY_SETTLEMENT = "penalty_settlement", _("Penalty settlement")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=30, choices=Kind)
    number = models.CharField(_("document number"), max_length=80, unique=True)
    subject = models.CharField(max_length=80)  # "application:12": what it is about
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    file = models.OneToOneField(StoredFile, on_delete=models.PROTECT, related_name="issued_document")
    token = models.CharField(max_length=43, unique=True)  # in the QR; opens the public verify page
    to_vendor = models.BooleanField(default=False)  # addressed to the vendor, who reads it in the portal
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    # A voided document stays; the document that replaces it points back.
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by")

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("contract", "subject"), name="document_subject"),)

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        """The buyer's people see all documents of their contracts, the vendor those addressed to it, others none."""
        own = contract_scope(viewer, cls.scope_prefix)
        if viewer.kind == "buyer":
            return own
        if viewer.kind != "vendor":
            return Q(pk__in=())
        # Papers of a penalty are the vendor's from the notice on, as the case itself is.
        issued = PenaltyCase.objects.filter(issued_at__isnull=False)
        named = issued.annotate(subject=Concat(Value("case:"), Cast("pk", models.CharField(max_length=20))))
        known = Q(Exists(named.filter(subject=OuterRef("subject"))))
        return own & Q(to_vendor=True) & (~Q(subject__startswith="case:") | known)

    @property
    def cancelled(self) -> bool:
        return hasattr(self, "cancellation")


class DocumentCancellation(ContractScoped):
    """The counter-record that makes an issued document void. Append-only."""

    internal: ClassVar[bool] = True
    scope_prefix: ClassVar[str] = "document__contract__"

    document = models.OneToOneField(IssuedDocument, on_delete=models.PROTECT, related_name="cancellation")
    reason = models.CharField(_("reason"), max_length=1000)
    cancelled_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cancelled_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (models.CheckConstraint(condition=~Q(reason=""), name="document_cancelled_for_a_reason"),)

    def __str__(self) -> str:
        return self.reason[:60]

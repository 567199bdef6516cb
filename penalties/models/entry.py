"""What was said and done in a case, in order: proposals, notices, objections, answers, minutes, decisions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models import Evidence
from contracts.money_fields import MoneyField
from penalties.models.case import PenaltyCase


class CaseEntry(ContractScoped):
    """One entry of the thread. Append-only. `internal` ones never leave the buyer's house."""

    class Kind(models.TextChoices):
        RAISED = "raised", _("Raised")
        ESTABLISHED = "established", _("Facts established")
        PROPOSED = "proposed", _("Proposed")
        CANCELLED = "cancelled", _("Proposal taken back")
        REJECTED = "rejected", _("Proposal rejected")
        APPROVED = "approved", _("Approved")
        NOTIFIED = "notified", _("Notified")
        DELIVERED = "delivered", _("Delivered")
        OBJECTION = "objection", _("Objection")
        RETRACTED = "retracted", _("Objection withdrawn")
        ANSWER = "answer", _("Answer")
        OPINION = "opinion", _("Opinion")
        NOTE = "note", _("Internal note")
        MINUTES = "minutes", _("Minutes of the talks")
        DECISION = "decision", _("Decision")
        AGREED = "agreed", _("Agreed")
        FROZEN = "frozen", _("Frozen in dispute")
        PLANNED = "planned", _("Settlement planned")
        SETTLED = "settled", _("Settled")
        WAIVED = "waived", _("Waived")
        ADJUSTMENT = "adjustment", _("Adjusted")
        CLOSED = "closed", _("Closed")
        MOVED = "moved", _("The facts have moved")

    scope_prefix: ClassVar[str] = "case__contract__"

    case = models.ForeignKey(PenaltyCase, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=Kind)
    side = models.CharField(max_length=12)  # the party's kind: buyer, vendor, supervisor; empty for the system
    state = models.CharField(max_length=12)  # the case's state after it
    internal = models.BooleanField(default=True)
    text = models.CharField(max_length=4000, blank=True)
    amount = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    evidence = models.ManyToManyField(Evidence, related_name="case_entries", blank=True)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        verbose_name_plural = "case entries"

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, cls.scope_prefix)
        return own if viewer.kind == "buyer" else own & Q(case__issued_at__isnull=False, internal=False)

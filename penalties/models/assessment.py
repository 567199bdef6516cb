"""What the engine answered for a case, kept with everything it rested on: it can be computed again years later."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models import Contract, DefinitionVersion
from contracts.money_fields import MoneyField
from penalties.models.case import PenaltyCase


class FactSnapshot(ContractScoped):
    """The facts of a contract as they stood, once per content. Append-only."""

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    records = models.JSONField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("contract", "sha256"), name="snapshot_once"),)

    def __str__(self) -> str:
        return self.sha256[:12]


class Assessment(ContractScoped):
    """One computed version of a case. Append-only: a correction is the next number.

    `outcome` is the engine's answer for the case's target; `amount` what a proposal or decision fixed. `facts`,
    `definition`, `readings`, `calendar_years`, `as_of` and `known_on` are all it rested on."""

    class Kind(models.TextChoices):
        CLUE = "clue", _("Computed")
        PROPOSAL = "proposal", _("Proposed")
        DECISION = "decision", _("Decided")
        ADJUSTMENT = "adjustment", _("Adjusted")

    scope_prefix: ClassVar[str] = "case__contract__"

    case = models.ForeignKey(PenaltyCase, on_delete=models.PROTECT, related_name="assessments")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind)
    definition = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="+")
    facts = models.ForeignKey(FactSnapshot, on_delete=models.PROTECT, related_name="+")
    readings = models.JSONField(default=dict)
    calendar_years = models.JSONField(default=list)
    as_of = models.DateField()
    known_on = models.DateField(null=True, blank=True)
    unit = models.CharField(max_length=8)
    low = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    high = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    amount = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    # The row a person picked where the contract leaves the choice, by its label.
    picked = models.CharField(max_length=240, blank=True)
    outcome = models.JSONField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("case_id", "-number")
        constraints = (
            models.UniqueConstraint(fields=("case", "number"), name="assessment_number_once"),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="assessment_amount_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}/{self.number}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, cls.scope_prefix)
        if viewer.kind == "buyer":
            return own
        return own & Q(case__issued_at__isnull=False) & ~Q(kind="clue")

"""How a case's amount is met, and what is put right afterwards. Two persons each."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.money_fields import MoneyField
from penalties.models.case import PenaltyCase


class Settlement(ContractScoped):
    """A plan: from which instalment how much, what the vendor pays, what the guarantee gives. Approved by another
    person than planned it, and executed in that moment."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True
    scope_prefix: ClassVar[str] = "case__contract__"

    case = models.ForeignKey(PenaltyCase, on_delete=models.PROTECT, related_name="settlements")
    # [{"source": "instalment:3" | "guarantee:5" | "vendor", "amount": "12.00"}]
    plan = models.JSONField()
    amount = MoneyField(max_digits=18, decimal_places=2)
    claim_due_on = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PLANNED)
    planned_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    planned_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("case",), condition=Q(state="planned"), name="settlement_one_plan"),
            models.UniqueConstraint(fields=("case",), condition=Q(state="done"), name="settlement_done_once"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("planned_by")), name="settlement_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(state="planned", decided_by=None) | (~Q(state="planned") & Q(decided_by__isnull=False)),
                name="settlement_decided_by_somebody",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="settlement_amount_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class CaseAdjustment(ContractScoped):
    """A change of the amount after settlement, by counter-records: what is given back, or claimed in addition."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        DONE = "done", _("Done")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True
    scope_prefix: ClassVar[str] = "case__contract__"

    case = models.ForeignKey(PenaltyCase, on_delete=models.PROTECT, related_name="adjustments")
    before = MoneyField(max_digits=18, decimal_places=2)
    after = MoneyField(max_digits=18, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=1000)
    # By when the vendor pays its part of a further claim.
    claim_due_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("case",), condition=Q(state="proposed"), name="adjustment_one_open"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="adjustment_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None) | (~Q(state="proposed") & Q(decided_by__isnull=False)),
                name="adjustment_decided_by_somebody",
            ),
            models.CheckConstraint(condition=Q(after__gte=0) & ~Q(after=F("before")), name="adjustment_changes"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}: {self.before} → {self.after}"

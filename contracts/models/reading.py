"""Readings chosen: which option of an ambiguity holds, who decided it and when. Never edited; a later choice replaces
an earlier one from the moment it is made."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models.contract import Contract
from contracts.models.file import Evidence


class ReadingChoice(ContractScoped):
    """A choice of one option of a definition's reading. An empty `option` returns to the contract's default, which of a
    reading that must be chosen is "undecided". Where money moves a second person decides; the choice holds from
    `known_at` on."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        IN_FORCE = "in_force", _("In force")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="reading_choices")
    name = models.CharField(max_length=80)
    option = models.CharField(max_length=80, blank=True)
    before = models.CharField(max_length=80, blank=True)
    reason = models.CharField(_("reason"), max_length=1000)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moves_money = models.BooleanField()
    state = models.CharField(max_length=10, choices=State)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)
    known_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "name"), condition=Q(state="proposed"), name="reading_one_proposal"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="reading_decided_by_other"
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(known_at__isnull=False), name="reading_known_when"
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(moves_money=False) | Q(decided_by__isnull=False),
                name="reading_money_needs_two",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reading_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.name}={self.option}"

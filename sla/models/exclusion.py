"""Time that does not count as an outage, and the papers without which it does."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models import Contract, Evidence, InformationSystem
from sla.models.incident import Incident


class Exclusion(ContractScoped):
    """A stretch claimed not to count, on a ground of the definition. It takes effect when every paper the ground asks
    for is there and a second person has accepted it; until then the outage counts in full."""

    class State(models.TextChoices):
        CLAIMED = "claimed", _("Claimed")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="exclusions")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="exclusions")
    kind = models.CharField(max_length=80)
    ground = models.CharField(max_length=80)
    # None: the platform and every system.
    system = models.ForeignKey(
        InformationSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="exclusions"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    note = models.CharField(_("note"), max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.CLAIMED)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("starts_at", "pk")
        indexes = (models.Index(fields=("contract", "state", "starts_at"), name="exclusion_by_state"),)
        constraints = (
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="exclusion_has_length"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(recorded_by=None) | ~Q(decided_by=F("recorded_by")),
                name="exclusion_decided_by_other",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(accepted_at__isnull=False), name="exclusion_accepted_when"
            ),
        )

    def __str__(self) -> str:
        return f"{self.ground} {self.starts_at:%Y-%m-%d %H:%M}"

    def in_force(self, before: datetime | None = None) -> bool:
        """Whether it was accepted and not taken back, now or by what was known before the moment."""
        if before is None:
            return self.state == self.State.ACCEPTED
        if self.accepted_at is None or self.accepted_at >= before:
            return False
        return self.withdrawn_at is None or self.withdrawn_at >= before


class ExclusionPaper(ContractScoped):
    """One of the papers a ground asks for, as evidence."""

    scope_prefix: ClassVar[str] = "exclusion__contract__"

    exclusion = models.ForeignKey(Exclusion, on_delete=models.PROTECT, related_name="papers")
    name = models.CharField(max_length=80)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("exclusion_id", "pk")
        constraints = (models.UniqueConstraint(fields=("exclusion", "name"), name="exclusion_paper_once"),)

    def __str__(self) -> str:
        return self.name

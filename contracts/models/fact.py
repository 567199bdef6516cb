"""Facts: entered, never computed; never edited. A correction is a later fact that supersedes an earlier one."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models.contract import Contract
from contracts.models.file import Evidence


class Fact(ContractScoped):
    """Something that happened (rules.md §1). `happened_on` is set for date facts, `happened_at` for instants; the
    engine knows a fact from `known_at` on: when it was recorded, or confirmed where a second person must confirm."""

    class Kind(models.TextChoices):
        EVENT = "event", _("Event")
        INTERVAL = "interval", _("Interval")
        SERIES = "series", _("Series")
        ITEM = "item", _("Item")
        ATTRIBUTE = "attribute", _("Finding")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="facts")
    kind = models.CharField(max_length=10, choices=Kind)
    # event/interval/series: its name in the definition; item: its kind; attribute: the finding's name
    name = models.CharField(max_length=80)
    # attribute: "duty:payment_1", "rule:…", "incident:i1"; item: its id
    subject = models.CharField(max_length=160, blank=True)
    key = models.JSONField(default=dict, blank=True)
    period = models.CharField(max_length=20, blank=True)
    happened_on = models.DateField(null=True, blank=True)
    happened_at = models.DateTimeField(null=True, blank=True)
    ended_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    value = models.JSONField(null=True, blank=True)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    evidence = models.ManyToManyField(Evidence, related_name="facts", blank=True)
    state = models.CharField(max_length=10, choices=State)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decision_note = models.CharField(max_length=1000, blank=True)
    known_at = models.DateTimeField(null=True, blank=True)
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    class Meta:
        ordering = ("-recorded_at", "-pk")
        indexes = (models.Index(fields=("contract", "kind", "name"), name="fact_by_name"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(recorded_by=None) | ~Q(decided_by=F("recorded_by")),
                name="fact_decided_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", known_at__isnull=False) | ~Q(state="confirmed"),
                name="fact_known_when",
            ),
            models.CheckConstraint(condition=Q(happened_on=None) | Q(happened_at=None), name="fact_date_or_instant"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.subject}".strip()

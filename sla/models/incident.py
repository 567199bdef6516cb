"""Fault tickets, what is found out about them, and the root causes that tie several of them together."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models import Contract, Evidence, InformationSystem


class RootCause(ContractScoped):
    """Why something failed. Incidents with one root cause count as one where the contract says so."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="root_causes")
    code = models.CharField(max_length=40)
    title = models.CharField(_("root cause"), max_length=200)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("contract_id", "pk")
        constraints = (models.UniqueConstraint(fields=("contract", "code"), name="root_cause_code_once"),)

    def __str__(self) -> str:
        return self.title


class Incident(ContractScoped):
    """One fault, from its report on. What is known of it are `Finding` rows; the columns here mirror the latest of
    those that lists sort and filter by. An entry made in error is withdrawn, never deleted."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="incidents")
    # The item kind of the definition it is one of; its id there is `code`.
    kind = models.CharField(max_length=80)
    code = models.CharField(max_length=40)
    title = models.CharField(_("what happened"), max_length=200)
    reported_at = models.DateTimeField(_("reported"))
    responded_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    systems = models.ManyToManyField(InformationSystem, related_name="incidents", blank=True)
    root_cause = models.ForeignKey(RootCause, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents")
    registered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    registered_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawal = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-reported_at", "-pk")
        indexes = (models.Index(fields=("contract", "-reported_at", "-id"), name="incident_newest"),)
        constraints = (
            models.UniqueConstraint(fields=("contract", "code"), name="incident_code_once"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawal=""), name="incident_withdrawn_with_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def label(self) -> str:
        """What the engine calls it: "incident:INC-2026-001"."""
        return f"{self.kind}:{self.code}"


class Finding(ContractScoped):
    """One thing established about an incident: a moment, a yes or no, a number. Never edited: the latest confirmed one
    of a name counts, None takes it back to unknown. What decides about money waits for a second person."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        CONFIRMED = "confirmed", _("Confirmed")
        REJECTED = "rejected", _("Rejected")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="incident_findings")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="findings")
    name = models.CharField(max_length=80)
    value = models.JSONField(null=True, blank=True)
    established_by = models.CharField(_("established by"), max_length=200, blank=True)
    established_on = models.DateField(_("established on"), null=True, blank=True)
    paper = models.CharField(_("paper"), max_length=200, blank=True)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State)
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)
    # From when on the engine knows it.
    known_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("incident_id", "name", "pk")
        indexes = (models.Index(fields=("contract", "state"), name="finding_by_state"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(recorded_by=None) | ~Q(decided_by=F("recorded_by")),
                name="finding_decided_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed", known_at__isnull=False) | (~Q(state="confirmed") & Q(known_at=None)),
                name="finding_known_when_confirmed",
            ),
            # One open question at a time: a second proposal would make it unclear what was confirmed.
            models.UniqueConstraint(
                fields=("incident", "name"), condition=Q(state="proposed"), name="finding_one_proposal"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, "contract__")
        return own if viewer.kind == "buyer" else own & Q(state=cls.State.CONFIRMED)

"""Stretches of time: outages of a system or of the platform, and what else a contract measures by the clock; and what
they come to in each calendar month."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models import Contract, Evidence, InformationSystem
from sla.models.incident import Incident


class Spell(ContractScoped):
    """Half-open [starts_at, ends_at); without an end it goes on. Its times never change: a correction is a new record,
    the old one stays and says since when it no longer holds."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="spells")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="spells")
    # The interval kind of the definition and its domain there.
    kind = models.CharField(max_length=80)
    domain = models.CharField(max_length=20)
    system = models.ForeignKey(
        InformationSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="spells"
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )
    superseded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    withdrawal = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("starts_at", "pk")
        indexes = (
            models.Index(
                fields=("contract", "domain", "system", "starts_at"),
                condition=Q(superseded_at=None),
                name="spell_in_force",
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="spell_has_length"),
            models.CheckConstraint(
                condition=~Q(domain="outage") | Q(system__isnull=False), name="spell_outage_of_a_system"
            ),
            models.CheckConstraint(
                condition=~Q(domain="platform_outage") | Q(system=None), name="spell_platform_without_system"
            ),
            models.CheckConstraint(
                condition=Q(withdrawal="") | Q(superseded_at__isnull=False), name="spell_withdrawn_is_over"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.starts_at:%Y-%m-%d %H:%M}"


class MonthCell(ContractScoped):
    """What the closed outages of one system (None: the platform) come to in one calendar month of the contract's zone,
    in microseconds: all of them once, and after taking out what is excluded. Kept by `sla.services.cells` alone."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="+")
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    month = models.DateField()
    counted_us = models.BigIntegerField()
    whole_us = models.BigIntegerField()
    # The grounds of exclusion that held under the readings of the day; a cell of other grounds is not used.
    basis = models.CharField(max_length=300, blank=True)
    computed_at = models.DateTimeField()

    class Meta:
        ordering = ("contract_id", "system_id", "month")
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "system", "month"), condition=Q(system__isnull=False), name="cell_of_system_once"
            ),
            models.UniqueConstraint(
                fields=("contract", "month"), condition=Q(system=None), name="cell_of_platform_once"
            ),
            models.CheckConstraint(
                condition=Q(counted_us__gte=0) & Q(whole_us__gte=F("counted_us")), name="cell_counted_within_whole"
            ),
        )

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.counted_us}"

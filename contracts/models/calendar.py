"""Published working calendars, one row per place and year and version. Corrections are new versions: proposed by IT,
approved by another person (register D-02, D-03)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class CalendarYear(models.Model):
    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        ACTIVE = "active", _("Active")
        SUPERSEDED = "superseded", _("Superseded")
        REJECTED = "rejected", _("Rejected")

    code = models.CharField(max_length=20, default="CN")
    year = models.PositiveSmallIntegerField(_("year"))
    version = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    # [["2025-10-01", "National Day"], …]: days off besides the weekly pattern, and make-up working days
    rest = models.JSONField(default=list)
    work = models.JSONField(default=list)
    source = models.CharField(_("source"), max_length=300)
    recorded_at = models.DateTimeField()
    # from `active_from` until `superseded_at` this row was believed: "as known on" reads these two
    active_from = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ("code", "-year", "-version")
        constraints = (
            models.UniqueConstraint(fields=("code", "year", "version"), name="calendar_version_once"),
            models.UniqueConstraint(fields=("code", "year"), condition=Q(state="active"), name="calendar_one_active"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | Q(proposed_by=None) | ~Q(approved_by=F("proposed_by")),
                name="calendar_approved_by_other",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.year} v{self.version}"

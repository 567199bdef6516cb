"""Submissions: what was handed in to fulfil an obligation, round by round, and what the reviewer said."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer
from contracts.models import Evidence
from obligations.models.obligation import Obligation, shared_scope


class Submission(ContractScoped):
    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Waiting for review")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        MORE_INFO = "more_info", _("More information wanted")

    scope_prefix = "obligation__contract__"

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="submissions")
    round = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.SUBMITTED)
    done_on = models.DateField(_("done on"))
    note = models.CharField(_("note"), max_length=2000, blank=True)
    evidence = models.ManyToManyField(Evidence, related_name="submissions", blank=True)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ("obligation_id", "-round")
        constraints = (
            models.UniqueConstraint(fields=("obligation", "round"), name="submission_round_once"),
            models.UniqueConstraint(fields=("obligation",), condition=Q(state="submitted"), name="submission_one_open"),
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | ~Q(reviewed_by=F("submitted_by")),
                name="submission_reviewed_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", reviewed_by=None) | (~Q(state="submitted") & ~Q(reviewed_by=None)),
                name="submission_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"{self.obligation_id}#{self.round}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        return shared_scope(viewer, "obligation__")

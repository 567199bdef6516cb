"""Reminders. A step says when something of one due version is to be sent; the sweep turns due steps into one row per
recipient; the dispatcher claims and sends rows. Rows exactly once, mail at least once with a stable Message-ID."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Party, User
from accounts.scoping import ContractScoped, ScopedManager, Viewer
from contracts.models import Contract
from obligations.models.obligation import Obligation


class ReminderAudience(ContractScoped):
    """Whom a policy addresses on one contract: holders of `role` in `party`, on `level` 0 (the people who owe or watch
    it) or 1, 2, … (the chain of escalation). Derived from the active definition; people are joined when a step falls
    due, so a change of roles needs no rewrite."""

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="reminder_audience")
    policy = models.CharField(max_length=40)
    obligor = models.CharField(max_length=10)
    level = models.PositiveSmallIntegerField()
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    # a role's code; no foreign key, so that a role the definition misspells stays visible as an empty one
    role = models.CharField(max_length=10)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "policy", "obligor", "level", "party", "role"), name="reminder_audience_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.contract_id} {self.policy} {self.obligor}/{self.level} → {self.role}"


class ReminderStep(ContractScoped):
    """A planned moment of one due version, see obligations.services.reminders.schedule for the names of steps."""

    scope_prefix = "obligation__contract__"

    obligation = models.ForeignKey(Obligation, on_delete=models.CASCADE, related_name="reminder_steps")
    due_number = models.PositiveIntegerField()
    step = models.CharField(max_length=24)
    level = models.PositiveSmallIntegerField(default=0)
    send_at = models.DateTimeField()

    class Meta:
        ordering = ("obligation_id", "send_at")
        constraints = (models.UniqueConstraint(fields=("obligation", "due_number", "step"), name="reminder_step_once"),)

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.step}"


class Reminder(ContractScoped):
    """One message to one person about one step of one due version."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        CLAIMED = "claimed", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SUPERSEDED = "superseded", _("Superseded")

    scope_prefix = "obligation__contract__"

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="reminders")
    due_number = models.PositiveIntegerField()
    step = models.CharField(max_length=24)
    recipient = models.ForeignKey(User, on_delete=models.PROTECT, related_name="reminders")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    send_at = models.DateTimeField()
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("obligation", "due_number", "step", "recipient"), name="reminder_once"),
        )
        indexes = (
            models.Index(fields=("send_at", "id"), condition=Q(state="waiting"), name="reminder_waiting"),
            models.Index(fields=("claimed_at",), condition=Q(state="claimed"), name="reminder_claimed"),
            models.Index(fields=("recipient", "-id"), name="reminder_of_person"),
        )

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.step} → {self.recipient_id}"


class Acknowledgement(ContractScoped):
    """A person says "seen, mine" for one due version: the daily chase and the escalation stop."""

    scope_prefix = "obligation__contract__"

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="acknowledgements")
    due_number = models.PositiveIntegerField()
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("obligation", "due_number", "user"), name="acknowledged_once"),)

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.user_id}"


class Notification(models.Model):
    """An in-app message. `source` makes delivery idempotent: the same reminder never notifies twice."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notifications")
    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=80)
    message = models.CharField(max_length=60)  # message id; doors render it with `params` in the reader's language
    params = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("user", "source"), name="notification_once"),)
        indexes = (models.Index(fields=("user",), condition=Q(read_at=None), name="notification_unread"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.message}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        return Q(user_id=viewer.user_id)

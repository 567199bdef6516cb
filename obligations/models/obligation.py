"""Obligations and the versions of their due date."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from contracts.models import Contract, DefinitionVersion
from contracts.money_fields import MoneyField


def shared_scope(viewer: Viewer, prefix: str = "") -> Q:
    """Rows of obligations a viewer may know of: the buyer's internal targets for itself are its own affair, all else
    belongs to the contract's people. `prefix` leads to the obligation."""
    own = contract_scope(viewer, f"{prefix}contract__")
    return own if viewer.kind == "buyer" else own & ~Q(**{f"{prefix}kind": "internal", f"{prefix}obligor": "buyer"})


class Obligation(ContractScoped):
    """One duty of one period or item: what, by whom, to whom, by when. Text comes from the definition, the due date
    from the engine. `due_on`, `due_at`, `safe_on` and `due_state` mirror the current DueVersion: lists need no join."""

    class Kind(models.TextChoices):
        CONTRACTUAL = "contractual", _("Contractual")
        INTERNAL = "internal", _("Internal target")
        EXTERNAL = "external", _("Third party")

    class Tracking(models.TextChoices):
        ONCE = "once", _("One-off")
        RECURRING = "recurring", _("Recurring")
        EVENT = "event", _("Event-driven")
        STANDING = "standing", _("Standing")

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SUBMITTED = "submitted", _("Submitted")
        DONE = "done", _("Done")
        WAIVED = "waived", _("Waived")
        STANDING = "standing", _("Standing")
        CLOSED = "closed", _("No longer applicable")

    # no index of its own: three of those below begin with the contract
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="obligations", db_index=False)
    duty = models.CharField(max_length=60)
    key = models.JSONField(default=dict, blank=True)
    key_text = models.CharField(max_length=120, blank=True)
    ref = models.CharField(max_length=20, blank=True)
    title = models.CharField(_("obligation"), max_length=240)
    clause = models.CharField(_("clause"), max_length=80)
    kind = models.CharField(max_length=12, choices=Kind)
    tracking = models.CharField(max_length=10, choices=Tracking)
    category = models.CharField(_("category"), max_length=40, blank=True)
    group = models.CharField(_("group"), max_length=120, blank=True)
    lane = models.CharField(max_length=20, blank=True)
    # "buyer", "vendor", "both" or "third"
    obligor = models.CharField(_("obligor"), max_length=10)
    obligee = models.CharField(_("obligee"), max_length=10, blank=True)
    obligor_name = models.CharField(max_length=200, blank=True)
    policy = models.CharField(max_length=40, default="default")
    # the buyer's role that the reminder policy names: whose list the buyer's own duties stand in
    role = models.CharField(max_length=3, blank=True)
    amount = MoneyField(_("amount at stake"), max_digits=18, decimal_places=2, null=True, blank=True)
    position = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    done_on = models.DateField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)  # the instant, where the deadline counts hours or minutes
    waiver_reason = models.CharField(max_length=1000, blank=True)
    waived_at = models.DateTimeField(null=True, blank=True)
    keeper = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="kept_obligations")

    due_state = models.CharField(max_length=12, default="pending")
    due_on = models.DateField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)  # end of the due day, or the due instant, in UTC
    safe_on = models.DateField(null=True, blank=True)
    gate_open = models.BooleanField(default=True)
    gate_late = models.BooleanField(default=False)  # met after the due day: to be done, with no date to be late against
    opens_on = models.DateField(null=True, blank=True)  # first day of a window in which alone it may be done
    # the facts a pending date waits for: [{"name": "event.acceptance_signed", "title": …}]
    missing = models.JSONField(default=list, blank=True)
    due_number = models.PositiveIntegerField(default=0)  # number of the current DueVersion; 0: none yet
    # When the next reminder step falls due; null: nothing to send. The sweep claims rows by this pointer.
    next_reminder_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("due_at", "pk")
        constraints = (
            models.UniqueConstraint(fields=("contract", "duty", "key_text"), name="obligation_once"),
            models.CheckConstraint(
                condition=Q(state="done", done_on__isnull=False) | ~Q(state="done"),
                name="obligation_done_when",
            ),
        )
        indexes = (
            # lists of a contract: in due order, in the register's order, of one state
            models.Index(fields=("contract", "due_at", "id"), name="obligation_due"),
            models.Index(fields=("contract", "position", "id"), name="obligation_register"),
            models.Index(fields=("contract", "state", "due_at", "id"), name="obligation_list"),
            # lists over all contracts: owed, and done with the newest first
            models.Index(
                fields=("due_at", "id"), condition=Q(state__in=("open", "submitted")), name="obligation_inbox"
            ),
            models.Index(fields=("done_on", "id"), condition=Q(state="done"), name="obligation_done"),
            models.Index(
                fields=("next_reminder_at",),
                condition=Q(next_reminder_at__isnull=False),
                name="obligation_next_reminder",
            ),
        )

    def __str__(self) -> str:
        return f"{self.ref or self.duty} {self.title}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        return shared_scope(viewer)


class DueVersion(ContractScoped):
    """A due date as it was computed once: kept for ever, so that "as known on" can show what was believed."""

    scope_prefix = "obligation__contract__"

    obligation = models.ForeignKey(Obligation, on_delete=models.PROTECT, related_name="due_versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12)
    due_on = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)
    safe_on = models.DateField(null=True)
    raw_on = models.DateField(null=True)
    low = models.CharField(max_length=40, blank=True)
    high = models.CharField(max_length=40, blank=True)
    estimate_on = models.DateField(null=True)
    gate_open = models.BooleanField(default=True)
    gate_late = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    reasons = models.JSONField(default=list)
    derivation = models.JSONField(default=list)
    definition = models.ForeignKey(DefinitionVersion, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField()
    # what made it be computed anew: "load", "fact:event.acceptance_signed", "calendar:CN", …
    cause = models.CharField(max_length=120)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("obligation_id", "-number")
        constraints = (models.UniqueConstraint(fields=("obligation", "number"), name="due_version_once"),)

    def __str__(self) -> str:
        return f"{self.obligation_id} v{self.number}"

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        return shared_scope(viewer, "obligation__")

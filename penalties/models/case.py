"""A case of the docket: one penalty, from the first clue to its settlement."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped, Viewer, contract_scope
from billing.models import Liability
from contracts.models import Contract
from contracts.money_fields import MoneyField

# Before a second person has approved, and the two ways out that need no approval.
UNAPPROVED = ("clue", "established", "proposed", "waived")
# The amount stands; nothing but a settlement or a counter-record follows.
FINAL = ("agreed", "settled", "closed")


class PenaltyCase(ContractScoped):
    """What is claimed for one thing the definition assesses together (`target` and its `key_text`, such as
    "pool:same_cause" of one incident). The other party knows of it from the notice on, never before."""

    class State(models.TextChoices):
        CLUE = "clue", _("Clue")
        ESTABLISHED = "established", _("Facts established")
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        NOTIFIED = "notified", _("Notified")
        OBJECTED = "objected", _("Objected to")
        DECIDED = "decided", _("Decided")
        AGREED = "agreed", _("Agreed")
        FROZEN = "frozen", _("Frozen in dispute")
        SETTLED = "settled", _("Settled")
        CLOSED = "closed", _("Closed")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        WAIVED = "waived", _("Waived")

    class Decision(models.TextChoices):
        UPHELD = "upheld", _("Upheld")
        PARTLY = "partly", _("Partly upheld")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Method(models.TextChoices):
        MAIL = "mail", _("Post or courier")
        EMAIL = "email", _("E-mail")
        FAX = "fax", _("Fax")
        HAND = "hand", _("Handed over")

    scope_prefix: ClassVar[str] = "contract__"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="penalty_cases")
    number = models.CharField(_("case number"), max_length=80, unique=True)
    target = models.CharField(max_length=120)
    key = models.JSONField(default=dict)
    key_text = models.CharField(max_length=240, blank=True)
    title = models.CharField(_("what for"), max_length=200)
    clause = models.CharField(_("clause"), max_length=120, blank=True)
    # Labels of what it rests on, such as "incident:i1", and of the pools above it, whose caps it shares.
    because = models.JSONField(default=list)
    pools = models.JSONField(default=list)
    happened_on = models.DateField(_("happened"), null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.CLUE)
    # The latest figures: bounds while something is open, `amount` once it is fixed by a proposal or a decision.
    low = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    high = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2, null=True, blank=True)
    missing = models.JSONField(default=list)
    needs_minutes = models.BooleanField(default=False)
    has_minutes = models.BooleanField(default=False)
    raised_at = models.DateTimeField()
    established_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    established_at = models.DateTimeField(null=True, blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    # The notice: how and when it reached the vendor, and until when the vendor may object.
    notice_method = models.CharField(max_length=8, choices=Method, blank=True)
    sent_on = models.DateField(null=True, blank=True)
    received_on = models.DateField(null=True, blank=True)
    delivered_on = models.DateField(_("deemed delivered"), null=True, blank=True)
    object_by = models.DateField(_("objections until"), null=True, blank=True)
    objection_days = models.PositiveSmallIntegerField(null=True, blank=True)
    object_by_contract = models.BooleanField(default=False)
    notified_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    issued_at = models.DateTimeField(null=True, blank=True)
    objected_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    objected_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=10, choices=Decision, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    waived_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    liability = models.OneToOneField(
        Liability, on_delete=models.PROTECT, null=True, blank=True, related_name="penalty_case"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    # What it comes to by facts that moved after the amount was fixed; empty while they bear it out.
    moved_at = models.DateTimeField(null=True, blank=True)
    moved_low = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)
    moved_high = MoneyField(max_digits=18, decimal_places=2, null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("contract", "state"), name="case_by_state"),)
        constraints = (
            models.UniqueConstraint(fields=("contract", "target", "key_text"), name="case_once"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | (~Q(approved_by=F("proposed_by")) & Q(proposed_by__isnull=False)),
                name="case_approved_by_other",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | (~Q(decided_by=F("approved_by")) & Q(approved_by__isnull=False)),
                name="case_decided_by_other",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNAPPROVED) | Q(approved_by__isnull=False), name="case_approved_by_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("decided", "withdrawn")) | Q(decided_by__isnull=False),
                name="case_decided_by_somebody",
            ),
            models.CheckConstraint(condition=Q(decision="") | Q(decided_by__isnull=False), name="case_decision_signed"),
            # Talks come first where one penalty displaced another: nothing final without their minutes.
            models.CheckConstraint(
                condition=~Q(state__in=FINAL) | Q(needs_minutes=False) | Q(has_minutes=True),
                name="case_minutes_before_final",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNAPPROVED) | Q(amount__isnull=False),
                name="case_final_has_amount",
            ),
            models.CheckConstraint(condition=Q(amount=None) | Q(amount__gte=0), name="case_amount_not_negative"),
            models.CheckConstraint(
                condition=~Q(state__in=("notified", "objected", "decided", "agreed", "frozen", "settled", "closed"))
                | Q(issued_at__isnull=False),
                name="case_notice_before_more",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("settled", "closed")) | Q(liability__isnull=False),
                name="case_settled_through_billing",
            ),
            models.CheckConstraint(condition=~Q(state="waived") | Q(waived_by__isnull=False), name="case_waived_by"),
            models.CheckConstraint(
                condition=Q(waived_by=None) | Q(proposed_by=None) | ~Q(waived_by=F("proposed_by")),
                name="case_waived_by_other",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @classmethod
    def scope(cls, viewer: Viewer) -> Q:
        own = contract_scope(viewer, cls.scope_prefix)
        return own if viewer.kind == "buyer" else own & Q(issued_at__isnull=False)

"""Securities (guarantee, deposit, retention): the instruments handed in, their ledger, and the claims made on them.

The ledger is append-only: what an instrument still secures is the sum of its movements, kept in `balance` so that the
database itself refuses to let it fall below zero or below what claims under way have taken up."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.deductions import Liability
from contracts.models import Contract, Evidence, StoredFile
from contracts.money_fields import MoneyField


class SecurityInstrument(ContractScoped):
    """A bank's guarantee, a draft, a cheque or a sum of money given as the security `security` of the definition. It
    counts once another person than the one who entered it has accepted it."""

    class State(models.TextChoices):
        SUBMITTED = "submitted", _("Submitted")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="securities")
    security = models.CharField(max_length=40)
    form = models.CharField(_("form"), max_length=20)
    number = models.CharField(_("number"), max_length=80)
    issuer = models.CharField(_("bank"), max_length=200, blank=True)
    by_branch = models.BooleanField(_("issued by a branch"), default=False)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    issued_on = models.DateField(_("issued on"), null=True, blank=True)
    received_on = models.DateField(_("handed in on"))
    # The last day of a guarantee, the maturity of a draft or cheque; money has neither.
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    authorisation = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(_("note"), max_length=1000, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replacements")
    state = models.CharField(max_length=10, choices=State, default=State.SUBMITTED)
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)
    # Turned into money: from that day it secures without an end of its own.
    cashed_on = models.DateField(_("cashed on"), null=True, blank=True)
    # Sum of the movements; what claims under way have taken up of it; what was drawn.
    balance = MoneyField(max_digits=18, decimal_places=2, default=0)
    reserved = MoneyField(max_digits=18, decimal_places=2, default=0)
    drawn = MoneyField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        ordering = ("contract_id", "security", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("contract", "number"), condition=~Q(state="refused"), name="security_number_once"
            ),
            models.UniqueConstraint(fields=("replaces",), condition=~Q(state="refused"), name="security_replaced_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="security_positive"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="security_balance_not_negative"),
            models.CheckConstraint(condition=Q(balance__lte=F("amount")), name="security_balance_within_amount"),
            models.CheckConstraint(condition=Q(reserved__gte=0), name="security_reserved_not_negative"),
            models.CheckConstraint(condition=Q(reserved__lte=F("balance")), name="security_reserved_within_balance"),
            models.CheckConstraint(
                condition=Q(drawn__gte=0) & Q(drawn__lte=F("amount")), name="security_drawn_within_amount"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("submitted_by")), name="security_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", decided_by=None) | (~Q(state="submitted") & ~Q(decided_by=None)),
                name="security_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="accepted") | Q(balance=0, reserved=0, drawn=0, cashed_on=None),
                name="security_counts_once_accepted",
            ),
            models.CheckConstraint(
                condition=Q(expires_on=None) | Q(issued_on=None) | Q(expires_on__gte=F("issued_on")),
                name="security_ends_after_issue",
            ),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def starts_on(self) -> date:
        """The later of handing in and issue: before either there is nothing to claim on."""
        return max(self.received_on, self.issued_on or self.received_on)


class SecurityClaim(ContractScoped):
    """A written claim on an instrument: decided inside, delivered before its validity ends, answered, and closed on a
    day that a person records (the contract does not say when a claim is completed)."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        REJECTED = "rejected", _("Rejected")
        APPROVED = "approved", _("Approved, not delivered")
        DELIVERED = "delivered", _("Delivered")
        PAID = "paid", _("Paid")
        REFUSED = "refused", _("Refused by the issuer")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="security_claims")
    instrument = models.ForeignKey(SecurityInstrument, on_delete=models.PROTECT, related_name="claims")
    liability = models.ForeignKey(
        Liability, on_delete=models.PROTECT, null=True, blank=True, related_name="security_claims"
    )
    number = models.CharField(_("claim number"), max_length=80, unique=True)
    ground = models.CharField(max_length=40)
    clause = models.CharField(_("clause"), max_length=80)
    # The whole sum is called in to go on securing the contract: it stays in the balance.
    keeps = models.BooleanField(default=False)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)
    delivery = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delivered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    delivered_at = models.DateTimeField(null=True, blank=True)
    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    paid = MoneyField(max_digits=18, decimal_places=2, default=0)
    answer_note = models.CharField(max_length=1000, blank=True)
    closed_on = models.DateField(_("completed on"), null=True, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="security_claim_positive"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="security_claim_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(delivered_on=None, delivery=None) | (~Q(delivered_on=None) & ~Q(delivery=None)),
                name="security_claim_delivery_is_proved",
            ),
            models.CheckConstraint(
                condition=Q(paid=0) | (Q(state="paid") & Q(paid__gt=0) & Q(paid__lte=F("amount"))),
                name="security_claim_paid_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(closed_on=None)
                | (Q(state__in=("paid", "refused", "withdrawn")) & Q(closed_on__gte=F("answered_on"))),
                name="security_claim_closed_after_answer",
            ),
        )

    def __str__(self) -> str:
        return self.number


class SecurityOrder(ContractScoped):
    """What one person proposes and another decides: to give an instrument back, to cash a paper, to counter an entry of
    the ledger. The decision writes the movement."""

    class Kind(models.TextChoices):
        RELEASE = "release", _("Give back")
        CASH = "cash", _("Cash the paper")
        COUNTER = "counter", _("Counter an entry")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="security_orders")
    instrument = models.ForeignKey(SecurityInstrument, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=10, choices=Kind)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    on = models.DateField(_("day"))
    reference = models.CharField(_("receipt or bank reference"), max_length=200)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    counters = models.ForeignKey(
        "SecurityMovement", on_delete=models.PROTECT, null=True, blank=True, related_name="counter_orders"
    )
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("instrument", "kind"), condition=Q(state="proposed"), name="security_order_one_open"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="security_order_positive"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="security_order_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(kind="counter", counters__isnull=False) | (~Q(kind="counter") & Q(counters=None)),
                name="security_order_counters_an_entry",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"


class SecurityMovement(ContractScoped):
    """An entry of an instrument's ledger; `change` is what it does to the balance. Append-only: a wrong entry is
    countered by one of the opposite sign, once."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        DRAWN = "drawn", _("Drawn on a claim")
        RELEASED = "released", _("Given back")
        CASHED = "cashed", _("Turned into money")
        COUNTER = "counter", _("Counter-entry")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="security_movements")
    instrument = models.ForeignKey(SecurityInstrument, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=10, choices=Kind)
    change = MoneyField(_("change"), max_digits=18, decimal_places=2)
    on = models.DateField(_("day"))
    reference = models.CharField(_("reference"), max_length=200, blank=True)
    claim = models.ForeignKey(SecurityClaim, on_delete=models.PROTECT, null=True, blank=True, related_name="movements")
    counters = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="countered_by"
    )
    # The one who entered or proposed it, and the other person who accepted or approved.
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=~Q(recorded_by=F("approved_by")), name="security_movement_by_two"),
            models.CheckConstraint(
                condition=Q(kind="received", change__gt=0, counters=None)
                | Q(kind__in=("drawn", "released"), change__lt=0, counters=None)
                | Q(kind="cashed", change=0, counters=None)
                | (Q(kind="counter", counters__isnull=False) & ~Q(change=0)),
                name="security_movement_sign",
            ),
            models.UniqueConstraint(
                fields=("instrument",), condition=Q(kind="received"), name="security_received_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.change}"

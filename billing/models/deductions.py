"""What the vendor owes the buyer, and how it is settled: out of an instalment, by a claim of its own, or out of the
guarantee. Billing knows the amounts and their sources, never why they are owed."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.milestones import HALF_FEN, Milestone
from contracts.models import Contract
from contracts.money_fields import MoneyField


class Liability(ContractScoped):
    """A decided amount the vendor owes. All its settlements together never exceed it (clause in `clause`)."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="liabilities")
    # Whoever decides the liability names it; opening it again under the same key changes nothing.
    source_key = models.CharField(max_length=160)
    title = models.CharField(_("title"), max_length=200)
    clause = models.CharField(_("clause"), max_length=160)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    # Whether the contract lets it be deducted from an instalment; otherwise it is claimed on its own.
    deductible = models.BooleanField(default=True)
    # Sum of deductions less their counter-entries; of claims not withdrawn; of draws on the guarantee.
    deducted = MoneyField(max_digits=18, decimal_places=2, default=0)
    claimed = MoneyField(max_digits=18, decimal_places=2, default=0)
    drawn = MoneyField(max_digits=18, decimal_places=2, default=0)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ("contract_id", "pk")
        verbose_name_plural = "liabilities"
        constraints = (
            models.UniqueConstraint(fields=("contract", "source_key"), name="liability_source_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="liability_not_negative"),
            models.CheckConstraint(condition=Q(deducted__gte=0), name="liability_deducted_not_negative"),
            models.CheckConstraint(condition=Q(claimed__gte=0), name="liability_claimed_not_negative"),
            models.CheckConstraint(condition=Q(drawn__gte=0), name="liability_drawn_not_negative"),
            models.CheckConstraint(
                condition=Q(amount__gt=F("deducted") + F("claimed") + F("drawn") - HALF_FEN),
                name="liability_not_oversettled",
            ),
        )

    def __str__(self) -> str:
        return self.title


class LiabilityChange(ContractScoped):
    """An adjustment of a liability after it was decided: the difference, and why. Append-only."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="liability_changes")
    liability = models.ForeignKey(Liability, on_delete=models.PROTECT, related_name="changes")
    amount = MoneyField(_("difference"), max_digits=18, decimal_places=2)
    note = models.CharField(_("reason"), max_length=1000)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)
        constraints = (models.CheckConstraint(condition=~Q(amount=0), name="liability_change_is_one"),)

    def __str__(self) -> str:
        return str(self.amount)


class Deduction(ContractScoped):
    """Part of a liability taken off an instalment; or the counter-entry of one, negative. Append-only. The person who
    deducts is not the one who decided the liability."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="deductions")
    liability = models.ForeignKey(Liability, on_delete=models.PROTECT, related_name="deductions")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="deductions")
    number = models.CharField(_("deduction number"), max_length=80, unique=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    note = models.CharField(_("note"), max_length=1000, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    deducted_on = models.DateField(_("deducted on"))
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, reverses=None) | Q(amount__lt=0, reverses__isnull=False),
                name="deduction_or_counter_entry",
            ),
            models.CheckConstraint(condition=~Q(added_by=F("decided_by")), name="deduction_added_by_other"),
        )

    def __str__(self) -> str:
        return self.number


class SeparateClaim(ContractScoped):
    """Part of a liability the vendor pays by a transfer of its own, by a day a person sets: the contract has none."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        SETTLED = "settled", _("Settled")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="separate_claims")
    liability = models.ForeignKey(Liability, on_delete=models.PROTECT, related_name="claims")
    number = models.CharField(_("claim number"), max_length=80, unique=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    due_on = models.DateField(_("to be paid by"))
    note = models.CharField(_("note"), max_length=1000, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    settled_on = models.DateField(_("received on"), null=True, blank=True)
    bank_reference = models.CharField(_("bank reference"), max_length=80, blank=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="claim_positive"),
            models.CheckConstraint(
                condition=(Q(state="settled") & ~Q(bank_reference="") & Q(settled_on__isnull=False))
                | (~Q(state="settled") & Q(settled_on=None)),
                name="claim_settled_by_a_transfer",
            ),
            models.UniqueConstraint(
                fields=("bank_reference",), condition=~Q(bank_reference=""), name="claim_reference_once"
            ),
        )

    def __str__(self) -> str:
        return self.number


class Freeze(ContractScoped):
    """Part of an instalment that must not be paid out before a liability is decided. Frozen is not deducted."""

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="freezes")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="freezes")
    source_key = models.CharField(max_length=160)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)
    note = models.CharField(_("note"), max_length=1000, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("milestone", "source_key"), condition=Q(lifted_at=None), name="freeze_one_in_force"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="freeze_positive"),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None) | (~Q(lifted_at=None) & ~Q(lifted_by=None)),
                name="freeze_lifted_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return self.source_key

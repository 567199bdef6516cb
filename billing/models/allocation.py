"""Who uses how much of which priced row, and how the contract's price is shared among its systems.

Neither changes the price (register D-49): uses are a ledger, shares a stated and approved method (D-25).
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from contracts.models import Contract, Evidence, InformationSystem
from contracts.money_fields import MoneyField


class SystemUse(ContractScoped):
    """An entry of the quantity ledger: from a day on a system uses so much more (or less) of a priced row.

    Append-only. A mistake is corrected by a counter-entry that names what it takes back. `line` is the row's number in
    the contract, which outlives the versions of the definition.
    """

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="system_uses")
    line = models.PositiveSmallIntegerField(_("row"))
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="uses")
    quantity = MoneyField(_("change of quantity"), max_digits=18, decimal_places=4)
    effective_on = models.DateField(_("in effect from"))
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="system_uses")
    note = models.CharField(_("note"), max_length=1000, blank=True)
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=("contract", "line", "system", "effective_on"), name="use_by_line_and_system"),)
        constraints = (models.CheckConstraint(condition=~Q(quantity=0), name="use_changes_something"),)

    def __str__(self) -> str:
        return f"{self.line} {self.quantity:+f}"


class Allocation(ContractScoped):
    """One version of how the price is shared: proposed by one person, approved by another, never changed after.

    The version in force on a day is the last approved one that is in effect by then; earlier ones stay on record.
    """

    class Method(models.TextChoices):
        EQUAL = "equal", _("Equal parts")
        LINE = "line", _("By the use of one row")
        TABLE = "table", _("By an agreed table")

    class State(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")

    internal: ClassVar[bool] = True

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="allocations")
    number = models.PositiveIntegerField(_("version"))
    method = models.CharField(_("method"), max_length=10, choices=Method)
    line = models.PositiveSmallIntegerField(_("row"), null=True, blank=True)
    total = MoneyField(_("amount shared"), max_digits=18, decimal_places=2)
    effective_on = models.DateField(_("in effect from"))
    reason = models.CharField(_("reason"), max_length=1000)
    evidence = models.ForeignKey(Evidence, on_delete=models.PROTECT, related_name="allocations")
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("contract", "number"), name="allocation_number_once"),
            models.CheckConstraint(
                condition=Q(method="line", line__isnull=False) | (~Q(method="line") & Q(line=None)),
                name="allocation_row_of_its_method",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="allocation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="allocation_decided_by_other"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_by=None, decided_at=None)
                | (~Q(state="proposed") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="allocation_decided_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return f"v{self.number}"


class AllocationShare(ContractScoped):
    """A system's part of one version, with the weight it was worked out from (None in an agreed table)."""

    internal: ClassVar[bool] = True
    scope_prefix: ClassVar[str] = "allocation__contract__"

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="shares")
    system = models.ForeignKey(InformationSystem, on_delete=models.PROTECT, related_name="shares")
    weight = MoneyField(max_digits=18, decimal_places=4, null=True)
    amount = MoneyField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        ordering = ("allocation_id", "system__position")
        constraints = (
            models.UniqueConstraint(fields=("allocation", "system"), name="allocation_share_once"),
            models.CheckConstraint(condition=Q(weight=None) | Q(weight__gte=0), name="allocation_weight_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.system_id} {self.amount}"

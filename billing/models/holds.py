"""The fiscal hold: the buyer's funds are not released, the vendor is told, and once they are the payment is made."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.scoping import ContractScoped
from billing.models.milestones import Milestone
from contracts.models import Contract, Evidence


class FiscalHold(ContractScoped):
    """A delay of an instalment by the state's funding. While it lasts and the vendor was told, late is no breach."""

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="fiscal_holds")
    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="holds")
    # The item of the contract's definition it is reported to the engine as; empty if the definition has none.
    subject = models.CharField(max_length=160, blank=True)
    known_on = models.DateField(_("known on"))
    reason = models.CharField(_("reason"), max_length=1000)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    notified_on = models.DateField(_("vendor notified on"), null=True, blank=True)
    delivery = models.ForeignKey(Evidence, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    notified_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    notified_at = models.DateTimeField(null=True, blank=True)
    ended_on = models.DateField(_("funds released on"), null=True, blank=True)
    end_note = models.CharField(_("basis"), max_length=1000, blank=True)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    # Internal target for paying after the end; red when missed, never a breach.
    pay_by = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("milestone",), condition=Q(ended_on=None), name="hold_one_open"),
            models.CheckConstraint(
                condition=Q(notified_on=None, delivery=None) | (~Q(notified_on=None) & ~Q(delivery=None)),
                name="hold_notice_has_evidence",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("known_on")), name="hold_ends_after_it_began"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
        )

    def __str__(self) -> str:
        return self.reason[:60]

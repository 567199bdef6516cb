"""Forms about what the vendor owes, holds of funds, changes of account and payments taken back."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.money_fields import AmountInput
from web.forms.billing import DAY, NOTE, MoneyForm


class DeductionForm(MoneyForm):
    milestone = forms.ChoiceField(label=_("Deduct from"))
    amount = AmountInput(label=_("Amount"))
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: object, milestones: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["milestone"].choices = milestones  # type: ignore[attr-defined]


class ClaimForm(MoneyForm):
    amount = AmountInput(label=_("Amount"))
    due_on = forms.DateField(
        label=_("To be paid by"), widget=DAY, help_text=_("The contract names no day: set one and say how it was set.")
    )
    out_of_order = forms.BooleanField(label=_("Claim it although the final instalment is still open"), required=False)
    note = forms.CharField(label=_("How the day was set"), widget=NOTE, max_length=1000)


class ClaimPaidForm(MoneyForm):
    settled_on = forms.DateField(label=_("Received on"), widget=DAY)
    bank_reference = forms.CharField(label=_("Bank reference"), max_length=100)
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)


class RefundPaidForm(MoneyForm):
    paid_on = forms.DateField(label=_("Paid back on"), widget=DAY)
    bank_reference = forms.CharField(label=_("Bank reference"), max_length=100)


class ReasonForm(MoneyForm):
    note = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)


class HoldForm(MoneyForm):
    known_on = forms.DateField(label=_("Known on"), widget=DAY, help_text=_("The day the delay became known."))
    reason = forms.CharField(
        label=_("Reason"), widget=NOTE, max_length=1000, help_text=_("The vendor reads it in the notice.")
    )


class HoldNoticeForm(MoneyForm):
    notified_on = forms.DateField(label=_("Vendor notified on"), widget=DAY)
    upload = forms.FileField(label=_("Proof of delivery"), required=False)
    reference = forms.CharField(
        label=_("Number of the letter"), max_length=200, required=False, help_text=_("If the proof is kept elsewhere.")
    )


class HoldEndForm(MoneyForm):
    ended_on = forms.DateField(label=_("Funds released on"), widget=DAY)
    note = forms.CharField(
        label=_("Basis"), widget=NOTE, max_length=1000, help_text=_("The paper that releases the funds.")
    )


class PayeeForm(MoneyForm):
    name = forms.CharField(label=_("Account holder"), max_length=200)
    bank = forms.CharField(label=_("Bank"), max_length=200)
    account = forms.CharField(label=_("Account number"), max_length=80)
    letter = forms.FileField(label=_("The vendor's letter"))
    reason = forms.CharField(
        label=_("How it came in and was verified"),
        widget=NOTE,
        max_length=1000,
        help_text=_("Call the vendor back on a number you already had, not on the letter's."),
    )


class ReversalForm(MoneyForm):
    happened_on = forms.DateField(label=_("Reversed on"), widget=DAY, help_text=_("The day the money came back."))
    bank_reference = forms.CharField(label=_("Bank reference of the return"), max_length=100)
    reason = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)

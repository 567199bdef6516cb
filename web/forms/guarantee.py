"""Forms about securities. As with all money, a hidden key makes sending one twice have one effect."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.money_fields import AmountInput
from web.forms.billing import DAY, NOTE, MoneyForm


class InstrumentForm(MoneyForm):
    form = forms.ChoiceField(label=_("Form of the security"))
    number = forms.CharField(label=_("Number"), max_length=100, help_text=_("As printed; for money, the receipt's."))
    issuer = forms.CharField(label=_("Bank"), max_length=200, required=False, help_text=_("Not for money."))
    by_branch = forms.BooleanField(label=_("Issued by a branch of the bank"), required=False)
    amount = AmountInput(label=_("Amount"))
    issued_on = forms.DateField(label=_("Issued on"), widget=DAY, required=False)
    received_on = forms.DateField(label=_("Handed in on"), widget=DAY, help_text=_("The day the original came in."))
    expires_on = forms.DateField(
        label=_("Valid until"), widget=DAY, required=False, help_text=_("For a draft or cheque: its maturity.")
    )
    replaces = forms.ChoiceField(label=_("Renews"), required=False)
    upload = forms.FileField(label=_("Scan of the original"), required=False)
    authorisation = forms.FileField(
        label=_("Authorisation of the branch"), required=False, help_text=_("Needed when a branch issued it.")
    )
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(
        self, *args: object, allowed: list[tuple[str, str]], renewable: list[tuple[str, str]], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["form"].choices = allowed  # type: ignore[attr-defined]
        self.fields["replaces"].choices = [("", _("Nothing: a first or a further one")), *renewable]  # type: ignore[attr-defined]


class OrderForm(MoneyForm):
    amount = AmountInput(label=_("Amount"))
    on = forms.DateField(label=_("Day"), widget=DAY, help_text=_("The day it was done."))
    reference = forms.CharField(label=_("Receipt or bank reference"), max_length=200)
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)


class CounterForm(OrderForm):
    counters = forms.ChoiceField(label=_("Entry to counter"))
    field_order = ("counters",)

    def __init__(self, *args: object, entries: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["counters"].choices = entries  # type: ignore[attr-defined]


class ClaimForm(MoneyForm):
    ground = forms.ChoiceField(label=_("Ground"))
    liability = forms.ChoiceField(
        label=_("Rests on"), required=False, help_text=_("What the vendor owes; the claim may not exceed it.")
    )
    amount = AmountInput(label=_("Amount"))
    reason = forms.CharField(label=_("Reason, for the letter"), widget=NOTE, max_length=1000)

    def __init__(
        self, *args: object, grounds: list[tuple[str, str]], liabilities: list[tuple[str, str]], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["ground"].choices = grounds  # type: ignore[attr-defined]
        self.fields["liability"].choices = [("", "—"), *liabilities]  # type: ignore[attr-defined]


class DeliveryForm(MoneyForm):
    delivered_on = forms.DateField(label=_("Delivered on"), widget=DAY)
    upload = forms.FileField(label=_("Proof of delivery"), required=False)
    reference = forms.CharField(label=_("Or its reference"), max_length=200, required=False)


class AnswerForm(MoneyForm):
    outcome = forms.ChoiceField(label=_("What came of it"), widget=forms.RadioSelect)
    on = forms.DateField(label=_("Day"), widget=DAY)
    amount = AmountInput(label=_("Amount paid"), required=False)
    reference = forms.CharField(label=_("Bank reference"), max_length=200, required=False)
    note = forms.CharField(
        label=_("Note"), widget=NOTE, max_length=1000, required=False, help_text=_("Needed when nothing was paid.")
    )

    def __init__(self, *args: object, outcomes: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["outcome"].choices = outcomes  # type: ignore[attr-defined]


class ClosingForm(MoneyForm):
    closed_on = forms.DateField(
        label=_("Completed on"), widget=DAY, help_text=_("The contract does not say when a claim is completed.")
    )
    note = forms.CharField(
        label=_("Basis"), widget=NOTE, max_length=1000, help_text=_("Payment, judgment or withdrawal, and its paper.")
    )

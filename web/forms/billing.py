"""Forms about money. Every one carries a hidden key, so that sending it twice has one effect."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.forms import InvoiceFields
from contracts.money_fields import AmountInput

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
NOTE = forms.Textarea(attrs={"rows": 3})


class MoneyForm(forms.Form):
    """Base: the repeat protection of accounts.services.idempotency."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=255, required=False)


class InvoiceForm(InvoiceFields, MoneyForm):
    """An invoice entered by finance."""


class DecisionForm(MoneyForm):
    """Yes or no with a note; a no needs one."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"), widget=NOTE, max_length=1000, required=False, help_text=_("Needed for a rejection.")
    )

    def __init__(self, *args: object, yes: str, no: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["decision"].choices = [("yes", yes), ("no", no)]  # type: ignore[attr-defined]


class ApplicationForm(MoneyForm):
    amount = AmountInput(label=_("Amount to pay"))
    invoices = forms.MultipleChoiceField(label=_("Invoices paid with it"), widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(label=_("Reason, printed on the form"), widget=NOTE, max_length=1000, required=False)
    # What the applicant saw: if the contract's account changed since, the application is refused.
    payee_account = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)

    def __init__(self, *args: object, invoices: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["invoices"].choices = invoices  # type: ignore[attr-defined]


class PaymentForm(MoneyForm):
    paid_on = forms.DateField(label=_("Paid on"), widget=DAY, help_text=_("The day the bank carried it out."))
    bank_reference = forms.CharField(
        label=_("Bank reference"), max_length=100, help_text=_("The number on the bank's receipt.")
    )

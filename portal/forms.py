"""Forms of the vendor's people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.forms import InvoiceFields
from contracts.forms import MultipleFileField
from contracts.money_fields import AmountInput

DAY = {"type": "date"}


class SubmissionForm(forms.Form):
    """What was done, when, and what shows it."""

    done_on = forms.DateField(label=_("Done on"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    upload = MultipleFileField(
        label=_("Evidence files"),
        required=False,
        help_text=_("PDF, OFD, Office files, images or ZIP; several at once."),
    )
    reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        required=False,
        help_text=_("File number, if the paper is kept elsewhere."),
    )
    note = forms.CharField(
        label=_("Note"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The buyer's reviewer reads it."),
    )

    def clean_upload(self) -> list[Any]:
        return [item for item in self.cleaned_data["upload"] if item]


class HandOverForm(forms.Form):
    """Which colleague takes care of an obligation; nobody = everybody who holds the role."""

    to = forms.TypedChoiceField(label=_("Colleague"), coerce=int, empty_value=None, required=False)
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("Everybody who holds the role")), *people]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class InstrumentForm(forms.Form):
    """A security, or the renewal of one. It is handed in on the day it is sent."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=255, required=False)
    form = forms.ChoiceField(label=_("Form of the security"))
    number = forms.CharField(label=_("Number"), max_length=100, help_text=_("As printed; for money, the receipt's."))
    issuer = forms.CharField(label=_("Bank"), max_length=200, required=False, help_text=_("Not for money."))
    by_branch = forms.BooleanField(label=_("Issued by a branch of the bank"), required=False)
    amount = AmountInput(label=_("Amount"))
    issued_on = forms.DateField(
        label=_("Issued on"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"), required=False
    )
    expires_on = forms.DateField(
        label=_("Valid until"),
        widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"),
        required=False,
        help_text=_("For a draft or cheque: its maturity."),
    )
    replaces = forms.ChoiceField(label=_("Renews"), required=False)
    upload = forms.FileField(label=_("Scan of the original"), required=False)
    authorisation = forms.FileField(
        label=_("Authorisation of the branch"), required=False, help_text=_("Needed when a branch issued it.")
    )

    def __init__(
        self, *args: Any, allowed: list[tuple[str, str]], renewable: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["form"].choices = allowed  # type: ignore[attr-defined]
        self.fields["replaces"].choices = [("", _("Nothing: a first or a further one")), *renewable]  # type: ignore[attr-defined]


class InvoiceForm(InvoiceFields):
    """An invoice of an instalment. The hidden key makes sending it twice have one effect."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=255, required=False)


class _CaseForm(forms.Form):
    """Base of what is said about a penalty; the hidden key makes sending it twice have one effect."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, max_length=255, required=False)

    def clean_uploads(self) -> list[Any]:
        return [item for item in self.cleaned_data.get("uploads", []) if item]


class ObjectionForm(_CaseForm):
    text = forms.CharField(
        label=_("What you object to, and why"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000
    )
    uploads = MultipleFileField(
        label=_("Evidence files"),
        required=False,
        help_text=_("PDF, OFD, Office files, images or ZIP; several at once."),
    )


class StatementForm(ObjectionForm):
    text = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000)


class NoteForm(_CaseForm):
    note = forms.CharField(label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

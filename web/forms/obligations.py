"""Forms about one obligation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.forms import MultipleFileField

DATE = {"type": "date"}


class SubmissionForm(forms.Form):
    done_on = forms.DateField(label=_("Done on"), widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    files = MultipleFileField(label=_("Evidence files"), required=False)  # type: ignore[assignment]  # Django moves fields off the class
    reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        required=False,
        help_text=_("File number, if the paper is kept elsewhere."),
    )
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_files(self) -> list[Any]:
        return [item for item in self.cleaned_data["files"] if item]


class ReviewForm(forms.Form):
    done_on = forms.DateField(
        label=_("Done on"),
        required=False,
        widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"),
        help_text=_("Only if another day than the one handed in counts."),
    )
    note = forms.CharField(label=_("Note"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class HandOverForm(forms.Form):
    to = forms.TypedChoiceField(label=_("To"), coerce=int)
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = people  # type: ignore[attr-defined]


class BulkForm(forms.Form):
    file = forms.FileField(
        label=_("Filled Excel template"),
        help_text=_("All rows are taken, or none: errors are listed with their row number."),
    )

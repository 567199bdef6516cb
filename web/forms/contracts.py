"""Forms about definitions and calendars."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.forms import MultipleFileField


class DefinitionForm(forms.Form):
    files = MultipleFileField(  # type: ignore[assignment]  # Django moves fields off the class
        label=gettext_lazy("Definition files"),
        help_text=gettext_lazy("All TOML files of one contract, or one ZIP of them. Nothing changes if one is faulty."),
    )


class LinesForm(forms.Form):
    """The table of line items, changed."""

    upload = forms.FileField(
        label=gettext_lazy("Table"), help_text=gettext_lazy("The Excel table downloaded here, changed.")
    )


class ActivationForm(forms.Form):
    """From when a version holds, and the paper that changed the contract."""

    effective_from = forms.DateField(
        label=gettext_lazy("Holds from"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy(
            "What happened before keeps the version of its day. To correct the whole, give the signing day."
        ),
    )
    agreement = forms.CharField(
        label=gettext_lazy("Supplementary agreement or reason"),
        max_length=200,
        help_text=gettext_lazy("Its number and date; for a correction, what was wrong."),
    )


class DayListField(forms.CharField):
    """One day a line, "2027-01-01 New Year"; cleans to a dict of date → name."""

    widget = forms.Textarea(attrs={"rows": 12})

    def clean(self, value: Any) -> dict[date, str]:
        text = super().clean(value)
        days: dict[date, str] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            head, _space, name = line.strip().partition(" ")
            try:
                day = date.fromisoformat(head)
            except ValueError as error:
                raise forms.ValidationError(
                    _("Line %(number)s: “%(text)s” is not a date. Write year-month-day, a space, then the name.")
                    % {"number": number, "text": head[:40]}
                ) from error
            days[day] = name.strip()
        return days


class CalendarForm(forms.Form):
    year = forms.IntegerField(label=gettext_lazy("Year"), min_value=1990, max_value=2200)
    rest = DayListField(
        label=gettext_lazy("Days off"),
        help_text=gettext_lazy("One a line: 2027-01-01 New Year. Weekends inside a holiday belong here too."),
    )
    work = DayListField(
        label=gettext_lazy("Make-up working days"),
        required=False,
        help_text=gettext_lazy("Weekend days that are worked, one a line."),
    )
    source = forms.CharField(
        label=gettext_lazy("Notice"), max_length=300, help_text=gettext_lazy("Number and date of the official notice.")
    )


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

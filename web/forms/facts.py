"""Forms to record facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.attribute_words import attribute_words, value_choices

DATE = forms.DateInput(attrs={"type": "date"})


class EventForm(forms.Form):
    """An event: the day it happened, what proves it. The clock time is only asked where minutes count."""

    on = forms.DateField(label=_("Day it happened"), widget=DATE)
    at_time = forms.TimeField(
        label=_("Time"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": "1"}),
        help_text=_("Only where the contract counts minutes or hours."),
    )
    note = forms.CharField(label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    evidence_title = forms.CharField(
        label=_("Evidence"), max_length=200, required=False, help_text=_("What proves it.")
    )
    evidence_file = forms.FileField(label=_("Evidence file"), required=False)
    evidence_reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        required=False,
        help_text=_("File number, if the paper is kept elsewhere."),
    )


class DecisionForm(forms.Form):
    note = forms.CharField(label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


UNKNOWN = (("", _("Unknown")), ("true", _("Yes")), ("false", _("No")))


class ThingForm(forms.Form):
    """A thing with attributes, as the definition lists them; what is not known is left open (unknown is not "no")."""

    happened = forms.DateTimeField(
        label=_("When"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("In the contract's own time zone."),
    )

    def __init__(
        self,
        *args: Any,
        attributes: dict[str, str],
        systems: list[tuple[str, str]],
        values: Mapping[str, Sequence[str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.attributes = attributes
        for name, kind in attributes.items():
            self.fields[f"a_{name}"] = attribute_field(name, kind, systems, values.get(name, ()))
        self.fields["note"] = forms.CharField(
            label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2})
        )
        self.fields["evidence_file"] = forms.FileField(label=_("Evidence file"), required=False)

    def values(self) -> dict[str, Any]:
        """The filled attributes in the engine's notation: true, "2026-02-27", "CNY 12.30", a list of codes."""
        found: dict[str, Any] = {}
        for name, kind in self.attributes.items():
            value = self.cleaned_data.get(f"a_{name}")
            if value in (None, "", []):
                continue
            if kind == "bool":
                found[name] = value == "true"
            elif hasattr(value, "isoformat"):
                found[name] = value.isoformat()
            else:
                found[name] = value
        return found


def attribute_field(name: str, kind: str, systems: list[tuple[str, str]], values: Sequence[str] = ()) -> forms.Field:
    """The field of an attribute by its type in the definition; nothing is required, unknown stays unknown. `values`
    are the texts the contract compares it with (contracts.compared)."""
    label = attribute_words(name)
    if kind == "bool":
        return forms.ChoiceField(label=label, choices=UNKNOWN, required=False)
    if kind == "date":
        return forms.DateField(label=label, required=False, widget=DATE)
    if kind in {"instant", "datetime"}:
        return forms.DateTimeField(
            label=label,
            required=False,
            widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
        )
    if kind in {"systems", "system[]", "list"} and systems:
        return forms.MultipleChoiceField(
            label=label, choices=systems, required=False, widget=forms.CheckboxSelectMultiple
        )
    if kind == "system" and systems:
        return forms.ChoiceField(label=label, choices=[("", "—"), *systems], required=False)
    if kind in {"count", "integer", "int"}:
        return forms.IntegerField(label=label, required=False)
    if kind == "text" and values:
        return forms.ChoiceField(label=label, choices=value_choices(values), required=False)
    return forms.CharField(label=label, max_length=200, required=False)

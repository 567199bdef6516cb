"""Forms about incidents. Moments are typed on the contract's own clocks; each form carries a key against repeats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.attribute_words import attribute_words
from contracts.money_fields import AmountInput
from web.forms.billing import DAY, NOTE, DecisionForm, MoneyForm
from web.forms.facts import attribute_field

CLOCK = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
PATTERNS = [f"%Y-%m-%d{gap}%H:%M{end}" for gap in ("T", " ") for end in (":%S", "")]
Choices = Sequence[tuple[str, str]]


class MomentField(forms.DateTimeField):
    """A moment on the clocks of a zone; cleans to an aware instant."""

    zone = ZoneInfo("Asia/Shanghai")
    widget = CLOCK

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, input_formats=PATTERNS, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).replace(tzinfo=None) if isinstance(value, datetime) else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        for pattern in PATTERNS:
            try:
                return datetime.strptime(str(value).strip(), pattern).replace(tzinfo=self.zone)
            except ValueError:
                continue
        raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


class ZonedForm(MoneyForm):
    """Base: every moment is meant in the contract's zone."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.set_zone(zone)

    def set_zone(self, zone: str) -> None:
        for field in self.fields.values():
            if isinstance(field, MomentField):
                field.zone = ZoneInfo(zone)


class RegisterForm(ZonedForm):
    """Four fields; everything else is found out later."""

    title = forms.CharField(label=_("What happened"), max_length=200)
    reported_at = MomentField(label=_("Reported"), help_text=_("When the vendor received the report."))
    systems = forms.MultipleChoiceField(label=_("Affected"), widget=forms.CheckboxSelectMultiple)
    down_since = MomentField(
        label=_("Down since"),
        required=False,
        help_text=_("Leave it empty if nothing is down. The end is entered later."),
    )

    def __init__(self, *args: Any, systems: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["systems"].choices = systems  # type: ignore[attr-defined]


class MomentsForm(ZonedForm):
    """The moments of an incident, all at once; those left as they are change nothing."""

    def __init__(self, *args: Any, names: Iterable[str], zone: str, **kwargs: Any) -> None:
        super().__init__(*args, zone=zone, **kwargs)
        for name in names:
            self.fields[f"m_{name}"] = MomentField(label=attribute_words(name), required=False)
        self.fields["note"] = forms.CharField(label=_("Source"), max_length=1000, required=False, widget=NOTE)
        self.set_zone(zone)


VALUES = {
    "bool": lambda label: forms.ChoiceField(
        label=label, choices=(("true", _("Yes")), ("false", _("No")), ("", _("Unknown"))), required=False,
        widget=forms.RadioSelect,
    ),
    "count": lambda label: forms.IntegerField(label=label, required=False, min_value=0),
    "date": lambda label: forms.DateField(label=label, required=False, widget=DAY),
    "money": lambda label: AmountInput(label=label, required=False),
}  # fmt: skip


class FindingForm(MoneyForm):
    """One finding: its value (left open: unknown), who established it, when, and on what paper."""

    established_by = forms.CharField(label=_("Established by"), max_length=200, required=False)
    established_on = forms.DateField(label=_("Established on"), required=False, widget=DAY)
    paper = forms.CharField(
        label=_("Paper"), max_length=200, required=False, help_text=_("Minutes, certificate, letter: title and number.")
    )
    upload = forms.FileField(label=_("File"), required=False)
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: Any, name: str, kind: str, values: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label = attribute_words(name)
        make = VALUES.get(kind)
        value = make(label) if make is not None else attribute_field(name, kind, [], values)
        self.fields = {"value": value, **self.fields}
        self.kind = kind

    def value(self, currency: str) -> Any:
        """The value in the notation of facts; None for unknown."""
        given = self.cleaned_data.get("value")
        if given in (None, ""):
            return None
        if self.kind == "bool":
            return given == "true"
        if self.kind == "money":
            return f"{currency} {given}"
        return given.isoformat() if hasattr(given, "isoformat") else given


class CauseForm(MoneyForm):
    cause = forms.ChoiceField(label=_("Root cause"), required=False)
    title = forms.CharField(label=_("Or a new one"), max_length=200, required=False)

    def __init__(self, *args: Any, causes: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = [("", "—"), *causes]  # type: ignore[attr-defined]


class SpellForm(ZonedForm):
    kind = forms.ChoiceField(label=_("Kind"))
    system = forms.ChoiceField(label=_("System"), required=False)
    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"), required=False, help_text=_("Leave it empty while it goes on."))
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)
    upload = forms.FileField(label=_("Monitoring record"), required=False)

    def __init__(self, *args: Any, kinds: Choices, systems: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["system"].choices = [("", "—"), *systems]  # type: ignore[attr-defined]


class CorrectionForm(ZonedForm):
    """New times for a stretch, or its withdrawal."""

    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"), required=False, help_text=_("Leave it empty while it goes on."))
    withdraw = forms.BooleanField(label=_("It was entered in error: take it back"), required=False)
    note = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)


class ExclusionForm(ZonedForm):
    ground = forms.ChoiceField(label=_("Ground"), widget=forms.RadioSelect)
    system = forms.ChoiceField(label=_("System"), required=False)
    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"))
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: Any, grounds: Choices, systems: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = grounds  # type: ignore[attr-defined]
        self.fields["system"].choices = systems  # type: ignore[attr-defined]


class PaperForm(MoneyForm):
    name = forms.ChoiceField(label=_("Paper"), widget=forms.RadioSelect)
    upload = forms.FileField(label=_("File"), required=False)
    reference = forms.CharField(label=_("Reference"), max_length=200, required=False)

    def __init__(self, *args: Any, papers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].choices = papers  # type: ignore[attr-defined]


class ReasonForm(MoneyForm):
    reason = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)


class FigureForm(MoneyForm):
    series = forms.ChoiceField(label=_("Figure"))
    period = forms.CharField(label=_("Period"), max_length=10, help_text=_("For example 2026-06."))
    system = forms.ChoiceField(label=_("System"), required=False)
    value = forms.CharField(label=_("Value"), max_length=40, help_text=_("Exactly as measured, for example 99.99989%."))
    method = forms.CharField(label=_("Method"), widget=NOTE, max_length=1000)
    upload = forms.FileField(label=_("File"), required=False)

    def __init__(self, *args: Any, series: Choices, systems: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["series"].choices = series  # type: ignore[attr-defined]
        self.fields["system"].choices = [("", "—"), *systems]  # type: ignore[attr-defined]


__all__ = [
    "CauseForm",
    "CorrectionForm",
    "DecisionForm",
    "ExclusionForm",
    "FigureForm",
    "FindingForm",
    "MomentsForm",
    "PaperForm",
    "ReasonForm",
    "RegisterForm",
    "SpellForm",
]

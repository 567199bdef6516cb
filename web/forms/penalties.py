"""Forms of the docket. Every one carries a hidden key, so that sending it twice has one effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.forms import MultipleFileField
from contracts.money_fields import AmountInput
from penalties.selectors import notice_methods
from web.forms.billing import DAY, NOTE, DecisionForm, MoneyForm
from web.forms.facts import attribute_field

__all__ = [
    "AdjustForm",
    "AgreeForm",
    "ApproveForm",
    "CaseDecisionForm",
    "DecisionForm",
    "DeliveryForm",
    "EstablishForm",
    "FindingForm",
    "FreezeForm",
    "MinutesForm",
    "NoteForm",
    "NoticeForm",
    "ProposeForm",
    "ReasonForm",
    "SettleForm",
    "StatementForm",
]

PROOF = _("PDF, OFD, Office files, images or ZIP; several at once.")


EVIDENCE = _("Evidence files")


def _uploads(*, required: bool = False, label: Any = EVIDENCE) -> MultipleFileField:
    return MultipleFileField(label=label, required=required, help_text=PROOF)


class _WithUploads(MoneyForm):
    def clean_uploads(self) -> list[Any]:
        """The chosen files; an empty field gives none."""
        return [each for each in self.cleaned_data.get("uploads", []) if each]


class NoteForm(MoneyForm):
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)


class ReasonForm(MoneyForm):
    note = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)


class EstablishForm(_WithUploads):
    note = forms.CharField(
        label=_("What was looked into"),
        widget=NOTE,
        max_length=1000,
        required=False,
        help_text=_("Stays inside the buyer's house."),
    )
    uploads = _uploads()


class FindingForm(_WithUploads):
    """One fact by its type in the definition, with what proves it."""

    def __init__(self, *args: Any, name: str, kind: str, values: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        value = attribute_field(name, kind, [], values)
        value.required = True
        self.fields = {"value": value, **self.fields}
        self.fields["note"] = forms.CharField(label=_("Established by, and how"), widget=NOTE, max_length=1000)
        self.fields["uploads"] = _uploads()

    def value(self) -> Any:
        """The value in the engine's notation."""
        given = self.cleaned_data["value"]
        if self.kind == "bool":
            return given == "true"
        return given.isoformat() if hasattr(given, "isoformat") else given


class ProposeForm(MoneyForm):
    pick = forms.ChoiceField(label=_("Which row"), required=False, widget=forms.RadioSelect)
    note = forms.CharField(label=_("Reasons for the approver"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: Any, picks: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if picks:
            self.fields["pick"].choices = picks  # type: ignore[attr-defined]
        else:
            del self.fields["pick"]


class ApproveForm(DecisionForm):
    amount = AmountInput(
        label=_("Reduce to"),
        required=False,
        help_text=_("Empty: as proposed. A reduction needs a reason in the note."),
    )


class NoticeForm(_WithUploads):
    method = forms.ChoiceField(label=_("Sent by"), choices=notice_methods)
    sent_on = forms.DateField(label=_("Sent on"), widget=DAY)
    received_on = forms.DateField(
        label=_("Received by the vendor on"),
        widget=DAY,
        required=False,
        help_text=_("Arrival of the letter, receipt of the e-mail, confirmation of the fax. Empty: not yet."),
    )
    reference = forms.CharField(label=_("Proof: tracking number or reference"), max_length=200, required=False)
    objection_days = forms.IntegerField(
        label=_("Working days for objections"),
        min_value=1,
        max_value=365,
        help_text=_("The contract gives no period: this one is set by the notice and is internal."),
    )
    uploads = _uploads(label=_("Proof of sending"))


class DeliveryForm(_WithUploads):
    received_on = forms.DateField(label=_("Received by the vendor on"), widget=DAY)
    reference = forms.CharField(label=_("Proof: tracking number or reference"), max_length=200, required=False)
    uploads = _uploads(label=_("Proof of delivery"))


class StatementForm(_WithUploads):
    text = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 6}), max_length=4000)
    internal = forms.BooleanField(
        label=_("Internal note"), required=False, help_text=_("The vendor and the supervisor never see it.")
    )
    uploads = _uploads()


class MinutesForm(_WithUploads):
    text = forms.CharField(label=_("When the talks were held, and what came of them"), widget=NOTE, max_length=4000)
    uploads = _uploads(required=True, label=_("Signed minutes"))


class AgreeForm(_WithUploads):
    note = forms.CharField(label=_("How the amount became final"), widget=NOTE, max_length=1000)
    uploads = _uploads(label=_("The paper that shows it"))


class CaseDecisionForm(MoneyForm):
    decision = forms.ChoiceField(
        label=_("Decision"),
        widget=forms.RadioSelect,
        choices=(
            ("upheld", _("Uphold: the objection is dismissed")),
            ("partly", _("Uphold partly: a lower amount")),
            ("withdrawn", _("Withdraw: the objection is accepted")),
        ),
    )
    amount = AmountInput(
        label=_("Amount"),
        required=False,
        help_text=_("Only for a lower amount; empty: what was computed anew."),
    )
    text = forms.CharField(
        label=_("Reasons"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=4000,
        help_text=_("The vendor reads them."),
    )


class FreezeForm(MoneyForm):
    milestone = forms.ChoiceField(label=_("Held back in"))
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: Any, milestones: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["milestone"].choices = milestones  # type: ignore[attr-defined]


class SettleForm(MoneyForm):
    """How much of each source; the fields are made of the definition's settlement."""

    claim_due_on = forms.DateField(
        label=_("The vendor pays its part by"),
        widget=DAY,
        required=False,
        help_text=_("The contract sets no day; a person sets one."),
    )
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)

    def __init__(self, *args: Any, sources: list[tuple[str, str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sources = {f"source_{number}": key for number, (key, _label, _help) in enumerate(sources)}
        own = {
            f"source_{number}": AmountInput(label=label, min_value=0, required=False, help_text=help_text)
            for number, (_key, label, help_text) in enumerate(sources)
        }
        self.fields = {**own, **self.fields}

    def wishes(self) -> dict[str, Any]:
        """What was filled in, by source."""
        return {
            key: self.cleaned_data[name]
            for name, key in self.sources.items()
            if self.cleaned_data.get(name) is not None
        }


class AdjustForm(_WithUploads):
    amount = AmountInput(label=_("New amount"), min_value=0)
    claim_due_on = forms.DateField(
        label=_("The vendor pays its part by"),
        widget=DAY,
        required=False,
        help_text=_("Only for a further claim that no instalment covers."),
    )
    reason = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)
    uploads = _uploads(label=_("Agreement, minutes or judgment"))

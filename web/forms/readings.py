"""The form that chooses a reading."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReadingForm(forms.Form):
    """An option of one reading with the reason, which only a look at the effect may leave out. The empty option is the
    contract's default, or "undecided"."""

    option = forms.ChoiceField(label=_("Reading"), required=False, widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("On what the choice rests: minutes, an opinion, an agreement. It is kept for good."),
    )
    evidence_file = forms.FileField(label=_("Evidence file"), required=False)
    evidence_reference = forms.CharField(
        label=_("Reference"),
        max_length=200,
        required=False,
        help_text=_("File number, if the paper is kept elsewhere."),
    )

    def __init__(
        self, *args: Any, options: list[tuple[str, str]], default: str, looking: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if looking:
            self.fields["reason"].required = False
        field = self.fields["option"]
        assert isinstance(field, forms.ChoiceField)
        back = _("Back to the default") if default else _("Leave undecided")
        field.choices = [*options, ("", back)]

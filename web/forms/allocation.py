"""Forms about quantities used and how the price is shared."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contracts.money_fields import AmountInput
from engine.money import LARGEST_QUANTITY
from web.forms.billing import DAY, NOTE, MoneyForm


class EvidenceFields(MoneyForm):
    """What proves it: a title with a file or the number of a paper kept elsewhere."""

    evidence_title = forms.CharField(label=_("Evidence"), max_length=200, help_text=_("What proves it."))
    reference = forms.CharField(
        label=_("Number or place of the paper"),
        max_length=200,
        required=False,
        help_text=_("Needed if no file is attached."),
    )
    upload = forms.FileField(label=_("Evidence file"), required=False)


class UseForm(EvidenceFields):
    """A change of what a system uses."""

    line = forms.TypedChoiceField(label=_("Row"), coerce=int)
    system = forms.ChoiceField(label=_("System"))
    quantity = AmountInput(
        label=_("Change of quantity"),
        max_value=LARGEST_QUANTITY,
        decimal_places=4,
        help_text=_("More is positive, less is negative. The price does not change with it."),
    )
    effective_on = forms.DateField(label=_("In effect from"), widget=DAY)
    note = forms.CharField(label=_("Note"), widget=NOTE, max_length=1000, required=False)
    field_order = ("line", "system", "quantity", "effective_on", "evidence_title", "reference", "upload", "note")

    def __init__(self, *args: Any, lines: Sequence[Any], systems: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = [("", "")] + [  # type: ignore[attr-defined]
            (row.number, f"{row.number} {row.title}") for row in lines
        ]
        self.fields["system"].choices = [("", "")] + [  # type: ignore[attr-defined]
            (row.code, f"{row.code} {row.title}") for row in systems
        ]


class ReverseForm(MoneyForm):
    note = forms.CharField(label=_("What was wrong"), widget=NOTE, max_length=1000)


class AllocationForm(EvidenceFields):
    """A version of how the price is shared. The table's fields count for that method alone."""

    method = forms.ChoiceField(label=_("How the price is shared"), widget=forms.RadioSelect)
    line = forms.TypedChoiceField(
        label=_("Row"), coerce=int, empty_value=None, required=False, help_text=_("For the method by the use of a row.")
    )
    effective_on = forms.DateField(label=_("In effect from"), widget=DAY)
    reason = forms.CharField(
        label=_("Reason"), widget=NOTE, max_length=1000, help_text=_("Why the price is shared this way.")
    )

    def __init__(
        self,
        *args: Any,
        methods: Sequence[tuple[str, Any]],
        lines: Sequence[Any],
        systems: Sequence[Any],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["method"].choices = list(methods)  # type: ignore[attr-defined]
        self.fields["line"].choices = [("", "")] + [  # type: ignore[attr-defined]
            (row.number, f"{row.number} {row.title}") for row in lines
        ]
        self.codes = [row.code for row in systems]
        for row in systems:
            self.fields[f"amount_{row.code}"] = AmountInput(
                label=f"{row.code} {row.title}", required=False, min_value=Decimal(0)
            )
        self.order_fields(
            [
                "method", "line", *(f"amount_{code}" for code in self.codes), "effective_on", "reason",
                "evidence_title", "reference", "upload",
            ]
        )  # fmt: skip

    @property
    def head_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("method", "line")]

    @property
    def table_fields(self) -> list[forms.BoundField]:
        return [self[f"amount_{code}"] for code in self.codes]

    @property
    def tail_fields(self) -> list[forms.BoundField]:
        names = ("effective_on", "reason", "evidence_title", "reference", "upload", "idempotency_key")
        return [self[name] for name in names]

    def table(self) -> dict[str, Decimal]:
        """The filled amounts by the system's code."""
        found = {code: self.cleaned_data.get(f"amount_{code}") for code in self.codes}
        return {code: amount for code, amount in found.items() if amount is not None}


class ImportForm(forms.Form):
    """A filled-in table, and from when on it holds."""

    upload = forms.FileField(label=_("Table"), help_text=_("The Excel table downloaded here, filled in."))
    effective_on = forms.DateField(label=_("In effect from"), widget=DAY)
    evidence_title = forms.CharField(label=_("Evidence"), max_length=200, help_text=_("What proves it."))
    reference = forms.CharField(label=_("Number or place of the paper"), max_length=200)
    reason = forms.CharField(label=_("Reason"), widget=NOTE, max_length=1000)


class ApplyForm(MoneyForm):
    """The table as it was shown, signed."""

    payload = forms.CharField(widget=forms.HiddenInput)

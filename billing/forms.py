"""The fields of an invoice, shared by the buyer's form and the vendor's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.rules_invoice import TaxLine
from contracts.money_fields import AmountInput

DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
RATES = 2


class InvoiceFields(forms.Form):
    """What is printed on an invoice. With the data of an electronic invoice everything else may stay empty."""

    upload = forms.FileField(
        label=_("Invoice file"),
        help_text=_(
            "The PDF or OFD file, or a scan of the paper. An XML file, or an OFD file with the data in it, "
            "fills in what you leave empty below."
        ),
    )
    number = forms.CharField(
        label=_("Invoice number"), max_length=60, required=False, help_text=_("As printed on the invoice.")
    )
    amount = AmountInput(label=_("Amount including tax"), required=False)
    issued_on = forms.DateField(label=_("Date of the invoice"), widget=DAY, required=False)
    title = forms.CharField(
        label=_("Invoice title"), max_length=200, required=False, help_text=_("The buyer's name as printed.")
    )
    buyer_tax_number = forms.CharField(label=_("Buyer's tax number"), max_length=60, required=False)
    seller_tax_number = forms.CharField(label=_("Seller's tax number"), max_length=60, required=False)
    rate_1 = forms.DecimalField(label=_("Tax rate (%)"), max_digits=5, decimal_places=2, min_value=0, required=False)
    net_1 = AmountInput(label=_("Amount without tax"), required=False)
    tax_1 = AmountInput(label=_("Tax"), required=False)
    rate_2 = forms.DecimalField(
        label=_("Second tax rate (%)"), max_digits=5, decimal_places=2, min_value=0, required=False
    )
    net_2 = AmountInput(label=_("Amount without tax at the second rate"), required=False)
    tax_2 = AmountInput(label=_("Tax at the second rate"), required=False)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for number in range(1, RATES + 1):
            given = [data.get(f"{name}_{number}") for name in ("rate", "net", "tax")]
            if any(value is not None for value in given) and None in given:
                self.add_error(f"rate_{number}", _("Enter rate, amount without tax and tax together."))
        return data


def invoice_values(data: dict[str, Any]) -> dict[str, Any]:
    """What `billing.services.invoice_add` takes, from the form's cleaned data."""
    taxes = tuple(
        TaxLine(data[f"rate_{number}"] / Decimal(100), data[f"net_{number}"], data[f"tax_{number}"])
        for number in range(1, RATES + 1)
        if data.get(f"rate_{number}") is not None
    )
    names = ("upload", "number", "amount", "issued_on", "title", "buyer_tax_number", "seller_tax_number")
    return {**{name: data[name] for name in names}, "taxes": taxes}

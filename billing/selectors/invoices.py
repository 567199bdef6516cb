"""One invoice: what it says against what the contract expects."""

from __future__ import annotations

from billing.models import Invoice
from billing.rules_invoice import InvoiceCheck, InvoiceSays, TaxLine, invoice_checks
from billing.terms import MoneyTerms
from contracts.models import Contract


def invoice_says(invoice: Invoice, contract: Contract, terms: MoneyTerms) -> InvoiceSays:
    """The invoice as the rules take it. The title must be the buyer's name in the definition; tax numbers are those the
    parties registered with. One query for the taxes."""
    return InvoiceSays(
        amount=invoice.amount,
        title=invoice.title,
        buyer_tax_number=invoice.buyer_tax_number,
        seller_tax_number=invoice.seller_tax_number,
        taxes=[TaxLine(row.rate, row.net, row.tax) for row in invoice.taxes.all()],
        expected_title=terms.buyer_name or contract.buyer.name,
        expected_buyer_tax_number=contract.buyer.tax_number,
        expected_seller_tax_number=contract.vendor.tax_number,
    )


def invoice_comparison(invoice: Invoice, terms: MoneyTerms) -> tuple[InvoiceCheck, ...]:
    """Every comparison of an invoice that came through `invoice_get`."""
    return invoice_checks(invoice_says(invoice, invoice.contract, terms))

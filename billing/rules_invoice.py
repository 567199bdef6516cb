"""What an invoice must say (发票查验): number, amount, title, tax numbers, tax by rate. Pure: no database, no clock;
every text is a code that billing.sentences_invoice turns into words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from engine.money import round_money

# What a till may differ by when it rounds each line: the tax system accepts up to six fen on one line.
TAX_TOLERANCE = Decimal("0.06")
ZERO = Decimal(0)
CheckState = Literal["met", "unread", "unrecorded", "differs"]


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One tax rate of an invoice; `rate` is a fraction (0.06), the amounts have the sign of the invoice."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceSays:
    """What an invoice says, against what the contract expects of it. Empty: not recorded, or not laid down."""

    amount: Decimal
    title: str = ""
    buyer_tax_number: str = ""
    seller_tax_number: str = ""
    taxes: Sequence[TaxLine] = ()
    expected_title: str = ""
    expected_buyer_tax_number: str = ""
    expected_seller_tax_number: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceCheck:
    """One comparison: met; unread (nobody entered what the invoice says) or unrecorded (nothing is known to compare
    with): a person compares with the paper and says so; or differs (the invoice cannot be accepted)."""

    subject: str
    state: CheckState
    says: str = ""
    expected: str = ""


def plain(text: str) -> str:
    """A name or number without differences of print: width, blanks, brackets, case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _compare(subject: str, says: str, expected: str) -> InvoiceCheck:
    if not expected:
        return InvoiceCheck(subject, "unrecorded", says)
    if not says:
        return InvoiceCheck(subject, "unread", expected=expected)
    return InvoiceCheck(subject, "met" if plain(says) == plain(expected) else "differs", says, expected)


def tax_adds_up(lines: Sequence[TaxLine], amount: Decimal) -> bool:
    """Whether net and tax over all rates make the amount, and each rate makes its tax within the tolerance."""
    if sum((line.net + line.tax for line in lines), ZERO) != amount:
        return False
    return all(abs(round_money(line.net * line.rate) - line.tax) <= TAX_TOLERANCE for line in lines)


def invoice_checks(says: InvoiceSays) -> tuple[InvoiceCheck, ...]:
    """Every comparison, in the order a person makes them."""
    tax: CheckState = "unread"
    if says.taxes:
        tax = "met" if sum((line.net + line.tax for line in says.taxes), ZERO) == says.amount else "differs"
    return (
        _compare("title", says.title, says.expected_title),
        _compare("buyer_tax_number", says.buyer_tax_number, says.expected_buyer_tax_number),
        _compare("seller_tax_number", says.seller_tax_number, says.expected_seller_tax_number),
        InvoiceCheck("taxes", tax),
    )


def by_hand(checks: Sequence[InvoiceCheck]) -> tuple[InvoiceCheck, ...]:
    """The comparisons that only a person with the paper can make."""
    return tuple(check for check in checks if check.state in ("unread", "unrecorded"))

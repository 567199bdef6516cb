"""Reading a fully digitalised invoice (数电票) from the XML file the tax service issues with it: an `EInvoice` with the
parties, the totals, the lines and the number given by the tax authority. Nothing outside the file is fetched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from billing.rules_invoice import TaxLine

LARGEST = 2 * 1024 * 1024
# Encodings the tax software declares that the parser does not know; the last contains the others.
CHINESE = re.compile(rb'^\s*<\?xml[^>]*?encoding=["\'](gb2312|gbk|gb18030)["\'][^>]*?\?>', re.IGNORECASE)
# An amount has no more characters than that.
LONGEST = 24
UNTAXED = frozenset({"免税", "不征税", "出口零税"})


@dataclass(frozen=True, slots=True)
class EInvoice:
    """What the file says; amounts in yuan, a credit note's are negative. Empty or None: the file does not say."""

    number: str
    issued_on: date | None
    amount: Decimal | None
    title: str
    buyer_tax_number: str
    seller_name: str
    seller_tax_number: str
    taxes: tuple[TaxLine, ...]


def _text(root: Element, path: str) -> str:
    """What stands there, once; nothing when the file says two different things."""
    found = {(one.text or "").strip() for one in root.findall(path)}
    return found.pop() if len(found) == 1 else ""


def _parsed(body: bytes) -> Element:
    """The tree without namespaces: issuing systems write the same elements with and without one."""
    declared = CHINESE.match(body)
    if declared is not None:
        root: Element = fromstring(body[declared.end() :].decode("gb18030"), forbid_dtd=True)
    else:
        root = fromstring(body, forbid_dtd=True)
    for each in root.iter():
        if isinstance(each.tag, str):
            each.tag = each.tag.rpartition("}")[2]
    return root


def _amount(text: str) -> Decimal | None:
    """An amount as printed. One too large to be kept is an amount all the same: recording the invoice refuses it, where
    a blank would be filled in by hand unseen."""
    figures = text.replace(",", "")
    if len(figures) > LONGEST or "e" in figures.lower():
        return None
    try:
        value = Decimal(figures)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _rate(text: str) -> Decimal | None:
    """0.06, 6% or 6.00%; words such as 免税 and 不征税 stand for no tax."""
    if text in UNTAXED:
        return Decimal(0)
    found = _amount(text.rstrip("%％"))
    if found is None:
        return None
    rate = found / 100 if text.endswith(("%", "％")) else found
    return rate if 0 <= rate < 1 else None


def _day(text: str) -> date | None:
    digits = "".join(char for char in text[:19] if char.isdigit())[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _taxes(root: Element) -> tuple[TaxLine, ...]:
    """The lines added up by rate; nothing when a line cannot be read, so that no half breakdown is kept."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in root.findall("EInvoiceData/IssuItemInformation"):
        printed, net = _text(line, "TaxRate"), _amount(_text(line, "Amount"))
        # Instead of a tax an untaxed line has asterisks.
        rate, tax = _rate(printed), _amount("0" if printed in UNTAXED else _text(line, "ComTaxAm") or "0")
        if rate is None or net is None or tax is None:
            return ()
        before = sums.get(rate, (Decimal(0), Decimal(0)))
        sums[rate] = (before[0] + net, before[1] + tax)
    return tuple(TaxLine(rate, net, tax) for rate, (net, tax) in sorted(sums.items(), reverse=True))


def einvoice_read(body: bytes) -> EInvoice | None:
    """The invoice in an XML file; None if it is no such invoice. Never raises for what a file may hold: entities and
    references to other files are refused by the parser and make it "no invoice"."""
    if len(body) > LARGEST:
        return None
    try:
        root = _parsed(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    if root.tag != "EInvoice":
        return None
    data = "EInvoiceData"
    return EInvoice(
        number=_text(root, "TaxSupervisionInfo/InvoiceNumber") or _text(root, "Header/EIid"),
        issued_on=_day(
            _text(root, "TaxSupervisionInfo/IssueTime") or _text(root, f"{data}/BasicInformation/RequestTime")
        ),
        amount=_amount(_text(root, f"{data}/BasicInformation/TotalTax-includedAmount")),
        title=_text(root, f"{data}/BuyerInformation/BuyerName"),
        buyer_tax_number=_text(root, f"{data}/BuyerInformation/BuyerIdNum"),
        seller_name=_text(root, f"{data}/SellerInformation/SellerName"),
        seller_tax_number=_text(root, f"{data}/SellerInformation/SellerIdNum"),
        taxes=_taxes(root),
    )

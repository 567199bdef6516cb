"""Reading an electronic invoice from the data the tax service issues with it: the XML file of a fully digitalised
invoice (数电票), an `EInvoice`; or an OFD file (GB/T 33190), a ZIP that carries such data as an attachment, for a VAT
invoice (增值税电子发票) an `eInvoice`. Nothing outside the file is fetched."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
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
ATTACHED = re.compile(r"(?:^|/)attach[^/]*/.*\.xml$|(?:^|/)original_invoice\.xml$", re.IGNORECASE)
# An OFD file carries a handful of attachments; one with more is not looked through.
ATTACHMENTS = 20


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


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a kind of invoice data says what: paths below the root, below a line for the last three. Of several paths
    the first that says something counts. `code`: a VAT invoice's number is unique together with its code alone."""

    number: tuple[str, ...]
    issued_on: tuple[str, ...]
    amount: str
    title: str
    buyer_tax_number: str
    seller_name: str
    seller_tax_number: str
    lines: str
    line_net: str
    line_rate: str
    line_tax: str
    code: str = ""


LAYOUTS: Mapping[str, _Layout] = {
    "EInvoice": _Layout(
        number=("TaxSupervisionInfo/InvoiceNumber", "Header/EIid"),
        issued_on=("TaxSupervisionInfo/IssueTime", "EInvoiceData/BasicInformation/RequestTime"),
        amount="EInvoiceData/BasicInformation/TotalTax-includedAmount",
        title="EInvoiceData/BuyerInformation/BuyerName",
        buyer_tax_number="EInvoiceData/BuyerInformation/BuyerIdNum",
        seller_name="EInvoiceData/SellerInformation/SellerName",
        seller_tax_number="EInvoiceData/SellerInformation/SellerIdNum",
        lines="EInvoiceData/IssuItemInformation",
        line_net="Amount",
        line_rate="TaxRate",
        line_tax="ComTaxAm",
    ),
    "eInvoice": _Layout(
        number=("InvoiceNo",),
        issued_on=("IssueDate",),
        amount="TaxInclusiveTotalAmount",
        title="Buyer/BuyerName",
        buyer_tax_number="Buyer/BuyerTaxID",
        seller_name="Seller/SellerName",
        seller_tax_number="Seller/SellerTaxID",
        lines="GoodsInfos/GoodsInfo",
        line_net="Amount",
        line_rate="TaxScheme",
        line_tax="TaxAmount",
        code="InvoiceCode",
    ),
}


def _text(root: Element, path: str) -> str:
    """What stands there, once; nothing when the file says two different things."""
    found = {(one.text or "").strip() for one in root.findall(path)}
    return found.pop() if len(found) == 1 else ""


def _first(root: Element, paths: tuple[str, ...]) -> str:
    return next((text for path in paths if (text := _text(root, path))), "")


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


def _taxes(root: Element, layout: _Layout) -> tuple[TaxLine, ...]:
    """The lines added up by rate; nothing when a line cannot be read, so that no half breakdown is kept."""
    sums: dict[Decimal, tuple[Decimal, Decimal]] = {}
    for line in root.findall(layout.lines):
        printed, net = _text(line, layout.line_rate), _amount(_text(line, layout.line_net))
        # Instead of a tax an untaxed line has asterisks.
        rate, tax = _rate(printed), _amount("0" if printed in UNTAXED else _text(line, layout.line_tax) or "0")
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
    layout = LAYOUTS.get(root.tag)
    if layout is None:
        return None
    return EInvoice(
        number=(_text(root, layout.code) if layout.code else "") + _first(root, layout.number),
        issued_on=_day(_first(root, layout.issued_on)),
        amount=_amount(_text(root, layout.amount)),
        title=_text(root, layout.title),
        buyer_tax_number=_text(root, layout.buyer_tax_number),
        seller_name=_text(root, layout.seller_name),
        seller_tax_number=_text(root, layout.seller_tax_number),
        taxes=_taxes(root, layout),
    )


def einvoice_in_ofd(body: bytes) -> EInvoice | None:
    """The invoice an OFD file carries among its attachments; None if there is none, or if two say different things.
    Never raises for what a file may hold; no member is unpacked beyond the largest invoice."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            names = [name for name in archive.namelist() if ATTACHED.search(name)]
            if len(names) > ATTACHMENTS:
                return None
            found = {einvoice_read(_unpacked(archive, name)) for name in names} - {None}
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError):
        return None
    return found.pop() if len(found) == 1 else None


def _unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member, or one byte more than an invoice may have of it."""
    with archive.open(name) as member:
        return member.read(LARGEST + 1)

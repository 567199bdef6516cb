"""Electronic invoices as issuing systems write them, and files that only look like one. No database: a file is read or
it is not, and nothing outside it is touched."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from billing.einvoice import LARGEST, einvoice_in_ofd, einvoice_read
from billing.rules_invoice import TaxLine, tax_adds_up

SIX, THIRTEEN, NONE = Decimal("0.06"), Decimal("0.13"), Decimal(0)


def line(net: str, rate: str, tax: str) -> str:
    return (
        f"<IssuItemInformation><ItemName>*信息技术服务*云服务</ItemName><Amount>{net}</Amount>"
        f"<TaxRate>{rate}</TaxRate><ComTaxAm>{tax}</ComTaxAm></IssuItemInformation>"
    )


def document(*lines: str, total: str = "106.00", root: str = "", encoding: str = "UTF-8", more: str = "") -> str:
    return f"""<?xml version="1.0" encoding="{encoding}"?>
<EInvoice{root}><Header><EIid>25112000000000000777</EIid></Header><EInvoiceData>
<SellerInformation><SellerIdNum>91110000MA00000001</SellerIdNum><SellerName>收款公司</SellerName></SellerInformation>
<BuyerInformation><BuyerIdNum>12110000MB00000002</BuyerIdNum><BuyerName>付款单位</BuyerName></BuyerInformation>
<BasicInformation><TotalTax-includedAmount>{total}</TotalTax-includedAmount>
<RequestTime>2025-10-09 10:11:12</RequestTime></BasicInformation>{"".join(lines)}{more}</EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>25112000000000000777</InvoiceNumber><IssueTime>2025-10-09</IssueTime>
</TaxSupervisionInfo></EInvoice>"""


PLAIN = document(line("100.00", "0.06", "6.00"))
WITH_NAMESPACE = document(line("100.00", "0.06", "6.00"), root=' xmlns="urn:einvoice"')
WITH_PREFIX = WITH_NAMESPACE.replace("<", "<e:").replace("<e:/", "</e:").replace("<e:?", "<?").replace(
    'xmlns="', 'xmlns:e="'
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        document(line("100.00", "6%", "6.00"), encoding="UTF-16").encode("utf-16"),
        document(line("100.00", "6.00%", "6.00"), encoding="GB18030").encode("gb18030"),
        document(line("100.00", "0.06", "6.00"), encoding="gb2312").encode("gb18030"),
        WITH_NAMESPACE.encode(),
        WITH_PREFIX.encode(),
        document(line("60.00", "0.06", "3.60"), line("50.00", "6%", "3.00"), line("-10.00", "6%", "-0.60")).encode(),
    ],
    ids=["plain", "mark", "utf-16", "gb18030", "gb2312", "namespace", "prefix", "discount"],
)  # fmt: skip
def test_however_it_is_written_finance_gets_the_same_figures(body: bytes) -> None:
    found = einvoice_read(body)
    assert found is not None
    assert (found.number, found.issued_on, found.amount) == (
        "25112000000000000777", date(2025, 10, 9), Decimal("106.00"),
    )  # fmt: skip
    assert (found.title, found.buyer_tax_number) == ("付款单位", "12110000MB00000002")
    assert (found.seller_name, found.seller_tax_number) == ("收款公司", "91110000MA00000001")
    assert found.taxes == (TaxLine(SIX, Decimal("100.00"), Decimal("6.00")),)


def test_several_rates_are_kept_apart_and_make_the_total() -> None:
    found = einvoice_read(
        document(
            line("100.00", "0.06", "6.00"), line("100.00", "13%", "13.00"), line("50.00", "免税", "***"), total="269.00"
        ).encode()
    )
    assert found is not None
    assert found.taxes == (
        TaxLine(THIRTEEN, Decimal("100.00"), Decimal("13.00")),
        TaxLine(SIX, Decimal("100.00"), Decimal("6.00")),
        TaxLine(NONE, Decimal("50.00"), Decimal(0)),
    )
    assert tax_adds_up(found.taxes, Decimal("269.00"))


def test_a_red_invoice_is_negative_throughout() -> None:
    found = einvoice_read(document(line("-100.00", "0.06", "-6.00"), total="-106.00").encode())
    assert found is not None
    assert (found.amount, found.taxes) == (Decimal("-106.00"), (TaxLine(SIX, Decimal(-100), Decimal(-6)),))


@pytest.mark.parametrize(
    "more",
    [
        "<BasicInformation><TotalTax-includedAmount>1.00</TotalTax-includedAmount></BasicInformation>",
        "<BasicInformation><TotalTax-includedAmount></TotalTax-includedAmount></BasicInformation>",
    ],
)
def test_a_file_that_states_two_totals_states_none(more: str) -> None:
    found = einvoice_read(document(line("100.00", "0.06", "6.00"), more=more).encode())
    assert found is not None
    assert found.amount is None


@pytest.mark.parametrize("total", ["NaN", "Infinity", "1e999", "1e17", "壹佰元", "", "1,0,6.0.0"])
def test_a_total_that_is_no_amount_is_left_to_the_person(total: str) -> None:
    found = einvoice_read(document(total=total).encode())
    assert found is not None
    assert found.amount is None


def _bomb() -> str:
    names = ["a0", *(f"a{number}" for number in range(1, 10))]
    entities = '<!ENTITY a0 "元">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)
    )
    return f"<!DOCTYPE x [{entities}]><EInvoice>&a9;</EInvoice>"


@pytest.mark.parametrize(
    "body",
    [
        _bomb().encode(),
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><EInvoice/>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/hostname">%p;]><EInvoice/>',
        b'<?xml version="1.0" encoding="gbk"?><!DOCTYPE x [<!ENTITY y "z">]><EInvoice>&y;</EInvoice>',
        b'<?xml version="1.0" encoding="gbk"?>\xff\xff<EInvoice/>',
        b'<?xml version="1.0" encoding="nonsense"?><EInvoice/>',
        b"<EInvoice>\x00</EInvoice>",
        b"<a>" * 20_000,
        PLAIN[:-20].encode(),
        PLAIN.replace("EInvoice>", "Invoice>").replace("<EInvoice", "<Invoice").encode(),
        PLAIN.encode() + b" " * LARGEST,
        b"%PDF-1.4",
    ],
    ids=[
        "bomb", "dtd", "parameter", "bomb-gbk", "broken-gbk", "encoding", "nul", "deep", "cut", "other", "long", "pdf",
    ],
)  # fmt: skip
def test_a_hostile_or_broken_file_is_no_invoice(body: bytes) -> None:
    assert einvoice_read(body) is None


def test_what_an_including_file_points_at_is_not_fetched() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>'
    found = einvoice_read(PLAIN.replace("付款单位", include).encode())
    assert found is not None
    assert found.title == ""


# --- OFD: the data among the attachments ------------------------------------------------------------------------------

VAT = """<?xml version="1.0" encoding="UTF-8"?><fp:eInvoice xmlns:fp="http://www.edrm.org.cn/schema/e-invoice/2019">
<fp:InvoiceCode>011002000111</fp:InvoiceCode><fp:InvoiceNo>12345678</fp:InvoiceNo>
<fp:IssueDate>2025年10月09日</fp:IssueDate><fp:TaxInclusiveTotalAmount>106.00</fp:TaxInclusiveTotalAmount>
<fp:Buyer><fp:BuyerName>付款单位</fp:BuyerName><fp:BuyerTaxID>12110000MB00000002</fp:BuyerTaxID></fp:Buyer>
<fp:Seller><fp:SellerName>收款公司</fp:SellerName><fp:SellerTaxID>91110000MA00000001</fp:SellerTaxID></fp:Seller>
<fp:GoodsInfos><fp:GoodsInfo><fp:Amount>100.00</fp:Amount><fp:TaxScheme>6%</fp:TaxScheme>
<fp:TaxAmount>6.00</fp:TaxAmount></fp:GoodsInfo></fp:GoodsInfos></fp:eInvoice>"""


def ofd(members: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("OFD.xml", '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>')
        for name, body in members.items():
            archive.writestr(name, body)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "number"),
    [
        ("Doc_0/Attachs/original_invoice.xml", VAT, "01100200011112345678"),
        ("Doc_0/Other/original_invoice.xml", VAT, "01100200011112345678"),
        ("Doc_0/Attachments/Invoice.XML", PLAIN, "25112000000000000777"),
    ],
)
def test_the_data_an_ofd_file_carries_is_read(name: str, body: str, number: str) -> None:
    found = einvoice_in_ofd(ofd({"Doc_0/Attachs/Attachments.xml": "<Attachments/>", name: body}))
    assert found is not None
    assert (found.number, found.issued_on, found.amount) == (number, date(2025, 10, 9), Decimal("106.00"))
    assert (found.title, found.buyer_tax_number) == ("付款单位", "12110000MB00000002")
    assert (found.seller_name, found.seller_tax_number) == ("收款公司", "91110000MA00000001")
    assert found.taxes == (TaxLine(SIX, Decimal("100.00"), Decimal("6.00")),)


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4",
        b"PK\x05\x06",
        ofd({}),
        ofd({"Doc_0/Pages/invoice.xml": PLAIN}),
        ofd({"Doc_0/Attachs/a.xml": PLAIN, "Doc_0/Attachs/b.xml": PLAIN.replace("106.00", "107.00")}),
        ofd({"Doc_0/Attachs/a.xml": PLAIN.encode() + b" " * LARGEST}),
        ofd({f"Doc_0/Attachs/{n}.xml": PLAIN for n in range(21)}),
        ofd({"Doc_0/Attachs/a.xml": '<!DOCTYPE x [<!ENTITY y "z">]><EInvoice>&y;</EInvoice>'}),
        ofd({"Doc_0/Attachs/a.xml": PLAIN})[:-40],
    ],
    ids=["pdf", "empty", "no attachment", "a page", "two that differ", "bomb", "too many", "entity", "cut"],
)
def test_an_ofd_file_that_says_nothing_for_certain_fills_in_nothing(body: bytes) -> None:
    assert einvoice_in_ofd(body) is None


def test_the_same_data_twice_is_one_invoice() -> None:
    twice = {f"Doc_0/Attachs/{n}.xml": PLAIN for n in range(20)}
    assert einvoice_in_ofd(ofd(twice)) == einvoice_read(PLAIN.encode())

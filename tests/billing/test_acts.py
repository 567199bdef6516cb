"""Credit notes, electronic invoices, changes of account, fiscal holds, payments taken back: each by its people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import JournalEntry, Party
from accounts.policy import NotAllowed
from billing import selectors, services
from billing.einvoice import einvoice_read
from billing.models import FiscalHold, Invoice, Payment, PaymentReversal
from billing.rules_invoice import TaxLine, tax_adds_up
from contracts.errors import Refused
from contracts.facts import fact_store
from contracts.selectors import definition_for
from contracts.services.files import file_open
from tests.billing.steps import applied, checked, everything, hand_in, paid
from tests.billing.test_einvoice import ofd
from tests.billing.world import FIRST, milestone, pdf

NET, TAX = Decimal("235849.29"), Decimal("14150.96")  # 6 % of the net, together the first instalment


def xml(**changed: str) -> SimpleUploadedFile:
    values = {
        "number": "25112000000000000777",
        "title": "付款单位",
        "amount": str(FIRST),
        "net": str(NET),
        "tax": str(TAX),
        "rate": "0.06",
        "day": "2025-10-09",
        **changed,
    }
    body = f"""<?xml version="1.0" encoding="UTF-8"?>
<EInvoice><Header><EIid>{values["number"]}</EIid></Header><EInvoiceData>
<SellerInformation><SellerIdNum>91110000MA00000001</SellerIdNum><SellerName>收款公司</SellerName></SellerInformation>
<BuyerInformation><BuyerIdNum>12110000MB00000002</BuyerIdNum><BuyerName>{values["title"]}</BuyerName></BuyerInformation>
<BasicInformation><TotalAmWithoutTax>{values["net"]}</TotalAmWithoutTax><TotalTaxAm>{values["tax"]}</TotalTaxAm>
<TotalTax-includedAmount>{values["amount"]}</TotalTax-includedAmount></BasicInformation>
<IssuItemInformation><Amount>{values["net"]}</Amount><TaxRate>{values["rate"]}</TaxRate>
<ComTaxAm>{values["tax"]}</ComTaxAm></IssuItemInformation></EInvoiceData>
<TaxSupervisionInfo><InvoiceNumber>{values["number"]}</InvoiceNumber><IssueTime>{values["day"]}</IssueTime>
</TaxSupervisionInfo></EInvoice>"""
    return SimpleUploadedFile("invoice.xml", body.encode(), content_type="text/xml")


def refused(act, field: str | None = None) -> Refused:
    before = everything()
    with pytest.raises(Refused) as caught:
        act()
    assert everything() == before
    assert field is None or caught.value.field == field
    return caught.value


def test_an_ofd_file_fills_in_the_form_just_as_well_and_must_agree_with_what_is_typed(world):
    vendor = world.viewer("VND")

    def file():
        return SimpleUploadedFile("invoice.ofd", ofd({"Doc_0/Attachs/original_invoice.xml": xml().read()}))

    refused(
        lambda: services.invoice_add(actor=vendor, milestone=milestone(world), upload=file(), amount=FIRST - 1),
        "amount",
    )
    invoice = services.invoice_add(actor=vendor, milestone=milestone(world), upload=file())
    assert (invoice.number, invoice.amount, invoice.issued_on) == ("25112000000000000777", FIRST, date(2025, 10, 9))
    with file_open(invoice.file) as kept:
        assert kept.read()[:2] == b"PK"


def test_an_electronic_invoice_fills_in_the_form_and_its_title_is_checked(world):
    vendor, finance = world.viewer("VND"), world.viewer("FIN")
    invoice = services.invoice_add(actor=vendor, milestone=milestone(world), upload=xml())
    assert (invoice.number, invoice.amount, invoice.issued_on) == ("25112000000000000777", FIRST, date(2025, 10, 9))
    assert [(row.rate, row.net, row.tax) for row in invoice.taxes.all()] == [(Decimal("0.06"), NET, TAX)]
    services.invoice_check(actor=finance, invoice=invoice, accept=True, note="与纸面核对")

    wrong = services.invoice_add(
        actor=vendor, milestone=milestone(world, "2"), upload=xml(number="25112000000000000778", title="别的单位")
    )
    refused(lambda: services.invoice_check(actor=finance, invoice=wrong, accept=True, note="与纸面核对"))
    services.invoice_check(actor=finance, invoice=wrong, accept=False, note="抬头不符")
    refused(
        lambda: services.invoice_add(
            actor=vendor, milestone=milestone(world, "2"), upload=xml(number="25112000000000000779"), amount=FIRST - 1
        ),
        "amount",
    )


def test_finance_says_in_a_note_what_it_compared_a_number_with_that_is_recorded_nowhere(world):
    """Neither the contract nor the buyer's details name a tax number: nothing here can tell a wrong one."""
    vendor, finance = world.viewer("VND"), world.client("FIN")
    invoice = services.invoice_add(actor=vendor, milestone=milestone(world), upload=xml())
    address = reverse("web:invoice_check", args=[invoice.pk])
    finance.cookies["django_language"] = "en"
    page = finance.get(address).content.decode()
    assert "Not compared here: Buyer&#x27;s tax number、Seller&#x27;s tax number" in page
    assert "nothing is recorded to compare with" in page
    body = {"decision": "yes", "idempotency_key": "tax-1"}
    answer = finance.post(address, body)
    assert (answer.status_code, "note" in answer.context["form"].errors) == (422, True)
    assert Invoice.objects.get().state == "received"
    assert finance.post(address, {**body, "note": "与甲方开票资料核对一致"}).status_code == 302
    assert (Invoice.objects.get().state, Invoice.objects.get().check_note) == ("checked", "与甲方开票资料核对一致")


@pytest.mark.parametrize(("recorded", "accepted"), [("12110000MB00000002", True), ("12110000MB00000003", False)])
def test_a_recorded_tax_number_is_compared_and_needs_no_note(world, recorded, accepted):
    Party.objects.filter(kind="buyer", name="付款单位").update(tax_number=recorded)
    Party.objects.filter(name="收款公司").update(tax_number="91110000MA00000001")
    invoice = services.invoice_add(actor=world.viewer("VND"), milestone=milestone(world), upload=xml())
    if accepted:
        services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True)
        assert Invoice.objects.get().state == "checked"
    else:
        # no note helps against a number that differs
        refused(lambda: services.invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=True, note="无妨"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<Invoice/>",
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><EInvoice>&x;</EInvoice>',
        b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]><EInvoice>&x;</EInvoice>',
    ],
)
def test_other_and_hostile_files_are_no_electronic_invoice(body):
    assert einvoice_read(body) is None


def test_a_line_that_cannot_be_read_leaves_no_half_breakdown():
    found = einvoice_read(xml(rate="六").read())
    assert found is not None
    assert (found.amount, found.taxes) == (FIRST, ())


@pytest.mark.parametrize(("off", "right"), [("0.00", True), ("0.05", True), ("0.06", False)])
def test_net_and_tax_make_the_amount_and_the_rate_makes_the_tax(off, right):
    shift = Decimal(off)
    assert tax_adds_up([TaxLine(Decimal("0.06"), NET - shift, TAX + shift)], FIRST) is right
    assert not tax_adds_up([TaxLine(Decimal("0.06"), NET, TAX)], FIRST + Decimal("0.01"))


def test_a_credit_note_lowers_what_is_invoiced_and_takes_the_event_back(world):
    first = checked(world)
    assert (
        selectors.milestone_page(milestone(world).pk, viewer=world.viewer("FIN"), as_of=date(2025, 10, 20)).gate.state
        == "payable"
    )
    vendor, finance = world.viewer("VND"), world.viewer("FIN")
    given = {"milestone": milestone(world), "upload": pdf(), "number": "99990001", "issued_on": date(2025, 10, 10)}
    refused(
        lambda: services.invoice_add(actor=vendor, amount=FIRST + 1, original=first, **given | {"upload": pdf()}),
        "amount",
    )
    note = services.invoice_add(actor=vendor, amount=Decimal("50000.25"), original=first, **given)
    assert note.amount == Decimal("-50000.25")
    services.invoice_check(actor=finance, invoice=note, accept=True, note="与纸面核对")
    row = milestone(world)
    assert row.invoiced == Decimal("200000.00")
    assert not row.obligation.gate_open
    # a new invoice for the difference opens the gate again
    again = hand_in(world, amount=Decimal("50000.25"))
    services.invoice_check(actor=finance, invoice=again, accept=True, note="与纸面核对")
    assert milestone(world).obligation.gate_open


def test_a_credit_note_below_what_is_applied_for_is_refused(world):
    application = applied(world)
    original = application.invoices.get()
    note = services.invoice_add(
        actor=world.viewer("VND"), milestone=milestone(world), amount=Decimal(1), original=original, number="99990002",
        issued_on=date(2025, 10, 10), upload=pdf(),
    )  # fmt: skip
    refused(lambda: services.invoice_check(actor=world.viewer("FIN"), invoice=note, accept=True, note="与纸面核对"))
    assert Invoice.objects.get(pk=note.pk).state == "received"


def propose(world, who="FIN"):
    return services.payee_propose(
        actor=world.viewer(who), contract=world.contract, name="收款公司", bank="另一银行",
        account="6222 9999 0000 1111", letter=pdf("letter.pdf"), reason="乙方来函，已电话回访",
    )  # fmt: skip


def test_another_account_needs_two_people_and_a_letter(world):
    checked(world)
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    change = propose(world)
    # while it waits nothing is applied for
    refused(lambda: services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST))
    with pytest.raises(NotAllowed):
        services.payee_decide(actor=finance, change=change, confirm=True)
    refused(lambda: propose(world))
    services.payee_decide(actor=manager, change=change, confirm=True)
    refused(lambda: services.payee_decide(actor=manager, change=change, confirm=False, note="晚了"))
    application = services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST)
    assert (application.payee_bank, application.payee_account) == ("另一银行", "6222999900001111")


def test_nobody_confirms_the_own_change_of_account(world):
    change = propose(world, "BOTH")
    refused(lambda: services.payee_decide(actor=world.viewer("BOTH"), change=change, confirm=True))


def test_a_hold_excuses_once_the_vendor_was_told_and_then_it_is_paid_at_once(world, clock):
    checked(world)
    finance = world.viewer("FIN")
    clock.move_to("2025-11-10T10:00:00+08:00")  # due on 4 November

    def gate():
        return selectors.milestone_page(milestone(world).pk, viewer=finance, as_of=date(2025, 11, 10)).gate.gate

    assert gate().overdue
    hold = services.hold_open(
        actor=finance, milestone=milestone(world), known_on=date(2025, 11, 3), reason="财政未拨款"
    )
    assert (gate().overdue, gate().sides[0]) == (True, "hold_not_notified")
    refused(lambda: services.hold_notify(actor=finance, hold=hold, notified_on=date(2025, 11, 3)), "upload")
    hold = services.hold_notify(actor=finance, hold=hold, notified_on=date(2025, 11, 3), reference="函 7 号")
    assert (gate().overdue, gate().sides) == (False, ("hold_notified",))
    application = services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    pay = {"actor": finance, "application": application, "paid_on": date(2025, 11, 10), "bank_reference": "BOC-1"}
    refused(lambda: services.payment_post(**pay))
    hold = services.hold_end(actor=finance, hold=hold, ended_on=date(2025, 11, 10), note="拨款单")
    # without published working days the world has no target
    assert (gate().overdue, gate().sides) == (False, ("pay_at_once",))
    services.payment_post(**pay)
    assert gate().state == "paid"
    refused(lambda: services.hold_open(
        actor=finance, milestone=milestone(world), known_on=date(2025, 11, 10), reason="再来"
    ))  # fmt: skip
    assert FiscalHold.objects.count() == 1


def test_a_payment_is_taken_back_by_two_people_and_a_counter_entry(world):
    payment = paid(world)
    finance, manager = world.viewer("FIN"), world.viewer("MGR")
    given = {"payment": payment, "happened_on": date(2025, 10, 18), "reason": "退汇"}
    refused(
        lambda: services.reversal_propose(actor=finance, bank_reference=payment.bank_reference, **given),
        "bank_reference",
    )
    proposed = services.reversal_propose(actor=finance, bank_reference="RET-1", **given)
    refused(lambda: services.reversal_propose(actor=finance, bank_reference="RET-2", **given))
    assert milestone(world).paid == FIRST  # nothing happens before the second person
    services.reversal_decide(actor=manager, reversal=proposed, approve=True)
    row = milestone(world)
    assert (row.paid, row.committed, row.obligation.state) == (0, 0, "open")
    counter = Payment.objects.get(reverses=payment)
    assert (counter.amount, counter.bank_reference) == (-FIRST, "RET-1")
    payment.refresh_from_db()
    assert payment.amount == FIRST  # the payment itself stands
    refused(lambda: services.reversal_decide(actor=manager, reversal=proposed, approve=True))
    seen = selectors.milestone_page(row.pk, viewer=finance, as_of=date(2025, 10, 20))
    assert (seen.gate.state, seen.gate.gate.available) == ("payable", FIRST)
    # the engine is told of both
    store = fact_store(world.contract, definition_for(world.contract))
    amounts = [record.attributes["amount"] for record in store.records if record.name == "payment"]
    assert amounts == [f"CNY {FIRST}", f"-CNY {FIRST}"]
    assert JournalEntry.objects.filter(action="payment.counter").count() == 1


def test_a_rejected_reversal_changes_nothing_and_may_be_proposed_again(world):
    payment = paid(world)
    finance = world.viewer("FIN")
    given = {"payment": payment, "happened_on": date(2025, 10, 18), "reason": "退汇"}
    proposed = services.reversal_propose(actor=finance, bank_reference="RET-1", **given)
    services.reversal_decide(actor=world.viewer("MGR"), reversal=proposed, approve=False, note="没有退")
    assert (milestone(world).paid, Payment.objects.count()) == (FIRST, 1)
    services.reversal_propose(actor=finance, bank_reference="RET-1", **given)
    assert PaymentReversal.objects.filter(state="proposed").count() == 1


def test_frozen_is_not_deducted_and_not_paid_out(world):
    checked(world)
    finance = world.viewer("FIN")
    freeze = {"actor": finance, "contract": world.contract, "source_key": "case:1", "milestone": milestone(world)}
    services.freeze_set(amount=Decimal(1000), **freeze)
    found = selectors.milestone_page(milestone(world).pk, viewer=finance, as_of=date(2025, 10, 20))
    assert (found.gate.gate.available, found.waterfall.frozen, found.waterfall.to_pay) == (FIRST - 1000, 1000, FIRST)
    refused(lambda: services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST))
    assert services.freeze_lift(actor=finance, contract=world.contract, source_key="case:1") == 1
    services.payment_apply(actor=finance, milestone=milestone(world), amount=FIRST)


def test_the_vendor_reads_what_was_paid_deducted_and_is_owed(world):
    row = milestone(world)
    manager, finance = world.viewer("MGR"), world.viewer("FIN")
    liability = services.liability_open(
        actor=manager, contract=world.contract, source_key="k", title="迟延违约金", clause="13.3", amount=Decimal(500)
    )
    services.deduction_add(actor=finance, liability=liability, milestone=row, amount=Decimal(300), note="内部说明")
    services.separate_claim_add(
        actor=finance,
        liability=liability,
        amount=Decimal(200),
        due_on=date(2025, 12, 1),
        note="催告",
        out_of_order=True,
    )
    paid(world, amount=FIRST - 300)
    address = reverse("portal:payment_advice", args=[row.pk])
    answer = world.client("VND").get(address)
    text = answer.content.decode()
    for part in ("¥249,700.25", "−¥300.00", "迟延违约金", "2025-12-01", "¥200.00"):
        assert part in text
    assert "内部说明" not in text
    assert world.client("STRANGER").get(address).status_code == 404
    page = world.client("FIN").get(reverse("web:contract_settlement", args=[world.contract.pk]))
    assert page.status_code == 200
    assert "内部说明" in page.content.decode()


def test_every_new_form_is_protected_against_repetition(world):
    """F2, F3: without its key refused; the same key and body one effect; with another body refused."""
    row = milestone(world)
    client = world.client("FIN")
    address = reverse("web:hold_open", args=[row.pk])
    body = {"known_on": "2025-10-15", "reason": "财政未拨款"}
    assert client.post(address, body).status_code == 422
    first = client.post(address, {**body, "idempotency_key": "hold-1"})
    again = client.post(address, {**body, "idempotency_key": "hold-1"})
    assert (first.status_code, again.status_code, again.headers["Location"]) == (302, 302, first.headers["Location"])
    assert client.post(address, {**body, "reason": "别的", "idempotency_key": "hold-1"}).status_code == 422
    assert FiscalHold.objects.count() == 1

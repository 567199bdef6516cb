"""The money papers, each told as a story: who issues it when, what it says, that it is frozen, and who may read it."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.policy import NotAllowed, NotVisible
from billing import services
from billing.models import FiscalHold, Liability
from billing.services import guarantee_claims
from billing.services.holds import hold_end, hold_open
from contracts.errors import Refused
from documents import printed
from documents.models import DocumentCancellation, IssuedDocument
from documents.papers.guarantee_claim import words_of
from documents.render import facts_hash
from documents.selectors import document_bytes, document_get, documents_list, verification
from documents.services import document_cancel, document_issue
from engine.money import parse_capitals
from tests.billing.guarantee_world import accepted, at, claimed, given_back, owed, secured_world
from tests.billing.steps import applied, everything, paid
from tests.billing.world import FIRST, milestone
from tests.documents.samples import squeezed, text_of
from tests.world import World


def issued(world: World, kind: str, subject: Any, who: str = "FIN") -> IssuedDocument:
    return document_issue(actor=world.viewer(who), kind=kind, key=str(subject.pk))


def holds_together(document: IssuedDocument) -> str:
    """The text of a document whose bytes, hashes and facts fit one another."""
    body = document_bytes(document)
    assert hashlib.sha256(body).hexdigest() == document.file.sha256
    assert facts_hash(document.facts) == document.facts_sha256
    assert printed.render_pdf(document.facts) == body
    call_command("documents_verify", "--render")
    return squeezed(body)


def deducted(world: World, amount: str = "20000.00") -> Liability:
    liability = owed(world, "30000.00")
    services.deduction_add(
        actor=world.viewer("FIN"), liability=liability, milestone=milestone(world, "1"), amount=Decimal(amount)
    )
    liability.refresh_from_db()
    return liability


def held(world: World) -> FiscalHold:
    return hold_open(
        actor=world.viewer("FIN"), milestone=milestone(world), known_on=date(2025, 10, 17), reason="年度预算尚未批复"
    )


# --- the approval form reckons ---------------------------------------------------------------------------------


def test_the_form_takes_deductions_off_and_says_what_is_paid(world: World) -> None:
    deducted(world)
    application = applied(world, "1", FIRST - Decimal("20000.00"))
    text = holds_together(issued(world, "payment_approval", application))
    for words in (
        "应付（本节点金额）¥250,000.25",
        "抵扣：违约金（第13.3条；",
        "¥20,000.00",
        "实付（本次付款）¥230,000.25",
        "贰拾叁万元贰角伍分",
    ):
        assert words in text, words


def test_a_part_payment_says_what_is_left_for_later(world: World) -> None:
    paid(world, "1", Decimal("100000.00"))
    application = applied(world, "1", Decimal("50000.25"))
    text = holds_together(issued(world, "payment_approval", application))
    for words in ("本节点此前已付¥100,000.00", "可付¥150,000.25", "留待以后支付¥100,000.00", "¥50,000.25"):
        assert words in text, words


def test_figures_and_capitals_that_differ_are_not_printed(world: World) -> None:
    facts = issued(world, "payment_approval", applied(world)).facts
    assert parse_capitals(facts["content"]["application"]["capitals"]) == FIRST
    for wrong in ("贰拾伍万元贰角陆分", "贰拾伍万", ""):
        facts["content"]["application"]["capitals"] = wrong
        with pytest.raises(Refused):
            printed.render_pdf(facts)


# --- the payment advice ----------------------------------------------------------------------------------------


def test_the_vendor_is_told_of_a_payment_with_its_deductions_and_reference(world: World) -> None:
    """The vendor's accountant books a transfer that is less than the invoice: the letter says why, to the fen."""
    deducted(world)
    rest = FIRST - Decimal(20000)
    payment = paid(world, "1", rest)
    with pytest.raises(NotVisible):
        issued(world, "payment_advice", payment, who="VND")
    first = issued(world, "payment_advice", payment)
    text = holds_together(first)
    for words in (
        "付款通知书", f"¥{rest:,}", f"¥{FIRST:,}", "¥20,000.00", "第13.3条", payment.bank_reference, "2025年10月17日",
        "62220000111122223333", "本节点尚余¥0.00",
    ):  # fmt: skip
        assert words in text, words
    # the vendor finds it in its portal and saves the same bytes; another vendor does not
    address = reverse("portal:document_pdf", args=[first.pk])
    assert world.client("VND").get(address).content == document_bytes(first)
    assert world.client("STRANGER").get(address).status_code == 404
    # a payment that came back is not announced any more
    reversal = services.reversal_propose(
        actor=world.viewer("FIN"),
        payment=payment,
        happened_on=date(2025, 10, 20),
        bank_reference="RET-1",
        reason="退汇",
    )
    services.reversal_decide(actor=world.viewer("MGR"), reversal=reversal, approve=True)
    for row in (payment, payment.reversed_by):
        with pytest.raises(Refused):
            issued(world, "payment_advice", row)


def test_a_letter_about_a_contract_without_a_day_of_signing_names_none(world: World) -> None:
    world.contract.signed_on = None
    world.contract.save(update_fields=("signed_on",))
    text = text_of(document_bytes(issued(world, "payment_advice", paid(world, "1", FIRST))))
    assert "贵我双方签订《" in text and "于 —" not in text


# --- the deduction sheet ---------------------------------------------------------------------------------------


def test_a_deduction_sheet_shows_how_a_liability_is_met(world: World) -> None:
    liability = deducted(world)
    before = everything()
    with pytest.raises(NotAllowed):
        issued(world, "deduction_sheet", liability, who="IT")
    with pytest.raises(NotVisible):
        issued(world, "deduction_sheet", liability, who="VND")
    assert everything() == before
    first = issued(world, "deduction_sheet", liability)
    text = holds_together(first)
    for words in ("应承担金额", "¥30,000.00", "叁万元整", "¥20,000.00", "贰万元整", "尚未安排¥10,000.00", "第13.3条"):
        assert words in text, words
    assert issued(world, "deduction_sheet", liability, who="MGR").pk == first.pk
    services.deduction_reverse(actor=world.viewer("MGR2"), deduction=liability.deductions.get(), note="重算后冲回")
    liability.refresh_from_db()
    with pytest.raises(Refused):
        issued(world, "deduction_sheet", liability)


def test_nothing_settled_gives_no_sheet_and_no_number(world: World) -> None:
    liability = owed(world)
    before = everything()
    with pytest.raises(Refused):
        issued(world, "deduction_sheet", liability)
    assert everything() == before


# --- the notice of a delay ---------------------------------------------------------------------------------------


def test_a_delay_notice_tells_the_vendor_why(world: World) -> None:
    hold = hold_open(
        actor=world.viewer("FIN"),
        milestone=milestone(world, "1"),
        known_on=date(2025, 10, 17),
        reason="年度预算尚未批复",
    )
    letter = issued(world, "delay_notice", hold)
    text = holds_together(letter)
    for words in ("收款公司：", "年度预算尚未批复", "2025年10月17日", "¥250,000.25", "贰拾伍万元贰角伍分", "签收回执"):
        assert words in text, words
    hold_end(actor=world.viewer("FIN"), hold=hold, ended_on=date(2025, 10, 20), note="资金到位")
    with pytest.raises(Refused):
        issued(world, "delay_notice", hold)


def test_the_vendor_reads_what_is_addressed_to_it_and_nothing_else(world: World) -> None:
    hold = hold_open(
        actor=world.viewer("FIN"),
        milestone=milestone(world, "1"),
        known_on=date(2025, 10, 17),
        reason="年度预算尚未批复",
    )
    letter = issued(world, "delay_notice", hold)
    form = issued(world, "payment_approval", applied(world, "2"))
    assert [row.pk for row in documents_list(viewer=world.viewer("VND")).rows] == [letter.pk]
    assert [row.pk for row in documents_list(viewer=world.viewer("AUD")).rows] == [form.pk, letter.pk]
    assert documents_list(viewer=world.viewer("STRANGER")).rows == ()
    for who, pk in (("VND", form.pk), ("STRANGER", letter.pk), ("OTHER_FIN", letter.pk)):
        with pytest.raises(NotVisible):
            document_get(pk, viewer=world.viewer(who))
    client = world.client("VND")
    assert letter.number in client.get(reverse("portal:documents")).content.decode()
    assert client.get(reverse("portal:document_pdf", args=[letter.pk])).content == document_bytes(letter)
    assert client.get(reverse("portal:document_pdf", args=[form.pk])).status_code == 404
    assert client.get(reverse("web:document_pdf", args=[letter.pk])).status_code in {403, 404}
    # No person of the buyer's is named in a paper for the vendor.
    for person in ("FIN", "MGR"):
        assert f"经办：{world.person[person].display_name}" not in text_of(document_bytes(letter))


# --- the guarantee ---------------------------------------------------------------------------------------------


def test_a_claim_letter_and_a_return_receipt(db: None) -> None:
    with at(2025, 10, 20):
        world = secured_world()
        instrument = accepted(world)
        claim = claimed(world, instrument, "5000.00", ground="liability", liability=owed(world))
        with pytest.raises(Refused):
            issued(world, "guarantee_claim", claim)
        claim = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)
        letter = issued(world, "guarantee_claim", claim)
        text = holds_together(letter)
        for words in (
            "保函索赔通知书",
            "演示银行：",
            "第BG-0001号保函",
            "¥5,000.00",
            "伍仟元整",
            "违约金未付",
            "送达回执",
        ):
            assert words in text, words
        assert not letter.to_vendor
        guarantee_claims.security_claim_deliver(
            actor=world.viewer("FIN"), claim=claim, delivered_on=date(2025, 10, 20), reference="EMS 7"
        )
        assert issued(world, "guarantee_claim", claim).pk == letter.pk, "a delivered letter is the letter delivered"
        guarantee_claims.security_claim_answer(
            actor=world.viewer("FIN"), claim=claim, outcome="paid", on=date(2025, 10, 20), reference="BOC-G-1",
            amount=Decimal("5000.00"),
        )  # fmt: skip
        guarantee_claims.security_claim_close(
            actor=world.viewer("FIN"), claim=claim, closed_on=date(2025, 10, 20), note="款项到账"
        )
    with at(2026, 8, 5):
        instrument.refresh_from_db()
        order = given_back(world, instrument, instrument.balance, date(2026, 8, 5))
        receipt = issued(world, "guarantee_return", order)
        text = holds_together(receipt)
        for words in ("退还金额", "退还收据01", "已提取¥5,000.00", "领取方"):
            assert words in text, words
        assert receipt.to_vendor


@pytest.mark.parametrize(
    ("form", "held", "title", "name"),
    [
        ("bank_guarantee", False, "保函索赔通知书", "保函"),
        ("surety", False, "担保书索赔通知书", "担保书"),
        ("insurance", False, "保险索赔通知书", "保险单"),
        ("letter_of_comfort", False, "担保索赔通知书", "担保"),  # a form of the contract's own
        ("deposit", True, "保证金扣款通知书", "保证金"),
        ("retention", True, "质保金扣款通知书", "质保金"),
        ("cheque", True, "担保款项扣款通知书", "支票"),
        ("letter_of_comfort", True, "担保款项扣款通知书", "担保"),
    ],
)
def test_a_claim_letter_is_called_by_the_security_s_form(form: str, held: bool, title: str, name: str) -> None:
    words = words_of(form, held=held)
    assert (words.title, words.name, bool(words.held_by)) == (title, name, held)


def test_a_letter_about_a_cash_deposit_goes_to_the_vendor_and_names_no_bank(db: None) -> None:
    with at(2025, 10, 20):
        world = secured_world()
        instrument = accepted(world, form="cash", issuer="", issued_on=None, expires_on=None)
        claim = claimed(world, instrument, "5000.00", ground="liability", liability=owed(world))
        claim = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)
        text = holds_together(issued(world, "guarantee_claim", claim))
        for words in (
            "保证金扣款通知书", f"{world.contract.vendor.name}：", "交存了现金保证金（编号BG-0001", "扣款金额",
            "应承担的责任",
        ):  # fmt: skip
            assert words in text, words
        assert "保函" not in text and "索赔" not in text


def test_a_guarantee_called_in_whole_is_money_from_then_on(db: None) -> None:
    """The call for the renewal that is late rests on no liability and declares none; the letter stays as it was
    delivered, and the next one goes to the vendor."""
    with at(2026, 7, 20):
        world = secured_world()
        instrument = accepted(world)
        call = claimed(world, instrument, str(instrument.balance), ground="overdue")
        call = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=call, approve=True)
        letter = issued(world, "guarantee_claim", call)
        text = holds_together(letter)
        assert "保函索赔通知书" in text and "继续作为合同项下的担保" in text and "应承担的责任" not in text
        fin = world.viewer("FIN")
        guarantee_claims.security_claim_deliver(
            actor=fin, claim=call, delivered_on=date(2026, 7, 20), reference="EMS 7"
        )
        guarantee_claims.security_claim_answer(
            actor=fin, claim=call, outcome="paid", on=date(2026, 7, 20), reference="BOC-G-1"
        )
        assert issued(world, "guarantee_claim", call) == letter
        instrument.refresh_from_db()
        claim = claimed(world, instrument, "5000.00", ground="liability", liability=owed(world))
        claim = guarantee_claims.security_claim_decide(actor=world.viewer("MGR"), claim=claim, approve=True)
        text = holds_together(issued(world, "guarantee_claim", claim))
        assert "担保款项扣款通知书" in text and "我方已提取其项下款项" in text and "演示银行" not in text


# --- the ledger ------------------------------------------------------------------------------------------------


def test_the_ledger_lists_payments_and_deductions_in_order(world: World) -> None:
    empty = issued(world, "payment_ledger", world.contract)
    assert "尚无付款或抵扣" in holds_together(empty)
    deducted(world)
    paid(world, "1", Decimal("230000.25"))
    paid(world, "2", FIRST, on=date(2025, 10, 20))
    ledger = issued(world, "payment_ledger", world.contract)
    assert ledger.replaces == empty
    text = holds_together(ledger)
    for words in ("¥480,000.50", "¥230,000.25", "合计（3笔）¥20,000.00¥480,000.50"):
        assert words in text, words
    assert issued(world, "payment_ledger", world.contract).pk == ledger.pk


# --- void ------------------------------------------------------------------------------------------------------


def test_a_void_document_stays_and_another_takes_its_place(world: World) -> None:
    application = applied(world)
    first = issued(world, "payment_approval", application)
    with pytest.raises(Refused):
        document_cancel(actor=world.viewer("FIN"), document=first, reason=" ")
    with pytest.raises(NotAllowed):
        document_cancel(actor=world.viewer("IT"), document=first, reason="打印错误")
    assert not DocumentCancellation.objects.exists()
    client = world.client("FIN")
    assert verification(first.token).valid  # type: ignore[union-attr]
    answer = client.post(reverse("web:document_cancel", args=[first.pk]), {"reason": "打印错误"})
    assert answer.status_code == 302
    found = verification(first.token)
    assert found is not None
    assert (found.valid, found.cancelled_on) == (False, date(2025, 10, 20))
    page = client.get(reverse("documents:verify", args=[first.token])).content.decode()
    assert "打印错误" not in page
    with pytest.raises(Refused):
        document_cancel(actor=world.viewer("FIN"), document=first, reason="再来一次")
    second = issued(world, "payment_approval", application)
    assert (second.replaces, second.number[-4:]) == (first, "0002")
    assert document_bytes(first) != document_bytes(second)
    with pytest.raises(Refused):
        document_cancel(actor=world.viewer("FIN"), document=first, reason="已被取代")


def test_a_cancellation_is_for_ever_and_has_a_reason(world: World) -> None:
    first = issued(world, "payment_approval", applied(world))
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentCancellation.objects.create(
            document=first, reason="", cancelled_by=world.person["FIN"], cancelled_at=first.issued_at
        )
    document_cancel(actor=world.viewer("FIN"), document=first, reason="打印错误")
    for change in (
        lambda: DocumentCancellation.objects.update(reason="X"),
        lambda: DocumentCancellation.objects.all().delete(),
        lambda: IssuedDocument.objects.update(to_vendor=True),
    ):
        with pytest.raises(Exception, match=r"append-only|permission denied"), transaction.atomic():
            change()


# --- pages -----------------------------------------------------------------------------------------------------


def test_the_library_of_a_contract_issues_its_ledger_and_comes_back(world: World) -> None:
    address = reverse("web:contract_documents", args=[world.contract.pk])
    issue = reverse("web:document_issue_of", args=["payment_ledger", world.contract.pk])
    client = world.client("FIN")
    assert issue in client.get(address).content.decode()
    assert issue not in world.client("AUD").get(address).content.decode()
    answer = client.post(issue, {"back": address})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    ledger = IssuedDocument.objects.get()
    assert ledger.number in client.get(address).content.decode()
    assert ledger.number not in client.get(f"{address}?kind=delay_notice").content.decode()
    for strange in ("https://elsewhere.invalid/", "//elsewhere.invalid", ""):
        assert client.post(issue, {"back": strange}).headers["Location"] == reverse("web:documents")
    assert IssuedDocument.objects.count() == 1


@pytest.mark.parametrize("kind", ["payment_approval", "delay_notice", "no_such_kind"])
def test_what_does_not_exist_is_not_found(world: World, kind: str) -> None:
    answer = world.client("FIN").post(reverse("web:document_issue_of", args=[kind, 99_999_999]))
    assert answer.status_code == 404
    assert not IssuedDocument.objects.exists()

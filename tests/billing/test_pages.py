"""The same story in the browser: pages, forms, repeat protection, refusals with status 422 and nothing saved."""

import io
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import IdempotencyRecord, JournalEntry
from billing import services
from billing.models import Invoice, Payment, PaymentApplication
from documents.models import IssuedDocument
from documents.selectors import document_bytes
from documents.services import payment_approval_issue
from tests.billing.steps import applied, approved, checked, everything, hand_in, paid
from tests.billing.world import FIRST, milestone, pdf
from tests.world import CANARY


def key() -> str:
    return str(uuid.uuid4())


def post(client, name, pk, **fields):
    fields.setdefault("idempotency_key", key())
    return client.post(reverse(f"web:{name}", args=[pk]), fields)


def test_from_blocked_to_paid_in_the_browser(world):
    finance, second, manager = world.client("FIN"), world.client("FIN2"), world.client("MGR")
    first = milestone(world)
    page = finance.get(reverse("web:payments"))
    assert page.status_code == 200
    assert first.title in page.content.decode()

    invoice = {"number": "25112000000012345678", "amount": str(FIRST), "issued_on": "2025-10-09", "upload": pdf()}
    assert post(finance, "invoice_add", first.pk, **invoice).status_code == 302
    handed_in = Invoice.objects.get()
    assert post(finance, "invoice_check", handed_in.pk, decision="yes", note="核对").status_code == 422
    assert post(second, "invoice_check", handed_in.pk, decision="yes", note="与纸面核对").status_code == 302

    form = finance.get(reverse("web:payment_apply", args=[first.pk]))
    assert form.context["form"].initial["amount"] == FIRST
    answer = post(
        finance, "payment_apply", first.pk, amount=str(FIRST), invoices=[handed_in.pk], note="按合同第一笔",
        payee_account="62220000111122223333",
    )  # fmt: skip
    application = PaymentApplication.objects.get()
    assert answer.url == reverse("web:application", args=[application.pk])
    assert post(manager, "payment_decide", application.pk, decision="yes").status_code == 302
    assert post(finance, "document_issue", application.pk).status_code == 302
    assert (
        post(finance, "payment_post", application.pk, paid_on="2025-10-17", bank_reference="BOC-77").status_code == 302
    )
    assert Payment.objects.get().amount == FIRST

    page = finance.get(reverse("web:milestone", args=[first.pk])).content.decode()
    for words in (application.number, "25112000000012345678", "•••• 3333"):
        assert words in page
    issued = IssuedDocument.objects.get()
    download = finance.get(reverse("web:document_pdf", args=[issued.pk]))
    assert download.content.startswith(b"%PDF")
    assert download["Content-Disposition"].startswith("attachment")
    assert download["X-Content-Type-Options"] == "nosniff"
    assert download.content == finance.get(reverse("web:document_pdf", args=[issued.pk])).content


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("FIN", "payments"), ("AUD", "payments"), ("MGR", "invoices"), ("IT", "documents"),
    ],
)  # fmt: skip
def test_lists_open_for_readers(world, who, name):
    payment_approval_issue(actor=world.viewer("FIN"), application=approved(world))
    hand_in(world, "2")
    page = world.client(who).get(reverse(f"web:{name}"))
    assert page.status_code == 200
    assert "PAY-2025-01" in page.content.decode()


def test_every_page_of_a_payment_opens_in_both_languages(world):
    payment = paid(world, "1")
    payment_approval_issue(actor=world.viewer("FIN"), application=payment.application)
    invoice = hand_in(world, "2")
    client = world.client("FIN")
    addresses = [
        reverse("web:payments"),
        reverse("web:contract_payments", args=[world.contract.pk]),
        reverse("web:milestone", args=[milestone(world).pk]),
        reverse("web:milestone", args=[milestone(world, "3").pk]),
        reverse("web:invoice_add", args=[milestone(world, "3").pk]),
        reverse("web:invoices") + "?state=received",
        reverse("web:invoice_check", args=[invoice.pk]),
        reverse("web:payment_apply", args=[milestone(world).pk]),
        reverse("web:application", args=[payment.application_id]),
        reverse("web:payment_post", args=[payment.application_id]),
        reverse("web:documents"),
        reverse("web:payments") + "?as_of=2025-10-01",
    ]
    for language in ("zh-hans", "en"):
        for address in addresses:
            page = client.get(address, headers={"accept-language": language})
            assert page.status_code == 200, address
            body = page.content.decode()
            assert "style=" not in body
            assert " onclick" not in body


def test_a_list_of_all_contracts_on_a_past_day_says_which_columns_are_todays(world):
    """An auditor looks back: one contract's list has the deadlines of that day, the list of all contracts has not."""
    auditor, note = world.client("AUD"), "as it stood then"
    auditor.cookies["django_language"] = "en"
    every, one = reverse("web:payments"), reverse("web:contract_payments", args=[world.contract.pk])
    assert note in auditor.get(every, {"as_of": "2025-09-01"}).content.decode()
    assert note not in auditor.get(every).content.decode()
    assert note not in auditor.get(one, {"as_of": "2025-09-01"}).content.decode()
    vendor = world.client("VND")
    vendor.cookies["django_language"] = "en"
    assert note in vendor.get(reverse("portal:invoices"), {"as_of": "2025-09-01"}).content.decode()
    book = load_workbook(
        io.BytesIO(auditor.get(every, {"as_of": "2025-09-01", "format": "xlsx"}).content), read_only=True
    )
    heads = [cell.value for cell in next(iter(book.worksheets[0].iter_rows(max_row=1)))]
    assert "Due (as today)" in heads


def test_lists_come_as_excel(world):
    hand_in(world)
    answer = world.client("FIN").get(reverse("web:payments") + "?format=xlsx")
    last = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))[-1]
    assert [str(cell)[:6] for cell in last[5:]] == ["=SUM(F", "=SUM(G", "=SUM(H", "=SUM(I"]
    answer = world.client("FIN").get(reverse("web:contract_payments", args=[world.contract.pk]) + "?format=xlsx")
    assert answer.content[:2] == b"PK"


def test_a_refused_form_says_why_keeps_what_was_typed_and_saves_nothing(world):
    client, first = world.client("FIN"), milestone(world)
    before = everything()
    answer = post(
        client, "invoice_add", first.pk, number="25112000000012345678", amount="99999999", issued_on="2025-10-09",
        upload=pdf(),
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.context["form"].errors["amount"]
    assert "25112000000012345678" in answer.content.decode()
    answer = post(client, "invoice_add", first.pk, number="", amount="x", issued_on="2025-02-30")
    # the number may come from the file of an electronic invoice; without any file the file is what is missing
    assert set(answer.context["form"].errors) == {"amount", "issued_on", "upload"}
    answer = post(client, "invoice_add", first.pk, number="", amount="1", issued_on="2025-10-09", upload=pdf())
    assert answer.status_code == 422 and answer.context["form"].errors["number"]
    assert post(client, "payment_apply", first.pk, amount="1", invoices=[]).status_code == 422
    assert everything() == before


def test_a_refused_form_can_be_corrected_and_sent_again_with_its_key(world):
    client, first, mine = world.client("FIN"), milestone(world), key()
    given = {"number": "25112000000012345678", "issued_on": "2025-10-09", "idempotency_key": mine}
    assert post(client, "invoice_add", first.pk, **given, amount="99999999", upload=pdf()).status_code == 422
    assert not IdempotencyRecord.objects.exists()
    assert post(client, "invoice_add", first.pk, **given, amount="1", upload=pdf()).status_code == 302


# --- identity ------------------------------------------------------------------------------------------------------


def test_a_manager_is_asked_for_the_password_before_the_form_not_after(world):
    application = applied(world)
    address = reverse("web:payment_decide", args=[application.pk])
    stale = world.client("MGR", fresh=False)
    answer = stale.get(address, headers={"referer": "http://testserver/elsewhere/"})
    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer.url
    assert "elsewhere" not in answer.url
    before = everything()
    answer = post(stale, "payment_decide", application.pk, decision="yes")
    assert reverse("account_reauthenticate") in answer.url
    assert everything() == before
    assert not IdempotencyRecord.objects.exists()


def test_the_proof_of_identity_lasts_ten_minutes(world, clock):
    application = applied(world)
    manager = world.client("MGR")
    clock.shift(timedelta(minutes=9, seconds=50))
    assert manager.get(reverse("web:payment_decide", args=[application.pk])).status_code == 200
    clock.shift(timedelta(seconds=20))
    assert post(manager, "payment_decide", application.pk, decision="yes").status_code == 302
    application.refresh_from_db()
    assert application.state == "applied"


def test_the_applicant_cannot_decide_in_the_browser_either(world):
    checked(world)
    both = world.client("BOTH")
    invoice = Invoice.objects.get()
    post(both, "payment_apply", milestone(world).pk, amount=str(FIRST), invoices=[invoice.pk])
    application = PaymentApplication.objects.get()
    page = both.get(reverse("web:application", args=[application.pk])).content.decode()
    assert reverse("web:payment_decide", args=[application.pk]) not in page
    before = everything()
    assert post(both, "payment_decide", application.pk, decision="yes").status_code == 422
    assert everything() == before


@pytest.mark.parametrize(
    ("who", "status"),
    [("IT", 403), ("AUD", 403), ("FIN", 403), ("VND", 404), ("STRANGER", 404), ("OTHER_FIN", 403)],
)
def test_others_cannot_decide(world, who, status):
    application = applied(world)
    before = everything()
    assert post(world.client(who), "payment_decide", application.pk, decision="yes").status_code == status
    assert everything() == before


def test_a_stranger_s_finance_finds_nothing(world):
    application = approved(world)
    payment_approval_issue(actor=world.viewer("FIN"), application=application)
    invoice = Invoice.objects.get()
    issued = IssuedDocument.objects.get()
    stranger = world.client("OTHER_FIN")
    before = everything()
    for name, pk in (
        ("milestone", milestone(world).pk), ("application", application.pk), ("payment_post", application.pk),
        ("payment_apply", milestone(world).pk), ("invoice_check", invoice.pk), ("invoice_file", invoice.pk),
        ("invoice_add", milestone(world).pk), ("document_pdf", issued.pk), ("contract_payments", world.contract.pk),
    ):  # fmt: skip
        assert stranger.get(reverse(f"web:{name}", args=[pk])).status_code == 404, name
    for name, pk in (("payment_post", application.pk), ("document_issue", application.pk)):
        assert post(stranger, name, pk, paid_on="2025-10-17", bank_reference="BOC-1").status_code == 404
    for name in ("payments", "invoices", "documents"):
        assert "PAY-2025-01" not in stranger.get(reverse(f"web:{name}")).content.decode()
    assert everything() == before


def test_hostile_text_is_shown_as_text(world):
    checked(world)
    client = world.client("FIN")
    note = f"<script>alert(1)</script>{CANARY}"
    invoice = Invoice.objects.get()
    post(client, "payment_apply", milestone(world).pk, amount="1", invoices=[invoice.pk], note=note)
    page = client.get(reverse("web:application", args=[PaymentApplication.objects.get().pk])).content.decode()
    assert "<script>alert" not in page
    assert f"&lt;script&gt;alert(1)&lt;/script&gt;{CANARY}" in page


# --- repeat protection (F2, F3) ------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_same_answer_and_one_effect(world):
    application = approved(world)
    client, mine = world.client("FIN"), key()
    given = {"paid_on": "2025-10-17", "bank_reference": "BOC-77", "idempotency_key": mine}
    first = post(client, "payment_post", application.pk, **given)
    entries = JournalEntry.objects.count()
    for _ in range(50):
        again = post(client, "payment_post", application.pk, **given)
        assert (again.status_code, again.url) == (first.status_code, first.url)
        assert again["Idempotent-Replay"] == "true"
    assert Payment.objects.count() == 1
    assert JournalEntry.objects.count() == entries


def test_the_key_may_come_as_a_header(world):
    application = approved(world)
    client = world.client("FIN")
    given = {"paid_on": "2025-10-17", "bank_reference": "BOC-77"}
    address = reverse("web:payment_post", args=[application.pk])
    for _ in range(2):
        assert client.post(address, given, headers={"idempotency-key": "k-1"}).status_code == 302
    assert Payment.objects.count() == 1


def test_a_used_key_is_refused_for_another_body_or_address_but_free_for_another_person(world):
    one, two = approved(world, "1"), approved(world, "2")
    client, mine = world.client("FIN"), key()
    given = {"paid_on": "2025-10-17", "bank_reference": "BOC-77", "idempotency_key": mine}
    assert post(client, "payment_post", one.pk, **given).status_code == 302
    before = everything()
    assert post(client, "payment_post", one.pk, **{**given, "paid_on": "2025-10-16"}).status_code == 422
    assert post(client, "payment_post", two.pk, **given).status_code == 422
    assert everything() == before
    given["bank_reference"] = "BOC-78"
    assert post(world.client("FIN2"), "payment_post", two.pk, **given).status_code == 302


def test_the_content_of_an_upload_belongs_to_the_body(world):
    client, first, mine = world.client("FIN"), milestone(world), key()
    given = {"number": "25112000000012345678", "amount": "1", "issued_on": "2025-10-09", "idempotency_key": mine}
    assert post(client, "invoice_add", first.pk, **given, upload=pdf()).status_code == 302
    assert post(client, "invoice_add", first.pk, **given, upload=pdf()).status_code == 302
    other = pdf(body=pdf().read() + b"\n")
    assert post(client, "invoice_add", first.pk, **given, upload=other).status_code == 422
    assert Invoice.objects.count() == 1


@pytest.mark.parametrize("bad", ["", "x" * 256])
def test_without_a_key_nothing_is_done(world, bad):
    application = approved(world)
    before = everything()
    answer = post(
        world.client("FIN"), "payment_post", application.pk, paid_on="2025-10-17", bank_reference="BOC-77",
        idempotency_key=bad,
    )  # fmt: skip
    assert answer.status_code == 422
    assert everything() == before


def test_every_form_that_moves_money_carries_a_fresh_key(world):
    application = approved(world)
    client = world.client("FIN")
    address = reverse("web:payment_post", args=[application.pk])
    keys = {client.get(address).context["form"].initial["idempotency_key"] for _ in range(3)}
    assert len(keys) == 3
    assert 'name="idempotency_key"' in client.get(address).content.decode()


# --- the public verify page ----------------------------------------------------------------------------------------


def test_anybody_may_verify_a_document_and_sees_no_amount_and_no_name(world, client):
    application = approved(world)
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    address = reverse("documents:verify", args=[issued.token])
    assert issued.facts["verify_url"].endswith(address)
    page = client.get(address)
    body = page.content.decode()
    assert page.status_code == 200
    for shown in (issued.number, "2025-10-20", issued.facts_sha256, issued.file.sha256):
        assert shown in body
    for hidden in ("250,000.25", "250000.25", "收款公司", "付款单位", "62220000111122223333", "FIN<", "MGR<"):
        assert hidden not in body
    assert client.get(reverse("documents:verify", args=["a" * 43])).status_code == 404
    assert client.put(address).status_code == 405


def test_a_copy_is_compared_and_not_kept(world, client):
    application = applied(world)
    issued = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    address = reverse("documents:verify", args=[issued.token])
    body = document_bytes(issued)
    before = everything()
    assert client.post(address, {"file": pdf("copy.pdf", body)}).context["same"] is True
    assert client.post(address, {"file": pdf("copy.pdf", body + b" ")}).context["same"] is False
    assert client.post(address, {}).context["given"] is None
    assert everything() == before


def test_a_replaced_document_says_so(world, client):
    application = applied(world)
    first = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    services.payment_decide(actor=world.viewer("MGR"), application=application, approve=True)
    second = payment_approval_issue(actor=world.viewer("FIN"), application=application)
    page = client.get(reverse("documents:verify", args=[first.token])).content.decode()
    assert second.number in page

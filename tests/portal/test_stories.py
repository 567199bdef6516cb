"""The vendor hands in, reads the buyer's answer and hands in again; hands in an invoice and follows its payment."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from billing.models import Invoice, Milestone
from billing.services import invoice_check
from contracts.models import StoredFile
from contracts.selectors import today_for
from obligations.models import Acknowledgement, Obligation, Submission
from obligations.services.submissions import submission_accept, submission_more_info, submission_reject
from tests.billing.world import PDF
from tests.world import World


@pytest.fixture(autouse=True)
def _english() -> Any:
    """Sentences are compared in the source language."""
    with translation.override("en"):
        yield


def report(world: World) -> Obligation:
    """A report the vendor owes now."""
    found: Obligation = (
        Obligation.objects.filter(contract=world.contract, obligor="vendor", state="open", due_state="known")
        .order_by("due_on")
        .first()
    )
    return found


def browser(world: World, who: str) -> Client:
    client = world.client(who)
    client.cookies["django_language"] = "en"
    return client


def paper(name: str = "report.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, PDF, content_type="application/pdf")


def hand_in(client: Client, row: Obligation, **fields: Any) -> Any:
    values = {"done_on": today_for(row.contract).isoformat(), "note": "as agreed", "reference": "", **fields}
    return client.post(reverse("portal:submit", args=[row.pk]), values)


def test_rejected_handed_in_again_accepted(world: World) -> None:
    row, vendor = report(world), browser(world, "VND")
    page = reverse("portal:obligation", args=[row.pk])
    assert reverse("portal:submit", args=[row.pk]) in vendor.get(page).content.decode()

    answer = hand_in(vendor, row, upload=[paper(), paper("annex.pdf")])
    assert answer.status_code == 302 and answer["Location"] == page
    body = vendor.get(page).content.decode()
    assert "Waiting for review" in body and "report.pdf" in body and "annex.pdf" in body
    assert reverse("portal:submit", args=[row.pk]) not in body

    first = Submission.objects.get(obligation=row)
    submission_reject(actor=world.viewer("IT"), submission=first, note="The signature page is missing.")
    body = vendor.get(page).content.decode()
    assert "it is still owed" in body and "The signature page is missing." in body

    assert hand_in(vendor, row, note="with signatures", upload=[paper("signed.pdf")]).status_code == 302
    second = Submission.objects.get(obligation=row, round=2)
    submission_accept(actor=world.viewer("IT"), submission=second)
    body = vendor.get(page).content.decode()
    assert "Round 1" in body and "Round 2" in body and "Accepted" in body
    row.refresh_from_db()
    assert row.state == "done"


def test_more_information_is_asked_for(world: World) -> None:
    row, vendor = report(world), browser(world, "VND")
    hand_in(vendor, row)
    submission_more_info(
        actor=world.viewer("IT"), submission=Submission.objects.get(obligation=row), note="Which rooms?"
    )
    body = vendor.get(reverse("portal:obligation", args=[row.pk])).content.decode()
    assert "The buyer asks for more:" in body and "Which rooms?" in body


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"done_on": "2126-01-01"}, "lies in the future"),
        ({"done_on": "2026-02-30"}, "valid date"),
        ({"note": ""}, "Attach a file"),
        ({"upload": [SimpleUploadedFile("page.html", b"<script>1</script>")]}, "upload"),
        ({"upload": [SimpleUploadedFile("empty.pdf", b"")]}, "empty"),
        ({"upload": [SimpleUploadedFile("no.pdf", b"MZ not a pdf at all")]}, "upload"),
        ({"upload": [SimpleUploadedFile("ok.pdf", PDF), SimpleUploadedFile("no.pdf", b"MZ no")]}, "upload"),
    ],
)
def test_a_bad_report_saves_nothing(world: World, fields: dict[str, Any], sentence: str) -> None:
    row, vendor = report(world), browser(world, "VND")
    for one in fields.get("upload", ()):
        one.seek(0)
    answer = hand_in(vendor, row, **fields)
    body = answer.content.decode()
    assert answer.status_code == 422
    assert 'role="alert"' in body and sentence in body
    assert not Submission.objects.exists() and not StoredFile.objects.exists()
    row.refresh_from_db()
    assert row.state == "open"


def test_acknowledging_is_said_once_and_by_the_party_that_owes(world: World) -> None:
    row, vendor = report(world), browser(world, "VND")
    for _time in range(2):
        assert vendor.post(reverse("portal:acknowledge", args=[row.pk])).status_code == 302
    assert Acknowledgement.objects.filter(obligation=row).count() == 1
    assert (
        reverse("portal:acknowledge", args=[row.pk])
        not in vendor.get(reverse("portal:obligation", args=[row.pk])).content.decode()
    )
    buyers = Obligation.objects.filter(contract=world.contract, obligor="buyer", state="open").exclude(kind="internal")
    other = buyers.first()
    assert other is not None
    vendor.post(reverse("portal:acknowledge", args=[other.pk]))
    assert not Acknowledgement.objects.filter(obligation=other).exists()


def test_a_colleague_takes_over(world: World) -> None:
    row, vendor = report(world), browser(world, "VND")
    address = reverse("portal:hand_over", args=[row.pk])
    assert vendor.post(address, {"to": world.person["IT"].pk, "note": ""}).status_code == 422
    assert vendor.post(address, {"to": world.person["VND2"].pk, "note": "please"}).status_code == 302
    row.refresh_from_db()
    assert row.keeper_id == world.person["VND2"].pk
    assert row.title in browser(world, "VND").get("/portal/?tab=copied").content.decode()


def invoice_fields(milestone: Milestone, client: Client, **fields: Any) -> dict[str, Any]:
    form = client.get(reverse("portal:invoice_add", args=[milestone.pk])).context["form"]
    return {
        "idempotency_key": form.initial["idempotency_key"],
        "number": "26112000000012345678",
        "amount": str(milestone.amount),
        "issued_on": today_for(milestone.contract).isoformat(),
        "upload": paper("invoice.pdf"),
        **fields,
    }


def test_an_invoice_is_rejected_with_a_reason_and_handed_in_again(world: World) -> None:
    vendor = browser(world, "VND")
    milestone = Milestone.objects.filter(contract=world.contract).order_by("position")[0]
    address = reverse("portal:invoice_add", args=[milestone.pk])
    fields, before = invoice_fields(milestone, vendor), vendor.get(reverse("portal:home")).context["stake"]
    assert vendor.post(address, fields).status_code == 302
    fields["upload"] = paper("invoice.pdf")
    repeated = vendor.post(address, fields)
    assert repeated.status_code == 302 and repeated["Idempotent-Replay"] == "true"
    (invoice,) = Invoice.objects.all()
    stake = vendor.get(reverse("portal:home")).context["stake"]
    assert (before.uninvoiced - stake.uninvoiced, stake.with_buyer) == (milestone.amount, milestone.amount)
    body = vendor.get(reverse("portal:invoices")).content.decode()
    assert invoice.number in body and "Received" in body
    assert vendor.get(reverse("portal:invoice_file", args=[invoice.pk])).getvalue() == PDF

    invoice_check(actor=world.viewer("FIN"), invoice=invoice, accept=False, note="The tax number is wrong.")
    body = vendor.get(reverse("portal:invoices")).content.decode()
    assert "Rejected" in body and "The tax number is wrong." in body
    assert str(world.person["FIN"]) not in body

    assert vendor.post(address, invoice_fields(milestone, vendor)).status_code == 302
    again = Invoice.objects.get(state="received")
    invoice_check(actor=world.viewer("FIN"), invoice=again, accept=True, note="kept inside")
    body = vendor.get(reverse("portal:invoices")).content.decode()
    assert "Checked" in body and "kept inside" not in body


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": "1"}, "invoice number as printed"),
        ({"amount": "99999999.00"}, "more than what is still to be invoiced"),
        ({"amount": "-5"}, "amount"),
        ({"issued_on": "2126-01-01"}, "lies in the future"),
        ({"upload": SimpleUploadedFile("x.exe", b"MZ")}, "upload"),
    ],
)
def test_a_bad_invoice_saves_nothing(world: World, fields: dict[str, Any], sentence: str) -> None:
    vendor = browser(world, "VND")
    milestone = Milestone.objects.filter(contract=world.contract).order_by("position")[0]
    answer = vendor.post(
        reverse("portal:invoice_add", args=[milestone.pk]), invoice_fields(milestone, vendor, **fields)
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode() and sentence in answer.content.decode()
    assert not Invoice.objects.exists() and not StoredFile.objects.exists()


def test_the_first_line_says_what_is_at_stake(world: World) -> None:
    answer = browser(world, "VND").get("/portal/")
    stake = answer.context["stake"]
    total = sum(Milestone.objects.filter(contract=world.contract).values_list("amount", flat=True), Decimal(0))
    assert stake.unpaid == total
    own = Obligation.objects.filter(contract=world.contract, obligor__in=("vendor", "both"))
    today = today_for(world.contract)
    late = [row for row in own.filter(state="open", due_state="known", kind="contractual", gate_open=True)
            if row.due_on and row.due_on < today and not row.gate_late]  # fmt: skip
    assert stake.figures.overdue == len(late)
    assert "Not paid yet:" in answer.content.decode()


def test_every_list_comes_as_excel_with_typed_cells(world: World) -> None:
    vendor = browser(world, "VND")
    pk = world.contract.pk
    for address in (
        "/portal/?format=xlsx",
        "/portal/contracts/?format=xlsx",
        f"/portal/contracts/{pk}/obligations/?format=xlsx",
        f"/portal/contracts/{pk}/clauses/?format=xlsx",
        "/portal/invoices/?format=xlsx",
        "/portal/invoices/?format=invoices.xlsx",
    ):
        answer = vendor.get(address)
        assert answer["Content-Type"].endswith("spreadsheetml.sheet"), address
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None and sheet.freeze_panes == "A2"
    sheet = load_workbook(io.BytesIO(vendor.get("/portal/?format=xlsx").content)).active
    assert sheet is not None
    days = [row[8].value for row in sheet.iter_rows(min_row=2) if row[8].value]
    assert days and all(isinstance(day, date) for day in days)


def test_the_supervisor_reads_and_does_nothing(world: World) -> None:
    row = report(world)
    hand_in(browser(world, "VND"), row, note="for the supervisor to see", upload=[paper()])
    supervisor = browser(world, "SUP")
    body = supervisor.get(reverse("portal:obligation", args=[row.pk])).content.decode()
    assert "for the supervisor to see" in body
    assert 'method="post" action="/portal' not in body
    file = StoredFile.objects.get()
    assert supervisor.get(reverse("portal:evidence_file", args=[file.pk])).status_code == 200
    assert supervisor.get("/portal/").context["stake"].unpaid is None
    for address in (reverse("portal:submit", args=[row.pk]), reverse("portal:acknowledge", args=[row.pk])):
        assert supervisor.post(address).status_code == 403
    assert supervisor.get(reverse("portal:invoices")).status_code == 404
    assert Submission.objects.count() == 1


def test_another_day(world: World) -> None:
    row, vendor = report(world), browser(world, "VND")
    assert row.due_on is not None
    body = vendor.get(reverse("portal:obligation", args=[row.pk]) + f"?as_of={row.due_on.isoformat()}").content.decode()
    assert "This page is shown as of" in body
    assert reverse("portal:submit", args=[row.pk]) not in body

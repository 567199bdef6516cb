"""The whole story on the real contract, as the people see it: the acceptance is reported and confirmed, the last
payment gets its date, the invoice comes in by the portal, the form is printed, verified by a stranger, and paid."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from tests.browser.people import let_identity_grow_old, log_in, prove_identity
from tests.world import World, build_world
from web.demo.paper import paper

REAL = Path(__file__).resolve().parents[2] / "definitions" / "data" / "SXYSR202506176"
EVENT = "acceptance_signed"
DUE = "2026-11-09"
AMOUNT = "2422641.76"
CAPITALS = "贰佰肆拾贰万贰仟陆佰肆拾壹元柒角陆分"
INVOICE = "26322000000098765432"
BANK_REFERENCE = "20261123000077"

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world(REAL)


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext]) -> Callable[[str], Page]:
    """A person of the world at a browser of their own, signed in by the log-in page; the same one when asked again."""
    desks: dict[str, Page] = {}

    def sit_down(who: str) -> Page:
        if who not in desks:
            desks[who] = log_in(open_context(viewport={"width": 1366, "height": 900}).new_page(), who.lower())
        return desks[who]

    return sit_down


@pytest.fixture
def clean(axe_violations: Callable[[Page], list[str]]) -> Callable[[Page], None]:
    def check(page: Page) -> None:
        assert (page.url, axe_violations(page)) == (page.url, [])

    return check


def payment_3(world: World) -> Any:
    from obligations.models import Obligation

    return Obligation.objects.get(contract=world.contract, duty="payment_3")


def downloaded(page: Page, link: str) -> bytes:
    with page.expect_download() as waiting:
        page.locator(link).first.click()
    return Path(waiting.value.path()).read_bytes()


def test_the_last_payment_from_the_acceptance_to_the_bank(
    world: World,
    desk: Callable[[str], Page],
    open_context: Callable[..., BrowserContext],
    clean: Callable[[Page], None],
) -> None:
    contract = f"/contracts/{world.contract.pk}"
    it_staff_report_the_acceptance(world, desk("IT"), contract, clean)
    the_manager_confirms_it(world, desk("MGR"), contract, clean)
    the_payment_explains_its_day(world, desk("FIN"), clean)
    the_vendor_hands_in_the_invoice(world, desk("VND"), clean)
    finance_check_it_and_apply(world, desk("FIN"), clean)
    the_manager_approves(world, desk("MGR"), clean)
    body = finance_print_the_form(world, desk("FIN"), clean)
    a_stranger_verifies_it(world, open_context(viewport={"width": 390, "height": 844}).new_page(), body, clean)
    finance_post_the_payment(world, desk("FIN"), clean)
    everybody_sees_it_paid(world, desk, clean)


def it_staff_report_the_acceptance(world: World, page: Page, contract: str, clean: Callable[[Page], None]) -> None:
    from contracts.models import Fact

    assert payment_3(world).due_on is None
    page.goto(f"{contract}/facts/")
    page.click(f"a[href='{contract}/facts/events/{EVENT}/']")
    page.fill("input[name=on]", "2026-06-30")
    page.fill("input[name=evidence_reference]", "验字〔2026〕18号")
    page.click("button[name=step][value=preview]")
    effects = page.locator("main .ck")
    expect(effects.get_by_text(payment_3(world).title)).to_be_visible()
    expect(effects.locator("li", has_text=payment_3(world).title).locator("b")).to_contain_text(DUE)
    clean(page)
    assert not Fact.objects.filter(contract=world.contract, name=EVENT).exists()
    assert payment_3(world).due_on is None

    assert page.input_value("input[name=on]") == "2026-06-30"
    page.click("button[name=step][value=save]")
    expect(page).to_have_url(re.compile(f"{contract}/facts/$"))
    fact = Fact.objects.get(contract=world.contract, name=EVENT)
    assert fact.state == "proposed" and payment_3(world).due_on is None
    # It waits for somebody else: nothing to decide here, and the event is not offered a second time.
    expect(page.locator("section[aria-labelledby=h-ev] li", has=page.locator(".i.warn"))).to_have_count(1)
    expect(page.locator(f"a[href='{contract}/facts/events/{EVENT}/']")).to_have_count(0)
    expect(page.locator("section[aria-labelledby=h-wait]")).to_have_count(0)
    clean(page)
    page.click(f"section[aria-labelledby=h-all] a[href='{contract}/facts/{fact.pk}/']")
    expect(page.locator("#h-f")).to_be_visible()
    expect(page.locator("button[name=decision]")).to_have_count(0)  # nobody confirms what they reported


def the_manager_confirms_it(world: World, page: Page, contract: str, clean: Callable[[Page], None]) -> None:
    page.goto(f"{contract}/facts/")
    page.locator("section[aria-labelledby=h-wait] a").first.click()
    expect(page.locator("main .ck li", has_text=payment_3(world).title).locator("b")).to_contain_text(DUE)
    clean(page)
    let_identity_grow_old(page)
    page.click("button[name=decision][value=confirm]")
    clean(page)
    prove_identity(page)
    assert payment_3(world).due_on is None  # proving who one is decides nothing
    page.click("button[name=decision][value=confirm]")
    expect(page.locator(".msg.g")).to_be_visible()
    expect(page.locator("button[name=decision]")).to_have_count(0)
    assert payment_3(world).due_on == date.fromisoformat(DUE)


def the_payment_explains_its_day(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    page.goto(f"/obligations/{payment_3(world).pk}/")
    expect(page.locator(f"#h-due + span time[datetime='{DUE}']")).to_be_visible()
    cells = page.locator(".ds-t td.k-counted")
    expect(cells).to_have_count(90)
    due = page.locator(".ds-t td.k-due")
    expect(due).to_have_count(1)
    expect(due).to_have_attribute("title", re.compile(f"^{DUE}"))
    expect(due.locator(".do-n")).to_contain_text("90")
    expect(page.locator(".ds-t td.k-anchor")).to_have_attribute("title", re.compile("^2026-06-30"))
    assert page.locator(".ds-t td.k-counted.k-weekend, .ds-t td.k-counted.k-holiday").count() == 0
    clean(page)


def the_vendor_hands_in_the_invoice(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    from billing.models import Invoice

    milestone = payment_3(world).milestone
    expect(page).to_have_url(re.compile(r"/portal/"))
    page.goto("/portal/invoices/")
    clean(page)
    page.click(f"a[href='/portal/milestones/{milestone.pk}/invoices/new/']")
    # left empty, an electronic invoice's own file fills it in; a scan needs it typed
    assert page.input_value("input[name=amount]") == ""
    page.fill("input[name=amount]", AMOUNT)
    page.fill("input[name=number]", INVOICE)
    page.fill("input[name=issued_on]", "2026-10-12")
    page.set_input_files(
        "input[name=upload]",
        {"name": "尾款发票.pdf", "mimeType": "application/pdf", "buffer": paper(["增值税发票", INVOICE, AMOUNT])},
    )
    clean(page)
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(r"/portal/invoices/$"))
    expect(page.get_by_text(INVOICE).first).to_be_visible()
    invoice = Invoice.objects.get(milestone=milestone)
    assert (invoice.number, invoice.amount, invoice.state) == (INVOICE, Decimal(AMOUNT), "received")


def finance_check_it_and_apply(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    milestone = payment_3(world).milestone
    page.goto(f"/milestones/{milestone.pk}/")
    clean(page)
    expect(page.locator(f"a[href='/milestones/{milestone.pk}/apply/']")).to_have_count(0)  # nothing before the check
    invoice = milestone.invoices.get()
    page.locator(f"a[href='/invoices/{invoice.pk}/check/']").first.click()
    page.check("input[name=decision][value=yes]")
    page.fill("textarea[name=note]", "抬头、税号与开票资料核对一致")  # no party's tax number is recorded
    clean(page)
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(f"/milestones/{milestone.pk}/$"))
    page.click(f"a[href='/milestones/{milestone.pk}/apply/']")
    assert page.input_value("input[name=amount]") == AMOUNT
    expect(page.locator("input[name=invoices]")).to_be_checked()
    clean(page)
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(r"/applications/\d+/$"))
    application = milestone.applications.get()
    assert (application.amount, application.state) == (Decimal(AMOUNT), "applied")
    expect(page.locator(f"a[href='/applications/{application.pk}/decide/']")).to_have_count(0)
    clean(page)


def the_manager_approves(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    application = payment_3(world).milestone.applications.get()
    page.goto(f"/applications/{application.pk}/")
    let_identity_grow_old(page)
    page.click(f"a[href='/applications/{application.pk}/decide/']")
    prove_identity(page)
    expect(page).to_have_url(re.compile(f"/applications/{application.pk}/decide/$"))
    page.check("input[name=decision][value=yes]")
    clean(page)
    page.click("main form button[type=submit]")
    expect(page).to_have_url(re.compile(f"/applications/{application.pk}/$"))
    application.refresh_from_db()
    assert application.state == "approved" and application.decided_by == world.person["MGR"]


def finance_print_the_form(world: World, page: Page, clean: Callable[[Page], None]) -> bytes:
    from documents.models import IssuedDocument

    application = payment_3(world).milestone.applications.get()
    page.goto(f"/applications/{application.pk}/")
    page.click(f"form[action='/applications/{application.pk}/form/'] button")
    document_link = "section[aria-labelledby=h-doc] a[href^='/documents/']"
    expect(page.locator(document_link).first).to_be_visible()
    clean(page)
    document = IssuedDocument.objects.get()
    body = downloaded(page, document_link)
    assert hashlib.sha256(body).hexdigest() == document.file.sha256
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(body)).pages)
    plain = re.sub(r"[\s,，]", "", text)
    for expected in (AMOUNT, CAPITALS, DUE, re.sub(r"\s", "", document.number)):
        assert expected in plain

    page.click(f"form[action='/applications/{application.pk}/form/'] button")
    expect(page.locator(".msg.g")).to_be_visible()
    assert IssuedDocument.objects.get() == document
    assert downloaded(page, document_link) == body
    return body


def a_stranger_verifies_it(world: World, page: Page, body: bytes, clean: Callable[[Page], None]) -> None:
    from documents.models import IssuedDocument

    document = IssuedDocument.objects.get()
    page.goto(f"/verify/{document.token}/")
    expect(page.locator("#state-h")).to_contain_text(document.number)
    expect(page.locator("#state-h .chip.g")).to_be_visible()
    clean(page)
    shown = re.sub(r"[\s,，]", "", page.content())
    for secret in (AMOUNT, CAPITALS, world.contract.vendor.name, world.contract.buyer.name):
        assert secret not in shown
    compare = "main form:has(input[type=file]) button[type=submit]"
    page.set_input_files("input[name=file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": body})
    page.click(compare)
    expect(page.locator("[role=status] .ok")).to_be_visible()
    clean(page)
    page.set_input_files("input[name=file]", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": body + b"\n"})
    page.click(compare)
    expect(page.locator("[role=status] .bad")).to_be_visible()


def finance_post_the_payment(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    from contracts.selectors import today_for

    application = payment_3(world).milestone.applications.get()
    page.goto(f"/applications/{application.pk}/")
    page.click(f"a[href='/applications/{application.pk}/post/']")
    page.fill("input[name=paid_on]", today_for(world.contract).isoformat())
    page.fill("input[name=bank_reference]", BANK_REFERENCE)
    clean(page)
    page.click("main form button[type=submit]")
    expect(page).not_to_have_url(re.compile(r"/post/$"))
    application.refresh_from_db()
    assert application.state == "paid" and application.payment.bank_reference == BANK_REFERENCE


def everybody_sees_it_paid(world: World, desk: Callable[[str], Page], clean: Callable[[Page], None]) -> None:
    milestone = payment_3(world).milestone
    page = desk("FIN")
    page.goto(f"/milestones/{milestone.pk}/")
    expect(page.locator("h1 .chip.g")).to_be_visible()
    expect(page.locator(".steps li:not(.done)")).to_have_count(0)
    expect(page.get_by_text(BANK_REFERENCE)).to_have_count(0)  # belongs to the application's page
    clean(page)
    page.goto(f"/obligations/{payment_3(world).pk}/")
    expect(page.locator(".ds-t td.k-counted")).to_have_count(90)
    clean(page)
    vendor = desk("VND")
    vendor.goto("/portal/invoices/")
    row = vendor.locator("section[aria-labelledby=h-pay] tr.row-x", has_text=milestone.title)
    expect(row.locator(".chip.g")).to_be_visible()
    clean(vendor)

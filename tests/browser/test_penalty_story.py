"""A penalty on the real contract, as the people see it: an incident, the pre-trial sheet, a proposal, another person's
approval, the notice, the vendor's objection in the portal, the decision, the minutes, and the deduction in the
payment's waterfall and on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
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
# One tenth of the contract sum, a twelfth of it, half: 4845283.52 / 10 / 12 × 50 %
AMOUNT = "20188.68"
SHOWN = "¥20,188.68"
# Milliseconds that the first paper of a fresh server may take on a busy machine.
PAPER = 240_000
HEAVIEST, LIGHTER = "附3 1", "附3 5"

pytestmark = pytest.mark.usefixtures("live_server")


@pytest.fixture
def world(transactional_db: None) -> World:
    return build_world(REAL)


@pytest.fixture
def desk(open_context: Callable[..., BrowserContext]) -> Callable[[str], Page]:
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


def case_of(world: World) -> Any:
    from penalties.models import PenaltyCase

    return PenaltyCase.objects.get(contract=world.contract, target="pool:same_cause")


def pdf(*lines: str) -> dict[str, Any]:
    return {"name": f"{lines[0]}.pdf", "mimeType": "application/pdf", "buffer": paper(list(lines))}


def send(page: Page, **fields: str) -> None:
    """Fill in the form of the page and send it."""
    for name, value in fields.items():
        page.fill(f"main [name={name}]", value)
    page.click("main form[method=post] button[type=submit]")


def test_a_penalty_from_the_incident_to_the_deduction(
    world: World, desk: Callable[[str], Page], clean: Callable[[Page], None]
) -> None:
    it_staff_register_the_incident(world, desk("IT"), clean)
    what_is_known_is_recorded(world)
    it_staff_look_at_the_sheet_and_adopt_it(world, desk("IT"), clean)
    the_vendor_knows_nothing(world, desk("VND"))
    the_manager_approves(world, desk("MGR"), clean)
    finance_record_the_notice(world, desk("FIN"), clean)
    the_vendor_objects(world, desk("VND"), clean)
    another_manager_decides(world, desk("MGR2"), clean)
    the_minutes_come_first_then_the_vendor_accepts(world, desk, clean)
    finance_plan_the_settlement(world, desk("FIN"), clean)
    the_manager_carries_it_out(world, desk("MGR"), clean)
    the_deduction_is_in_the_waterfall_and_on_paper(world, desk("FIN"), clean)


def it_staff_register_the_incident(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    page.goto(f"/contracts/{world.contract.pk}/incidents/new/")
    page.fill("input[name=title]", "官网无法访问")
    page.fill("input[name=reported_at]", "2026-05-12T09:00:00")
    page.check("input[name=systems][value=s1]")
    page.fill("input[name=down_since]", "2026-05-12T09:00:00")
    clean(page)
    page.click("main form[method=post] button[type=submit]")
    expect(page.locator("h1")).to_contain_text("官网无法访问")


def what_is_known_is_recorded(world: World) -> None:
    """The rest of the facts, through the services: the outage's end, findings by two persons, the month's figures and
    the base everybody agreed on."""
    from obligations.services.events import event_confirm, finding_record
    from obligations.services.readings import reading_decide, reading_propose
    from sla import services as sla
    from sla.models import Incident

    it, boss = world.viewer("IT"), world.viewer("MGR")
    incident = Incident.objects.get(contract=world.contract)
    spell = incident.spells.get()
    back = spell.starts_at + timedelta(minutes=125)
    sla.spell_correct(actor=it, spell=spell, starts_at=spell.starts_at, ends_at=back, note="监控记录")
    sla.cause_link(actor=it, incident=incident, title="机房停电")
    sla.moments_record(
        actor=it, incident=incident, moments={"responded": spell.starts_at + timedelta(minutes=10), "restored": back},
        note="工单",
    )  # fmt: skip
    established = {
        "provider_fault": True,
        "security_service_fault": False,
        "backup_missing": False,
        "other_cloud_down": False,
        "grade": "C",
    }
    for name, value in established.items():
        sla.finding_record(
            actor=it, incident=incident, name=name, value=value, established_by="信息中心", paper="调查结论 1 号"
        )
    sla.findings_decide(
        actor=boss, incident=incident, findings=list(incident.findings.filter(state="proposed")), accept=True
    )
    for series, figure in (("availability", "99.53%"), ("data_availability", "100%")):
        fact = sla.figure_record(
            actor=it, contract=world.contract, series=series, period="2026-05", system="s1", value=figure, method="监控"
        )
        if fact.state == "proposed":
            event_confirm(actor=boss, fact=fact)
    problem, loss, impact = ("problem_occurred", True), ("major_loss", False), ("major_impact", False)
    findings = {"a2_1": (problem, loss), "a3_1": (problem, loss), "a2_10": (impact,), "a3_11": (problem, impact)}
    for rule, answers in findings.items():
        for name, answer in answers:
            fact = finding_record(
                actor=it, contract=world.contract, subject=f"rule:{rule}/2026-05/s1", name=name, value=answer
            )
            if fact.state == "proposed":
                event_confirm(actor=boss, fact=fact)
    chosen = {"fee_base": "equal", "band_policy": "strict", "above_top_policy": "none", "availability_window": "month"}
    for reading, option in chosen.items():
        choice = reading_propose(
            actor=it, contract=world.contract, name=reading, option=option, reason="双方会商纪要第二项"
        )
        if choice.state == "proposed":
            reading_decide(actor=boss, choice=choice, accept=True)


def it_staff_look_at_the_sheet_and_adopt_it(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    from penalties.models import PenaltyCase
    from sla.models import Incident

    incident = Incident.objects.get(contract=world.contract)
    page.goto(f"/incidents/{incident.pk}/")
    page.click(f"a[href='/contracts/{world.contract.pk}/sheet/?about=incident%3A{incident.code}']")
    first = page.locator("main section.card-x", has=page.locator("form[action$='/adopt/']")).first
    expect(first).to_contain_text(SHOWN)
    expect(first.locator("tr", has_text=HEAVIEST).first).to_be_visible()
    expect(first.locator("tr", has_text=LIGHTER).first).to_be_visible()
    clean(page)
    assert not PenaltyCase.objects.exists()
    first.locator("form[action$='/adopt/'] button").click()
    expect(page).to_have_url(re.compile(r"/penalties/\d+/$"))
    case = case_of(world)
    assert (case.state, case.amount, case.missing) == ("proposed", Decimal(AMOUNT), ["minutes"])
    expect(page.locator("#h-miss")).to_be_visible()
    expect(page.locator(f"a[href='/penalties/{case.pk}/approve/']")).to_have_count(0)
    clean(page)


def the_vendor_knows_nothing(world: World, page: Page) -> None:
    case = case_of(world)
    page.goto("/portal/penalties/")
    expect(page.get_by_text(case.number)).to_have_count(0)
    answered = page.goto(f"/portal/penalties/{case.pk}/")
    assert answered is not None and answered.status == 404


def the_manager_approves(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    case = case_of(world)
    page.goto(f"/penalties/{case.pk}/")
    page.click(f"a[href='/penalties/{case.pk}/approve/']")
    page.check("input[name=decision][value=yes]")
    clean(page)
    let_identity_grow_old(page)
    page.click("main form[method=post] button[type=submit]")
    prove_identity(page)
    assert case_of(world).state == "proposed"  # proving who one is decides nothing
    page.goto(f"/penalties/{case.pk}/approve/")
    page.check("input[name=decision][value=yes]")
    page.click("main form[method=post] button[type=submit]")
    expect(page.locator(".msg.g")).to_be_visible()
    assert case_of(world).state == "approved"


def finance_record_the_notice(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    from contracts.selectors import today_for

    case, today = case_of(world), today_for(world.contract)
    page.goto(f"/penalties/{case.pk}/notify/")
    page.select_option("select[name=method]", "mail")
    clean(page)
    send(page, sent_on=(today - timedelta(days=3)).isoformat(), received_on=today.isoformat(), reference="EMS 1001")
    expect(page.locator(".msg.g")).to_be_visible()
    case = case_of(world)
    assert case.state == "notified"
    assert case.delivered_on >= today and case.object_by > case.delivered_on


def the_vendor_objects(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    case = case_of(world)
    page.goto("/portal/penalties/")
    expect(page.locator(".stake")).to_contain_text(SHOWN)
    clean(page)
    page.click(f"a[href='/portal/penalties/{case.pk}/'] >> nth=0")
    expect(page.locator("main")).to_contain_text(HEAVIEST)
    expect(page.locator("main")).not_to_contain_text(LIGHTER)  # rows that did not count stay inside
    clean(page)
    page.click(f"a[href='/portal/penalties/{case.pk}/object/']")
    page.set_input_files("input[name=uploads]", pdf("停电证明", "供电公司"))
    clean(page)
    send(page, text="停机由市政停电引起，附供电公司证明。")
    expect(page.get_by_text("停电证明.pdf")).to_be_visible()
    assert case_of(world).state == "objected"


def another_manager_decides(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    case = case_of(world)
    page.goto(f"/penalties/{case.pk}/dispute/")
    expect(page.get_by_text("停机由市政停电引起").first).to_be_visible()
    clean(page)
    page.goto(f"/penalties/{case.pk}/decide/")
    page.check("input[name=decision][value=upheld]")
    expect(page.locator("main")).to_contain_text(SHOWN)
    clean(page)
    send(page, text="机房应有双路供电，异议不成立。")
    expect(page.locator(".msg.g")).to_be_visible()
    case = case_of(world)
    assert (case.state, case.decision, case.amount) == ("decided", "upheld", Decimal(AMOUNT))


def the_minutes_come_first_then_the_vendor_accepts(
    world: World, desk: Callable[[str], Page], clean: Callable[[Page], None]
) -> None:
    case, vendor, it = case_of(world), desk("VND"), desk("IT")
    vendor.goto(f"/portal/penalties/{case.pk}/accept/")
    vendor.click("main form[method=post] button[type=submit]")
    expect(vendor.locator("[role=alert], .err, .invalid-feedback").first).to_be_visible()
    assert case_of(world).state == "decided"
    it.goto(f"/penalties/{case.pk}/minutes/")
    it.set_input_files("input[name=uploads]", pdf("协商纪要", "择其重者"))
    clean(it)
    send(it, text="双方会谈，同意同一事件择其重者。")
    expect(it.locator(".msg.g")).to_be_visible()
    vendor.goto(f"/portal/penalties/{case.pk}/accept/")
    clean(vendor)
    send(vendor, note="接受")
    expect(vendor).to_have_url(re.compile(f"/portal/penalties/{case.pk}/$"))
    assert case_of(world).state == "agreed"


def finance_plan_the_settlement(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    case = case_of(world)
    page.goto(f"/penalties/{case.pk}/")
    page.click(f"a[href='/penalties/{case.pk}/settle/']")
    assert page.input_value("input[name=source_0]") == AMOUNT
    clean(page)
    page.click("main form[method=post] button[type=submit]")
    expect(page.locator(".msg.g")).to_be_visible()
    assert case.settlements.get().plan == [{"source": "instalment:3", "amount": AMOUNT}]


def the_manager_carries_it_out(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    case = case_of(world)
    page.goto(f"/penalties/{case.pk}/")
    page.click(f"a[href='/settlements/{case.settlements.get().pk}/decide/']")
    page.check("input[name=decision][value=yes]")
    clean(page)
    page.click("main form[method=post] button[type=submit]")
    expect(page.locator(".msg.g")).to_be_visible()
    assert case_of(world).state == "settled"


def the_deduction_is_in_the_waterfall_and_on_paper(world: World, page: Page, clean: Callable[[Page], None]) -> None:
    from billing.models import Deduction, Milestone
    from documents.models import IssuedDocument

    deduction = Deduction.objects.get()
    assert deduction.amount == Decimal(AMOUNT)
    last = Milestone.objects.get(contract=world.contract, code="3")
    page.goto(f"/milestones/{last.pk}/")
    expect(page.locator("main .wf").first).to_contain_text("20,188.68")
    expect(page.locator("main .wf").first).to_contain_text("2,402,453.08")  # 2422641.76 − 20188.68
    clean(page)
    case = case_of(world)
    page.goto(f"/penalties/{case.pk}/")
    page.set_default_timeout(PAPER)
    page.click("form[action*='/issue/penalty_settlement/'] button")
    expect(page.locator(".msg.g")).to_be_visible(timeout=PAPER)
    clean(page)
    document = IssuedDocument.objects.get(kind="penalty_settlement")
    page.goto(f"/contracts/{world.contract.pk}/documents/")
    with page.expect_download() as waiting:
        page.locator(f"a[href='/documents/{document.pk}/pdf/']").first.click()
    text = "".join(each.extract_text() for each in PdfReader(io.BytesIO(Path(waiting.value.path()).read_bytes())).pages)
    words = re.sub(r"\s", "", text)
    assert "20,188.68" in words
    assert "贰万零壹佰捌拾捌元陆角捌分" in words

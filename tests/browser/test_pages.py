"""Every page of both doors, as a person of a suitable role sees it on the demonstration: no refused script or style, no
error in a script, no accessibility fault in light or dark, nothing wider than the screen on a desk or a phone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from accounts.policy import ACTIONS
from accounts.scoping import viewer_for
from tests.doors.routes import Route, all_routes
from tests.doors.values import draft

# Who looks: the first of these whose role may.
PEOPLE = {"IT": "it", "FIN": "fin", "MGR": "mgr", "VND": "vendor", "SEC": "sec", "SYS": "sys", "AUD": "aud"}
# Downloads, and addresses that only lead on: no page of their own.
NO_PAGE = {
    "web:contract_workbook", "portal:document_pdf",
    "web:home", "web:bulk_template", "web:file", "web:invoice_file", "web:document_pdf", "portal:evidence_file",
    "portal:invoice_file", "account_logout", "account_login", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done",
}  # fmt: skip
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
WIDER = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) { return []; }
    return Array.from(document.querySelectorAll('main *, header *, footer *'))
        .filter(one => one.getBoundingClientRect().right > room + 1)
        .slice(0, 3).map(one => `${one.tagName}.${one.className}`);
}"""
DARK = "() => document.documentElement.setAttribute('data-bs-theme', 'dark')"


def pages() -> list[Route]:
    """Every route with a page for people to look at."""
    return [
        route
        for route in all_routes()
        if route.access and "GET" in route.access.actions and not route.is_api and route.name not in NO_PAGE
        if route.name.startswith(("web:", "portal:", "account_"))
    ]


@pytest.fixture
def told(transactional_db: None) -> dict[str, Any]:
    """Both shipped contracts with their people, and the story told on the fictional one, by folder name."""
    from web.demo import loading, story

    loaded = loading.load_all(today=timezone.localdate(), say=lambda _text: None)
    story.tell(loaded, today=timezone.localdate(), say=lambda _text: None)
    return loaded


@pytest.fixture
def sign_in(open_context: Callable[..., BrowserContext], live_server: Any) -> Callable[..., Page]:
    """A page of that person's own browser, signed in without the form; the same one when asked again."""
    from accounts.models import User

    opened: dict[tuple[str, str], Page] = {}

    def enter(username: str, language: str = "zh-hans") -> Page:
        if (username, language) not in opened:
            client = Client()
            person = User.objects.get(username=username)
            client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
            session = client.session
            session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
            session.save()
            cookies = {settings.SESSION_COOKIE_NAME: session.session_key, settings.LANGUAGE_COOKIE_NAME: language}
            context = open_context(viewport=DESK, reduced_motion="reduce")
            context.add_cookies([{"name": k, "value": str(v), "url": live_server.url} for k, v in cookies.items()])
            opened[username, language] = context.new_page()
        return opened[username, language]

    return enter


@pytest.fixture
def faults(axe_violations: Callable[..., list[str]]) -> Callable[..., list[str]]:
    """What is wrong with a page at 1440 and 390 pixels, light and dark. `thorough` asks axe for everything each time;
    otherwise for everything once, and for the contrast of colours in the dark."""

    def look(page: Page, url: str, *, status: int = 200, thorough: bool = False) -> list[str]:
        page.set_viewport_size(DESK)
        answer = page.goto(url)
        assert answer is not None
        if answer.status != status:
            return [f"{url}: {answer.status}"]
        found = [f"1440 {one}" for one in page.evaluate(WIDER) + axe_violations(page)]
        page.set_viewport_size(PHONE)
        found += [f"390 {one}" for one in page.evaluate(WIDER) + (axe_violations(page) if thorough else [])]
        page.evaluate(DARK)
        found += [f"390 dark {one}" for one in axe_violations(page, *([] if thorough else ["color-contrast"]))]
        if thorough:
            page.set_viewport_size(DESK)
            found += [f"1440 dark {one}" for one in axe_violations(page)]
        return [f"{url} {one}" for one in found]

    return look


def addresses(contract: Any) -> dict[Any, Any]:
    """One real thing of the told contract for every parameter; (route, name) where a name means several things."""
    from accounts.models import User
    from billing.models import Milestone, PaymentApplication
    from contracts.models import CalendarYear
    from contracts.selectors import definition_for, today_for
    from documents.models import IssuedDocument
    from obligations.models import Submission
    from obligations.services.events import event_propose
    from sla.models import Incident

    definition = definition_for(contract)
    waiting = Submission.objects.filter(obligation__contract=contract, state="submitted")[0]
    application = PaymentApplication.objects.filter(contract=contract).order_by("pk")[0]
    document = IssuedDocument.objects.filter(contract=contract)[0]
    unpaid = Milestone.objects.filter(contract=contract, invoices__state="received")[0]
    person = User.objects.get(username="it")
    incident = Incident.objects.filter(contract=contract, exclusions__state="claimed")[0]
    proposal = event_propose(
        actor=viewer_for(User.objects.get(username="it")),
        contract=contract,
        name="acceptance_signed",
        on=today_for(contract),
        note="验收报告已签",
    )
    return {
        "contract_id": contract.pk,
        "obligation_id": waiting.obligation_id,
        "milestone_id": unpaid.pk,
        "invoice_id": unpaid.invoices.get(state="received").pk,
        "application_id": application.pk,
        "document_id": document.pk,
        "fact_id": proposal.pk,
        "version_id": draft(contract).pk,
        "calendar_id": CalendarYear.objects.order_by("-year")[0].pk,
        "person_id": person.pk,
        "membership_id": person.memberships.get().pk,
        "party_id": contract.vendor_id,
        "token": document.token,
        "incident_id": incident.pk,
        "exclusion_id": incident.exclusions.get().pk,
        "spell_id": incident.spells.filter(superseded_at=None)[0].pk,
        "month": f"{today_for(contract):%Y-%m}",
        "code": sorted(definition.securities)[0],
        ("web:contract_reading", "name"): sorted(definition.readings)[0],
        ("web:finding_enter", "name"): "people_affected",
        ("web:event_record", "name"): sorted(definition.events)[0],
        ("web:thing_record", "name"): sorted(definition.items)[0],
    }


def looker(route: Route) -> str:
    roles = ACTIONS[route.access.actions["GET"]].roles  # type: ignore[union-attr]
    people = {"VND": "vendor"} | PEOPLE if route.name.startswith("portal:") else PEOPLE
    return next(person for role, person in people.items() if role in roles)


def test_every_page_is_clean(
    told: dict[str, Any], sign_in: Callable[..., Page], faults: Callable[..., list[str]]
) -> None:
    demo = next(contract for contract in told.values() if contract.is_demo)
    values = addresses(demo)
    found: list[str] = []
    looked = 0
    for route in pages():
        # What the told story has none of (claims on a security, penalty cases …) is looked at in stories of its own.
        if all(name in values or (route.name, name) in values for name in route.parameters):
            found += faults(sign_in(looker(route)), route.url(values))
            looked += 1
    assert not found, "\n".join(found)
    assert looked > 60


def test_the_pages_people_live_in_are_clean_in_both_languages_and_themes(
    told: dict[str, Any],
    sign_in: Callable[..., Page],
    faults: Callable[..., list[str]],
    axe_violations: Callable[..., list[str]],
) -> None:
    demo = next(contract for contract in told.values() if contract.is_demo)
    real = next(contract for contract in told.values() if not contract.is_demo)
    values = addresses(demo)
    contract, milestone = f"/contracts/{demo.pk}/", f"/milestones/{values['milestone_id']}/"
    report = f"obligations/{values['obligation_id']}/"
    wanted = [
        ("it", "/inbox/"), ("mgr", contract), ("mgr", f"/{report}"), ("it", f"{contract}facts/"), ("fin", milestone),
        ("vendor", "/portal/"), ("vendor", f"/portal/{report}"),
    ]  # fmt: skip
    found: list[str] = []
    for username, url in wanted:
        found += faults(sign_in(username), url, thorough=True)
        found += faults(sign_in(username, "en"), url)
    # The long lists of a contract with hundreds of obligations, by people who see all of it.
    for part in ("", "obligations/", "year/", "lines/", "clauses/", "penalties/", "service/", "facts/", "payments/"):
        found += faults(sign_in("r-mgr"), f"/contracts/{real.pk}/{part}")
    for username in ("fin", "mgr", "aud", "sec", "sys", "r-fin", "r-vendor"):
        found += faults(sign_in(username), "/")
    # Outside: the page strangers verify a document on, and an address that does not exist.
    found += faults(sign_in("fin"), f"/verify/{values['token']}/", thorough=True)
    found += faults(sign_in("fin"), "/contracts/999999/", status=404, thorough=True)
    assert not found, "\n".join(found)
    forms_sent_empty_say_so(demo, values, sign_in, axe_violations)


def forms_sent_empty_say_so(
    demo: Any, values: dict[Any, Any], sign_in: Callable[..., Page], axe_violations: Callable[..., list[str]]
) -> None:
    forms = [
        ("it", f"/contracts/{demo.pk}/facts/events/{values['web:event_record', 'name']}/"),
        ("fin", f"/milestones/{values['milestone_id']}/invoices/new/"),
        ("fin", f"/invoices/{values['invoice_id']}/check/"),
        ("vendor", f"/portal/milestones/{values['milestone_id']}/invoices/new/"),
        ("sec", "/people/new/"),
    ]
    for username, url in forms:
        page = sign_in(username)
        page.goto(url)
        page.locator("main form button.btn-primary").first.click()
        expect(page.locator(".errsum")).to_be_focused()
        assert (url, axe_violations(page)) == (url, [])

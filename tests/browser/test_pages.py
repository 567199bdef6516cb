"""Every page of both doors, as a person of a suitable role sees it on the demonstration: no refused script or style, no
error in a script, no accessibility fault in light or dark, nothing wider than the screen on a desk or a phone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from accounts.policy import ACTIONS
from tests.browser.told import addresses, told
from tests.doors.routes import Route, all_routes

# Who looks: the first of these whose role may.
PEOPLE = {
    "IT": "it", "FIN": "fin", "MGR": "mgr", "VND": "vendor", "SUP": "sup", "SEC": "sec", "SYS": "sys", "AUD": "aud",
}  # fmt: skip
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


def looker(route: Route) -> str:
    roles = ACTIONS[route.access.actions["GET"]].roles  # type: ignore[union-attr]
    people = {"VND": "vendor"} | PEOPLE if route.name.startswith("portal:") else PEOPLE
    return next(person for role, person in people.items() if role in roles)


# Two tests, one a processor: together they look at every route with a page. A telling takes as long as a dozen pages.
HALF = len(pages()) * 3 // 5


@pytest.mark.usefixtures("transactional_db")
def test_every_page_is_clean(sign_in: Callable[..., Page], faults: Callable[..., list[str]]) -> None:
    demo = next(contract for contract in told().values() if contract.is_demo)
    found = every_page(pages()[:HALF], addresses(demo), sign_in, faults)
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("transactional_db")
def test_the_rest_and_the_pages_people_live_in_are_clean(
    sign_in: Callable[..., Page], faults: Callable[..., list[str]], axe_violations: Callable[..., list[str]]
) -> None:
    contracts = told()
    demo = next(contract for contract in contracts.values() if contract.is_demo)
    real = next(contract for contract in contracts.values() if not contract.is_demo)
    values = addresses(demo)
    found = every_page(pages()[HALF:], values, sign_in, faults)
    found += pages_people_live_in(demo, real, values, sign_in, faults)
    assert not found, "\n".join(found)
    forms_sent_empty_say_so(demo, values, sign_in, axe_violations)


def every_page(
    routes: Sequence[Route], values: dict[Any, Any], sign_in: Callable[..., Page], faults: Callable[..., list[str]]
) -> list[str]:
    """None is left out: an address without a value in the story fails here."""
    found: list[str] = []
    for route in routes:
        found += faults(sign_in(looker(route)), route.url(values))
    return found


def pages_people_live_in(
    demo: Any, real: Any, values: dict[Any, Any], sign_in: Callable[..., Page], faults: Callable[..., list[str]]
) -> list[str]:
    """In both languages and, thoroughly, both themes; the long lists of the real contract; each role's first page."""
    contract, milestone, case = f"/contracts/{demo.pk}/", f"/milestones/{values['milestone_id']}/", values["case_id"]
    report = f"obligations/{values['obligation_id']}/"
    wanted = [
        ("it", "/inbox/"), ("mgr", contract), ("mgr", f"/{report}"), ("it", f"{contract}facts/"), ("fin", milestone),
        ("vendor", "/portal/"), ("vendor", f"/portal/{report}"), ("mgr2", f"/penalties/{case}/dispute/"),
        ("vendor", f"/portal/penalties/{case}/"),
    ]  # fmt: skip
    found: list[str] = []
    for username, url in wanted:
        found += faults(sign_in(username), url, thorough=True)
        found += faults(sign_in(username, "en"), url)
    for part in ("", "obligations/", "year/", "lines/", "clauses/", "penalties/", "service/", "facts/", "payments/"):
        found += faults(sign_in("r-mgr"), f"/contracts/{real.pk}/{part}")
    for username in ("fin", "mgr", "aud", "sup", "sec", "sys", "r-fin", "r-vendor"):
        found += faults(sign_in(username), "/")
    # Outside: the page strangers verify a document on, and an address that does not exist.
    found += faults(sign_in("fin"), f"/verify/{values['token']}/", thorough=True)
    found += faults(sign_in("fin"), "/contracts/999999/", status=404, thorough=True)
    return found


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

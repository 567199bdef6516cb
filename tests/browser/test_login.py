"""The first page anybody sees."""

from collections.abc import Callable

from playwright.sync_api import Page


def test_the_log_in_page_is_clean(page: Page, axe_violations: Callable[[Page], list[str]]) -> None:
    answer = page.goto("/account/login/")
    assert answer is not None and answer.status == 200
    assert page.locator("input[name=login]").is_visible()
    assert (page.locator("html").get_attribute("lang") or "").startswith("zh")
    assert axe_violations(page) == []


def test_a_wrong_password_is_refused_without_naming_the_reason(page: Page) -> None:
    page.goto("/account/login/")
    page.fill("input[name=login]", "nobody")
    page.fill("input[name=password]", "wrong-password")
    page.click("form button[type=submit]")
    assert page.url.endswith("/account/login/")
    assert page.locator("input[name=password]").is_visible()

"""What people do in a browser everywhere: log in, prove who they are again."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.world import PASSWORD

REAUTHENTICATION = re.compile(r"/account/reauthenticate/")


def log_in(page: Page, username: str) -> Page:
    """Log in by the form and wait for the person's own first page."""
    page.goto("/account/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("form[action='/account/login/'] button[type=submit]")
    expect(page.locator("#side")).to_be_attached()
    return page


def let_identity_grow_old(page: Page) -> None:
    """As if the person had logged in an hour ago: still signed in, but no longer proved a moment ago."""
    from django.contrib.sessions.backends.db import SessionStore

    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    session = SessionStore(session_key=key)
    methods: list[dict[str, Any]] = session["account_authentication_methods"]
    session["account_authentication_methods"] = [one | {"at": one["at"] - 3600} for one in methods]
    session.save()


def prove_identity(page: Page) -> None:
    """Give the password again, on the page that asks for it, and come back to where one was."""
    expect(page).to_have_url(REAUTHENTICATION)
    page.fill("input[name=password]", PASSWORD)
    page.click("form[action='/account/reauthenticate/'] button[type=submit]")
    expect(page).not_to_have_url(REAUTHENTICATION)

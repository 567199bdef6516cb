"""The API's own page works from this server's files alone, under the strict content security policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, expect

from tests.world import build_world


def test_endpoints_can_be_browsed_and_tried(
    transactional_db: None, live_server: Any, open_context: Callable[..., BrowserContext]
) -> None:
    """`open_context` fails the test for any refused script or style; other servers are not asked at all."""
    world = build_world()
    session = world.client("IT").cookies["sessionid"].value
    context = open_context(viewport={"width": 1366, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    elsewhere: list[str] = []
    page.on("request", lambda one: elsewhere.append(one.url) if not one.url.startswith(live_server.url) else None)
    page.goto("/api/docs/")
    expect(page.get_by_text("Contracts, by number")).to_be_visible()
    page.get_by_text("Contracts, by number").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    answer = page.locator(".live-responses-table tr.response .response-col_description").first
    expect(answer).to_contain_text(world.contract.number)
    assert [url for url in elsewhere if not url.startswith(("data:", "blob:"))] == []

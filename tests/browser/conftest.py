"""Debian's Chromium, headless, against pytest-django's live server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

AXE = Path(__file__).parent / "vendor"
# Only how long a broken page is waited for; the first PDF of a server on a busy machine takes its time.
PATIENCE = 60_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

# Playwright's loop runs in this thread, where Django would otherwise refuse the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        pytest.fail("Chromium is not installed: apt-get install chromium fonts-noto-cjk")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser, live_server: Any) -> Iterator[Callable[..., BrowserContext]]:
    """A further browser of its own (another person at another desk); closed after the test.

    Every context collects what went wrong in it; a refused script or style fails the test at its end.
    """
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or (message.type == "error" and "JavaScript" in message.text):
            trouble.append(f"{message.page.url if message.page else '?'}: {message.text}")

    def make(**options: Any) -> BrowserContext:
        context = chromium.new_context(
            base_url=live_server.url, locale="zh-CN", timezone_id="Asia/Shanghai", accept_downloads=True, **options
        )
        context.set_default_timeout(PATIENCE)
        context.on("console", heard)
        context.on("weberror", lambda error: trouble.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not trouble


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """One page in one fresh browser, 1366 × 768, against the live server (`page.goto("/")`)."""
    return open_context(viewport={"width": 1366, "height": 768}).new_page()


@pytest.fixture
def axe_violations() -> Callable[..., list[str]]:
    """Accessibility faults of the page as axe-core sees them: rule, impact and the elements. All rules (WCAG 2 A and
    AA, best practice), or only those named."""
    source = next(AXE.rglob("axe*.js")).read_text(encoding="utf-8")

    def run(page: Page, *rules: str) -> list[str]:
        page.evaluate(source)  # by the debugger, which the page's own script policy does not bind
        chosen = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        found = page.evaluate("chosen => axe.run(chosen)", chosen)
        return [
            f"{one['id']} ({one['impact']}): {', '.join(str(node['target']) for node in one['nodes'])}"
            for one in found["violations"]
        ]

    return run

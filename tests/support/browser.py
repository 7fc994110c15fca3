"""A real Chromium for the tests, Debian's own, driven by Playwright.

`open_page()` gives a page in a context of its own: with or without JavaScript, wide or
narrow, light or dark. At the end of the test it fails if a page asked another host for
anything or broke the content security policy. `accessibility_problems(page)` runs axe-core.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    sync_playwright,
)

from tests.support.requirements import MODULES, need

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPEN = ("127.0.0.1", "localhost", "::1")
OpenPage = Callable[..., Page]
# How to open the same again, for axe-core, which is JavaScript itself.
_without_javascript: dict[BrowserContext, dict[str, Any]] = {}


class Visits:
    """The contexts of one test, and what their pages did that they may not."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.faults: list[str] = []

    def open_page(
        self,
        *,
        javascript: bool = True,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        locale: str = "sv-SE",
        **more: Any,
    ) -> Page:
        words: dict[str, Any] = {
            "viewport": {"width": width, "height": height},
            "color_scheme": "dark" if dark else "light",
            "reduced_motion": "reduce",
            "locale": locale,
            "timezone_id": "Europe/Stockholm",
            **more,
        }
        context = self._browser.new_context(java_script_enabled=javascript, **words)
        if not javascript:
            _without_javascript[context] = words
        context.set_default_timeout(15_000)
        context.route(lambda url: urlsplit(url).hostname not in OPEN, self._refuse)
        context.on("console", self._listen)
        self._contexts.append(context)
        return context.new_page()

    def _refuse(self, route: Route) -> None:
        self.faults.append(f"asked another host: {route.request.url}")
        route.abort()

    def _listen(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.faults.append(message.text)

    def close(self) -> None:
        for context in self._contexts:
            _without_javascript.pop(context, None)
            context.close()
        self._contexts.clear()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this process."""
    path = need("browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(javascript=False, width=390, dark=True)` answers a fresh page."""
    visits = Visits(chromium)
    yield visits.open_page
    visits.close()
    assert visits.faults == []


def accessibility_problems(page: Page, tags: list[str] | None = None) -> list[str]:
    """What axe-core finds on the page as it stands: rule, element and advice, a line each.

    Evaluated from outside, so the page's content security policy stays as strict as it is.
    """
    need("node")
    words = _without_javascript.get(page.context)
    if words is None:
        return _axe(page, tags or WCAG)
    # The page as it is, looked at again where axe-core can run and the page's scripts cannot.
    assert page.context.browser is not None
    twin = page.context.browser.new_context(
        **words | {"storage_state": page.context.storage_state()}
    )
    html = page.content()
    twin.route("**/*", lambda route: _serve_again(route, page.url, html))
    try:
        again = twin.new_page()
        again.goto(page.url)
        return _axe(again, tags or WCAG)
    finally:
        twin.close()


def _serve_again(route: Route, url: str, html: str) -> None:
    if route.request.is_navigation_request() and route.request.url == url.partition("#")[0]:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif route.request.resource_type == "script":
        route.abort()
    else:
        route.continue_()


def _axe(page: Page, tags: list[str]) -> list[str]:
    page.evaluate((MODULES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    result = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
    )
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {violation['help']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]

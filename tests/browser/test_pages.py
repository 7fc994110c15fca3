"""Ten pages in a real Chromium: axe, light and dark, narrow and wide, with and without JavaScript.

`open_page` fails a test whose page asks another host for anything or breaks the content
security policy.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from portal.demo.actions import PASSWORD
from tests.browser.conftest import Site
from tests.support.browser import OpenPage, accessibility_problems

pytestmark = pytest.mark.browser
# A checkbox is small, and its label is pressed as well.
FIELDS = "input:not([type=hidden]):not([type=checkbox]):not([type=radio])"
PRESSED = f".button, button, {FIELDS}, select, summary, nav a"
# Kilobytes. A unit has a photograph; staff pages are not compressed (their token is a secret).
BUDGET = {"unit": 150}
NAMES = (
    "start",
    "list",
    "event",
    "date",
    "month",
    "unit",
    "place",
    "subscribe",
    "help",
    "new event",
)
# What must be there without JavaScript: controls by selector.
WORKS = {
    "start": 'form[role="search"] button',
    "list": "details.filter-panel > summary",
    "event": 'a[href*="/subscribe?scope=event-"]',
    "date": 'a[href$=".ics"]',
    "month": 'a[rel="next"]',
    "unit": "main img",
    "place": 'a[href^="tel:"]',
    "subscribe": 'a[href^="webcal:"]',
    "help": 'a[href^="tel:"]',
    "new event": 'button[value="publish"]',
}


def sign_in(page: Page, site: Site, who: str = "editor") -> None:
    page.goto(site.url("/sign-in"))
    page.fill("#email", f"{who}@demo.example")
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/staff")


def visit(page: Page, site: Site, name: str) -> None:
    if name == "new event":
        sign_in(page, site)
    answer = page.goto(site.url(site.pages[name]), wait_until="load")
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("javascript", "dark", "width"),
    [(True, False, 390), (True, True, 1280), (False, False, 1280)],
    ids=["script, light, narrow", "script, dark, wide", "no script, light, wide"],
)
def test_axe_finds_nothing(
    site: Site, open_page: OpenPage, name: str, javascript: bool, dark: bool, width: int
) -> None:
    page = open_page(javascript=javascript, dark=dark, width=width)
    visit(page, site, name)
    assert accessibility_problems(page) == []
    assert page.locator(WORKS[name]).first.is_visible()


@pytest.mark.parametrize("key", ["en", "fi"])
def test_axe_finds_nothing_in_other_languages(site: Site, open_page: OpenPage, key: str) -> None:
    page = open_page(width=390)
    for name in ("start", "list", "date", "subscribe"):
        page.goto(site.url(f"/{key}{site.pages[name]}".rstrip("/") or "/"))
        assert accessibility_problems(page) == [], name


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_scrolls_sideways(site: Site, open_page: OpenPage, width: int) -> None:
    """1.4.10: at 320 pixels everything is read from top to bottom."""
    page = open_page(width=width, height=800)
    found = {}
    for name in NAMES:
        visit(page, site, name)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found[name] = over
    assert found == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_light_and_keeps_nothing(site: Site, open_page: OpenPage, name: str) -> None:
    """80 kB, ten requests, all of this host; no cookie before signing in, nothing stored."""
    page = open_page(width=390)
    if name == "new event":
        sign_in(page, site)
        # The first visit, but for the session: another tab of the same browser.
        page = page.context.browser.new_context(
            storage_state=page.context.storage_state()
        ).new_page()
    sizes: list[int] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    faults: list[str] = []
    page.on(
        "console", lambda message: faults.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(site.url(site.pages[name]), wait_until="networkidle")
    assert not [url for url in asked if not url.startswith(site.address)]
    assert len(asked) <= 10
    assert sum(sizes) <= BUDGET.get(name, 80) * 1024, dict(zip(asked, sizes, strict=False))
    assert len(set(asked)) == len(asked), "nothing is fetched twice"
    assert faults == []
    stored = page.evaluate("[...Object.keys(localStorage), ...Object.keys(sessionStorage)]")
    # htmx notes where it is until the tab is closed; nothing is kept longer.
    assert [name for name in stored if not name.startswith("htmx-")] == []
    assert page.evaluate("Object.keys(localStorage)") == []
    if name == "new event":
        page.context.close()
    else:
        assert page.context.cookies() == []


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_pressed_is_large_enough(site: Site, open_page: OpenPage, name: str) -> None:
    """Buttons, fields and menus: 44 pixels (the project's own measure), links in text 24."""
    page = open_page(width=390)
    visit(page, site, name)
    small = page.evaluate(
        """pressed => [...document.querySelectorAll(pressed)]
          .filter(one => one.checkVisibility() && !one.closest('table'))
          .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([_, box]) => box.height > 0 && box.height < 43.5)
          .map(([text, box]) => `${Math.round(box.height)}: ${text}`)""",
        PRESSED,
    )
    assert small == []


def test_the_first_press_of_tab_is_the_way_to_the_content(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=390)
    page.goto(site.url("/events"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0"), (
        "and it is seen"
    )
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"


def test_an_error_is_shown_first_and_leads_to_its_field(site: Site, open_page: OpenPage) -> None:
    for javascript in (True, False):
        page = open_page(javascript=javascript, width=390)
        page.goto(site.url("/sign-in"))
        page.click("main form button")
        page.wait_for_selector("#error-summary")
        assert accessibility_problems(page) == []
        if javascript:
            assert page.evaluate("document.activeElement.id") == "error-summary"
        page.click('#error-summary a[href="#email"]')
        assert page.url.endswith("#email")
        page.keyboard.type("x")
        assert page.input_value("#email") == "x", "the field has the focus"

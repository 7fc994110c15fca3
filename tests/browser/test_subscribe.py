"""The subscribe page and the feeds' health in a real Chromium, on every size and in the dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import UNIT, Site
from tests.browser.test_pages import PRESSED, sign_in
from tests.support.browser import OpenPage, accessibility_problems

pytestmark = pytest.mark.browser
PAGES = {
    "everything": "/subscribe",
    "a unit": f"/subscribe?scope=unit-{UNIT}",
    "health": "/staff/feeds",
}
SIZES = [(width, dark) for width in (320, 390, 1280) for dark in (False, True)]
UNFOLD = "document.querySelectorAll('main details').forEach(one => one.open = true)"


def visit(page: Page, site: Site, name: str) -> None:
    if name == "health":
        sign_in(page, site)
    answer = page.goto(site.url(PAGES[name]))
    assert answer is not None
    assert answer.status == 200


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_axe_finds_nothing_folded_or_not(
    site: Site, open_page: OpenPage, name: str, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark)
    visit(page, site, name)
    assert accessibility_problems(page) == []
    page.evaluate(UNFOLD)
    assert accessibility_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("name", PAGES)
def test_what_can_be_pressed_is_large_enough(site: Site, open_page: OpenPage, name: str) -> None:
    page = open_page(width=390)
    visit(page, site, name)
    page.evaluate(UNFOLD)
    small = page.evaluate(
        """pressed => [...document.querySelectorAll(pressed)]
          .filter(one => one.checkVisibility() && !one.closest('table'))
          .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([_, box]) => box.height > 0 && box.height < 43.5)
          .map(([text, box]) => `${Math.round(box.height)}: ${text}`)""",
        PRESSED,
    )
    assert small == []


@pytest.mark.parametrize("javascript", [True, False])
def test_a_device_opens_with_one_press(site: Site, open_page: OpenPage, javascript: bool) -> None:
    page = open_page(width=390, javascript=javascript)
    page.goto(site.url("/subscribe"))
    phone = page.locator("details.device").first
    assert not phone.locator("ol").first.is_visible()
    phone.locator("summary").click()
    assert phone.locator("ol").first.is_visible()
    assert phone.locator("dl.truth").is_visible()


def test_on_a_telephone_the_telephones_come_before_everything_to_copy_or_print(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(width=390)
    page.goto(site.url("/subscribe"))
    ends = page.evaluate(
        """() => [...document.querySelectorAll('details.device')]
          .map(one => one.getBoundingClientRect().bottom)"""
    )
    assert ends[1] < 1.5 * 844, "iPhone and Android are within a screen and a half"


def test_the_code_is_for_computers_and_for_paper(site: Site, open_page: OpenPage) -> None:
    """A telephone cannot point its camera at itself."""
    for width, is_shown in ((390, False), (1280, True)):
        page = open_page(width=width)
        page.goto(site.url("/subscribe"))
        assert page.locator(".qr svg").is_visible() is is_shown
        page.emulate_media(media="print")
        assert page.locator(".qr svg").is_visible()


def test_the_code_is_black_on_white_in_the_dark_as_well(site: Site, open_page: OpenPage) -> None:
    page = open_page(width=1280, dark=True)
    page.goto(site.url("/subscribe"))
    colours = page.evaluate(
        """() => [getComputedStyle(document.querySelector('.qr-paper')).fill,
                  getComputedStyle(document.querySelector('.qr-ink')).stroke]"""
    )
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]

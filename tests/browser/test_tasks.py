"""The tasks of the people (research/ux.md 2.8) in a real browser, counted in pages and presses."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

from tests.browser.conftest import UNIT, Site
from tests.browser.test_pages import sign_in
from tests.support.browser import OpenPage

pytestmark = pytest.mark.browser
both = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])


class Effort:
    """What a task costs: server pages seen, presses, fields typed in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pages = self.presses = self.typed = 0
        page.on("request", self._count)

    def _count(self, request: Request) -> None:
        self.pages += request.is_navigation_request() and request.redirected_from is None

    def open(self, url: str) -> None:
        self.page.goto(url)

    def press(self, selector: str) -> None:
        self.presses += 1
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state("load")

    def write(self, selector: str, text: str) -> None:
        self.typed += 1
        self.page.fill(selector, text)

    def choose(self, selector: str) -> None:
        self.typed += 1
        self.page.check(selector)


@both
def test_find_what_happens_today(site: Site, open_page: OpenPage, javascript: bool) -> None:
    """Task 1: one page, one press."""
    effort = Effort(open_page(javascript=javascript, width=390))
    effort.open(site.url("/"))
    page = effort.page
    today = f"{date.today():%Y-%m-%d}"
    shown = page.locator("section[aria-labelledby=today] time").count()
    assert shown or page.locator("section[aria-labelledby=today] .empty").count(), "without a press"
    effort.press("section[aria-labelledby=today] .head-line a")
    assert (effort.pages, effort.presses, effort.typed) == (2, 1, 0)
    assert f"from={today}" in page.url
    assert page.locator(".count, [role=status]").first.is_visible()
    for moment in page.locator("ul.cards time").all():
        given = moment.get_attribute("datetime") or ""
        assert given[:10] <= today or page.locator(".empty").count(), (
            "nothing but today, or what comes next"
        )


@both
def test_subscribe(site: Site, open_page: OpenPage, javascript: bool) -> None:
    """Task 2: one page and one press, and then the telephone asks once itself."""
    effort = Effort(open_page(javascript=javascript, width=390))
    effort.open(site.url("/subscribe"))
    page = effort.page
    link = page.locator('a[href^="webcal:"]').first
    box = link.bounding_box()
    assert box is not None
    assert box["y"] < 900, "the button is on the first screen"
    feed = "http://" + (link.get_attribute("href") or "").removeprefix("webcal://")
    answer = page.request.get(feed)
    assert answer.status == 200
    assert answer.text().startswith("BEGIN:VCALENDAR\r\n")
    assert page.input_value("#address") == feed
    # Another calendar: choose and show.
    page.select_option("#unit", UNIT)
    effort.press("form.filters button")
    assert (effort.pages, effort.presses) == (2, 1)
    assert f"/feeds/unit-{UNIT}.sv.ics" in page.input_value("#address")


@both
def test_publish_a_weekly_cafe_without_the_breaks(
    site: Site, open_page: OpenPage, javascript: bool
) -> None:
    """Task 6: one page, at most nine fields, one press; the dates can be seen before."""
    page = open_page(javascript=javascript, width=1280)
    sign_in(page, site)
    effort = Effort(page)
    effort.open(site.url("/staff/events/new"))
    first = date.today() + timedelta(days=14)
    title = f"Provkafé {'med' if javascript else 'utan'} skript"
    effort.write("#title", title)
    effort.write("#first_day", first.isoformat())
    effort.write("#starts", "17:00")
    effort.write("#ends", "18:30")
    effort.choose("input[name=repeat][value=weekly]")
    effort.write("#until", (first + timedelta(weeks=8)).isoformat())
    effort.press('button[value="publish"]')
    page.wait_for_url(re.compile(r"/staff/events/\d+/dates"))
    assert effort.typed <= 9
    assert (effort.pages, effort.presses) == (2, 1), "the form and its answer"
    own = page.locator('a[href^="/events/"]').first.get_attribute("href") or ""
    page.goto(site.url(own))
    assert title in page.inner_text("h1")
    feed = page.request.get(site.url(f"/feeds/event-{own.rpartition('/')[2]}.sv.ics")).text()
    assert f"SUMMARY;LANGUAGE=sv:{title}" in feed or title in feed.replace("\r\n ", "")
    assert "RRULE:FREQ=WEEKLY" in feed
    left_out = feed.count("EXDATE")
    winter = {date(first.year, 12, 25), date(first.year, 12, 24), date(first.year + 1, 1, 1)}
    falls = {first + timedelta(weeks=n) for n in range(9)} & winter
    assert left_out >= len(falls), "holidays are left out by themselves"


@both
def test_show_the_dates_and_leave_one_out(
    site: Site, open_page: OpenPage, javascript: bool
) -> None:
    """The same task by those who look first: one press more for the dates."""
    page = open_page(javascript=javascript, width=390)
    sign_in(page, site)
    page.goto(site.url("/staff/events/new"))
    first = date.today() + timedelta(days=14)
    page.fill("#title", "Kafé med blick")
    page.fill("#first_day", first.isoformat())
    page.fill("#starts", "10:00")
    page.fill("#ends", "11:30")
    page.check("input[name=repeat][value=weekly]")
    page.fill("#until", (first + timedelta(weeks=2)).isoformat())
    page.click('button[value="dates"]')
    page.wait_for_selector("input[name=skip]")
    rows = page.locator("input[name=skip]")
    assert rows.count() == 3
    gone = rows.nth(1).get_attribute("value") or ""
    rows.nth(1).check()
    page.click('button[value="publish"]')
    page.wait_for_url(re.compile(r"/staff/events/\d+/dates"))
    own = page.locator('a[href^="/events/"]').first.get_attribute("href") or ""
    answer = page.request.get(site.url(f"{own}/{gone}"))
    assert answer.status == 404


@both
def test_cancel_one_date(site: Site, open_page: OpenPage, javascript: bool) -> None:
    """Task 7: from the event's dates two presses and one line."""
    page = open_page(javascript=javascript, width=390)
    sign_in(page, site)
    page.goto(site.url("/staff/events"))
    page.locator('table a[href$="/dates"]').first.click()
    page.wait_for_load_state("load")
    effort = Effort(page)
    link = page.locator('a[href$="/cancel"][href*="/dates/"]').last
    target = link.get_attribute("href") or ""
    effort.press(f'a[href="{target}"]')
    effort.write("#reason", "Värden är sjuk")
    effort.press("main form button")
    page.wait_for_url(re.compile(r"/dates\?done=cancelled"))
    assert (effort.presses, effort.typed) == (2, 1)
    assert effort.pages <= 3
    assert page.locator('[role="status"]').first.is_visible()
    key = urlsplit(target).path.split("/")[-2]
    row = page.locator(f'form[action$="/dates/{key}/restore"]')
    assert row.count() == 1, "it can be taken back"


def test_a_month_further_without_a_full_reload(site: Site, open_page: OpenPage) -> None:
    """With JavaScript a part of the page changes; the address and the title follow."""
    page = open_page(width=1280)
    page.goto(site.url(site.pages["month"]))
    before = page.title()
    full: list[str] = []
    page.on(
        "request",
        lambda request: full.append(request.url) if request.is_navigation_request() else None,
    )
    following = page.locator('a[rel="next"]').first
    target = following.get_attribute("href") or ""
    following.click()
    page.wait_for_url(f"**{target}")
    page.wait_for_function("before => document.title !== before", arg=before)
    assert page.locator("table.month, .empty").count() == 1
    assert len(page.locator("h1").all()) == 1
    assert full in ([], [site.url(target)]), "in place, or as a page"


def test_links_work_from_the_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    """Task 1 once more, by Tab and Enter."""
    page = open_page(width=1280)
    page.goto(site.url("/"))
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.head-line') !== null"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/events?from=*")

"""A term of thirty series taken over in a real browser, and every page about a series."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions, queries
from portal.events.models import Event
from portal.events.recurrence import Rule, Series
from portal.events.rules import Details
from portal.places import actions as places
from portal.places.queries import premises
from portal.units import queries as units
from tests.browser.conftest import UNIT, Site, free_port, serving
from tests.browser.test_pages import PRESSED, sign_in
from tests.browser.test_tasks import Effort
from tests.support import portal_app
from tests.support.browser import OpenPage, accessibility_problems

pytestmark = pytest.mark.browser
COUNT = 30
ACTION_SECONDS = 15
"""What an unhurried editor needs to find, press or fill in one thing."""
SignedIn = dict[str, Any]
PAGES = ("dates", "change", "cancel", "move", "last-day", "rhythm", "copy", "term", "closed")


@pytest.fixture(scope="module")
def term(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demonstration, where the editor's unit has thirty series this term, two in one room."""
    folder = tmp_path_factory.mktemp("term")
    app = portal_app.make_app(templates.copy("sqlite", "demo", folder), folder)
    with app.app_context():
        pages = _fill()
    portal_app.close_app(app)
    with serving(folder, free_port()) as address:
        yield Site(address, pages)


@pytest.fixture(scope="module")
def signed_in(term: Site, chromium: Browser) -> Iterator[dict[str, Any]]:
    """The editor's session, signed in once: signing in often is held up."""
    context = chromium.new_context()
    page = context.new_page()
    sign_in(page, term)
    yield {"storage_state": context.storage_state()}
    context.close()


def _fill() -> dict[str, str]:
    begin_write()
    unit = units.unit_by_slug(UNIT)
    assert unit is not None
    own = premises(unit)
    kind = queries.kind_by_slug("language-cafe")
    assert own is not None
    assert kind is not None
    for event in db.session.query(Event).filter_by(unit_id=unit.id, status="published"):
        actions.cancel(event, {"sv": "Ny termin."})
    room = places.add_room(unit, {"names": {"sv": "Lilla salen"}})
    today = units.today()
    monday = today - timedelta(days=today.weekday() + 28)
    for number in range(COUNT):
        first = monday + timedelta(days=number % 5)
        starts = datetime.combine(first, time(9 + number // 5))
        rule = Rule("WEEKLY", first + timedelta(weeks=12), weekdays=(first.weekday(),))
        zone = units.municipality().zone
        series = Series(starts, starts + timedelta(minutes=50), zone, rule=rule)
        where = room.id if number in (0, 5) else own.id
        details = Details({"sv": f"Grupp {number + 1}"}, {}, kind.id, unit.id, where)
        event = actions.create(details, series, [], today)
        event.skip_breaks = event.skip_holidays = True
        actions.publish(event, may_use_place=True)
    key = max(event.occurrences, key=lambda row: row.starts_at).key
    db.session.commit()
    at = f"/staff/events/{event.id}"
    return {
        "dates": f"{at}/dates",
        "change": f"{at}/dates/change?all=1",
        "cancel": f"{at}/dates/cancel?all=1",
        "move": f"{at}/dates/{key}/move",
        "last-day": f"{at}/last-day",
        "rhythm": f"{at}/rhythm",
        "copy": f"{at}/copy",
        "term": f"/staff/events/copy-term?unit={UNIT}",
        "closed": f"/staff/units/{UNIT}/closed-today",
    }


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_thirty_series_are_taken_over_in_minutes(
    term: Site, open_page: OpenPage, signed_in: SignedIn, javascript: bool
) -> None:
    """Two fields, one look, one press. With fifteen seconds for each thing done, and five for
    each series looked through, far under ten minutes. (The second run takes over the copies.)"""
    page = open_page(javascript=javascript, width=1280, **signed_in)
    first = date.today() + timedelta(days=70 if javascript else 200)
    effort = Effort(page)
    effort.open(term.url("/staff/events"))
    effort.press('main a[href*="copy-term"]')
    boxes = page.locator("input[name=event]:checked")
    assert boxes.count() == COUNT
    effort.write("#first_day", first.isoformat())
    effort.write("#last_day", (first + timedelta(days=120)).isoformat())
    effort.press('button[value="dates"]')
    counts = [int(text.split()[0]) for text in page.locator(".series summary").all_inner_texts()]
    assert len(counts) == COUNT
    assert min(counts) > 5
    effort.press('button[value="publish"]')
    page.wait_for_url(re.compile(r"done=term&n=30"))
    assert page.locator('[role="status"]').first.is_visible()
    done = effort.presses + effort.typed
    assert (effort.presses, effort.typed) == (3, 2)
    assert done * ACTION_SECONDS + COUNT * 5 < 600


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("javascript", "dark", "width"),
    [(True, False, 320), (True, True, 1280), (False, False, 390)],
    ids=["script, light, 320", "script, dark, 1280", "no script, light, 390"],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    term: Site,
    open_page: OpenPage,
    signed_in: SignedIn,
    name: str,
    javascript: bool,
    dark: bool,
    width: int,
) -> None:
    page = open_page(javascript=javascript, dark=dark, width=width, **signed_in)
    page.goto(term.url(term.pages[name]))
    assert accessibility_problems(page) == []
    assert _too_wide(page) <= 0
    assert _too_small(page) == []


@pytest.mark.parametrize("name", ["last-day", "rhythm", "copy", "term"])
def test_so_it_is_when_the_dates_are_shown(
    term: Site, open_page: OpenPage, signed_in: SignedIn, name: str
) -> None:
    page = open_page(width=320, **signed_in)
    page.goto(term.url(term.pages[name]))
    later = [date.today() + timedelta(days=days) for days in (30, 120)]
    for field, day in zip(("#first_day", "#last_day, #last_on, #until"), later, strict=True):
        if page.locator(field).count():
            page.fill(field, day.isoformat())
    page.click('button[value="dates"]')
    page.wait_for_load_state("load")
    assert accessibility_problems(page) == []
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert _too_wide(page) <= 0


def test_dates_are_chosen_and_changed_by_keyboard_alone(
    term: Site, open_page: OpenPage, signed_in: SignedIn
) -> None:
    page = open_page(width=1280, **signed_in)
    page.goto(term.url(term.pages["dates"]))
    _tab_to(page, "input[name=key]")
    page.keyboard.press("Space")
    _tab_to(page, "button[form=chosen]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/dates/change\?key="))
    _tab_to(page, "#note")
    page.keyboard.type("Vi är ute.")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"done=changed_dates"))
    _tab_to(page, 'form[action$="/undo"] button')
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"done=undone"))


def test_on_a_telephone_the_word_choose_stands_beside_its_box(
    term: Site, open_page: OpenPage, signed_in: SignedIn
) -> None:
    page = open_page(width=390, **signed_in)
    page.goto(term.url(term.pages["dates"]))
    cell = page.locator("td:has(input[name=key])").first.bounding_box()
    box = page.locator("input[name=key]").first.bounding_box()
    assert cell is not None
    assert box is not None
    assert box["x"] - cell["x"] > 40, "the word is before it"
    assert cell["height"] < 60, "on the same line"


def test_closed_today_takes_two_presses_and_a_line(
    term: Site, open_page: OpenPage, signed_in: SignedIn
) -> None:
    page = open_page(javascript=False, width=390, **signed_in)
    effort = Effort(page)
    page.goto(term.url("/staff"))
    effort.press('main a[href$="/closed-today"]')
    effort.write("#reason", "Vattenläcka")
    effort.press("main button[value=close]")
    page.wait_for_url(re.compile(r"/staff\?done=closed"))
    assert (effort.presses, effort.typed) == (2, 1)


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def _too_wide(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))


def _too_small(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """pressed => [...document.querySelectorAll(pressed)]
          .filter(one => one.checkVisibility() && !one.closest('table'))
          .map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()])
          .filter(([_, box]) => box.height > 0 && box.height < 43.5)
          .map(([text, box]) => `${Math.round(box.height)}: ${text}`)""",
        PRESSED,
    )
    return found

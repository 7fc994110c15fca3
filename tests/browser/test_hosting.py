"""A host at the door with a telephone: taps counted, without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions, queries
from portal.events.rules import Details
from portal.places.queries import premises
from portal.units import queries as units
from tests.browser.conftest import UNIT, Site, free_port, serving
from tests.browser.test_pages import PRESSED, sign_in
from tests.browser.test_tasks import Effort
from tests.support import portal_app
from tests.support.browser import OpenPage, accessibility_problems
from tests.support.factories import on_now
from tests.support.requirements import need

pytestmark = pytest.mark.browser
both = pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
TITLE = "Kafé vid dörren"
LIVE = f"li:has(h3:text-is('{TITLE}'))"


@pytest.fixture
def site(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demonstration with a café that began half an hour ago."""
    need("browser")
    folder = tmp_path_factory.mktemp("door")
    url = templates.copy("sqlite", "demo", folder)
    app = portal_app.make_app(url, folder)
    with app.app_context():
        begin_write()
        unit = units.unit_by_slug(UNIT)
        assert unit is not None
        place = premises(unit)
        assert place is not None
        kind = queries.kind_by_slug("language-cafe")
        assert kind is not None
        cafe = Details({"sv": TITLE}, {}, kind.id, unit.id, place.id)
        event = actions.create(cafe, on_now(now()), [], units.today())
        actions.publish(event, may_use_place=True)
        pages = {"event": f"/events/{event.slug}"}
        db.session.commit()
    portal_app.close_app(app)
    with serving(folder, free_port()) as address:
        yield Site(address, pages)


def says(page: Page, site: Site) -> str:
    page.goto(site.url(site.pages["event"]))
    return page.inner_text("main")


@both
def test_full_and_places_again_and_how_many_came(
    site: Site, open_page: OpenPage, javascript: bool
) -> None:
    page, visitor = open_page(javascript=javascript, width=390), open_page(width=390)
    sign_in(page, site)
    # Where the sign-in ends, one tap says it: two from the button that signed in.
    effort = Effort(page)
    large = page.locator(f"#on-now ~ ul {LIVE} button").bounding_box()
    assert large is not None
    assert large["height"] >= 56
    assert large["y"] + large["height"] < 900, "on the first screen"
    effort.press(f"#on-now ~ ul {LIVE} button")
    page.wait_for_url(re.compile(r"/staff\?said=\d+#date-\d+$"))
    assert (effort.pages, effort.presses, effort.typed) == (1, 1, 0)
    assert page.locator(f"{LIVE} [role=status]").first.is_visible()
    text = says(visitor, site)
    assert "Fullt just nu" in text
    assert re.search(r"sagt kl\. \d+\.\d\d", text)
    assert accessibility_problems(visitor) == []
    effort.press(f"#on-now ~ ul {LIVE} button")
    assert "Platser igen" in says(visitor, site)
    assert effort.presses == 2

    effort = Effort(page)
    for number, value in enumerate(("7", "3")):
        row = f"#came ~ ul {LIVE} form:nth-of-type({number + 1})"
        effort.press(f"{row} button[value='{value}']")
        page.wait_for_url(re.compile(r"/staff\?came=\d+#came-\d+$"))
    assert (effort.pages, effort.presses, effort.typed) == (2, 2, 0)
    assert "Vuxna: 7, barn: 3" in page.inner_text(f"#came ~ ul {LIVE}")


@pytest.mark.parametrize(("width", "dark"), [(320, False), (390, True), (1280, False)])
def test_axe_finds_nothing_and_everything_can_be_hit(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    page = open_page(javascript=False, width=width, dark=dark)
    sign_in(page, site)
    page.click(f"#on-now ~ ul {LIVE} button")
    page.click(f"#came ~ ul {LIVE} button[value='12']")
    _check(page)
    page.click(f"#came ~ ul {LIVE} .numbers a")
    page.wait_for_url(re.compile(r"/came#adults$"))
    _check(page)
    page.fill("#children", "-1")
    page.click("main form.form button")
    assert page.locator("#error-summary").is_visible()
    _check(page)


def _check(page: Page) -> None:
    assert accessibility_problems(page) == []
    for one in page.locator(f"main :is({PRESSED}, .numbers a)").all():
        box = one.bounding_box()
        if box is not None:
            assert min(box["height"], box["width"]) >= 43.5, one.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

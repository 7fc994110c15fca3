"""A programme brought in from a real browser, with and without JavaScript, by keyboard alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing
from portal.events.models import Event
from portal.events.rules import Alteration
from portal.imports import actions, processing, run_actions
from portal.imports.models import Source
from portal.units import queries as units
from tests.browser.conftest import UNIT, Site, free_port, serving
from tests.browser.test_pages import sign_in
from tests.support import portal_app
from tests.support.browser import OpenPage, accessibility_problems

pytestmark = pytest.mark.browser
SignedIn = dict[str, Any]
PAGES = ("index", "new", "source", "plan", "columns", "refused", "stopped")
HEAD = "Rubrik;Datum;Starttid;Sluttid;Plats;Arrangör\n"


def table(count: int, title: str = "Handarbete", host: str = "") -> str:
    year = now().year + 1
    return HEAD + "".join(
        f"{title} {n};{n % 28 + 1}/3 {year};18.00;20.00;Torget 1;{host}\n" for n in range(count)
    )


@pytest.fixture(scope="module")
def programmes(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demonstration, where the editor's unit has programmes in every state."""
    folder = tmp_path_factory.mktemp("programmes")
    app = portal_app.make_app(templates.copy("sqlite", "demo", folder), folder)
    with app.app_context():
        pages = _fill()
    portal_app.close_app(app)
    with serving(folder, free_port()) as address:
        yield Site(address, pages)


@pytest.fixture(scope="module")
def signed_in(programmes: Site, chromium: Browser) -> Iterator[SignedIn]:
    """The editor's session, signed in once: signing in often is held up."""
    context = chromium.new_context()
    sign_in(context.new_page(), programmes)
    yield {"storage_state": context.storage_state()}
    context.close()


def _fill() -> dict[str, str]:
    unit = units.unit_by_slug(UNIT)
    assert unit is not None
    unit_id = unit.id
    found = {"index": "/staff/imports", "new": "/staff/imports/new"}
    source_id, run_id = _bring("Höst", unit_id, table(30))
    processing.apply(run_id)
    begin_write()
    event = db.session.query(Event).order_by(Event.id.desc()).first()
    assert event is not None
    rows = [event.occurrences[0]]
    changing.alter_dates(event, rows, Alteration(titles={"sv": "Ändrad för hand"}))
    db.session.commit()
    newer = table(45).replace("Handarbete 3;", "Virkning;").replace("18.00;20.00", "18.30;20.00")
    newer += "Rad utan dag;;18.00;20.00;Torget 1;\n"
    newer += f"Okänt hus;5/3 {now().year + 1};18.00;20.00;Torget 1;Rinkeby bibliotekt\n"
    _, run_id = _bring("", unit_id, newer, source_id)
    found |= {"source": f"/staff/imports/{source_id}", "plan": f"/staff/imports/runs/{run_id}"}
    _, run_id = _bring("Kolumner", unit_id, table(3), mapped=False)
    found["columns"] = f"/staff/imports/runs/{run_id}/columns"
    _, run_id = _bring("Bild", unit_id, "bara ord")
    found["refused"] = f"/staff/imports/runs/{run_id}"
    begin_write()
    stopped = run_actions.start(actions.add_source("Stannat", unit_id), table(3).encode())
    stopped.beat_at = stopped.beat_at.replace(year=2020)
    found["stopped"] = f"/staff/imports/runs/{stopped.id}"
    db.session.commit()
    return found


def _bring(
    name: str, unit_id: int, text: str, source_id: int = 0, mapped: bool = True
) -> tuple[int, int]:
    begin_write()
    source = db.session.get(Source, source_id) or actions.add_source(name, unit_id)
    if mapped:
        fields = ("title", "date", "start", "end", "place", "unit")
        columns = [list(pair) for pair in zip(HEAD.strip().split(";"), fields, strict=True)]
        source.mapping = {"columns": columns, "language": "sv"}
    run = run_actions.start(source, text.encode())
    made = source.id, run.id
    db.session.commit()
    processing.process(made[1])
    return made


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("javascript", "dark", "width"),
    [(True, False, 320), (True, True, 1280), (False, False, 390)],
    ids=["script, light, 320", "script, dark, 1280", "no script, light, 390"],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    programmes: Site,
    open_page: OpenPage,
    signed_in: SignedIn,
    name: str,
    javascript: bool,
    dark: bool,
    width: int,
) -> None:
    page = open_page(javascript=javascript, dark=dark, width=width, **signed_in)
    page.goto(programmes.url(programmes.pages[name]))
    assert page.url.endswith(programmes.pages[name])
    closed = page.locator("main details:not([open]) > summary")
    while closed.count():
        closed.first.click()
    assert accessibility_problems(page) == []
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    if javascript:
        assert page.evaluate(wide) <= 0


def _brought(page: Page, programmes: Site, name: str, text: str) -> None:
    page.goto(programmes.url("/staff/imports/new"))
    page.fill("#name", name)
    page.fill("#pasted", text)
    page.click("main form.form .actions button")
    page.wait_for_url(re.compile("/columns$"))


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_a_pasted_table_is_published(
    programmes: Site, open_page: OpenPage, signed_in: SignedIn, javascript: bool
) -> None:
    """What is missing and how rows are read is told at once with JavaScript, else by a press."""
    page = open_page(javascript=javascript, width=390, **signed_in)
    title = f"Stickning {'med' if javascript else 'utan'}"
    _brought(page, programmes, title, table(3, title).replace("Datum", "Kalas"))
    assert "Välj vilken kolumn som är datumet." in page.inner_text("#read")
    page.select_option("#column-1", "date")
    if not javascript:
        page.click("button[value=look]")
    page.locator("#read", has_text=f"{title} 0,").wait_for()
    assert page.input_value("#column-1") == "date"
    page.click("form[action$='/columns'] .actions button:first-child")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    button = page.locator("button[form=plan]").first
    box = button.bounding_box()
    assert box is not None
    assert box["y"] < 1600, "yes is said near the top"
    button.click()
    page.wait_for_url(re.compile("done=applied"))
    assert page.locator("main [role=status]").first.is_visible()


def test_by_keyboard_alone(programmes: Site, open_page: OpenPage, signed_in: SignedIn) -> None:
    page = open_page(width=1280, **signed_in)
    page.goto(programmes.url("/staff/imports/new"))
    page.focus("#name")
    page.keyboard.type("Tangentbord")
    _tab_to(page, lambda: page.evaluate("document.activeElement.id") == "pasted")
    page.keyboard.insert_text(table(2, "Tangent"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/columns$"))
    page.focus("#column-5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/runs/\d+$"))
    _tab_to(page, lambda: page.evaluate("document.activeElement.getAttribute('form')") == "plan")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("done=applied"))


def _tab_to(page: Page, is_there: Callable[[], bool]) -> None:
    for _ in range(60):
        if is_there():
            return
        page.keyboard.press("Tab")
    raise AssertionError("it cannot be reached")


@pytest.mark.parametrize("is_scripted", [True, False], ids=["script", "no script"])
def test_a_large_file_is_read_while_the_page_says_so(
    programmes: Site, open_page: OpenPage, signed_in: SignedIn, is_scripted: bool
) -> None:
    """The page asks again by itself, and is another one when the work is done; without JavaScript
    a press asks."""
    page = open_page(javascript=is_scripted, width=390, **signed_in)
    page.goto(programmes.url("/staff/imports/new"))
    page.fill("#name", "Stort")
    text = table(6000, "Stor träff").encode()
    page.set_input_files("#file", {"name": "stor.csv", "mimeType": "text/csv", "buffer": text})
    page.click("main form.form .actions button")
    started = time.monotonic()
    while not is_scripted and page.locator("#work").count():
        page.click("#work + p a")
    page.locator("#column-0").wait_for(timeout=30_000)
    assert time.monotonic() - started < 30


def test_the_plan_of_a_long_programme_is_short(
    programmes: Site, open_page: OpenPage, signed_in: SignedIn
) -> None:
    """Fewer than six screens of a telephone, with everything that it may hold at once."""
    page = open_page(width=390, height=844, **signed_in)
    page.goto(programmes.url(programmes.pages["plan"]))
    assert page.evaluate("document.querySelector('main').scrollHeight") < 6 * 844

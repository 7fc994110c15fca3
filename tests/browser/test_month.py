"""A month of three hundred dates: read on a telephone, on a wide screen and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from flask import g
from playwright.sync_api import Page

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing
from portal.events.models import Occurrence
from portal.events.recurrence import Rule, Series
from tests.browser.conftest import free_port, serving
from tests.support import factories, portal_app
from tests.support.browser import OpenPage, accessibility_problems
from tests.support.portal_app import LIBRARY, PRESCHOOL
from tests.support.requirements import need

pytestmark = pytest.mark.browser
MONTH = "/calendar/2026-12"
TITLES = (
    "Språkcafé med fika",
    "Läxhjälp för årskurs 4–9",
    "Samhällsvägledning på lätt svenska",
    "Sagostund",
    "Vandringsutställning om barns vardag",
    "Stickcafé",
)
SIZES = pytest.mark.parametrize(
    ("width", "dark"),
    [(390, False), (390, True), (1280, False), (1280, True)],
    ids=["narrow, light", "narrow, dark", "wide, light", "wide, dark"],
)


@pytest.fixture(scope="module")
def crowded(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a small city with 300 dates in December 2026."""
    need("browser")
    folder = tmp_path_factory.mktemp("crowded")
    app = portal_app.make_app(templates.copy("sqlite", "small", folder), folder)
    with app.app_context():
        g.frozen_now = factories.NOW
        begin_write()
        _fill()
        db.session.commit()
    portal_app.close_app(app)
    with serving(folder, free_port()) as address:
        yield address


def _fill() -> None:
    for number in range(100):
        made = db.session.query(Occurrence).filter(Occurrence.on.between(*_december())).count()
        if made >= 300:
            break
        hour = 8 + number % 11
        weekdays = ((0, 1, 2, 3), (1, 3), (2, 4), (1, 5))[number % 4]
        series = Series(
            datetime(2026, 12, 1 + (number % 4 == 2), hour, 30),
            datetime(2026, 12, 1 + (number % 4 == 2), hour + 1, 45),
            factories.ZONE,
            rule=Rule("WEEKLY", date(2026, 12, 31), weekdays=weekdays),
        )
        unit = factories.unit((LIBRARY, PRESCHOOL)[number % 2])
        titles = {"sv": f"{TITLES[number % len(TITLES)]} {number + 1}"}
        event = factories.new_event(series, unit_id=unit.id, titles=titles)
        if number % 5 == 0:
            changing.cancel_date(event.occurrences[1], {"sv": "Värden är sjuk."})
        db.session.flush()
    assert 300 <= made < 330


def _december() -> tuple[date, date]:
    return date(2026, 12, 1), date(2026, 12, 31)


def look(page: Page, address: str, where: str = "") -> None:
    answer = page.goto(address + MONTH + where)
    assert answer is not None
    assert answer.status == 200


@SIZES
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    crowded: str, open_page: OpenPage, width: int, dark: bool
) -> None:
    page = open_page(width=width, dark=dark)
    look(page, crowded)
    assert accessibility_problems(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("javascript", [True, False])
def test_a_full_day_is_folded_and_a_press_unfolds_it(
    crowded: str, open_page: OpenPage, width: int, javascript: bool
) -> None:
    page = open_page(width=width, javascript=javascript)
    look(page, crowded)
    day = page.locator("#d8")
    everything = day.locator("li").count()
    assert everything > 8
    assert day.locator("li:visible").count() == 6
    more = day.locator("a.unfold")
    assert re.search(rf"\b{everything - 6}\b", more.inner_text())
    box = more.bounding_box()
    assert box is not None
    assert box["height"] >= 43.5
    more.click()
    assert day.locator("li:visible").count() == everything
    assert not more.is_visible()
    assert page.locator("#d9 li:visible").count() <= 7, "the other days stay as they are"
    assert accessibility_problems(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_hidden_without_a_way_to_it(
    crowded: str, open_page: OpenPage, width: int
) -> None:
    page = open_page(width=width)
    look(page, crowded)
    lost = page.evaluate(
        """() => [...document.querySelectorAll('.month td')]
          .filter(day => [...day.querySelectorAll('li')].some(one => !one.checkVisibility()))
          .filter(day => ![...day.querySelectorAll('a.unfold')].some(one =>
            one.checkVisibility() && one.getAttribute('href') === '#' + day.id))
          .map(day => day.id)"""
    )
    assert lost == []


@pytest.mark.parametrize("width", [390, 1280])
def test_each_week_has_an_anchor_above(crowded: str, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    look(page, crowded)
    weeks = page.locator(".weeks a")
    assert [text.split()[-1] for text in weeks.all_inner_texts()] == ["49", "50", "51", "52", "53"]
    weeks.nth(3).click()
    assert page.url.endswith("#w52")
    top = page.evaluate("document.getElementById('w52').getBoundingClientRect().top")
    assert -5 <= top < 120
    if width == 390:
        said = page.evaluate("getComputedStyle(document.getElementById('w52'), '::before').content")
        assert said == '"Vecka 52"'


def test_a_wide_month_is_a_few_screens_high(crowded: str, open_page: OpenPage) -> None:
    page = open_page(width=1280)
    look(page, crowded)
    height = page.locator(".month").bounding_box()
    assert height is not None
    assert height["height"] < 4000


def test_on_paper_every_date_is_there_with_its_place(
    crowded: str, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(width=1280)
    look(page, crowded)
    total = page.locator(".month li").count()
    assert total >= 300
    page.emulate_media(media="print")
    assert page.locator(".month li:visible").count() == total
    assert page.locator(".month .at:visible").count() == total
    for away in (".unfold", ".weeks", "nav", ".languages"):
        assert page.locator(f"{away}:visible").count() == 0, away
    pages = page.pdf(path=tmp_path / "month.pdf", format="A4").count(b"/Type /Page\n")
    pages = pages or len(
        re.findall(rb"/Type\s*/Page\b(?!s)", (tmp_path / "month.pdf").read_bytes())
    )
    assert 1 <= pages <= 8

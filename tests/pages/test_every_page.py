"""Every page of the demonstration city, in every language and as everybody who works there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from portal.core.clock import now
from portal.core.languages import is_written, languages
from portal.events import queries as events
from portal.events.queries import Filter
from portal.places.queries import public_places
from portal.units import queries as units
from tests.support.portal_app import Browser
from tests.support.site import crawl, find_all, language_of, read, read_answer, stays, words

PEOPLE = ("admin", "editor", "association")
COMPLETE = ("sv", "en", "fi")
# Answers that are no pages; the feeds have tests of their own.
NO_PAGES = {
    "static",
    "feeds.calendar",
    "feeds.quiet",
    "feeds.mine",
    "feeds.one_date",
    "feeds.robots",
    "places.photo",
    "home.health",
    "events.this_month",  # leads on to the month
}
# What a page says to machines is no script: nothing of it runs.
DATA = "application/ld+json"
# Reached by a link that is shown once; see test_journey.py.
BY_LINK = {"accounts.invitation"}


@pytest.fixture(scope="module")
def addresses(demo_site: Flask) -> dict[str, list[str]]:
    """An address or more for each public page, by endpoint."""
    with demo_site.app_context():
        today = units.today()
        row = events.listed(Filter(), now(), None, today, limit=1)[0]
        many = events.listed(Filter(), now(), None, today, limit=400)
        cancelled = next(row for row in many if row.status == "cancelled")
        moved = next(row for row in many if row.is_override and row.status == "confirmed")
        hidden = next(row for row in many if row.event.visibility == "without_place")
        room = next(place for place in public_places() if not place.is_premises)
        body = next(body for body in units.bodies(today) if body.contacts)
        unit, area, other = row.event.unit, units.areas(today)[0], units.open_units(today)[-1]
        months = [today.replace(day=1), (today + timedelta(days=62)).replace(day=1)]
        return {
            "home.start": ["/"],
            "home.search": [
                "/search?q=sprakkafe",
                "/search?q=zebrahest",
                "/search?q=%3Cb%3E%26%22",
            ],
            "home.help": ["/help"],
            "home.language_list": ["/help/languages"],
            "home.about_data": ["/about/data"],
            "home.accessibility": ["/accessibility"],
            "events.index": [
                "/events",
                "/events?page=2",
                f"/events?unit={unit.slug}",
                f"/events?area={area.slug}&kind={row.event.kind.slug}&language=sv&audience=children",
                "/events?unit=nobody&kind=nothing&from=yesterday&q=zebrahest",
                f"/events?from={today}&to={today}",
                f"/events?to={today - timedelta(days=9)}",
            ],
            "events.event": [
                f"/events/{one.event.slug}" for one in (row, cancelled, moved, hidden)
            ],
            "events.one_date": [
                f"/events/{one.event.slug}/{one.key}" for one in (row, cancelled, moved, hidden)
            ],
            "events.calendar": [
                *(f"/calendar/{month:%Y-%m}" for month in months),
                "/calendar/2099-01",
            ],
            "events.observances": ["/observances"],
            "units.unit": [f"/units/{unit.slug}", f"/units/{other.slug}"],
            "units.contacts": ["/help/contacts"],
            "units.contact": [f"/help/contacts/{body.slug}"],
            "places.index": ["/places", "/places?q=bibliotek", "/places?q=zebrahest"],
            "places.place": [f"/places/{room.slug}"],
            "feeds.subscribe": [
                "/subscribe",
                f"/subscribe?scope=unit-{unit.slug}",
                f"/subscribe?scope=event-{hidden.event.slug}",
            ],
            "accounts.sign_in": ["/sign-in", "/sign-in?next=/staff/events"],
        }


@pytest.fixture
def visitor(demo_site: Flask) -> Browser:
    browser = demo_site.test_client()
    assert isinstance(browser, Browser)
    return browser


def prefix(key: str) -> str:
    return "" if key == "sv" else f"/{key}"


def shown_language(key: str) -> str:
    """The first language of a chain that somebody has written."""
    return next((one for one in languages()[key].chain if is_written(one)), "sv")


def test_no_public_page_is_forgotten(demo_site: Flask, addresses: dict[str, list[str]]) -> None:
    for rule in demo_site.url_map.iter_rules():
        view = demo_site.view_functions[rule.endpoint]
        is_page = "GET" in (rule.methods or ()) and "public" in getattr(view, "open_to", ())
        if is_page and rule.endpoint not in NO_PAGES | BY_LINK:
            assert rule.endpoint in addresses, f"{rule.rule}: write an address into addresses()"


@pytest.mark.parametrize("key", [*COMPLETE, "rmf", "rmn-arli"])
def test_public_pages(visitor: Browser, addresses: dict[str, list[str]], key: str) -> None:
    for path in (path for paths in addresses.values() for path in paths):
        root = read(visitor, prefix(key) + path)
        assert root.get("lang") == languages()[shown_language(key)].tag, path
        scripts = [node for node in root.iter("script") if node.get("type") != DATA]
        sources = [node.get("src") or "" for node in scripts]
        assert all(source.startswith("/static/vendor/htmx-") for source in sources), path


@pytest.mark.parametrize("key", COMPLETE)
def test_complete_languages_are_offered_and_marked(visitor: Browser, key: str) -> None:
    root = read(visitor, prefix(key) + "/events?page=2")
    offered = {
        node.get("hreflang"): node
        for node in root.iter("a")
        if node.get("hreflang") and node.get("lang") == node.get("hreflang")
    }
    assert set(COMPLETE) <= set(offered)
    for other in COMPLETE:
        assert (offered[other].get("aria-current") == "true") is (other == key)
        assert offered[other].get("href") == prefix(other) + "/events?page=2", "the same page"
    assert read(visitor, prefix(key) + "/").get("lang") == key


def test_a_language_that_nobody_has_written_falls_back_and_says_so(visitor: Browser) -> None:
    """The Finnish Kale meet Finnish, the others Swedish; never machine-made Romani."""
    for key, other in (("rmf", "fi"), ("rmn-arli", "sv")):
        if is_written(key):
            pytest.skip(f"somebody has written {key}")  # then it is no fallback any more
        root = read(visitor, f"/{key}/help")
        assert root.get("lang") == other
        notice = find_all(root, "p", class_="fallback")
        assert len(notice) == 1
        said = words(notice[0]).casefold()
        assert languages()[key].name in said
        assert languages()[other].name in said
        named = [node for node in notice[0].iter() if node.get("lang") == languages()[key].tag]
        assert named, "its name is marked with its own language"
    assert not find_all(read(visitor, "/help"), "p", class_="fallback")


@pytest.mark.parametrize("key", [*COMPLETE, "rmf"])
def test_errors_are_pages_too(visitor: Browser, key: str) -> None:
    lost = (
        "/no-such-page",
        "/events/no-such-event",
        "/units/nobody",
        "/places/nowhere",
        "/calendar/2026-13",
        "/subscribe?scope=event-nothing",
    )
    for path in (
        *lost,
        "/help/contacts/nobody",
        "/sign-in/invitation/nothing",
        "/events/x/2026-01-01",
    ):
        response = visitor.get(prefix(key) + path)
        assert response.status_code == 404, path
        root = read_answer(response, prefix(key) + path)
        assert root.get("lang") == languages()[shown_language(key)].tag
        ways_on = {node.get("href") for node in find_all(root, "a", class_="button")}
        assert prefix(key) + "/help" in ways_on, "a way on"
        assert len(ways_on) >= 2, "and another"
    wrong = visitor.put(prefix(key) + "/events")
    assert wrong.status_code in (403, 405)
    read_answer(wrong, prefix(key) + "/events", is_public=wrong.status_code != 405)


@pytest.mark.parametrize("key", COMPLETE)
def test_every_link_leads_somewhere_in_the_same_language(visitor: Browser, key: str) -> None:
    """From the start page on, some of each sort; nothing is lost and nothing fails."""
    start = prefix(key) + "/"
    found = crawl(visitor, [start], follow=lambda path: stays(path, key))
    assert found.faults == []
    assert len(found.answers) > 60, "the walk goes everywhere"
    kinds = {answer.mimetype for answer in found.answers.values()}
    assert kinds >= {"text/html", "text/calendar"}


@pytest.mark.parametrize("who", PEOPLE)
def test_staff_pages(demo_site: Flask, who: str) -> None:
    browser = demo_site.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in(f"{who}@demo.example")
    behind = re.compile(r"^/(en/|fi/)?(staff|admin)")
    for key in COMPLETE:
        start = prefix(key) + "/staff"
        inside = crawl(
            browser,
            [start],
            each_kind=4,
            follow=lambda path, key=key: bool(behind.match(path)) and language_of(path) == key,
            is_public=False,
        )
        assert inside.faults == []
        paths = {path.removeprefix(prefix(key)) for path in inside.answers}
        assert {"/staff", "/staff/events", "/staff/events/new"} <= paths
        assert ("/admin/people" in paths) is (who == "admin")
        for path in inside.answers:
            root = read(browser, path, is_public=False)
            assert root.get("lang") == languages()[shown_language(key)].tag
            assert find_all(root, "input", name="csrf_token"), f"{path} has the way out"


def test_a_staff_page_is_not_kept_and_not_found_by_search_engines(demo_site: Flask) -> None:
    browser = demo_site.test_client()
    assert isinstance(browser, Browser)
    browser.sign_in("admin@demo.example")
    response = browser.get("/staff")
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


def _plain(visitor: Browser) -> Iterator[tuple[str, str]]:
    yield "/healthz", "text/plain"
    yield "/robots.txt", "text/plain"


def test_answers_that_are_no_pages(visitor: Browser) -> None:
    for path, mimetype in _plain(visitor):
        response = visitor.get(path)
        assert (response.status_code, response.mimetype) == (200, mimetype)
        assert "Set-Cookie" not in response.headers
    assert "Disallow: /staff" in visitor.get("/robots.txt").text


def test_public_pages_are_the_same_for_those_who_are_signed_in(
    demo_site: Flask, visitor: Browser
) -> None:
    signed_in = demo_site.test_client()
    assert isinstance(signed_in, Browser)
    signed_in.sign_in("admin@demo.example")
    for path in ("/", "/events", "/subscribe", "/no-such-page", "/sign-in"):
        assert signed_in.get(path).data == visitor.get(path).data


def test_a_file_that_a_page_preloads_is_the_one_that_its_styles_ask_for(visitor: Browser) -> None:
    """Two addresses of one font would be two fonts on the way to somebody's telephone."""
    root = read(visitor, "/")
    fonts = [node.get("href") or "" for node in find_all(root, "link", rel="preload")]
    styles = visitor.get(
        next(node.get("href") or "" for node in find_all(root, "link", rel="stylesheet"))
    )
    asked = re.findall(r"url\(([^)]+)\)", styles.text)
    assert [font.replace("/static/", "../") for font in fonts] == asked

"""What is hidden stays hidden: canaries that no page, feed, filter or error may sing.

Rooms, streets and positions that nobody may know, events that nobody may know of, and hosts
who may be known, but not as the hosts of a meeting whose place is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from flask import Flask
from sqlalchemy import delete
from werkzeug.test import TestResponse

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import languages
from portal.events import actions, changing, queries
from portal.events.models import Event
from portal.feeds.facts import EventFacts
from portal.feeds.models import RenderedEvent
from portal.feeds.texts import rendered
from portal.places import actions as places
from portal.units import actions as units
from tests.support import factories
from tests.support.portal_app import LIBRARY, Browser
from tests.support.site import crawl, words

# In no answer at all, in any case of letters.
NEVER = (
    "kanarierummet",
    "kanariegatan",
    "kanariegränd",
    "kanariegrand",
    "kanariehemlig",
    "kanarie-våning",
    "61.2345",
    "17.6543",
    "0555-77 77 77",
)
# May be read, but never together with one of the events that they host in hiding.
HOSTS = ("Kanarieföreningen", "Sångfågeln", "0555-88 88 88", "kanarieforeningen", "sangfageln")
# Titles of the events that are shown without place and host.
OPEN_TITLES = ("Träff utan adress", "Träff hos någon", "Träff i stängt rum", "Träff som gömdes")
PHONE = "0555-10 00 01"


@dataclass
class Hidden:
    """Addresses of what is hidden."""

    secret_slugs: list[str]
    secret_key: str
    open_slugs: list[str]
    open_uids: list[str]
    room: str
    hosts: tuple[str, str]


@pytest.fixture
def hidden(city: Flask, visitor: Browser, freeze: Callable[[datetime], None]) -> Hidden:
    freeze(factories.NOW)
    with city.app_context():
        begin_write()
        made = _make()
        db.session.commit()
    # Read once while the last event still shows where it is, so that caches know it.
    for path in (
        "/events",
        "/feeds/all.sv.ics",
        f"/feeds/unit-{LIBRARY}.sv.ics",
        "/search?q=träff",
    ):
        assert "Träff som gömdes" in visitor.get(path).text.replace("\r\n ", "")
    with city.app_context():
        jobs.tick()
        begin_write()
        event = queries.event_by_slug(made.open_slugs[-1])
        assert event is not None
        actions.change(event, _details("Träff som gömdes", visibility="without_place", **_hosts()))
        db.session.commit()
    return made


def _hosts() -> dict[str, Any]:
    return {
        "unit_id": factories.unit("kanarieforeningen").id,
        "co_host_ids": (factories.unit("sangfageln").id,),
        "phone": PHONE,
        "place_id": factories.place().id,
    }


def _details(title: str, **changes: Any) -> Any:
    return factories.details(titles={"sv": title}, texts={"sv": "Kom och prata."}, **changes)


def _make() -> Hidden:
    area = units.add_areas([{"slug": "kanarieviken", "names": {"sv": "Kanarieviken"}}])[
        "kanarieviken"
    ]
    host, co_host = units.add_association("Kanarieföreningen"), units.add_association("Sångfågeln")
    host.phone = "0555-88 88 88"
    for unit in (host, co_host, factories.unit()):
        units.move_unit(unit, factories.TODAY, area_id=area.id)
    room = places.add_room(
        factories.unit(),
        {
            "names": {"sv": "Kanarierummet", "en": "The kanarierummet"},
            "visibility": "closed",
            "street": "Kanariegatan 7",
            "lat": 61.2345,
            "lon": 17.6543,
            "floor": "kanarie-våning",
            "how_to_come": {"sv": "Ring på hos kanariehemlig."},
        },
    )
    places.set_photo(room, _jpeg(), {"sv": "Kanariehemlig dörr"}, "Kanariehemlig")
    secret = {"phone": "0555-77 77 77", "titles": {"sv": "Kanariehemlig", "en": "Kanariehemlig"}}
    secrets = [
        factories.new_event(visibility="closed", **secret),
        factories.new_event(factories.WEEKLY, visibility="staff", **secret),
        factories.new_event(status="draft", **secret),
        factories.new_event(status="waiting", **secret),
        factories.new_event(status="cancelled", visibility="closed", **secret),
    ]
    hosts = _hosts()
    in_room = {**hosts, "place_id": room.id}
    nowhere = {**hosts, "place_id": None, "elsewhere": "Kanariegränd 9"}
    open_ones = [
        _new(OPEN_TITLES[0], visibility="without_place", **nowhere),
        _new(OPEN_TITLES[1], visibility="without_place", **in_room),
        _new(OPEN_TITLES[2], **in_room),
        _new(OPEN_TITLES[3], **hosts),
    ]
    changing.cancel_date(open_ones[1].occurrences[1], {"sv": "Värden är sjuk."})
    db.session.flush()
    return Hidden(
        [event.slug for event in secrets],
        secrets[1].occurrences[0].key,
        [event.slug for event in open_ones],
        [event.uid for event in open_ones],
        room.slug,
        (host.slug, co_host.slug),
    )


def _new(title: str, **changes: Any) -> Event:
    texts = {"titles": {"sv": title}, "texts": {"sv": "Kom och prata."}}
    return factories.new_event(factories.WEEKLY, **texts, **changes)


def _jpeg() -> bytes:
    from tests.pages.conftest import picture

    return picture()


def pages(
    visitor: Browser, hidden: Hidden, prefix: str
) -> Iterator[tuple[str, TestResponse, Element | None]]:
    """Every page of a language that a visitor can get: by links, by guessing, and by htmx."""
    found = crawl(visitor, [prefix + "/"], each_kind=8, follow=lambda path: "/static/" not in path)
    assert found.faults == []
    for path, answer in found.answers.items():
        yield path, answer, found.roots.get(path)
    for path in guesses(hidden):
        if prefix + path not in found.answers:
            yield prefix + path, visitor.get(prefix + path), None
    for path in ("/events", "/events?q=träff", "/calendar/2026-11", "/calendar/2026-12"):
        fragment = visitor.get(prefix + path, headers={"HX-Request": "true"})
        yield f"{prefix}{path} (fragment)", fragment, None


def guesses(hidden: Hidden) -> Iterator[str]:
    """Addresses that nobody is led to."""
    for slug in hidden.open_slugs:
        yield from (
            f"/events/{slug}",
            f"/events/{slug}/2026-12-02",
            f"/events/{slug}/2026-12-02.ics",
        )
    for slug in (*hidden.hosts, LIBRARY):
        yield f"/units/{slug}"
        yield from (f"/events?unit={slug}", f"/subscribe?scope=unit-{slug}")
    yield "/events?area=kanarieviken"
    for q in ("träff", "prata", "kom"):
        yield from (f"/search?q={q}", f"/events?q={q}")
    yield from (
        "/events?kind=language-cafe",
        "/places?q=e",
        "/robots.txt",
        "/sitemap.xml",
        "/feeds",
    )
    yield from (
        "/events?from=2026-11-20&to=2027-02-01",
        "/events?page=2",
        "/help/contacts/kommunstyrelsen",
    )


def scopes(hidden: Hidden) -> Iterator[str]:
    yield from ("all", "kind-language-cafe", "area-kanarieviken", f"unit-{LIBRARY}")
    yield from (f"unit-{slug}" for slug in hidden.hosts)
    yield from (f"event-{slug}" for slug in hidden.open_slugs)


# What each event of a feed begins with.
BETWEEN = {
    "text/calendar": "BEGIN:VEVENT",
    "application/atom+xml": "<entry",
    "application/json": '{"id":',
}


def songs(path: str, response: TestResponse, root: Element | None = None) -> list[str]:
    """What an answer gives away."""
    if response.mimetype.startswith("image/"):
        return []
    text = response.text.replace("\r\n ", "")
    found = [f"{path} tells {word}" for word in NEVER if word in text.casefold()]
    parts: list[str] = []
    if response.mimetype in BETWEEN:
        parts = text.split(BETWEEN[response.mimetype])[1:]
    elif response.mimetype == "text/html":
        root = html5lib.parse(text, namespaceHTMLElements=False) if root is None else root
        parts = list(_parts(root, path))
    for part in parts:
        if any(title in part for title in OPEN_TITLES):
            found += [f"{path} tells {name} of a hidden meeting" for name in HOSTS if name in part]
    return found


def _parts(root: Element, path: str) -> Iterator[str]:
    """What stands together: an entry of a list; on an event's own pages all of the content."""
    for node in root.iter("li"):
        yield _with_links(node)
    if "/events/" in path:
        for node in root.iter("main"):
            yield _with_links(node)
        for node in root.iter("head"):
            yield _with_links(node)


def _with_links(node: Element) -> str:
    return " ".join(
        [words(node), *(str(one.get("href") or one.get("content")) for one in node.iter())]
    )


@pytest.mark.parametrize(
    "prefix",
    ["", *(pytest.param(key, marks=pytest.mark.storm) for key in ("/en", "/fi"))],
)
def test_no_page_sings(visitor: Browser, hidden: Hidden, prefix: str) -> None:
    found, count, shown = [], 0, set()
    for path, response, root in pages(visitor, hidden, prefix):
        count += 1
        found += songs(path, response, root)
        if path.startswith(prefix + "/events"):
            shown |= {title for title in OPEN_TITLES if title in response.text}
    assert found == []
    assert count > 60
    assert shown == set(OPEN_TITLES), "what may be known is shown"


def test_no_feed_sings(visitor: Browser, hidden: Hidden) -> None:
    found = []
    for key in languages():
        for scope in scopes(hidden):
            for form in ("ics", "atom", "json") if key in ("sv", "en") else ("ics",):
                response = visitor.get(f"/feeds/{scope}.{key}.{form}")
                assert response.status_code == 200, scope
                found += songs(f"/feeds/{scope}.{key}.{form}", response)
    assert found == []


@pytest.mark.parametrize("broken", ["the place's secret", "the event's secret"])
def test_the_canaries_can_sing(
    visitor: Browser, hidden: Hidden, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """The control: with the guard off, the same look finds them."""
    name = "hides_place" if broken == "the place's secret" else "is_public"
    off = property(lambda event: name == "is_public")
    monkeypatch.setattr(Event, name, off)
    if name == "hides_place":
        monkeypatch.setattr(EventFacts, name, off)  # what feeds know of it
    with visitor.application.app_context():
        db.session.execute(delete(RenderedEvent))
        db.session.commit()
    rendered.clear()
    slug = hidden.open_slugs[1] if name == "hides_place" else hidden.secret_slugs[0]
    assert songs(f"/events/{slug}", visitor.get(f"/events/{slug}"))
    for form in ("ics", "atom", "json"):
        assert songs("feed", visitor.get(f"/feeds/event-{slug}.sv.{form}")), form


def test_no_filter_tells_where_a_hidden_meeting_is(visitor: Browser, hidden: Hidden) -> None:
    """Who asks for a host, a place, an area or a street must not be answered with it."""
    for question in (
        *(f"unit={slug}" for slug in (*hidden.hosts, LIBRARY)),
        "area=kanarieviken",
        f"place={LIBRARY}",
        "q=kanarieföreningen",
        "q=sångfågeln",
        "q=kanariegränd",
        "q=kanariegatan",
        "q=kanarierummet",
        "q=exempelbiblioteket",
        "q=hemlig",
    ):
        main = _main(visitor.get(f"/events?{question}"))
        assert not [title for title in OPEN_TITLES if title in main], question
        assert "0555-88" not in main
    for scope in (*(f"unit-{slug}" for slug in (*hidden.hosts, LIBRARY)), "area-kanarieviken"):
        feed = visitor.get(f"/feeds/{scope}.sv.ics")
        assert feed.status_code == 200
        assert not [uid for uid in hidden.open_uids if uid in feed.text], scope
    found = visitor.get("/feeds/all.sv.ics").text
    assert all(uid in found for uid in hidden.open_uids), "they are in the feed of everything"
    for slug in (*hidden.hosts, LIBRARY):
        assert not [title for title in OPEN_TITLES if title in visitor.get(f"/units/{slug}").text]


def _main(response: TestResponse) -> str:
    root = html5lib.parse(response.text, namespaceHTMLElements=False)
    return words(next(root.iter("main")))


@pytest.mark.parametrize("prefix", ["", "/en", "/fi"])
def test_what_is_hidden_and_what_never_was_answer_the_same(
    visitor: Browser, hidden: Hidden, prefix: str
) -> None:
    """Byte for byte: the only difference is the address that was asked for."""
    for slug in hidden.secret_slugs:
        never = "q" * len(slug)
        pairs = [
            "/events/{}",
            f"/events/{{}}/{hidden.secret_key}",
            f"/events/{{}}/{hidden.secret_key}.ics",
        ]
        for pattern in pairs:
            _same(visitor, prefix + pattern, slug, never, 404)
        _same(visitor, prefix + "/subscribe?scope=event-{}", slug, never, 404)
        _same(visitor, "/feeds/event-{}.sv.ics", slug, never, 404)
    never = "q" * len(hidden.room)
    for pattern in ("/places/{}", f"/places/{{}}/photo-{'0' * 16}.jpg"):
        _same(visitor, prefix + pattern, hidden.room, never, 404)
    _same(visitor, prefix + "/events?place={}", hidden.room, never, 200)


def _same(visitor: Browser, pattern: str, slug: str, never: str, code: int) -> None:
    one, other = visitor.get(pattern.format(slug)), visitor.get(pattern.format(never))
    assert (one.status_code, other.status_code) == (code, code), pattern
    assert one.data.replace(slug.encode(), never.encode()) == other.data, pattern
    left_out = {"Date", "ETag"}
    assert {k: v for k, v in one.headers if k not in left_out} == {
        k: v for k, v in other.headers if k not in left_out
    }


def test_those_who_may_know_do(
    city: Flask, hidden: Hidden, somebody: Callable[[str], Browser]
) -> None:
    """Staff see their own events; another unit's editor does not."""
    listed = somebody("editor").get("/staff/events").text
    assert "Kanariehemlig" in listed
    assert "Kanariehemlig" not in somebody("preschool").get("/staff/events").text


def test_a_page_with_a_hidden_place_has_a_quick_way_out(visitor: Browser, hidden: Hidden) -> None:
    for slug in hidden.open_slugs:
        for path in (f"/events/{slug}", f"/events/{slug}/2026-12-02"):
            root = html5lib.parse(visitor.get(path).text, namespaceHTMLElements=False)
            ways = [node for node in root.iter("p") if "quick-exit" in (node.get("class") or "")]
            assert len(ways) == 1, path
            assert PHONE in words(next(root.iter("main"))), "one is told whom to call"

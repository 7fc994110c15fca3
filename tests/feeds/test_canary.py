"""Canaries: words that may be in no feed, planted wherever the database can hold them.

The feeds are searched as bytes, unfolded, in every scope and several languages, also after
changes, stored texts included. A street that is in no public answer must be in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions, changing, queries
from portal.events.models import Event
from portal.events.queries import Filter
from portal.places import actions as places
from portal.units import actions as units
from portal.units.models import Unit
from tests.support.factories import NOW, TODAY, WEEKLY, details, new_event, place, unit
from tests.support.portal_app import Browser

pytestmark = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
CANARY = "Kanariefågel"
GEO = (61.234567, 17.654321)
LANGUAGES = ("sv", "en", "rmn-arli")


def haystack(client: Browser, city: Flask) -> str:
    """Everything a visitor can fetch as a calendar, in one text."""
    with city.app_context():
        slugs = [event.slug for event in db.session.query(Event)]
        keys = [(row.event.slug, row.key) for e in db.session.query(Event) for row in e.occurrences]
        # A unit's own feed has its name; who asks for it by name knows it.
        known = [one.slug for one in db.session.query(Unit) if CANARY not in one.name]
        scopes = ["all", *(f"unit-{slug}" for slug in known)]
        scopes += ["kind-language-cafe", "kind-story-time"]
    scopes += [f"event-{slug}" for slug in slugs]
    paths = [
        f"/feeds/{scope}.{key}.{form}"
        for scope in scopes
        for key in LANGUAGES
        for form in ("ics", "atom", "json")
    ]
    paths += [f"/events/{slug}/{key}.ics" for slug, key in keys]
    answers = [(path, client.get(path)) for path in paths]
    return "\n".join(
        f"{path}\n{answer.text}" for path, answer in answers if answer.status_code == 200
    ).replace("\r\n ", "")


@pytest.fixture
def planted(city: Flask, freeze: Callable[[datetime], None], engine: str) -> Flask:
    """A hidden room of a unit that is told about nowhere else, and events nobody may know."""
    freeze(NOW)
    with city.app_context():
        begin_write()
        host = units.add_association(f"{CANARY}föreningen")
        helper = units.add_association(f"Medvärd {CANARY}")
        room = places.add_room(
            unit(),
            {
                "names": {"sv": f"{CANARY}rummet", "en": f"{CANARY} room"},
                "visibility": "without_place",
                "street": f"{CANARY}gatan 1",
                "postcode": "999 99",
                "locality": f"{CANARY}by",
                "lat": GEO[0],
                "lon": GEO[1],
                "how_to_come": {"sv": f"Vid {CANARY}"},
            },
        )
        host.phone = "0555-99 99 99"
        # Events that may be known of, but not where they are nor who could tell.
        new_event(
            WEEKLY,
            unit_id=host.id,
            place_id=room.id,
            visibility="without_place",
            phone="0555-1",
            co_host_ids=(helper.id,),
            titles={"sv": "Samtal"},
        )
        new_event(
            unit_id=host.id, place_id=room.id, co_host_ids=(helper.id,), titles={"sv": "Öppet"}
        )
        new_event(
            unit_id=host.id,
            place_id=None,
            elsewhere=f"{CANARY}torget",
            visibility="without_place",
            phone="0555-1",
            titles={"sv": "Ute"},
        )
        # Events that may not be known of at all.
        for visibility in ("staff", "closed"):
            new_event(titles={"sv": f"{CANARY} {visibility}"}, visibility=visibility)
        for status in ("draft", "waiting"):
            new_event(titles={"sv": f"{CANARY} {status}"}, status=status)
        shown = new_event(titles={"sv": "Visad"})
        changing.cancel_date(shown.occurrences[0], {"sv": "Sjuk"})
        db.session.commit()
    return city


def test_no_canary_is_in_any_feed(planted: Flask, client: Browser) -> None:
    found = haystack(client, planted)
    for title in ("Samtal", "Öppet", "Ute", "Visad"):
        assert title in found, "the feeds are searched where the events are"
    check(found)


def test_the_feed_of_a_host_who_hides_is_empty(planted: Flask, client: Browser) -> None:
    for slug in ("kanariefagelforeningen", "medvard-kanariefagel"):
        answer = client.get(f"/feeds/unit-{slug}.sv.ics")
        assert answer.status_code == 200
        assert "BEGIN:VEVENT" not in answer.text


def check(found: str) -> None:
    lowered = found.lower()
    for word in (CANARY, "kanariefagel", "99 99 99", "999 99", "61.23", "17.65"):
        assert word.lower() not in lowered, word
    for line in found.split("\r\n"):
        assert not line.startswith("GEO") or line == "GEO:59.329300;18.068600", line


def test_no_canary_after_changes_and_in_stored_texts(planted: Flask, client: Browser) -> None:
    with planted.app_context():
        begin_write()
        for event in db.session.query(Event).filter_by(status="published"):
            for row in event.occurrences[:1]:
                changing.move_date(row, datetime(2026, 12, 1, 9), datetime(2026, 12, 1, 10), {})
        actions.change_unit(unit(), {"phone": "0555-2"})
        db.session.commit()
        list(jobs.tick())
    check(haystack(client, planted))


def test_a_place_that_becomes_hidden_leaves_every_feed(planted: Flask, client: Browser) -> None:
    with planted.app_context():
        begin_write()
        actions.change_place(place(), {"street": f"{CANARY}gränd", "visibility": "public"})
        db.session.commit()
    assert CANARY in haystack(client, planted), "the control: a public street is told"
    with planted.app_context():
        begin_write()
        actions.change_place(place(), {"visibility": "without_place"})
        db.session.commit()
    found = haystack(client, planted)
    assert CANARY not in found
    assert "GEO" not in found
    assert "Visad" in found


def test_hiding_the_place_of_a_published_event_takes_it_out_of_its_unit_s_feed(
    planted: Flask, client: Browser
) -> None:
    with planted.app_context():
        begin_write()
        event = queries.event_by_slug("visad")
        assert event is not None
        uid = event.uid
        actions.change(
            event, details(titles={"sv": "Visad"}, visibility="without_place", phone="0555-1")
        )
        db.session.commit()
    assert uid not in client.get("/feeds/unit-exempelbiblioteket.sv.ics").text
    text = client.get("/feeds/all.sv.ics").text.replace("\r\n ", "")
    assert uid in text
    for told in ("Torggatan", "Exempelbiblioteket", "GEO", "0555-10 00 10"):
        assert told not in text, told


def test_no_address_or_search_tells_of_what_is_hidden(planted: Flask) -> None:
    with planted.app_context():
        public = queries.matching(Filter(), TODAY)
        slugs = [event.slug for event in db.session.scalars(public)]
        assert sorted(slugs) == ["oppet", "samtal", "ute", "visad"]
        for words in ("kanariefagel", "kanarie", "medvärd", "föreningen"):
            rows = queries.listed(Filter(words=words), NOW, None, TODAY, limit=50)
            assert rows == [], words

"""Quiet calendars: when, and nothing else; and their addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import translator
from portal.events import actions, changing, queries
from portal.feeds.models import QuietFeed
from portal.feeds.texts import rendered
from portal.places import actions as places
from portal.units import actions as units
from tests.feeds.programme import NOW as PROGRAMME_NOW
from tests.feeds.programme import UNTIL, build
from tests.support.factories import NOW, WEEKLY, Made, details, place, unit
from tests.support.icalpy import by_python
from tests.support.portal_app import LIBRARY, Browser

Make = Callable[..., Made]
Freeze = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def today(freeze: Freeze) -> None:
    freeze(NOW)


def tick(city: Flask) -> str:
    with city.app_context():
        return dict(jobs.tick())["make quiet feeds"]


def address(city: Flask, scope: str, key: str = "sv") -> str:
    with city.app_context():
        row = db.session.get(QuietFeed, (scope, key))
        assert row is not None, scope
        return f"/feeds/quiet/{row.token}.ics"


def change(city: Flask, made: Made, act: Callable[[Any], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        act(event)
        db.session.commit()


# --- addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_tick_gives_every_feed_a_quiet_address(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    made = make_event(WEEKLY, languages=("sv", "rmn-arli"))
    make_event(status="draft", titles={"sv": "Utkast"})
    tick(city)
    assert tick(city) == "0 quiet feeds made", "safe to run twice"
    with city.app_context():
        rows = db.session.query(QuietFeed).all()
        scopes = {row.scope for row in rows}
        assert {(row.scope, row.language) for row in rows} == {
            (scope, key) for scope in scopes for key in ("sv", "en", "fi")
        }
        tokens = {row.token for row in rows}
    assert len(tokens) == len(rows), "no address twice"
    assert all(len(token) >= 32 for token in tokens)
    assert {
        "all",
        "kind-language-cafe",
        f"unit-{LIBRARY}",
        f"place-{LIBRARY}",
        "language-sv",
        "language-rmn-arli",
        f"event-{made.slug}",
    } <= scopes
    assert "language-fi" not in scopes
    assert [scope for scope in scopes if scope.startswith("event-")] == [f"event-{made.slug}"]
    for scope in sorted(scopes):
        assert client.get(address(city, scope)).status_code == 200, scope
    later = make_event()
    assert tick(city) == "3 quiet feeds made"
    assert client.get(address(city, f"event-{later.slug}")).status_code == 200


def test_the_demonstration_has_them_at_once(demo_city: Flask) -> None:
    with demo_city.app_context():
        assert db.session.query(QuietFeed).filter_by(scope="all").count() == 3
        assert dict(jobs.tick())["make quiet feeds"] == "0 quiet feeds made"


def test_an_unknown_address_is_404(client: Browser, city: Flask, make_event: Make) -> None:
    make_event()
    tick(city)
    known = address(city, "all")
    for path in ("/feeds/quiet/nothing.ics", known[:-5] + ".ics", known + "x", known.upper()):
        assert client.get(path).status_code == 404, path


def test_a_new_address_makes_no_cached_page_old(
    client: Browser, city: Flask, make_event: Make
) -> None:
    make_event()
    before = client.get("/feeds/all.sv.ics")
    tick(city)
    assert (
        client.get("/feeds/all.sv.ics").headers["Last-Modified"] == before.headers["Last-Modified"]
    )


def test_an_address_outlives_cancelling_and_renaming(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    tick(city)
    own, units_own = address(city, f"event-{made.slug}"), address(city, f"unit-{LIBRARY}")
    change(city, made, lambda e: actions.cancel(e, {"sv": "Kanariefågel"}))
    with city.app_context():
        begin_write()
        units.rename_slug(unit(), "laseriet")
        db.session.commit()
    for path in (own, units_own):
        answer = client.get(path)
        assert answer.status_code == 200
        (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
        assert event["STATUS"] == "CANCELLED"
        assert "Kanarie" not in answer.text


def test_a_place_that_hides_takes_its_quiet_calendar_with_it(
    client: Browser, city: Flask, make_event: Make
) -> None:
    make_event()
    tick(city)
    path = address(city, f"place-{LIBRARY}")
    with city.app_context():
        begin_write()
        places.update_place(place(), {"visibility": "staff"})
        db.session.commit()
    assert client.get(path).status_code == 404


# --- what it says -------------------------------------------------------------------------

# Everything that a telephone might show and that would tell what it is about.
CANARIES = (
    "Kanariefågel",
    "kanarie",
    "http",
    "127.0.0.1",
    "Mötesplatser",
    "Meeting",
    "Kohtaamis",
    "Exempel",
    "Torggatan",
    "Språkcafé",
    "language-cafe",
    "Portal",
    "0555-",
    "59.3",
    "Anna",
    "events",
    "feeds",
    "sjuk",
)


@pytest.mark.parametrize("key", ["sv", "en", "fi"])
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_nothing_but_times(
    client: Browser, city: Flask, make_event: Make, key: str, engine: str
) -> None:
    made = make_event(
        WEEKLY,
        titles={"sv": "Kanariefågel", "en": "Kanariefågel"},
        texts={"sv": "Kanariefågel " * 30},
        host_note={"sv": "Anna"},
        cost={"sv": "Kanariefågel"},
        phone="0555-1",
    )
    change(city, made, lambda e: changing.cancel_date(e.occurrences[1], {"sv": "Värden är sjuk."}))
    tick(city)
    loud = client.get(f"/feeds/all.{key}.ics").text.replace("\r\n ", "")
    for word in ("anariefågel", "http", "0555-1"):
        assert word in loud, "the control: the public feed says it"
    for scope in ("all", f"unit-{LIBRARY}", f"event-{made.slug}"):
        answer = client.get(address(city, scope, key))
        whole = f"{answer.headers}\n{answer.text}".replace("\r\n ", "")
        for word in CANARIES:
            if word not in ("127.0.0.1", "http"):
                assert word.casefold() not in whole.casefold(), word
            assert word.casefold() not in answer.text.replace("\r\n ", "").casefold(), word
        names = {re.split("[;:]", line)[0] for line in answer.text.split("\r\n")}
        assert not names & {
            "DESCRIPTION",
            "LOCATION",
            "GEO",
            "URL",
            "CATEGORIES",
            "CONTACT",
            "SOURCE",
            "X-WR-CALDESC",
            "COLOR",
        }
        _ = translator(key)
        calendar = Calendar.from_ical(answer.data)
        assert str(calendar["X-WR-CALNAME"]) == _("Calendar")
        booked = _("Booked time")
        titles = sorted(str(event["SUMMARY"]) for event in calendar.walk("VEVENT"))
        assert titles == sorted([booked, f"{_('CANCELLED')}: {booked}"])
        file = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])
        assert file is not None
        assert file[1] == "calendar.ics"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert uid_of(client, address(city, "all")) not in loud


def uid_of(client: Browser, path: str) -> str:
    return str(Calendar.from_ical(client.get(path).data).walk("VEVENT")[0]["UID"])


def test_its_names_cannot_be_traced_without_the_key(
    client: Browser, city: Flask, make_event: Make
) -> None:
    """A UID is the same for ever, and nothing of the public feed's is in it."""
    made = make_event()
    tick(city)
    path = address(city, "all")
    first = uid_of(client, path)
    assert first not in client.get("/feeds/all.sv.ics").text
    assert not set(re.findall("[0-9a-f]{8}", made.uid)) & set(re.findall("[0-9a-f]{8}", first))
    change(city, made, lambda e: actions.change(e, details(titles={"sv": "Nytt"})))
    assert uid_of(client, path) == first, "stable"
    assert uid_of(client, address(city, "all", "fi")) == first, "in every language"
    whole = str(Calendar.from_ical(client.get(path).data)["UID"])
    assert whole not in client.get("/feeds/all.sv.ics").text
    rendered.clear()
    key = city.config["PORTAL_KEY"]
    city.config["PORTAL_KEY"] = b"another"
    try:
        other = client.get(path + "?another").data
    finally:
        city.config["PORTAL_KEY"] = key
        rendered.clear()
    calendar = Calendar.from_ical(other)
    assert str(calendar.walk("VEVENT")[0]["UID"]) != first, "another installation's differ"
    assert str(calendar["UID"]) != whole


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_it_shows_the_same_dates_as_the_public_feed(
    client: Browser, city: Flask, freeze: Freeze, engine: str
) -> None:
    """A random programme, read by a calendar: the same times, states and revisions."""
    freeze(PROGRAMME_NOW)
    with city.app_context():
        begin_write()
        build(41, 50)
        db.session.commit()
    tick(city)

    def read(path: str) -> tuple[list[Any], list[Any]]:
        feed = client.get(path).data
        found = by_python(feed, PROGRAMME_NOW - timedelta(days=1), UNTIL)
        times = sorted((one["start"], one["end"], one["status"]) for one in found)
        marks = sorted(
            (int(e["SEQUENCE"]), e["LAST-MODIFIED"].dt, e["DTSTAMP"].dt, str(e["STATUS"]))
            for e in Calendar.from_ical(feed).walk("VEVENT")
        )
        return times, marks

    assert read(address(city, "all")) == read("/feeds/all.sv.ics")


def test_it_is_fetched_like_any_feed(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    tick(city)
    path = address(city, "all")
    first = client.get(path)
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "public, max-age=900, stale-if-error=86400"
    assert "Access-Control-Allow-Origin" not in first.headers
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    change(
        city,
        made,
        lambda e: changing.move_date(
            e.occurrences[0], datetime(2026, 11, 26, 18), datetime(2026, 11, 26, 19), {}
        ),
    )
    moved = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert moved.status_code == 200
    assert "20261126T180000" in moved.text

"""A date that differs in place or title: its override says so, and hides what is hidden."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import translator
from portal.events import queries
from portal.events.models import Event, FormerScope, Occurrence
from portal.events.writing import touch
from portal.places import actions as places
from portal.units import actions as units
from tests.support.factories import NOW, TODAY, WEEKLY, Made, place, unit
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser

pytestmark = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
Make = Callable[..., Made]
CANARY = "Kanariefågel"
FIRST, SECOND = "2026-11-25T17:00:00+01:00", "2026-12-02T17:00:00+01:00"


@pytest.fixture(autouse=True)
def today(freeze: Callable[[datetime], None], engine: str) -> None:
    freeze(NOW)


def differ(city: Flask, made: Made, number: int, **own: Any) -> None:
    """Gives one date something of its own, as an action will."""
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        rows = sorted(event.occurrences, key=lambda one: one.recurrence_id)
        for name, value in own.items():
            setattr(rows[number], name, value() if callable(value) else value)
        touch(event)
        db.session.commit()


def new_place(where: str) -> str:
    return translator("sv")("New place: %(where)s") % {"where": where}


def components(client: Browser, path: str = "/feeds/all.sv.ics") -> dict[str, Any]:
    """VEVENTs by RECURRENCE-ID; the series has none."""
    found = Calendar.from_ical(client.get(path).data).walk("VEVENT")
    return {e["RECURRENCE-ID"].dt.isoformat() if "RECURRENCE-ID" in e else "": e for e in found}


def hidden_room() -> int:
    """A room of the open preschool that nobody may know of, and who would tell."""
    room = places.add_room(
        unit(PRESCHOOL),
        {
            "names": {"sv": f"{CANARY}rummet"},
            "visibility": "without_place",
            "street": f"{CANARY}gatan 1",
            "lat": 61.234567,
            "lon": 17.654321,
        },
    )
    return room.id


def test_another_place_is_told_first_with_its_address_and_position(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, place_id=lambda: place(PRESCHOOL).id, note={"sv": "Vi flyttar ut."})
    found = components(client)
    date = found[FIRST]
    there = "Ekorrens öppna förskola, Skogsvägen 2, 555 02 Exempelköping"
    assert str(date["LOCATION"]) == there
    assert "GEO" not in date, "the preschool has no position"
    assert str(date["DESCRIPTION"]).startswith(f"{new_place(there)}\n\nVi flyttar ut.")
    assert str(date["DTSTART"].dt.isoformat()) == FIRST
    assert date["STATUS"] == "CONFIRMED"
    assert "Ny tid" not in str(date["DESCRIPTION"])
    assert str(found[""]["LOCATION"]).startswith("Exempelbiblioteket, Torggatan 5")
    assert set(found) == {"", FIRST}, "the other dates are the series'"


def test_another_place_in_words_has_no_position(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, elsewhere="Folkets park; scenen")
    date = components(client)[FIRST]
    assert str(date["LOCATION"]) == "Folkets park; scenen"
    assert "GEO" not in date
    assert str(date["DESCRIPTION"]).startswith(new_place("Folkets park; scenen"))


def test_a_title_of_its_own_in_its_own_language(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 1, titles={"sv": "Julfest", "fi": "Joulujuhla"})
    assert str(components(client)[SECOND]["SUMMARY"]) == "Julfest"
    text = client.get("/feeds/all.fi.ics").text
    # The series has no Finnish title, this date has.
    assert "SUMMARY;LANGUAGE=sv:Språkcafé" in text
    assert "SUMMARY;LANGUAGE=fi:Joulujuhla" in text


def test_a_cancelled_date_elsewhere_says_that_it_is_cancelled(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, elsewhere="Parken", status="cancelled", note={"sv": "Regn."})
    date = components(client)[FIRST]
    assert str(date["SUMMARY"]) == "INSTÄLLT: Språkcafé"
    assert str(date["DESCRIPTION"]).startswith("INSTÄLLT\n\nRegn.")
    assert str(date["LOCATION"]) == "Parken"


def test_an_event_that_happens_once_follows_its_one_date(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event()
    differ(city, made, 0, elsewhere="Parken", titles={"sv": "Picknick"})
    ((name, event),) = components(client).items()
    assert name == ""
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Picknick", "Parken")
    assert str(event["DESCRIPTION"]).startswith(new_place("Parken"))


def test_one_date_s_file_follows_it_too(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, elsewhere="Parken", titles={"sv": "Picknick"})
    (event,) = components(client, f"/events/{made.slug}/{made.key}.ics").values()
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Picknick", "Parken")


def test_a_date_at_a_hidden_place_hides_it_and_who_could_tell(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(
        WEEKLY,
        phone="0555-1",
        host_note={"sv": f"{CANARY} tar emot"},
        co_host_ids=lambda: (unit(PRESCHOOL).id,),
    )
    differ(city, made, 0, place_id=hidden_room)
    for path in (
        "/feeds/all.sv.ics",
        f"/feeds/event-{made.slug}.en.ics",
        f"/events/{made.slug}/{made.key}.ics",
        "/feeds/all.sv.json",
        "/feeds/all.sv.atom",
    ):
        text = client.get(path).text.replace("\r\n ", "")
        for word in (f"{CANARY}rummet", f"{CANARY}gatan", "61.23", "17.65"):
            assert word not in text, (path, word)
    date = components(client)[FIRST]
    assert str(date["LOCATION"]) == "Ring 0555-1 så får du veta var det är"
    assert "GEO" not in date
    assert str(date["CONTACT"]) == "0555-1"
    for word in (CANARY, "Ekorren", "Exempelbiblioteket"):
        assert word not in str(date["DESCRIPTION"]), word
    told = {one["starts"]: one for one in client.get("/feeds/all.sv.json").json["dates"]}
    assert told[FIRST]["place"] is None
    assert told[FIRST]["hosts"] == []
    assert told[SECOND]["place"]["name"] == "Exempelbiblioteket"
    assert told[SECOND]["hosts"] == ["Exempelbiblioteket", "Ekorrens öppna förskola"]


# --- which feeds it is in -----------------------------------------------------------------


def uids(client: Browser, scope: str) -> set[str]:
    answer = client.get(f"/feeds/{scope}.sv.ics")
    assert answer.status_code == 200, scope
    return {str(e["UID"]) for e in Calendar.from_ical(answer.data).walk("VEVENT")}


@pytest.fixture
def areas(city: Flask) -> None:
    """The library is in the north, the open preschool in the south."""
    with city.app_context():
        begin_write()
        made = units.add_areas(
            [{"slug": "norr", "names": {"sv": "Norr"}}, {"slug": "soder", "names": {"sv": "Söder"}}]
        )
        units.move_unit(unit(LIBRARY), TODAY, area_id=made["norr"].id)
        units.move_unit(unit(PRESCHOOL), TODAY, area_id=made["soder"].id)
        db.session.commit()


THERE = (f"place-{PRESCHOOL}", f"unit-{PRESCHOOL}", "area-soder")
HOME = (f"place-{LIBRARY}", f"unit-{LIBRARY}", "area-norr")


@pytest.mark.usefixtures("areas")
def test_a_series_is_in_the_feeds_of_every_place_that_it_visits(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made, other = make_event(WEEKLY), make_event()
    for scope in HOME:
        assert uids(client, scope) == {made.uid, other.uid}, scope
    for scope in THERE:
        assert uids(client, scope) == set(), scope
    differ(city, made, 3, place_id=lambda: place(PRESCHOOL).id)
    for scope in HOME:
        assert uids(client, scope) == {made.uid, other.uid}, scope
    for scope in THERE:
        assert uids(client, scope) == {made.uid}, scope
    assert len(components(client, f"/feeds/{THERE[0]}.sv.ics")) == 2, "whole, with its override"


@pytest.mark.usefixtures("areas")
def test_a_hidden_place_puts_a_series_into_no_feed(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, place_id=hidden_room)
    for scope in THERE:
        assert uids(client, scope) == set(), scope
    assert uids(client, HOME[1]) == {made.uid}


@pytest.mark.usefixtures("areas")
def test_an_event_that_has_left_stays_in_its_old_feeds_to_its_end(
    client: Browser, city: Flask, make_event: Make, freeze: Callable[[datetime], None]
) -> None:
    """MEET-17: nothing vanishes from a calendar without a word."""
    made = make_event(WEEKLY)
    with city.app_context():
        begin_write()
        event = db.session.get_one(Event, made.id)
        old_unit, old_place = event.unit_id, event.place_id
        event.unit_id, event.place_id = unit(PRESCHOOL).id, place(PRESCHOOL).id
        touch(event)
        db.session.commit()
    for scope in HOME:
        assert uids(client, scope) == set(), "the control: without a mark it is gone"
    with city.app_context():
        begin_write()
        db.session.add(FormerScope(event_id=made.id, what="unit", ref_id=old_unit))
        db.session.add(FormerScope(event_id=made.id, what="place", ref_id=old_place))
        db.session.commit()
    for scope in (*HOME, *THERE):
        assert uids(client, scope) == {made.uid}, scope
    # Pages list it where it is, and nowhere else.
    assert made.slug not in client.get(f"/events?unit={LIBRARY}").text
    assert made.slug in client.get(f"/events?unit={PRESCHOOL}").text
    # The last of its dates is 27 January, and the feed looks sixty days back.
    freeze(datetime.fromisoformat("2027-04-20T09:00:00+00:00"))
    for scope in HOME:
        found = client.get(f"/feeds/{scope}.sv.ics?later").text
        assert made.uid not in found, scope


@pytest.mark.usefixtures("areas")
def test_an_event_that_hides_its_place_is_in_no_feed_that_tells(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY, visibility="without_place", phone="0555-1")
    with city.app_context():
        begin_write()
        row = db.session.query(Occurrence).filter_by(event_id=made.id).first()
        assert row is not None
        row.place_id = place(PRESCHOOL).id
        for what, ref_id in (("unit", unit(PRESCHOOL).id), ("place", place(PRESCHOOL).id)):
            db.session.add(FormerScope(event_id=made.id, what=what, ref_id=ref_id))
        touch(db.session.get_one(Event, made.id))
        db.session.commit()
    for scope in (*HOME, *THERE):
        assert uids(client, scope) == set(), scope
    assert uids(client, "all") == {made.uid}


def test_pages_find_a_date_where_it_is(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    differ(city, made, 0, place_id=lambda: place(PRESCHOOL).id)
    differ(city, made, 1, elsewhere="Parken")
    differ(city, made, 2, place_id=hidden_room)

    def listed(query: str) -> set[str]:
        page = client.get(f"/events?{query}").text
        return {key for key in made.keys[:4] if f"/events/{made.slug}/{key}" in page}

    first, second, third, fourth = made.keys[:4]
    assert listed(f"place={PRESCHOOL}") == {first}
    assert listed(f"unit={PRESCHOOL}") == {first}
    assert listed(f"place={LIBRARY}") == {fourth}
    # The library hosts them all; where the third is, nobody may be told.
    assert listed(f"unit={LIBRARY}") == {first, second, fourth}
    assert listed("") == {first, second, third, fourth}


def test_a_change_of_a_place_reaches_events_with_a_date_there(
    client: Browser, city: Flask, make_event: Make
) -> None:
    from portal.events import actions

    made = make_event(WEEKLY)
    differ(city, made, 0, place_id=lambda: place(PRESCHOOL).id)
    before = components(client)[FIRST]
    with city.app_context():
        begin_write()
        actions.change_place(place(PRESCHOOL), {"street": "Nygatan 9"})
        db.session.commit()
    after = components(client)[FIRST]
    assert "Nygatan 9" in str(after["LOCATION"])
    assert after["SEQUENCE"] > before["SEQUENCE"]

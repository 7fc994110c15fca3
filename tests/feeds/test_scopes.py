"""What a feed's address means: places, languages and filters, and what is no address."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.models import FormerSlug
from portal.events import queries
from portal.events.finding import asked
from portal.events.models import Event, EventKind, Occurrence
from portal.feeds.queries import feed_path, wanted_scope
from portal.feeds.window import window
from portal.places import actions as places
from portal.places.models import Place
from portal.units import actions as units
from portal.units.models import Area, Unit
from tests.feeds.programme import NOW as PROGRAMME_NOW
from tests.feeds.programme import build
from tests.support.factories import NOW, TODAY, WEEKLY, ZONE, Made, place, unit
from tests.support.icalpy import by_python
from tests.support.portal_app import BASE_URL, LIBRARY, PRESCHOOL, Browser
from tests.support.site import find_all, read

Make = Callable[..., Made]
Freeze = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def today(freeze: Freeze) -> None:
    freeze(NOW)


def uids(client: Browser, path: str) -> set[str]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return {str(e["UID"]) for e in Calendar.from_ical(answer.data).walk("VEVENT")}


def name(client: Browser, path: str) -> str:
    calendar = Calendar.from_ical(client.get(path).data)
    # icalendar leaves the names of calendars as they are written.
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"])
    return str(calendar["NAME"]).replace("\\,", ",")


# --- scopes -------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_place_and_a_language_have_feeds(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    with city.app_context():
        hall = db.session.query(Place).filter_by(is_premises=False).one()
        hall_id, hall_slug = hall.id, hall.slug
    here = make_event(WEEKLY, languages=("sv", "rmn-arli"))
    in_hall = make_event(place_id=hall_id, languages=())
    hidden = make_event(visibility="without_place", phone="0555-1", languages=("rmn-arli",))
    wanted = {
        f"place-{LIBRARY}": {here},
        f"place-{hall_slug}": {in_hall},
        "language-sv": {here},
        "language-rmn-arli": {here, hidden},
        "language-fi": set(),
    }
    for scope, members in wanted.items():
        found = uids(client, f"/feeds/{scope}.sv.ics")
        assert found == {one.uid for one in members}, scope
    assert name(client, f"/feeds/place-{hall_slug}.en.ics") == (
        "Exempelbiblioteket, The auditorium – Meeting places"
    )
    assert name(client, "/feeds/language-fi.sv.ics") == "finska – Mötesplatser"


def test_the_page_of_a_place_offers_its_calendar(client: Browser, city: Flask) -> None:
    with city.app_context():
        hall = db.session.query(Place).filter_by(is_premises=False).one().slug
    for slug in (LIBRARY, hall):
        page = read(client, f"/en/places/{slug}")
        (box,) = find_all(page, "section", class_="feed")
        (button,) = find_all(box, "a", class_="button")
        assert button.get("href") == f"/en/subscribe?scope=place-{slug}"
        assert client.get(button.get("href") or "").status_code == 200
        (field,) = find_all(box, "input")
        assert field.get("value") == f"{BASE_URL}/feeds/place-{slug}.en.ics"
        assert client.get(f"/feeds/place-{slug}.en.ics").mimetype == "text/calendar"


@pytest.mark.parametrize("key", [key for key in languages() if key.startswith(("rom", "rm"))])
def test_no_calendar_s_name_says_roma(client: Browser, key: str) -> None:
    """It stands on somebody's screen, for everybody who sits beside them."""
    said = name(client, f"/feeds/language-{key}.sv.ics")
    assert said == "Mötesplatser"
    query = urlencode({"language": key, "audience": "adults"})
    assert name(client, f"/feeds/events.sv.ics?{query}") == "Vuxna – Mötesplatser"


def test_a_hidden_place_has_no_feed(client: Browser, city: Flask, make_event: Make) -> None:
    make_event()
    path = f"/feeds/place-{LIBRARY}.sv.ics"
    assert client.get(path).status_code == 200
    for visibility in ("without_place", "staff", "closed"):
        with city.app_context():
            begin_write()
            places.update_place(place(), {"visibility": visibility})
            db.session.commit()
        for form in ("ics", "atom", "json"):
            assert client.get(f"/feeds/place-{LIBRARY}.sv.{form}").status_code == 404


@pytest.mark.parametrize(
    "path", ["place-nowhere", "place-", "language-xx", "language-", "observances-x", "quiet-x"]
)
@pytest.mark.parametrize("form", ["ics", "atom", "json"])
def test_an_unknown_scope_is_404_in_every_format(client: Browser, path: str, form: str) -> None:
    assert client.get(f"/feeds/{path}.sv.{form}").status_code == 404


def test_other_endings_are_no_feeds(client: Browser) -> None:
    for path in ("/feeds/all.sv.xml", "/feeds/all.sv", "/feeds/all.ics", "/feeds/all.sv.ics/"):
        assert client.get(path).status_code == 404, path


def test_a_renamed_place_leads_on(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event()
    with city.app_context():
        begin_write()
        place().slug = "laseriet"
        db.session.add(FormerSlug(scope="place", slug=LIBRARY, successor="laseriet"))
        db.session.commit()
    for form in ("ics", "atom", "json"):
        answer = client.get(f"/feeds/place-{LIBRARY}.en.{form}")
        assert answer.status_code == 301
        assert answer.headers["Location"] == f"/feeds/place-laseriet.en.{form}"
    assert made.uid in client.get("/feeds/place-laseriet.en.ics").text


# --- filters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "kind=nothing",
        "area=nowhere",
        "unit=nobody",
        "place=nowhere",
        "language=xx",
        "audience=everybody",
        "from=yesterday",
        "to=2026-13-01",
        "to=1999-01-01",
        "from=2027-02-01&to=2027-01-01",
        "q=" + "x" * 81,
        "q=%21%21",
        "kind=language-cafe&unit=nobody",
        f"unit={LIBRARY}&audience=everybody",
    ],
)
@pytest.mark.parametrize("form", ["ics", "atom", "json"])
def test_a_filter_that_means_nothing_is_404(
    client: Browser, make_event: Make, query: str, form: str
) -> None:
    """Never the feed without that filter: it would hold more than was asked for."""
    make_event()
    assert client.get(f"/feeds/events.sv.{form}?{query}").status_code == 404


def test_a_hidden_place_is_no_filter(client: Browser, city: Flask, make_event: Make) -> None:
    make_event()
    with city.app_context():
        begin_write()
        places.update_place(place(), {"visibility": "staff"})
        db.session.commit()
    query = f"place={LIBRARY}&audience=adults"
    assert client.get(f"/feeds/events.sv.ics?{query}").status_code == 404


def test_a_filter_narrows_and_its_name_says_how(client: Browser, make_event: Make) -> None:
    story = make_event(kind="story-time", audiences=("children",))
    make_event(audiences=("adults",))
    path = "/feeds/events.{key}.ics?" + urlencode(
        {"kind": "story-time", "unit": LIBRARY, "audience": "children", "to": "2026-12-31"}
    )
    assert uids(client, path.format(key="sv")) == {story.uid}
    assert name(client, path.format(key="sv")) == (
        "Sagostunder – Exempelbiblioteket – Barn – till och med torsdag 31 december 2026"
        " – Mötesplatser"
    )
    assert name(client, path.format(key="en")).startswith("Story times – Exempelbiblioteket")


def test_the_words_of_a_search_are_not_in_the_name(client: Browser, make_event: Make) -> None:
    """As a title can, they can tell about the reader what the reader would not."""
    made = make_event(titles={"sv": "Kanariefåglar"})
    path = "/feeds/events.sv.ics?q=Kanarief%C3%A5glar"
    assert uids(client, path) == {made.uid}
    assert "anarief" not in name(client, path)


def test_days_narrow_the_window(client: Browser, make_event: Make) -> None:
    early = make_event()
    late = make_event(WEEKLY)
    assert uids(client, "/feeds/events.sv.ics?from=2026-12-01") == {late.uid}
    assert uids(client, "/feeds/events.sv.ics?to=2026-11-25") == {early.uid, late.uid}
    dates = client.get("/feeds/events.sv.json?from=2026-12-01&to=2026-12-10").json["dates"]
    assert [one["starts"][:10] for one in dates] == ["2026-12-02", "2026-12-09"]


def test_a_filter_is_the_same_calendar_however_it_is_written(
    client: Browser, make_event: Make
) -> None:
    make_event(audiences=("adults",))
    one = f"/feeds/events.sv.ics?unit={LIBRARY}&audience=adults&kind=&q="
    other = f"/feeds/events.sv.ics?audience=adults&unit={LIBRARY}&page=3"
    first, second = client.get(one), client.get(other)
    assert first.data == second.data
    calendar = Calendar.from_ical(first.data)
    assert str(calendar["SOURCE"]).endswith(f"/feeds/events.sv.ics?unit={LIBRARY}&audience=adults")
    third = Calendar.from_ical(client.get(f"/feeds/events.sv.ics?unit={LIBRARY}").data)
    assert str(calendar["UID"]) != str(third["UID"])


def test_a_filter_of_one_thing_is_that_thing_s_own_feed(client: Browser, make_event: Make) -> None:
    make_event(languages=("sv",))
    for what, value in (("kind", "language-cafe"), ("unit", LIBRARY), ("language", "sv")):
        filtered = client.get(f"/feeds/events.sv.ics?{what}={value}")
        assert filtered.data == client.get(f"/feeds/{what}-{value}.sv.ics").data
    assert client.get("/feeds/events.sv.ics").data == client.get("/feeds/all.sv.ics").data


def test_a_filter_s_renamed_unit_leads_on(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event()
    with city.app_context():
        begin_write()
        rows = [
            {
                "slug": "norr",
                "names": {"sv": "Norr"},
                "ends_on": TODAY - timedelta(days=1),
                "successor": "stad",
            },
            {"slug": "stad", "names": {"sv": "Stad"}},
        ]
        units.move_unit(unit(), TODAY, area_id=units.add_areas(rows)["stad"].id)
        units.rename_slug(unit(), "laseriet")
        db.session.commit()
    answer = client.get(f"/feeds/events.sv.ics?unit={LIBRARY}&area=norr&kind=language-cafe")
    assert answer.status_code == 301
    target = "/feeds/events.sv.ics?kind=language-cafe&area=stad&unit=laseriet"
    assert answer.headers["Location"] == target
    assert uids(client, target) == {made.uid}
    only = client.get(f"/feeds/events.sv.json?unit={LIBRARY}")
    assert only.headers["Location"] == "/feeds/unit-laseriet.sv.json"


def test_paths_of_scopes_and_filters(inside: Flask) -> None:
    filtered = wanted_scope({"audience": "adults", "kind": "language-cafe"}, TODAY)
    assert filtered is not None
    path = "/feeds/events.fi.atom?kind=language-cafe&audience=adults"
    assert feed_path(filtered, "fi", "atom") == path
    assert feed_path("all", "sv") == "/feeds/all.sv.ics"
    everything = wanted_scope({"page": "2", "kind": ""}, TODAY)
    assert everything is not None
    assert feed_path(everything, "sv", "json") == "/feeds/all.sv.json"
    assert wanted_scope({"unit": "nobody"}, TODAY) is None


def test_the_page_of_a_filter_leads_to_its_feed(client: Browser, make_event: Make) -> None:
    make_event(audiences=("adults",))
    query = f"kind=language-cafe&unit={LIBRARY}"
    page = client.get(f"/events?{query}&page=1&kund=x").text.replace("&amp;", "&")
    assert f'href="/subscribe?{query}"' in page
    for form in ("ics", "atom", "json"):
        assert f'href="/feeds/events.sv.{form}?{query}"' in page
        assert client.get(f"/feeds/events.sv.{form}?{query}").status_code == 200
    assert f"/feeds/events.sv.ics?{query}" in client.get(f"/subscribe?{query}").text.replace(
        "&amp;", "&"
    )
    assert client.get("/subscribe?unit=nobody").status_code == 404


# --- a filter's feed is what its page lists -----------------------------------------------


def scatter(rng: random.Random) -> None:
    """Gives events of the programme what filters ask for."""
    kinds = [kind.id for kind in db.session.query(EventKind).limit(4)]
    hosts, rooms = db.session.query(Unit).all(), db.session.query(Place).all()
    area = units.add_areas([{"slug": "norr", "names": {"sv": "Norr"}}])["norr"]
    units.move_unit(unit(PRESCHOOL), date(2026, 1, 1), area_id=area.id)
    for event in db.session.query(Event):
        event.kind_id = rng.choice(kinds)
        event.unit_id = rng.choice(hosts).id
        event.place_id = rng.choice([*rooms, None]) and rng.choice(rooms).id
        event.languages = tuple(rng.sample(["sv", "en", "rmn-arli"], rng.randint(0, 2)))
        event.audiences = tuple(rng.sample(["adults", "children", "seniors"], rng.randint(0, 2)))
        event.age_from, event.age_unit = rng.choice([(None, "years"), (7, "years"), (3, "months")])
        event.co_hosts = [one for one in hosts if rng.random() < 0.2 and one.id != event.unit_id]
        event.search = rng.choice(["sprakkafe", "bokprat sprakkafe", "slojd"])
    db.session.flush()


def some_filter(rng: random.Random) -> dict[str, str]:
    """A random filter of one to three things."""
    slugs = {
        "kind": [kind.slug for kind in db.session.query(EventKind).limit(4)],
        "unit": [one.slug for one in db.session.query(Unit)],
        "place": [one.slug for one in db.session.query(Place)],
        "area": [one.slug for one in db.session.query(Area)],
        "language": ["sv", "en", "rmn-arli", "fi"],
        "audience": ["adults", "children", "seniors", "young"],
        "q": ["sprakkafe", "bokprat", "slöjd"],
        "from": ["2026-11-01", "2027-01-10"],
        "to": ["2026-12-01", "2027-03-28"],
    }
    return {what: rng.choice(slugs[what]) for what in rng.sample(list(slugs), rng.randint(1, 3))}


def instant(text: str, zone: str) -> datetime:
    if "T" in text:
        return datetime.fromisoformat(text)
    return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_filter_s_feed_holds_what_its_page_lists(
    city: Flask, client: Browser, freeze: Freeze, engine: str
) -> None:
    """For random filters over a random programme, date by date, in the window of both."""
    freeze(PROGRAMME_NOW)
    rng, zone = random.Random(5), ZoneInfo(ZONE)
    with city.app_context():
        begin_write()
        build(21, 60)
        scatter(rng)
        db.session.commit()
        tries = [some_filter(rng) for _ in range(30 if engine == "sqlite" else 15)]
        zones = {event.uid: event.zone for event in db.session.query(Event)}
    sizes = []
    for args in tries:
        with city.app_context():
            found = asked(args)
            day = PROGRAMME_NOW.astimezone(zone).date()
            first, last = found.wanted.from_on, found.wanted.to_on
            if first and last and last < first:
                continue
            since, until = window(day, zone)
            if first:
                since = max(since, datetime.combine(first, time(), zone).astimezone(UTC))
            if last:
                end = datetime.combine(last + timedelta(days=1), time(), zone)
                until = min(until, end.astimezone(UTC))
            rows = queries.listed(found.wanted, since, until, day, limit=5000)
            listed = {(row.event.uid, row.starts_at) for row in rows}
        path = "/feeds/events.sv.{form}?" + urlencode(args)
        told = client.get(path.format(form="json")).json
        assert told["complete"]
        starts = {(d["event"], instant(d["starts"], zones[d["event"]])) for d in told["dates"]}
        assert starts == listed, args
        # The calendar holds series whole: of their dates, those in the window are the same.
        feed = client.get(path.format(form="ics")).data
        shown = {
            (one["uid"], instant(one["start"], zones[one["uid"]]))
            for one in by_python(feed, since - timedelta(days=40), until)
        }
        assert {pair for pair in shown if pair[0] in {uid for uid, _ in listed}} >= listed, args
        assert {uid for uid, _ in shown} >= {uid for uid, _ in listed}
        assert {e for e, at in shown if since <= at} <= {uid for uid, _ in listed}, args
        sizes.append(len(listed))
    assert sum(size > 0 for size in sizes) > len(tries) // 3, "the filters find something"
    assert sum(size == 0 for size in sizes) > 0, "and some find nothing"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_page_itself_lists_what_the_feed_holds(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    """The same once more through the pages, from today on."""
    story = make_event(WEEKLY, kind="story-time", audiences=("children",), titles={"sv": "Saga"})
    make_event(WEEKLY, audiences=("adults",), titles={"sv": "Vuxna"})
    for query in ("kind=story-time&from=2026-12-01&to=2027-01-10", "audience=children&q=saga"):
        page = client.get(f"/events?{query}").text
        told: list[dict[str, Any]] = client.get(f"/feeds/events.sv.json?{query}").json["dates"]
        assert told
        for one in told:
            assert one["event"] == story.uid
            assert one["url"].removeprefix("http://127.0.0.1:8000") in page
        with city.app_context():
            rows = db.session.query(Occurrence).filter_by(event_id=story.id)
            listed = [row for row in rows if f"/events/{story.slug}/{row.key}" in page]
        assert len(listed) == len(told)

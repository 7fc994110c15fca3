"""Atom and JSON: what they must hold, what they may not, and how they are fetched."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import translator
from portal.events import actions, changing, queries
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Series, wall
from portal.feeds import listing
from portal.feeds.atom import AtomEntry, AtomFeed, atom
from tests.feeds.programme import NOW as PROGRAMME_NOW
from tests.feeds.programme import UNTIL, build
from tests.support.factories import NOW, WEEKLY, ZONE, Made, details, place, unit
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser

Make = Callable[..., Made]
Freeze = Callable[[datetime], None]
ATOM = "{http://www.w3.org/2005/Atom}"
NASTY = "\x00\x07\x0b\x1b\x7f\x85\u2028\ufeff\r\n\t]]>&<b>\"'ä\u202e☕\ufffe"
BASE = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def today(freeze: Freeze) -> None:
    freeze(NOW)


def read_atom(raw: bytes) -> ElementTree.Element:
    """A feed, held to what RFC 4287 asks: 4.1.1, 4.1.2, 3.3 and 4.2.7."""
    root = ElementTree.fromstring(raw)
    assert root.tag == f"{ATOM}feed"
    _has(root, "id", "title", "updated")
    assert root.findall(f"{ATOM}author"), "every entry would need one of its own"
    for author in root.iter(f"{ATOM}author"):
        assert author.findtext(f"{ATOM}name")
    links = {(one.get("rel"), one.get("type")) for one in root.findall(f"{ATOM}link")}
    assert ("self", "application/atom+xml") in links
    assert len(links) == len(root.findall(f"{ATOM}link"))
    ids = [_text(one, "id") for one in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids)), "no entry twice"
    for entry in root.findall(f"{ATOM}entry"):
        _has(entry, "id", "title", "updated", "summary")
        (link,) = entry.findall(f"{ATOM}link")
        assert (link.get("rel"), link.get("type")) == ("alternate", "text/html")
        for category in entry.iter(f"{ATOM}category"):
            assert category.get("term")
            assert category.get("label")
    for moment in root.iter(f"{ATOM}updated"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment.text or "")
    for one in root.iter(f"{ATOM}id"):
        assert (one.text or "").startswith("urn:uuid:")
        UUID((one.text or "").removeprefix("urn:uuid:"))
    return root


def _has(node: ElementTree.Element, *names: str) -> None:
    for name in names:
        assert len(node.findall(ATOM + name)) == 1, f"{node.tag} has one {name}"
        assert (node.findtext(ATOM + name) or "").strip(), name


def _text(node: ElementTree.Element, name: str) -> str:
    return node.findtext(ATOM + name) or ""


def entries(client: Browser, path: str = "/feeds/all.sv.atom") -> dict[str, Any]:
    root = read_atom(client.get(path).data)
    return {_text(one, "id").removeprefix("urn:uuid:"): one for one in root.iter(f"{ATOM}entry")}


def dates(client: Browser, path: str = "/feeds/all.sv.json") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(path).json["dates"]
    return found


def change(city: Flask, made: Made, act: Callable[[Any], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        act(event)
        db.session.commit()


def row(event: Any, number: int) -> Any:
    return sorted(event.occurrences, key=lambda one: one.recurrence_id)[number]


# --- answers, the same for both -----------------------------------------------------------

BOTH = pytest.mark.parametrize(
    ("form", "mime"),
    [("atom", "application/atom+xml; charset=utf-8"), ("json", "application/json")],
)


@BOTH
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_fetched_like_a_calendar(
    client: Browser, city: Flask, make_event: Make, form: str, mime: str, engine: str
) -> None:
    made, path = make_event(WEEKLY), f"/feeds/unit-{LIBRARY}.sv.{form}"
    first, second = client.get(path), client.get(f"{path}?again")
    assert (first.status_code, first.headers["Content-Type"]) == (200, mime)
    assert first.data == second.data
    assert first.headers["Cache-Control"] == "public, max-age=900, stale-if-error=86400"
    assert first.headers["Content-Language"] == "sv"
    assert "Set-Cookie" not in first.headers
    by_etag = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (by_etag.status_code, by_etag.data) == (304, b"")
    by_date = client.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (by_date.status_code, by_date.data) == (304, b"")
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(small.data) == first.data
    assert small.headers["ETag"] != first.headers["ETag"]
    assert dict(client.head(path).headers) == dict(first.headers)
    change(city, made, lambda e: actions.change(e, details(titles={"sv": "Nytt namn"})))
    third = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert third.status_code == 200
    assert "Nytt namn" in third.text
    moved = [parsedate_to_datetime(one.headers["Last-Modified"]) for one in (first, third)]
    assert moved[1] > moved[0]


@pytest.mark.parametrize("form", ["ics", "atom", "json"])
def test_other_sites_pages_may_read_a_public_feed(
    client: Browser, make_event: Make, form: str
) -> None:
    """It is the same for everybody and sent without a cookie, so there is nothing to take."""
    make_event()
    for path in (f"/feeds/all.sv.{form}", f"/feeds/events.sv.{form}?audience=adults"):
        answer = client.get(path, headers={"Origin": "https://library.example"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in client.get("/events").headers


@BOTH
def test_an_empty_scope_is_a_valid_feed(client: Browser, form: str, mime: str) -> None:
    answer = client.get(f"/feeds/kind-story-time.sv.{form}")
    assert answer.status_code == 200
    if form == "atom":
        assert not list(read_atom(answer.data).iter(f"{ATOM}entry"))
    else:
        assert answer.json["dates"] == []


# --- Atom ---------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_entry_says_what_where_and_when_next(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    made = make_event(WEEKLY, directed_to={"sv": "Kanariefåglar"}, cost={"sv": "20 kr"})
    change(city, made, lambda e: changing.cancel_date(row(e, 1), {"sv": "Värden är sjuk."}))
    change(
        city,
        made,
        lambda e: changing.move_date(
            row(e, 2), datetime(2026, 12, 10, 18), datetime(2026, 12, 10, 19), {}
        ),
    )
    entry = entries(client)[made.uid]
    assert _text(entry, "title") == "Språkcafé"
    (link,) = entry.findall(f"{ATOM}link")
    assert link.get("href") == f"{BASE}/events/{made.slug}"
    (category,) = entry.findall(f"{ATOM}category")
    assert (category.get("term"), category.get("label")) == ("language-cafe", "Språkcafé")
    lines = _text(entry, "summary").split("\n")
    assert lines[0] == "Onsdag 25 november kl. 17.00–18.30."
    assert lines[1] == "Onsdag 2 december kl. 17.00–18.30. Inställt. Värden är sjuk."
    assert lines[2] == "Torsdag 10 december kl. 18.00–19.00. Ny tid."
    assert lines[3] == "", "three dates, no more"
    assert "Exempelbiblioteket, Torggatan 5, 555 01 Exempelköping" in lines
    assert "Kom och öva svenska." in lines
    assert "Kanarie" not in _text(entry, "summary")
    with city.app_context():
        event = db.session.get_one(Event, made.id)
        assert _text(entry, "updated") == f"{event.revised_at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_cancelled_event_says_so(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    change(city, made, lambda e: actions.cancel(e, {"sv": "Vattenskada."}))
    entry = entries(client)[made.uid]
    assert _text(entry, "title") == "INSTÄLLT: Språkcafé"
    assert _text(entry, "summary").startswith("Vattenskada.")


def test_an_event_of_another_language_is_marked(client: Browser, make_event: Make) -> None:
    made = make_event()
    lang = "{http://www.w3.org/XML/1998/namespace}lang"
    assert lang not in entries(client, "/feeds/all.en.atom")[made.uid].attrib
    assert entries(client, "/feeds/all.fi.atom")[made.uid].get(lang) == "sv"
    assert read_atom(client.get("/feeds/all.fi.atom").data).get(lang) == "fi"


def test_a_feed_s_identity_stays_and_its_time_never_falls(
    client: Browser, city: Flask, make_event: Make, freeze: Freeze
) -> None:
    one, other = make_event(WEEKLY), make_event()
    seen = []

    def look() -> str:
        path = f"/feeds/unit-{LIBRARY}.sv.atom?{len(seen)}"
        root = read_atom(client.get(path).data)
        seen.append(_text(root, "updated"))
        (own,) = (
            link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"
        )
        assert own == f"{BASE}/feeds/unit-{LIBRARY}.sv.atom"
        return _text(root, "id")

    first = look()
    change(city, one, lambda e: actions.change(e, details(titles={"sv": "Nytt"})))
    assert look() == first
    # The newest leaves the feed: its host is hidden from now on.
    hiding = {"visibility": "without_place", "phone": "0555-1"}
    change(city, one, lambda e: actions.change(e, details(**hiding)))
    assert look() == first
    freeze(NOW + timedelta(days=70))
    assert look() == first
    assert other.uid not in client.get(f"/feeds/unit-{LIBRARY}.sv.atom?gone").text
    assert seen == sorted(seen)
    assert len(set(seen)) == 3, "nothing changed at the end but the day"
    ids = {_text(read_atom(client.get(f"/feeds/all.{k}.atom").data), "id") for k in ("sv", "en")}
    assert len(ids | {first}) == 3


def test_the_newest_change_comes_first(client: Browser, city: Flask, make_event: Make) -> None:
    one, other = make_event(), make_event(WEEKLY)
    change(city, one, lambda e: actions.change(e, details(titles={"sv": "Nytt"})))
    assert list(entries(client)) == [one.uid, other.uid]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
WHEN = datetime.fromisoformat("2026-11-20T09:00:00+00:00")


@given(texts, texts)
def test_any_text_makes_sound_xml(title: str, summary: str) -> None:
    for one, other in ((title, summary), (NASTY, NASTY)):
        entry = AtomEntry("3f0c2b6e" * 4, one, "sv", BASE, other, WHEN, ("x", one))
        feed = AtomFeed("a" * 32, one, other, "sv", one, BASE, f"{BASE}?a=b&c", WHEN)
        root = ElementTree.fromstring(atom(feed, [entry]))
        (found,) = root.iter(f"{ATOM}entry")
        said = re.sub(r"\s", "", _text(found, "title"))
        assert set(said) <= set(re.sub(r"\s", "", _nfc(one)))


def _nfc(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)


# --- JSON ---------------------------------------------------------------------------------


def test_the_envelope(client: Browser, make_event: Make) -> None:
    made = make_event()
    told = client.get(f"/feeds/unit-{LIBRARY}.en.json").json
    assert list(told) == ["version", "name", "language", "updated", "page", "complete", "dates"]
    assert told["version"] == 1
    assert told["name"] == "Exempelbiblioteket – Meeting places"
    assert told["language"] == "en"
    assert told["page"] == f"{BASE}/en/units/{LIBRARY}"
    assert told["complete"] is True
    pages = {
        "all": "/events",
        "kind-language-cafe": "/events?kind=language-cafe",
        f"place-{LIBRARY}": f"/places/{LIBRARY}",
        f"event-{made.slug}": f"/events/{made.slug}",
        "language-sv": "/events?language=sv",
    }
    for scope, page in pages.items():
        assert client.get(f"/feeds/{scope}.sv.json").json["page"] == BASE + page
        assert client.get(page).status_code == 200
    filtered = client.get("/feeds/events.sv.json?audience=adults&q=kom").json["page"]
    assert filtered == f"{BASE}/events?audience=adults&q=kom"


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_one_date_whole(client: Browser, city: Flask, make_event: Make, engine: str) -> None:
    made = make_event(
        WEEKLY,
        age_from=7,
        age_unit="years",
        cost={"sv": "20 kr"},
        audiences=("children", "families"),
        languages=("sv", "rmn-arli"),
        directed_to={"sv": "Kanariefåglar"},
        sign_up="phone",
        phone="0555-1",
        co_host_ids=lambda: (unit(PRESCHOOL).id,),
    )
    change(
        city,
        made,
        lambda e: changing.move_date(
            row(e, 0),
            datetime(2026, 11, 26, 18),
            datetime(2026, 11, 26, 19, 30),
            {"sv": "Vi börjar senare."},
        ),
    )
    found = dates(client)
    assert [one["starts"][:10] for one in found] == sorted(one["starts"][:10] for one in found)
    assert "Kanarie" not in json.dumps(found, ensure_ascii=False)
    assert found[0] == {
        "id": f"{made.uid}-20261125T1700",
        "event": made.uid,
        "title": "Språkcafé",
        "language": "sv",
        "text": "Kom och öva svenska.",
        "starts": "2026-11-26T18:00:00+01:00",
        "ends": "2026-11-26T19:30:00+01:00",
        "all_day": False,
        "status": "confirmed",
        "moved": True,
        "original_start": "2026-11-25T17:00:00+01:00",
        "note": "Vi börjar senare.",
        "where": "Exempelbiblioteket, Torggatan 5, 555 01 Exempelköping",
        "place": {
            "name": "Exempelbiblioteket",
            "address": "Torggatan 5, 555 01 Exempelköping",
            "lat": 59.3293,
            "lon": 18.0686,
        },
        "hosts": ["Exempelbiblioteket", "Ekorrens öppna förskola"],
        "kind": {"key": "language-cafe", "name": "Språkcafé"},
        "languages": ["sv", "rmn-arli"],
        "audiences": ["children", "families"],
        "ages": {"from": 7, "to": None, "unit": "years"},
        "cost": "20 kr",
        "sign_up": "Anmäl dig per telefon: 0555-1",
        "url": f"{BASE}/events/{made.slug}/2026-11-25",
        "ics": f"{BASE}/events/{made.slug}/2026-11-25.ics",
    }
    assert client.get(found[0]["url"]).status_code == 200
    assert client.get(found[0]["ics"]).mimetype == "text/calendar"


def test_states_of_dates(client: Browser, city: Flask, make_event: Make) -> None:
    series, waits = make_event(WEEKLY), make_event(is_preliminary=True)
    change(city, series, lambda e: changing.cancel_date(row(e, 0), {"sv": "Sjuk."}))
    told = {one["id"]: one for one in dates(client)}
    off = told[f"{series.uid}-20261125T1700"]
    assert (off["status"], off["note"], off["sign_up"]) == ("cancelled", "Sjuk.", "")
    assert off["moved"] is False
    assert told[f"{series.uid}-20261202T1700"]["status"] == "confirmed"
    assert told[f"{waits.uid}-20261125T1700"]["status"] == "preliminary"


def test_whole_days_are_days_and_the_last_is_included(client: Browser, make_event: Make) -> None:
    start = datetime(2026, 12, 5)
    make_event(Series(start, start + timedelta(days=2), ZONE, is_all_day=True))
    (one,) = dates(client)
    assert (one["starts"], one["ends"], one["all_day"]) == ("2026-12-05", "2026-12-06", True)


def test_a_hidden_place_is_null_and_so_are_its_hosts(client: Browser, make_event: Make) -> None:
    make_event(visibility="without_place", phone="0555-1", host_note={"sv": "Anna tar emot"})
    (one,) = dates(client)
    assert one["place"] is None
    assert one["hosts"] == []
    assert one["where"] == "Ring 0555-1 så får du veta var det är"
    assert "Anna" not in json.dumps(one)
    assert "Exempelbiblioteket" not in json.dumps(one)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_rows_and_json_agree(city: Flask, client: Browser, freeze: Freeze, engine: str) -> None:
    """A random programme: every row in the window, and nothing else, as it stands."""
    freeze(PROGRAMME_NOW)
    with city.app_context():
        begin_write()
        build(31, 60)
        db.session.commit()
        since = PROGRAMME_NOW.replace(hour=22) - timedelta(days=61)
        wanted = {}
        for one in db.session.query(Occurrence).filter(Occurrence.is_listed.is_(True)):
            zone = one.event.zone
            if one.ends_at > since and one.starts_at < UNTIL:
                starts = wall(one.starts_at, zone)
                off = one.status == "cancelled"
                open_ = "preliminary" if one.event.is_preliminary else "confirmed"
                wanted[f"{one.event.uid}-{one.recurrence_id:%Y%m%dT%H%M}"] = (
                    starts.date().isoformat() if one.event.is_all_day else starts.isoformat(),
                    "cancelled" if off else open_,
                    one.is_override and starts != one.recurrence_id,
                )
    found = {
        one["id"]: (one["starts"][:19], one["status"], one["moved"])
        for one in dates(client)
        if one["starts"][:10] < UNTIL.date().isoformat()
    }
    assert found == {
        key: value for key, value in wanted.items() if value[0][:10] < UNTIL.date().isoformat()
    }
    assert len(found) > 300


def test_a_long_list_ends_and_says_so(
    client: Browser, make_event: Make, freeze: Freeze, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has been is left out before anything that comes."""
    monkeypatch.setattr(listing, "MOST_DATES", 3)
    made = make_event(WEEKLY)

    def told(day: str, query: str) -> tuple[list[str], bool]:
        freeze(datetime.fromisoformat(f"{day}T09:00:00+00:00"))
        answer = client.get(f"/feeds/all.sv.json?{query}").json
        return [one["starts"][:10] for one in answer["dates"]], answer["complete"]

    days = list(made.keys)
    assert told("2026-11-20", "a") == (days[:3], False)
    assert told("2027-01-14", "b") == (days[-3:], False), "two to come, and the one before them"
    monkeypatch.setattr(listing, "MOST_DATES", len(days))
    assert told("2027-01-14", "c") == (days, True)


@pytest.mark.parametrize("form", ["atom", "json"])
def test_a_list_asks_as_often_for_three_as_for_one(
    client: Browser, city: Flask, make_event: Make, form: str
) -> None:
    from sqlalchemy import event as events

    asked: list[str] = []
    with city.app_context():
        engine = db.engine

    @events.listens_for(engine, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    counts = []
    for number in (1, 2):
        for _ in range(number):
            make_event(WEEKLY, co_host_ids=lambda: (unit(PRESCHOOL).id,))
        asked.clear()
        client.get(f"/feeds/all.sv.{form}?{number}")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_new_place_is_in_both(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    with city.app_context():
        begin_write()
        event = db.session.get_one(Event, made.id)
        row(event, 0).place_id = place(PRESCHOOL).id
        row(event, 1).titles = {"sv": "Julfest"}
        db.session.commit()
    told = {one["starts"][:10]: one for one in dates(client)}
    assert told["2026-11-25"]["place"]["name"] == "Ekorrens öppna förskola"
    assert told["2026-12-02"]["title"] == "Julfest"
    new = translator("sv")("New place: %(where)s") % {"where": "Ekorrens öppna förskola"}
    assert new in _text(entries(client)[made.uid], "summary")

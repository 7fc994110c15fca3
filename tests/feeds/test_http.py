"""Feeds as calendar programs fetch them: addresses, 304, gzip, HEAD, Last-Modified."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import event as events
from werkzeug.test import TestResponse

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import languages
from portal.events import actions, queries
from portal.feeds import showing
from portal.feeds.models import RenderedEvent
from portal.feeds.texts import rendered
from portal.units import actions as units
from portal.units.models import Area, Unit
from tests.support.factories import NOW, TODAY, WEEKLY, Made, details, unit
from tests.support.portal_app import Browser

ALL = "/feeds/all.sv.ics"
# The shelf goes by the real clock, so a test that stops the clock elsewhere asks with another
# query each time: feeds do not care, and the shelf takes it for another address.
Make = Callable[..., Made]
Freeze = Callable[[datetime], None]


@pytest.fixture(autouse=True)
def today(freeze: Freeze) -> None:
    freeze(NOW)


def change(city: Flask, made: Made, act: Callable[[Any], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        act(event)
        db.session.commit()


def retitle(title: str) -> Callable[[Any], None]:
    return lambda event: actions.change(event, details(titles={"sv": title}))


def modified(answer: TestResponse) -> datetime:
    return parsedate_to_datetime(answer.headers["Last-Modified"])


# --- answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_two_fetches_are_equal_and_the_second_may_be_304(
    client: Browser, make_event: Make, engine: str
) -> None:
    make_event(WEEKLY)
    first, second = client.get(ALL), client.get(ALL)
    assert first.status_code == 200
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"]
    rendered.clear()
    fresh = client.application.test_client().get(ALL + "?again")
    assert fresh.data == first.data, "rendered anew, byte for byte the same"
    by_etag = client.get(ALL, headers={"If-None-Match": first.headers["ETag"]})
    assert (by_etag.status_code, by_etag.data) == (304, b"")
    assert by_etag.headers["ETag"] == first.headers["ETag"]
    by_date = client.get(ALL, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (by_date.status_code, by_date.data) == (304, b"")


def test_if_none_match_decides_alone(client: Browser, make_event: Make) -> None:
    make_event()
    first = client.get(ALL)
    headers = {"If-None-Match": '"other"', "If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get(ALL, headers=headers).status_code == 200
    weak = {"If-None-Match": f'"other", W/{first.headers["ETag"]}'}
    assert client.get(ALL, headers=weak).status_code == 304
    for nonsense in ("yesterday", "", "Sat, 99 Foo 2026 00:00:00 GMT"):
        assert client.get(ALL, headers={"If-Modified-Since": nonsense}).status_code == 200
    earlier = {"If-Modified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}
    assert client.get(ALL, headers=earlier).status_code == 200


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_after_a_change_nobody_is_told_that_nothing_changed(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    made = make_event(WEEKLY)
    first = client.get(ALL)
    change(city, made, retitle("Nytt namn"))
    headers = {"If-None-Match": first.headers["ETag"]}
    second = client.get(ALL, headers=headers)
    assert second.status_code == 200
    assert "Nytt namn" in second.text
    assert modified(second) > modified(first)
    since = client.get(ALL, headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert since.status_code == 200


def test_a_change_in_the_same_second_is_seen_by_date_too(
    client: Browser, city: Flask, make_event: Make
) -> None:
    """Last-Modified has seconds only; a change moves it by one at least."""
    made, seen = make_event(), []
    for number in range(4):
        change(city, made, retitle(f"Namn {number}"))
        seen.append(modified(client.get(ALL)))
    assert seen == sorted(set(seen))


def test_last_modified_moves_with_the_window_and_never_falls(
    client: Browser, make_event: Make, city: Flask, freeze: Freeze
) -> None:
    made = make_event(WEEKLY)
    seen = [modified(client.get(ALL))]
    change(city, made, lambda event: actions.cancel(event, {}))
    seen.append(modified(client.get(ALL)))
    for days in range(1, 5):
        freeze(NOW + timedelta(days=days))
        seen.append(modified(client.get(f"{ALL}?day={days}")))
    assert seen == sorted(seen)
    # The window moved at midnight in Stockholm.
    assert seen[-1].isoformat() == "2026-11-23T23:00:00+00:00"


def test_gzip_has_an_etag_of_its_own(client: Browser, make_event: Make) -> None:
    make_event(WEEKLY)
    plain = client.get(ALL)
    small = client.get(ALL, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert int(small.headers["Content-Length"]) == len(small.data) < len(plain.data)
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Encoding" in small.headers["Vary"]
    assert small.data == client.get(ALL, headers={"Accept-Encoding": "gzip"}).data
    again = {"Accept-Encoding": "gzip", "If-None-Match": small.headers["ETag"]}
    assert client.get(ALL, headers=again).status_code == 304


def test_head_is_get_without_the_body(client: Browser, make_event: Make) -> None:
    make_event(WEEKLY)
    got, head = client.get(ALL), client.head(ALL)
    assert (head.status_code, head.data) == (200, b"")
    assert dict(head.headers) == dict(got.headers)


def test_a_feed_is_cached_openly_and_sets_no_cookie(client: Browser, make_event: Make) -> None:
    make_event()
    client.sign_in("editor@small.example")
    answer = client.get(ALL)
    assert answer.headers["Cache-Control"] == "public, max-age=900, stale-if-error=86400"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_get_writes_nothing(client: Browser, city: Flask, make_event: Make, engine: str) -> None:
    made = make_event(WEEKLY)
    written: list[str] = []
    with city.app_context():
        database = db.engine

    @events.listens_for(database, "before_cursor_execute")
    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("SELECT", "PRAGMA", "BEGIN DEFERRED")):
            written.append(statement)

    for path in (ALL, f"/feeds/event-{made.slug}.en.ics", f"/events/{made.slug}/{made.key}.ics"):
        assert client.get(path).status_code == 200
    assert written == []
    with city.app_context():
        assert db.session.query(RenderedEvent).count() == 0


# --- stored texts -------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_stored_texts_give_the_same_bytes(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    made = make_event(WEEKLY)
    make_event(status="cancelled")
    paths = [f"/feeds/all.{key}.ics" for key in ("sv", "en", "fi")]
    in_memory = [client.get(path).data for path in paths]
    with city.app_context():
        done = dict(jobs.tick())
        assert done["store feed texts"] == "6 texts stored"
        assert db.session.query(RenderedEvent).count() == 6
        # What was stored is what is read: a mark in the stored text shows in the feed.
        rendered.clear()
    assert [client.get(path + "?stored").data for path in paths] == in_memory
    with city.app_context():
        begin_write()
        row = db.session.get_one(RenderedEvent, (made.id, "sv"))
        row.body = row.body.replace(b"STATUS:CONFIRMED", b"STATUS:TENTATIVE")
        db.session.commit()
        rendered.clear()
    assert b"STATUS:TENTATIVE" in client.get(ALL + "?marked").data
    # A change makes the stored text old at once, before the next tick.
    change(city, made, retitle("Nytt namn"))
    assert "Nytt namn" in client.get(ALL).text
    assert b"STATUS:TENTATIVE" not in client.get(ALL).data
    with city.app_context():
        assert dict(jobs.tick())["store feed texts"] == "3 texts stored"
        assert dict(jobs.tick())["store feed texts"] == "0 texts stored"


def test_what_an_older_software_stored_is_not_served(
    client: Browser, city: Flask, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_event()
    with city.app_context():
        list(jobs.tick())
        begin_write()
        row = db.session.get_one(RenderedEvent, (made.id, "sv"))
        row.body = row.body.replace(b"STATUS:CONFIRMED", b"STATUS:OLD")
        db.session.commit()
    rendered.clear()
    assert b"STATUS:OLD" in client.get(ALL + "?now").data, "the control"
    monkeypatch.setattr(showing, "FORMAT", showing.FORMAT + 1)
    rendered.clear()
    assert b"STATUS:OLD" not in client.get(ALL + "?newer").data


def test_a_tick_does_not_make_cached_pages_old(
    client: Browser, city: Flask, make_event: Make
) -> None:
    make_event(WEEKLY)
    before = client.get(ALL)
    with city.app_context():
        list(jobs.tick())
    after = client.get(ALL)
    assert after.headers["Last-Modified"] == before.headers["Last-Modified"]


# --- addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/feeds/nothing.sv.ics",
        "/feeds/unit-.sv.ics",
        "/feeds/unit-nowhere.sv.ics",
        "/feeds/kind-nothing.sv.ics",
        "/feeds/area-nowhere.sv.ics",
        "/feeds/event-nothing.sv.ics",
        "/feeds/all.xx.ics",
        "/feeds/all.sv-SE.ics",
    ],
)
def test_an_unknown_scope_is_404(client: Browser, path: str) -> None:
    """Never 410: Thunderbird would switch the calendar off (feeds.md 2.17)."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_renamed_unit_s_feed_leads_on_for_ever(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    made = make_event()
    with city.app_context():
        begin_write()
        units.rename_slug(unit(), "nya-biblioteket")
        db.session.commit()
    answer = client.get("/feeds/unit-exempelbiblioteket.en.ics")
    assert (answer.status_code, answer.headers["Location"]) == (
        301,
        "/feeds/unit-nya-biblioteket.en.ics",
    )
    assert made.uid in client.get(answer.headers["Location"]).text


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_an_ended_area_s_feed_leads_to_its_successor(
    client: Browser, city: Flask, engine: str
) -> None:
    with city.app_context():
        begin_write()
        rows = [
            {"slug": "norr", "names": {"sv": "Norr"}, "ends_on": TODAY, "successor": "stad"},
            {"slug": "stad", "names": {"sv": "Stad"}},
        ]
        units.add_areas(rows)
        db.session.commit()
    # The last day still counts.
    assert client.get("/feeds/area-norr.sv.ics").status_code == 200
    with city.app_context():
        begin_write()
        db.session.query(Area).filter_by(slug="norr").one().ends_on = TODAY - timedelta(days=1)
        db.session.commit()
    answer = client.get("/feeds/area-norr.sv.ics")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/feeds/area-stad.sv.ics")


@pytest.mark.parametrize("scope", ["all", "kind-language-cafe", "unit-exempelbiblioteket"])
def test_an_empty_scope_is_a_valid_calendar(client: Browser, scope: str) -> None:
    answer = client.get(f"/feeds/{scope}.sv.ics")
    assert answer.status_code == 200
    calendar = Calendar.from_ical(answer.data)
    assert calendar["VERSION"] == "2.0"
    assert calendar.walk("VEVENT") == []
    assert answer.data.endswith(b"END:VCALENDAR\r\n")


def uids(answer: TestResponse) -> set[str]:
    return {str(e["UID"]) for e in Calendar.from_ical(answer.data).walk("VEVENT")}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_each_scope_holds_what_belongs_to_it(
    client: Browser, city: Flask, make_event: Make, engine: str
) -> None:
    with city.app_context():
        begin_write()
        areas = units.add_areas([{"slug": "norr", "names": {"sv": "Norr"}}])
        units.move_unit(unit(), TODAY, area_id=areas["norr"].id)
        preschool = unit("ekorrens-oppna-forskola").id
        db.session.commit()
    cafe = make_event(WEEKLY)
    story = make_event(kind="story-time", unit_id=preschool, place_id=None, elsewhere="Torget")
    together = make_event(
        kind="story-time",
        unit_id=preschool,
        place_id=None,
        elsewhere="Torget",
        co_host_ids=lambda: (unit().id,),
    )
    hidden = make_event(visibility="without_place", phone="0555-1")
    wanted = {
        "all": {cafe, story, together, hidden},
        "kind-story-time": {story, together},
        "kind-language-cafe": {cafe, hidden},
        "unit-exempelbiblioteket": {cafe, together},
        "unit-ekorrens-oppna-forskola": {story, together},
        "area-norr": {cafe, together},
        f"event-{hidden.slug}": {hidden},
    }
    for scope, members in wanted.items():
        found = uids(client.get(f"/feeds/{scope}.sv.ics"))
        assert found == {one.uid for one in members}, scope


def test_every_language_has_a_feed_with_the_same_events(client: Browser, make_event: Make) -> None:
    made = make_event(WEEKLY)
    make_event(status="cancelled")
    feeds = {key: client.get(f"/feeds/all.{key}.ics") for key in languages()}
    assert {answer.status_code for answer in feeds.values()} == {200}
    same = {frozenset(uids(answer)) for answer in feeds.values()}
    assert len(same) == 1
    for key, answer in feeds.items():
        assert answer.headers["Content-Language"] == languages()[key].tag
    assert "SUMMARY;LANGUAGE=en:Language café" in feeds["en"].text
    assert "SUMMARY;LANGUAGE=sv:Språkcafé" in feeds["fi"].text, "no Finnish text: Swedish, tagged"
    assert f"/en/events/{made.slug}" in feeds["en"].text.replace("\r\n ", "")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_one_date_can_be_downloaded(client: Browser, make_event: Make, prefix: str) -> None:
    made = make_event(WEEKLY)
    answer = client.get(f"{prefix}/events/{made.slug}/{made.keys[2]}.ics")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="2026-12-09.ics"'
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["DTSTART"].dt.isoformat() == "2026-12-09T17:00:00+01:00"
    assert "RRULE" not in event
    assert "RECURRENCE-ID" not in event
    assert str(event["UID"]) not in ("", made.uid)
    assert str(event["SUMMARY"]) == ("Language café" if prefix else "Språkcafé")
    # Outlook opens a file with a calendar name as a new calendar (feeds.md 2.12).
    assert b"X-WR-CALNAME" not in answer.data
    assert b"METHOD" not in answer.data


def test_an_events_feed_has_no_title_in_its_name(client: Browser, make_event: Make) -> None:
    """A title can tell about its reader what the reader would not."""
    made = make_event(titles={"sv": "Kanariefåglar"})
    name = str(
        Calendar.from_ical(client.get(f"/feeds/event-{made.slug}.sv.ics").data)["X-WR-CALNAME"]
    )
    assert name == "Språkcafé – Exempelbiblioteket – Mötesplatser"


def test_the_window_reaches_sixty_days_back_and_a_year_ahead(
    client: Browser, make_event: Make, freeze: Freeze
) -> None:
    made = make_event()
    for days, is_there in ((0, True), (60, True), (70, False)):
        freeze(NOW + timedelta(days=5 + days))
        assert (made.uid in client.get(f"{ALL}?day={days}").text) == is_there, days
    freeze(NOW - timedelta(days=380))
    assert made.uid not in client.get(f"{ALL}?day=before").text
    # Whoever subscribed to the event itself keeps it.
    assert made.uid in client.get(f"/feeds/event-{made.slug}.sv.ics").text


def test_a_series_is_written_whole(client: Browser, make_event: Make, freeze: Freeze) -> None:
    made = make_event(WEEKLY)
    freeze(NOW + timedelta(days=100))
    (event,) = (
        e for e in Calendar.from_ical(client.get(ALL).data).walk("VEVENT") if e["UID"] == made.uid
    )
    assert event["DTSTART"].dt.date().isoformat() == "2026-11-25"


def test_units_are_told_about_by_name(client: Browser, city: Flask, make_event: Make) -> None:
    """A unit's new name and telephone reach its events in the feed."""
    make_event()
    client.get(ALL)
    with city.app_context():
        begin_write()
        actions.change_unit(unit(), {"name": "Läshuset", "phone": "0555-77"})
        db.session.commit()
        assert db.session.query(Unit).filter_by(name="Läshuset").count() == 1
    text = client.get(ALL).text.replace("\r\n ", "")
    assert "CONTACT;LANGUAGE=sv:Läshuset\\, 0555-77" in text
    assert "Exempelbiblioteket" not in text

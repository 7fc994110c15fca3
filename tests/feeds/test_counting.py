"""Counting who fetches feeds: programs, never people; in memory first, then added up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.feeds import actions
from portal.feeds.actions import FETCH_DAYS, add_fetches, purge_fetches
from portal.feeds.counting import MOST, Counting, Counts, scope_of
from portal.feeds.finding import fetches
from portal.feeds.models import FeedFetch
from tests.support.factories import NOW, TODAY, WEEKLY
from tests.support.portal_app import LIBRARY, Browser
from tests.support.site import changed, stored

THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0"
BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
Make = Callable[..., Any]


def counted(app: Flask) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = app.extensions["feed_counts"].take()
    return found


def rows(app: Flask) -> dict[tuple[Any, ...], int]:
    with app.app_context():
        found = {
            (row.on, row.scope, row.client): row.count
            for row in db.session.scalars(select(FeedFetch))
        }
        db.session.rollback()
    return found


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/feeds/all.sv.ics", "all"),
        ("/feeds/unit-a-b.rmn-arli.ics", "unit-a-b"),
        ("/feeds/kind-x.en.atom", "kind-x"),
        ("/feeds/events.sv.ics", "events"),
        ("/feeds/quiet/s3cr3t.ics", "quiet"),
        ("/feeds/my/s3cr3t.ics", "my"),
        ("/feeds/other/thing.ics", ""),
        ("/feeds/", ""),
    ],
)
def test_what_an_address_is_counted_as(path: str, scope: str) -> None:
    assert scope_of(path) == scope
    assert "s3cr3t" not in scope_of(path)


def test_feeds_are_counted_and_nothing_else(city: Flask, client: Browser, make_event: Make) -> None:
    made = make_event(WEEKLY)
    first = client.get("/feeds/all.sv.ics", headers={"User-Agent": "Google-Calendar-Importer"})
    again = client.get("/en/feeds/all.en.ics", headers={"User-Agent": "Google-Calendar-Importer"})
    unchanged = client.get(
        "/feeds/all.sv.ics",
        headers={"User-Agent": THUNDERBIRD, "If-None-Match": first.headers["ETag"]},
    )
    assert (first.status_code, again.status_code, unchanged.status_code) == (200, 200, 304)
    client.get(
        f"/feeds/unit-{LIBRARY}.sv.ics", headers={"User-Agent": "iOS/26.6 (23G71) dataaccessd/1.0"}
    )
    # None of these: a head, what is not there, a page, a single date, a form.
    client.head("/feeds/all.sv.ics")
    assert client.get("/feeds/unit-nobody.sv.ics").status_code == 404
    assert client.get("/feeds/all.xx.ics").status_code == 404
    client.get("/subscribe")
    client.get(f"/events/{made.slug}/{made.key}.ics")
    client.post("/feeds/all.sv.ics")
    assert counted(city) == {
        ("all", "google"): 2,
        ("all", "thunderbird"): 1,
        (f"unit-{LIBRARY}", "apple"): 1,
    }
    assert counted(city) == {}, "taken is taken"


def test_what_the_shelf_answers_is_counted_too(
    city: Flask, client: Browser, make_event: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_event()
    etag = client.get("/feeds/all.sv.ics").headers["ETag"]
    counted(city)

    def nobody(*_: object) -> None:
        raise AssertionError("the shelf should have answered")

    monkeypatch.setattr(city, "full_dispatch_request", nobody)
    for _ in range(5):
        assert client.get("/feeds/all.sv.ics", headers={"If-None-Match": etag}).status_code == 304
    assert sum(counted(city).values()) == 5


def test_a_fetch_writes_nothing(city: Flask, client: Browser, make_event: Make) -> None:
    make_event()
    before = stored(city, leave_out=frozenset())
    for _ in range(3):
        client.get("/feeds/all.sv.ics", headers={"User-Agent": THUNDERBIRD})
    assert changed(before, stored(city, leave_out=frozenset())) == []


@BOTH
def test_the_background_work_writes_what_was_counted(
    city: Flask, client: Browser, freeze: Callable[..., None]
) -> None:
    freeze(NOW)
    for _ in range(3):
        client.get("/feeds/all.sv.ics", headers={"User-Agent": THUNDERBIRD})
    with city.app_context():
        results = dict(jobs.tick())
        db.session.remove()
    assert results["store feed fetches"] == "3 fetches counted, 0 old counts removed"
    assert rows(city) == {(TODAY, "all", "thunderbird"): 3}
    client.get("/feeds/all.sv.ics", headers={"User-Agent": THUNDERBIRD})
    with city.app_context():
        list(jobs.tick())
        list(jobs.tick())
        db.session.remove()
    assert rows(city) == {(TODAY, "all", "thunderbird"): 4}, "added once, however often it runs"


@BOTH
def test_processes_add_up_and_old_counts_go(city: Flask, freeze: Callable[..., None]) -> None:
    freeze(NOW)
    old, kept = TODAY - timedelta(days=FETCH_DAYS + 1), TODAY - timedelta(days=FETCH_DAYS)
    with city.app_context():
        begin_write()
        for on in (old, kept, TODAY):
            add_fetches({("all", "google"): 2, ("quiet", "apple"): 1}, on)
            add_fetches({("all", "google"): 5}, on)
        add_fetches({}, TODAY)
        db.session.commit()
        begin_write()
        assert purge_fetches(TODAY) == 2
        db.session.commit()
    assert rows(city) == {
        (on, *name): count
        for on in (kept, TODAY)
        for name, count in ((("all", "google"), 7), (("quiet", "apple"), 1))
    }


@BOTH
def test_the_last_fourteen_days_are_asked_for(city: Flask, freeze: Callable[..., None]) -> None:
    freeze(NOW)
    with city.app_context():
        begin_write()
        for days, number in ((0, 1), (13, 20), (14, 300)):
            add_fetches({("all", "google"): number}, TODAY - timedelta(days=days))
        add_fetches({("unit-other", "google"): 4}, TODAY)
        db.session.commit()
        assert fetches(["all"], TODAY) == {"all": {"google": 21}}


def test_what_cannot_be_written_is_put_back(
    city: Flask, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.get("/feeds/all.sv.ics")

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(actions, "add_fetches", fail)
    with city.app_context():
        results = dict(jobs.tick())
        db.session.remove()
    assert results["store feed fetches"].startswith("failed")
    assert sum(counted(city).values()) == 1


def test_threads_lose_no_count() -> None:
    counts = Counts()

    def work() -> None:
        for _ in range(2000):
            counts.one("all", "google")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts.take() == {("all", "google"): 16000}


def test_the_memory_is_bounded() -> None:
    counts = Counts()
    for number in range(MOST + 10):
        counts.one(f"event-{number}", "other")
    counts.one("event-1", "other")
    found = counts.take()
    assert len(found) == MOST
    assert found["event-1", "other"] == 2


def test_an_answer_that_is_no_feed_is_not_counted() -> None:
    """Errors, and redirects to a new name; and a program that sends no header at all."""
    counts = Counts()
    for status in ("301 MOVED", "404 NOT FOUND", "500 ERROR", "503 BUSY", "200 OK"):

        def app(_environ: Any, start_response: Any, status: str = status) -> list[bytes]:
            start_response(status, [])
            return []

        environ = {"PATH_INFO": "/feeds/quiet/s3cr3t.ics", "REQUEST_METHOD": "GET"}
        assert Counting(app, counts)(environ, lambda *_: None) == []
    assert counts.take() == {("quiet", "other"): 1}


@BOTH
def test_nothing_of_a_header_but_the_kind_is_kept(city: Flask, client: Browser) -> None:
    client.get("/feeds/all.sv.ics", headers={"User-Agent": f"{THUNDERBIRD} Kanariefågel/7"})
    with city.app_context():
        list(jobs.tick())
        db.session.remove()
    assert {client for _, _, client in rows(city)} == {"thunderbird"}
    with city.app_context():
        columns = {column.name for column in FeedFetch.__table__.columns}
    assert columns == {"on", "scope", "client", "count"}

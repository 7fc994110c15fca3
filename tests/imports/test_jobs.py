"""Addresses that are read every hour, from real servers on loopback, and runs that were stopped."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_network

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events.models import Event, Occurrence
from portal.imports import actions, beating, jobs, processing, queries, run_actions
from portal.imports.models import ImportRun, Source
from tests.support import factories
from tests.support.servers import Server, heard

START = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Exempel//sv\r\nX-WR-CALNAME:Exempelprogrammet\r\n"
)


def calendar(*days: int, title: str = "Handarbete") -> bytes:
    """A calendar with an event on each of these days of December."""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}@exempel.example\r\nDTSTAMP:20261101T080000Z\r\n"
        f"DTSTART;TZID=Europe/Stockholm:202612{day:02}T180000\r\n"
        f"DTEND;TZID=Europe/Stockholm:202612{day:02}T200000\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n"
        for day in days
    )
    return (START + events + "END:VCALENDAR\r\n").encode()


class Programme:
    """A server whose programme can be changed; it knows validators, as good servers do."""

    def __init__(self, body: bytes) -> None:
        self.body, self.is_down, self.asked = body, False, list[str]()
        self.etag = ""
        self.server = Server(self._act)

    def _act(self, connection: socket.socket) -> None:
        request = heard(connection)
        self.asked.append(request)
        if self.is_down:
            return
        known = self.etag and f'"{self.etag}"' in request
        tag = f'ETag: "{self.etag}"\r\n' if self.etag else ""
        status = "304 Not Modified" if known else "200 OK"
        body = b"" if known else self.body
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{tag}\r\n"
        connection.sendall(head.encode() + body)


@pytest.fixture
def here(inside: Flask) -> Flask:
    """The small city, which may fetch from loopback."""
    settings = inside.config["PORTAL_SETTINGS"]
    loopback = (ip_network("127.0.0.0/8"),)
    inside.config["PORTAL_SETTINGS"] = replace(settings, allowed_networks=loopback)
    return inside


@pytest.fixture
def programme() -> Iterator[Programme]:
    made = Programme(calendar(1, 8, 15))
    yield made
    made.server.stop()


def source_for(address: str) -> int:
    begin_write()
    source_id = actions.add_source("Exempel", factories.unit().id, address).id
    db.session.commit()
    return source_id


def newest(source_id: int) -> ImportRun:
    db.session.rollback()
    run = queries.newest_run(db.session.get_one(Source, source_id))
    assert run is not None
    return run


def runs_of(source_id: int) -> list[str]:
    db.session.rollback()
    return [run.state for run in queries.runs(db.session.get_one(Source, source_id), 50)][::-1]


def say_yes(source_id: int) -> None:
    run_id = newest(source_id).id
    processing.apply(run_id)


def dates(status: str = "confirmed") -> int:
    db.session.rollback()
    query = select(func.count()).select_from(Occurrence).join(Event)
    query = query.where(Event.titles["sv"].as_string().in_(("Handarbete", "Stickning")))
    return db.session.scalar(query.where(Occurrence.status == status)) or 0


def hour_later(freeze: Callable[[datetime], None], hours: int = 1) -> None:
    freeze(now() + timedelta(hours=hours))


def read() -> str:
    db.session.rollback()
    return jobs.read_addresses()


def take_up() -> str:
    db.session.rollback()
    return jobs.go_on_with_runs()


def test_the_first_plan_waits_for_a_yes_and_later_ones_do_not(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme
) -> None:
    source_id = source_for(programme.server.address)
    assert read() == "1 addresses asked, 0 failed"
    assert (newest(source_id).state, dates()) == ("planned", 0)
    hour_later(freeze)
    programme.body = calendar(1, 8, 15, 22)
    read()
    assert (runs_of(source_id), dates()) == (["dropped", "planned"], 0)
    say_yes(source_id)
    assert dates() == 4
    hour_later(freeze)
    programme.body = calendar(1, 8, 15, 22, 29)
    read()
    assert (runs_of(source_id), dates()) == (["dropped", "applied", "applied"], 5)


def test_an_address_is_not_asked_before_its_hour(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme
) -> None:
    source_for(programme.server.address)
    read()
    assert read() == "0 addresses asked, 0 failed"
    freeze(now() + timedelta(minutes=54))
    assert read() == "0 addresses asked, 0 failed"
    freeze(now() + timedelta(minutes=2))
    assert read() == "1 addresses asked, 0 failed"


@pytest.mark.parametrize("etag", ["a", ""], ids=["304", "the same bytes"])
def test_the_same_programme_is_not_planned_again(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme, etag: str
) -> None:
    """Also while its plan waits: whoever is looking at it finds the same plan."""
    programme.etag = etag
    source_id = source_for(programme.server.address)
    read()
    waiting = newest(source_id).id
    hour_later(freeze)
    read()
    assert (newest(source_id).id, newest(source_id).state) == (waiting, "planned")
    assert ('If-None-Match: "a"' in programme.asked[-1]) == bool(etag)
    say_yes(source_id)
    hour_later(freeze)
    read()
    assert runs_of(source_id) == ["applied"]


def test_after_a_month_the_same_programme_is_read_again(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme
) -> None:
    """Of a rule without an end two years are taken, and those go by."""
    programme.etag = "a"
    source_id = source_for(programme.server.address)
    read()
    say_yes(source_id)
    hour_later(freeze, 24 * 31)
    read()
    assert "If-None-Match" not in programme.asked[-1]
    assert runs_of(source_id) == ["applied", "applied"]


def test_an_address_that_does_not_answer_keeps_its_last_word(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme
) -> None:
    source_id = source_for(programme.server.address)
    read()
    say_yes(source_id)
    unit = [factories.unit().id]
    programme.is_down = True
    hour_later(freeze)
    assert read() == "1 addresses asked, 1 failed"
    assert dates() == 3
    assert queries.unreachable(unit, now()) == [], "not worth a word yet"
    hour_later(freeze, 25)
    read()
    assert [source.id for source in queries.unreachable(unit, now())] == [source_id]
    assert queries.unreachable([factories.unit("ekorrens-oppna-forskola").id], now()) == []
    programme.is_down = False
    hour_later(freeze)
    read()
    assert queries.unreachable(unit, now()) == []
    assert dates() == 3


def test_a_plan_that_calls_most_off_waits(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme
) -> None:
    programme.body = calendar(*range(1, 21))
    source_id = source_for(programme.server.address)
    read()
    say_yes(source_id)
    assert dates() == 20
    hour_later(freeze)
    programme.body = calendar(1, 20)
    read()
    assert (newest(source_id).state, dates()) == ("planned", 20)
    say_yes(source_id)
    assert (dates(), dates("cancelled")) == (2, 18)


@pytest.mark.parametrize("body", [b"<html>Sorry</html>", b"\xff\xd8\xff\xe0JFIF", b"a,b\r\n"])
def test_a_page_that_says_sorry_calls_nothing_off(
    here: Flask, freeze: Callable[[datetime], None], programme: Programme, body: bytes
) -> None:
    source_id = source_for(programme.server.address)
    read()
    say_yes(source_id)
    hour_later(freeze)
    programme.body = body
    read()
    assert newest(source_id).state in ("refused", "columns")
    assert dates() == 3


def test_a_tag_is_remembered_only_with_what_it_stands_for(
    here: Flask, programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the answer and the plan: the next one asks as if nobody had answered, and
    the file itself is there to go on with."""
    programme.etag = "new"
    source_id = source_for(programme.server.address)
    monkeypatch.setattr(jobs, "go_on", lambda run_id: None)
    read()
    assert newest(source_id).state == "reading"
    assert db.session.get_one(Source, source_id).etag == ""
    processing.resume(newest(source_id).id)
    assert newest(source_id).state == "planned"
    assert db.session.get_one(Source, source_id).etag == '"new"'


def test_a_fault_of_ours_is_no_reading(
    here: Flask,
    freeze: Callable[[datetime], None],
    programme: Programme,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    programme.etag = "a"
    source_id = source_for(programme.server.address)
    with monkeypatch.context() as patch:
        patch.setattr(processing, "plan_file", lambda *_, **__: 1 / 0)
        assert read() == "1 addresses asked, 0 failed"
    assert newest(source_id).state == "refused"
    hour_later(freeze)
    read()
    assert newest(source_id).state == "planned"


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "by an address"])
def test_what_was_killed_while_reading_is_taken_up(
    here: Flask, freeze: Callable[[datetime], None], by_hand: bool
) -> None:
    """What somebody brought by hand waits for a yes as ever, also of a source that has one."""
    source_id = source_for("")
    begin_write()
    source = db.session.get_one(Source, source_id)
    run_actions.start(source, calendar(1))
    db.session.commit()
    processing.process(newest(source_id).id)
    say_yes(source_id)
    begin_write()
    run = run_actions.start(db.session.get_one(Source, source_id), calendar(1, 8))
    run.account_id = 1 if by_hand else None
    db.session.commit()
    assert take_up() == "0 imports taken up", "somebody may be at it"
    freeze(now() + timedelta(minutes=3))
    assert take_up() == "1 imports taken up"
    assert newest(source_id).state == ("planned" if by_hand else "applied")
    assert take_up() == "0 imports taken up"


def test_what_was_killed_while_publishing_is_taken_up(
    here: Flask, freeze: Callable[[datetime], None]
) -> None:
    source_id = source_for("")
    begin_write()
    run_actions.start(db.session.get_one(Source, source_id), calendar(1, 8))
    db.session.commit()
    processing.process(newest(source_id).id)
    begin_write()
    run = newest(source_id)
    run_actions.settle(run, "applying", said={"taken": [], "shown": run.plan["digest"]})
    db.session.commit()
    freeze(now() + timedelta(minutes=16))
    take_up()
    assert (newest(source_id).state, dates()) == ("applied", 2)


def test_what_was_dropped_while_it_was_read_stays_dropped(
    here: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_id = source_for("")
    begin_write()
    run_id = run_actions.start(db.session.get_one(Source, source_id), calendar(1)).id
    db.session.commit()
    whole = processing.plan_file

    def meanwhile(*args: object, **named: object) -> object:
        planned = whole(*args, **named)  # type: ignore[arg-type]
        begin_write()
        run_actions.settle(db.session.get_one(ImportRun, run_id), "dropped")
        db.session.commit()
        return planned

    monkeypatch.setattr(processing, "plan_file", meanwhile)
    processing.process(run_id)
    assert newest(source_id).state == "dropped"
    with pytest.raises(processing.Changed):
        processing.apply(run_id)
    assert dates() == 0


@pytest.mark.parametrize("knows_total", [True, False], ids=["csv", "spreadsheet"])
def test_a_run_says_how_far_it_has_come(here: Flask, knows_total: bool) -> None:
    source_id = source_for("")
    begin_write()
    run_id = run_actions.start(db.session.get_one(Source, source_id), calendar(1)).id
    db.session.commit()
    with beating.beating(run_id, knows_total, 0.05) as progress:
        for step in ("reading", "comparing"):
            progress.begin(step, 2500)
            progress.done(2000)
            time.sleep(0.3)
    run = newest(source_id)
    assert (run.done, run.total) == (2000, 2500 if knows_total else 0)


def test_fifty_silent_addresses_are_waited_for_together(
    here: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten at a time; the one that answers is read all the same."""
    waits: list[int] = []
    most, lock = [0], threading.Lock()

    def slow(*_: object, **__: object) -> object:
        with lock:
            waits.append(1)
            most[0] = max(most[0], len(waits))
        time.sleep(0.1)
        with lock:
            waits.pop()
        raise jobs.Unreachable("timed_out", seconds=10)

    monkeypatch.setattr(jobs, "fetch", slow)
    for number in range(50):
        source_for(f"http://127.0.0.1:1/{number}.ics")
    started = time.monotonic()
    assert read() == "50 addresses asked, 50 failed"
    assert time.monotonic() - started < 3
    assert most[0] == jobs.AT_THE_SAME_TIME


def test_one_tick_asks_no_more_than_so_many(here: Flask) -> None:
    for number in range(queries.MOST_ASKED + 3):
        source_for(f"http://127.0.0.1:1/{number}.ics")
    assert read() == f"{queries.MOST_ASKED} addresses asked, {queries.MOST_ASKED} failed"
    assert read() == "3 addresses asked, 3 failed", "the others come first the next time"


def test_nobody_is_asked_whose_source_was_ended_or_switched_off(
    here: Flask, programme: Programme
) -> None:
    source_id = source_for(programme.server.address)
    begin_write()
    db.session.get_one(Source, source_id).is_active = False
    db.session.commit()
    assert read() == "0 addresses asked, 0 failed"

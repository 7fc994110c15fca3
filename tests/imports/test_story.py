"""A real programme for ten days: what visitors see is what an independent computation says."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing
from portal.events.models import Event, Occurrence
from portal.events.rules import Alteration
from portal.imports.actions import find_source
from portal.imports.applying import apply_plan
from portal.imports.items import Reading
from portal.imports.models import ImportedDate, ImportedEvent
from portal.imports.plan import Plan
from portal.imports.planning import make_plan
from portal.imports.reading import open_file, read
from portal.units import queries as units
from tests.imports.story import Expected, Row, Seen, next_day, text_of
from tests.support.datepages import date_page
from tests.support.icalpy import by_python

REAL = Path("data") / "library_programme_2026-09-25.csv"
ZONE = ZoneInfo("Europe/Stockholm")
FIRST = datetime(2026, 9, 24, 8, tzinfo=UTC)
UNREADABLE = "Medeltidsmuseet"


def rows_of(raw: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def _read(raw: bytes) -> Reading:
    return read(raw, open_file(raw, "", {}), "Europe/Stockholm", units.today())


def bring(raw: bytes, taken: tuple[str, ...] = ()) -> Plan:
    """The file is read, planned, applied and committed."""
    begin_write()
    source = find_source("programme", None)
    plan = make_plan(source, _read(raw), None, units.today(), now(), taken)
    apply_plan(source, plan)
    db.session.commit()
    return plan


def revisions() -> dict[str, int]:
    query = select(Event).join(ImportedEvent, ImportedEvent.event_id == Event.id)
    return {event.uid: event.sequence for event in db.session.scalars(query)}


def identities() -> dict[str, tuple[str, datetime]]:
    """Each date's id in the source, and which date of which event it is here."""
    query = select(ImportedDate.key, Event.uid, ImportedDate.recurrence_id).join(
        Event, Event.id == ImportedDate.event_id
    )
    return {key: (uid, start) for key, uid, start in db.session.execute(query)}


def in_rows() -> dict[str, Seen]:
    query = (
        select(ImportedDate.key, Occurrence)
        .join(Occurrence, Occurrence.event_id == ImportedDate.event_id)
        .where(Occurrence.recurrence_id == ImportedDate.recurrence_id)
        .options(joinedload(Occurrence.event))
    )
    return {key: _seen(row) for key, row in db.session.execute(query)}


def _seen(row: Occurrence) -> Seen:
    starts, ends = (at.astimezone(ZONE).replace(tzinfo=None) for at in (row.starts_at, row.ends_at))
    title = row.titles.get("sv") or row.event.titles["sv"]
    return Seen(starts, ends, title, row.status == "cancelled")


class InFeed:
    """What a program makes of the events of a feed, by UID and wall time of the identity. What
    stands there word for word as at the last reading means the same, and is not read again."""

    def __init__(self) -> None:
        self._read: dict[bytes, dict[tuple[str, str], Seen]] = {}

    def read(self, feed: bytes, uids: set[str]) -> dict[tuple[str, str], Seen]:
        head, *parts = feed.removesuffix(b"END:VCALENDAR\r\n").split(b"BEGIN:VEVENT\r\n")
        texts: dict[str, list[bytes]] = {}
        for part in parts:
            uid = re.search(rb"\r\nUID:(.*)\r\n", b"\r\n" + part)[1].decode()
            texts.setdefault(uid, []).append(part)
        ours = {b"BEGIN:VEVENT\r\n".join([b"", *texts[uid]]) for uid in uids & texts.keys()}
        fresh = [text for text in ours if text not in self._read]
        found = _dates_of(b"".join([head, *fresh, b"END:VCALENDAR\r\n"]))
        for text in fresh:
            self._read[text] = {}
        by_uid = {
            re.search(rb"\r\nUID:(.*)\r\n", text)[1].decode(): self._read[text] for text in fresh
        }
        for (uid, identity), seen in found.items():
            by_uid[uid][uid, identity] = seen
        self._read = {text: self._read[text] for text in ours}
        return {key: seen for dates in self._read.values() for key, seen in dates.items()}


def _dates_of(feed: bytes) -> dict[tuple[str, str], Seen]:
    found = {}
    for one in by_python(feed, datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)):
        starts, ends = (_wall(one[name]) for name in ("start", "end"))
        identity = _wall(one["recurrence_id"]) if one["recurrence_id"] else starts
        title = one["summary"].removeprefix("INSTÄLLT: ")
        seen = Seen(starts, ends, title, one["status"] == "CANCELLED")
        found[one["uid"], identity.isoformat() if one["recurrence_id"] else ""] = seen
    return found


def _wall(text: str) -> datetime:
    if "T" not in text:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(text).astimezone(ZONE).replace(tzinfo=None)


def edit(expected: Expected, dice: random.Random) -> None:
    """An editor's hand: a date moved, a date called off, a title of its own, a title for all."""
    begin_write()
    keys = sorted(
        key for key, seen in in_rows().items() if seen.starts > _local() and not seen.is_off
    )
    for what, key in zip(("move", "cancel", "title"), dice.sample(keys, 3), strict=True):
        row = _row(key)
        seen = expected.dates[key].seen
        if row.status == "cancelled" or row.event.is_all_day:
            continue
        if what == "move":
            starts, ends = seen.starts + timedelta(minutes=25), seen.ends + timedelta(minutes=25)
            changing.move_date(row, starts, ends, {})
            seen = Seen(starts, ends, seen.title, seen.is_off)
        elif what == "cancel":
            changing.cancel_dates(row.event, [row], {"sv": "Värden är sjuk."})
            seen = Seen(seen.starts, seen.ends, seen.title, True)
        else:
            changing.alter_dates(row.event, [row], Alteration(titles={"sv": "Ändrad för hand"}))
            seen = Seen(seen.starts, seen.ends, "Ändrad för hand", seen.is_off)
        expected.dates[key].seen = seen
    db.session.commit()


def _local() -> datetime:
    return now().astimezone(ZONE).replace(tzinfo=None)


def _row(key: str) -> Occurrence:
    query = (
        select(Occurrence)
        .join(ImportedDate, ImportedDate.event_id == Occurrence.event_id)
        .where(ImportedDate.key == key, ImportedDate.recurrence_id == Occurrence.recurrence_id)
    )
    return db.session.scalars(query).one()


@pytest.fixture
def programme(shared: Path) -> list[Row]:
    """The real file, without the two rows that no unit here answers for."""
    rows = rows_of((shared / REAL).read_bytes())
    return [row for row in rows if row["organiser"] != UNREADABLE]


@pytest.fixture
def days(freeze: Callable[[datetime], None]) -> Callable[[], Iterator[datetime]]:
    def ten() -> Iterator[datetime]:
        for number in range(10):
            at = FIRST + timedelta(days=number)
            freeze(at)
            yield at

    return ten


def test_the_real_file_becomes_series(
    demo_city: Flask, shared: Path, freeze: Callable[[datetime], None]
) -> None:
    freeze(FIRST)
    raw = (shared / REAL).read_bytes()
    with demo_city.app_context():
        plan = bring(raw)
        assert (plan.new_dates, plan.bad_rows, plan.series) == (135, 2, 27)
        assert sum(len(fresh.dates) for fresh in plan.new if len(fresh.dates) > 1) == 54
        assert [note.code for note in plan.notes] == ["twin"]
        before = revisions()
        again = bring(raw)
        assert again.is_empty
        assert (again.unchanged, again.bad_rows) == (135, 2)
        assert revisions() == before


# Many more in `make storm`, in parts that several processes can share.
STORIES = [("sqlite", 1), ("sqlite", 2), ("postgresql", 1)]
STORM = [("sqlite", seed) for seed in range(3, 18)] + [("postgresql", n) for n in range(18, 24)]


@pytest.mark.parametrize(
    ("engine", "seed"), [*STORIES, *(pytest.param(*one, marks=pytest.mark.storm) for one in STORM)]
)
def test_ten_days(
    demo_city: Flask,
    engine: str,
    seed: int,
    programme: list[Row],
    days: Callable[[], Iterator[datetime]],
) -> None:
    live(demo_city, seed, programme, days())


def live(app: Flask, seed: int, rows: list[Row], days: Iterator[datetime]) -> None:
    """A file each day, an editor's hand after it, and the same file again."""
    dice, told = random.Random(seed), Told(app)
    with app.app_context():
        for at in days:
            bring(text_of(rows))
            told.expected.file(rows, at.astimezone(ZONE).replace(tzinfo=None))
            told.agrees(at)
            edit(told.expected, dice)
            told.agrees(at)
            before = revisions()
            assert bring(text_of(rows)).is_empty, at
            assert revisions() == before
            rows = next_day(rows, at.date() + timedelta(days=1), dice)


class Told:
    """What is expected of every date, and the identity that each was first seen with."""

    def __init__(self, app: Flask) -> None:
        self.expected = Expected()
        self._app, self._feed = app, InFeed()
        self._known: dict[str, tuple[str, datetime]] = {}
        self._turn = 0

    def agrees(self, at: datetime) -> None:
        """Rows, feed and pages say what is expected of every date that is not over; nothing that
        had an identity has another."""
        local = at.astimezone(ZONE).replace(tzinfo=None)
        coming = {k: s.seen for k, s in self.expected.dates.items() if s.seen.ends > local}
        db.session.rollback()
        rows, known = in_rows(), identities()
        assert {key: rows[key] for key in coming} == coming, at
        assert {key: known[key] for key in self._known} == self._known
        self._known = known
        feed = self._app.test_client().get("/feeds/all.sv.ics").data
        told = self._feed.read(feed, {uid for uid, _ in known.values()})
        for key, seen in coming.items():
            uid, start = known[key]
            assert (told.get((uid, start.isoformat())) or told.get((uid, ""))) == seen, (key, at)
        # Other pages each time: in ten days every date's own has been looked at.
        self._turn += 1
        every = sorted(coming)
        step = max(1, len(every) // 6)
        for key in every[self._turn % step :: step]:
            _page_agrees(self._app, key, coming[key])


def _page_agrees(app: Flask, key: str, seen: Seen) -> None:
    row = _row(key)
    page = app.test_client().get(f"/events/{row.event.slug}/{row.key}").data
    shown, machine, title, _ = date_page(page, row.key)
    assert title.endswith(seen.title), (key, title)
    assert shown.is_off == seen.is_off, key
    assert machine.startswith(seen.starts.strftime("%Y-%m-%d")), (key, machine)
    if not row.event.is_all_day:
        assert shown.times[0] == (seen.starts.hour, seen.starts.minute), key

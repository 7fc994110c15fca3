"""A hundred thousand rows while pages and editors go on, and killed at any moment.

Times and memory are printed and judged by people; what fails is what is wrong afterwards.
"""

from __future__ import annotations

import csv
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.database import begin_write
from portal.core.doctor import examine
from portal.core.extensions import db
from portal.events.models import Event, EventChange, Occurrence
from portal.imports.actions import find_source
from portal.imports.models import ImportedDate
from portal.places.models import Place
from portal.units.models import Unit
from tests.imports.beside import Editor, Importing, Reader, Run, bring, fingerprint
from tests.imports.large import Changed, Row, changed, lines_of, programme
from tests.imports.story import Seen, seen_of
from tests.support.requirements import COUNTED
from tests.support.serving import free_port, serving

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
ZONE = ZoneInfo("Europe/Stockholm")
LARGE, SMALL, KILLS = 100_000, 2_000, 20
PATHS = ("/", "/events", "/events?q=sagostund", "/events?page=2", "/feeds/kind-story-time.sv.ics")


@dataclass
class Site:
    """A demonstration city in a folder of its own, and two files that are brought to it."""

    app: Flask
    url: str
    folder: Path
    rows: list[Row]
    later: Changed

    def file(self, rows: list[Row]) -> Path:
        path = self.folder / "programme.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            file.writelines(lines_of(rows))
        return path


@pytest.fixture
def site(demo_city: Flask, tmp_path: Path, size: int) -> Site:
    with demo_city.app_context():
        houses = select(Unit.name).join(Place, Place.unit_id == Unit.id).where(Place.is_premises)
        units = sorted(db.session.scalars(houses))
        url = db.engine.url.render_as_string(hide_password=False)
    rows = programme(size, units, date.today() + timedelta(days=2))
    return Site(demo_city, url, tmp_path, rows, changed(rows, units))


@contextmanager
def beside(site: Site, what: str) -> Iterator[None]:
    """A visitor and an editor go on meanwhile; then nothing of theirs is lost, and how long they
    waited is printed."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with site.app.app_context():
        before = dict(db.session.execute(select(Event.id, Event.sequence)).all())
    with serving(site.folder, port, site.url):
        reader, editor = Reader(address, PATHS), Editor(site.folder, site.url)
        reader.start()
        time.sleep(1)
        try:
            yield
        finally:
            reader.end()
            writes, changes = editor.end()
    print(f"{what}: pages {reader.times}\n{what}: changes {writes}")
    assert reader.wrong == []
    assert len(writes.found) > 0
    with site.app.app_context():
        after = dict(db.session.execute(select(Event.id, Event.sequence)).all())
        risen = {key: after[key] - number for key, number in before.items() if key in changes}
        assert risen == changes


def agree(site: Site, rows: list[Row], gone: int = 0) -> None:
    """Every row is here, as a computation that knows nothing of the portal has it; `gone` more
    are cancelled."""
    expected = {row["source_id"]: seen_of(row) for row in rows}
    query = (
        select(
            ImportedDate.key,
            Occurrence.starts_at,
            Occurrence.ends_at,
            Occurrence.titles,
            Event.titles,
            Occurrence.status,
            Occurrence.is_listed,
        )
        .join(Event, Event.id == ImportedDate.event_id)
        .join(Occurrence, Occurrence.event_id == Event.id)
        .where(Occurrence.recurrence_id == ImportedDate.recurrence_id)
    )
    left: Counter[str] = Counter()
    with site.app.app_context():
        for key, starts, ends, own, titles, status, is_listed in db.session.execute(query):
            walls = (at.astimezone(ZONE).replace(tzinfo=None) for at in (starts, ends))
            seen = Seen(*walls, own.get("sv") or titles["sv"], status == "cancelled")
            assert is_listed, key
            if key in expected:
                assert expected.pop(key) == seen
            else:
                left[status] += 1
        assert not expected
        assert left == (Counter(cancelled=gone) if gone else Counter())
        dates, known = select(func.count()).select_from(ImportedDate), len(rows) + gone
        made = dates.join(Event, Event.id == ImportedDate.event_id).where(Event.status != "draft")
        assert db.session.scalar(made) == known
        db.session.rollback()


def told(run: Run, new: int, moved: int, off: int, here: int) -> None:
    words = f"{new} new, {moved} changed, {off} cancelled, {here} already here, 0 not usable"
    assert words in run.said, run.said


def read_barely(path: Path) -> float:
    """Seconds that csv alone takes for the file: what this machine is worth at this moment."""
    began = time.monotonic()
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in csv.DictReader(file):
            pass
    return time.monotonic() - began


def report(what: str, run: Run, path: Path) -> None:
    bare = read_barely(path)
    print(f"{what}: {run}; csv alone {bare:.2f} s, so {run.seconds / bare:.0f} times that")


@both
@pytest.mark.storm
@pytest.mark.parametrize("size", [LARGE])
def test_a_large_file_while_others_go_on(
    site: Site, engine: str, record_property: Callable[[str, object], None]
) -> None:
    size, later = len(site.rows), site.later
    path = site.file(site.rows)
    with beside(site, f"{engine}, new"):
        run = bring(site.folder, site.url, path)
    report(f"{engine}, new", run, path)
    told(run, size, 0, 0, 0)
    agree(site, site.rows)
    path = site.file(later.rows)
    with beside(site, f"{engine}, changed"):
        run = bring(site.folder, site.url, path)
    report(f"{engine}, changed", run, path)
    different = later.moved + later.retitled
    told(run, later.new, different, later.dropped, size - different - later.dropped)
    agree(site, later.rows, later.dropped)
    with site.app.app_context():
        changes = db.session.scalar(select(func.count()).select_from(EventChange))
    run = bring(site.folder, site.url, path)
    report(f"{engine}, the same again", run, path)
    told(run, 0, 0, 0, len(later.rows))
    agree(site, later.rows, later.dropped)
    with site.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(EventChange)) == changes
    record_property(COUNTED, f"{3 * size} rows imported")


def killed(site: Site, path: Path, steps: Sequence[str], kills: int, seed: int) -> list[str]:
    """Kills as many imports, in turn in each step and anywhere in it; after each, all is as
    before. Answers where they were killed."""
    dice, points = random.Random(seed), []
    before = fingerprint(site.url)
    for number in range(kills):
        # The very last moment could be one too late.
        step, percent = steps[number % len(steps)], dice.randrange(95)
        importing = Importing(site.folder, site.url, path)
        assert importing.wait(step, percent), importing.run.said
        importing.kill()
        points.append(f"{step} {percent} %")
        after = fingerprint(site.url)
        assert [name for name in before if after[name] != before[name]] == [], points
        with site.app.app_context():
            assert examine(site.app.config["PORTAL_SETTINGS"]) == [], points
            db.session.remove()
    return points


def killed_and_brought(site: Site, kills: int) -> list[str]:
    """Half of the kills with the rows that are new, half with the changed copy, and then each
    file is brought after all."""
    size, later = len(site.rows), site.later
    path = site.file(site.rows)
    # The first thing that is kept of an import is the name of its source.
    with site.app.app_context():
        begin_write()
        find_source("programme", None)
        db.session.commit()
    points = killed(site, path, ("importing", "preparing", "reading"), (kills + 1) // 2, 1)
    told(bring(site.folder, site.url, path), size, 0, 0, 0)
    agree(site, site.rows)
    path, different = site.file(later.rows), later.moved + later.retitled
    points += killed(site, path, ("importing", "comparing", "reading"), kills // 2, 2)
    run = bring(site.folder, site.url, path)
    told(run, later.new, different, later.dropped, size - different - later.dropped)
    agree(site, later.rows, later.dropped)
    return points


@both
@pytest.mark.storm
@pytest.mark.parametrize("size", [LARGE])
def test_killed_at_any_moment(
    site: Site, engine: str, record_property: Callable[[str, object], None]
) -> None:
    points = killed_and_brought(site, KILLS)
    print(f"{engine}: killed at {', '.join(points)}")
    record_property(COUNTED, f"{len(points)} imports killed")


@pytest.mark.parametrize("size", [SMALL])
def test_killed_now_and_then(site: Site) -> None:
    killed_and_brought(site, 3)
    path = site.file(site.later.rows)
    told(bring(site.folder, site.url, path), 0, 0, 0, len(site.later.rows))

"""A database of N events, filled in bulk and kept between runs in the folder for temporary files.

The first 1,000 events lie inside a feed's window (60 days back to 12 months ahead); every
tenth of them is a weekly series. All further ones lie before that window or after it, so
that pages and feeds show as much with 100,000 events as with 1,000.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask

from bench.servers import BASE_URL
from portal import create_app
from portal.config import ROOT, Settings, database_url
from portal.core import migrations
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.text import search_text, slugify
from portal.demo.actions import DATA
from portal.events.models import Event, EventKind, Occurrence
from portal.events.recurrence import Rule, Series, expand
from portal.events.rrule import format_rrule
from portal.imports.setting_up import set_up
from portal.places.models import Place
from portal.units.models import Unit

BASE = 1000
ZONE = "Europe/Stockholm"
BATCH = 5000
# The series that row 5 looks at: the first weekly one.
WEEKLY_EVERY = 10
ABOUT = ("", " för nybörjare", " på lätt svenska", " med fika", " i lugn takt", " – öppet för alla")
SENTENCES = (
    "Kom och prata svenska i lugn takt, både nybörjare och vana är välkomna.",
    "Vi bjuder på kaffe, te och något litet att äta så länge det räcker.",
    "Det är gratis; du behöver inte boka, bara komma som du är.",
    "Personal från biblioteket är med hela tiden och hjälper gärna till.",
    "Barn är välkomna i vuxnas sällskap, och det finns plats för vagnar.",
    "Vi läser tillsammans, sjunger, pratar om det vi har läst och lånar nya böcker.",
    "Ta med det du arbetar på, eller börja med något nytt: material finns på plats.",
    "Säg till om du behöver hörslinga, tolk eller hjälp att hitta hit från hållplatsen.",
)


def app_for(instance: Path) -> Flask:
    """The portal on an instance folder, with the same addresses as the servers give it."""
    return create_app(Settings(instance, database_url("", instance), BASE_URL))


def instance_with(events: int) -> Path:
    """An instance folder whose database holds so many events; made when it is not there."""
    today = datetime.now().date()
    folder = Path(tempfile.gettempdir()) / f"portal-bench-{_shape()}-{today:%Y%m%d}-{events}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _build(folder, events, today)
        (folder / "ready").touch()
    return folder


def forget_old() -> None:
    """Removes databases of other days and other shapes of the tables."""
    kept = f"portal-bench-{_shape()}-{datetime.now():%Y%m%d}-"
    for folder in Path(tempfile.gettempdir()).glob("portal-bench-*"):
        if not folder.name.startswith(kept):
            shutil.rmtree(folder, ignore_errors=True)


def _shape() -> str:
    files = [Path(__file__), *sorted((ROOT / "migrations" / "versions").glob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]


def _build(folder: Path, number: int, today: date) -> None:
    app = app_for(folder)
    with app.app_context():
        migrations.upgrade()
        begin_write()
        set_up(DATA / "municipality.toml", is_demo=True)
        db.session.commit()
        maker = _Maker(today)
        db.session.rollback()
        begin_write()
        connection = db.session.connection()
        for events, dates in maker.batches(number):
            connection.execute(Event.__table__.insert(), events)  # type: ignore[attr-defined]
            connection.execute(Occurrence.__table__.insert(), dates)  # type: ignore[attr-defined]
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    with sqlite3.connect(folder / "portal.sqlite") as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class _Maker:
    """Rows of events and their dates; the same for the same number and day."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.chance = random.Random(7)
        self.kinds = [k for k in db.session.query(EventKind) if k.visibility == "public"]
        premises = {p.unit_id: p.id for p in db.session.query(Place) if p.is_premises}
        self.units = [
            (u.id, u.name, premises[u.id]) for u in db.session.query(Unit) if u.id in premises
        ]
        self.names = [(k.id, k.names["sv"], dict(k.names)) for k in self.kinds]

    def batches(self, number: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
        for first in range(0, number, BATCH):
            events, dates = [], []
            for n in range(first, min(first + BATCH, number)):
                event, own = self._one(n)
                events.append(event)
                dates += own
            yield events, dates

    def _day(self, n: int) -> date:
        """The first 1,000 from 50 days ago to 300 ahead, the rest before and after the window."""
        if n < BASE:
            return self.today + timedelta(days=n * 350 // BASE - 50)
        if n % 2:
            return self.today - timedelta(days=100 + n // 2 % 1500)
        return self.today + timedelta(days=400 + n // 2 % 600)

    def _one(self, n: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        chance = self.chance
        kind_id, kind, kind_names = chance.choice(self.names)
        unit_id, unit, place_id = chance.choice(self.units)
        title = f"{kind}{chance.choice(ABOUT)}"
        text = " ".join(chance.sample(SENTENCES, 2))
        start = datetime.combine(self._day(n), time(9 + n % 11, 15 * (n % 4)))
        is_weekly = n < BASE and n % WEEKLY_EVERY == 0
        rule = Rule("WEEKLY", start.date() + timedelta(weeks=11), weekdays=(start.weekday(),))
        series = Series(
            start, start + timedelta(minutes=90), ZONE, rule=rule if is_weekly else None
        )
        revised = datetime.combine(self.today, time(3), UTC) - timedelta(minutes=n % 5000)
        event = {
            "id": n + 1,
            "slug": f"{slugify(title)}-{n + 1}",
            "uid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
            "kind_id": kind_id,
            "unit_id": unit_id,
            "place_id": place_id,
            "visibility": "public",
            "status": "published",
            "titles": {"sv": title, "en": f"{kind_names.get('en', kind)} {n + 1}"},
            "texts": {"sv": text},
            "languages": ("sv", "en") if n % 7 == 0 else ("sv",),
            "audiences": ("adults",) if n % 3 else ("children", "families"),
            "age_from": 7 if n % 9 == 0 else None,
            "age_to": 12 if n % 18 == 0 else None,
            "zone": ZONE,
            "starts": series.starts,
            "ends": series.ends,
            "rrule": format_rrule(series),
            "created_at": revised,
            "revised_at": revised,
            "published_at": revised,
            "search": _searched(title, text, kind, unit),
            **{name: {} for name in ("directed_to", "host_note", "cost", "reason")},
        }
        dates = [
            {
                "event_id": n + 1,
                "recurrence_id": dated.recurrence_id,
                "key": f"{dated.recurrence_id:%Y-%m-%d}",
                "starts_at": dated.starts_at,
                "ends_at": dated.ends_at,
                "on": dated.recurrence_id.date(),
                "is_listed": True,
                "note": {},
            }
            for dated in expand(series)
        ]
        return event, dates


@lru_cache(maxsize=100_000)
def _searched(title: str, text: str, kind: str, unit: str) -> str:
    return search_text(title, text, kind, unit)


def slugs(instance: Path) -> tuple[str, str]:
    """The addresses of an event with one date to come, and of a weekly series under way."""
    # Of 1,000 numbered by day, 202 lies 20 days ahead, and the series 151 begins in 2 days.
    with sqlite3.connect(instance / "portal.sqlite") as plain:
        rows = plain.execute("SELECT slug FROM event WHERE id IN (202, 151) ORDER BY id DESC")
        once, weekly = (row[0] for row in rows)
    return once, weekly

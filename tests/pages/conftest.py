"""Sites for the page tests: the demonstration city to look at, a small city to work in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, g
from sqlalchemy import event

from portal.accounts import actions as accounts
from portal.accounts.queries import account_by_email
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import observance_actions as observances
from portal.events.overview import changes_of
from portal.feeds import actions as feeds
from portal.imports import actions as imports
from portal.imports import run_actions
from portal.imports.mapping import Mapping
from portal.imports.processing import process
from portal.places import actions as places
from portal.places.queries import breaks, premises
from portal.units.models import Unit
from tests.support import factories, portal_app
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser

ASSOCIATION = "exempelforeningen"


@pytest.fixture(scope="module")
def demo_site(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The demonstration city, only to be looked at: one for all tests of a file."""
    folder = tmp_path_factory.mktemp("demo")
    app = portal_app.make_app(templates.copy("sqlite", "demo", folder), folder)
    yield app
    portal_app.close_app(app)


@pytest.fixture
def visitor(city: Flask) -> Browser:
    """Somebody who has not signed in, on the small city."""
    browser = city.test_client()
    assert isinstance(browser, Browser)
    return browser


@pytest.fixture
def somebody(city: Flask) -> Callable[[str], Browser]:
    """somebody("editor") answers a browser where editor@small.example has signed in."""

    def start(name: str) -> Browser:
        browser = city.test_client()
        assert isinstance(browser, Browser)
        browser.sign_in(f"{name}@small.example")
        return browser

    return start


@dataclass(frozen=True)
class Owned:
    """What one unit has: the parts that addresses are made of."""

    unit: str
    draft: int
    published: int
    slug: str
    key: str
    cancelled_key: str
    waiting: int
    closed: int
    change: int
    photo: str
    today: int
    today_key: str
    proposal: int
    observance: int
    withdrawn: int
    source: int = 0
    run: int = 0
    stuck: int = 0


@dataclass(frozen=True)
class World:
    """The small city with something of everything, and what belongs to whom."""

    of: dict[str, Owned]
    break_id: int
    token: str
    account_id: int


@pytest.fixture(scope="module")
def made_world(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, Path]:
    """The database of `world`, made once for a file of tests, and what is in it."""
    folder = tmp_path_factory.mktemp("world")
    app = portal_app.make_app(templates.copy("sqlite", "small", folder), folder)
    with app.app_context():
        g.frozen_now = factories.NOW
        made = _make_world()
        db.session.remove()
        with db.engine.connect() as connection:
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    portal_app.close_app(app)
    return made, folder / "portal.sqlite"


@pytest.fixture
def world(
    made_world: tuple[World, Path], city: Flask, freeze: Callable[[datetime], None], tmp_path: Path
) -> World:
    """The small city of the test, in November 2026, with something of everything in it."""
    freeze(factories.NOW)
    made, path = made_world
    portal_app.close_app(city)
    for end in ("-wal", "-shm"):
        (tmp_path / f"portal.sqlite{end}").unlink(missing_ok=True)
    shutil.copyfile(path, tmp_path / "portal.sqlite")
    return made


def _make_world() -> World:
    """A draft, a series with a cancelled date, a date that is on now, a closed day and a
    photograph of the library and the open preschool; and of the association, which waits for
    a yes from both."""
    begin_write()
    admin = account_by_email("admin@small.example")
    other = account_by_email("preschool@small.example")
    assert admin is not None
    assert other is not None
    token = accounts.invite(factories.unit(ASSOCIATION), "editor", admin.id)
    for name in ("editor", "association", "admin"):
        account = account_by_email(f"{name}@small.example")
        assert account is not None
        feeds.open_editor_feed(account.id)
    of = {slug: _own(factories.unit(slug)) for slug in (LIBRARY, PRESCHOOL, ASSOCIATION)}
    made = World(of, breaks()[0].id, token, other.id)
    db.session.commit()
    return replace(made, of={slug: replace(own, **_import(slug)) for slug, own in of.items()})


def _own(unit: Unit) -> Owned:
    place = premises(unit)
    at = {"unit_id": unit.id, "place_id": place.id if place else None}
    if place is None:
        at["elsewhere"] = "Folkets hus, Torget 1"
    draft = factories.new_event(status="draft", **at)
    series = factories.new_event(factories.WEEKLY, **at)
    asking = factories.unit(ASSOCIATION)
    wanted = place or factories.place()
    waiting = factories.new_event(status="waiting", unit_id=asking.id, place_id=wanted.id)
    published = factories.made(series)
    on_now = factories.made(factories.new_event(factories.on_now(), **at))
    from portal.events.changing import cancel_date

    cancel_date(series.occurrences[2], {"sv": "Värden är sjuk."})
    closed_id, digest = 0, "0" * 16
    if place is not None:
        closed = places.close_days(
            place, date(2026, 12, 1), date(2026, 12, 2), {"sv": "Inventering"}
        )
        photo = places.set_photo(place, picture(), {"sv": "En dörr"}, "Exempelköping")
        closed_id, digest = closed.id, photo.digest
    return Owned(
        unit=unit.slug,
        draft=factories.made(draft).id,
        published=published.id,
        slug=published.slug,
        key=published.keys[1],
        cancelled_key=published.keys[2],
        waiting=factories.made(waiting).id,
        closed=closed_id,
        change=changes_of(series, 1)[0].id,
        photo=digest,
        today=on_now.id,
        today_key=on_now.key,
        proposal=observances.propose(factories.marked(), unit, factories.TODAY).id,
        observance=factories.new_observance().id,
        withdrawn=factories.new_observance("withdrawn").id,
    )


# A table as somebody would paste it, and what its columns mean.
TABLE = "Rubrik;Datum;Starttid;Sluttid;Plats\nHandarbete;3/12 2026;18.00;20.00;Torget 1\n"
MEANT = ["title", "date", "start", "end", "place"]


def _import(slug: str) -> dict[str, int]:
    """A source whose plan waits for a yes, and a run whose process was stopped."""
    begin_write()
    unit = factories.unit(slug)
    source = imports.add_source("Höstens program", unit.id)
    source.mapping = Mapping(
        tuple(zip(TABLE.split("\n")[0].split(";"), MEANT, strict=True))
    ).as_json()
    run = run_actions.start(source, TABLE.encode())
    stuck = run_actions.start(imports.add_source("Stannat", unit.id), TABLE.encode())
    stuck.beat_at -= timedelta(hours=1)
    made = {"source": source.id, "run": run.id, "stuck": stuck.id}
    db.session.commit()
    process(made["run"])
    return made


def picture(size: tuple[int, int] = (480, 320), **save: object) -> bytes:
    """A small JPEG."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, (200, 120, 40)).save(out, "JPEG", **save)
    return out.getvalue()


@pytest.fixture
def unqueued(city: Flask) -> Iterator[list[str]]:
    """Statements that changed something in a transaction that did not begin as a writer's.

    On SQLite such a one fails at once when anybody else writes, however long the timeout is.
    """
    found: list[str] = []

    def look(connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            options = connection.get_execution_options()  # type: ignore[attr-defined]
            if options.get("sqlite_begin") != "IMMEDIATE":
                found.append(" ".join(statement.split())[:60])

    with city.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", look)
    yield found
    event.remove(engine, "before_cursor_execute", look)


@pytest.fixture
def jpeg(tmp_path: Path) -> Path:
    path = tmp_path / "door.jpg"
    path.write_bytes(picture())
    return path

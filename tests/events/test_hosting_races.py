"""Two taps at once: adults and children of one date, from two telephones or one quick thumb."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import hosting, queries
from portal.events.said import counts_of
from tests.support.factories import NOW, Made, on_now

Freeze = Callable[[datetime], None]


def race(city: Flask, made: Made) -> list[str]:
    """Both have the date before their eyes, then both save a number."""
    both_have_looked, results = threading.Barrier(2), list[str]()

    def tap(who: str) -> None:
        with city.app_context():
            begin_write()
            event = queries.event_by_id(made.id)
            assert event is not None
            row = event.occurrences[0]
            if db.engine.dialect.name == "postgresql":
                both_have_looked.wait(20)
            try:
                hosting.count(row, {who: 7})
                db.session.commit()
                results.append("saved")
            except IntegrityError:
                db.session.rollback()
                results.append("lost")

    threads = [threading.Thread(target=tap, args=(who,)) for who in ("adults", "children")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(results)


@pytest.fixture
def made(make_event: Callable[..., Made], freeze: Freeze) -> Made:
    freeze(NOW)
    return make_event(on_now())


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_tap_is_lost(city: Flask, made: Made, engine: str) -> None:
    assert race(city, made) == ["saved", "saved"]
    with city.app_context():
        (found,) = counts_of([row.id for row in _event(made).occurrences]).values()
        assert (found.adults, found.children) == (7, 7)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_without_the_lock_one_is(
    city: Flask, made: Made, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control. SQLite needs no lock: its second writer waits before it looks."""
    both_have_read, judge = threading.Barrier(2), hosting.against_counting

    def slowly(*given: Any) -> Any:
        both_have_read.wait(20)
        return judge(*given)

    monkeypatch.setattr(hosting, "_lock", lambda row: None)
    monkeypatch.setattr(hosting, "against_counting", slowly)
    assert race(city, made) == ["lost", "saved"]


def _event(made: Made) -> Any:
    return queries.event_by_id(made.id)

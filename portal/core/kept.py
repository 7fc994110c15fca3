"""The parts that answers are made of, kept while the public data stand still.

A page that is not on the shelf (core/cache.py) is put together from rows, words and pieces of
HTML that earlier pages have needed too. All of them go when the change counter moves. Only a
GET through the shelf finds them: it alone knows at which number of the counter it reads.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import Engine, Select, text
from sqlalchemy.orm import Session

from portal.core.extensions import db

MAX_PARTS = 5_000
COUNTER = "SELECT number FROM change_counter"

T = TypeVar("T")
_parts: ContextVar[dict[Hashable, Any] | None] = ContextVar("parts", default=None)


class ChangeNumber:
    """The change counter, read as cheaply as the engine allows, before any session exists.

    SQLite tells by `PRAGMA data_version` on a connection of its own whether anybody has
    committed at all, in microseconds; only then is the row read. PostgreSQL is asked each time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._local = threading.local()

    def __call__(self) -> int:
        if self._engine.dialect.name == "sqlite":
            return self._sqlite()
        with self._engine.connect() as connection:
            return int(connection.execute(text(COUNTER)).scalar() or 0)

    def _sqlite(self) -> int:
        local = self._local
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(
                self._engine.url.database or "", isolation_level=None, check_same_thread=False
            )
            local.version = None
        (version,) = local.connection.execute("PRAGMA data_version").fetchone()
        if version != local.version:
            row = local.connection.execute(COUNTER).fetchone()
            local.version, local.number = version, int(row[0]) if row else 0
        return int(local.number)


class Parts:
    """What was made of the data of one change number; all of it goes when the number moves."""

    def __init__(self) -> None:
        # One tuple, so that no thread ever sees the number of one and the parts of another.
        self._kept: tuple[int, dict[Hashable, Any]] = (-1, {})

    def of(self, change: int) -> dict[Hashable, Any]:
        """The parts of a change number. A slow request with an old number gets a dictionary
        of its own, so that it neither finds nor leaves anything of another time."""
        number, made = self._kept
        if change < number:
            return {}
        if change > number or len(made) > MAX_PARTS:
            made = {}
            self._kept = (change, made)
        return made


@contextmanager
def using(kept: dict[Hashable, Any]) -> Iterator[None]:
    """Within it, `kept` is what a request finds and adds to."""
    token = _parts.set(kept)
    try:
        yield
    finally:
        _parts.reset(token)


def parts() -> dict[Hashable, Any] | None:
    """The parts kept for this request's change number; None where there is no number: in a
    POST, a job or a command, which must see what they have just written."""
    return _parts.get()


def while_unchanged(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` answers, made once for a change number. The key holds everything else that
    it depends on, such as the language and the day; the value is plain, bound to no session."""
    kept = _parts.get()
    if kept is None:
        return make()
    if key in kept:
        return kept[key]  # type: ignore[no-any-return]
    made = make()
    if made is not None:
        # Nothing found is not kept: anybody can ask for endlessly many things that are not.
        kept[key] = made
    return made


def kept_row(key: Hashable, query: Select[T], complete: Callable[[T], object]) -> T | None:
    """The one row of a query. `complete` looks at what the query has not loaded but will be
    asked for later, when there is no session any more to load it with."""
    if _parts.get() is None:
        return db.session.scalar(query)

    def read() -> T | None:
        with apart() as session:
            row = session.scalar(query)
            if row is not None:
                complete(row)
            return row

    return while_unchanged(key, read)


def kept_rows(name: str, ids: list[int], query: Callable[[list[int]], Select[Any]]) -> list[Any]:
    """The rows of these ids, in their order; `query` reads those that are not kept yet."""
    kept = _parts.get()
    if kept is None:
        read = {row.id: row for row in db.session.scalars(query(ids))} if ids else {}
        return [read[row_id] for row_id in ids if row_id in read]
    missing = [row_id for row_id in ids if (name, row_id) not in kept]
    if missing:
        with apart() as session:
            kept.update({(name, row.id): row for row in session.scalars(query(missing))})
    return [kept[name, row_id] for row_id in ids if (name, row_id) in kept]


def apart() -> Session:
    """A session for rows that will be kept: closed, it leaves them complete and bound to
    nothing, while the request's own session never meets them. Both use one connection."""
    return Session(db.session.connection())

"""How the two engines are opened, and how a write begins.

SQLite: WAL and synchronous=FULL, because with NORMAL a power cut loses answers that were
already given. A read begins DEFERRED. A write begins IMMEDIATE, because a read that turns
into a write fails at once however long the timeout is; and it queues on a file lock first,
because SQLite's own waiting is a lottery that starves writers for seconds, while the
kernel's queue is fair and is let go when a process is killed.
PostgreSQL needs none of this.
"""

from __future__ import annotations

import fcntl
import os
import threading
from datetime import timedelta
from importlib import import_module
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event, update
from sqlalchemy.orm import Session

from portal.core.clock import now
from portal.core.extensions import PublicRow, db
from portal.core.models import ChangeCounter

PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "busy_timeout=10000",
    "foreign_keys=ON",
    "secure_delete=ON",
    "recursive_triggers=ON",
)


class WriterQueue:
    """A fair queue for the one writer that SQLite allows, across threads and processes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = threading.Lock()
        self._file: int | None = None
        self._pid = 0

    def enter(self) -> None:
        self._thread.acquire()
        try:
            if self._file is None or self._pid != os.getpid():
                # Opened after a fork: a shared descriptor would share the lock as well.
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
                self._pid = os.getpid()
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._thread.release()
            raise

    def leave(self) -> None:
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._thread.release()


def prepare_sqlite(engine: Engine, path: str) -> None:
    """Registers pragmas, explicit BEGIN and the writer queue on a SQLite engine."""
    queue = WriterQueue(path + ".writer")

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute("PRAGMA " + pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if mode == "IMMEDIATE" and not connection.info.get("queued"):
            queue.enter()
            connection.info["queued"] = True
        connection.exec_driver_sql("BEGIN " + mode)

    @event.listens_for(engine, "checkin")
    def let_next_in(_connection: Any, record: Any) -> None:
        if record.info.pop("queued", False):
            queue.leave()


def begin_write() -> None:
    """Starts this request's transaction as a writer; call it before the first query.

    Has no effect on PostgreSQL, and none when the transaction is a writer already.
    """
    if db.session().in_transaction():
        connection = db.session.connection()
        if connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE":
            return
        db.session.rollback()
    db.session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def begin_read() -> None:
    """Starts a transaction that sees one moment of the database, however long it goes on and
    whatever others write meanwhile. SQLite's always do."""
    db.session.rollback()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def insert_into(table: type[Any]) -> Any:
    """An INSERT that can meet a row made by another process at the same moment: it knows
    `on_conflict_do_nothing` and `on_conflict_do_update`, on either engine."""
    return import_module(f"sqlalchemy.dialects.{db.engine.dialect.name}").insert(table)


def mark_changed(session: Session | None = None) -> None:
    """For bulk statements that the session cannot see: the public pages have changed."""
    (session or db.session()).info["public_change"] = True


def _watch(session: Session, _context: Any, _instances: Any) -> None:
    touched = [*session.new, *session.dirty, *session.deleted]
    if any(isinstance(row, PublicRow) for row in touched):
        mark_changed(session)


def _forget(session: Session) -> None:
    session.info.pop("public_change", None)


def _count(session: Session) -> None:
    session.flush()
    if session.info.pop("public_change", False):
        at = now()
        result = session.connection().execute(
            update(ChangeCounter)
            .values(number=ChangeCounter.number + 1)
            .returning(ChangeCounter.changed_at)
        )
        before = result.scalar()
        if before is None:
            session.connection().execute(
                ChangeCounter.__table__.insert().values(id=1, number=1, changed_at=at)  # type: ignore[attr-defined]
            )
            return
        # Never falling, and at least a second a change: Last-Modified has no smaller unit.
        later = max(at, before + timedelta(seconds=1))
        session.connection().execute(update(ChangeCounter).values(changed_at=later))


def init_database(app: Flask) -> None:
    """Binds the engine to the application and counts public changes."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            path = db.engine.url.database or ""
            prepare_sqlite(db.engine, path)
    session_class = db.session.session_factory.class_
    if not event.contains(session_class, "before_flush", _watch):
        event.listen(session_class, "before_flush", _watch)
        event.listen(session_class, "before_commit", _count)
        event.listen(session_class, "after_rollback", _forget)

"""Writes: while a run is worked on, that somebody is at it and how far it has come."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError

from portal.core.clock import now
from portal.core.extensions import db
from portal.imports.models import ImportRun
from portal.imports.progress import Progress

SECONDS = 2.0


class RowsRead(Progress):
    """Hears how many rows are read; `total` is 0 where nobody knows how many there are."""

    def __init__(self, knows_total: bool) -> None:
        self._knows_total, self._is_reading = knows_total, False
        self.rows = self.total = 0

    def begin(self, step: str, total: int) -> None:
        self._is_reading = step == "reading"
        if self._is_reading:
            self.rows, self.total = 0, total if self._knows_total else 0

    def done(self, number: int = 1) -> None:
        if self._is_reading:
            self.rows += number


@contextmanager
def beating(run_id: int, knows_total: bool, seconds: float = SECONDS) -> Iterator[Progress]:
    """Notes with the run, every few seconds, that it is worked on and how many rows are read.

    Beside the work, on a connection of its own: reading and planning are one transaction that
    writes nothing, and nobody would see from outside that it gets on.
    """
    engine, heard, is_over = db.engine, RowsRead(knows_total), threading.Event()

    def work() -> None:
        while not is_over.wait(seconds):
            # Only a word less: whoever waits for the page sees the next one.
            with suppress(SQLAlchemyError):
                _note(engine, run_id, heard.rows, heard.total)

    thread = threading.Thread(target=work, name=f"beat-{run_id}", daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        is_over.set()
        thread.join()


def _note(engine: Engine, run_id: int, done: int, total: int) -> None:
    told = update(ImportRun).where(ImportRun.id == run_id, ImportRun.state == "reading")
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        connection.execute(told.values(done=done, total=total, beat_at=now()))
        connection.commit()

"""Writes: while a run is worked on, that somebody is at it and how far it has come."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, update
from sqlalchemy.exc import SQLAlchemyError

from portal.core.clock import now
from portal.core.extensions import db
from portal.imports.models import ImportRun

SECONDS = 2.0
Tell = Callable[[int, int], None]
"""Hears how many rows are read, and of how many (0: nobody knows)."""


@contextmanager
def beating(run_id: int, seconds: float = SECONDS) -> Iterator[Tell]:
    """Notes with the run, every few seconds, that it is worked on and what was told last.

    Beside the work, on a connection of its own: reading and planning are one transaction that
    writes nothing, and nobody would see from outside that it gets on.
    """
    engine, far, is_over = db.engine, [0, 0], threading.Event()

    def tell(done: int, total: int) -> None:
        far[:] = done, max(done, total) if total else 0

    def work() -> None:
        while not is_over.wait(seconds):
            # Only a word less: whoever waits for the page sees the next one.
            with suppress(SQLAlchemyError):
                _note(engine, run_id, *far)

    thread = threading.Thread(target=work, name=f"beat-{run_id}", daemon=True)
    thread.start()
    try:
        yield tell
    finally:
        is_over.set()
        thread.join()


def _note(engine: Engine, run_id: int, done: int, total: int) -> None:
    told = update(ImportRun).where(ImportRun.id == run_id, ImportRun.state == "reading")
    with engine.connect().execution_options(sqlite_begin="IMMEDIATE") as connection:
        connection.execute(told.values(done=done, total=total, beat_at=now()))
        connection.commit()

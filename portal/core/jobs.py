"""What `portal tick` runs: rooms register their jobs here in create_app()."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import JobRun


@dataclass(frozen=True)
class Job:
    """Background work that is safe to run twice. `run` answers what it did, in one line.

    It runs inside a transaction that is committed after it. A job that waits for others must
    not keep every writer waiting with it: with `owns_transactions` it is called with none open,
    and reads and writes inside `with transaction():`, a little at a time.
    """

    name: str
    run: Callable[[], str]
    owns_transactions: bool = False


class StillOpen(Exception):
    """A job that owns its transactions ended, or began another, inside one."""


_jobs: dict[str, Job] = {}


def register(name: str, run: Callable[[], str], owns_transactions: bool = False) -> None:
    _jobs[name] = Job(name, run, owns_transactions)


@contextmanager
def transaction() -> Iterator[None]:
    """A short transaction of a job that owns its own: committed at the end, undone by an error.

    Take plain values out of it: touching a row afterwards would begin another transaction
    without a word. That is refused, as is one inside another: raises StillOpen.
    """
    _none_open()
    begin_write()
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def tick() -> Iterator[tuple[str, str]]:
    """Runs every job, each in a transaction of its own unless it owns several; yields (name,
    what it did).

    A job that fails is noted and does not stop the others; its error is in the result.
    """
    for job in list(_jobs.values()):
        try:
            result = _run_alone(job) if job.owns_transactions else _run_inside(job)
        except Exception as error:
            db.session.rollback()
            result = f"failed: {type(error).__name__}: {error}"
        begin_write()
        db.session.merge(JobRun(name=job.name, ran_at=now(), result=result[:200]))
        db.session.commit()
        yield job.name, result


def _run_inside(job: Job) -> str:
    begin_write()
    result = job.run()
    db.session.commit()
    return result


def _run_alone(job: Job) -> str:
    db.session.rollback()  # what the caller has read
    result = job.run()
    _none_open()
    return result


def _none_open() -> None:
    if db.session().in_transaction():
        raise StillOpen("a transaction was begun outside of `with transaction():`")

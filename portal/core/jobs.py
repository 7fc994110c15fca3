"""What `portal tick` runs: rooms register their jobs here in create_app()."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import JobRun


@dataclass(frozen=True)
class Job:
    """Background work that is safe to run twice. `run` answers what it did, in one line."""

    name: str
    run: Callable[[], str]


_jobs: dict[str, Job] = {}


def register(name: str, run: Callable[[], str]) -> None:
    _jobs[name] = Job(name, run)


def tick() -> Iterator[tuple[str, str]]:
    """Runs every job, each in a transaction of its own; yields (name, what it did).

    A job that fails is noted and does not stop the others; its error is in the result.
    """
    for job in list(_jobs.values()):
        begin_write()
        try:
            result = job.run()
            db.session.commit()
        except Exception as error:
            db.session.rollback()
            result = f"failed: {type(error).__name__}: {error}"
        begin_write()
        db.session.merge(JobRun(name=job.name, ran_at=now(), result=result[:200]))
        db.session.commit()
        yield job.name, result

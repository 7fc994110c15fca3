"""Background work: each job by itself, and none that waits keeps the writers waiting."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import JobRun
from portal.units.models import Unit
from tests.support.factories import NOW

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@pytest.fixture(autouse=True)
def only_ours(inside: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the rooms' jobs, which making the application has registered."""
    monkeypatch.setattr(jobs, "_jobs", {})


def note(name: str) -> None:
    db.session.merge(JobRun(name=name, ran_at=NOW - timedelta(days=1), result="noted"))


def noted() -> dict[str, str]:
    db.session.rollback()
    return {run.name: run.result for run in db.session.query(JobRun)}


def write_from_elsewhere(app: Flask) -> None:
    """As a request of another process would, without waiting for anybody."""
    with db.engine.connect() as other:
        if db.engine.dialect.name == "sqlite":
            other.exec_driver_sql("PRAGMA busy_timeout=1")
        other.execute(text("UPDATE unit SET name = 'Nytt namn'"))
        other.commit()


def own_name() -> str:
    db.session.rollback()
    return str(db.session.query(Unit.name).order_by(Unit.id).limit(1).scalar())


@both
def test_a_job_runs_inside_a_transaction(engine: str) -> None:
    seen = []

    def run() -> str:
        seen.append(db.session().in_transaction())
        note("a row")
        return "done"

    jobs.register("plain", run)
    assert list(jobs.tick()) == [("plain", "done")]
    assert seen == [True]
    assert noted() == {"a row": "noted", "plain": "done"}


@both
def test_a_job_that_waits_lets_others_write(engine: str, inside: Flask) -> None:
    def run() -> str:
        assert not db.session().in_transaction()
        with jobs.transaction():
            address = db.session.query(Unit.name).limit(1).scalar()
        write_from_elsewhere(inside)  # while this one would be fetching
        with jobs.transaction():
            note("a row")
        return f"fetched for {bool(address)}"

    jobs.register("waiting", run, owns_transactions=True)
    db.session.query(Unit).all()  # what the command read before
    assert list(jobs.tick()) == [("waiting", "fetched for True")]
    assert own_name() == "Nytt namn"
    assert noted() == {"a row": "noted", "waiting": "fetched for True"}


def test_without_owning_its_transactions_it_would_not(inside: Flask) -> None:
    """The control, on SQLite: a plain job that waits holds the lock."""

    def run() -> str:
        write_from_elsewhere(inside)
        return "done"

    jobs.register("plain", run)
    ((_, result),) = jobs.tick()
    assert result.startswith("failed: OperationalError")
    assert "locked" in result


@both
def test_what_was_committed_before_a_failure_stays(engine: str) -> None:
    def run() -> str:
        with jobs.transaction():
            note("first")
        with jobs.transaction():
            note("second")
            db.session.flush()
            raise RuntimeError("the source is odd")

    jobs.register("failing", run, owns_transactions=True)
    jobs.register("next", lambda: "done")
    failed = "failed: RuntimeError: the source is odd"
    assert list(jobs.tick()) == [("failing", failed), ("next", "done")]
    assert noted() == {"first": "noted", "failing": failed, "next": "done"}


@both
def test_one_step_that_fails_leaves_the_next_a_clean_start(engine: str) -> None:
    def run() -> str:
        for name in ("first", "second", "third"):
            with suppress(SQLAlchemyError), jobs.transaction():
                note(name)
                if name == "second":
                    db.session.execute(text("SELECT * FROM nowhere"))
        return "two of three"

    jobs.register("steps", run, owns_transactions=True)
    assert list(jobs.tick()) == [("steps", "two of three")]
    assert noted() == {"first": "noted", "third": "noted", "steps": "two of three"}


def touch_a_row() -> None:
    with jobs.transaction():
        unit = db.session.query(Unit).first()
    assert unit is not None
    assert unit.name  # expired by the commit, so this reads again


def write_outside() -> None:
    begin_write()
    note("lost")


def touch_and_go_on() -> None:
    touch_a_row()
    with jobs.transaction():
        note("never")


def one_in_another() -> None:
    with jobs.transaction(), jobs.transaction():
        note("never")


@both
@pytest.mark.parametrize("act", [touch_a_row, write_outside, touch_and_go_on, one_in_another])
def test_a_transaction_that_nobody_ends_is_told(engine: str, act: Callable[[], None]) -> None:
    def run() -> str:
        act()
        return "done"

    jobs.register("careless", run, owns_transactions=True)
    jobs.register("next", lambda: "done")
    (_, result), after = jobs.tick()
    assert result.startswith("failed: StillOpen")
    assert after == ("next", "done")
    assert set(noted()) == {"careless", "next"}

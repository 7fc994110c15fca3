"""How the engines are opened, and when the change counter moves."""

from __future__ import annotations

import multiprocessing
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from portal.core import rate_limits
from portal.core.audit import record
from portal.core.database import WriterQueue, begin_write, mark_changed
from portal.core.extensions import db
from portal.core.models import ChangeCounter, DayKey, JobRun, RateCount
from portal.core.problems import Problem, Refused
from portal.core.rate_limits import too_many
from portal.core.sealing import digest, load_key, sign
from portal.places import actions as places
from portal.units.models import Unit
from tests.support.factories import NOW, new_event, place

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
Freeze = Callable[[datetime], None]


# --- instants -----------------------------------------------------------------------------


@both
@pytest.mark.usefixtures("inside")
def test_an_instant_without_a_zone_is_refused(engine: str) -> None:
    db.session.add(JobRun(name="x", ran_at=datetime(2026, 1, 1), result=""))
    with pytest.raises(StatementError, match="no time zone"):
        db.session.flush()


@both
@pytest.mark.usefixtures("inside")
def test_an_instant_comes_back_in_utc(engine: str) -> None:
    there = timezone(timedelta(hours=-3, minutes=-30))
    db.session.add(JobRun(name="x", ran_at=datetime(2026, 1, 1, 12, tzinfo=there), result=""))
    db.session.commit()
    db.session.expire_all()
    found = db.session.get_one(JobRun, "x").ran_at
    assert found == datetime(2026, 1, 1, 15, 30, tzinfo=UTC)
    assert found.utcoffset() == timedelta(0)


# --- the change counter -------------------------------------------------------------------


def counter() -> tuple[int, datetime | None]:
    db.session.expire_all()
    row = db.session.get(ChangeCounter, 1)
    return (row.number, row.changed_at) if row else (0, None)


@both
@pytest.mark.usefixtures("inside")
def test_public_changes_move_the_counter_and_others_do_not(engine: str) -> None:
    def moves(act: Callable[[], Any]) -> int:
        before = counter()[0]
        db.session.rollback()
        begin_write()
        act()
        db.session.commit()
        return counter()[0] - before

    assert moves(new_event) == 1
    assert moves(lambda: places.update_place(place(), {"street": "Nygatan"})) == 1
    assert moves(lambda: places.add_break({"sv": "Lov"}, NOW.date(), NOW.date())) == 1
    assert moves(mark_changed) == 1
    assert moves(lambda: None) == 0
    assert moves(lambda: record("x", "y", 1)) == 0
    assert moves(lambda: db.session.add(JobRun(name="j", ran_at=NOW, result=""))) == 0
    # Reading a public row is no change.
    assert moves(lambda: db.session.query(Unit).all()) == 0


@both
@pytest.mark.usefixtures("inside")
def test_a_change_that_is_rolled_back_does_not_count(engine: str) -> None:
    before = counter()
    new_event()
    db.session.rollback()
    record("x", "y", 1)
    db.session.commit()
    assert counter() == before


@both
@pytest.mark.usefixtures("inside")
def test_the_time_of_change_rises_by_a_second_at_least_and_never_falls(
    engine: str, freeze: Freeze
) -> None:
    seen = []
    for moment in (NOW, NOW, NOW - timedelta(hours=1), NOW + timedelta(days=1)):
        freeze(moment)
        mark_changed()
        db.session.commit()
        seen.append(counter()[1])
    assert seen == sorted(set(seen))  # type: ignore[type-var]
    assert seen[-1] == NOW + timedelta(days=1)


# --- SQLite -------------------------------------------------------------------------------


def test_sqlite_is_opened_as_reliability_2_says(city: Flask) -> None:
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 10000,
        "foreign_keys": 1,
        "secure_delete": 1,
    }
    with city.app_context():
        for name, value in wanted.items():
            assert db.session.execute(text(f"PRAGMA {name}")).scalar() == value, name


@both
@pytest.mark.usefixtures("inside")
def test_a_reference_to_nothing_is_refused(engine: str) -> None:
    unit = db.session.query(Unit).first()
    assert unit is not None
    unit.successor_id = 999_999
    with pytest.raises(IntegrityError):
        db.session.flush()


def test_readers_are_not_held_up_by_a_writer(city: Flask) -> None:
    with city.app_context():
        begin_write()
        unit = db.session.query(Unit).first()
        assert unit is not None
        before, unit.name = unit.name, "Nytt namn"
        db.session.flush()
        started = time.monotonic()
        with db.engine.connect() as other:
            names = [row[0] for row in other.execute(text("SELECT name FROM unit"))]
        assert time.monotonic() - started < 2
        assert before in names
        assert "Nytt namn" not in names


def test_begin_write_is_immediate_and_may_be_said_twice(city: Flask) -> None:
    with city.app_context():
        db.session.query(Unit).all()  # a read that began before
        begin_write()
        begin_write()
        connection = db.session.connection()
        assert connection.get_execution_options()["sqlite_begin"] == "IMMEDIATE"
        with db.engine.connect() as other:
            other.exec_driver_sql("PRAGMA busy_timeout=1")
            with pytest.raises(OperationalError, match="locked"):
                other.exec_driver_sql("UPDATE unit SET name = 'x'")


WRITER = """
    import sys, time
    from pathlib import Path
    from portal import create_app
    from portal.config import Settings
    from portal.core.database import begin_write
    from portal.core.extensions import db
    from portal.core.models import JobRun
    folder, name, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    url = f"sqlite:///{folder / 'portal.sqlite'}"
    app = create_app(Settings(instance=folder, database_url=url, base_url="http://x"))
    from datetime import UTC, datetime
    with app.app_context():
        for number in range(times):
            {begin}
            row = db.session.get(JobRun, "count")
            value = int(row.result)
            time.sleep(0.002)
            row.result = str(value + 1)
            db.session.commit()
"""


def run_writers(folder: Path, begin: str, times: int = 25) -> list[int]:
    script = textwrap.dedent(WRITER.replace("{begin}", begin))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder), str(number), str(times)],
            stderr=subprocess.PIPE,
        )
        for number in range(2)
    ]
    for process in started:
        process.communicate(timeout=120)
    return [process.returncode for process in started]


def test_two_processes_that_count_lose_no_step(city: Flask, tmp_path: Path) -> None:
    with city.app_context():
        db.session.add(JobRun(name="count", ran_at=NOW, result="0"))
        db.session.commit()
        db.session.remove()
    assert run_writers(tmp_path, "begin_write()") == [0, 0]
    with city.app_context():
        assert db.session.get_one(JobRun, "count").result == "50"


def test_without_the_guard_they_get_in_each_other_s_way(city: Flask, tmp_path: Path) -> None:
    """The control: a read that turns into a write fails or overwrites. On a busy machine the
    two may take turns by chance, so they try harder before it counts as a failure."""
    for times in (60, 200, 600):
        with city.app_context():
            db.session.merge(JobRun(name="count", ran_at=NOW, result="0"))
            db.session.commit()
            db.session.remove()
        codes = run_writers(tmp_path, "pass", times=times)
        with city.app_context():
            count = db.session.get_one(JobRun, "count").result
        if codes != [0, 0] or count != str(2 * times):
            return
    pytest.fail("two processes without the guard never met")


def hold(path: str, ready: Any, enough: Any) -> None:
    queue = WriterQueue(path)
    queue.enter()
    ready.set()
    enough.wait(30)


def test_the_queue_lets_the_next_in_when_a_process_is_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, enough = context.Event(), context.Event()
    path = str(tmp_path / "queue")
    other = context.Process(target=hold, args=(path, ready, enough))
    other.start()
    assert ready.wait(30)
    other.kill()
    other.join(30)
    queue = WriterQueue(path)
    queue.enter()
    queue.leave()


# --- rate limits --------------------------------------------------------------------------


@both
def test_tries_are_counted_by_network_and_window(city: Flask, engine: str, freeze: Freeze) -> None:
    freeze(NOW)
    window = timedelta(minutes=15)

    def tries(
        address: str, times: int, purpose: str = "sign-in", who: str | None = None
    ) -> list[bool]:
        with city.test_request_context(environ_base={"REMOTE_ADDR": address}):
            begin_write()
            found = [too_many(purpose, 3, window, who) for _ in range(times)]
            db.session.commit()
            return found

    assert tries("192.0.2.1", 5) == [False, False, False, True, True]
    assert tries("192.0.2.2", 1) == [False]
    assert tries("192.0.2.1", 1, "other") == [False]
    # One household with IPv6 is one; the next is another.
    assert tries("2001:db8:1:2::1", 3) == [False, False, False]
    assert tries("2001:db8:1:2:ffff::9", 1) == [True]
    assert tries("2001:db8:1:3::1", 1) == [False]
    assert tries("192.0.2.9", 4, who="a@example.org") == [False, False, False, True]
    freeze(NOW + window)
    assert tries("192.0.2.1", 1) == [False]


@both
def test_counts_hold_no_address_and_go_away(city: Flask, engine: str, freeze: Freeze) -> None:
    freeze(NOW)
    with city.test_request_context(environ_base={"REMOTE_ADDR": "192.0.2.77"}):
        begin_write()
        too_many("sign-in", 3, timedelta(minutes=15))
        db.session.commit()
        (row,) = db.session.query(RateCount)
        assert "192.0.2" not in row.key
        assert len(row.key) == 64
    freeze(NOW + timedelta(days=1))
    with city.app_context():
        assert rate_limits.purge() == 1
        db.session.commit()
        assert db.session.query(DayKey).count() == 0, "yesterday's key is gone"


# --- keys and problems --------------------------------------------------------------------


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "inner" / "portal.key"
    key = load_key(path)
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path) == key
    assert load_key(tmp_path / "other.key") != key


def test_signatures_keep_purposes_and_installations_apart(city: Flask) -> None:
    with city.app_context():
        assert sign("form", "public") == sign("form", "public")
        assert sign("form", "public") != sign("manage", "public")
        city.config["PORTAL_KEY"] = bytes(32)
        other = sign("form", "public")
    city.config["PORTAL_KEY"] = bytes(31) + b"1"
    with city.app_context():
        assert sign("form", "public") != other
    assert digest("a") != digest("b")


def test_a_refusal_carries_its_problems() -> None:
    refused = Refused(Problem("one", "field", {"n": 1}), Problem("two"))
    assert [problem.code for problem in refused.problems] == ["one", "two"]
    assert str(refused) == "one, two"
    assert refused.problems[1].facts == {}

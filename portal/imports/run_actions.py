"""Writes: the life of a run, from the file to what became of it."""

from __future__ import annotations

import hashlib
import zlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from portal.core.access import current_account
from portal.core.clock import now
from portal.core.extensions import db
from portal.imports.models import ImportRun, Source

# How long a plan waits for somebody, and how long it is remembered what became of one.
WAITS = timedelta(days=14)
REMEMBERED = timedelta(days=400)
WORKING = ("reading", "applying")


def start(
    source: Source, raw: bytes, file_name: str = "", validators: tuple[str, str] | None = None
) -> ImportRun:
    """A new run of a file. Those of the source that waited are dropped: this one is newer.

    `validators` are the ETag and Last-Modified of an answer. The source has them only when the
    run is settled: asked with them earlier, a server would not send again what nobody has read.
    """
    for run in db.session.query(ImportRun).where(
        ImportRun.source_id == source.id, ImportRun.state.in_(("columns", "planned", "reading"))
    ):
        settle(run, "dropped")
    account = current_account()
    run = ImportRun(
        source_id=source.id,
        at=now(),
        beat_at=now(),
        account_id=account.id if account else None,
        state="reading",
        file_name=file_name[:120],
        digest=hashlib.sha256(raw).hexdigest(),
        body=zlib.compress(raw, 1),
        plan={"validators": validators} if validators else {},
    )
    db.session.add(run)
    db.session.flush()
    return run


def body(run: ImportRun) -> bytes:
    """The file of a run; empty when it has been thrown away."""
    return zlib.decompress(run.body) if run.body else b""


def settle(run: ImportRun, state: str, **facts: Any) -> None:
    """Notes what became of a run; its file is thrown away when nobody needs it any more."""
    run.state, run.beat_at = state, now()
    run.plan = {**run.plan, **facts}
    if state not in WORKING and "validators" in run.plan and not is_broken(run):
        run.source.etag, run.source.last_modified = run.plan["validators"]
    if state in ("applied", "dropped", "refused"):
        run.body = None
    db.session.flush()


def is_broken(run: ImportRun) -> bool:
    """Whether a fault of ours has stopped it, and not the file."""
    failure = run.plan.get("failure") or {}
    return run.state == "refused" and failure.get("code") == "broken"


def forget_old(at: datetime) -> int:
    """Drops plans that nobody said yes to, and forgets what happened long ago."""
    waiting = (
        update(ImportRun)
        .where(ImportRun.at < at - WAITS, ImportRun.body.is_not(None))
        .values(state="dropped", body=None)
    )
    gone = delete(ImportRun).where(ImportRun.at < at - REMEMBERED)
    return sum(db.session.execute(one).rowcount for one in (waiting, gone))  # type: ignore[attr-defined]

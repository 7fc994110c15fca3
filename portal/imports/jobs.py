"""What `portal tick` does for imports: asks addresses, goes on with what stands still."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from flask import current_app

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.jobs import transaction
from portal.core.problems import Refused
from portal.imports import queries, run_actions
from portal.imports.answers import Fetched
from portal.imports.fetching import fetch
from portal.imports.models import ImportRun, Source
from portal.imports.networks import Unreachable
from portal.imports.processing import Changed, apply, resume
from portal.imports.work import StillChanging

# Silent servers take ten seconds each: so many are waited for at the same time.
AT_THE_SAME_TIME = 10


@dataclass(frozen=True)
class Asked:
    """What an address is asked with: the validators of its last answer, unless that is old."""

    source_id: int
    address: str
    etag: str
    last_modified: str


def read_addresses() -> str:
    """Asks every address that is due; a new programme is planned, and carried out where somebody
    has once said yes to a plan of its source."""
    with transaction():
        asked = [_ask(source_id) for source_id in queries.due(now())]
    failed = 0
    for one, answer in _answers(asked):
        if isinstance(answer, Fetched):
            _read(one.source_id, answer)
        else:
            failed += 1
            _fail(one.source_id, answer)
    return f"{len(asked)} addresses asked, {failed} failed"


def _ask(source_id: int) -> Asked:
    source = db.session.get_one(Source, source_id)
    source.asked_at = now()
    etag, last_modified = ("", "") if _is_old(source) else (source.etag, source.last_modified)
    return Asked(source_id, source.address, etag, last_modified)


def _is_old(source: Source) -> bool:
    newest = queries.newest_run(source)
    return newest is None or newest.at < now() - queries.AGAIN


def _answers(asked: list[Asked]) -> Iterator[tuple[Asked, Fetched | Unreachable]]:
    """What the addresses answer, the quickest first. Threads wait; this one writes."""
    settings = current_app.config["PORTAL_SETTINGS"]

    def get(one: Asked) -> Fetched | Unreachable:
        try:
            return fetch(
                one.address,
                settings.allowed_networks,
                one.etag,
                one.last_modified,
                base_url=settings.base_url,
            )
        except Unreachable as error:
            return error
        except Exception:
            logger.exception("source %s could not be asked", one.source_id)
            return Unreachable("no_answer")

    logger = current_app.logger
    with ThreadPoolExecutor(AT_THE_SAME_TIME, thread_name_prefix="ask") as pool:
        coming = {pool.submit(get, one): one for one in asked}
        for future in as_completed(coming):
            yield coming[future], future.result()


def _fail(source_id: int, error: Unreachable) -> None:
    with transaction():
        source = db.session.get_one(Source, source_id)
        source.failed_since = source.failed_since or now()
        source.failure = {"code": error.code, "facts": error.facts}


def _read(source_id: int, found: Fetched) -> None:
    run_id = _note(source_id, found)
    if run_id is not None:
        go_on(run_id)


def _note(source_id: int, found: Fetched) -> int | None:
    """Notes that an address answered; a run when there is something to do."""
    with transaction():
        source = db.session.get_one(Source, source_id)
        source.failed_since, source.failure, source.read_at = None, {}, now()
        newest = queries.newest_run(source)
        if found.status == "same" or (not _is_old(source) and _is_of(newest, found.body)):
            return newest.id if newest and newest.state == "planned" else None
        validators = (found.etag[:200], found.last_modified[:60])
        return run_actions.start(source, found.body, validators=validators).id


def _is_of(run: ImportRun | None, body: bytes) -> bool:
    """Whether this is what a run has read; a fault of ours was no reading."""
    is_there = run is not None and run.digest == hashlib.sha256(body).hexdigest()
    return run is not None and is_there and not run_actions.is_broken(run)


def go_on(run_id: int) -> None:
    """Plans a run, and carries one of an address out unless somebody should look at it first.

    Rows that cannot be used are left out and told; a plan that calls off most of what is coming
    waits, for a source that breaks looks like that. A fault of ours stops this run and no other.
    """
    try:
        resume(run_id)
    except Exception:
        db.session.rollback()
        current_app.logger.exception("import %s could not be gone on with", run_id)
    with transaction():
        run = db.session.get_one(ImportRun, run_id)
        is_known = run.account_id is None and queries.has_applied(run.source)
        may = run.state == "planned" and is_known and not run.plan.get("is_drastic")
    if not may:
        return
    try:
        apply(run_id)
    except (Refused, StillChanging, Changed):
        # It stays planned, and whoever looks at the source's page sees it wait.
        db.session.rollback()


def go_on_with_runs() -> str:
    """Takes up what a process left behind that was stopped: files brought by hand as well, which
    then wait for their yes as ever."""
    with transaction():
        ids = [run.id for run in queries.standing_still(now())]
        for run_id in ids:
            db.session.get_one(ImportRun, run_id).beat_at = now()
    for run_id in ids:
        go_on(run_id)
    return f"{len(ids)} imports taken up"


def forget_runs() -> str:
    """Drops old plans and the memory of old runs."""
    return f"{run_actions.forget_old(now())} runs forgotten"

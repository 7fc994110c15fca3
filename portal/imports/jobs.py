"""What `portal tick` does for imports: asks addresses, goes on with what stands still."""

from __future__ import annotations

import hashlib

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
from portal.imports.processing import apply, process
from portal.imports.work import StillChanging


def read_addresses() -> str:
    """Asks every address that is due; a new programme is planned, and carried out where somebody
    has once said yes to a plan of its source."""
    with transaction():
        ids = queries.due(now())
    told = [_read(source_id) for source_id in ids]
    failed = sum(not one for one in told)
    return f"{len(told)} addresses asked, {failed} failed"


def _read(source_id: int) -> bool:
    """Whether an address answered."""
    with transaction():
        source = db.session.get_one(Source, source_id)
        source.asked_at = now()
        asked = (source.address, source.etag, source.last_modified)
    settings = current_app.config["PORTAL_SETTINGS"]
    try:
        found = fetch(asked[0], settings.allowed_networks, *asked[1:], base_url=settings.base_url)
    except Unreachable as error:
        with transaction():
            source = db.session.get_one(Source, source_id)
            source.failed_since = source.failed_since or now()
            source.failure = {"code": error.code, "facts": error.facts}
        return False
    run_id = _note(source_id, found)
    if run_id is not None:
        go_on(run_id)
    return True


def _note(source_id: int, found: Fetched) -> int | None:
    """Notes that an address answered; a run when it is with something new."""
    with transaction():
        source = db.session.get_one(Source, source_id)
        source.failed_since, source.failure, source.read_at = None, {}, now()
        if found.status == "same":
            return None
        source.etag, source.last_modified = found.etag[:200], found.last_modified[:60]
        if hashlib.sha256(found.body).hexdigest() == source.digest:
            return None
        return run_actions.start(source, found.body).id


def go_on(run_id: int) -> None:
    """Plans a run, and carries it out unless somebody should look at it first.

    Rows that cannot be used are left out and told; a plan that calls off most of what is coming
    waits, for a source that breaks looks like that.
    """
    process(run_id)
    with transaction():
        run = db.session.get_one(ImportRun, run_id)
        is_known = queries.has_applied(run.source)
        may = run.state == "planned" and is_known and not run.plan.get("is_drastic")
    if not may:
        return
    try:
        apply(run_id)
    except (Refused, StillChanging):
        # It stays planned, and whoever looks at the source's page sees it wait.
        db.session.rollback()


def forget_runs() -> str:
    """Drops old plans and the memory of old runs."""
    return f"{run_actions.forget_old(now())} runs forgotten"

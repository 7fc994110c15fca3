"""Importing from the first byte to the commit: for commands, pages and jobs alike.

Reading and planning take long and write nothing, so others write meanwhile. Then the lock is
taken, and the plan is carried out if nothing that it speaks of has changed; otherwise it is made
anew. Whoever is killed on the way leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import select

from portal.core.clock import now
from portal.core.database import begin_read, begin_write
from portal.core.extensions import db
from portal.events.models import Event
from portal.imports.applying import apply_plan
from portal.imports.known import CHUNK, fingerprint
from portal.imports.making import Making
from portal.imports.models import Source
from portal.imports.plan import Plan
from portal.imports.planning import make_plan
from portal.imports.progress import Progress
from portal.imports.reading import Opened, begin, open_file
from portal.units import queries as units

TRIES = 5


class StillChanging(Exception):
    """Others change the same events again and again, so that no plan holds. Try again later."""


@dataclass(frozen=True)
class Planned:
    """A plan, and how things stood when it was made."""

    plan: Plan
    opened: Opened
    fingerprint: str


def plan_file(
    source_id: int,
    raw: bytes,
    name: str = "",
    taken: Collection[str] = (),
    progress: Progress | None = None,
) -> Planned:
    """The plan of a file for a source, in a transaction that only reads and is over afterwards.

    Raises Unreadable. The columns must be sure, or chosen (Source.mapping).
    """
    begin_read()
    try:
        return plan_for(db.session.get_one(Source, source_id), raw, name, taken, progress)
    finally:
        db.session.rollback()


def plan_for(
    source: Source,
    raw: bytes,
    name: str = "",
    taken: Collection[str] = (),
    progress: Progress | None = None,
) -> Planned:
    """The same for a source that need not be in the database yet: it is only asked."""
    progress = progress or Progress()
    opened = open_file(raw, name, source.mapping)
    progress.begin("reading", raw.count(b"\n"))
    reading = begin(raw, opened, units.municipality().zone, units.today())
    reading.rest = progress.through(reading.rest)
    allowed = None if source.unit_id is None else {source.unit_id}
    plan = make_plan(source, reading, allowed, units.today(), now(), taken, progress)
    return Planned(plan, opened, fingerprint(source, plan))


def carry_out(
    source_id: int,
    planned: Planned,
    again: Callable[[], Planned],
    note: Callable[[Plan], None] = lambda plan: None,
    progress: Progress | None = None,
) -> Plan:
    """Applies a plan in one transaction and commits; answers the plan that was applied.

    `again` plans anew when others have changed the source's events meanwhile; `note` writes
    what belongs into the same transaction. Raises Refused and StillChanging; then nothing is
    written.
    """
    for _attempt in range(TRIES):
        with Making(source_id, planned.plan.new, progress) as making:
            begin_write()
            try:
                source = _locked(source_id, planned.plan)
                if fingerprint(source, planned.plan) == planned.fingerprint:
                    apply_plan(source, planned.plan, progress, making)
                    note(planned.plan)
                    db.session.commit()
                    return planned.plan
            except BaseException:
                db.session.rollback()
                raise
        planned = again()
    raise StillChanging


def _locked(source_id: int, plan: Plan) -> Source:
    """The source; on PostgreSQL nobody else changes it or the plan's events from now on."""
    db.session.execute(select(Source.id).where(Source.id == source_id).with_for_update())
    looked_at = plan.looked_at
    for at in range(0, len(looked_at), CHUNK):
        events = select(Event.id).where(Event.id.in_(looked_at[at : at + CHUNK]))
        db.session.execute(events.order_by(Event.id).with_for_update())
    return db.session.get_one(Source, source_id)

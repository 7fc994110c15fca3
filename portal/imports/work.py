"""Importing from the first byte to the commit: for commands, pages and jobs alike.

Reading and planning take long and write nothing, so others write meanwhile. Then the lock is
taken, and the plan is carried out if nothing that it speaks of has changed; otherwise it is made
anew. Whoever is killed on the way leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.imports.applying import Progress, apply_plan
from portal.imports.beating import Tell
from portal.imports.known import fingerprint
from portal.imports.models import Source
from portal.imports.plan import Plan
from portal.imports.planning import make_plan
from portal.imports.reading import Opened, counted, open_file, read
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
    tell: Tell = lambda done, total: None,
) -> Planned:
    """The plan of a file for a source, in a transaction that only reads and is over afterwards.
    `tell` hears how many rows of a table are read.

    Raises Unreadable. The columns must be sure, or chosen (Source.mapping).
    """
    db.session.rollback()
    try:
        source = db.session.get_one(Source, source_id)
        opened = counted(open_file(raw, name, source.mapping), raw, tell)
        reading = read(raw, opened, units.municipality().zone, units.today())
        allowed = None if source.unit_id is None else {source.unit_id}
        plan = make_plan(source, reading, allowed, units.today(), now(), taken)
        return Planned(plan, opened, fingerprint(source))
    finally:
        db.session.rollback()


def carry_out(
    source_id: int,
    planned: Planned,
    again: Callable[[], Planned],
    note: Callable[[Plan], None] = lambda plan: None,
    progress: Progress = lambda dates: None,
) -> Plan:
    """Applies a plan in one transaction and commits; answers the plan that was applied.

    `again` plans anew when others have changed the source's events meanwhile; `note` writes
    what belongs into the same transaction. Raises Refused and StillChanging; then nothing is
    written.
    """
    for _attempt in range(TRIES):
        begin_write()
        try:
            source = db.session.get_one(Source, source_id)
            if fingerprint(source) == planned.fingerprint:
                apply_plan(source, planned.plan, progress)
                note(planned.plan)
                db.session.commit()
                return planned.plan
        except BaseException:
            db.session.rollback()
            raise
        planned = again()
    raise StillChanging

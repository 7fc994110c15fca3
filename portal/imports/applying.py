"""Writes: what a plan says, in one transaction, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import selectinload

from portal.core.audit import record
from portal.core.clock import now
from portal.core.database import insert_into
from portal.core.extensions import db
from portal.events.models import Event
from portal.events.revising import Revision, revise
from portal.imports.known import mark_of
from portal.imports.making import Making, apart, date_row
from portal.imports.merging import Merged
from portal.imports.models import ImportedDate, ImportedEvent, ImportRun, Source, SourceName
from portal.imports.plan import Change, Plan
from portal.imports.progress import Progress

TOGETHER = 200


def apply_plan(
    source: Source, plan: Plan, progress: Progress | None = None, making: Making | None = None
) -> None:
    """Makes, changes and cancels what the plan says; raises Refused, and then the caller rolls
    back: a plan is applied whole or not at all. `making` are its new events, if they have been
    made ready."""
    progress = progress or Progress()
    progress.begin("importing", plan.new_dates + plan.changed_dates + plan.cancelled_dates)
    for at in range(0, len(plan.changed), TOGETHER):
        changes = plan.changed[at : at + TOGETHER]
        revise(_revisions(changes))
        progress.done(sum(len(change.fresh) + len(change.merged.dates) for change in changes))
    _remember_changes(source, plan)
    if making is not None:
        making.store(progress)
    else:
        with Making(source.id, plan.new) as making:
            making.store(progress)
    source.read_at = now()
    record(
        "import.apply",
        "source",
        source.id,
        new=plan.new_dates,
        changed=plan.changed_dates,
        cancelled=plan.cancelled_dates,
        refused=plan.bad_rows,
    )
    db.session.flush()


def _revisions(changes: Sequence[Change]) -> list[Revision]:
    """What changes mean for their events; those are read together."""
    query = select(Event).where(Event.id.in_([change.event_id for change in changes]))
    loads = (Event.occurrences, Event.exdates, Event.co_hosts)
    found = db.session.scalars(query.options(*(selectinload(load) for load in loads)))
    by_id = {event.id: event for event in found}
    if missing := {change.event_id for change in changes} - set(by_id):
        raise LookupError(f"events {sorted(missing)} are gone")
    return [_revision(by_id[change.event_id], change) for change in changes]


def _revision(event: Event, change: Change) -> Revision:
    there = {row.recurrence_id for row in event.occurrences}
    dates = {one.recurrence_id: one.to for one in change.merged.dates}
    added = {start: told for start, told in change.fresh.items() if start not in there}
    if change.merged.whole is not None:
        dates |= dict(apart(added.items(), change.merged.whole))
    return Revision(event, change.merged.details, change.longer, dates)


def _remember_changes(source: Source, plan: Plan) -> None:
    """The source's newest word of what was known already, and of dates that joined."""
    whole = [*plan.changed, *plan.retold_wholes]
    said = [
        {
            "event_id": change.event_id,
            "source_id": source.id,
            "said": change.merged.whole.as_json(),
        }
        for change in whole
        if change.merged.whole is not None
    ]
    if said:
        first: Any = insert_into(ImportedEvent)
        again = {"said": first.excluded.said}
        connection = db.session.connection()
        connection.execute(
            first.on_conflict_do_update(index_elements=["event_id"], set_=again), said
        )
    joined = [
        date_row(source.id, change.event_id, start, told)
        for change in whole
        for start, told in change.fresh.items()
    ]
    if joined:
        db.session.execute(insert(ImportedDate), joined)
    # Of the bare table: many rows by key, in one statement.
    dates: Any = ImportedDate.__table__
    mine = (dates.c.source_id == source.id, dates.c.key == bindparam("of"))
    connection = db.session.connection()
    if plan.retold:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in ("said", "mark")}
        connection.execute(
            update(dates).where(*mine).values(**values, is_gone=False),
            [
                {"of": told.key, "new_said": told.as_json(), "new_mark": mark_of(told)}
                for told in plan.retold
            ],
        )
    if plan.gone:
        connection.execute(
            update(dates).where(*mine).values(is_gone=True), [{"of": key} for key in plan.gone]
        )


def follow(source: Source, merged: dict[int, Merged]) -> int:
    """Follows the source where an editor had changed something; answers how many events changed.
    Raises Refused."""
    changed = [Change(event_id, "", one) for event_id, one in merged.items() if not one.is_empty]
    revise(_revisions(changed))
    record("import.follow", "source", source.id, events=len(changed))
    db.session.flush()
    return len(changed)


def forget(source: Source) -> None:
    """Lets a source go, with all that is remembered of it: its events stay, as their units' own."""
    for table in (ImportedDate, ImportedEvent, SourceName, ImportRun):
        db.session.execute(delete(table).where(table.source_id == source.id))
    record("import.end", "source", source.id)
    db.session.delete(source)
    db.session.flush()

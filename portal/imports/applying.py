"""Writes: what a plan says, in one transaction, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, update

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.text import slugify
from portal.events import queries as events
from portal.events.bulk import Prepared, Publisher
from portal.events.revising import revise
from portal.events.rules import DateState
from portal.imports.folding import Fresh
from portal.imports.known import mark_of
from portal.imports.merging import Merged, side
from portal.imports.models import ImportedDate, ImportedEvent, ImportRun, Source, SourceName
from portal.imports.plan import Change, Plan
from portal.imports.told import Common, Kinds, Told, common

BATCH = 1000
Progress = Callable[[int], None]


def apply_plan(source: Source, plan: Plan, progress: Progress = lambda dates: None) -> None:
    """Makes, changes and cancels what the plan says; raises Refused, and then the caller rolls
    back: a plan is applied whole or not at all. `progress` hears of dates done."""
    kinds = {kind.slug: (kind.id, kind.visibility) for kind in events.kinds()}
    for change in plan.changed:
        _revise(change)
        progress(len(change.fresh) + len(change.merged.dates))
    _remember_changes(source, plan)
    _make(source, plan.new, kinds, progress)
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


def _revise(change: Change) -> None:
    event = events.event_by_id(change.event_id)
    if event is None:
        raise LookupError(f"event {change.event_id} is gone")
    there = {row.recurrence_id for row in event.occurrences}
    dates = {one.recurrence_id: one.to for one in change.merged.dates}
    added = {start: told for start, told in change.fresh.items() if start not in there}
    dates |= dict(_apart(added.items(), change.merged.whole))
    revise(event, change.merged.details, change.longer, dates)


def _apart(
    dates: Iterable[tuple[datetime, Told]], whole: Common
) -> Iterator[tuple[datetime, DateState]]:
    """The dates that are not as their series."""
    for start, told in dates:
        state = side(told, whole)
        if state != DateState(start, start + (told.ends - told.starts)):
            yield start, state


def _make(source: Source, new: Sequence[Fresh], kinds: Kinds, progress: Progress) -> None:
    """New events, a thousand at a time; what was said of them is remembered with each."""
    publisher = Publisher({slugify(fresh.dates[0][1].title) for fresh in new})
    for at in range(0, len(new), BATCH):
        batch = new[at : at + BATCH]
        wholes = [common([told for _, told in fresh.dates]) for fresh in batch]
        prepared = [
            Prepared(whole.details(kinds), fresh.series, dict(_apart(fresh.dates, whole)))
            for fresh, whole in zip(batch, wholes, strict=True)
        ]
        ids = publisher.publish(prepared)
        progress(sum(len(fresh.dates) for fresh in batch))
        made = list(zip(batch, wholes, ids, strict=True))
        _insert(
            ImportedEvent,
            [
                {"event_id": event_id, "source_id": source.id, "said": whole.as_json()}
                for _, whole, event_id in made
            ],
        )
        _insert(
            ImportedDate,
            [
                _row(source, event_id, start, told)
                for fresh, _, event_id in made
                for start, told in fresh.dates
            ],
        )


def _row(source: Source, event_id: int, start: datetime, told: Told) -> dict[str, Any]:
    return {
        "source_id": source.id,
        "key": told.key,
        "event_id": event_id,
        "recurrence_id": start,
        "group": told.group,
        "said": told.as_json(),
        "mark": mark_of(told),
        "is_gone": False,
    }


def _insert(table: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(table), rows)


def _remember_changes(source: Source, plan: Plan) -> None:
    """The source's newest word of what was known already, and of dates that joined."""
    whole = [*plan.changed, *plan.retold_wholes]
    for change in whole:
        db.session.merge(
            ImportedEvent(
                event_id=change.event_id,
                source_id=source.id,
                said=change.merged.whole.as_json(),
            )
        )
    joined = [
        _row(source, change.event_id, start, told)
        for change in whole
        for start, told in change.fresh.items()
    ]
    _insert(ImportedDate, joined)
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
    changed = {key: one for key, one in merged.items() if not one.is_empty}
    for event_id, one in changed.items():
        _revise(Change(event_id, "", one))
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

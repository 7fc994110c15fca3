"""Reads: sources and their runs, for staff pages and jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from portal.core.extensions import db
from portal.events.models import EventChange
from portal.imports.models import ImportedEvent, ImportRun, Source, SourceName

# An address is asked this often; so is one that failed.
EVERY = timedelta(minutes=55)
# Who fails for a while is not yet worth a word.
PATIENCE = timedelta(days=1)
# A process that reads a file says so more often than this. One that publishes cannot, for it
# holds the lock that everybody writes under; it is not longer at it than that.
STILL = timedelta(minutes=2)
STILL_APPLYING = timedelta(minutes=15)
# What an address told is read again after this long even if it is the same: of rules without an
# end only two years are taken, and those go by.
AGAIN = timedelta(days=30)
# No tick asks more addresses.
MOST_ASKED = 60


def _of(unit_ids: list[int] | None) -> ColumnElement[bool]:
    return true() if unit_ids is None else Source.unit_id.in_(unit_ids)


def sources(unit_ids: list[int] | None) -> list[Source]:
    """The sources of units (None: all, the city's own too), by name."""
    return list(db.session.scalars(select(Source).where(_of(unit_ids)).order_by(Source.name)))


def source_by_id(source_id: int) -> Source | None:
    return db.session.get(Source, source_id)


def run_by_id(run_id: int) -> ImportRun | None:
    return db.session.get(ImportRun, run_id)


def runs(source: Source, limit: int) -> list[ImportRun]:
    """The newest runs of a source."""
    query = select(ImportRun).where(ImportRun.source_id == source.id)
    return list(db.session.scalars(query.order_by(ImportRun.id.desc()).limit(limit)))


def newest_runs(unit_ids: list[int] | None) -> dict[int, ImportRun]:
    """The newest run of each source, by the source's id."""
    query = select(ImportRun).join(ImportRun.source).where(_of(unit_ids)).order_by(ImportRun.id)
    return {run.source_id: run for run in db.session.scalars(query)}


def unreachable(unit_ids: list[int] | None, now: datetime) -> list[Source]:
    """Sources whose address has not answered for a day: their editors are told."""
    failing = and_(Source.is_active, Source.failed_since < now - PATIENCE)
    return list(db.session.scalars(select(Source).where(_of(unit_ids), failing)))


def waiting(unit_ids: list[int] | None) -> list[ImportRun]:
    """Runs that wait for somebody: to say what columns mean, or yes to a plan."""
    query = select(ImportRun).join(ImportRun.source).where(_of(unit_ids))
    query = query.where(ImportRun.state.in_(("columns", "planned")))
    return list(db.session.scalars(query.order_by(ImportRun.id)))


def due(now: datetime) -> list[int]:
    """The ids of sources whose address is to be asked now."""
    asked = or_(Source.asked_at.is_(None), Source.asked_at < now - EVERY)
    query = select(Source.id).where(Source.address != "", Source.is_active, asked)
    query = query.order_by(Source.asked_at.nulls_first(), Source.id)
    return list(db.session.scalars(query.limit(MOST_ASKED)))


def newest_run(source: Source) -> ImportRun | None:
    return next(iter(runs(source, 1)), None)


def standing_still(now: datetime) -> list[ImportRun]:
    """Runs that somebody's process began to read or to publish, and that nobody is at any more."""
    reading = and_(ImportRun.state == "reading", ImportRun.beat_at < now - STILL)
    applying = and_(ImportRun.state == "applying", ImportRun.beat_at < now - STILL_APPLYING)
    query = select(ImportRun).where(or_(reading, applying)).order_by(ImportRun.id)
    return list(db.session.scalars(query))


def has_applied(source: Source) -> bool:
    """Whether somebody has once said yes to a plan of the source."""
    done = exists().where(ImportRun.source_id == source.id, ImportRun.state == "applied")
    return bool(db.session.scalar(select(done)))


def names(source: Source) -> list[SourceName]:
    """What was said about the source's names, by what and name."""
    query = select(SourceName).where(SourceName.source_id == source.id)
    return list(db.session.scalars(query.order_by(SourceName.what, SourceName.name)))


def source_of(event_id: int) -> Source | None:
    """The programme that an event came with."""
    query = select(Source).join(ImportedEvent, ImportedEvent.source_id == Source.id)
    return db.session.scalar(query.where(ImportedEvent.event_id == event_id))


def changed_here(source: Source, limit: int) -> list[int]:
    """The ids of the source's events that people have changed here, newest change first."""
    query = (
        select(EventChange.event_id)
        .join(ImportedEvent, ImportedEvent.event_id == EventChange.event_id)
        .where(ImportedEvent.source_id == source.id, EventChange.what != "import")
        .order_by(EventChange.id.desc())
    )
    return list(dict.fromkeys(db.session.scalars(query.limit(limit))))

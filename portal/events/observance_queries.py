"""Reads: observances, and the dates of events that are part of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.core.extensions import db
from portal.events.models import Event, Observance, Occurrence
from portal.events.observing import Marked

MOST_DATES = 500


def observance_by_id(observance_id: int | None) -> Observance | None:
    return db.session.get(Observance, observance_id) if observance_id else None


def observance_by_slug(slug: str) -> Observance | None:
    query = select(Observance).where(Observance.slug == slug)
    return db.session.scalar(query) if slug else None


def with_status(*statuses: str) -> list[Observance]:
    """The observances in any of the states, in the order of the year's days."""
    query = select(Observance).where(Observance.status.in_(statuses))
    return _by_day(db.session.scalars(query))


def told() -> list[Observance]:
    """What visitors and calendars know of: published, or withdrawn after that."""
    return with_status("published", "withdrawn")


def proposed_by(unit_ids: Iterable[int]) -> list[Observance]:
    """What these units have proposed, whatever became of it."""
    query = select(Observance).where(Observance.unit_id.in_(list(unit_ids)))
    return _by_day(db.session.scalars(query))


def _by_day(rows: Iterable[Observance]) -> list[Observance]:
    return sorted(rows, key=lambda row: (row.first_on.month, row.first_on.day, row.id))


def marked(row: Observance) -> Marked:
    """The observance as the rules know it."""
    return Marked(**{name: getattr(row, name) for name in Marked.__dataclass_fields__})


def dates_of(ids: list[int], since: datetime, until: datetime) -> list[Occurrence]:
    """Public dates of events that are part of the observances, soonest first, with all that
    a card shows of them."""
    query = (
        select(Occurrence)
        .join(Occurrence.event)
        .where(
            Event.observance_id.in_(ids),
            Occurrence.is_listed.is_(True),
            Occurrence.ends_at > since,
            Occurrence.starts_at < until,
        )
        .options(contains_eager(Occurrence.event))
        .order_by(Occurrence.starts_at, Occurrence.event_id, Occurrence.recurrence_id)
        .limit(MOST_DATES)
    )
    return list(db.session.scalars(query)) if ids else []

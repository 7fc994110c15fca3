"""Reads for staff: what a unit has, what others ask of it, what is at a place, what changed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import contains_eager, selectinload

from portal.core.extensions import db
from portal.events.models import Event, EventChange, Occurrence
from portal.places.models import Place


def events_of_units(unit_ids: list[int] | None) -> list[Event]:
    """Every event of the units (None: all), drafts included, newest change first."""
    query = select(Event).order_by(Event.revised_at.desc()).limit(500)
    if unit_ids is not None:
        query = query.where(Event.unit_id.in_(unit_ids))
    return list(db.session.scalars(query))


def for_staff(since: datetime, limit: int) -> list[Occurrence]:
    """Coming dates that every unit's staff may see and visitors may not."""
    query = (
        select(Occurrence)
        .join(Occurrence.event)
        .where(
            Event.visibility == "staff",
            Event.status.in_(("published", "cancelled")),
            Occurrence.ends_at > since,
        )
        .options(contains_eager(Occurrence.event))
        .order_by(Occurrence.starts_at)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def waiting_for(unit_ids: list[int] | None) -> list[Event]:
    """Events that wait for one of the units to say yes to its place."""
    query = select(Event).join(Event.place).where(Event.status == "waiting")
    if unit_ids is not None:
        query = query.where(Place.unit_id.in_(unit_ids))
    query = query.options(selectinload(Event.occurrences))
    return list(db.session.scalars(query.order_by(Event.revised_at)))


def held_at(
    place_id: int, since: datetime, until: datetime, besides: int | None
) -> list[Occurrence]:
    """Dates at a place between two instants that happen or are to happen, drafts not among
    them; `besides` is an event that does not count."""
    query = (
        select(Occurrence)
        .join(Occurrence.event)
        .where(
            Occurrence.status == "confirmed",
            Event.status.in_(("published", "waiting")),
            Occurrence.starts_at < until,
            Occurrence.ends_at > since,
            or_(Occurrence.place_id == place_id, and_(as_planned(), Event.place_id == place_id)),
        )
        .options(contains_eager(Occurrence.event))
        .order_by(Occurrence.starts_at)
    )
    if besides is not None:
        query = query.where(Event.id != besides)
    return list(db.session.scalars(query))


def changes_of(event: Event, limit: int) -> list[EventChange]:
    """The newest changes of an event, undone ones too."""
    query = select(EventChange).where(EventChange.event_id == event.id)
    return list(db.session.scalars(query.order_by(EventChange.id.desc()).limit(limit)))


def continued_by(event: Event) -> Event | None:
    """The series that goes on from this one, the newest if there are several."""
    query = select(Event).where(Event.continues_id == event.id).order_by(Event.id.desc())
    return db.session.scalars(query).first()


def dates_of_unit(
    unit_id: int, since: datetime, until: datetime, status: str = "confirmed"
) -> list[Occurrence]:
    """Published dates that happen at a unit's places, or that the unit hosts at no known place,
    between two instants: what cannot be when the unit is closed."""
    here = select(Place.id).where(Place.unit_id == unit_id)
    at_home = or_(
        Occurrence.place_id.in_(here),
        and_(as_planned(), Event.place_id.in_(here)),
        and_(Event.unit_id == unit_id, or_(Occurrence.elsewhere != "", Event.place_id.is_(None))),
    )
    query = (
        select(Occurrence)
        .join(Occurrence.event)
        .where(
            Event.status == "published",
            Occurrence.status == status,
            Occurrence.starts_at < until,
            Occurrence.ends_at > since,
            at_home,
        )
        .options(contains_eager(Occurrence.event))
        .order_by(Occurrence.starts_at)
    )
    return list(db.session.scalars(query))


def off_by_closing(unit_id: int, since: datetime, until: datetime) -> list[Occurrence]:
    """Dates of a unit between two instants that are cancelled because it closed, and for
    nothing else."""
    rows = dates_of_unit(unit_id, since, until, "cancelled")
    why = {row.event_id: _cancelled_by(row.event_id) for row in rows}
    return [row for row in rows if why[row.event_id].get(str(row.id)) == "closed"]


def _cancelled_by(event_id: int) -> dict[str, str]:
    """By a date's id: the last change that decided whether it happens, or said something else
    of it. That a reason was replaced by another does not count."""
    changes = db.session.scalars(
        select(EventChange)
        .where(EventChange.event_id == event_id, EventChange.undone_at.is_(None))
        .where(EventChange.what != "say_why")
        .order_by(EventChange.id)
    )
    return {
        row_id: change.what
        for change in changes
        for row_id, was in change.before["dates"].items()
        if "status" in was or "note" in was
    }


def series_since(unit_id: int, day: date) -> list[Event]:
    """A unit's published series with a date since a day, which no other goes on from yet; by
    weekday and time."""
    query = select(Event).where(
        Event.unit_id == unit_id,
        Event.status == "published",
        Event.rrule != "",
        Event.id.in_(select(Occurrence.event_id).where(Occurrence.on >= day)),
        Event.id.not_in(select(Event.continues_id).where(Event.continues_id.is_not(None))),
    )
    found = db.session.scalars(query.options(selectinload(Event.occurrences)))
    return sorted(found, key=lambda event: (event.starts.weekday(), event.starts.time(), event.id))


def as_planned() -> ColumnElement[bool]:
    """Dates without a place of their own."""
    return and_(Occurrence.place_id.is_(None), Occurrence.elsewhere == "")

"""Reads: places and when they are open."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.extensions import db
from portal.places.models import Break, ClosedDay, Photo, Place
from portal.places.opening import DaySpan, Hours
from portal.units.models import Unit


def place_by_slug(slug: str) -> Place | None:
    """A place with its unit and hours, whatever its visibility."""
    if not slug:
        return None
    query = select(Place).where(Place.slug == slug)
    return db.session.scalar(query.options(joinedload(Place.unit), selectinload(Place.hours)))


def public_places() -> list[Place]:
    """Every place that anybody may see, premises first within a unit."""
    query = (
        select(Place)
        .join(Place.unit)
        .where(Place.visibility == "public", Unit.kind != "association")
        .options(joinedload(Place.unit))
        .order_by(Unit.name, Place.is_premises.desc(), Place.slug)
    )
    return list(db.session.scalars(query))


def places_of(unit: Unit) -> list[Place]:
    """Every place of a unit, premises first."""
    query = select(Place).where(Place.unit_id == unit.id).options(selectinload(Place.hours))
    return list(db.session.scalars(query.order_by(Place.is_premises.desc(), Place.slug)))


def premises(unit: Unit) -> Place | None:
    """The unit's own premises; an association may have none."""
    return next(iter(places_of(unit)), None)


def closed_days(place: Place, from_on: date) -> list[ClosedDay]:
    """Closed days that have not passed."""
    query = select(ClosedDay).where(ClosedDay.place_id == place.id, ClosedDay.last_on >= from_on)
    return list(db.session.scalars(query.order_by(ClosedDay.first_on)))


def closed_days_of(place: Place, from_on: date) -> list[ClosedDay]:
    """Closed days of a place and of the premises it belongs to, from a day on."""
    houses = select(Place.id).where(Place.unit_id == place.unit_id, Place.is_premises.is_(True))
    query = select(ClosedDay).where(
        or_(ClosedDay.place_id == place.id, ClosedDay.place_id.in_(houses)),
        ClosedDay.last_on >= from_on,
    )
    return list(db.session.scalars(query))


def closed_on(place: Place | None, day: date) -> ClosedDay | None:
    """Why a place, or the premises it belongs to, is closed on a day; nothing when open."""
    if place is None:
        return None
    return next((row for row in closed_days_of(place, day) if row.first_on <= day), None)


def closed_from(day: date) -> dict[int, list[ClosedDay]]:
    """Every unit's closed days from a day on, by unit id, in one query."""
    query = select(Place.unit_id, ClosedDay).join(Place, Place.id == ClosedDay.place_id)
    found: dict[int, list[ClosedDay]] = {}
    for unit_id, row in db.session.execute(query.where(ClosedDay.last_on >= day)):
        found.setdefault(unit_id, []).append(row)
    return found


def breaks(from_on: date | None = None) -> list[Break]:
    """The municipality's breaks, from a day on or all."""
    query = select(Break).order_by(Break.first_on)
    if from_on is not None:
        query = query.where(Break.last_on >= from_on)
    return list(db.session.scalars(query))


def break_spans() -> list[DaySpan]:
    """All breaks as plain values for the rules."""
    return [DaySpan(b.first_on, b.last_on, tuple(sorted(b.names.items()))) for b in breaks()]


def hours_of(place: Place) -> list[Hours]:
    """A place's weekly hours as plain values for the rules."""
    return [Hours(h.weekday, h.opens, h.closes) for h in place.hours]


def photo_of(place: Place) -> Photo | None:
    """The photograph's facts; its bytes are loaded only when asked for."""
    return db.session.scalar(select(Photo).where(Photo.place_id == place.id))

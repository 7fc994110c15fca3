"""Writes: places, their hours, closed days, photographs, and the municipality's breaks.

A page that changes a place calls `events.actions.change_place`, which also tells the feeds.
"""

from __future__ import annotations

from datetime import date, time
from typing import Any

from sqlalchemy import select

from portal.core.audit import record
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import Localised, fold, slugify
from portal.places import queries
from portal.places.models import Break, ClosedDay, OpeningHours, Photo, Place
from portal.places.opening import DaySpan, Hours, check_days
from portal.places.photos import encode
from portal.units import queries as units
from portal.units.models import Unit

LONGEST_CLOSED = 366
LONGEST_BREAK = 120


def add_premises(unit: Unit, data: dict[str, Any]) -> Place:
    """The unit's own premises: its address, hours and facilities. Never bookable."""
    place = _add(unit, unit.slug, {"sv": unit.name}, data)
    place.is_premises, place.is_bookable = True, False
    return place


def add_room(unit: Unit, data: dict[str, Any]) -> Place:
    """A room of a unit, with the unit's address unless it has one of its own.

    Raises Refused for a name that another room of the unit has.
    """
    taken = {fold(room.names.get("sv", "")) for room in queries.places_of(unit)}
    if fold(data["names"]["sv"]) in taken:
        raise Refused(Problem("name_taken", "name"))
    # Both together as long as an address may be, and a number after it.
    limit = min(60, 94 - len(unit.slug))
    wanted = data.get("slug") or f"{unit.slug}-{slugify(data['names']['sv'], 'room', limit)}"
    premises = db.session.scalar(
        select(Place).where(Place.unit_id == unit.id, Place.is_premises.is_(True))
    )
    inherited = {
        key: getattr(premises, key)
        for key in (
            "street",
            "postcode",
            "locality",
            "lat",
            "lon",
            "coordinate_source",
            "how_to_come",
        )
        if premises is not None
    }
    facilities = {**(premises.facilities if premises else {}), **data.get("facilities", {})}
    return _add(unit, wanted, data["names"], {**inherited, **data, "facilities": facilities})


def _add(unit: Unit, slug: str, names: Localised, data: dict[str, Any]) -> Place:
    place = Place(
        unit_id=unit.id,
        slug=_free_slug(slug),
        names=names,
        visibility=data.get("visibility", "public"),
        street=data.get("street", ""),
        postcode=str(data.get("postcode", "")),
        locality=data.get("locality", ""),
        lat=data.get("lat"),
        lon=data.get("lon"),
        coordinate_source=data.get("coordinate_source", ""),
        floor=str(data.get("floor", "")),
        capacity=data.get("capacity"),
        how_to_come=data.get("how_to_come", {}),
        rules=data.get("rules", {}),
        facilities=data.get("facilities", {}),
    )
    db.session.add(place)
    db.session.flush()
    set_hours(place, _read_hours(data.get("hours", [])))
    return place


def _read_hours(rows: list[dict[str, Any]]) -> list[Hours]:
    return [
        Hours(day, time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]))
        for row in rows
        for day in row["days"]
    ]


def set_hours(place: Place, hours: list[Hours]) -> None:
    """Replaces a place's weekly hours."""
    place.hours = [OpeningHours(weekday=h.weekday, opens=h.opens, closes=h.closes) for h in hours]
    db.session.flush()


def update_place(place: Place, values: dict[str, Any]) -> None:
    """Changes a place's own fields; its address stays."""
    for key, value in values.items():
        setattr(place, key, value)
    db.session.flush()
    record("place.change", "place", place.id, fields=sorted(values))


def close_days(place: Place, first_on: date, last_on: date, reason: Localised) -> ClosedDay:
    """Notes that a place is closed, first and last day included; raises Refused."""
    known = [DaySpan(row.first_on, row.last_on) for row in queries.closed_days(place, first_on)]
    _refuse(check_days(DaySpan(first_on, last_on), known, units.today(), LONGEST_CLOSED))
    row = ClosedDay(place_id=place.id, first_on=first_on, last_on=last_on, reason=reason)
    db.session.add(row)
    db.session.flush()
    record("place.close", "place", place.id, first_on=str(first_on), last_on=str(last_on))
    return row


def say_why_closed(closed: ClosedDay, reason: Localised) -> None:
    """Gives closed days another reason."""
    if closed.reason != reason:
        closed.reason = reason
        db.session.flush()
        record("place.close", "place", closed.place_id, first_on=str(closed.first_on))


def reopen_days(closed: ClosedDay) -> None:
    """Takes a closed day back."""
    record("place.reopen", "place", closed.place_id, first_on=str(closed.first_on))
    db.session.delete(closed)
    db.session.flush()


def set_photo(place: Place, raw: bytes, alt: Localised, credit: str) -> Photo:
    """Stores the place's one photograph; raises UnusablePhoto for what is no picture."""
    encoded = encode(raw)
    photo = db.session.scalar(select(Photo).where(Photo.place_id == place.id)) or Photo(
        place_id=place.id
    )
    photo.digest, photo.jpeg = encoded.digest, encoded.jpeg
    photo.width, photo.height = encoded.width, encoded.height
    photo.alt, photo.credit = alt, credit
    db.session.add(photo)
    db.session.flush()
    record("place.photo", "place", place.id)
    return photo


def add_break(
    names: Localised,
    first_on: date,
    last_on: date,
    *,
    is_assumed: bool = False,
    today: date | None = None,
) -> Break:
    """Adds a break of the municipality's schools, first and last day included.

    With `today`, one that has passed or lasts too long raises Refused; a municipality file
    may hold the breaks of earlier years.
    """
    if today is not None:
        _refuse(check_days(DaySpan(first_on, last_on), [], today, LONGEST_BREAK))
    row = Break(names=names, first_on=first_on, last_on=last_on, is_assumed=is_assumed)
    db.session.add(row)
    db.session.flush()
    record("break.add", "break", row.id, first_on=str(first_on), last_on=str(last_on))
    return row


def remove_break(row: Break) -> None:
    record("break.remove", "break", row.id)
    db.session.delete(row)
    db.session.flush()


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Refused(*problems)


def _free_slug(wanted: str) -> str:
    slug, number = wanted, 2
    while db.session.scalar(select(Place.id).where(Place.slug == slug)):
        slug, number = f"{wanted}-{number}", number + 1
    return slug

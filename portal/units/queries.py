"""Reads: the municipality, its areas and bodies, units and what they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.clock import today as today_in
from portal.core.extensions import db
from portal.core.kept import apart, parts, while_unchanged
from portal.core.models import FormerSlug
from portal.units.models import Affiliation, Area, Body, Municipality, Unit

ALWAYS = date(1900, 1, 1)


class NotInitialised(Exception):
    """The database holds no municipality yet: run `portal init FILE`."""


def municipality() -> Municipality:
    """Whose portal this is; raises NotInitialised before `portal init`."""
    row = while_unchanged("municipality", _municipality)
    if row is None:
        raise NotInitialised("No municipality yet. Run: portal init municipality.toml")
    return row


def _municipality() -> Municipality | None:
    if parts() is None:
        return db.session.get(Municipality, 1)
    with apart() as session:
        return session.get(Municipality, 1)


def zone() -> ZoneInfo:
    return ZoneInfo(municipality().zone)


def today() -> date:
    """Today's date where the municipality is."""
    return today_in(zone())


def unit_by_slug(slug: str) -> Unit | None:
    return db.session.scalar(select(Unit).where(Unit.slug == slug)) if slug else None


def former(scope: str, slug: str) -> str | None:
    """The address that this one was renamed to, if it was."""
    return db.session.scalar(
        select(FormerSlug.successor).where(FormerSlug.scope == scope, FormerSlug.slug == slug)
    )


def all_units() -> list[Unit]:
    return list(db.session.scalars(select(Unit).order_by(Unit.name)))


def open_units(on: date) -> list[Unit]:
    """Units that exist on a day, by name."""
    still = or_(Unit.ends_on.is_(None), Unit.ends_on >= on)
    return list(db.session.scalars(select(Unit).where(still).order_by(Unit.name)))


def _current(on: date) -> Select[Affiliation]:
    return select(Affiliation).where(
        Affiliation.starts_on <= on,
        or_(Affiliation.ends_on.is_(None), Affiliation.ends_on >= on),
    )


def affiliation(unit: Unit, on: date) -> Affiliation | None:
    """What the unit belongs to on a day."""
    query = _current(on).where(Affiliation.unit_id == unit.id)
    loads = (
        joinedload(Affiliation.body),
        joinedload(Affiliation.area),
        joinedload(Affiliation.parent),
    )
    return db.session.scalar(query.options(*loads))


def affiliations(on: date) -> dict[int, Affiliation]:
    """What every unit belongs to on a day, by unit id, in one query."""
    query = _current(on).options(joinedload(Affiliation.area), joinedload(Affiliation.body))
    return {row.unit_id: row for row in db.session.scalars(query)}


def history(unit: Unit) -> list[Affiliation]:
    """What the unit has belonged to, newest first."""
    query = select(Affiliation).where(Affiliation.unit_id == unit.id)
    return list(db.session.scalars(query.order_by(Affiliation.starts_on.desc())))


def areas(on: date) -> list[Area]:
    """Areas that exist on a day, by Swedish name."""
    still = or_(Area.ends_on.is_(None), Area.ends_on >= on)
    rows = db.session.scalars(select(Area).where(still))
    return sorted(rows, key=lambda area: area.names.get("sv", area.slug))


def area_by_slug(slug: str) -> Area | None:
    return db.session.scalar(select(Area).where(Area.slug == slug)) if slug else None


def unit_ids_in_area(area: Area, on: date) -> list[int]:
    """Ids of units in an area on a day; units of areas merged into it count from the merger."""
    query = _current(on).where(Affiliation.area_id == area.id)
    return [row.unit_id for row in db.session.scalars(query)]


def area_successor(area: Area, on: date) -> Area | None:
    """Where an ended area's address leads to."""
    if area.ends_on is None or area.ends_on >= on or area.successor_id is None:
        return None
    return db.session.get(Area, area.successor_id)


def bodies(on: date) -> list[Body]:
    """Bodies that exist on a day, with their contacts."""
    still = or_(Body.ends_on.is_(None), Body.ends_on >= on)
    query = select(Body).where(still).options(selectinload(Body.contacts))
    return sorted(db.session.scalars(query), key=lambda body: body.names.get("sv", body.slug))


def body_by_slug(slug: str) -> Body | None:
    return db.session.scalar(
        select(Body).where(Body.slug == slug).options(selectinload(Body.contacts))
    )


def units_of(body: Body, on: date) -> list[Unit]:
    """Units that a body answers for on a day."""
    query = _current(on).where(Affiliation.body_id == body.id).options(joinedload(Affiliation.unit))
    return sorted((row.unit for row in db.session.scalars(query)), key=lambda unit: unit.name)


def units_by_id(ids: Iterable[int]) -> dict[int, Unit]:
    wanted = list(ids)
    query = select(Unit).where(Unit.id.in_(wanted) if wanted else false())
    return {unit.id: unit for unit in db.session.scalars(query)}


@dataclass(frozen=True)
class AreaGroup:
    """An area (None: units outside any area) and the units in it, for lists by area."""

    area: Area | None
    units: list[Unit]


def by_area(units: list[Unit], on: date) -> list[AreaGroup]:
    """Units in groups by area; without areas there is one group."""
    ties = affiliations(on)
    groups = [
        AreaGroup(area, [u for u in units if u.id in ties and ties[u.id].area_id == area.id])
        for area in areas(on)
    ]
    outside = [u for u in units if u.id not in ties or ties[u.id].area_id is None]
    return [group for group in (*groups, AreaGroup(None, outside)) if group.units]

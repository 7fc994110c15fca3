"""What visitors and feeds look for, as conditions of a query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, case, or_, select

from portal.core.text import fold
from portal.events.models import CoHost, Event, EventKind
from portal.events.rules import AUDIENCE_AGES
from portal.places.models import Place
from portal.units.models import Area
from portal.units.queries import unit_ids_in_area

Row = TypeVar("Row")


@dataclass(frozen=True)
class Filter:
    """What the visitor of /events, or a feed, wants. Empty fields want everything.

    `from_on` and `to_on` are local dates, both included.
    """

    kind: EventKind | None = None
    area: Area | None = None
    unit_id: int | None = None
    place_id: int | None = None
    language: str = ""
    audience: str = ""
    from_on: date | None = None
    to_on: date | None = None
    words: str = ""

    @property
    def tells_where(self) -> bool:
        """Whether a match tells where: then events without place are never among them."""
        return bool(self.area or self.unit_id or self.place_id)


def narrow(query: Select[Row], wanted: Filter, today: date) -> Select[Row]:
    """The part of a query over events that a filter wants."""
    if wanted.kind is not None:
        query = query.where(Event.kind_id == wanted.kind.id)
    if wanted.area is not None:
        units = unit_ids_in_area(wanted.area, today)
        query = query.where(at_unit(units))
    if wanted.unit_id is not None:
        query = query.where(at_unit([wanted.unit_id]))
    if wanted.place_id is not None:
        query = query.where(Event.place_id == wanted.place_id)
    if wanted.tells_where:
        shown = select(Place.id).where(Place.visibility == "public")
        query = query.where(
            Event.visibility == "public", or_(Event.place_id.is_(None), Event.place_id.in_(shown))
        )
    if wanted.language:
        query = query.where(Event.languages.like(f"% {wanted.language} %"))
    if wanted.audience:
        query = query.where(*_for_audience(wanted.audience))
    for word in fold(wanted.words).split()[:6]:
        query = query.where(Event.search.contains(word, autoescape=True))
    return query


def _for_audience(audience: str) -> tuple[ColumnElement[bool], ...]:
    """Meant for the audience or for everybody, and not by its ages for others."""
    low, high = AUDIENCE_AGES[audience]
    months = case((Event.age_unit == "months", 12), else_=1)
    return (
        or_(Event.audiences.like(f"% {audience} %"), Event.audiences.like("")),
        or_(Event.age_from.is_(None), Event.age_from <= high * months),
        or_(Event.age_to.is_(None), Event.age_to >= low * months),
    )


def at_unit(unit_ids: list[int]) -> ColumnElement[bool]:
    """Hosted by the units, co-hosted by them, or held at one of their places."""
    co_hosted = select(CoHost.event_id).where(CoHost.unit_id.in_(unit_ids))
    places = select(Place.id).where(Place.unit_id.in_(unit_ids))
    return or_(Event.unit_id.in_(unit_ids), Event.id.in_(co_hosted), Event.place_id.in_(places))

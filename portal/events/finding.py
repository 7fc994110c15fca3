"""What visitors and feeds look for: from the arguments of an address to conditions of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, or_, select, union

from portal.core.extensions import db
from portal.core.forms import parse_day, tidy_line
from portal.core.languages import languages
from portal.core.text import fold
from portal.events.models import CoHost, Event, EventKind, FormerScope, Occurrence
from portal.events.rules import AUDIENCE_AGES
from portal.places.models import Place
from portal.places.queries import place_by_slug
from portal.units.models import Area, Unit
from portal.units.queries import area_by_slug, unit_by_slug, unit_ids_in_area

Row = TypeVar("Row")

NAMES = ("kind", "area", "unit", "place", "language", "audience", "from", "to", "q")
LONGEST_WORDS = 80
DATE = Occurrence.__table__.c


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


@dataclass(frozen=True)
class Asked:
    """What the arguments of an address ask for: `known` are those that mean something, as they
    are written best and in the order of NAMES; `unknown` the values that mean nothing."""

    wanted: Filter
    unit: Unit | None = None
    place: Place | None = None
    known: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, str] = field(default_factory=dict)


def asked(args: Mapping[str, str]) -> Asked:
    """Reads the filters of /events; arguments of other names are no filters."""
    given = {name: args[name] for name in NAMES if args.get(name, "").strip()}
    kind = kind_by_slug(given.get("kind", ""))
    area, unit = area_by_slug(given.get("area", "")), unit_by_slug(given.get("unit", ""))
    place = place_by_slug(given.get("place", ""))
    place = place if place is not None and place.visibility == "public" else None
    days = {name: _day(given.get(name, "")) for name in ("from", "to")}
    words = tidy_line(given.get("q"))
    found = {
        "kind": kind.slug if kind else "",
        "area": area.slug if area else "",
        "unit": unit.slug if unit else "",
        "place": place.slug if place else "",
        "language": given.get("language", "") if given.get("language") in languages() else "",
        "audience": given.get("audience", "") if given.get("audience") in AUDIENCE_AGES else "",
        **{name: day.isoformat() if day else "" for name, day in days.items()},
        # Signs alone are no words: they would find everything.
        "q": words if fold(words) and len(words) <= LONGEST_WORDS else "",
    }
    wanted = Filter(
        kind=kind,
        area=area,
        unit_id=unit.id if unit else None,
        place_id=place.id if place else None,
        language=found["language"],
        audience=found["audience"],
        from_on=days["from"],
        to_on=days["to"],
        words=words,
    )
    known = {name: found[name] for name in NAMES if found[name]}
    unknown = {name: tidy_line(value[:60]) for name, value in given.items() if name not in known}
    return Asked(wanted, unit, place, known, unknown)


def _day(text: str) -> date | None:
    day = parse_day(tidy_line(text))
    return day if day is not None and 2000 <= day.year <= 2100 else None


def kind_by_slug(slug: str) -> EventKind | None:
    return db.session.scalar(select(EventKind).where(EventKind.slug == slug)) if slug else None


def narrow(query: Select[Row], wanted: Filter, today: date) -> Select[Row]:
    """The part of a query over events and their dates that a filter wants. A date is where it
    is itself: one that is elsewhere than its series is found there, and not at the usual place."""
    for places, hosts in _told(wanted, today):
        if len(hosts) < 2:
            # A unit's or place's events are few, and looked up first; an area's are so many
            # that its first page is sooner found by walking through the dates.
            query = query.where(DATE.event_id.in_(union(*_candidates(places, hosts))))
        there = or_(
            DATE.place_id.in_(places),
            and_(DATE.place_id.is_(None), DATE.elsewhere == "", Event.place_id.in_(places)),
        )
        query = query.where(or_(there, _hosted(hosts)) if hosts else there)
    if wanted.tells_where:
        query = query.where(*_shown(), or_(DATE.place_id.is_(None), DATE.place_id.in_(_PUBLIC)))
    return _narrow(query, wanted)


def narrow_events(query: Select[Row], wanted: Filter, today: date) -> Select[Row]:
    """The same over whole events, for feeds: with any date of theirs at the place, and for
    ever with those that were there before, so that nothing vanishes from a calendar."""
    for places, hosts in _told(wanted, today):
        query = query.where(or_(_anywhere(places, hosts), _was(places, hosts)))
    if wanted.tells_where:
        query = query.where(*_shown())
    return _narrow(query, wanted)


Places = Select[int] | list[int]
_PUBLIC = select(Place.id).where(Place.visibility == "public")


def _told(wanted: Filter, today: date) -> list[tuple[Places, list[int]]]:
    """The places and hosting units of each filter that tells where."""
    units = [unit_ids_in_area(wanted.area, today)] if wanted.area is not None else []
    units += [[wanted.unit_id]] if wanted.unit_id is not None else []
    found: list[tuple[Places, list[int]]] = [
        (select(Place.id).where(Place.unit_id.in_(ids), Place.visibility == "public"), ids)
        for ids in units
    ]
    return found + ([([wanted.place_id], [])] if wanted.place_id is not None else [])


def _hosted(units: list[int]) -> ColumnElement[bool]:
    """Hosted by the units, or co-hosted by them."""
    co_hosted = select(CoHost.event_id).where(CoHost.unit_id.in_(units))
    return or_(Event.unit_id.in_(units), Event.id.in_(co_hosted))


def _anywhere(places: Places, units: list[int]) -> ColumnElement[bool]:
    """With any date at the places, or hosted by the units."""
    there = held_at(places)
    return or_(there, _hosted(units)) if units else there


def _candidates(places: Places, units: list[int]) -> list[Select[int]]:
    """The same events as `_anywhere`, each condition a query with an index of its own."""
    found = [
        select(Event.id).where(Event.place_id.in_(places)),
        select(Occurrence.event_id).where(Occurrence.place_id.in_(places)),
    ]
    if units:
        found.append(select(Event.id).where(Event.unit_id.in_(units)))
        found.append(select(CoHost.event_id).where(CoHost.unit_id.in_(units)))
    return found


def held_at(places: Places) -> ColumnElement[bool]:
    """Held at one of the places, usually or on a date."""
    dates = select(Occurrence.event_id).where(Occurrence.place_id.in_(places))
    return or_(Event.place_id.in_(places), Event.id.in_(dates))


def _was(places: Places, units: list[int]) -> ColumnElement[bool]:
    there = and_(FormerScope.what == "place", FormerScope.ref_id.in_(places))
    theirs = and_(FormerScope.what == "unit", FormerScope.ref_id.in_(units))
    return Event.id.in_(select(FormerScope.event_id).where(or_(there, theirs)))


def _shown() -> tuple[ColumnElement[bool], ...]:
    """Not hiding where they are."""
    at = or_(Event.place_id.is_(None), Event.place_id.in_(_PUBLIC))
    return Event.visibility == "public", at


def _narrow(query: Select[Row], wanted: Filter) -> Select[Row]:
    """What a filter wants besides where."""
    if wanted.kind is not None:
        query = query.where(Event.kind_id == wanted.kind.id)
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
    """Hosted by the units, co-hosted by them, or held at one of their places, hidden or not."""
    return or_(_hosted(unit_ids), held_at(select(Place.id).where(Place.unit_id.in_(unit_ids))))

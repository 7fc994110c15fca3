"""Reads: events and their dates, for pages and feeds."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.extensions import db
from portal.core.kept import kept_row, kept_rows, parts, while_unchanged
from portal.events.finding import Filter as Filter
from portal.events.finding import at_unit, held_at, narrow, narrow_events
from portal.events.finding import kind_by_slug as kind_by_slug
from portal.events.models import Event, EventKind, Occurrence
from portal.events.recurrence import MAX_LENGTH, Series
from portal.events.rrule import parse_rrule
from portal.events.rules import DETAIL_FIELDS, Details
from portal.places.models import Place

Row = TypeVar("Row")

_DATE = Occurrence.__table__.c
_SEEN = Event.visibility.in_(("public", "without_place"))
# Of dates at the same moment the older event's is first, also after an import elsewhere.
IN_ORDER = (_DATE.starts_at, _DATE.event_id, _DATE.recurrence_id)
COUNT_LIMIT = 1000
# Events that began earlier and still go on are looked for this far back.
LOOK_BACK = MAX_LENGTH
# An event with everything that its page and its text in a feed say.
_LOADS = (
    selectinload(Event.occurrences).selectinload(Occurrence.own_place).joinedload(Place.unit),
    selectinload(Event.exdates),
    selectinload(Event.co_hosts),
    joinedload(Event.place).joinedload(Place.unit),
)


def kinds() -> list[EventKind]:
    return list(db.session.scalars(select(EventKind).order_by(EventKind.position)))


def event_by_slug(slug: str) -> Event | None:
    """An event whatever its status; views decide who may see it.

    For a GET it comes whole, with its dates, and is kept while nothing changes.
    """
    query = select(Event).where(Event.slug == slug).options(*_LOADS)
    return kept_row(("event", slug), query, lambda event: [row.event for row in event.occurrences])


def event_by_id(event_id: int) -> Event | None:
    return db.session.get(Event, event_id)


def event_by_source(source: str, source_id: str) -> Event | None:
    query = select(Event).where(Event.source == source, Event.source_id == source_id)
    return db.session.scalar(query)


def series_of(event: Event) -> Series:
    """The event's time as the rules know it."""
    return Series(
        starts=event.starts,
        ends=event.ends,
        zone=event.zone,
        is_all_day=event.is_all_day,
        rule=parse_rrule(event.rrule, event.zone) if event.rrule else None,
        exdates=frozenset(row.recurrence_id for row in event.exdates),
    )


def details_of(event: Event) -> Details:
    """What an event says, as its form would say it."""
    given = {name: getattr(event, name) for name in DETAIL_FIELDS}
    return Details(**given, co_host_ids=tuple(unit.id for unit in event.co_hosts))


def occurrence(event: Event, key: str) -> Occurrence | None:
    return next((row for row in event.occurrences if row.key == key), None)


def coming(event: Event, now: datetime) -> list[Occurrence]:
    """The event's dates that have not ended, as this session has them: for actions."""
    rows = [row for row in event.occurrences if row.ends_at > now]
    return sorted(rows, key=lambda row: row.recurrence_id)


def upcoming_of(event: Event, now: datetime, limit: int | None = None) -> list[Occurrence]:
    """The event's dates that have not ended, cancelled ones included, soonest first."""
    if parts() is not None:
        return [row for row in event.occurrences if row.ends_at > now][:limit]
    query = (
        select(Occurrence)
        .where(Occurrence.event_id == event.id, Occurrence.ends_at > now)
        .order_by(Occurrence.starts_at)
    )
    return list(db.session.scalars(query.limit(limit) if limit else query))


def matching(wanted: Filter, today: date) -> Select[Event]:
    """The public events that a filter wants, without regard to dates: for feeds."""
    query = select(Event).where(Event.status.in_(("published", "cancelled")), _SEEN)
    return narrow_events(query, wanted, today)


def _listed(wanted: Filter, since: datetime, until: datetime | None, today: date) -> Select[int]:
    """The ids of the dates wanted; of the bare table, which is quicker to ask than the model."""
    query = select(_DATE.id).where(
        _DATE.is_listed.is_(True), _DATE.starts_at > since - LOOK_BACK, _DATE.ends_at > since
    )
    if until is not None:
        query = query.where(_DATE.starts_at < until)
    if wanted == Filter(from_on=wanted.from_on, to_on=wanted.to_on):
        return query  # dates alone decide: no event need be looked at
    return narrow(query.join(Event, Event.id == _DATE.event_id), wanted, today)


def listed(
    wanted: Filter,
    since: datetime,
    until: datetime | None,
    today: date,
    *,
    limit: int,
    offset: int = 0,
) -> list[Occurrence]:
    """Public dates that have not ended by `since` and begin before `until`, soonest first.

    Each comes with its event, kind, unit and place: two queries however long the list, and
    one for dates that have been read since the last change.
    """
    query = _listed(wanted, since, until, today).order_by(*IN_ORDER)
    ids = list(db.session.connection().scalars(query.limit(limit).offset(offset)))
    return kept_rows("date", ids, _dates)


def _dates(ids: list[int]) -> Select[Occurrence]:
    """The dates with everything that a list shows of them."""
    whole = joinedload(Occurrence.event).joinedload(Event.place).joinedload(Place.unit)
    own = selectinload(Occurrence.own_place).joinedload(Place.unit)
    return select(Occurrence).where(Occurrence.id.in_(ids)).options(whole, own)


def count_listed(wanted: Filter, since: datetime, until: datetime | None, today: date) -> int:
    """How many dates `listed` would find, counted no further than 1,000."""
    some = _listed(wanted, since, until, today).limit(COUNT_LIMIT).subquery()
    return db.session.connection().scalar(select(func.count()).select_from(some)) or 0


def events_at(place: Place) -> list[Event]:
    """Every event held at a place, on any date, for changes that must reach all of them."""
    return list(db.session.scalars(select(Event).where(held_at([place.id]))))


def events_showing(unit_id: int) -> list[Event]:
    """Every event whose feed text names a unit: its own, co-hosted, or at its places."""
    return list(db.session.scalars(select(Event).where(at_unit([unit_id]))))


def languages_in_use() -> set[str]:
    """The languages that public events are held in: every event is looked at, so it is kept."""
    query = select(Event.languages).where(Event.status == "published", _SEEN).distinct()
    return while_unchanged(
        "languages in use", lambda: {key for keys in db.session.scalars(query) for key in keys}
    )

"""Reads: what a feed's address means, and its finished texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from portal.core.extensions import db
from portal.core.models import ChangeCounter
from portal.events import queries as events
from portal.events.models import Event, EventKind, Occurrence
from portal.events.queries import Filter
from portal.events.recurrence import MAX_LENGTH
from portal.units import queries as units
from portal.units.models import Area, Unit

# By the clock on the wall an event lasts 366 days at most; a change of the clocks adds hours.
LONGEST = MAX_LENGTH + timedelta(days=1)
DAYS_BACK = 60
DAYS_AHEAD = 366


@dataclass(frozen=True)
class Scope:
    """What a feed is about. `moved_to` is the scope's new name when it was renamed."""

    name: str
    wanted: Filter
    kind: EventKind | None = None
    area: Area | None = None
    unit: Unit | None = None
    event: Event | None = None
    moved_to: str | None = None


def scope(name: str, today: date) -> Scope | None:
    """The scope that a feed's name means: all, unit-…, kind-…, area-…, event-…."""
    if name == "all":
        return Scope(name, Filter())
    what, _, slug = name.partition("-")
    maker = {
        "unit": _unit_scope,
        "kind": _kind_scope,
        "area": _area_scope,
        "event": _event_scope,
    }.get(what)
    return maker(name, slug, today) if maker and slug else None


def _unit_scope(name: str, slug: str, today: date) -> Scope | None:
    unit = units.unit_by_slug(slug)
    if unit is None:
        successor = units.former("unit", slug)
        return Scope(name, Filter(), moved_to=f"unit-{successor}") if successor else None
    return Scope(name, Filter(unit_id=unit.id), unit=unit)


def _kind_scope(name: str, slug: str, today: date) -> Scope | None:
    kind = events.kind_by_slug(slug)
    return Scope(name, Filter(kind=kind), kind=kind) if kind else None


def _area_scope(name: str, slug: str, today: date) -> Scope | None:
    area = units.area_by_slug(slug)
    if area is None:
        return None
    successor = units.area_successor(area, today)
    if successor is not None:
        return Scope(name, Filter(), moved_to=f"area-{successor.slug}")
    return Scope(name, Filter(area=area), area=area)


def _event_scope(name: str, slug: str, today: date) -> Scope | None:
    event = events.event_by_slug(slug)
    if event is None or not event.is_public:
        return None
    return Scope(name, Filter(), event=event)


def window(today: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which a feed shows dates: 60 days back, 12 months ahead."""
    midnight = datetime.combine(today, time(), zone).astimezone(UTC)
    return midnight - timedelta(days=DAYS_BACK), midnight + timedelta(days=DAYS_AHEAD)


def next_midnight(today: date, zone: ZoneInfo) -> datetime:
    """When the window moves on."""
    return datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)


def last_modified(today: date, zone: ZoneInfo) -> datetime:
    """The newest public change or the last time the window moved; never falls."""
    changed = db.session.scalar(select(ChangeCounter.changed_at))
    midnight = datetime.combine(today, time(), zone).astimezone(UTC)
    return max(changed, midnight) if changed else midnight


def public_events() -> Select[Event]:
    """Everything that a calendar may hold."""
    return events.matching(Filter(), date.min)


def selection(wanted: Scope, today: date, zone: ZoneInfo) -> Select[Event]:
    """The events of a scope: each with any date in the window comes whole."""
    since, until = window(today, zone)
    query = events.matching(wanted.wanted, today)
    if wanted.event is not None:
        return query.where(Event.id == wanted.event.id)
    # From the dates to the events, by the index on starts, so that the years before the window
    # cost nothing; an event that lasts as long as one may still reaches into it.
    in_window = select(Occurrence.event_id).where(
        Occurrence.is_listed.is_(True),
        Occurrence.starts_at > since - LONGEST,
        Occurrence.starts_at < until,
        Occurrence.ends_at > since,
    )
    return query.where(Event.id.in_(in_window))

"""Reads: which events and dates a feed shows, and since when it is as it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select

from portal.core.extensions import db
from portal.core.models import ChangeCounter
from portal.events import queries as events
from portal.events.models import Event, Occurrence
from portal.events.queries import Filter
from portal.events.recurrence import MAX_LENGTH

if TYPE_CHECKING:
    from portal.feeds.queries import Scope

# By the clock on the wall an event lasts 366 days at most; a change of the clocks adds hours.
LONGEST = MAX_LENGTH + timedelta(days=1)
DAYS_BACK = 60
DAYS_AHEAD = 366


def midnight(today: date, zone: ZoneInfo) -> datetime:
    """When the day begins."""
    return datetime.combine(today, time(), zone).astimezone(UTC)


def window(today: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants between which a feed shows dates: 60 days back, 12 months ahead."""
    begins = midnight(today, zone)
    return begins - timedelta(days=DAYS_BACK), begins + timedelta(days=DAYS_AHEAD)


def shown_window(wanted: Filter, today: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The window as far as a filter's own days leave it open."""
    since, until = window(today, zone)
    if wanted.from_on is not None:
        since = max(since, midnight(wanted.from_on, zone))
    if wanted.to_on is not None:
        until = min(until, midnight(wanted.to_on + timedelta(days=1), zone))
    return since, until


def next_midnight(today: date, zone: ZoneInfo) -> datetime:
    """When the window moves on."""
    return midnight(today + timedelta(days=1), zone)


def changed_at(today: date, zone: ZoneInfo) -> datetime:
    """The newest public change; the last midnight where nothing has ever changed."""
    changed = db.session.scalar(select(ChangeCounter.changed_at))
    return changed or midnight(today, zone)


def last_modified(today: date, zone: ZoneInfo) -> datetime:
    """The newest public change or the last time the window moved; never falls."""
    return max(changed_at(today, zone), midnight(today, zone))


def public_events() -> Select[Event]:
    """Everything that a calendar may hold."""
    return events.matching(Filter(), date.min)


def selection(wanted: Scope, today: date, zone: ZoneInfo) -> Select[Event]:
    """The events of a scope: each with any date in the window comes whole."""
    query = events.matching(wanted.wanted, today)
    if wanted.event is not None:
        return query.where(Event.id == wanted.event.id)
    in_window = dates_between(*shown_window(wanted.wanted, today, zone))
    listed = in_window.where(Occurrence.is_listed.is_(True))
    return query.where(Event.id.in_(listed))


def dates_between(since: datetime, until: datetime) -> Select[int]:
    """The events of dates that lie in a window, or reach into it, published or not.

    From the dates to the events, by the index on starts, so that the years before the window
    cost nothing; an event that lasts as long as one may still reaches into it.
    """
    return select(Occurrence.event_id).where(
        Occurrence.starts_at > since - LONGEST,
        Occurrence.starts_at < until,
        Occurrence.ends_at > since,
    )


def dates_shown(wanted: Scope, today: date, zone: ZoneInfo) -> Select[int]:
    """Ids of the dates that lie in a scope's window, of the events that it holds."""
    query = dates_between(*shown_window(wanted.wanted, today, zone))
    events = selection(wanted, today, zone).with_only_columns(Event.id)
    return query.with_only_columns(Occurrence.id).where(
        Occurrence.is_listed.is_(True), Occurrence.event_id.in_(events)
    )


def next_dates(wanted: Scope, today: date, zone: ZoneInfo, each: int) -> Select[int]:
    """Ids of the first dates of each event that have not ended when the day begins."""
    coming = Occurrence.ends_at > midnight(today, zone)
    shown = dates_shown(wanted, today, zone).where(coming)
    place = func.row_number().over(
        partition_by=Occurrence.event_id, order_by=(Occurrence.starts_at, Occurrence.recurrence_id)
    )
    numbered = shown.add_columns(place.label("place")).subquery()
    return select(numbered.c.id).where(numbered.c.place <= each)

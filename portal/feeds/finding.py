"""Reads for the subscribe page and for how feeds are doing."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from portal.core.extensions import db
from portal.events import queries as events
from portal.events.models import Event, Occurrence
from portal.feeds.models import FeedFetch

if TYPE_CHECKING:
    from portal.feeds.queries import Scope

FETCH_DAYS = 14


def next_dates(
    wanted: Scope, since: datetime, until: datetime, today: date, limit: int
) -> list[Occurrence]:
    """The next dates of a scope that are held, soonest first."""
    if wanted.event is not None:
        rows = events.upcoming_of(wanted.event, since, 4 * limit)
    else:
        rows = events.listed(wanted.wanted, since, until, today, limit=4 * limit)
    return [row for row in rows if row.status == "confirmed"][:limit]


def fetches(scopes: list[str], today: date) -> dict[str, dict[str, int]]:
    """How often each kind of program fetched each of the feeds in the last 14 days."""
    query = (
        select(FeedFetch.scope, FeedFetch.client, func.sum(FeedFetch.count))
        .where(FeedFetch.scope.in_(scopes), FeedFetch.on > today - timedelta(days=FETCH_DAYS))
        .group_by(FeedFetch.scope, FeedFetch.client)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for scope, client, count in db.session.execute(query):
        found[scope][client] = int(count)
    return found


def coming_events(unit_ids: list[int], at: datetime, limit: int) -> list[tuple[Event, int]]:
    """The units' public events with dates to come, and how many; those soonest first."""
    coming = (
        select(
            Occurrence.event_id,
            func.count().label("dates"),
            func.min(Occurrence.starts_at).label("next"),
        )
        .where(Occurrence.is_listed.is_(True), Occurrence.ends_at > at)
        .group_by(Occurrence.event_id)
        .subquery()
    )
    query = (
        select(Event, coming.c.dates)
        .join(coming, coming.c.event_id == Event.id)
        .where(Event.unit_id.in_(unit_ids))
        .order_by(coming.c.next, Event.id)
        .limit(limit)
    )
    return [(event, dates) for event, dates in db.session.execute(query)]


def events_by_uid(uids: list[str]) -> dict[str, Event]:
    """The events that findings in a feed are about."""
    query = select(Event).where(Event.uid.in_(uids))
    return {event.uid: event for event in db.session.scalars(query)} if uids else {}

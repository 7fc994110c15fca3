"""Whole calendars: everybody's, quiet ones, and those of the hosts themselves."""

from __future__ import annotations

from sqlalchemy import select

from portal.core.extensions import db
from portal.core.languages import languages
from portal.events.models import Event
from portal.feeds import ics, observances, queries
from portal.feeds.queries import Scope, feed_path
from portal.feeds.quiet import quiet_header
from portal.feeds.reading import events_told
from portal.feeds.showing import Teller, calendar_uid
from portal.feeds.texts import bodies
from portal.feeds.words import feed_description, feed_name, hosts_name
from portal.units import queries as units


def calendar(scope: Scope, key: str, base_url: str) -> bytes:
    """iCalendar: see docs/feeds.md."""
    site, tag = units.municipality(), languages()[key].tag
    today, zone = units.today(), units.zone()
    if scope.name == queries.OBSERVANCES:
        found, zones = observances.bodies(key, base_url, today, zone)
    else:
        found, zones = bodies(queries.selection(scope, today, zone), key, base_url)
    header = ics.Header(
        name=feed_name(scope, site, key),
        description=feed_description(scope, site, key),
        language=tag,
        url=f"{base_url}/subscribe",
        source=base_url + feed_path(scope, key),
        uid=calendar_uid(scope.key, key),
        zones=tuple(zones),
    )
    return ics.calendar(header, found)


def quiet_calendar(scope: Scope, key: str, token: str, base_url: str) -> bytes:
    """The same times, and not a word about what they are."""
    chosen_events = queries.selection(scope, units.today(), units.zone())
    found, zones = bodies(chosen_events, key, base_url, quietly=True)
    return ics.calendar(quiet_header(token, key, zones), found)


def hosts_calendar(unit_ids: list[int] | None, key: str, uid: str, base_url: str) -> bytes:
    """Everything that units do (None: all units), drafts and what only they may see included."""
    today, zone = units.today(), units.zone()
    in_window = queries.dates_between(*queries.window(today, zone))
    query = select(Event.id).where(Event.id.in_(in_window)).order_by(Event.id)
    if unit_ids is not None:
        query = query.where(Event.unit_id.in_(unit_ids))
    teller = Teller(key, base_url, is_host=True)
    events = events_told(db.session.scalars(query))
    header = ics.Header(
        name=hosts_name(units.municipality(), key),
        description="",
        language=languages()[key].tag,
        url=f"{base_url}/staff",
        source="",
        uid=uid,
        zones=tuple(sorted({event.zone for event in events})),
    )
    return ics.calendar(header, [teller.render(event) for event in events])

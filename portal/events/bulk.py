"""Writes: very many new events at once, as an import of a large programme makes them.

The rules are those of `create`; only the way into the database is shorter: rows instead of
objects, and all that can be done without a lock is done before it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import false, or_, select

from portal.core.bulk import Row, Table
from portal.core.clock import now
from portal.core.database import mark_changed
from portal.core.extensions import db
from portal.core.text import slugify
from portal.events import queries
from portal.events.models import Event, ExDate, Occurrence
from portal.events.recurrence import Series, expand, instant
from portal.events.rrule import format_rrule
from portal.events.rules import DateState, Details
from portal.events.writing import planned, searchable
from portal.places.models import Place
from portal.units.models import Unit

# More addresses than these are cheaper to read all than to ask for.
MANY = 50
_DETAILS = tuple(one.name for one in fields(Details) if one.name != "co_host_ids")


@dataclass(frozen=True)
class Prepared:
    """An event to be published, checked already. `apart` are dates that differ, by identity."""

    details: Details
    series: Series
    apart: Mapping[datetime, DateState] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """Events that only wait for the lock: rows of `events` begin with the address, the others
    with the place of their event among these."""

    uids: list[str]
    events: list[Row]
    dates: list[Row]
    left_out: list[Row]


class Publisher:
    """Makes and publishes events. Their places must be open to them."""

    def __init__(self, addresses: set[str]) -> None:
        """`addresses` are what the titles of all that will come make (core.text.slugify)."""
        self._slugs, self._words = _Slugs(addresses), _Words()
        self._tables = (
            Table(Event, "slug"),
            Table(Occurrence, "event_id"),
            Table(ExDate, "event_id"),
        )

    def ready(self, events: Sequence[Prepared]) -> Ready:
        """All that can be done before anything is written."""
        made: list[dict[str, Any]] = [_event(one, self._slugs, self._words) for one in events]
        dates: list[dict[str, Any]] = []
        left_out: list[dict[str, Any]] = []
        for at, one in enumerate(events):
            dates += [{**row, "event_id": at} for row in _dates(one)]
            left_out += [
                {"event_id": at, "recurrence_id": start} for start in sorted(one.series.exdates)
            ]
        rows = (made, dates, left_out)
        ready = (table.ready(some) for table, some in zip(self._tables, rows, strict=True))
        return Ready([row["uid"] for row in made], *ready)

    def publish(self, ready: Ready) -> list[int]:
        """Answers the ids of the new events, in order. A thousand at a time are quickest."""
        events, dates, left_out = self._tables
        events.store(list(_addressed(ready)))
        found = db.session.execute(select(Event.uid, Event.id).where(Event.uid.in_(ready.uids)))
        by_uid = dict(found.all())
        ids = [by_uid[uid] for uid in ready.uids]
        dates.store(ready.dates, ids)
        left_out.store(ready.left_out, ids)
        mark_changed()
        return ids


def _addressed(ready: Ready) -> Iterator[Row]:
    """With another address where somebody has taken it since they were made ready."""
    addresses = [row[0] for row in ready.events]
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.in_(addresses))))
    for row, uid in zip(ready.events, ready.uids, strict=True):
        yield (f"{row[0]}-{uid[:8]}", *row[1:]) if row[0] in taken else row


def _event(one: Prepared, slugs: _Slugs, words: _Words) -> dict[str, Any]:
    at, series = now(), one.series
    said = {name: getattr(one.details, name) for name in _DETAILS}
    own_titles = sorted({state.title for state in one.apart.values() if state.title})
    return {
        **said,
        "slug": slugs.free(one.details.titles["sv"]),
        "uid": str(uuid.uuid4()),
        "zone": series.zone,
        "starts": series.starts,
        "ends": series.ends,
        "is_all_day": series.is_all_day,
        "rrule": format_rrule(series),
        "status": "published",
        "created_at": at,
        "revised_at": at,
        "published_at": at,
        "reason": {},
        "search": words.of(one.details, own_titles, one.apart.values()),
    }


def _dates(one: Prepared) -> list[dict[str, Any]]:
    rows = planned(one.series, expand(one.series))
    is_off = len(one.apart) == len(rows) and all(s.is_cancelled for s in one.apart.values())
    for row in rows:
        row["is_listed"] = one.details.visibility in ("public", "without_place")
        if row["recurrence_id"] in one.apart:
            row |= _apart(one.apart[row["recurrence_id"]], one.series.zone, is_off)
    return rows


def _apart(state: DateState, zone: str, is_off: bool) -> dict[str, Any]:
    place_id, elsewhere = state.where or (None, "")
    return {
        "starts_at": instant(state.starts, zone),
        "ends_at": instant(state.ends, zone),
        "on": state.starts.date(),
        "titles": {"sv": state.title} if state.title else {},
        "place_id": place_id,
        "elsewhere": elsewhere,
        "sign_up_link": state.link,
        "status": "cancelled" if state.is_cancelled else "confirmed",
        "is_override": not is_off,
    }


class _Slugs:
    """Free addresses, without asking for each."""

    def __init__(self, bases: set[str]) -> None:
        query = select(Event.slug)
        if len(bases) < MANY:
            query = query.where(or_(false(), *(Event.slug.startswith(base) for base in bases)))
        self._taken = set(db.session.scalars(query))
        self._next: dict[str, int] = {}

    def free(self, title: str) -> str:
        base = slugify(title)
        slug, number = base, self._next.get(base, 2)
        while slug in self._taken:
            slug, number = f"{base}-{number}", number + 1
        self._next[base] = number
        self._taken.add(slug)
        return slug


class _Words:
    """What visitors search for, of events that are no rows yet."""

    def __init__(self) -> None:
        self._kinds = {kind.id: kind for kind in queries.kinds()}
        self._units = dict(db.session.execute(select(Unit.id, Unit.name)).all())
        self._places = {place.id: place for place in db.session.scalars(select(Place))}

    def of(self, said: Details, own_titles: Sequence[str], apart: Iterable[DateState]) -> str:
        own = sorted({state.where for state in apart if state.where}, key=repr)
        where: list[str] = []
        # What pages keep quiet about is not found either: Event.hides_place.
        if said.visibility != "without_place" and self._is_public(said.place_id):
            where = [self._units[said.unit_id], *self._named(said.place_id, said.elsewhere)]
            for place_id, elsewhere in own:
                where += self._named(place_id, elsewhere) if self._is_public(place_id) else []
        return searchable(said, self._kinds[said.kind_id], own_titles, where)

    def _is_public(self, place_id: int | None) -> bool:
        return place_id is None or self._places[place_id].visibility == "public"

    def _named(self, place_id: int | None, elsewhere: str) -> list[str]:
        if place_id is None:
            return [elsewhere]
        place = self._places[place_id]
        return [*place.names.values(), place.locality]

"""Writes: very many new events at once, as an import of a large programme makes them.

The rules are those of `create`; only the way into the database is shorter: rows instead of
objects. Nobody else writes meanwhile on SQLite, so it has to be short.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import false, insert, or_, select

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


class Publisher:
    """Makes and publishes events. Their places must be open to them."""

    def __init__(self, addresses: set[str]) -> None:
        """`addresses` are what the titles of all that will come make (core.text.slugify)."""
        self._slugs, self._words = _Slugs(addresses), _Words()

    def publish(self, events: Sequence[Prepared]) -> list[int]:
        """Answers the ids of the new events, in order. A thousand at a time are quickest."""
        if not events:
            return []
        made = [_event(one, self._slugs, self._words) for one in events]
        query = insert(Event).returning(Event.id, sort_by_parameter_order=True)
        ids = list(db.session.scalars(query, made))
        dates, left_out = [], []
        for one, event_id in zip(events, ids, strict=True):
            dates += [{**row, "event_id": event_id} for row in _dates(one)]
            left_out += [
                {"event_id": event_id, "recurrence_id": start, "reason": {}}
                for start in sorted(one.series.exdates)
            ]
        db.session.execute(insert(Occurrence), dates)
        if left_out:
            db.session.execute(insert(ExDate), left_out)
        mark_changed()
        return ids


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

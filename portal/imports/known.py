"""Reads: what earlier files of a source have made here, and how it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import selectinload

from portal.core.extensions import db
from portal.core.text import fold
from portal.events.models import Event, Occurrence
from portal.events.queries import details_of, series_of
from portal.events.recurrence import Series, wall
from portal.events.rules import DateState, Details
from portal.imports.models import ImportedDate, ImportedEvent, Source, SourceName
from portal.imports.plan import Plan
from portal.imports.told import About, Common, Memory, Told
from portal.places.models import Place

CHUNK = 500


class KnownKey(NamedTuple):
    """What is remembered of a key in short: of many, for each file."""

    event_id: int
    mark: str
    is_gone: bool


@dataclass(frozen=True)
class KnownRow:
    """A date that a source has told: see merging.KnownDate."""

    key: str
    recurrence_id: datetime
    base: Told | None
    was_gone: bool


@dataclass(frozen=True)
class KnownEvent:
    """An event that a source has made, as it stands. `states` are its dates by identity; `past`
    those that are over; `is_open` that it may still change."""

    id: int
    title: str
    series: Series
    details: Details
    before: Common | None
    rows: list[KnownRow]
    states: dict[datetime, DateState]
    past: set[datetime]
    is_open: bool

    def slot(self, day: date) -> datetime | None:
        """The identity that a date of a weekly series would have on a day."""
        start = datetime.combine(day, self.series.starts.time())
        return start if start.weekday() == self.series.starts.weekday() else None


def mark_of(told: Told) -> str:
    """Short for what was said of a date: equal marks, equal words."""
    plain = (told.title, told.starts, told.ends, told.where, told.link, told.is_cancelled)
    return _digest(f"{plain}{told.group}{_about_mark(told.about)}")


@lru_cache(maxsize=1000)
def _about_mark(about: About) -> str:
    return _digest(repr(about))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Known:
    """Everything that a source has told up to now."""

    def __init__(self, source: Source, at: datetime) -> None:
        self._source_id, self._at, self._memory = source.id, at, Memory()
        query = select(
            ImportedDate.key, ImportedDate.event_id, ImportedDate.mark, ImportedDate.is_gone
        ).where(ImportedDate.source_id == source.id)
        rows = db.session.execute(query.execution_options(yield_per=CHUNK))
        self.dates = {key: KnownKey(event_id, mark, off) for key, event_id, mark, off in rows}

    def says_otherwise(self, told: Told) -> bool:
        """Whether a known date is told in other words than last, or again."""
        known = self.dates.get(told.key)
        return known is not None and (known.is_gone or known.mark != mark_of(told))

    def coming_besides(self, told: Collection[str]) -> Iterator[tuple[str, datetime]]:
        """The keys of coming dates that are not among `told`, and when the source has them."""
        query = (
            select(ImportedDate.key)
            .join(
                Occurrence,
                and_(
                    Occurrence.event_id == ImportedDate.event_id,
                    Occurrence.recurrence_id == ImportedDate.recurrence_id,
                ),
            )
            .where(
                ImportedDate.source_id == self._source_id,
                ImportedDate.is_gone.is_(False),
                Occurrence.ends_at > self._at,
            )
            .execution_options(yield_per=CHUNK)
        )
        missing = sorted(key for key in db.session.scalars(query) if key not in told)
        for chunk in _chunks(missing):
            wanted = select(ImportedDate.key, ImportedDate.said, ImportedDate.recurrence_id)
            wanted = wanted.where(
                ImportedDate.source_id == self._source_id, ImportedDate.key.in_(chunk)
            )
            for key, said, start in db.session.execute(wanted):
                yield key, datetime.fromisoformat(said["starts"]) if said else start

    def index(self, told: dict[str, Told]) -> dict[Any, int]:
        """Events by what their dates agree in, and by their group in the source.

        What is told now counts before what was told, the latest date before earlier ones.
        """
        found: dict[Any, int] = {}
        query = (
            select(ImportedDate.key, ImportedDate.event_id, ImportedDate.group, ImportedDate.said)
            .where(ImportedDate.source_id == self._source_id)
            .order_by(ImportedDate.recurrence_id)
            .execution_options(yield_per=CHUNK)
        )
        for key, event_id, group, said in db.session.execute(query):
            last = told.get(key) or self._memory.told(key, group, said)
            if last is not None:
                found[last.fold] = event_id
            if group:
                found[group] = event_id
        return found

    def events(self, ids: Iterable[int]) -> Iterator[KnownEvent]:
        """These events as they stand, with every date that the source has told of them."""
        for chunk in _chunks(sorted(ids)):
            query = select(Event).where(Event.id.in_(chunk))
            loads = (Event.occurrences, Event.exdates, Event.co_hosts)
            events = db.session.scalars(query.options(*(selectinload(load) for load in loads)))
            rows: dict[int, list[KnownRow]] = {}
            dates = select(ImportedDate).where(
                ImportedDate.source_id == self._source_id, ImportedDate.event_id.in_(chunk)
            )
            for row in db.session.scalars(dates.order_by(ImportedDate.recurrence_id)):
                base = self._memory.told(row.key, row.group, row.said)
                known = KnownRow(row.key, row.recurrence_id, base, row.is_gone)
                rows.setdefault(row.event_id, []).append(known)
            said = select(ImportedEvent.event_id, ImportedEvent.said)
            wholes = db.session.execute(said.where(ImportedEvent.event_id.in_(chunk)))
            before = {row.event_id: row.said for row in wholes}
            for event in sorted(events, key=lambda event: event.id):
                whole = self._memory.common(before.get(event.id, {}))
                yield self._event(event, whole, rows.get(event.id, []))

    def _event(self, event: Event, before: Common | None, rows: list[KnownRow]) -> KnownEvent:
        return KnownEvent(
            id=event.id,
            title=event.titles.get("sv", ""),
            series=series_of(event),
            details=details_of(event),
            before=before,
            rows=rows,
            states={row.recurrence_id: state_of(row, event.zone) for row in event.occurrences},
            past={row.recurrence_id for row in event.occurrences if row.ends_at <= self._at},
            is_open=event.status == "published",
        )


def fingerprint(source: Source, plan: Plan) -> str:
    """Changes when anything does that a plan for the source was made from: the events that it
    looked at, what is known of the source's dates, where places are, and what names mean."""
    events: list[Any] = []
    for chunk in _chunks(plan.looked_at):
        query = select(func.count(), func.coalesce(func.sum(Event.sequence), 0))
        events += db.session.execute(query.where(Event.id.in_(chunk))).one()
    places = select(Place.id, Place.unit_id, Place.visibility).order_by(Place.id)
    dates = select(func.count()).where(ImportedDate.source_id == source.id)
    names = select(func.count(), func.coalesce(func.sum(func.length(SourceName.ref)), 0))
    counted = [
        *events,
        *db.session.execute(places),
        db.session.scalar(dates),
        *db.session.execute(names.where(SourceName.source_id == source.id)).one(),
        source.digest,
        source.mapping,
    ]
    return _digest(repr(counted))


def known_titles(
    unit_ids: Collection[int], starts: Collection[datetime]
) -> set[tuple[int, str, datetime]]:
    """What happens at these units between the first and the last of these wall times: unit,
    folded title and wall time of each date."""
    if not starts:
        return set()
    first, last = min(starts).date(), max(starts).date()
    query = (
        select(Event.unit_id, Event.titles, Event.zone, Occurrence.titles, Occurrence.starts_at)
        .join(Occurrence, Occurrence.event_id == Event.id)
        .where(Event.unit_id.in_(unit_ids), Occurrence.on >= first, Occurrence.on <= last)
        .where(Event.status == "published", Occurrence.status == "confirmed")
    )
    return {
        (unit_id, fold((own or titles).get("sv", "")), wall(starts_at, zone))
        for unit_id, titles, zone, own, starts_at in db.session.execute(query)
    }


def state_of(row: Occurrence, zone: str) -> DateState:
    """A date as it is here, beside its series."""
    return DateState(
        wall(row.starts_at, zone),
        wall(row.ends_at, zone),
        row.titles.get("sv", ""),
        (row.place_id, row.elsewhere) if row.is_elsewhere else None,
        row.sign_up_link,
        row.status == "cancelled",
    )


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = list(items)
    for at in range(0, len(rest), CHUNK):
        yield rest[at : at + CHUNK]

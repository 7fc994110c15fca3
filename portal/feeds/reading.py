"""Reads: what feeds tell of events, as plain values.

A feed may hold a thousand events. Rows of the session would cost more than everything that is
said of them, so columns are read, and of the dates only those that differ from their series.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from json import JSONDecoder
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    bindparam,
    cast,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType

from portal.core.extensions import db
from portal.core.text import Localised
from portal.core.types import Keys, LocalisedText
from portal.events.models import CoHost, Event, EventKind, ExDate, Occurrence
from portal.events.queries import IN_ORDER
from portal.feeds.clocks import last_day, may_cross
from portal.feeds.facts import DateFacts, EventFacts, KindFacts, PlaceFacts, UnitFacts
from portal.places.models import Place
from portal.units.models import Unit

CHUNK = 500


class PlainTexts(UserDefinedType[Localised]):
    """A column of text per language, read as it is. The usual type asks five functions of each
    value on the way, which is most of what a large feed would cost."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Localised]:
        return _texts


_read = JSONDecoder().raw_decode


def _texts(value: Any) -> Localised:
    # PostgreSQL's driver has read it already.
    if isinstance(value, str):
        return _read(value)[0] if value != "{}" else {}
    return value or {}


def _columns(table: Any, facts: type) -> list[Any]:
    """The columns that have the names of fields, in the fields' order."""
    own = [table.c[name] for name in facts.__dataclass_fields__ if name in table.c]  # type: ignore[attr-defined]
    plain = {LocalisedText: PlainTexts, Keys: String}
    return [type_coerce(c, plain[type(c.type)]) if type(c.type) in plain else c for c in own]


def _among(column: Any) -> ColumnElement[bool]:
    """A condition on the ids that a statement is given each time."""
    condition: ColumnElement[bool] = column.in_(bindparam("ids", expanding=True))
    return condition


_EVENT, _DATE, _PLACE = Event.__table__, Occurrence.__table__, Place.__table__
_EVENTS = select(
    *_columns(_EVENT, EventFacts), *(_EVENT.c[f"{x}_id"] for x in ("kind", "unit", "place"))
).where(_among(_EVENT.c.id))
_DATES = select(*_columns(_DATE, DateFacts), _DATE.c.place_id)
_ALL_DATES = _DATES.where(_among(_DATE.c.event_id)).order_by(_DATE.c.recurrence_id)
_DIFFERENT_DATES = _ALL_DATES.where(
    or_(
        _DATE.c.status != "confirmed",
        _DATE.c.is_override.is_(True),
        _DATE.c.place_id.is_not(None),
        _DATE.c.elsewhere != "",
        _DATE.c.sign_up_link != "",
        cast(_DATE.c.note, String) != "{}",
        cast(_DATE.c.titles, String) != "{}",
        # A date over a clock change is written out; which they are, only all dates tell.
        _DATE.c.event_id.in_(bindparam("doubtful", expanding=True)),
    )
)
_HELD = (
    select(_DATE.c.event_id)
    .where(_among(_DATE.c.event_id), _DATE.c.status != "cancelled")
    .distinct()
)
_PLACES = select(*_columns(_PLACE, PlaceFacts), _PLACE.c.unit_id).where(_among(_PLACE.c.id))
_UNITS = select(Unit.id, Unit.name, Unit.phone).where(_among(Unit.id))
_KINDS = select(EventKind.id, EventKind.slug, EventKind.names).where(_among(EventKind.id))
_HOSTS = (
    select(CoHost.event_id, CoHost.unit_id)
    .join(Unit, Unit.id == CoHost.unit_id)
    .where(_among(CoHost.event_id))
    .order_by(CoHost.event_id, Unit.name)
)
_LEFT_OUT = select(ExDate.event_id, ExDate.recurrence_id).where(_among(ExDate.event_id))


class Surroundings:
    """Units, places and kinds: few, each read once and shared by the events of a reading."""

    def __init__(self) -> None:
        self.kinds: dict[int, KindFacts] = {}
        self.units: dict[int, UnitFacts] = {}
        self.places: dict[int, PlaceFacts] = {}

    def learn(self, kinds: set[int], units: set[int], places: set[int | None]) -> None:
        """Reads those of these that are not known yet."""
        found = _rows(_PLACES, places - {None} - set(self.places))
        units |= {row.unit_id for row in found}
        for row in _rows(_UNITS, units - set(self.units)):
            self.units[row.id] = UnitFacts(*row)
        for row in found:
            self.places[row.id] = PlaceFacts(*(*row[:-1], self.units[row.unit_id]))
        for row in _rows(_KINDS, kinds - set(self.kinds)):
            self.kinds[row.id] = KindFacts(*row)

    def event(self, row: Any) -> EventFacts:
        place = self.places[row.place_id] if row.place_id is not None else None
        around = (self.kinds[row.kind_id], self.units[row.unit_id], place)
        return EventFacts(*(*row[:-3], *around))

    def date(self, row: Any) -> DateFacts:
        place = self.places[row.place_id] if row.place_id is not None else None
        return DateFacts(*(*row[:-1], place))


def events_told(
    ids: Iterable[int], *, every_date: bool = False, around: Surroundings | None = None
) -> list[EventFacts]:
    """The events of these ids in their order, with the dates that differ, or with every date."""
    wanted, around = list(ids), around or Surroundings()
    found: dict[int, EventFacts] = {}
    for at in range(0, len(wanted), CHUNK):
        found.update(_chunk(wanted[at : at + CHUNK], around, every_date))
    return [found[event_id] for event_id in wanted if event_id in found]


def dates_told(
    query: Select[int], most: int, known: Iterable[EventFacts] = (), *, is_latest: bool = False
) -> list[tuple[EventFacts, DateFacts]]:
    """The dates of a query of their ids, `most` at most, with their events; those that are known
    are not read again. Soonest first, or latest first."""
    order_by = [column.desc() for column in IN_ORDER] if is_latest else IN_ORDER
    dated = _DATES.where(_DATE.c.id.in_(query)).order_by(*order_by)
    rows = db.session.connection().execute(dated.limit(most)).all()
    around = Surroundings()
    around.learn(set(), set(), {row.place_id for row in rows})
    by_id = {event.id: event for event in known}
    missing = sorted({row.event_id for row in rows} - set(by_id))
    by_id |= {event.id: event for event in events_told(missing, around=around)}
    return [(by_id[row.event_id], around.date(row)) for row in rows]


def _chunk(ids: list[int], around: Surroundings, every_date: bool) -> dict[int, EventFacts]:
    rows, hosts = _rows(_EVENTS, ids), _rows(_HOSTS, ids)
    doubtful = [row.id for row in rows if row.rrule and not row.is_all_day and _may_cross(row)]
    dates = (
        _rows(_ALL_DATES, ids) if every_date else _rows(_DIFFERENT_DATES, ids, doubtful=doubtful)
    )
    around.learn(
        {row.kind_id for row in rows},
        {row.unit_id for row in rows} | {row.unit_id for row in hosts},
        {row.place_id for row in (*rows, *dates)},
    )
    events = {row.id: around.event(row) for row in rows}
    for row in dates:
        events[row.event_id].dates.append(around.date(row))
    for event_id, unit_id in hosts:
        events[event_id].co_hosts.append(around.units[unit_id])
    for event_id, start in _rows(_LEFT_OUT, [row.id for row in rows if row.rrule]):
        events[event_id].exdates.append(start)
    _mark_cancelled(events)
    return events


def _may_cross(row: Any) -> bool:
    return may_cross(row.starts, row.ends, last_day(row.rrule, row.starts), row.zone)


def _mark_cancelled(events: dict[int, EventFacts]) -> None:
    doubtful = {
        event.id
        for event in events.values()
        if any(one.status == "cancelled" for one in event.dates)
    }
    for event_id in doubtful - {row.event_id for row in _rows(_HELD, doubtful)}:
        events[event_id].is_off = True


def _rows(query: Select[*tuple[Any, ...]], ids: Iterable[int | None], **more: Any) -> Sequence[Any]:
    given = list(ids)
    if not given:
        return []
    # Asked of the connection: rows are wanted, and the session would make more of them.
    return db.session.connection().execute(query, {"ids": given, **more}).all()

"""Reads: events as the exchange format tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.extensions import db
from portal.core.text import Localised
from portal.events.models import Event, FormerScope, Observance, Occurrence
from portal.events.recurrence import wall
from portal.imports.exchange import write
from portal.imports.exchange_columns import LOCALISED, ExchangeEvent
from portal.imports.exchange_dates import ExchangeDate
from portal.places.models import Place
from portal.units import queries as units
from portal.units.models import Unit

POLICIES = {
    (True, True): "term",
    (False, True): "holidays",
    (True, False): "breaks",
    (False, False): "none",
}
# What the event and the row call by the same name.
ALIKE = (
    "zone",
    "is_all_day",
    "rrule",
    "starts",
    "ends",
    "languages",
    "audiences",
    "age_from",
    "age_to",
    "age_unit",
    "sign_up",
    "sign_up_link",
    "phone",
    "visibility",
    "is_preliminary",
    "elsewhere",
    "uid",
    "slug",
    "sequence",
    "created_at",
    "revised_at",
    "published_at",
)


@dataclass(frozen=True)
class Around:
    """What events name by id and rows by address."""

    units: dict[int, str] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    observances: dict[int, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    scopes: dict[int, list[tuple[str, int]]] = field(default_factory=dict)
    bodies: dict[int, str] = field(default_factory=dict)
    uids: dict[int, str] = field(default_factory=dict)
    is_demo: bool = False


def around() -> Around:
    """Every unit, place and observance by its address."""
    scopes: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for row in db.session.scalars(select(FormerScope)):
        scopes[row.event_id].append((row.what, row.ref_id))
    places = db.session.execute(select(Place.id, Place.slug, Place.visibility)).all()
    ties = units.affiliations(units.today())
    return Around(
        units=dict(db.session.execute(select(Unit.id, Unit.slug)).all()),
        places={place_id: slug for place_id, slug, _ in places},
        observances=dict(db.session.execute(select(Observance.id, Observance.slug)).all()),
        hidden=frozenset(place_id for place_id, _, degree in places if degree != "public"),
        scopes=scopes,
        bodies={unit_id: tie.body.slug for unit_id, tie in ties.items() if tie.body},
        uids=dict(db.session.execute(select(Event.id, Event.uid)).all()),
        is_demo=units.municipality().is_demo,
    )


def export_events(*, public_only: bool = False, unit: Unit | None = None) -> bytes:
    """Published and cancelled events as a table, oldest first; those of one unit, if given.

    `public_only` leaves out what not everybody may read: events for staff or a closed group, and
    all that keep quiet about where they are, because their unit alone would tell.
    """
    query = (
        select(Event)
        .where(Event.status.in_(("published", "cancelled")))
        .options(
            selectinload(Event.occurrences).selectinload(Occurrence.own_place),
            selectinload(Event.exdates),
            selectinload(Event.co_hosts),
        )
        .order_by(Event.id)
    )
    if unit is not None:
        query = query.where(Event.unit_id == unit.id)
    events = [
        event for event in db.session.scalars(query) if not public_only or tells_everything(event)
    ]
    known = around()
    kept = {event.uid for event in events}
    uids = {event_id: uid for event_id, uid in known.uids.items() if uid in kept}
    scopes = {
        event_id: [one for one in rows if not (public_only and is_hidden(one, known))]
        for event_id, rows in known.scopes.items()
    }
    shown = Around(**{**vars(known), "uids": uids, "scopes": scopes})
    return write((told(event, shown) for event in events), units.municipality().languages)


def tells_everything(event: Event) -> bool:
    """Whether pages tell everybody everything about the event, where it is included."""
    return (
        event.is_public
        and not event.hides_place
        and not any(row.hides_place for row in event.occurrences)
    )


def is_hidden(scope: tuple[str, int], known: Around) -> bool:
    """Whether a feed that an event was in before is of a place that is hidden by now."""
    return scope[0] == "place" and scope[1] in known.hidden


def told(event: Event, known: Around) -> ExchangeEvent:
    """An event as a row of the format."""
    alike: dict[str, Any] = {name: getattr(event, name) for name in ALIKE}
    alike |= {own: _said(getattr(event, own)) for own, _ in LOCALISED.values()}
    return ExchangeEvent(
        **alike,
        event_id=(event.source_id if event.source else None) or event.uid,
        kind=event.kind.slug,
        unit=known.units[event.unit_id],
        co_hosts=tuple(known.units[unit.id] for unit in event.co_hosts),
        exdates=tuple(row.recurrence_id for row in event.exdates),
        exdate_reasons=tuple(_said(row.reason) for row in event.exdates),
        dates=tuple(_dates(event, known)),
        break_policy=POLICIES[event.skip_breaks, event.skip_holidays],
        is_cancelled=event.status == "cancelled",
        observance=known.observances.get(event.observance_id or 0, ""),
        place=known.places.get(event.place_id or 0, ""),
        continues=known.uids.get(event.continues_id or 0, ""),
        former_scopes=tuple(_scopes(known.scopes.get(event.id, []), known)),
        origin=event.source or "",
        aside={
            "data_class": "SAMPLE_NOT_REAL" if known.is_demo else "",
            "responsible_body": known.bodies.get(event.unit_id, ""),
            "occurrences": str(len(event.occurrences)),
        },
    )


def _said(texts: Localised) -> Localised:
    return {key: text for key, text in texts.items() if text}


def _scopes(scopes: Iterable[tuple[str, int]], known: Around) -> list[str]:
    slugs = {"unit": known.units, "place": known.places}
    return sorted(f"{what}-{slugs[what][ref_id]}" for what, ref_id in scopes)


def _dates(event: Event, known: Around) -> Iterable[ExchangeDate]:
    """The dates that differ, and those that feeds tell apart although they no longer do."""
    for row in sorted(event.occurrences, key=lambda row: row.recurrence_id):
        one = date_told(row, known.places)
        if one.told_apart or not one.is_as_planned:
            yield one


def date_told(row: Occurrence, places: dict[int, str]) -> ExchangeDate:
    """One date, as far as it differs from its series."""
    event = row.event
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    return ExchangeDate(
        recurrence_id=row.recurrence_id,
        starts=None if starts == row.recurrence_id else starts,
        ends=None if ends == _planned(starts, event) else ends,
        is_cancelled=row.status == "cancelled",
        note=_said(row.note),
        titles=_said(row.titles),
        place=places.get(row.place_id or 0, ""),
        elsewhere=row.elsewhere,
        sign_up_link=row.sign_up_link,
        told_apart=row.is_override,
    )


def _planned(starts: datetime, event: Event) -> datetime:
    """When a date ends that begins at `starts` and lasts as long as its series' dates."""
    return starts + (event.ends - event.starts)

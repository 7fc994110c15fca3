"""Writes: making, publishing, changing and cancelling events and their dates.

Every change raises SEQUENCE and the revision time of the whole series: clients keep old
details otherwise. Nothing that was published is ever deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import Localised, search_text, slugify
from portal.events import queries
from portal.events.models import Event, EventKind, ExDate, Occurrence
from portal.events.recurrence import (
    Series,
    clock_trouble,
    expand,
    format_rrule,
    instant,
    keys,
    nearest_valid,
    starts_of,
    wall,
)
from portal.events.rules import Details, LeftOut, check_details, check_series, may_change_visibility
from portal.places import actions as places
from portal.places.models import Place
from portal.units import actions as units
from portal.units.models import Unit

DETAIL_FIELDS = tuple(name for name in Details.__dataclass_fields__ if name != "co_host_ids")


def create(
    details: Details, series: Series, left_out: Sequence[LeftOut], today: date, **origin: Any
) -> Event:
    """Makes a draft with its dates; raises Refused. `origin` may name source and source_id.

    The UID is random and made once; the address comes from the title and stays.
    """
    _refuse(check_details(details) + check_series(without(series, left_out), today))
    at = now()
    event = Event(
        slug=_free_slug(details.titles["sv"]),
        uid=str(uuid.uuid4()),
        zone=series.zone,
        created_at=at,
        revised_at=at,
        reason={},
        **origin,
    )
    _set_details(event, details)
    db.session.add(event)
    _set_series(event, series, left_out)
    db.session.flush()
    _set_search(event)
    record("event.create", "event", event.id)
    return event


def rewrite(
    event: Event, details: Details, series: Series, left_out: Sequence[LeftOut], today: date
) -> None:
    """Changes a draft in any way, its dates included; raises Refused."""
    if event.published_at is not None:
        raise Refused(Problem("already_published"))
    _refuse(check_details(details) + check_series(without(series, left_out), today))
    _set_details(event, details)
    _set_series(event, series, left_out)
    _touch(event)
    _set_search(event)
    record("event.change", "event", event.id)


def change(event: Event, details: Details) -> None:
    """Changes what a published event says; its dates stay. Raises Refused."""
    problems = check_details(details)
    if not may_change_visibility(
        event.visibility, details.visibility, event.published_at is not None
    ):
        problems.append(Problem("visibility_published", "visibility"))
    _refuse(problems)
    _set_details(event, details)
    _touch(event)
    _set_listed(event)
    _set_search(event)
    record("event.change", "event", event.id)


def publish(event: Event, may_use_place: bool) -> None:
    """Publishes a draft, or asks the place's unit first when the place is somebody else's."""
    if event.status not in ("draft", "waiting"):
        raise Refused(Problem("already_published"))
    event.status = "published" if may_use_place else "waiting"
    if may_use_place:
        event.published_at = now()
        event.answer_note = ""
        _set_listed(event)
    _touch(event)
    record("event.publish" if may_use_place else "event.ask", "event", event.id)


def decline(event: Event, note: str) -> None:
    """The place's unit says no: the event is a draft again, with the reason."""
    if event.status != "waiting":
        raise Refused(Problem("not_waiting"))
    event.status, event.answer_note = "draft", note
    db.session.flush()
    record("event.decline", "event", event.id)


def cancel(event: Event, reason: Localised) -> None:
    """Cancels the whole event: it stays in pages and feeds, marked, with the reason."""
    if event.status != "published":
        raise Refused(Problem("not_published"))
    event.status, event.reason = "cancelled", reason
    _touch(event)
    record("event.cancel", "event", event.id)


def cancel_date(occurrence: Occurrence, reason: Localised) -> None:
    """Cancels one date; it stays, marked, with the reason (feeds.md 3.1)."""
    _refuse_past(occurrence)
    occurrence.status, occurrence.note = "cancelled", reason
    _touch(occurrence.event)
    record("occurrence.cancel", "occurrence", occurrence.id, key=occurrence.key)


def restore_date(occurrence: Occurrence) -> None:
    """Takes a cancellation back; the feed keeps an override, now confirmed (feeds.md 3.2)."""
    _refuse_past(occurrence)
    occurrence.status, occurrence.note, occurrence.is_moved = "confirmed", {}, True
    _touch(occurrence.event)
    record("occurrence.restore", "occurrence", occurrence.id, key=occurrence.key)


def move_date(occurrence: Occurrence, starts: datetime, ends: datetime, note: Localised) -> None:
    """Moves one date to other wall times; its address and RECURRENCE-ID stay."""
    _refuse_past(occurrence)
    event = occurrence.event
    _refuse(_time_problems(starts, ends, event.zone))
    occurrence.starts_at, occurrence.ends_at = (
        instant(starts, event.zone),
        instant(ends, event.zone),
    )
    occurrence.on, occurrence.is_moved, occurrence.note = starts.date(), True, note
    _touch(event)
    record("occurrence.move", "occurrence", occurrence.id, key=occurrence.key)


def _time_problems(starts: datetime, ends: datetime, zone: str) -> list[Problem]:
    if ends <= starts:
        return [Problem("end_before_start", "ends")]
    problems = []
    for name, moment in (("starts", starts), ("ends", ends)):
        trouble = clock_trouble(moment, zone)
        if trouble:
            before, after = nearest_valid(moment, zone)
            facts = {"at": moment, "before": before, "after": after}
            problems.append(Problem(f"clock_{trouble}", name, facts))
    return problems


def delete_draft(event: Event) -> None:
    """Removes what nobody outside has ever seen; raises Refused for anything published."""
    if event.published_at is not None:
        raise Refused(Problem("already_published"))
    record("event.delete", "event", event.id)
    db.session.delete(event)
    db.session.flush()


def change_place(place: Place, values: dict[str, Any]) -> None:
    """Changes a place and tells every feed that names it."""
    places.update_place(place, values)
    for event in queries.events_at(place):
        _touch(event)
        _set_search(event)


def change_unit(unit: Unit, values: dict[str, Any]) -> None:
    """Changes a unit and tells every feed that names it."""
    units.update_unit(unit, values)
    for event in queries.events_showing(unit.id):
        _touch(event)
        _set_search(event)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Refused(*problems)


def _refuse_past(occurrence: Occurrence) -> None:
    if occurrence.ends_at <= now():
        raise Refused(Problem("date_past"))


def without(series: Series, left_out: Sequence[LeftOut]) -> Series:
    """The series with exactly these dates left out."""
    gone = frozenset(row.recurrence_id for row in left_out)
    return Series(series.starts, series.ends, series.zone, series.is_all_day, series.rule, gone)


def _set_details(event: Event, details: Details) -> None:
    for name in DETAIL_FIELDS:
        setattr(event, name, getattr(details, name))
    wanted = set(details.co_host_ids) - {details.unit_id}
    with db.session.no_autoflush:
        event.co_hosts = (
            list(db.session.scalars(select(Unit).where(Unit.id.in_(wanted)))) if wanted else []
        )


def _set_series(event: Event, series: Series, left_out: Sequence[LeftOut]) -> None:
    whole = without(series, left_out)
    event.starts, event.ends, event.is_all_day = series.starts, series.ends, series.is_all_day
    event.rrule = format_rrule(whole)
    if event.id is not None:
        # Unique keys: the old rows must be gone before the new ones come.
        event.exdates, event.occurrences = [], []
        db.session.flush()
    event.exdates = [
        ExDate(recurrence_id=row.recurrence_id, reason=dict(row.reason)) for row in left_out
    ]
    addresses = keys(list(starts_of(whole)))
    event.occurrences = [
        Occurrence(
            recurrence_id=dated.recurrence_id,
            key=addresses[dated.recurrence_id],
            starts_at=dated.starts_at,
            ends_at=dated.ends_at,
            on=wall(dated.starts_at, series.zone).date(),
            note={},
        )
        for dated in expand(whole)
    ]


def _touch(event: Event) -> None:
    """A change: SEQUENCE rises by one, the revision time by at least a second."""
    event.sequence += 1
    event.revised_at = max(now(), event.revised_at + timedelta(seconds=1))
    db.session.flush()


def _set_listed(event: Event) -> None:
    for row in event.occurrences:
        row.is_listed = event.is_public
    db.session.flush()


def _set_search(event: Event) -> None:
    """What a visitor's search looks in: nothing that pages keep quiet about."""
    db.session.flush()
    db.session.refresh(event, ["kind", "unit", "place"])
    where = [] if event.hides_place else [event.unit.name, *(unit.name for unit in event.co_hosts)]
    if event.place is not None and not event.hides_place:
        where += [*event.place.names.values(), event.place.locality]
    if not event.hides_place:
        where.append(event.elsewhere)
    event.search = search_text(
        " ".join(event.titles.values()), *event.texts.values(), *event.kind.names.values(), *where
    )
    db.session.flush()


def _free_slug(title: str) -> str:
    base = slugify(title)
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def load_kinds(rows: list[dict[str, Any]]) -> dict[str, EventKind]:
    """Adds the kinds of events that are not there yet; answers all by address."""
    there = {kind.slug: kind for kind in queries.kinds()}
    for position, row in enumerate(rows):
        kind = there.get(row["slug"]) or EventKind(slug=row["slug"])
        kind.code, kind.group, kind.position = row.get("code", ""), row["group"], position
        kind.visibility = row.get("visibility", "public")
        kind.names, kind.plurals = row["names"], row["plural"]
        db.session.add(kind)
        there[row["slug"]] = kind
    db.session.flush()
    return there

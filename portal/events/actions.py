"""Writes: making, publishing, changing and cancelling events and their dates.

Every change raises SEQUENCE and the revision time of the whole series: clients keep old
details otherwise. Nothing that was published is ever deleted.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events import queries
from portal.events.models import Event, EventKind
from portal.events.noting import noted
from portal.events.recurrence import Series
from portal.events.rules import (
    Details,
    LeftOut,
    check_details,
    check_series,
    may_change_visibility,
    without,
)
from portal.events.writing import (
    free_slug,
    set_details,
    set_listed,
    set_search,
    set_series,
    touch,
)
from portal.places import actions as places
from portal.places.models import Place
from portal.units import actions as units
from portal.units.models import Unit


def create(
    details: Details, series: Series, left_out: Sequence[LeftOut], today: date, **origin: Any
) -> Event:
    """Makes a draft with its dates; raises Refused. `origin` may name source and source_id.

    The UID is random and made once; the address comes from the title and stays.
    """
    _refuse(check_details(details) + check_series(without(series, left_out), today))
    at = now()
    event = Event(
        slug=free_slug(details.titles["sv"]),
        uid=str(uuid.uuid4()),
        zone=series.zone,
        created_at=at,
        revised_at=at,
        reason={},
        **origin,
    )
    set_details(event, details)
    db.session.add(event)
    set_series(event, series, left_out)
    db.session.flush()
    set_search(event)
    record("event.create", "event", event.id)
    return event


def rewrite(
    event: Event, details: Details, series: Series, left_out: Sequence[LeftOut], today: date
) -> None:
    """Changes a draft in any way, its dates included; raises Refused."""
    if event.published_at is not None:
        raise Refused(Problem("already_published"))
    _refuse(check_details(details) + check_series(without(series, left_out), today))
    set_details(event, details)
    set_series(event, series, left_out)
    touch(event)
    set_search(event)
    record("event.change", "event", event.id)


def change(event: Event, details: Details) -> None:
    """Changes what a published event says; its dates stay. Raises Refused."""
    problems = check_details(details)
    if not may_change_visibility(
        event.visibility, details.visibility, event.published_at is not None
    ):
        problems.append(Problem("visibility_published", "visibility"))
    _refuse(problems)
    if event.published_at is None:
        set_details(event, details)
        touch(event)
        record("event.change", "event", event.id)
        return
    with noted(event, "change"):
        set_details(event, details)


def publish(event: Event, may_use_place: bool) -> None:
    """Publishes a draft, or asks the place's unit first when the place is somebody else's."""
    if event.status not in ("draft", "waiting"):
        raise Refused(Problem("already_published"))
    event.status = "published" if may_use_place else "waiting"
    if may_use_place:
        event.published_at = now()
        event.answer_note = ""
        set_listed(event)
    touch(event)
    record("event.publish" if may_use_place else "event.ask", "event", event.id)


def decline(event: Event, note: str) -> None:
    """The place's unit says no: the event is a draft again, with the reason."""
    if event.status != "waiting":
        raise Refused(Problem("not_waiting"))
    event.status, event.answer_note = "draft", note
    touch(event)
    record("event.decline", "event", event.id)


def cancel(event: Event, reason: Localised) -> None:
    """Cancels an event and every date left: they stay in pages and feeds, marked.

    Dates that have been are what they were, unless none is left: then it never happened.
    """
    if event.status != "published":
        raise Refused(Problem("not_published"))
    with noted(event, "cancel"):
        event.status, event.reason = "cancelled", reason
        for row in queries.coming(event, now()) or event.occurrences:
            if row.status != "cancelled":
                row.status, row.note = "cancelled", reason


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
        touch(event)
        set_search(event)


def change_unit(unit: Unit, values: dict[str, Any]) -> None:
    """Changes a unit and tells every feed that names it."""
    units.update_unit(unit, values)
    for event in queries.events_showing(unit.id):
        touch(event)
        set_search(event)


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Refused(*problems)


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

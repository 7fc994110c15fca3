"""What every change of a published event leaves behind: a note of who, what and how it was.

Whoever changes an event does it inside `noted`: that raises the revision once, writes the audit,
keeps what was there before so that it can be undone, and keeps the event in the feeds of the
units and places it leaves. Used by actions only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import select

from portal.core.access import current_account
from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.events.models import Event, EventChange, FormerScope
from portal.events.rules import DETAIL_FIELDS
from portal.events.writing import fill_search, raise_revision, set_listed
from portal.units.models import Unit

EVENT_FIELDS = (*DETAIL_FIELDS, "status", "reason", "rrule")
DATE_FIELDS = (
    "starts_at",
    "ends_at",
    "on",
    "status",
    "note",
    "place_id",
    "elsewhere",
    "titles",
    "sign_up_link",
)
State = dict[str, Any]


@contextmanager
def noted(event: Event, what: str) -> Iterator[State]:
    """Around a change of a published event. What is put into the yielded dictionary is kept with
    the change: codes, numbers and ids. Nothing is noted when nothing changed."""
    more: State = {}
    with noted_each([event], what, more):
        yield more


@contextmanager
def noted_each(events: Sequence[Event], what: str, more: State | None = None) -> Iterator[None]:
    """The same around a change of several events, each of which is noted by itself. All of them
    are flushed together, which is what makes it quick."""
    befores = [_Before(event) for event in events]
    yield
    db.session.flush()
    for before in befores:
        _note(before, what, more or {})
    db.session.flush()


class _Before:
    """An event as it was. Holds what it belonged to, so that nothing is read twice."""

    def __init__(self, event: Event) -> None:
        self.event, self.held = event, (event.kind, event.unit, event.place)
        self.fields, self.dates, self.scopes = _fields(event), _dates(event), _scopes(event)
        self.was_off = _is_off(event)


def _note(was: _Before, what: str, more: State) -> None:
    event = was.event
    # Their ids may be others by now.
    db.session.expire(event, ["unit", "place"])
    before = _difference(was.fields, was.dates, event)
    if not (before["event"] or before["dates"] or before["added"] or more):
        return
    _tell_apart(event, before, was.was_off)
    raise_revision(event)
    set_listed(event)
    fill_search(event)
    _keep_scopes(event, was.scopes)
    account = current_account()
    touched = len(before["dates"]) + len(before["added"])
    db.session.add(
        EventChange(
            event_id=event.id,
            at=now(),
            account_id=account.id if account else None,
            what=what,
            dates=touched,
            before={**before, **more},
        )
    )
    record(f"event.{what}", "event", event.id, dates=touched)


def last_change(event: Event) -> EventChange | None:
    """The newest change that has not been undone: the only one that can be."""
    query = select(EventChange).where(
        EventChange.event_id == event.id, EventChange.undone_at.is_(None)
    )
    return db.session.scalars(query.order_by(EventChange.id.desc())).first()


def put_back(event: Event, change: EventChange) -> None:
    """Gives an event and its coming dates back what a change took.

    Dates that have passed are what they were, and no date is put back into the past.
    """
    for name, value in change.before["event"].items():
        if name == "co_hosts":
            event.co_hosts = list(db.session.scalars(select(Unit).where(Unit.id.in_(value))))
        elif not (name == "rrule" and change.before["added"]):
            # A longer rule stays: its dates are published, they are cancelled instead.
            setattr(event, name, _read(name, value))
    rows = {str(row.id): row for row in event.occurrences}
    for row_id, values in change.before["dates"].items():
        row = rows[row_id]
        read = {name: _read(name, value) for name, value in values.items()}
        if row.ends_at <= now() or read.get("ends_at", row.ends_at) <= now():
            continue
        for name, value in read.items():
            setattr(row, name, value)


def _is_off(event: Event) -> bool:
    """Whether the series as such says that it is cancelled, and no date need say it."""
    return all(row.status == "cancelled" for row in event.occurrences)


def _tell_apart(event: Event, before: State, was_off: bool) -> None:
    """Marks the dates that feeds write out from now on. Told apart once, told apart for good:
    stores keep what an override said when it is gone.

    Only what is cancelled as a whole, and taken back so, is told by the series alone.
    """
    is_off = _is_off(event)
    status = before["event"].get("status", event.status)
    by_series = (was_off or is_off) and "cancelled" in (status, event.status)
    for row in event.occurrences:
        is_changed = str(row.id) in before["dates"] and not by_series
        if is_changed or (row.status == "cancelled" and not is_off):
            row.is_override = True


def _fields(event: Event) -> State:
    values = {name: _plain(getattr(event, name)) for name in EVENT_FIELDS}
    return {**values, "co_hosts": sorted(unit.id for unit in event.co_hosts)}


_values_of = attrgetter(*DATE_FIELDS)


def _dates(event: Event) -> dict[int, tuple[Any, ...]]:
    return {row.id: _values_of(row) for row in event.occurrences}


def _difference(fields: State, dates: dict[int, tuple[Any, ...]], event: Event) -> State:
    after, rows = _fields(event), _dates(event)
    changed = {
        str(row_id): _other(old, rows[row_id])
        for row_id, old in dates.items()
        if rows[row_id] != old
    }
    return {
        "event": {name: old for name, old in fields.items() if after[name] != old},
        "dates": {row_id: others for row_id, others in changed.items() if others},
        "added": [row_id for row_id in rows if row_id not in dates],
    }


def _other(old: tuple[Any, ...], new: tuple[Any, ...]) -> State:
    """The columns of a date that are different, as they were."""
    pairs = zip(DATE_FIELDS, map(_plain, old), map(_plain, new), strict=True)
    return {name: before for name, before, after in pairs if before != after}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {key: text for key, text in value.items() if text}
    return value.isoformat() if hasattr(value, "isoformat") else value


def _read(name: str, value: Any) -> Any:
    if name in ("starts_at", "ends_at"):
        return datetime.fromisoformat(value)
    if name == "on":
        return datetime.fromisoformat(value).date()
    return tuple(value) if isinstance(value, list) else value


def _scopes(event: Event) -> set[tuple[str, int]]:
    """The units and places whose feeds the event is in; none when it keeps quiet about them."""
    if event.hides_place or event.published_at is None:
        return set()
    found = {("unit", event.unit_id), *(("unit", unit.id) for unit in event.co_hosts)}
    places = [event.place, *(row.own_place for row in event.occurrences)]
    for place in places:
        if place is not None and place.visibility == "public":
            found |= {("place", place.id), ("unit", place.unit_id)}
    return found


def _keep_scopes(event: Event, before: set[tuple[str, int]]) -> None:
    """What an event leaves keeps it in its feed, so that nothing vanishes from a calendar."""
    if event.hides_place:
        return
    for what, ref_id in before - _scopes(event):
        db.session.merge(FormerScope(event_id=event.id, what=what, ref_id=ref_id))

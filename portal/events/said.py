"""Reads: what hosts say of their dates while they last, and how many came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal.core.extensions import db
from portal.core.kept import while_unchanged
from portal.events.dropin import EARLY, LONGEST, Said, Span, may_hold, shown
from portal.events.models import Attendance, CoHost, DropInState, Event, Occurrence
from portal.events.recurrence import MAX_LENGTH
from portal.places.models import Place


def span(row: Occurrence) -> Span:
    """A date as visitors have it: one that is cancelled, or not theirs to see, is not on."""
    return Span(row.starts_at, row.ends_at, row.status == "confirmed" and row.is_listed)


def counted_span(row: Occurrence) -> Span:
    """A date as its hosts have it: staff's own meetings are counted too."""
    is_on = row.status == "confirmed" and row.event.published_at is not None
    return Span(row.starts_at, row.ends_at, is_on)


def shown_of(rows: Iterable[Occurrence], now: datetime) -> dict[int, Said]:
    """What is shown of some dates at a moment, by id. Nothing is asked unless one is on."""
    soon = now + EARLY  # lists are long, and hardly any of their dates is on
    near = [row for row in rows if row.starts_at <= soon and now < row.ends_at]
    live = [row for row in near if may_hold(span(row), now)]
    if not live:
        return {}
    found = while_unchanged("drop-in states", lambda: _states(now))
    states = ((row.id, shown(found.get(row.id), span(row), now)) for row in live)
    return {row_id: said for row_id, said in states if said is not None}


def _states(now: datetime) -> dict[int, Said]:
    """Everything that can still hold: one query for all pages, until the counter moves. As time
    goes by, less of it holds, and never more."""
    query = select(DropInState.occurrence_id, DropInState.state, DropInState.at)
    rows = db.session.execute(query.where(DropInState.at > now - LONGEST))
    return {row_id: Said(state, at) for row_id, state, at in rows}


def hosted(
    unit_ids: list[int] | None, since: datetime, until: datetime, limit: int
) -> list[Occurrence]:
    """Dates that units (None: all) host or have in their house, ended after `since` and begun
    by `until`, cancelled ones left out; soonest first, with what a card shows of them."""
    query = (
        select(Occurrence)
        .join(Occurrence.event)
        .where(
            # Both, said aloud: the index on starts begins with it.
            Occurrence.is_listed.in_((True, False)),
            Occurrence.starts_at > since - MAX_LENGTH,
            Occurrence.starts_at <= until,
            Occurrence.ends_at > since,
            Occurrence.status == "confirmed",
            Event.published_at.is_not(None),
        )
        .options(
            joinedload(Occurrence.event).options(
                joinedload(Event.place).joinedload(Place.unit), selectinload(Event.co_hosts)
            )
        )
    )
    if unit_ids is not None:
        query = query.where(_of_units(unit_ids))
    return list(
        db.session.scalars(query.order_by(Occurrence.starts_at, Occurrence.id).limit(limit))
    )


def _of_units(unit_ids: list[int]) -> ColumnElement[bool]:
    """Hosted or co-hosted by the units, or this very date in their house."""
    co_hosted = select(CoHost.event_id).where(CoHost.unit_id.in_(unit_ids))
    places = select(Place.id).where(Place.unit_id.in_(unit_ids))
    as_planned = and_(Occurrence.place_id.is_(None), Occurrence.elsewhere == "")
    return or_(
        Event.unit_id.in_(unit_ids),
        Event.id.in_(co_hosted),
        Occurrence.place_id.in_(places),
        and_(as_planned, Event.place_id.in_(places)),
    )


def counts_of(row_ids: Iterable[int]) -> dict[int, Attendance]:
    """How many came, by date, where somebody has counted. For hosts only."""
    ids = list(row_ids)
    if not ids:
        return {}
    query = select(Attendance).where(Attendance.occurrence_id.in_(ids))
    return {row.occurrence_id: row for row in db.session.scalars(query)}

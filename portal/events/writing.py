"""What every change of an event is made of. Used by actions only; see there for the meaning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.text import search_text, slugify
from portal.events.models import Event, EventKind, ExDate, Occurrence
from portal.events.recurrence import Dated, Series, align, expand, keys, starts_of, wall
from portal.events.rrule import format_rrule
from portal.events.rules import DETAIL_FIELDS, Details, LeftOut, without
from portal.units.models import Unit


def set_details(event: Event, details: Details) -> None:
    for name in DETAIL_FIELDS:
        setattr(event, name, getattr(details, name))
    wanted = set(details.co_host_ids) - {details.unit_id}
    with db.session.no_autoflush:
        event.co_hosts = (
            list(db.session.scalars(select(Unit).where(Unit.id.in_(wanted)))) if wanted else []
        )


def set_series(event: Event, series: Series, left_out: Sequence[LeftOut]) -> None:
    # Aligned: DTSTART must be one of the rule's dates, calendars show it in any case.
    whole = align(without(series, left_out))
    event.starts, event.ends, event.is_all_day = whole.starts, whole.ends, whole.is_all_day
    event.rrule = format_rrule(whole)
    if event.id is not None:
        # Unique keys: the old rows must be gone before the new ones come.
        event.exdates, event.occurrences = [], []
        db.session.flush()
    event.exdates = [
        ExDate(recurrence_id=row.recurrence_id, reason=dict(row.reason)) for row in left_out
    ]
    event.occurrences = new_rows(whole, expand(whole))


def new_rows(series: Series, dates: Sequence[Dated]) -> list[Occurrence]:
    """Rows for dates of a series, as planned."""
    return [Occurrence(**values) for values in planned(series, dates)]


def planned(series: Series, dates: Sequence[Dated]) -> list[dict[str, Any]]:
    """The columns of dates of a series, as planned."""
    addresses = keys(list(starts_of(series)))
    return [
        {
            "recurrence_id": dated.recurrence_id,
            "key": addresses[dated.recurrence_id],
            "starts_at": dated.starts_at,
            "ends_at": dated.ends_at,
            "on": wall(dated.starts_at, series.zone).date(),
            "status": "confirmed",
            "is_override": False,
            "note": {},
            "place_id": None,
            "elsewhere": "",
            "titles": {},
            "sign_up_link": "",
        }
        for dated in dates
    ]


def touch(event: Event) -> None:
    """A change: SEQUENCE rises by one, the revision time by at least a second."""
    raise_revision(event)
    db.session.flush()


def raise_revision(event: Event) -> None:
    """The same, to be flushed with what else is changed."""
    event.sequence += 1
    event.revised_at = max(now(), event.revised_at + timedelta(seconds=1))


def set_listed(event: Event) -> None:
    is_listed = event.is_public
    for row in event.occurrences:
        if row.is_listed != is_listed:
            row.is_listed = is_listed


def set_search(event: Event) -> None:
    """What a visitor's search looks in: nothing that pages keep quiet about."""
    db.session.flush()
    fill_search(event)
    db.session.flush()


def fill_search(event: Event) -> None:
    """The same, to be flushed with what else is changed."""
    # Their ids may be others by now.
    db.session.expire(event, ["kind", "unit", "place"])
    where = [] if event.hides_place else [event.unit.name, *(unit.name for unit in event.co_hosts)]
    if event.place is not None and not event.hides_place:
        where += [*event.place.names.values(), event.place.locality]
    if not event.hides_place:
        where += [event.elsewhere, *_own_places(event)]
    event.search = searchable(event, event.kind, _own_titles(event), where)


def searchable(
    said: Event | Details, kind: EventKind, own_titles: Sequence[str], where: Sequence[str]
) -> str:
    """The words by which visitors find an event."""
    return search_text(
        " ".join(said.titles.values()),
        *own_titles,
        *said.texts.values(),
        *kind.names.values(),
        *where,
    )


def _own_titles(event: Event) -> list[str]:
    """What single dates are called."""
    return sorted({title for row in event.occurrences for title in row.titles.values()})


def _own_places(event: Event) -> list[str]:
    """Where single dates are, as far as everybody may know it."""
    shown = [row for row in event.occurrences if row.is_elsewhere and not row.hides_place]
    names = {name for row in shown if row.place for name in row.place.names.values()}
    return sorted(names | {row.elsewhere for row in shown})


def free_slug(title: str) -> str:
    base = slugify(title)
    taken = set(db.session.scalars(select(Event.slug).where(Event.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug

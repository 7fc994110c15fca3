"""What else is at a place when a series would be: for date lists, before anything is saved.

Two events at a unit's premises are ordinary, for a house has many rooms: they are mentioned.
Two in one room are a clash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.core.languages import languages
from portal.core.text import say
from portal.core.words import chosen, time_span, translator
from portal.events import overview
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Dated, wall
from portal.places.models import Place
from portal.places.queries import closed_days_of


@dataclass(frozen=True)
class Clash:
    """Why a date does not fit, in words; `is_hard` when it is one room, or a closed day."""

    words: str
    is_hard: bool


def clashes(
    place: Place | None, dates: Sequence[Dated], besides: Event | None, key: str
) -> dict[datetime, Clash]:
    """What stands in the way of dates at a place, by their original wall start.

    `besides` is the event that the dates are of. What only one unit may know of is not named.
    """
    if place is None or not dates:
        return {}
    since, until = min(d.starts_at for d in dates), max(d.ends_at for d in dates)
    others = overview.held_at(place.id, since, until, besides.id if besides else None)
    closed = closed_days_of(place, wall(since, "UTC").date() - timedelta(days=1))
    tr = translator(key)
    found = {}
    for dated in dates:
        day = dated.recurrence_id.date()
        shut = next((row for row in closed if row.first_on <= day <= row.last_on), None)
        if shut is not None:
            reason = say(shut.reason, languages()[key].chain)[0]
            found[dated.recurrence_id] = Clash(tr("Closed: %(why)s") % {"why": reason}, True)
            continue
        there = [row for row in others if _overlap(row, dated)]
        if there:
            words = ", ".join(_name(row, key) for row in there[:3])
            found[dated.recurrence_id] = Clash(words, not place.is_premises)
    return found


def _overlap(row: Occurrence, dated: Dated) -> bool:
    return row.starts_at < dated.ends_at and dated.starts_at < row.ends_at


def _name(row: Occurrence, key: str) -> str:
    event = row.event
    tr = translator(key)
    is_quiet = row.hides_place or event.visibility == "closed"
    title = tr("Something else") if is_quiet else chosen(event.titles, key)
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    return f"{title} {time_span(starts, ends, key, event.is_all_day)}"

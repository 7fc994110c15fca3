"""Writes: a unit is closed, and what it has on those days is cancelled with one reason."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import date

from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events.changing import cancel_dates, say_why
from portal.events.models import Occurrence
from portal.places import actions as places
from portal.places.queries import closed_on, premises
from portal.units.models import Unit


def close(
    unit: Unit,
    first_on: date,
    last_on: date,
    reason: Localised,
    rows: Sequence[Occurrence],
    again: Sequence[Occurrence] = (),
) -> None:
    """Closes a unit's premises, both days included, and cancels dates; raises Refused.

    `again` are dates that an earlier closing cancelled: they get the new reason, and so do the
    same days when they are closed already. Premises that are closed on more days than these
    keep theirs. Each event notes its part as a change of its own.
    """
    house = premises(unit)
    if house is None and not rows and not again:
        raise Refused(Problem("nothing_to_close", "first_on"))
    known = closed_on(house, first_on)
    if known is not None and (known.first_on, known.last_on) == (first_on, last_on):
        places.say_why_closed(known, reason)
    elif house is not None and known is None:
        places.close_days(house, first_on, last_on, reason)
    for dates in _by_event(rows):
        cancel_dates(dates[0].event, dates, reason, "closed")
    for dates in _by_event(again):
        say_why(dates[0].event, dates, reason)


def _by_event(rows: Sequence[Occurrence]) -> Iterator[list[Occurrence]]:
    ordered = sorted(rows, key=lambda row: (row.event_id, row.recurrence_id))
    for _, dates in itertools.groupby(ordered, key=lambda row: row.event_id):
        yield list(dates)

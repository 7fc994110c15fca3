"""Writes: a unit is closed, and what it has on those days is cancelled with one reason."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date

from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events.changing import cancel_dates
from portal.events.models import Occurrence
from portal.places import actions as places
from portal.places.queries import closed_on, premises
from portal.units.models import Unit


def close(
    unit: Unit, first_on: date, last_on: date, reason: Localised, rows: Sequence[Occurrence]
) -> None:
    """Closes a unit's premises, both days included, and cancels dates; raises Refused.

    Premises that are closed already stay so. Each event notes its part as a change of its own.
    """
    house = premises(unit)
    if house is None and not rows:
        raise Refused(Problem("nothing_to_close", "first_on"))
    if house is not None and closed_on(house, first_on) is None:
        places.close_days(house, first_on, last_on, reason)
    ordered = sorted(rows, key=lambda row: (row.event_id, row.recurrence_id))
    for _, dates in itertools.groupby(ordered, key=lambda row: row.event_id):
        found = list(dates)
        cancel_dates(found[0].event, found, reason, "closed")

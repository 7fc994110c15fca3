"""From an event's dates to what its staff are shown of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from portal.events.models import Event, Occurrence
from portal.events.recurrence import wall
from portal.events.showing import Card, card, when_words


def cards_with_years(rows: Iterable[Occurrence], today: date, key: str) -> list[Card]:
    """The dates of one event, in their order. The year is said where it is not this one, and
    where it is another than that of the date before."""
    shown, before = [], today.year
    for row in rows:
        one, zone = card(row, key), row.event.zone
        if {row.on.year, before} != {today.year}:
            starts, ends = wall(row.starts_at, zone), wall(row.ends_at, zone)
            when = when_words(starts, ends, key, row.event.is_all_day, with_year=True)
            one = replace(one, when=when)
        shown.append(one)
        before = row.on.year
    return shown


def last_day(event: Event) -> date | None:
    """The day of the last date that happens, as it is now; nothing when all are cancelled."""
    return max((row.on for row in event.occurrences if row.status == "confirmed"), default=None)

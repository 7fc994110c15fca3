"""Writes: series that go on from others: another rhythm, last term's again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.events import queries
from portal.events.actions import create, publish
from portal.events.models import Event
from portal.events.noting import noted
from portal.events.recurrence import Series, align
from portal.events.rules import LeftOut
from portal.events.words import replaced


@dataclass(frozen=True)
class Copy:
    """An event that goes on: the series again in another term, and the dates it leaves out."""

    source: Event
    series: Series
    left_out: list[LeftOut]


def copy(made: Copy, today: date, may_use_place: bool = True, is_draft: bool = False) -> Event:
    """A new event that goes on from another, published unless a draft; raises Refused."""
    event = create(
        queries.details_of(made.source),
        made.series,
        made.left_out,
        today,
        continues_id=made.source.id,
    )
    event.skip_breaks, event.skip_holidays = made.source.skip_breaks, made.source.skip_holidays
    if not is_draft:
        publish(event, may_use_place)
    db.session.flush()
    return event


def change_rhythm(
    event: Event, series: Series, left_out: Sequence[LeftOut], today: date, may_use_place: bool
) -> Event:
    """Another rhythm from its first date on: the old series ends, a linked one begins.

    The old dates from then on are cancelled and say so. Raises Refused.
    """
    if event.status != "published":
        raise Refused(Problem("not_published"))
    first = align(series).starts.date()
    if first < today:
        raise Refused(Problem("all_past", "first_day"))
    rows = [row for row in queries.coming(event, now()) if row.recurrence_id.date() >= first]
    with noted(event, "rhythm") as more:
        new = copy(Copy(event, series, list(left_out)), today, may_use_place)
        more["linked"] = new.id
        for row in rows:
            if row.status != "cancelled":
                row.status, row.note = "cancelled", replaced()
    record("event.continue", "event", new.id, earlier=event.id)
    return new

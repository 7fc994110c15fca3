"""Writes: what a programme kept elsewhere makes of an event, as one change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.events.changing import set_times
from portal.events.models import Event, ExDate, Occurrence
from portal.events.noting import noted_each
from portal.events.recurrence import Series, expand
from portal.events.rrule import format_rrule
from portal.events.rules import DateState, Details, check_details, check_times
from portal.events.writing import new_rows, set_details


@dataclass(frozen=True)
class Revision:
    """Another state of a published event. `longer` is its series with further dates; nothing that
    is there may be missing from it. `dates` are coming dates by identity; one that has ended
    meanwhile stays as it was."""

    event: Event
    details: Details | None = None
    longer: Series | None = None
    dates: Mapping[datetime, DateState] = field(default_factory=dict)


def revise(revisions: Sequence[Revision]) -> None:
    """Brings events to another state at once: of each one revision, one note, one undo. Raises
    Refused. Some hundred at a time are quickest."""
    for one in revisions:
        if one.event.status != "published":
            raise Refused(Problem("not_published"))
        if one.details is not None and (problems := check_details(one.details)):
            raise Refused(*problems)
    with noted_each([one.event for one in revisions], "import"):
        for one in revisions:
            _revise(one)


def _revise(one: Revision) -> None:
    if one.details is not None:
        set_details(one.event, one.details)
    if one.longer is not None:
        _lengthen(one.event, one.longer)
    for row in one.event.occurrences:
        if row.recurrence_id in one.dates and row.ends_at > now():
            _bring(row, one.dates[row.recurrence_id], one.event.zone)


def _lengthen(event: Event, longer: Series) -> None:
    there = {row.recurrence_id for row in event.occurrences}
    expanded = expand(longer)
    if not there <= {dated.recurrence_id for dated in expanded}:
        raise Refused(Problem("dates_would_vanish"))
    out = {row.recurrence_id: row for row in event.exdates}
    event.exdates = [
        out.get(start) or ExDate(recurrence_id=start, reason={}) for start in sorted(longer.exdates)
    ]
    event.rrule = format_rrule(longer)
    event.occurrences += new_rows(longer, [d for d in expanded if d.recurrence_id not in there])


def _bring(row: Occurrence, to: DateState, zone: str) -> None:
    if problems := check_times(to.starts, to.ends, zone):
        raise Refused(*problems)
    set_times(row, to.starts, to.ends)
    if row.titles.get("sv", "") != to.title:
        row.titles = {"sv": to.title} if to.title else {}
    if to.where != ((row.place_id, row.elsewhere) if row.is_elsewhere else None):
        row.place_id, row.elsewhere = to.where or (None, "")
        if row.id is not None:
            db.session.expire(row, ["own_place"])
    row.sign_up_link = to.link
    status = "cancelled" if to.is_cancelled else "confirmed"
    if status != row.status:
        row.status, row.note = status, {}

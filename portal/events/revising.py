"""Writes: what a programme kept elsewhere makes of an event, as one change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.events.changing import set_times
from portal.events.models import Event, ExDate, Occurrence
from portal.events.noting import noted
from portal.events.recurrence import Series, expand
from portal.events.rrule import format_rrule
from portal.events.rules import DateState, Details, check_details, check_times
from portal.events.writing import new_rows, set_details


def revise(
    event: Event,
    details: Details | None,
    longer: Series | None,
    dates: Mapping[datetime, DateState],
) -> None:
    """Brings a published event to another state at once: one revision, one note, one undo.

    `longer` is its series with further dates; nothing that is there may be missing from it.
    `dates` are coming dates by identity; one that has ended meanwhile stays as it was. Raises
    Refused.
    """
    if event.status != "published":
        raise Refused(Problem("not_published"))
    if details is not None and (problems := check_details(details)):
        raise Refused(*problems)
    with noted(event, "import"):
        if details is not None:
            set_details(event, details)
        if longer is not None:
            _lengthen(event, longer)
        for row in event.occurrences:
            if row.recurrence_id in dates and row.ends_at > now():
                _bring(row, dates[row.recurrence_id], event.zone)


def _lengthen(event: Event, longer: Series) -> None:
    there = {row.recurrence_id for row in event.occurrences}
    expanded = expand(longer)
    if not there <= {dated.recurrence_id for dated in expanded}:
        raise Refused(Problem("dates_would_vanish"))
    reasons = {row.recurrence_id: row.reason for row in event.exdates}
    event.exdates = []
    db.session.flush()
    event.exdates = [
        ExDate(recurrence_id=start, reason=reasons.get(start, {}))
        for start in sorted(longer.exdates)
    ]
    event.rrule = format_rrule(longer)
    event.occurrences += new_rows(longer, [d for d in expanded if d.recurrence_id not in there])


def _bring(row: Occurrence, to: DateState, zone: str) -> None:
    if problems := check_times(to.starts, to.ends, zone):
        raise Refused(*problems)
    set_times(row, to.starts, to.ends)
    if row.titles.get("sv", "") != to.title:
        row.titles = {"sv": to.title} if to.title else {}
    row.place_id, row.elsewhere = to.where or (None, "")
    row.sign_up_link = to.link
    status = "cancelled" if to.is_cancelled else "confirmed"
    if status != row.status:
        row.status, row.note = status, {}

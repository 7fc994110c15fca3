"""Writes: what a host says of a date while it lasts, and how many came.

Neither touches the date or its event: SEQUENCE stands still and feeds stay the same bytes.
Neither is in the record of what staff did: who stood at the door is nobody's business.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.events.dropin import LONGEST, Said, against_counting, against_saying, shown
from portal.events.models import Attendance, DropInState, Occurrence
from portal.events.said import counted_span, span


def say(row: Occurrence, state: str) -> None:
    """Says "full" of a date, or "open" again; said twice it is the first that counts."""
    _lock(row)
    at, found = now(), db.session.get(DropInState, row.id)
    before = shown(Said(found.state, found.at) if found else None, span(row), at)
    problems = against_saying(state, before, span(row), at)
    if problems:
        raise Refused(*problems)
    if before is not None and before.state == state:
        return
    if found is None:
        found = DropInState(occurrence_id=row.id)
        db.session.add(found)
    found.state, found.at = state, at
    db.session.flush()
    # What holds no more is not kept: the table is no history of anybody's evenings.
    db.session.execute(delete(DropInState).where(DropInState.at <= at - LONGEST))


def count(row: Occurrence, given: Mapping[str, int | None]) -> None:
    """Writes down how many came, by "adults" and "children"; None takes a number back, and
    one that is not given stays as it was."""
    _lock(row)
    found = db.session.get(Attendance, row.id)
    problems = against_counting(given, counted_span(row), now(), found is not None)
    if problems:
        raise Refused(*problems)
    if found is None:
        found = Attendance(occurrence_id=row.id)
        db.session.add(found)
    for who, number in given.items():
        setattr(found, who, number)
    found.at = now()
    if found.adults is None and found.children is None:
        db.session.delete(found)
    db.session.flush()


def _lock(row: Occurrence) -> None:
    """Two taps at once are two requests: the second waits and then reads what the first wrote."""
    db.session.scalar(
        select(Occurrence)
        .where(Occurrence.id == row.id)
        .with_for_update(of=Occurrence)
        .execution_options(populate_existing=True)
    )

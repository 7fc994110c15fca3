"""Writes: observances, and what associations propose as such.

As with events, a change raises SEQUENCE and the revision time, and nothing that was published
is ever deleted: it is withdrawn, with the reason, and may come back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import slugify
from portal.events import observance_queries as queries
from portal.events.models import Observance
from portal.events.observing import Marked, check, check_change
from portal.units.models import Unit


def add(marked: Marked, today: date, slug: str = "") -> Observance:
    """Publishes a new observance; raises Refused. `slug` may name its address."""
    return _new(marked, today, "published", slug=slug)


def load(row: dict[str, Any], today: date) -> Observance:
    """Publishes an observance of a municipality file; raises Refused."""
    marked = Marked(
        names=row["names"],
        texts=row.get("texts", {}),
        first_on=row["first_on"],
        last_on=row.get("last_on", row["first_on"]),
        link=row.get("link", ""),
        is_annual=row.get("annual", True),
        is_flag_day=row.get("flag_day", False),
    )
    return add(marked, today, row["slug"])


def propose(marked: Marked, unit: Unit, today: date) -> Observance:
    """An association's proposal: nobody outside sees it until somebody approves it (LIB-05)."""
    return _new(marked, today, "proposed", unit)


def _new(
    marked: Marked, today: date, status: str, unit: Unit | None = None, slug: str = ""
) -> Observance:
    _refuse(check(marked, today))
    at = now()
    row = Observance(
        slug=slug or _free_slug(marked.names["sv"]),
        uid=str(uuid.uuid4()),
        status=status,
        unit_id=unit.id if unit else None,
        created_at=at,
        revised_at=at,
    )
    _set(row, marked)
    db.session.add(row)
    db.session.flush()
    record("observance.add" if unit is None else "observance.propose", "observance", row.id)
    return row


def change(row: Observance, marked: Marked, today: date) -> None:
    """Changes an observance; what was declined is thereby proposed again. Raises Refused."""
    if row.status == "withdrawn":
        raise Refused(Problem("observance_withdrawn"))
    published = row.status == "published"
    _refuse(check_change(queries.marked(row), marked, today) if published else check(marked, today))
    _set(row, marked)
    if row.status == "declined":
        row.status, row.answer_note = "proposed", ""
    _touch(row, "observance.change")


def approve(row: Observance) -> None:
    """A proposal is published, its proposer still known."""
    _need(row, "proposed", "not_waiting")
    row.status, row.answer_note = "published", ""
    _touch(row, "observance.approve")


def decline(row: Observance, note: str) -> None:
    """A proposal is not published; `note` tells its proposer why."""
    _need(row, "proposed", "not_waiting")
    row.status, row.answer_note = "declined", note
    _touch(row, "observance.decline")


def withdraw(row: Observance, reason: str) -> None:
    """The days that have not been are called off: they stay in calendars, marked."""
    _need(row, "published", "not_published")
    row.status, row.answer_note = "withdrawn", reason
    _touch(row, "observance.withdraw")


def restore(row: Observance) -> None:
    """Takes a withdrawal back: calendars show the days as before."""
    _need(row, "withdrawn", "not_withdrawn")
    row.status, row.answer_note = "published", ""
    _touch(row, "observance.restore")


def _set(row: Observance, marked: Marked) -> None:
    for name in Marked.__dataclass_fields__:
        setattr(row, name, getattr(marked, name))


def _touch(row: Observance, what: str) -> None:
    row.sequence += 1
    row.revised_at = max(now(), row.revised_at + timedelta(seconds=1))
    db.session.flush()
    record(what, "observance", row.id)


def _need(row: Observance, status: str, otherwise: str) -> None:
    if row.status != status:
        raise Refused(Problem(otherwise))


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(problems):
        raise Refused(*found)


def _free_slug(name: str) -> str:
    base = slugify(name, fallback="observance")
    taken = set(db.session.scalars(select(Observance.slug).where(Observance.slug.like(f"{base}%"))))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug

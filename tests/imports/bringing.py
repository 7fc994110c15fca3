"""Files brought to a source inside a test's own transaction, and what is there afterwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events.models import Event, Occurrence
from portal.imports.actions import choose, find_source, known_source
from portal.imports.applying import apply_plan
from portal.imports.models import ImportedDate, Source
from portal.imports.plan import Plan
from portal.imports.planning import make_plan
from portal.imports.reading import open_file, read
from portal.units import queries as units
from tests.imports.programmes import Cells, file

FIRST = date(2026, 12, 1)


def week(number: int, /, key: str = "", **changes: str) -> Cells:
    """A date of the story time on Tuesdays, so many weeks after the first."""
    day = (FIRST + timedelta(weeks=number)).isoformat()
    return {"source_id": key or f"w{number}", "date": day, **changes}


def at(number: int) -> datetime:
    """When the story time of a week is planned."""
    return datetime(2026, 12, 1, 10) + timedelta(weeks=number)


def source(name: str = "programme", unit_id: int | None = None) -> Source:
    """A source, made and committed if it is not there."""
    if (known := known_source(name, unit_id)) is not None:
        return known
    begin_write()
    made = find_source(name, unit_id)
    db.session.commit()
    return made


def means(of: Source, what: str, name: str, ref: object) -> None:
    """Somebody says what a name in a source means."""
    begin_write()
    choose(of, what, name, str(ref))
    db.session.commit()


def plan(raw: bytes, of: Source | None = None, taken: tuple[str, ...] = ()) -> Plan:
    of = of or source()
    reading = read(raw, open_file(raw, "", of.mapping), units.municipality().zone, units.today())
    allowed = None if of.unit_id is None else {of.unit_id}
    return make_plan(of, reading, allowed, units.today(), now(), taken)


def bring(*rows: Cells, of: Source | None = None, taken: tuple[str, ...] = ()) -> Plan:
    """The rows as a file are read, planned, carried out and committed."""
    return bring_file(file(*rows), of, taken)


def bring_file(raw: bytes, of: Source | None = None, taken: tuple[str, ...] = ()) -> Plan:
    of = of or source()
    begin_write()
    made = plan(raw, of, taken)
    apply_plan(of, made)
    db.session.commit()
    return made


def events() -> list[Event]:
    return list(db.session.scalars(select(Event).order_by(Event.id)))


def dates(of: Source | None = None) -> dict[str, Occurrence]:
    """The dates that are here, by their ids in the source."""
    query = select(ImportedDate.key, Occurrence).join(
        Occurrence, Occurrence.event_id == ImportedDate.event_id
    )
    query = query.where(
        Occurrence.recurrence_id == ImportedDate.recurrence_id,
        ImportedDate.source_id == (of or source()).id,
    )
    return dict(db.session.execute(query).all())


def off() -> set[str]:
    """The ids of the dates that are cancelled."""
    return {key for key, row in dates().items() if row.status == "cancelled"}


def counts(made: Plan) -> tuple[int, int, int, int, int]:
    """New, changed, cancelled, already here, not usable."""
    return (
        made.new_dates,
        made.changed_dates,
        made.cancelled_dates,
        made.unchanged,
        made.bad_rows,
    )

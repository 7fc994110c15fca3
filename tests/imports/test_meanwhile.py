"""What others do between the plan of an import and its lock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.database import begin_read, begin_write
from portal.core.extensions import db
from portal.events.changing import alter_dates
from portal.events.models import Event, EventKind, Occurrence
from portal.events.rules import Alteration
from portal.imports.actions import find_source
from portal.imports.items import Unreadable
from portal.imports.models import ImportedDate, Source
from portal.imports.plan import Plan
from portal.imports.progress import Progress
from portal.imports.work import Planned, StillChanging, carry_out, plan_file
from tests.support.factories import NOW

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
HEADER = (
    "source_id,title,organiser,place,date,start,end,booking_required,age_from,age_to,"
    "category,subcategory,link"
)


def file(*rows: tuple[str, str, str]) -> bytes:
    """Rows of id, title and start on 2 December."""
    lines = [
        f"{key},{title},Exempelbiblioteket,Exempelbiblioteket,2026-12-02,{start},20:00,,,,,,"
        for key, title, start in rows
    ]
    return "\n".join([HEADER, *lines]).encode()


@pytest.fixture
def source_id(city: Flask, freeze: Callable[[datetime], None]) -> int:
    freeze(NOW)
    with city.app_context():
        begin_write()
        found = find_source("programme", None).id
        db.session.commit()
    return found


def bring(source_id: int, raw: bytes) -> Plan:
    return carry_out(source_id, plan_file(source_id, raw), never)


def never() -> Planned:
    raise AssertionError("the plan held, and was made anew")


def date_of(key: str) -> Occurrence:
    query = select(Occurrence).join(ImportedDate, ImportedDate.event_id == Occurrence.event_id)
    return db.session.scalars(query.where(ImportedDate.key == key)).one()


def rename(key: str, title: str) -> None:
    """An editor's hand."""
    begin_write()
    row = date_of(key)
    alter_dates(row.event, [row], Alteration(titles={"sv": title}))
    db.session.commit()


@both
def test_a_change_of_another_event_of_the_source_does_not_matter(
    city: Flask, engine: str, source_id: int
) -> None:
    with city.app_context():
        bring(source_id, file(("a", "Sagor", "10:00"), ("b", "Dans", "11:00")))
        planned = plan_file(source_id, file(("a", "Sagor", "12:00"), ("b", "Dans", "11:00")))
        rename("b", "Vals")
        carry_out(source_id, planned, never)
        assert date_of("a").recurrence_id.hour == 10
        assert date_of("a").starts_at.hour == 11  # noon in winter
        assert date_of("b").titles == {"sv": "Vals"}


@both
def test_a_change_of_an_event_that_was_planned_for_makes_the_plan_anew(
    city: Flask, engine: str, source_id: int
) -> None:
    with city.app_context():
        bring(source_id, file(("a", "Sagor", "10:00")))
        later = file(("a", "Sagor för små", "12:00"))
        planned = plan_file(source_id, later)
        rename("a", "Ändrad för hand")
        plans = []

        def again() -> Planned:
            plans.append(plan_file(source_id, later))
            return plans[-1]

        carry_out(source_id, planned, again)
        assert len(plans) == 1
        row = date_of("a")
        assert (row.titles, row.starts_at.hour) == ({"sv": "Ändrad för hand"}, 11)


@both
def test_who_changes_it_each_time_stops_it_in_the_end(
    city: Flask, engine: str, source_id: int
) -> None:
    with city.app_context():
        bring(source_id, file(("a", "Sagor", "10:00")))
        later, number = file(("a", "Sagor", "12:00")), 0

        def again() -> Planned:
            nonlocal number
            number += 1
            planned = plan_file(source_id, later)
            rename("a", f"Titel {number}")
            return planned

        with pytest.raises(StillChanging):
            carry_out(source_id, again(), again)
        assert date_of("a").starts_at.hour == 9


@both
def test_a_long_read_sees_one_moment(city: Flask, engine: str) -> None:
    with city.app_context():
        begin_read()
        names = select(EventKind.names).order_by(EventKind.id)
        before = db.session.execute(names).all()
        with db.engine.connect() as other:
            other.execute(EventKind.__table__.update().values(names={"sv": "Annat"}))
            other.commit()
        assert db.session.execute(names).all() == before
        db.session.rollback()
        assert db.session.execute(names).all() != before


class Heard(Progress):
    def __init__(self) -> None:
        self.steps: list[tuple[str, int]] = []
        self.counts: dict[str, int] = {}

    def begin(self, step: str, total: int) -> None:
        self.steps.append((step, total))
        self.counts[step] = 0

    def done(self, number: int = 1) -> None:
        self.counts[self.steps[-1][0]] += number


def test_progress_is_heard_of_each_step(city: Flask, source_id: int) -> None:
    with city.app_context():
        bring(source_id, file(("a", "Sagor", "10:00")))
        later = file(("a", "Sagor", "12:00"), ("b", "Dans", "11:00"))
        heard = Heard()
        planned = plan_file(source_id, later, progress=heard)
        carry_out(source_id, planned, never, progress=heard)
        steps = [("reading", 2), ("comparing", 1), ("preparing", 1), ("importing", 2)]
        assert heard.steps == steps
        assert list(heard.counts.items()) == steps


def test_what_is_unreadable_further_down_is_refused_while_it_is_read(
    city: Flask, source_id: int
) -> None:
    with city.app_context():
        raw = file(("a", "Sagor", "10:00")) + b'\nb,"never closed'
        with pytest.raises(Unreadable, match="quote_open"):
            plan_file(source_id, raw)
        assert not db.session().in_transaction()
        assert db.session.scalar(select(Event.id).limit(1)) is None
        assert db.session.get_one(Source, source_id).read_at is None

"""The demonstration: moved by whole weeks so that today lies in its middle."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from portal.accounts.passwords import verify
from portal.accounts.queries import account_by_email
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.demo.actions import DATA, PASSWORD, DemoRefused, build_demo
from portal.demo.shift import Sample, move, move_to_day, weeks_to
from portal.events.models import Event, Observance, Occurrence
from portal.events.observance_queries import observance_by_slug
from portal.events.observing import nearest, spans
from portal.events.recurrence import expand, starts_of
from portal.units.models import Municipality, Unit
from tests.events.oracle import nth_weekday

ZONE = "Europe/Stockholm"
WEEKLY = Sample(
    datetime(2026, 9, 2, 17),
    datetime(2026, 9, 2, 18, 30),
    ZONE,
    "FREQ=WEEKLY;BYDAY=WE;UNTIL=20261216T160000Z",
    exdates=(datetime(2026, 10, 28, 17),),
    moved=((datetime(2026, 10, 7, 17), datetime(2026, 10, 8, 18)),),
    cancelled=(datetime(2026, 11, 18, 17),),
)
SECOND_SATURDAY = Sample(
    datetime(2026, 9, 12, 11),
    datetime(2026, 9, 12, 13),
    ZONE,
    "FREQ=MONTHLY;BYDAY=2SA;UNTIL=20270508T215900Z",
    exdates=(datetime(2026, 12, 12, 11),),
    cancelled=(datetime(2027, 1, 9, 11),),
)
weeks = st.integers(-150, 150)


@given(weeks)
def test_a_wednesday_stays_a_wednesday(by: int) -> None:
    shift, found = timedelta(weeks=by), move(WEEKLY, by)
    assert found.series.starts == WEEKLY.starts + shift
    assert found.series.length == timedelta(minutes=90)
    assert {start.weekday() for start in starts_of(found.series)} == {2}
    assert {start.time() for start in starts_of(found.series)} == {WEEKLY.starts.time()}
    assert len(list(starts_of(found.series))) == 16
    # Exceptions keep their place in the row of dates.
    assert found.exdates == (WEEKLY.exdates[0] + shift,)
    assert found.cancelled == (WEEKLY.cancelled[0] + shift,)
    assert found.moved == ((WEEKLY.moved[0][0] + shift, WEEKLY.moved[0][1] + shift),)


@given(weeks)
def test_the_second_saturday_stays_the_second_saturday(by: int) -> None:
    found = move(SECOND_SATURDAY, by)
    starts = list(starts_of(found.series))
    assert len(starts) >= 8
    for start in starts:
        assert start.date() == nth_weekday(start.year, start.month, 2, 5), start
    assert found.series.starts == starts[0]
    assert found.exdates == (starts[3],)
    assert found.cancelled == (starts[4],)


@given(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
def test_today_lies_in_the_middle(today: date) -> None:
    samples = [WEEKLY, SECOND_SATURDAY]
    by = timedelta(weeks=weeks_to(samples, today))
    first, last = date(2026, 9, 2) + by, date(2027, 5, 8) + by
    assert abs((today - first) - (last - today)) <= timedelta(days=8)


@given(weeks)
def test_what_belongs_to_a_day_keeps_it(by: int) -> None:
    sample = Sample(datetime(2027, 4, 8, 10), datetime(2027, 4, 8, 11), ZONE, "")
    found = move_to_day(sample, by).series
    assert (found.starts.month, found.starts.day, found.starts.hour) == (4, 8, 10)
    assert found.length == timedelta(hours=1)
    assert abs(found.starts - (sample.starts + timedelta(weeks=by))) <= timedelta(days=183)
    leap = Sample(datetime(2024, 2, 29, 10), datetime(2024, 2, 29, 11), ZONE, "")
    moved = move_to_day(leap, by).series.starts
    assert (moved.month, moved.day) == (2, 29)


def test_nothing_moves_when_the_programme_is_of_today() -> None:
    today = date(2026, 9, 2) + (date(2027, 5, 8) - date(2026, 9, 2)) / 2
    assert weeks_to([WEEKLY, SECOND_SATURDAY], today) == 0
    assert move(WEEKLY, 0).series.starts == WEEKLY.starts


def rows() -> list[dict[str, str]]:
    with (DATA / "programme.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_city_is_whole(demo_city: Flask, engine: str) -> None:
    with demo_city.app_context():
        source = rows()
        extra = sum(len(list(filter(None, row["rdates"].split(";")))) for row in source)
        assert db.session.query(Event).count() == len(source) + extra
        assert db.session.query(Unit).count() > 70
        assert db.session.get_one(Municipality, 1).is_demo
        past = db.session.query(Occurrence).filter(Occurrence.ends_at < now()).count()
        total = db.session.query(Occurrence).count()
        assert 0.3 < past / total < 0.7, "today lies in the middle"
        for event in db.session.query(Event):
            assert event.status in ("published", "cancelled")
            assert event.occurrences, event.source_id
            for row in event.occurrences:
                assert row.is_listed == event.is_public
        statuses = {row.status for row in db.session.query(Occurrence)}
        assert statuses == {"confirmed", "cancelled"}
        moved = db.session.query(Occurrence)
        moved = moved.filter(
            Occurrence.is_override.is_(True), Occurrence.status == "confirmed"
        ).count()
        assert moved == sum(row["overrides_json"].count('"start"') for row in source)


def test_its_days_have_their_events(demo_city: Flask) -> None:
    """Each event of the programme that is part of an observance is on its days, or by them."""
    with demo_city.app_context():
        linked = {row["event_id"]: row["observance_id"] for row in rows() if row["observance_id"]}
        assert len(linked) == 12
        for source_id, slug in linked.items():
            event = db.session.scalars(select(Event).filter_by(source_id=source_id)).one()
            row = observance_by_slug(slug)
            assert row is not None
            assert event.observance_id == row.id
            on = event.starts.date()
            year = timedelta(days=366)
            span = nearest(on, spans(row.first_on, row.last_on, True, on - year, on + year))
            assert span is not None
            assert span.first <= on <= span.last + timedelta(days=2), source_id
        told_of = db.session.scalars(select(Observance)).all()
        assert len(told_of) == 17
        assert {row.status for row in told_of} == {"published"}
        assert [row.slug for row in told_of if row.is_flag_day] == ["manniskorattsdagen"]
        (period,) = (row for row in told_of if row.last_on != row.first_on)
        assert "assumption" in period.texts["en"]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_row_is_what_its_rule_makes(demo_city: Flask, engine: str) -> None:
    from portal.events.queries import series_of

    with demo_city.app_context():
        for event in db.session.query(Event):
            stored = {row.recurrence_id for row in event.occurrences}
            assert stored == {dated.recurrence_id for dated in expand(series_of(event))}


def test_it_is_built_once(demo_city: Flask) -> None:
    with demo_city.app_context():
        count = db.session.query(Event).count()
        begin_write()
        with pytest.raises(DemoRefused, match="not empty"):
            build_demo(lambda text: None)
        db.session.commit()
        assert db.session.query(Event).count() == count


def test_a_real_municipality_is_never_turned_into_a_demonstration(city: Flask) -> None:
    with city.app_context():
        begin_write()
        with pytest.raises(DemoRefused):
            build_demo(lambda text: None)
        assert not db.session.get_one(Municipality, 1).is_demo


def test_its_people_can_sign_in(demo_city: Flask) -> None:
    with demo_city.app_context():
        for name, role in (("editor", "editor"), ("association", "editor"), ("admin", "admin")):
            account = account_by_email(f"{name}@demo.example")
            assert account is not None
            assert verify(account.password_hash, PASSWORD)
            assert [held.role for held in account.grants] == [role]
            assert (account.grants[0].unit_id is None) == (role == "admin")

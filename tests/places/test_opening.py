"""Hours in words, holidays, breaks and closed days."""

from __future__ import annotations

from datetime import date, time

import pytest

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.places import actions, queries
from portal.places.models import OpeningHours
from portal.places.opening import (
    DaySpan,
    Hours,
    break_on,
    holiday_name,
    hours_on,
    public_holidays,
    week,
)
from tests.support.factories import TODAY, place, unit

TEN, FIVE, SEVEN = time(10), time(17), time(19)
OFFICE = [Hours(day, TEN, SEVEN) for day in (0, 1, 2, 3)] + [Hours(4, TEN, FIVE)]


def test_days_with_the_same_hours_stand_together() -> None:
    assert [(days, [(h.opens, h.closes) for h in spans]) for days, spans in week(OFFICE)] == [
        ([0, 1, 2, 3], [(TEN, SEVEN)]),
        ([4], [(TEN, FIVE)]),
        ([5, 6], []),
    ]


def test_a_day_with_a_lunch_break_is_not_like_one_without() -> None:
    split = [Hours(0, time(13), FIVE), Hours(0, TEN, time(12)), Hours(1, TEN, FIVE)]
    groups = week(split)
    assert [days for days, _ in groups] == [[0], [1], [2, 3, 4, 5, 6]]
    assert [h.opens for h in groups[0][1]] == [TEN, time(13)], "earliest first"


def test_only_days_in_a_row_are_joined() -> None:
    hours = [Hours(0, TEN, FIVE), Hours(2, TEN, FIVE)]
    assert [days for days, _ in week(hours)] == [[0], [1], [2], [3, 4, 5, 6]]
    assert week([]) == [([0, 1, 2, 3, 4, 5, 6], [])]


def test_swedish_holidays_of_2027_by_hand() -> None:
    found = public_holidays("SE", 2027)
    for day, name in {
        date(2027, 1, 1): "Nyårsdagen",
        date(2027, 1, 6): "Trettondedag jul",
        date(2027, 3, 26): "Långfredagen",
        date(2027, 3, 29): "Annandag påsk",
        date(2027, 5, 6): "Kristi himmelsfärdsdag",
        date(2027, 6, 6): "nationaldag",
        date(2027, 12, 25): "Juldagen",
    }.items():
        assert name.casefold() in found.get(day, "").casefold(), day
    ordinary = [date(2027, 1, 3), date(2027, 11, 24), date(2027, 3, 30)]
    assert [holiday_name(day, "SE") for day in ordinary] == [None, None, None]
    assert {day.year for day in found} == {2027}


def test_another_country_has_its_own() -> None:
    assert holiday_name(date(2026, 12, 6), "FI")
    assert not holiday_name(date(2026, 12, 7), "FI")
    assert not holiday_name(date(2027, 6, 6), "FI")


def test_open_unless_closed_or_holiday() -> None:
    closed = [DaySpan(date(2026, 11, 23), date(2026, 11, 24))]
    opens = {day: len(hours_on(date(2026, 11, day), OFFICE, closed, "SE")) for day in range(22, 29)}
    assert opens == {22: 0, 23: 0, 24: 0, 25: 1, 26: 1, 27: 1, 28: 0}
    assert hours_on(date(2027, 1, 6), OFFICE, [], "SE") == []
    assert hours_on(date(2027, 1, 6), OFFICE, [], "NO") != []


def test_a_span_has_its_first_and_last_day() -> None:
    span = DaySpan(date(2026, 10, 26), date(2026, 10, 30))
    days = [date(2026, 10, 25), span.first_on, date(2026, 10, 28), span.last_on, date(2026, 10, 31)]
    assert [day in span for day in days] == [False, True, True, True, False]
    assert break_on(date(2026, 10, 28), [span]) is span
    assert break_on(date(2026, 11, 28), [span]) is None


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
@pytest.mark.usefixtures("inside")
class TestStored:
    def test_hours_are_replaced_as_a_whole(self) -> None:
        here = place()
        assert queries.hours_of(here) == OFFICE
        actions.set_hours(here, [Hours(5, TEN, FIVE)])
        db.session.expire_all()
        assert queries.hours_of(here) == [Hours(5, TEN, FIVE)]
        left = db.session.query(OpeningHours).filter_by(place_id=here.id).count()
        assert left == 1

    def test_closed_days_come_and_go(self) -> None:
        here = place()
        row = actions.close_days(here, TODAY, TODAY, {"sv": "Inventering"})
        assert queries.closed_days(here, TODAY) == [row]
        assert queries.closed_days(here, date(2026, 11, 21)) == []
        actions.reopen_days(row)
        assert queries.closed_days(here, TODAY) == []

    def test_a_room_has_its_unit_s_address_unless_it_has_its_own(self) -> None:
        room = actions.add_room(unit(), {"names": {"sv": "Salen"}, "facilities": {"lift": "yes"}})
        assert (room.street, room.slug) == ("Torggatan 5", "exempelbiblioteket-salen")
        assert room.facilities == {"step_free": "yes", "lift": "yes", "toilet": "yes"}
        own = actions.add_room(unit(), {"names": {"sv": "Kammaren"}, "street": "Nygatan 1"})
        assert (own.street, own.slug) == ("Nygatan 1", "exempelbiblioteket-kammaren")

    def test_premises_are_never_bookable(self) -> None:
        assert (place().is_premises, place().is_bookable) == (True, False)

    def test_breaks_of_the_file_are_here(self) -> None:
        begin_write()
        spans = queries.break_spans()
        assert [(s.first_on, s.last_on) for s in spans] == [
            (date(2026, 10, 26), date(2026, 10, 30)),
            (date(2026, 12, 21), date(2027, 1, 8)),
        ]
        assert dict(spans[0].names)["sv"] == "Höstlov"
        assert len(queries.breaks(date(2026, 10, 31))) == 1

"""From items to dates: what the rules refuse is told in the plan, and never met on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from portal.core.clock import now
from portal.events.recurrence import Rule
from portal.imports.applying import apply_plan
from portal.imports.items import Item, ItemDate, Reading
from portal.imports.plan import Plan
from portal.imports.planning import make_plan
from portal.units import queries as units
from tests.imports.bringing import bring_file, dates, events, source
from tests.support.factories import ZONE, unit

pytestmark = pytest.mark.usefixtures("inside")
# Sundays, over the spring's clock change.
START = datetime(2027, 3, 14, 10)
LENGTH = timedelta(hours=1)
ITEM = Item(
    2, "a", {"sv": "Söndagssaga"}, START, START + LENGTH, ZONE,
    rule=Rule("WEEKLY", datetime(2027, 4, 11).date(), 1, (6,)),
    unit="Exempelbiblioteket", place="Exempelbiblioteket",
)  # fmt: skip
GAP = datetime(2027, 3, 28, 2, 30)


def planned(*items: Item) -> Plan:
    return make_plan(source(), Reading(list(items)), None, units.today(), now())


def problems(*items: Item) -> list[tuple[int, str, str, str]]:
    return [(p.row, p.column, p.code, p.value) for p in planned(*items).bad]


def test_a_series_as_it_should_be() -> None:
    moved = ItemDate(
        START + timedelta(weeks=1), START + timedelta(days=8), START + timedelta(days=9)
    )
    plan = planned(replace(ITEM, dates=(moved,)))
    assert (plan.bad, plan.new_dates) == ([], 5)
    apply_plan(source(), plan)
    assert len(events()) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        (GAP, GAP + LENGTH, "clock_gap"),
        (GAP - LENGTH, GAP, "clock_gap"),
        (START, START, "end_before_start"),
    ],
)
def test_a_date_that_is_moved_where_no_date_can_be(
    starts: datetime, ends: datetime, code: str
) -> None:
    """The whole series is refused: half of one would be wrong, and its keys are not gone."""
    moved = ItemDate(START + timedelta(weeks=1), starts, ends)
    reading = Reading([replace(ITEM, dates=(moved,))])
    plan = make_plan(source(), reading, None, units.today(), now())
    assert [(p.row, p.column, p.code) for p in plan.bad] == [(2, "date", code)]
    assert (plan.new, reading.refused_keys) == ([], {"a"})


def test_a_series_over_a_clock_change() -> None:
    night = replace(ITEM, starts=START.replace(hour=2), ends=START.replace(hour=4))
    assert [code for _, _, code, _ in problems(night)] == ["clock_gap"]


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    found = problems(replace(ITEM, unit="Slottet", place="", starts=START, ends=START - LENGTH))
    assert [(column, code) for _, column, code, _ in found] == [
        ("organiser", "unknown_unit"),
        ("end", "end_before_start"),
    ]
    rows = replace(ITEM, row=9), replace(ITEM, row=3, key="b", unit="Slottet", place="Slottet")
    assert [row for row, *_ in problems(*rows)] == [3]


def test_languages_are_known_by_their_names() -> None:
    spoken = ("Svenska", "en", "klingon", "suomi")
    (fresh,) = planned(replace(ITEM, languages=spoken)).new
    assert fresh.dates[0][1].about.languages == ("sv", "en", "fi")


def test_a_title_that_is_not_swedish_is_refused() -> None:
    """Not a traceback: every event needs a title that everybody reads."""
    assert problems(replace(ITEM, titles={"en": "Story"})) == [(2, "title", "not_swedish", "Story")]


def test_a_calendar_in_english_arrives() -> None:
    """It has titles in one language only, and that is what they are called."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:a",
        "DTSTAMP:20261101T000000Z", "SUMMARY;LANGUAGE=en:Story time", "LOCATION:Parken",
        "DTSTART;TZID=Europe/Stockholm:20261201T100000", "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY;COUNT=4", "END:VEVENT", "BEGIN:VEVENT", "UID:a",
        "DTSTAMP:20261101T000000Z", "SUMMARY;LANGUAGE=en:Party", "LOCATION:Parken",
        "RECURRENCE-ID;TZID=Europe/Stockholm:20261208T100000",
        "DTSTART;TZID=Europe/Stockholm:20261208T110000", "DURATION:PT30M",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    of = source("calendar", unit().id)
    made = bring_file("\r\n".join(lines).encode(), of)
    assert (made.bad, made.new_dates) == ([], 4)
    (event,) = events()
    assert event.titles["sv"] == "Story time"
    assert dates(of)["a/2026-12-08"].titles == {"sv": "Party"}

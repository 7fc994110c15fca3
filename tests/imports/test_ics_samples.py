"""Forty real calendars, and what a calendar library makes of them."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta

import pytest

from portal.events.recurrence import Series, expand, wall
from portal.imports.items import Item, Reading
from tests.imports import by_library, samples
from tests.support.requirements import SHARED, need

NAMES = [path.name for path in samples.files(SHARED)]
BACK, AHEAD = timedelta(days=390), timedelta(days=720)
# Where the library means something else, and why the reader does not follow it.
DIFFERENT = {
    "jens-maus__node-ical__exchange_whole_day_moved_recurrence.ics": (
        "UNTIL=20260817T220000Z is Exchange's way of saying the midnight of the 18th; the library "
        "takes the digits of the UTC day, and loses the last date"
    ),
}


def test_there_are_forty() -> None:
    need("shared")
    assert len(NAMES) == 40


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_or_refused_as_a_whole(name: str) -> None:
    path = need("shared") / "ics-samples" / name
    begin = time.perf_counter()
    found = samples.try_to_read(path)
    print(f"{name}: {time.perf_counter() - begin:.3f} s")
    if isinstance(found, Reading):
        rows = {item.row for item in found.items} | {
            one.row for one in [*found.problems, *found.notes]
        }
        # Nothing vanishes without a word: every event is an item, part of one, refused or noted.
        begun = len(re.findall(rb"(?m)^BEGIN:VEVENT", path.read_bytes()))
        missing = set(range(1, begun + 1)) - rows
        assert len(missing) == sum(len(item.dates) for item in found.items)


def _days(item: Item) -> list[tuple[str, str, str]]:
    """Start, end and title of each date of an item."""
    titles = item.titles["sv"]
    series = Series(item.starts, item.ends, item.zone, item.is_all_day, item.rule, item.exdates)
    changed = {one.recurrence_id: one for one in item.dates}
    found = []
    for dated in expand(series):
        one = changed.get(dated.recurrence_id)
        starts, ends = wall(dated.starts_at, item.zone), wall(dated.ends_at, item.zone)
        if one is not None:
            starts, ends = one.starts, one.ends
        said = [f"{moment:%Y-%m-%dT%H:%M}" for moment in (starts, ends)]
        title = one.title if one is not None and one.title else titles
        found.append((*by_library.days_or_times(said[0], said[1]), title))
    return found


def _all(found: Reading, first: date, last: date) -> set[by_library.Seen]:
    return {
        (item.group or item.key, *day)
        for item in found.items
        for day in _days(item)
        # An id that was made here is not the library's.
        if str(first) <= day[0][:10] <= str(last) and not item.key.startswith("~")
    }


# Between them every file has dates in the window.
@pytest.mark.parametrize("year", [2004, 2009, 2013, 2019, 2025])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in DIFFERENT])
def test_the_dates_are_the_library_s(name: str, year: int) -> None:
    path = need("shared") / "ics-samples" / name
    today = date(year, 6, 1)
    found = samples.try_to_read(path, today)
    if not isinstance(found, Reading):
        return
    # What was refused, left out or cut is in the table; it cannot be compared.
    gone = found.refused_keys | by_library.private(path.read_bytes())
    first, last = today - BACK, today + AHEAD
    if any(note.code == "dates_cut" for note in found.notes):
        first = max(first, today)
        last = max(item.starts.date() for item in found.items) - timedelta(days=1)
    theirs = by_library.dates(path.read_bytes(), samples.ZONE, first, last)
    assert _all(found, first, last) == {one for one in theirs if one[0] not in gone}


def test_a_date_more_where_the_library_reads_another_until() -> None:
    name = "jens-maus__node-ical__exchange_whole_day_moved_recurrence.ics"
    path = need("shared") / "ics-samples" / name
    found = samples.try_to_read(path, date(2026, 3, 1))
    assert isinstance(found, Reading)
    first, last = date(2026, 1, 1), date(2026, 12, 31)
    theirs = by_library.dates(path.read_bytes(), samples.ZONE, first, last)
    assert _all(found, first, last) - theirs == {
        ("exchange-moved-recurrence", "2026-08-18", "2026-08-19", "Exchange Recurring Test")
    }
    assert theirs <= _all(found, first, last)


def test_the_table_in_the_documentation_is_today_s() -> None:
    folder = need("shared")
    page = samples.PAGE.read_text(encoding="utf-8")
    assert samples.section(page) == samples.table(folder), "run python -m tests.imports.samples"

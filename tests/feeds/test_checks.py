"""The checks of a finished feed: every fault planted and seen, and nothing seen where none is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.languages import languages
from portal.events.recurrence import Rule, Series
from portal.feeds.checks import LIMIT, NEAR, check
from portal.feeds.health_words import FINDING
from portal.feeds.ics import Entry, Header, Override, Words, calendar, vevents
from tests.support.portal_app import Browser

ZONE = "Europe/Stockholm"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
WORDS = Words("Språkcafé på Exempelbiblioteket", "Kom och öva svenska över en kopp kaffe. " * 3)
SERIES = Series(
    datetime(2026, 11, 25, 17),
    datetime(2026, 11, 25, 18, 30),
    ZONE,
    rule=Rule("WEEKLY", datetime(2027, 1, 27).date(), weekdays=(2,)),
    exdates=frozenset([datetime(2026, 12, 23, 17)]),
)
ENTRY = Entry(
    uid="3f0c2b6e",
    sequence=3,
    created_at=datetime(2026, 6, 1, 9, tzinfo=UTC),
    revised_at=datetime(2026, 9, 10, 8, 15, tzinfo=UTC),
    series=SERIES,
    status="CONFIRMED",
    words=WORDS,
    language="sv",
    url="https://example.org/events/sprakcafe",
    overrides=tuple(
        Override(start, start, start + timedelta(hours=2), "CANCELLED", WORDS)
        for start in (datetime(2026, 12, 2, 17), datetime(2026, 12, 9, 17))
    ),
)
HEADER = Header("Mötesplatser", "Allt", "sv", "https://x.org", "https://x.org/f", "u", (ZONE,))
GOOD = calendar(HEADER, [vevents(ENTRY)])


def codes(data: bytes, now: datetime = NOW) -> set[str]:
    return {problem.code for problem in check(data, now).problems}


def other_series(series: Series) -> bytes:
    return calendar(HEADER, [vevents(replace(ENTRY, series=series, overrides=()))])


def test_a_sound_feed_is_sound() -> None:
    report = check(GOOD, NOW)
    assert report.problems == ()
    assert report.is_sound
    assert (report.size, report.events) == (len(GOOD), 1)


def test_an_empty_calendar_is_sound() -> None:
    assert check(calendar(HEADER, []), NOW).problems == ()


@pytest.mark.parametrize(
    "rule",
    [
        Rule("WEEKLY", datetime(2027, 6, 30).date(), interval=2, weekdays=(0, 2, 4)),
        Rule("DAILY", datetime(2026, 12, 24).date(), interval=3),
        Rule("MONTHLY", datetime(2027, 6, 30).date(), month_day=25),
        Rule("MONTHLY", datetime(2027, 6, 30).date(), nth=(-1, 2)),
    ],
)
@pytest.mark.parametrize("is_all_day", [False, True])
def test_every_rhythm_that_the_portal_writes_is_sound(rule: Rule, is_all_day: bool) -> None:
    starts = datetime(2026, 11, 25) if is_all_day else datetime(2026, 11, 25, 17)
    series = Series(starts, starts + timedelta(days=1), ZONE, is_all_day, rule)
    assert codes(other_series(series)) == set()


# What is planted: the bytes taken out, those put in, how often, and what must be said of it.
PLANTED: dict[str, tuple[bytes, bytes, int, set[str]]] = {
    "a line feed alone": (b"VERSION:2.0\r\n", b"VERSION:2.0\n", 1, {"line_end"}),
    "a carriage return alone": (b"VERSION:2.0\r\n", b"VERSION:2.0\r", 1, {"line_end", "missing"}),
    "no line end at the end": (b"END:VCALENDAR\r\n", b"END:VCALENDAR", 1, {"line_end"}),
    "a line of 76 octets": (b"URL:https://example", b"URL:https://" + b"x" * 60, 1, {"long_line"}),
    "a control character": (b"SUMMARY;LANGUAGE=sv:", b"SUMMARY;LANGUAGE=sv:\x0b", 1, {"control"}),
    "a delete character": (b"CLASS:PUBLIC", b"CLASS:\x7fPUBLIC", 1, {"control"}),
    "a next-line character": (b"CLASS:PUBLIC", "CLASS:\u0085PUBLIC".encode(), 1, {"control"}),
    "a line separator": (b"CLASS:PUBLIC", "CLASS:\u2028PUBLIC".encode(), 1, {"control"}),
    "a cut letter": ("å".encode(), b"\xc3\r\n \xa5", 1, {"letters"}),
    "Latin-1": ("å".encode(), b"\xe5", 1, {"letters"}),
    "a byte order mark": (b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", 1, {"mark"}),
    "no VTIMEZONE": (b"TZID:Europe/Stockholm\r\n", b"TZID:Europe/Oslo\r\n", 1, {"no_zone"}),
    "the same date twice": (b"TZID=Europe/Stockholm:20261209T170000", b"", 0, {"twice"}),
    "a stamp in the future": (b"DTSTAMP:20260910", b"DTSTAMP:20270910", 1, {"stamp"}),
    "a stamp of local time": (
        b"DTSTAMP:20260910T081500Z",
        b"DTSTAMP:20260910T081500",
        1,
        {"stamp"},
    ),
    "a day that is none": (b"DTEND;TZID=Europe/Stockholm:20261125", b"", 0, {"no_time"}),
    "a local UNTIL": (b"UNTIL=20270127T160000Z", b"UNTIL=20270127T160000", 1, {"until"}),
    "a UNTIL that is a date": (b"UNTIL=20270127T160000Z", b"UNTIL=20270127", 1, {"until"}),
    "a UNTIL at midnight": (
        b"UNTIL=20270127T160000Z",
        b"UNTIL=20270127T225959Z",
        1,
        {"until_start"},
    ),
    "a UNTIL on another day": (b"20270127T160000Z", b"20270128T160000Z", 1, {"until_start"}),
    "no UNTIL": (b";UNTIL=20270127T160000Z", b"", 1, {"endless"}),
    "a rhythm that is none": (b"FREQ=WEEKLY", b"FREQ=SOMETIMES", 1, {"rule"}),
    "EXDATE in UTC": (b"EXDATE;TZID=Europe/Stockholm:20261223T170000", b"", 0, {"other_zone"}),
    "EXDATE of a date": (b"EXDATE;TZID=Europe/Stockholm:20261223T170000", b"", 0, {"other_zone"}),
    "a list of EXDATEs": (b":20261223T170000", b":20261223T170000,20261230T170000", 1, {"list"}),
    "RECURRENCE-ID in UTC": (
        b"RECURRENCE-ID;TZID=Europe/Stockholm:20261202T170000",
        b"",
        0,
        {"other_zone"},
    ),
    "a start without zone": (b"DTSTART;TZID=Europe/Stockholm:20261202", b"", 0, {"floating"}),
    "RDATE": (
        b"STATUS:",
        b"RDATE;TZID=Europe/Stockholm:20261224T170000\r\nSTATUS:",
        1,
        {"unwanted"},
    ),
    "METHOD": (b"CALSCALE:", b"METHOD:REQUEST\r\nCALSCALE:", 1, {"unwanted"}),
    "ORGANIZER": (b"STATUS:", b"ORGANIZER:mailto:x@example.org\r\nSTATUS:", 1, {"unwanted"}),
    "ATTENDEE": (b"STATUS:", b"ATTENDEE:mailto:x@example.org\r\nSTATUS:", 1, {"unwanted"}),
    "VALARM": (
        b"END:VEVENT",
        b"BEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT",
        1,
        {"unwanted"},
    ),
    "THISANDFUTURE": (b"RECURRENCE-ID;", b"RECURRENCE-ID;RANGE=THISANDFUTURE;", 1, {"unwanted"}),
    "another SEQUENCE": (b"SEQUENCE:3", b"SEQUENCE:4", 1, {"unequal"}),
    "another LAST-MODIFIED": (b"LAST-MODIFIED:20260910", b"LAST-MODIFIED:20260911", 1, {"unequal"}),
    "no SEQUENCE": (b"SEQUENCE:3\r\n", b"", -1, {"missing"}),
    "no UID": (b"UID:3f0c2b6e\r\n", b"", -1, {"missing"}),
    "no DTSTAMP": (b"DTSTAMP:20260910T081500Z\r\n", b"", -1, {"missing"}),
    "no PRODID": (b"PRODID", b"X-PRODID", 1, {"missing"}),
    "no end of an event": (b"END:VEVENT\r\n", b"", 1, {"structure"}),
    "two calendars": (
        b"END:VCALENDAR\r\n",
        b"END:VCALENDAR\r\n" + calendar(HEADER, []),
        1,
        {"structure"},
    ),
    "a page instead": (GOOD, b"<!doctype html>\r\n", 1, {"unreadable", "structure"}),
    "nothing at all": (GOOD, b"", 1, {"structure", "line_end"}),
}
# What to put in where it is long: the line as it stands, changed.
INSTEAD = {
    "the same date twice": b"TZID=Europe/Stockholm:20261202T170000",
    "a day that is none": b"DTEND;TZID=Europe/Stockholm:20261332",
    "EXDATE in UTC": b"EXDATE:20261223T160000Z",
    "EXDATE of a date": b"EXDATE;VALUE=DATE:20261223",
    "RECURRENCE-ID in UTC": b"RECURRENCE-ID:20261202T160000Z",
    "a start without zone": b"DTSTART:20261202",
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_and_no_other(name: str) -> None:
    old, new, times, wanted = PLANTED[name]
    assert old in GOOD
    data = GOOD.replace(old, INSTEAD.get(name, new), times or 1)
    found = codes(data)
    assert wanted <= found
    # Some faults make others: a series that is broken off, say, has lost its dates.
    along = {
        "a start without zone": {"other_zone"},
        "a carriage return alone": {"control"},
        "two calendars": set(),
        "no end of an event": {"twice", "orphan", "unequal", "missing"},
        "a byte order mark": {"unreadable", "structure", "missing"},
    }
    assert found - wanted <= along.get(name, set())
    assert not check(data, NOW).is_sound


def test_every_fault_has_words_and_is_planted() -> None:
    planted = {code for *_, wanted in PLANTED.values() for code in wanted}
    assert planted | {"orphan", "size_near", "size_over"} == set(FINDING)


def test_an_override_that_lost_its_series() -> None:
    series, *overrides = GOOD.split(b"BEGIN:VEVENT")
    lost = series + b"BEGIN:VEVENT" + b"BEGIN:VEVENT".join(overrides[1:])
    assert codes(lost) == {"orphan"}


def test_the_place_is_told_and_each_fault_once() -> None:
    data = GOOD.replace(b"CLASS:PUBLIC", b"CLASS:\x01PUBLIC")
    (problem,) = check(data, NOW).problems
    lines = data.split(b"\r\n")
    assert b"\x01" in lines[problem.facts["line"] - 1]
    assert problem.facts["times"] == 3, "the series and two dates"
    assert problem.facts["uid"] == ENTRY.uid
    (problem,) = check(GOOD.replace(b"VERSION:2.0", b"VERSION:2.0\x01"), NOW).problems
    assert problem.facts["uid"] == "", "that is no event's"
    (problem,) = check(GOOD.replace(b"SEQUENCE:3", b"SEQUENCE:4", 1), NOW).problems
    assert problem.facts["uid"] == ENTRY.uid


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        (int(NEAR * LIMIT) - 1, set()),
        (int(NEAR * LIMIT), {"size_near"}),
        (LIMIT, {"size_near"}),
        (LIMIT + 1, {"size_over"}),
    ],
)
def test_size_against_googles_limit(size: int, wanted: set[str]) -> None:
    line = b"X-FILL:" + b"x" * 66 + b"\r\n"
    room = size - len(GOOD)
    fill = line * (room // len(line) - 1)
    fill += b"X-FILL:" + b"x" * (room - len(fill) - 9) + b"\r\n"
    if len(fill.splitlines()[-1]) > 75:
        half = len(fill.splitlines()[-1]) // 2
        fill = fill[:-2][:-half] + b"\r\n" + b"X-F:" + b"x" * (half - 6) + b"\r\n"
    data = GOOD.replace(b"CALSCALE:", fill + b"CALSCALE:", 1)
    assert len(data) == size
    assert codes(data) == wanted
    assert check(data, NOW).is_sound is (wanted != {"size_over"})


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 80))
@settings(max_examples=200)
def test_nothing_makes_it_stumble(put: bytes, at: int, gone: int) -> None:
    check(GOOD[:at] + put + GOOD[at + gone :], NOW)


@given(st.lists(st.sampled_from(GOOD.splitlines(keepends=True)), max_size=60))
def test_lines_in_any_order_do_not_either(lines: list[bytes]) -> None:
    check(b"".join(lines), NOW)


def test_files_of_others(shared: Path) -> None:
    """Bad files from elsewhere are all found bad, and none makes it stumble."""
    folder = shared / "ics-samples"
    with (folder / "INDEX.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 30
    for row in rows:
        found = codes((folder / row["file"]).read_bytes())
        if row["category"] in ("broken", "fragment", "encoding", "structure", "template"):
            assert found, row["file"]
    wanted = {
        "collective__icalendar__bom_calendar.ics": "mark",
        "collective__icalendar__fuzz_testcase_vtimezone_lone_cr.ics": "line_end",
        "collective__icalendar__issue_1081_invalid_rrule_freq.ics": "rule",
        "collective__icalendar__multiple_calendar_components.ics": "structure",
        "ical4j__ical4j__EXDATE-IN-UTC.ics": "other_zone",
        "jens-maus__node-ical__Office-2012-owa.ics": "no_zone",
        "ical4j__ical4j__lastfm.ics": "floating",
    }
    for name, code in wanted.items():
        assert code in codes((folder / name).read_bytes()), name


def test_every_feed_of_the_demonstration_is_sound(demo_city: Flask) -> None:
    client = demo_city.test_client()
    assert isinstance(client, Browser)
    for key in languages():
        report = check(client.get(f"/feeds/all.{key}.ics").data, datetime.now(UTC))
        assert report.problems == (), key
        assert report.events > 20


def test_the_zone_of_until_is_the_series_own(make_event: Callable[..., object]) -> None:
    """A series over the clock change ends by the clock on its own wall."""
    summer = Series(
        datetime(2026, 10, 7, 17),
        datetime(2026, 10, 7, 18),
        ZONE,
        rule=Rule("WEEKLY", datetime(2026, 11, 4).date(), weekdays=(2,)),
    )
    data = other_series(summer)
    assert b"UNTIL=20261104T160000Z" in data
    assert codes(data) == set()
    assert codes(data.replace(b"20261104T160000Z", b"20261104T150000Z")) == {"until_start"}
    assert datetime(2026, 10, 7, 17, tzinfo=ZoneInfo(ZONE)).utcoffset() == timedelta(hours=2)

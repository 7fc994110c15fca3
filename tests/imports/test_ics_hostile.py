"""Calendars made to be slow, big or harmful: refused, or read within bounds.

The bounds are on work and memory. Times are printed; a test fails only on one that no machine
should need, since that is what a trap without a bound looks like.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from datetime import date

import pytest

from portal.imports import ics_lines, ics_series
from portal.imports.ics import read
from portal.imports.items import Reading, Unreadable

ZONE, TODAY = "Europe/Stockholm", date(2026, 6, 1)
MOST_SECONDS = 10.0
MOST_MEMORY = 150_000_000


def event(number: int, lines: str = "", start: str = "20260601T170000") -> str:
    return (
        f"BEGIN:VEVENT\nUID:{number}\nSUMMARY:Sagostund\nDTSTART:{start}\nDURATION:PT1H\n"
        f"{lines}\nEND:VEVENT\n"
    )


def calendar(*parts: str) -> bytes:
    return f"BEGIN:VCALENDAR\n{''.join(parts)}END:VCALENDAR\n".encode()


def many(lines: str, count: int = 4990, start: str = "20260601T170000") -> bytes:
    return calendar(*(event(n, lines, start) for n in range(count)))


def rule(text: str) -> Callable[[], bytes]:
    """As many events as there may be, all with the same rule."""
    return lambda: many(f"RRULE:{text}")


def one(lines: str) -> Callable[[], bytes]:
    return lambda: calendar(event(1, lines))


def zones() -> bytes:
    """Zones of hundreds of rules each, each with an event that uses it every day."""
    rules = "".join(
        f"BEGIN:STANDARD\nDTSTART:16010101T{n % 24:02}0000\nTZOFFSETFROM:+0100\n"
        "TZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=1\nEND:STANDARD\n"
        for n in range(450)
    )
    found = [
        f"BEGIN:VTIMEZONE\nTZID:Z{n}\n{rules}END:VTIMEZONE\n"
        + event(n, "RRULE:FREQ=DAILY;COUNT=400").replace("DTSTART", f"DTSTART;TZID=Z{n}")
        for n in range(10)
    ]
    return calendar(*found)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "50 MB": (lambda: b"BEGIN:VCALENDAR\n" + b"X" * 50_000_000, "too_big"),
    "events in events": (lambda: b"BEGIN:VEVENT\n" * 10_000, "too_many_components"),
    "boxes in boxes": (lambda: b"BEGIN:VCALENDAR\n" + b"BEGIN:X\n" * 4_000, "too_deep"),
    "boxes behind folds": (
        lambda: b"BEGIN:VCALENDAR\n" + b"BEG\n IN:VEVENT\n" * 10_000,
        "too_many_components",
    ),
    "tiny lines": (lambda: b"BEGIN:VCALENDAR\n" + b"A:\n" * 600_000, "too_many_lines"),
    "ends of nothing": (
        lambda: b"BEGIN:VCALENDAR\n" + b"END:VEVENT\n" * 140_000,
        "too_many_components",
    ),
    "nothing": (lambda: b"", "not_a_calendar"),
    "a card": (lambda: b"BEGIN:VCARD\nEND:VCARD\n", "not_a_calendar"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4_000, "not_a_calendar"),
}

READ: dict[str, Callable[[], bytes]] = {
    "a fold ten thousand deep": one("DESCRIPTION:a" + "\n b" * 10_000),
    "folds only": lambda: b"BEGIN:VCALENDAR\n" + b"\n " * 900_000,
    "empty lines only": lambda: b"BEGIN:VCALENDAR\n" + b"\n" * 1_900_000,
    "returns and tabs": lambda: b"BEGIN:VCALENDAR\n" + b"\r\r\n\t" * 450_000,
    "a line of 1.9 MB": one("DESCRIPTION:" + "a" * 1_900_000),
    "a title of 1.9 MB": one("SUMMARY:" + "å" * 950_000),
    "parameters without end": one("DESCRIPTION" + ";A=b" * 400_000),
    "quotes without end": one('DESCRIPTION;A="' + '"' * 1_900_000),
    "escapes": one("DESCRIPTION:" + "\\n" * 900_000),
    "open tags": one("DESCRIPTION:<p>" + "<" * 1_900_000),
    "open comments": one("DESCRIPTION:<p>" + "<!--" * 450_000),
    "open scripts": one("DESCRIPTION:<p>" + "<script>" * 230_000),
    "links in links": one("DESCRIPTION:<p>" + "<a href=http://a.se/" * 90_000),
    "entities": one("DESCRIPTION:&#" + "9" * 1_900_000 + ";"),
    "many long texts": lambda: many("DESCRIPTION:<p>" + "<b>a@" * 55),
    "addresses": one("DESCRIPTION:" + "a@" * 900_000),
    "a word like an address": one("DESCRIPTION:" + "a" * 1_000_000 + "@"),
    "commas": one("CATEGORIES:" + "," * 1_900_000),
    "left-out dates": one("EXDATE:" + "20260601T170000," * 110_000),
    "more dates": one("RDATE:" + "20260601T170000," * 110_000),
    "unended events": lambda: b"BEGIN:VEVENT\nUID:1\n" * 4_990,
    "lonely ends": lambda: b"BEGIN:VCALENDAR\n" + b"END:VEVENT\n" * 4_990,
    "a zone of rules": zones,
    "the same id": lambda: calendar(*(event(1, f"SEQUENCE:{n}") for n in range(4_990))),
    "overrides": lambda: calendar(
        event(1, "RRULE:FREQ=DAILY"),
        *(
            event(1, f"RECURRENCE-ID:2026{n % 12 + 1:02}{n % 28 + 1:02}T17{n % 60:02}00")
            for n in range(4_000)
        ),
    ),
    "a long zone": lambda: calendar(event(1).replace("DTSTART", "DTSTART;TZID=" + "A/" * 2_000)),
    "zones of all kinds": lambda: calendar(
        *(event(n).replace("DTSTART", f"DTSTART;TZID={'../' * n}etc/passwd") for n in range(500))
    ),
    **{
        f"RRULE {text}": rule(text)
        for text in (
            "FREQ=SECONDLY",
            "FREQ=MINUTELY;COUNT=999999999",
            "FREQ=HOURLY;INTERVAL=1",
            "FREQ=DAILY",
            "FREQ=DAILY;COUNT=999999999",
            "FREQ=DAILY;COUNT=399",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0",
            "FREQ=DAILY;BYHOUR=8,9,10,11,12,13",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;INTERVAL=999999999",
            "FREQ=WEEKLY",
            "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;UNTIL=20270601",
            "FREQ=MONTHLY;BYSETPOS=366;BYDAY=MO",
            "FREQ=MONTHLY;BYSETPOS=-1,1,2,3;BYDAY=MO,TU,WE",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=YEARLY;BYWEEKNO=53;BYYEARDAY=1",
            "FREQ=YEARLY;BYDAY=53MO,-53SU;BYSETPOS=1",
            "FREQ=YEARLY;UNTIL=20250101",
            "FREQ=YEARLY;UNTIL=99991231T235959Z",
            "FREQ=YEARLY;COUNT=0",
            "COUNT=1",
            "FREQ",
        )
    },
    "rules since 1900": lambda: many("RRULE:FREQ=DAILY;COUNT=40000", start="19000101T000000"),
    "rules of year 1": lambda: many("RRULE:FREQ=DAILY", start="00010101T000000"),
    "rules to year 9999": lambda: many("RRULE:FREQ=DAILY", start="99991231T235959Z"),
}


def tried(raw: bytes) -> Reading | Unreadable:
    try:
        return read(raw, ZONE, TODAY)
    except Unreadable as error:
        return error


def measured(name: str, raw: bytes) -> Reading | Unreadable:
    begin = time.process_time()
    found = tried(raw)
    seconds = time.process_time() - begin
    print(f"{name}: {len(raw):,} bytes, {seconds:.2f} s of the processor")
    assert seconds < MOST_SECONDS
    return found


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    read(calendar(event(1).replace("DTSTART", "DTSTART;TZID=Europe/Paris")), ZONE, TODAY)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_as_a_whole(name: str) -> None:
    make, code = REFUSED[name]
    found = measured(name, make())
    assert isinstance(found, Unreadable)
    assert found.code == code


@pytest.mark.parametrize("name", READ)
def test_it_is_read_within_bounds(name: str) -> None:
    raw = READ[name]()
    assert len(raw) <= ics_lines.MOST_BYTES
    found = measured(name, raw)
    assert isinstance(found, Reading)
    assert len(found.items) <= 5_000 + ics_series.MOST_WORK


# Counting memory makes everything slow, and of the rules these keep most.
KEPT = ("RRULE FREQ=DAILY", "RRULE FREQ=WEEKLY")


@pytest.mark.parametrize(
    "name", [*REFUSED, *(name for name in READ if name in KEPT or not name.startswith("RRULE"))]
)
def test_it_needs_little_memory(name: str) -> None:
    raw = REFUSED[name][0]() if name in REFUSED else READ[name]()
    tracemalloc.start()
    found = tried(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{name}: {len(raw):,} bytes, {peak / 1e6:.0f} MB at most")
    assert peak < MOST_MEMORY, found

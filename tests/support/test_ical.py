"""The two readers of feeds agree with each other and with a calendar worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.icalpy import IcalJs, Occurrence, by_python

# A weekly café on Sundays 14:00-16:00 in Stockholm over both clock changes (25 October 2026
# and 28 March 2027, both Sundays), with one date left out, one moved to a Saturday in the
# next month and one cancelled; a night event of elapsed length; whole days; an instant in UTC.
FEED = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//written by hand//EN
BEGIN:VTIMEZONE
TZID:Europe/Stockholm
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:cafe
DTSTAMP:20260901T080000Z
DTSTART;TZID=Europe/Stockholm:20261011T140000
DTEND;TZID=Europe/Stockholm:20261011T160000
RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261115T130000Z
EXDATE;TZID=Europe/Stockholm:20261101T140000
SUMMARY:Caf\xc3\xa9
END:VEVENT
BEGIN:VEVENT
UID:cafe
DTSTAMP:20260901T080000Z
RECURRENCE-ID;TZID=Europe/Stockholm:20261018T140000
DTSTART;TZID=Europe/Stockholm:20261128T100000
DTEND;TZID=Europe/Stockholm:20261128T113000
SEQUENCE:1
SUMMARY:Caf\xc3\xa9 on a Saturday
END:VEVENT
BEGIN:VEVENT
UID:cafe
DTSTAMP:20260901T080000Z
RECURRENCE-ID;TZID=Europe/Stockholm:20261108T140000
DTSTART;TZID=Europe/Stockholm:20261108T140000
DTEND;TZID=Europe/Stockholm:20261108T160000
SEQUENCE:1
STATUS:CANCELLED
SUMMARY:Caf\xc3\xa9
END:VEVENT
BEGIN:VEVENT
UID:spring
DTSTAMP:20260901T080000Z
DTSTART;TZID=Europe/Stockholm:20270321T140000
DURATION:PT2H
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Spring
END:VEVENT
BEGIN:VEVENT
UID:days
DTSTAMP:20260901T080000Z
DTSTART;VALUE=DATE:20261024
DTEND;VALUE=DATE:20261027
SUMMARY:Three days
END:VEVENT
BEGIN:VEVENT
UID:monthly-day
DTSTAMP:20260901T080000Z
DTSTART;VALUE=DATE:20270226
RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2
EXDATE;VALUE=DATE:20270226
SUMMARY:Last Friday
END:VEVENT
BEGIN:VEVENT
UID:instant
DTSTAMP:20260901T080000Z
DTSTART:20261025T003000Z
DTEND:20261025T013000Z
SUMMARY:Night
END:VEVENT
END:VCALENDAR
""".replace(b"\n", b"\r\n")
WINDOW = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))


def date(
    uid: str, id_: str | None, start: str, end: str, summary: str, status: str = "CONFIRMED"
) -> Occurrence:
    return {
        "uid": uid,
        "recurrence_id": id_,
        "start": start,
        "end": end,
        "summary": summary,
        "location": "",
        "status": status,
    }


def timed(
    uid: str, day: str, start: str, end: str, words: str, status: str = "CONFIRMED"
) -> Occurrence:
    return date(uid, f"{day}T{start}Z", f"{day}T{start}Z", f"{day}T{end}Z", words, status)


BY_HAND = [
    timed("cafe", "2026-10-11", "12:00:00", "14:00:00", "Café"),
    date("days", None, "2026-10-24", "2026-10-27", "Three days"),
    date("instant", None, "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "Night"),
    timed("cafe", "2026-10-25", "13:00:00", "15:00:00", "Café"),
    timed("cafe", "2026-11-08", "13:00:00", "15:00:00", "Café", "CANCELLED"),
    timed("cafe", "2026-11-15", "13:00:00", "15:00:00", "Café"),
    date(
        "cafe",
        "2026-10-18T12:00:00Z",
        "2026-11-28T09:00:00Z",
        "2026-11-28T10:30:00Z",
        "Café on a Saturday",
    ),
    timed("spring", "2027-03-21", "13:00:00", "15:00:00", "Spring"),
    date("monthly-day", "2027-03-26", "2027-03-26", "2027-03-27", "Last Friday"),
    timed("spring", "2027-03-28", "12:00:00", "14:00:00", "Spring"),
    timed("spring", "2027-04-04", "12:00:00", "14:00:00", "Spring"),
]


def test_python_reads_the_feed_as_a_person_does() -> None:
    assert by_python(FEED, *WINDOW) == BY_HAND


def test_ical_js_reads_the_feed_as_a_person_does(ical_js: IcalJs) -> None:
    assert ical_js.read(FEED, *WINDOW) == BY_HAND


@pytest.mark.parametrize(
    ("start", "end", "uids"),
    [
        # A moved date counts where it is now, not where it was.
        (datetime(2026, 10, 18, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), []),
        (datetime(2026, 11, 28, 9, tzinfo=UTC), datetime(2026, 11, 28, 9, 1, tzinfo=UTC), ["cafe"]),
        (datetime(2026, 11, 28, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), []),
        # The end of the window is outside it.
        (
            datetime(2026, 10, 24, tzinfo=UTC),
            datetime(2026, 10, 25, 13, tzinfo=UTC),
            ["days", "instant"],
        ),
    ],
)
def test_the_window_is_cut_alike(
    start: datetime, end: datetime, uids: list[str], ical_js: IcalJs
) -> None:
    assert [one["uid"] for one in by_python(FEED, start, end)] == uids
    assert by_python(FEED, start, end) == ical_js.read(FEED, start, end)


def test_ical_js_goes_by_the_zone_in_the_file(ical_js: IcalJs) -> None:
    """Without this a wrong VTIMEZONE would pass: both readers would know Stockholm by name."""
    never_winter = FEED.replace(b"TZOFFSETTO:+0100", b"TZOFFSETTO:+0200")
    found = ical_js.read(never_winter, *WINDOW)
    assert "2026-11-15T12:00:00Z" in [one["start"] for one in found]


def test_ical_js_refuses_a_zone_that_the_file_lacks(ical_js: IcalJs) -> None:
    lacking = FEED.replace(b"TZID:Europe/Stockholm", b"TZID:Europe/Oslo")
    with pytest.raises(ValueError, match="no VTIMEZONE for TZID=Europe/Stockholm"):
        ical_js.read(lacking, *WINDOW)


def test_ical_js_reads_a_zone_that_the_file_lacks_as_no_zone(ical_js: IcalJs) -> None:
    lacking = FEED.replace(b"TZID:Europe/Stockholm", b"TZID:Europe/Oslo")
    found = ical_js.read(lacking, *WINDOW, floating=True)
    assert {one["start"][-1] for one in found if one["uid"] == "cafe"} == {"0"}
    assert ical_js.read(FEED, *WINDOW, floating=True) == BY_HAND, "the next feed is read anew"


def test_a_broken_feed_is_told_and_the_next_one_read(ical_js: IcalJs) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        ical_js.read(FEED.replace(b"SUMMARY:Spring", b"SUMMARY:Spr\r\ning"), *WINDOW)
    assert ical_js.read(FEED, *WINDOW) == BY_HAND

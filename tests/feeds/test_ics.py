"""The bytes of a feed: lines, escaping, zones. Read back by libraries that are not ours."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from portal.events.recurrence import Rule, Series
from portal.feeds.ics import Entry, Header, Override, Words, calendar, fold, single, text, vevents
from portal.feeds.vtimezone import vtimezone

ZONE = "Europe/Stockholm"
SERIES = Series(
    datetime(2026, 11, 25, 17),
    datetime(2026, 11, 25, 18, 30),
    ZONE,
    rule=Rule("WEEKLY", date(2027, 1, 31), weekdays=(2,)),
    exdates=frozenset([datetime(2026, 12, 30, 17), datetime(2026, 12, 23, 17)]),
)
WORDS = Words("Språkcafé", "Kom och öva.", "Biblioteket, Torggatan 5", (59.3293, 18.0686))
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
    categories=("Språkcafé", "Gratis, alltid"),
    contact="Biblioteket, 0555-1",
    overrides=(
        Override(
            datetime(2026, 12, 2, 17),
            datetime(2026, 12, 3, 18),
            datetime(2026, 12, 3, 19),
            "CONFIRMED",
            WORDS,
        ),
        Override(
            datetime(2026, 12, 9, 17),
            datetime(2026, 12, 9, 17),
            datetime(2026, 12, 9, 18, 30),
            "CANCELLED",
            replace(WORDS, summary="INSTÄLLT: Språkcafé"),
        ),
    ),
)
HEADER = Header(
    name="Mötesplatser",
    description="Allt som händer",
    language="sv",
    url="https://example.org/subscribe",
    source="https://example.org/feeds/all.sv.ics",
    uid="abc",
    zones=(ZONE,),
)
# What people paste: controls, separators, other line ends, quotes, half an emoji.
NASTY = "\x00\x07\x0b\x0c\x1b\x7f\x85\u2028\u2029\ufeff\r\n\tä;,\\\"'<b>\u202eabc\ud800☕\u0301"
FORBIDDEN = ("METHOD", "ORGANIZER", "ATTENDEE", "VALARM", "RDATE", "THISANDFUTURE", "ATTACH")


def feed(entry: Entry = ENTRY, header: Header = HEADER) -> bytes:
    return calendar(header, [vevents(entry)])


def unfolded(raw: bytes) -> list[str]:
    return raw.decode().replace("\r\n ", "").split("\r\n")[:-1]


def check_bytes(raw: bytes) -> None:
    """RFC 5545 3.1: CRLF, at most 75 octets a line, no control characters, UTF-8."""
    assert raw.endswith(b"\r\n")
    for line in raw[:-2].split(b"\r\n"):
        assert 0 < len(line) <= 75, line
        line.decode()  # no letter is cut in two
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw)
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", raw)
    assert not re.search("[\u0085\u2028\u2029\ufeff]", raw.decode())


# --- a whole feed -------------------------------------------------------------------------


def test_the_example_by_hand() -> None:
    """The lines of feeds.md 4, as far as the portal keeps to them."""
    lines = unfolded(feed())
    for line in (
        "UID:3f0c2b6e",
        "DTSTAMP:20260910T081500Z",
        "CREATED:20260601T090000Z",
        "LAST-MODIFIED:20260910T081500Z",
        "SEQUENCE:3",
        "DTSTART;TZID=Europe/Stockholm:20261125T170000",
        "DTEND;TZID=Europe/Stockholm:20261125T183000",
        "RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20270127T160000Z",
        "SUMMARY;LANGUAGE=sv:Språkcafé",
        "LOCATION;LANGUAGE=sv:Biblioteket\\, Torggatan 5",
        "GEO:59.329300;18.068600",
        "CATEGORIES;LANGUAGE=sv:Språkcafé,Gratis\\, alltid",
        "URL:https://example.org/events/sprakcafe",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
        "RECURRENCE-ID;TZID=Europe/Stockholm:20261202T170000",
        "DTSTART;TZID=Europe/Stockholm:20261203T180000",
        "SUMMARY;LANGUAGE=sv:INSTÄLLT: Språkcafé",
        "STATUS:CANCELLED",
        "X-WR-CALNAME:Mötesplatser",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "X-PUBLISHED-TTL:PT4H",
        "X-WR-TIMEZONE:Europe/Stockholm",
    ):
        assert line in lines, line
    at = lines.index("EXDATE;TZID=Europe/Stockholm:20261223T170000")
    assert lines[at + 1] == "EXDATE;TZID=Europe/Stockholm:20261230T170000", "one date a line"
    assert [line for line in lines if line.startswith("SEQUENCE")] == ["SEQUENCE:3"] * 3


def test_whole_days_are_dates() -> None:
    start = datetime(2026, 11, 25)
    rule = Rule("DAILY", date(2026, 11, 30), 2)
    series = Series(start, start + timedelta(days=1), ZONE, True, rule, frozenset([start]))
    lines = unfolded(feed(replace(ENTRY, series=series, overrides=())))
    assert "DTSTART;VALUE=DATE:20261125" in lines
    assert "DTEND;VALUE=DATE:20261126" in lines
    assert "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20261129" in lines
    assert "EXDATE;VALUE=DATE:20261125" in lines


def test_a_left_out_31st_stays_left_out_for_ical_js() -> None:
    """An EXDATE that belongs to no date would hide the one right after it from ical.js."""
    start = datetime(2027, 1, 31, 17)
    rule = Rule("MONTHLY", date(2027, 7, 31), month_day=31)
    gone = datetime(2027, 3, 31, 17)
    series = Series(start, start + timedelta(hours=1), ZONE, False, rule, frozenset({gone}))
    lines = unfolded(feed(replace(ENTRY, series=series, overrides=())))
    found = [line.rpartition(":")[2][:8] for line in lines if line.startswith("EXDATE")]
    assert found == ["20270331", "20270430", "20270630"], "not 28 February"


def test_the_31st_leaves_out_the_last_day_of_shorter_months() -> None:
    """Outlook would put it there; the rule passes these months over for all others."""
    start = datetime(2026, 10, 31, 17)
    series = Series(start, start + timedelta(hours=1), ZONE)
    for day, interval, until, wanted in (
        (31, 1, date(2027, 5, 31), ["20261130", "20270228", "20270430"]),
        (31, 2, date(2027, 8, 31), ["20270228", "20270430", "20270630"]),
        (30, 1, date(2027, 4, 30), ["20270228"]),
        (28, 1, date(2027, 4, 30), []),
    ):
        rule = Rule("MONTHLY", until, interval, month_day=day)
        first = start.replace(day=day)
        whole = replace(series, starts=first, ends=first + timedelta(hours=1), rule=rule)
        lines = unfolded(feed(replace(ENTRY, series=whole, overrides=())))
        found = [line.rpartition(":")[2][:8] for line in lines if line.startswith("EXDATE")]
        assert found == wanted, (day, interval)
    last_friday = replace(series, rule=Rule("MONTHLY", date(2027, 5, 31), nth=(-1, 4)))
    assert b"EXDATE" not in feed(replace(ENTRY, series=last_friday, overrides=()))


def test_nothing_that_makes_an_event_an_invitation_or_confuses_a_client() -> None:
    names = {re.split("[;:]", line)[0] for line in unfolded(feed())}
    parts = {line.partition(":")[2] for line in unfolded(feed()) if line.startswith("BEGIN")}
    assert not names & set(FORBIDDEN)
    assert parts == {"VCALENDAR", "VTIMEZONE", "STANDARD", "DAYLIGHT", "VEVENT"}


def test_each_component_has_each_property_once() -> None:
    """RFC 5545 3.6.1; only EXDATE and CATEGORIES may repeat."""
    for event in Calendar.from_ical(feed()).walk("VEVENT"):
        for name, value in event.items():
            assert name in ("EXDATE",) or not isinstance(value, list), name


def test_a_lone_date_is_an_event_of_its_own() -> None:
    raw = calendar(
        Header("", "", "", "", "", "", (ZONE,), is_subscription=False),
        [single(ENTRY, ENTRY.overrides[0])],
    )
    check_bytes(raw)
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["UID"]) == "3f0c2b6e-20261202T1700"
    assert event["DTSTART"].dt.isoformat() == "2026-12-03T18:00:00+01:00"
    assert not {"RRULE", "RECURRENCE-ID", "EXDATE"} & set(event)
    assert b"X-WR-CALNAME" not in raw


def test_an_empty_calendar_is_one() -> None:
    raw = calendar(replace(HEADER, zones=()), [])
    check_bytes(raw)
    assert Calendar.from_ical(raw).walk("VEVENT") == []


# --- text ---------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def kept(value: str) -> str:
    """What may be left of a text: worked out without the portal's own cleaning."""
    import unicodedata

    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = re.sub("[\u0085\u2028\u2029]", "\n", value).replace("\t", " ")
    gone = "\u202a\u202b\u202d\u202e\ufeff"
    letters = [
        c
        for c in value
        if c == "\n" or (unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn") and c not in gone)
    ]
    return unicodedata.normalize("NFC", "".join(letters))


@given(texts, texts)
@example(NASTY, NASTY)
@example("å" * 200, "\\n\\;\\,")
@example("a" * 74 + "ö", "x" * 5000)
def test_any_text_makes_a_sound_feed_and_comes_back_as_it_was(title: str, description: str) -> None:
    words = replace(WORDS, summary=title, description=description, location=title)
    raw = feed(replace(ENTRY, words=words, overrides=(), contact=title, categories=(title,)))
    check_bytes(raw)
    lines = unfolded(raw)
    (line,) = (line for line in lines if line.startswith("SUMMARY"))
    assert unescaped(line.partition(":")[2]) == kept(title)
    if kept(description):
        (line,) = (line for line in lines if line.startswith("DESCRIPTION;") and line not in HEAD)
        assert unescaped(line.partition(":")[2]) == kept(description)
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    assert str(event["SUMMARY"]) == kept(title)


HEAD = ("DESCRIPTION;LANGUAGE=sv:Allt som händer",)


def unescaped(value: str) -> str:
    """RFC 5545 3.3.11 backwards."""
    plain = {"n": "\n", "N": "\n"}
    return re.sub(r"\\(.)", lambda found: plain.get(found[1], found[1]), value)


@given(texts)
@example(NASTY)
def test_text_is_cleaned_once(value: str) -> None:
    assert unescaped(text(value)) == kept(value)
    assert text(unescaped(text(value))) == text(value)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
@example("x" * 75)
@example("x" * 76)
@example("x" * 74 + "☕")
def test_folding_is_undone_by_unfolding(line: str) -> None:
    folded = fold(line)
    assert folded.replace("\r\n ", "") == line
    rows = folded.split("\r\n")
    assert all(len(row.encode()) <= 75 for row in rows)
    assert all(len(row.encode()) > 71 for row in rows[:-1]), "no row is broken too early"


def test_the_same_data_are_the_same_bytes() -> None:
    assert feed() == feed(replace(ENTRY), replace(HEADER))


# --- zones --------------------------------------------------------------------------------

ZONES = [
    "Europe/Stockholm",
    "Europe/Helsinki",
    "Europe/London",
    "Atlantic/Reykjavik",
    "Atlantic/Azores",
    "America/St_Johns",
    "America/New_York",
    "Australia/Sydney",
    "Asia/Kolkata",
    "UTC",
]


def offsets(raw: bytes) -> list[tuple[datetime, timedelta]]:
    """Every onset (in UTC) and the offset from then on, evaluated by dateutil."""
    found = []
    block = re.compile(r"BEGIN:(STANDARD|DAYLIGHT)\r\n(.*?)END:\1", re.DOTALL)
    for part in block.findall(raw.decode()):
        values = dict(line.split(":", 1) for line in part[1].strip().split("\r\n"))
        start = datetime.strptime(values["DTSTART"], "%Y%m%dT%H%M%S")
        before, after = (offset(values[f"TZOFFSET{way}"]) for way in ("FROM", "TO"))
        onsets = [start]
        if "RRULE" in values:
            rule = rrule.rrulestr(values["RRULE"], dtstart=start)
            onsets = rule.between(start, datetime(2036, 1, 1), inc=True)
            assert onsets[0] == start, "DTSTART is itself an onset"
        found += [(onset - before, after) for onset in onsets]
    return sorted(found)


def offset(value: str) -> timedelta:
    sign = -1 if value[0] == "-" else 1
    return sign * timedelta(hours=int(value[1:3]), minutes=int(value[3:5]))


@pytest.mark.parametrize("name", ZONES)
def test_a_vtimezone_says_what_the_zone_does(name: str) -> None:
    """Hour by hour from 2020 to 2035, and so for every event that the portal may hold."""
    raw, info = vtimezone(name), ZoneInfo(name)
    check_bytes(raw)
    changes = offsets(raw)
    moment, at = datetime(2020, 1, 1), 0
    while moment < datetime(2035, 1, 1):
        while at + 1 < len(changes) and changes[at + 1][0] <= moment:
            at += 1
        assert changes[at][1] == moment.replace(tzinfo=UTC).astimezone(info).utcoffset(), moment
        moment += timedelta(hours=1)


def test_stockholm_is_written_as_outlook_wants_it() -> None:
    lines = unfolded(vtimezone(ZONE))
    assert [line for line in lines if line.startswith("RRULE")] == [
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    ]
    assert "DTSTART:19961027T030000" in lines

"""Reading calendars: one thing at a time, and whole series there and back."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule as rrules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.events.recurrence import DAYS, Rule, Series, align, check, expand
from portal.events.rhythms import MOST, rule_of
from portal.feeds import ics as feed
from portal.imports import ics_lines, words
from portal.imports.ics import read
from portal.imports.ics_dates import starts
from portal.imports.ics_rules import parse
from portal.imports.ics_times import Times
from portal.imports.items import Item, Reading, Unreadable
from portal.imports.plain import plain, without_emails

ZONE, TODAY = "Europe/Stockholm", date(2026, 6, 1)
ZONES = ("Europe/Stockholm", "Europe/Helsinki", "America/St_Johns")
START, END = "DTSTART:20260601T170000", "DTEND:20260601T183000"


def event(*lines: str, times: tuple[str, ...] = (START, END), uid: str = "a") -> str:
    said = [] if any(line.startswith("SUMMARY") for line in lines) else ["SUMMARY:Sagostund"]
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *said, *times, *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> bytes:
    return ("BEGIN:VCALENDAR\r\n" + "".join(parts) + "END:VCALENDAR\r\n").encode()


def of(*parts: str, zone: str = ZONE, today: date = TODAY) -> Reading:
    return read(calendar(*parts), zone, today)


def only(*lines: str, times: tuple[str, ...] = (START, END)) -> Item:
    found = of(event(*lines, times=times))
    assert [one.code for one in found.problems] == []
    assert len(found.items) == 1
    return found.items[0]


def codes(found: Reading) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in found.problems]


def noted(found: Reading) -> list[str]:
    return [one.code for one in found.notes]


def test_an_event() -> None:
    item = only(
        "DESCRIPTION:Vi läser.\\nVälkommen\\, alla!",
        "LOCATION:Biblioteket\\, sal 2",
        "CATEGORIES:Barn,Sagor\\, rim",
        "CATEGORIES:Barn",
        "URL:https://example.org/sagor?x=1",
        "ORGANIZER;CN=Stadsbiblioteket:mailto:anna@example.org",
        "ATTENDEE;CN=Anna Ek:mailto:anna@example.org",
        "CONTACT:Anna Ek",
        "COMMENT:Anna Ek kommer",
    )
    assert item == Item(
        row=1,
        key="a",
        titles={"sv": "Sagostund"},
        starts=datetime(2026, 6, 1, 17),
        ends=datetime(2026, 6, 1, 18, 30),
        zone=ZONE,
        texts={"sv": "Vi läser.\nVälkommen, alla!"},
        names_unit=False,
        unit="Stadsbiblioteket",
        place="Biblioteket, sal 2",
        categories=("Barn", "Sagor, rim"),
        link="https://example.org/sagor?x=1",
    )


@pytest.mark.parametrize(
    ("start", "wall"),
    [
        (":20260601T170000", "2026-06-01T17:00"),
        (":20260601T150000Z", "2026-06-01T17:00"),
        (";TZID=Europe/Helsinki:20260601T180000", "2026-06-01T17:00"),
        (";TZID=europe/helsinki:20260601T180000", "2026-06-01T17:00"),
        (";TZID=FLE Standard Time:20260601T180000", "2026-06-01T17:00"),
        (";TZID=/mozilla.org/20070129_1/Europe/Helsinki:20260601T180000", "2026-06-01T17:00"),
        (";TZID=/x/America/Argentina/Buenos_Aires:20260601T120000", "2026-06-01T17:00"),
        (';TZID="tzone://Microsoft/Utc":20260601T150000', "2026-06-01T17:00"),
        (';TZID="Europe/London":20260601T160000', "2026-06-01T17:00"),
        (";VALUE=DATE:20260601T1700", "2026-06-01T17:00"),
        # A wall time of ours that does not exist stays, so that the rules can refuse it.
        (":20270328T023000", "2027-03-28T02:30"),
        (":20270328T003000Z", "2027-03-28T01:30"),
    ],
)
def test_times_are_wall_times_here(start: str, wall: str) -> None:
    item = only(times=(f"DTSTART{start}", "DURATION:PT1H"))
    assert item.starts == datetime.fromisoformat(wall)
    assert not item.is_all_day


WRITTEN = (
    "BEGIN:VTIMEZONE\nTZID:Egen tid\n"
    "BEGIN:STANDARD\nDTSTART:16010101T040000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0200\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n"
    "BEGIN:DAYLIGHT\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300\n"
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)))
@settings(max_examples=60, deadline=None)
def test_a_zone_of_the_file_s_own_is_taken_at_its_word(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    helsinki = ZoneInfo("Europe/Helsinki")
    at = moment.replace(tzinfo=helsinki).astimezone(UTC)
    if at.astimezone(helsinki).replace(tzinfo=None) != moment:
        return  # a time that does not exist
    text = event(times=(f"DTSTART;TZID=Egen tid:{moment:%Y%m%dT%H%M%S}", "DURATION:PT1H"))
    for parts in ((WRITTEN, text), (text, WRITTEN)):
        assert of(*parts, zone="UTC").items[0].starts == at.replace(tzinfo=None)


def test_a_zone_of_one_file_is_not_the_next_one_s() -> None:
    text = event(times=("DTSTART;TZID=Egen tid:20260601T170000", "DURATION:PT1H"))
    assert of(WRITTEN, text).problems == []
    assert codes(of(text)) == [(1, "DTSTART", "unknown_zone")]


@pytest.mark.parametrize("tzid", ["", "Mars/Phobos", "localtime", "../../etc/passwd", "x" * 3000])
def test_a_zone_that_nobody_knows_is_not_guessed(tzid: str) -> None:
    found = of(event(times=(f"DTSTART;TZID={tzid}:20260601T170000", END)))
    assert codes(found) == [(1, "DTSTART", "unknown_zone")]
    assert found.refused_keys == {"a"}


@pytest.mark.parametrize(
    ("times", "first", "end"),
    [
        (("DTSTART;VALUE=DATE:20260601",), "2026-06-01", "2026-06-02"),
        (("DTSTART:20260601", "DTEND:20260604"), "2026-06-01", "2026-06-04"),
        (("DTSTART:20260601", "DTEND:20260601"), "2026-06-01", "2026-06-02"),
        (("DTSTART:20260601", "DURATION:P2D"), "2026-06-01", "2026-06-03"),
        (("DTSTART:20260601", "DURATION:P1W"), "2026-06-01", "2026-06-08"),
        (
            (
                "DTSTART;TZID=Europe/Helsinki:20260601T000000",
                "DTEND;TZID=Europe/Helsinki:20260602T000000",
                "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
            ),
            "2026-06-01",
            "2026-06-02",
        ),
        (
            (
                "DTSTART:20260531T220000Z",
                "DTEND:20260601T220000Z",
                "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
            ),
            "2026-06-01",
            "2026-06-02",
        ),
    ],
)
def test_whole_days(times: tuple[str, ...], first: str, end: str) -> None:
    item = only(times=times)
    assert item.is_all_day
    assert (item.starts, item.ends) == (datetime.fromisoformat(first), datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("times", "column", "code"),
    [
        ((START,), "DTEND", "no_end"),
        ((), "DTSTART", "empty"),
        (("DTSTART:i morgon", END), "DTSTART", "not_a_date"),
        (("DTSTART:20260231T170000", END), "DTSTART", "not_a_date"),
        (("DTSTART:00010101T170000", END), "DTSTART", "far_away"),
        ((START, "DTEND:20260601T170000"), "DTEND", "end_before_start"),
        ((START, "DTEND:20260601T160000"), "DTEND", "end_before_start"),
        ((START, "DURATION:-PT1H"), "DTEND", "end_before_start"),
        ((START, "DURATION:en timme"), "DURATION", "not_a_length"),
        ((START, "DURATION:P"), "DURATION", "not_a_length"),
        (("DTSTART:20260601", "DTEND:20260602T120000"), "DTEND", "no_end"),
    ],
)
def test_times_that_cannot_be_used(times: tuple[str, ...], column: str, code: str) -> None:
    assert codes(of(event(times=times))) == [(1, column, code)]


def test_a_leap_second_and_an_evening_over_midnight() -> None:
    item = only(times=("DTSTART:20260601T225960", "DTEND:20260602T013000"))
    assert item.starts == datetime(2026, 6, 1, 22, 59, 59)
    assert item.ends == datetime(2026, 6, 2, 1, 30)


def test_cancelled_and_preliminary() -> None:
    assert only("STATUS:CANCELLED").is_cancelled
    assert only("STATUS:TENTATIVE").is_preliminary
    assert of("METHOD:CANCEL\n", event()).items[0].is_cancelled
    assert not only("STATUS:CONFIRMED").is_cancelled


def test_languages() -> None:
    item = only(
        "SUMMARY;LANGUAGE=en-GB:Story time",
        "SUMMARY;LANGUAGE=sv:Saga",
        "DESCRIPTION;LANGUAGE=fi:Satuja",
    )
    assert item.titles == {"sv": "Saga", "en": "Story time"}
    assert item.texts == {"fi": "Satuja"}
    assert only("SUMMARY;LANGUAGE=en:Story").titles == {"sv": "Story", "en": "Story"}
    assert only("SUMMARY;LANGUAGE=rmy:X").titles == {"sv": "X"}


@pytest.mark.parametrize(
    ("url", "link", "phone"),
    [
        ("HTTPS://example.org", "HTTPS://example.org", ""),
        ("mailto:bibliotek@example.org", "mailto:bibliotek@example.org", ""),
        ("tel:+46-8-123 45", "", "+46-8-123 45"),
    ],
)
def test_links(url: str, link: str, phone: str) -> None:
    item = only(f"URL:{url}")
    assert (item.link, item.phone) == (link, phone)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://bank.example@evil.example/",
        "https://example.org/<script>",
        "https://example.org/ x",
        "//example.org",
        "https://example.org/" + "x" * 300,
        "https:///x",
    ],
)
def test_links_that_are_dropped(url: str) -> None:
    found = of(event(f"URL:{url}"))
    assert found.items[0].link == ""
    assert noted(found) == ["link_dropped"]


def test_nobody_comes_in() -> None:
    found = of(
        "X-WR-CALNAME:anna.ek@example.org\n",
        event(
            "SUMMARY:Möte med anna.ek@example.org",
            "DESCRIPTION:Skriv till <a href=mailto:anna.ek@example.org>anna.ek@example.org</a>!",
            "LOCATION:anna.ek@example.org",
            "CATEGORIES:anna.ek@example.org",
            "ORGANIZER;CN=anna.ek@example.org:mailto:anna.ek@example.org",
            "ATTENDEE;CN=Anna Ek:mailto:anna.ek@example.org",
            "CONTACT:Anna Ek",
        ),
        event("RRULE:anna.ek@example.org", uid="b"),
    )
    assert "anna" not in repr(found).lower()
    assert found.items[0].titles == {"sv": "Möte med"}
    assert noted(found).count("email_dropped") == 3


def test_an_organiser_is_only_a_name_to_look_up() -> None:
    assert only("ORGANIZER;CN=Stadsbiblioteket:mailto:a@example.org").unit == "Stadsbiblioteket"
    assert only("ORGANIZER:mailto:a@example.org").unit == ""
    assert only("ORGANIZER;CN=Anna <a@example.org>:mailto:a@example.org").unit == ""


def test_private_events_are_left_out() -> None:
    found = of(event("CLASS:PRIVATE"), event("CLASS:PUBLIC", uid="b"))
    assert [item.key for item in found.items] == ["b"]
    assert noted(found) == ["private"]


def test_control_characters_and_lengths() -> None:
    item = only(f"SUMMARY:A\x00\x0b\u202eB {'x' * 300}", f"DESCRIPTION:{'y' * 9000}")
    assert item.titles["sv"].startswith("AB x")
    assert (len(item.titles["sv"]), len(item.texts["sv"])) == (200, 8000)
    assert noted(of(event(f"SUMMARY:{'x' * 201}"))) == ["cut"]


def test_html_is_text() -> None:
    text = (
        "<html><head><title>t</title></head><body><p>Rad&nbsp;ett<br/>Rad &aring;</p><ul><li>a"
        '<li>b</ul><script>alert(1)</script><a href="https://example.org/x">Anmäl</a> 1 &lt; 2'
        "<!-- dolt --></body></html>"
    )
    assert plain(text) == ("Rad ett\nRad å\n\n- a\n- b\nAnmäl (https://example.org/x) 1 < 2")
    assert plain("AT&T a < b, c > d &amp; e") == "AT&T a < b, c > d & e"
    assert plain("<a href='https://example.org/'>https://example.org</a>") == "https://example.org"
    assert plain("&lt;script&gt;") == "<script>"
    assert only("X-ALT-DESC;FMTTYPE=text/html:<p>Hej</p>").texts == {"sv": "Hej"}
    assert only("X-ALT-DESC:<p>Hej</p>", "DESCRIPTION:Nej").texts == {"sv": "Nej"}
    assert without_emails("a@b.se, mailto:c@d.se x") == ",  x"


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_any_text_becomes_plain(text: str) -> None:
    found = plain(without_emails(text))
    assert not any(ord(one) < 32 and one != "\n" for one in found)


def test_names_of_calendars_and_what_is_passed_over() -> None:
    found = of("NAME:Sagor\n", "BEGIN:VTODO\nEND:VTODO\n" * 2, event("BEGIN:VALARM\nEND:VALARM"))
    assert found.name == "Sagor"
    assert [(one.column, one.value) for one in found.notes] == [("VTODO", "2"), ("VALARM", "1")]
    assert noted(of()) == ["no_events"]


def test_several_calendars_none_and_every_way_to_write_a_file() -> None:
    text = "BEGIN:VCALENDAR\n" + event("DESCRIPTION:ÅÄÖ åäö " + "é" * 60) + "END:VCALENDAR\n"
    text = text.replace("\r\n", "\n")
    folded = text.encode().replace(b"\xc3\xa9" * 20, b"\xc3\xa9" * 19 + b"\xc3\n \xa9", 1)
    blank = text.replace("DTSTART:", "DTSTART\n\n :").replace("é" * 9, "é\n\t" * 9)
    files = [
        text.encode(),
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("utf-16"),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        text.encode("iso-8859-1"),
        text.replace("\n", "\r").encode(),
        text.replace("\n", "\r\n").encode(),
        folded,
        blank.encode(),
        text.lower().replace("sagostund", "Sagostund").replace("uid:a", "uid:a").encode(),
        event("DESCRIPTION:ÅÄÖ åäö " + "é" * 60).encode(),
        text.replace("END:VCALENDAR\n", "").encode(),
    ]
    for raw in files:
        found = read(raw, ZONE, TODAY)
        assert [item.key for item in found.items] == ["a"], raw[:80]
        assert found.items[0].texts["sv"].casefold() == ("ÅÄÖ åäö " + "é" * 60).casefold()
    both = text.encode() + text.replace("UID:a", "UID:b").encode()
    assert [item.key for item in read(both, ZONE, TODAY).items] == ["a", "b"]


def test_one_bad_event_does_not_lose_the_others() -> None:
    bad = [
        event(times=("DTSTART:x",), uid="b"),
        "BEGIN:VEVENT\nUID:c\nSUMMARY:utan slut\n",
        event("SUMMARY: ", uid="d"),
        event(uid=""),
        "END:VEVENT\n",
        "SKRÄP\n;;;\n:\n",
    ]
    found = of(event(), *bad, event(uid="e"))
    nameless = next(item for item in found.items if item.row == 5)
    assert [item.key for item in found.items] == ["a", nameless.key, "e"]
    assert nameless.key.startswith("~")
    assert nameless.key == next(item for item in of(event(uid="")).items).key
    assert codes(found) == [
        (2, "DTSTART", "not_a_date"),
        (3, "BEGIN", "broken"),
        (4, "SUMMARY", "empty"),
        (6, "BEGIN", "broken"),
    ]
    assert found.refused_keys == {"b", "c", "d"}
    assert found.has_nameless


def test_the_newest_version_counts() -> None:
    old, new = event("SEQUENCE:1", "SUMMARY:Gammal"), event("SEQUENCE:2", "SUMMARY:Ny")
    for parts in ((old, new), (new, old)):
        found = of(*parts)
        assert [item.titles["sv"] for item in found.items] == ["Ny"]
        assert noted(found) == ["older_version"]
    late = event("LAST-MODIFIED:20260102T000000Z", "SUMMARY:Ny")
    assert of(late, event("LAST-MODIFIED:20260101T000000Z")).items[0].titles["sv"] == "Ny"


def test_long_ids_stay_apart() -> None:
    long = "x" * 400
    found = of(event(uid=long + "1"), event(uid=long + "2"))
    assert len({item.key for item in found.items}) == 2
    assert all(len(item.key) <= 180 for item in found.items)


def test_two_items_never_have_one_key() -> None:
    found = of(
        event("RRULE:FREQ=YEARLY;COUNT=2"), event(uid="a/20260601T150000Z"), today=date(2026, 5, 1)
    )
    assert codes(found) == [(2, "UID", "id_twice")]


# Series.


def test_a_series_with_what_is_left_out_moved_and_cancelled() -> None:
    found = of(
        event("RRULE:FREQ=WEEKLY;COUNT=6", "EXDATE:20260608T170000", "LOCATION:Sal 1"),
        event(
            "RECURRENCE-ID:20260615T150000Z",
            "SUMMARY:Flyttad",
            "LOCATION:Sal 2",
            times=("DTSTART:20260616T180000", "DTEND:20260616T190000"),
        ),
        event("RECURRENCE-ID:20260622T170000", "STATUS:CANCELLED", "LOCATION:Sal 1", times=()),
    )
    (item,) = found.items
    assert item.rule == Rule("WEEKLY", date(2026, 7, 6), 1, (0,))
    assert item.exdates == {datetime(2026, 6, 8, 17)}
    moved, gone = item.dates
    assert (moved.recurrence_id, moved.starts) == (
        datetime(2026, 6, 15, 17),
        datetime(2026, 6, 16, 18),
    )
    assert (moved.title, moved.place, moved.is_cancelled) == ("Flyttad", "Sal 2", False)
    assert (gone.title, gone.place, gone.is_cancelled) == ("", "", True)
    assert gone.recurrence_id == datetime(2026, 6, 22, 17)


def test_a_day_that_is_left_out_is_the_whole_day() -> None:
    item = only("RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20260608")
    assert item.exdates == {datetime(2026, 6, 8, 17)}
    found = of(event("RRULE:FREQ=DAILY;BYHOUR=10,17;COUNT=6", "EXDATE;VALUE=DATE:20260602"))
    assert {item.starts.date().day for item in found.items} == {1, 3, 4}


def test_a_date_without_its_series_stands_alone() -> None:
    (item,) = of(event("RECURRENCE-ID:20260601T170000")).items
    assert (item.key, item.group, item.rule) == ("a/20260601T150000Z", "a", None)


def test_a_bad_date_takes_its_series_along() -> None:
    found = of(
        event("RRULE:FREQ=WEEKLY;COUNT=3"),
        event("RECURRENCE-ID:20260608T170000", times=("DTSTART:x",)),
        event(uid="b"),
    )
    assert [item.key for item in found.items] == ["b"]
    assert found.refused_keys == {"a"}


AS_DATES = [
    "FREQ=YEARLY;COUNT=2",
    "FREQ=WEEKLY",
    "FREQ=MONTHLY;BYDAY=1MO,3MO;COUNT=4",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1;COUNT=4",
    "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4",
    "FREQ=DAILY;BYDAY=MO,TU;COUNT=4",
    "FREQ=WEEKLY;INTERVAL=31;COUNT=4",
    "FREQ=WEEKLY;UNTIL=20270801T000000Z",
    "FREQ=DAILY;BYHOUR=10,17;COUNT=4",
    "RSCALE=GREGORIAN;FREQ=YEARLY",
]


@pytest.mark.parametrize("rule", AS_DATES)
def test_what_the_form_cannot_build_becomes_dates(rule: str) -> None:
    found = of(event(f"RRULE:{rule}"))
    assert len(found.items) > 1
    assert all(item.rule is None and item.group == "a" for item in found.items)
    assert all(item.key.startswith("a/2") for item in found.items)
    assert noted(found)[0] == "rule_as_dates"


def test_more_dates_and_dates_with_words_of_their_own() -> None:
    found = of(
        event(
            "RDATE:20260603T170000,20260605T100000/20260605T110000",
            "RDATE;TZID=Europe/Helsinki:20261201T180000",
        ),
        event("RECURRENCE-ID:20260603T170000", "SUMMARY:Gäst", "DESCRIPTION:Välkommen"),
    )
    assert [(item.key[2:], item.titles["sv"]) for item in found.items] == [
        ("20260601T150000Z", "Sagostund"),
        ("20260605T080000Z", "Sagostund"),
        ("20261201T160000Z", "Sagostund"),
        ("20260603T150000Z", "Gäst"),
    ]
    assert found.items[2].starts == datetime(2026, 12, 1, 17)


def test_at_most_five_hundred_dates_the_coming_ones_first() -> None:
    found = of(event("RRULE:FREQ=DAILY", times=("DTSTART:20200101T170000", "DURATION:PT1H")))
    days = [item.starts.date() for item in found.items]
    assert (len(days), days[0], noted(found)) == (500, TODAY, ["rule_as_dates", "dates_cut"])
    found = of(event("RRULE:FREQ=WEEKLY", times=("DTSTART:20200101T170000", "DURATION:PT1H")))
    days = [item.starts.date() for item in found.items]
    assert TODAY - timedelta(400) <= days[0] < TODAY - timedelta(390)
    assert TODAY + timedelta(720) < days[-1] <= TODAY + timedelta(731)


def test_series_or_dates_does_not_change_with_the_day() -> None:
    for rule in (*AS_DATES, "FREQ=WEEKLY;COUNT=50", "FREQ=MONTHLY;UNTIL=20270101"):
        kinds = set()
        for days in range(-300, 700, 40):
            found = of(event(f"RRULE:{rule}"), today=TODAY + timedelta(days))
            kinds |= {(item.rule is not None, bool(item.group)) for item in found.items}
        assert len(kinds) == 1, rule


def test_a_clock_that_differs_over_the_year_gives_dates() -> None:
    utc = ("DTSTART:20260901T150000Z", "DTEND:20260901T160000Z")
    found = of(event("RRULE:FREQ=WEEKLY;COUNT=20", times=utc))
    assert {item.starts.hour for item in found.items} == {17, 16}
    # In one half of the year it is the same.
    summer = ("DTSTART:20260601T150000Z", "DTEND:20260601T160000Z")
    assert of(event("RRULE:FREQ=WEEKLY;COUNT=5", times=summer)).items[0].rule is not None


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260622", 22),
        ("20260622T150000Z", 22),
        ("20260622T145959Z", 15),
        ("20260622T170000", 22),
        ("20260622T165959", 15),
    ],
)
def test_until(until: str, last: int) -> None:
    rule = only(f"RRULE:FREQ=WEEKLY;UNTIL={until}").rule
    assert rule is not None
    assert rule.until == date(2026, 6, last)


@pytest.mark.parametrize(
    ("until", "last"), [("20260603", 3), ("20260602T220000Z", 3), ("20260603T235959Z", 3)]
)
def test_until_of_whole_days(until: str, last: int) -> None:
    rule = only(f"RRULE:FREQ=DAILY;UNTIL={until}", times=("DTSTART:20260601",)).rule
    assert rule is not None
    assert rule.until == date(2026, 6, last)


def test_until_before_the_start_leaves_no_date() -> None:
    found = of(event("RRULE:FREQ=WEEKLY;UNTIL=20260101T000000Z"))
    assert (found.items, found.problems, noted(found)) == ([], [], ["no_dates_now"])


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("RRULE:FREQ=SECONDLY", "sub_daily"),
        ("RRULE:FREQ=MINUTELY;COUNT=2", "sub_daily"),
        ("RRULE:FREQ=HOURLY;INTERVAL=24", "sub_daily"),
        ("RRULE:FREQ=DAILY;BYMINUTE=0,30", "sub_daily"),
        ("RRULE:FREQ=DAILY;BYHOUR=8,9,10,11,12,13,14", "sub_daily"),
        ("RRULE:FREQ=DAILY;INTERVAL=0", "unknown_rule"),
        ("RRULE:FREQ=DAILY;COUNT=-1", "unknown_rule"),
        ("RRULE:FREQ=OFTEN", "unknown_rule"),
        ("RRULE:FREQ=WEEKLY;BYDAY=2MO", "unknown_rule"),
        ("RRULE:FREQ=DAILY;BYMONTH=13", "unknown_rule"),
        ("RRULE:FREQ=DAILY;BYEASTER=1", "unknown_rule"),
        ("RRULE:RSCALE=HEBREW;FREQ=YEARLY", "unknown_rule"),
        ("RRULE:FREQ=YEARLY;SKIP=FORWARD", "unknown_rule"),
        ("RRULE:W1 MO #10", "unknown_rule"),
        ("EXRULE:FREQ=DAILY", "unknown_rule"),
    ],
)
def test_rules_that_are_refused(line: str, code: str) -> None:
    lines = [line] if line.startswith("RRULE") else ["RRULE:FREQ=WEEKLY;COUNT=3", line]
    found = of(event(*lines))
    assert codes(found) == [(1, line.partition(":")[0], code)]
    assert found.items == []


def test_this_and_future_is_refused_with_its_series() -> None:
    later = event("RECURRENCE-ID;RANGE=THISANDFUTURE:20260608T170000")
    found = of(event("RRULE:FREQ=WEEKLY;COUNT=3"), later)
    assert codes(found) == [(2, "RECURRENCE-ID", "this_and_future")]
    assert found.items == []


def test_every_code_has_words() -> None:
    folder = Path(ics_lines.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("ics*.py"))
    said = re.compile(r'(?:Refused|[Nn]ote|Unreadable)\([^"()]*(?:"[A-Z-]+", )?"([a-z_]+)"')
    codes = {found[1] for found in said.finditer(source)}
    assert {"empty", "unknown_zone", "too_deep", "private", "cut"} <= codes
    assert codes <= {*words.ROW, *words.UNREADABLE}


def test_unreadable_says_why() -> None:
    with pytest.raises(Unreadable) as caught:
        read(b"x" * (ics_lines.MOST_BYTES + 1), ZONE, TODAY)
    assert caught.value.code == "too_big"
    assert caught.value.facts == {"bytes": 2_000_001, "most": 2_000_000}


# There and back: what the portal's own form builds and its own feed writes.


@st.composite
def series(draw: Any) -> Series:
    starts = datetime.combine(
        draw(st.dates(date(2026, 1, 1), date(2026, 12, 31))),
        draw(st.times()).replace(second=0, microsecond=0),
    )
    is_all_day = draw(st.booleans())
    if is_all_day:
        starts = datetime.combine(starts.date(), datetime.min.time())
        ends = starts + timedelta(days=draw(st.integers(1, 3)))
    else:
        ends = starts + timedelta(minutes=draw(st.integers(15, 600)))
    rhythm = draw(
        st.sampled_from(["weekly", "fortnightly", "daily", "month_date", "month_nth", "month_last"])
    )
    every = None if rhythm == "fortnightly" else draw(st.integers(1, MOST))
    weekdays = draw(st.sets(st.integers(0, 6), max_size=3)) if "week" in rhythm else set()
    until = starts.date() + timedelta(days=draw(st.integers(0, 399)))
    rule = rule_of(rhythm, starts.date(), until, every, tuple(sorted(weekdays)))
    zone = draw(st.sampled_from(ZONES))
    if not isinstance(rule, Rule):
        return Series(starts, ends, zone, is_all_day)
    found = align(Series(starts, ends, zone, is_all_day, rule))
    made = [dated.recurrence_id for dated in expand(found)]
    gone = draw(st.sets(st.sampled_from(made), max_size=3)) if made else set()
    return Series(found.starts, found.ends, zone, is_all_day, rule, frozenset(gone))


@given(series())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_series_there_and_back(built: Series) -> None:
    if check(built):
        return
    at = datetime(2026, 1, 1, tzinfo=UTC)
    said = feed.Words("Sagostund", "Välkommen, alla; å \\ ä")
    entry = feed.Entry("a", 1, at, at, built, "CONFIRMED", said, "sv", "https://example.org")
    header = feed.Header("Sagor", "", "sv", "", "", "u", (built.zone,))
    raw = feed.calendar(header, [feed.vevents(entry)])
    found = read(raw, built.zone, TODAY)
    assert found.problems == []
    assert (found.name, found.items[0].texts) == ("Sagor", {"sv": "Välkommen, alla; å \\ ä"})
    back: list[datetime] = []
    for item in found.items:
        again = Series(item.starts, item.ends, item.zone, item.is_all_day, item.rule, item.exdates)
        assert again.length == built.length
        back += [dated.starts_at for dated in expand(again)]
    assert back == [dated.starts_at for dated in expand(built)]
    is_month_end = built.rule is not None and (built.rule.month_day or 0) > 28
    if len(back) > 1 and not is_month_end:
        assert found.items[0].rule is not None


# The counting of rules against dateutil.

RULES = st.builds(
    lambda freq, interval, parts: ";".join([f"FREQ={freq}", f"INTERVAL={interval}", *parts]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.integers(1, 5),
    st.lists(
        st.one_of(
            st.integers(1, 12).map(lambda n: f"BYMONTH={n}"),
            st.integers(-31, 31).filter(bool).map(lambda n: f"BYMONTHDAY={n}"),
            st.sets(st.sampled_from(DAYS), min_size=1, max_size=3).map(
                lambda days: "BYDAY=" + ",".join(sorted(days))
            ),
            st.tuples(st.integers(-5, 5).filter(bool), st.sampled_from(DAYS)).map(
                lambda pair: f"BYDAY={pair[0]}{pair[1]}"
            ),
            st.integers(-20, 20).filter(bool).map(lambda n: f"BYYEARDAY={n * 9}"),
            st.integers(-53, 53).filter(bool).map(lambda n: f"BYWEEKNO={n}"),
            st.integers(-4, 4).filter(bool).map(lambda n: f"BYSETPOS={n}"),
            st.sampled_from(["BYHOUR=9,17", "BYHOUR=8", "BYMINUTE=30"]),
            st.sampled_from(DAYS).map(lambda day: f"WKST={day}"),
            st.integers(1, 40).map(lambda n: f"COUNT={n}"),
        ),
        max_size=4,
        unique_by=lambda part: part.partition("=")[0],
    ),
)


@given(RULES, st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)), st.integers(0, 900))
@settings(max_examples=400, deadline=None)
def test_rules_are_counted_out_as_dateutil_does(rule: str, start: datetime, later: int) -> None:
    start = start.replace(second=0, microsecond=0)
    component = ics_lines.Component("VEVENT", is_whole=True)
    line = ics_lines.Line("RRULE", {}, rule)
    try:
        repeat = parse(line, Times(ZONE), component)
    except Exception:  # what is refused is tested above
        return
    if "BYWEEKNO" in repeat.by and not repeat.weekdays:
        return  # dateutil takes the whole week, RFC 5545 the weekday of the start
    first = start.date() + timedelta(days=later)
    last = first + timedelta(days=800)
    theirs = itertools.takewhile(lambda moment: moment.date() <= last, _by_dateutil(rule, start))
    expected = [moment for moment in theirs if moment.date() >= first]
    assert list(starts(repeat, start, first, last, lambda _: None)) == expected


def _by_dateutil(rule: str, start: datetime) -> list[datetime]:
    found = rrules.rrulestr(rule, dtstart=start)
    # Otherwise dateutil would look until the year 9999 for what never comes.
    earlier = SimpleNamespace(**{**vars(rrules.datetime), "MAXYEAR": 2031})
    with mock.patch.object(rrules, "datetime", earlier):
        return list(found)

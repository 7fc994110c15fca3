"""Titles of odd characters come through the feed as they were typed, ten thousand of them."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_from_bytes, urlencode

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core.extensions import db
from portal.core.text import clean
from portal.events.models import Event
from portal.events.recurrence import Series
from portal.feeds.ics import Entry, Header, Words, calendar, vevents
from tests.support.factories import NOW, ZONE, details
from tests.support.icalpy import IcalJs
from tests.support.portal_app import Browser
from tests.support.requirements import COUNTED

SEED = 20_261_120
AT_ONCE = 250
START = datetime(2026, 11, 25, 17)
DAY = (datetime(2026, 11, 25, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
SITE = "https://a.example"
HEADER = Header("Mötesplatser", "", "sv", SITE, f"{SITE}/a.ics", "u", (ZONE,))

# What people paste, what software leaves behind, and what would be taken for iCalendar.
MARKS = [
    "\\",
    ";",
    ",",
    ":",
    '"',
    "'",
    "\\n",
    "\\,",
    "\\\\",
    "^n",
    "%0A",
    "&amp;",
    "<b>",
    "{{ 7 }}",
]
BREAKS = ["\n", "\r\n", "\r", "\n ", "\n\n\n", "\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"]
CONTROLS = [
    "\x00",
    "\x07",
    "\x1b[0m",
    "\x1f",
    "\x7f",
    "\x9f",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\ufffd",
]
UNSEEN = ["\u00ad", "\u200b", "\u200d", "\u2060", "\u00a0", "\u3000", "\U000e0001", "\U0010ffff"]
WAYS = ["\u202e", "\u2066", "\u2069", "\u061c", "\u200f", "\ue000", "\ud800", "\udfff", "\ud83d"]
STACKS = [
    "a\u0301",
    "o\u0308\u0323",
    "Z" + "\u0335\u0321" * 40,
    "e\u0301" * 30,
    "\u0301",
    "\u200d\u200d",
]
SCRIPTS = [
    "ﷺ",
    "שלום",
    "مرحبا",
    "ᚠᛇᚻ",
    "नमस्ते",
    "ไทย",
    "한국어",
    "각",
    "日本語",
    "𝕬𝖇",
    "𠜎",
    "ﬁ",
    "ǆ",
    "ß",
    "İ",
]
PICTURES = ["👩\u200d👩\u200d👧\u200d👦", "🏳\ufe0f\u200d🌈", "👍🏽", "🇸🇪", "☕", "1\ufe0f\u20e3"]
CALENDARS = ["BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR", "\r\nEND:VEVENT\r\nBEGIN:VALARM"]
CALENDARS += ["\nATTENDEE:mailto:a@b.se", "SUMMARY;LANGUAGE=sv:", "RRULE:FREQ=DAILY", "=?utf-8?q?"]
LONG = [" ", "   ", "x" * 75, "x" * 60, "ö" * 38, "☕" * 25, "å" * 500, "Språkcafé", "…", "–", "”"]
ODD = MARKS + BREAKS + CONTROLS + UNSEEN + WAYS + STACKS + SCRIPTS + PICTURES + CALENDARS + LONG
# What is nothing once it is cleaned.
EMPTY = ["", " \t\r\n", "\x00", "\u2028\ufeff", "\U0010ffff\ue000"]
PLANES = [(0x20, 0x250), (0x250, 0x3000), (0x3000, 0xD800), (0xD800, 0xE000), (0xE000, 0x10000)]
PLANES += [(first, first + 0x10000) for first in range(0x10000, 0x110000, 0x10000)]


def titles(count: int) -> list[str]:
    """Odd titles, all different, the same ones each time."""
    rng, made = random.Random(SEED), dict.fromkeys(ODD)
    while len(made) < count:
        parts = []
        for _ in range(rng.choice([1, 2, 3, 5, 8])):
            first, last = rng.choice(PLANES)
            letters = "".join(chr(rng.randrange(first, last)) for _ in range(rng.randint(0, 12)))
            parts.append(rng.choice([letters, rng.choice(ODD), rng.choice(ODD)]))
        made["".join(parts) * rng.choice([1, 1, 1, 1, 1, 9])] = None
    return list(made)[:count]


def wanted(title: str) -> str:
    """What the papers say is left: cleaned, tabs as spaces, and no word joiners."""
    return clean(title).replace("\t", " ").replace("\u2060", "")


def check_clean(title: str) -> None:
    """The cleaning itself, said over again: nothing that no calendar may carry, all the rest."""
    left = clean(title)
    for letter in left:
        assert unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn") or letter in "\n\t"
    assert not set(left) & set("\u202a\u202b\u202d\u202e\ufeff\u2028\u2029\x85")
    assert clean(left) == left
    if title.isprintable():
        assert left == unicodedata.normalize("NFC", title)


def feed_of(some: list[str]) -> bytes:
    """A calendar with an event for each title, which is its place as well."""
    series = Series(START, START + timedelta(hours=1), ZONE)
    made = datetime(2026, 9, 1, 8, tzinfo=UTC)

    def entry(number: int, title: str) -> Entry:
        words = Words(title, "", title)
        return Entry(f"{number}", 1, made, made, series, "CONFIRMED", words, "sv", f"{SITE}/e")

    return calendar(HEADER, [vevents(entry(number, title)) for number, title in enumerate(some)])


def check_lines(feed: bytes) -> None:
    """RFC 5545 3.1: lines of at most 75 octets, CRLF, no control character, no cut letter."""
    assert feed.endswith(b"\r\n")
    for line in feed[:-2].split(b"\r\n"):
        assert 0 < len(line) <= 75, line
        line.decode()
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?!\n)", feed)


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.storm)])
def test_odd_titles_come_back_as_they_were(
    ical_js: IcalJs, count: int, record_property: Callable[[str, object], None]
) -> None:
    some = titles(count)
    assert len(set(some)) == count
    for title in some:
        check_clean(title)
    for batch in (some[at : at + AT_ONCE] for at in range(0, count, AT_ONCE)):
        feed = feed_of(batch)
        check_lines(feed)
        expected = [wanted(title) for title in batch]
        by_number = {int(event["UID"]): event for event in Calendar.from_ical(feed).walk("VEVENT")}
        read = [by_number[number] for number in range(len(batch))]
        assert [str(event["SUMMARY"]) for event in read] == expected
        assert [str(event.get("LOCATION", "")) for event in read] == expected
        found = {int(one["uid"]): one for one in ical_js.read(feed, *DAY)}
        assert [found[number]["summary"] for number in range(len(batch))] == expected
        assert [found[number]["location"] for number in range(len(batch))] == expected
    record_property(COUNTED, f"{count} odd titles")


# --- through the form ---------------------------------------------------------------------


def as_typed(title: str) -> str:
    """A form's field as a browser sends it; half a pair of surrogates as three raw octets."""
    return "title=" + quote_from_bytes(title.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_odd_titles_are_cleaned_at_the_form(
    city: Flask,
    client: Browser,
    freeze: Callable[[datetime], None],
    ical_js: IcalJs,
    engine: str,
) -> None:
    """None makes the form fail; what is taken is in the feed as it is on the page."""
    freeze(NOW)
    client.sign_in("editor@small.example")
    with city.app_context():
        what = details()
        chosen = {"unit": what.unit_id, "kind": what.kind_id, "place": what.place_id}
    rest = {"first_day": "2026-11-25", "starts": "17:00", "ends": "18:00", "repeat": "once"}
    sent = urlencode({"csrf_token": client.token(), "do": "publish", **chosen, **rest})
    kind = "application/x-www-form-urlencoded"
    kinds = [MARKS, BREAKS, CONTROLS, UNSEEN, WAYS, STACKS[2:], SCRIPTS, PICTURES, CALENDARS]
    some = [*("".join(kind)[:110] for kind in kinds), *EMPTY, "Slut\\", "\ud83d\ude00", "x" * 121]
    taken = []
    for title in some:
        answer = client.post(
            "/staff/events/new", data=f"{sent}&{as_typed(title)}", content_type=kind
        )
        assert answer.status_code in (303, 422), (title, answer.status_code)
        is_good = 0 < len(clean(sane(title)).strip()) <= 120
        assert (answer.status_code == 303) == is_good, ascii(title)
        taken += [title] if answer.status_code == 303 else []
    with city.app_context():
        stored = {event.uid: event.titles["sv"] for event in db.session.query(Event)}
    assert len(stored) == len(taken)
    for title in stored.values():
        check_clean(title)
        assert title == clean(title).strip()
        assert "\n" not in title
    feed = client.get("/feeds/all.sv.ics").data
    check_lines(feed)
    found = ical_js.read(feed, *DAY)
    assert {one["uid"]: one["summary"] for one in found} == {
        uid: wanted(title) for uid, title in stored.items()
    }


def sane(title: str) -> str:
    """What a server reads from octets that are not UTF-8."""
    return title.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

"""Writing iCalendar (RFC 5545, RFC 7986), byte for byte the same for the same data. Pure.

The rules behind each choice are in docs/feeds.md. In short: TZID with a VTIMEZONE of two
yearly rules, UNTIL in UTC, one EXDATE a line, no RDATE, no THISANDFUTURE, no METHOD, no
ORGANIZER, no ATTENDEE, no alarm, and DTSTAMP is the revision, never now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portal.core.text import clean
from portal.events.recurrence import Series
from portal.events.rrule import format_rrule
from portal.feeds.vtimezone import vtimezone

PRODID = "-//Portal//Meeting places 1.0//EN"
CRLF = "\r\n"
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


@dataclass(frozen=True)
class Words:
    """What a component says, already in the feed's language. Times and status are elsewhere."""

    summary: str
    description: str
    location: str = ""
    geo: tuple[float, float] | None = None


@dataclass(frozen=True)
class Override:
    """One date that differs from its series: moved, cancelled, or written out.

    `starts` and `ends` are wall times in the series' zone; `status` is RFC 5545's.
    """

    recurrence_id: datetime
    starts: datetime
    ends: datetime
    status: str
    words: Words


@dataclass(frozen=True)
class Entry:
    """One event as a feed knows it: the series and its overrides share UID and revision."""

    uid: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    series: Series
    status: str
    words: Words
    language: str
    url: str
    categories: tuple[str, ...] = ()
    contact: str = ""
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True)
class Header:
    """The calendar around the events. `refresh` is how often clients are asked to look."""

    name: str
    description: str
    language: str
    url: str
    source: str
    uid: str
    zones: tuple[str, ...] = ()
    refresh: timedelta = timedelta(hours=4)
    is_subscription: bool = True


def text(value: str) -> str:
    """A TEXT value (RFC 5545 3.3.11): controls out, the four specials escaped."""
    # Word joiners keep times together on pages; old calendars draw a box for them.
    return clean(value).replace("\t", " ").replace("\u2060", "").translate(_ESCAPES)


def fold(line: str) -> str:
    """A content line of at most 75 octets a row, never cut inside a letter (RFC 5545 3.1)."""
    octets = line.encode()
    if len(octets) <= 75:
        return line
    rows, start, room = [], 0, 75
    while start < len(octets):
        end = min(start + room, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1  # this octet goes on with a letter
        rows.append(octets[start:end])
        start, room = end, 74
    return b"\r\n ".join(rows).decode()


def utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _param(language: str) -> str:
    return f";LANGUAGE={language}" if language else ""


class _Writer:
    """Collects folded lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines.append(fold(line))

    def time(self, name: str, moment: datetime, series: Series) -> None:
        if series.is_all_day:
            self.lines.append(f"{name};VALUE=DATE:{moment:%Y%m%d}")
        else:
            self.add(f"{name};TZID={series.zone}:{moment:%Y%m%dT%H%M%S}")

    def words(self, words: Words, entry: Entry) -> None:
        language = _param(entry.language)
        self.add(f"SUMMARY{language}:{text(words.summary)}")
        if words.description:
            self.add(f"DESCRIPTION{language}:{text(words.description)}")
        if words.location:
            self.add(f"LOCATION{language}:{text(words.location)}")
        if words.geo is not None:
            self.add(f"GEO:{words.geo[0]:.6f};{words.geo[1]:.6f}")

    def stamps(self, entry: Entry) -> None:
        self.lines.append("BEGIN:VEVENT")
        self.add(f"UID:{entry.uid}")
        self.add(f"DTSTAMP:{utc(entry.revised_at)}")
        self.add(f"CREATED:{utc(entry.created_at)}")
        self.add(f"LAST-MODIFIED:{utc(entry.revised_at)}")
        self.add(f"SEQUENCE:{entry.sequence}")

    def close(self, entry: Entry, status: str) -> None:
        if entry.categories:
            self.add(f"CATEGORIES{_param(entry.language)}:" + ",".join(map(text, entry.categories)))
        self.add(f"URL:{entry.url}")
        if entry.contact:
            self.add(f"CONTACT{_param(entry.language)}:{text(entry.contact)}")
        self.lines += [f"STATUS:{status}", "CLASS:PUBLIC", "TRANSP:TRANSPARENT", "END:VEVENT"]

    def bytes(self) -> bytes:
        return (CRLF.join(self.lines) + CRLF).encode()


def vevents(entry: Entry) -> bytes:
    """The series' VEVENT and one for each override, as UTF-8 lines with CRLF."""
    out, series = _Writer(), entry.series
    out.stamps(entry)
    out.time("DTSTART", series.starts, series)
    out.time("DTEND", series.ends, series)
    if series.rule is not None:
        out.add("RRULE:" + format_rrule(series))
        for exdate in sorted(series.exdates):
            out.time("EXDATE", exdate, series)
    out.words(entry.words, entry)
    out.close(entry, entry.status)
    for override in entry.overrides:
        out.stamps(entry)
        out.time("RECURRENCE-ID", override.recurrence_id, series)
        out.time("DTSTART", override.starts, series)
        out.time("DTEND", override.ends, series)
        out.words(override.words, entry)
        out.close(entry, override.status)
    return out.bytes()


def single(entry: Entry, override: Override) -> bytes:
    """One date as a VEVENT of its own, for a download: no rule, no RECURRENCE-ID.

    A lone occurrence that still carried the rule would move a whole series in the reader's
    calendar; its UID is the series' with the date, so it never meets a subscription's.
    """
    out = _Writer()
    alone = Entry(**{**entry.__dict__, "uid": f"{entry.uid}-{override.recurrence_id:%Y%m%dT%H%M}"})
    out.stamps(alone)
    out.time("DTSTART", override.starts, entry.series)
    out.time("DTEND", override.ends, entry.series)
    out.words(override.words, entry)
    out.close(alone, override.status)
    return out.bytes()


def calendar(header: Header, bodies: Iterable[bytes]) -> bytes:
    """A whole VCALENDAR around finished VEVENTs. An empty one is valid and stays subscribed."""
    out = _Writer()
    out.lines += ["BEGIN:VCALENDAR", "VERSION:2.0"]
    out.add(f"PRODID:{PRODID}")
    out.add("CALSCALE:GREGORIAN")
    if header.is_subscription:
        language = _param(header.language)
        out.add(f"UID:{header.uid}")
        out.add(f"NAME{language}:{text(header.name)}")
        out.add(f"X-WR-CALNAME:{text(header.name)}")
        out.add(f"DESCRIPTION{language}:{text(header.description)}")
        out.add(f"X-WR-CALDESC:{text(header.description)}")
        if header.zones:
            out.add(f"X-WR-TIMEZONE:{header.zones[0]}")
        out.add(f"URL:{header.url}")
        out.add(f"SOURCE;VALUE=URI:{header.source}")
        hours = int(header.refresh.total_seconds() // 3600)
        out.add(f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H")
        out.add(f"X-PUBLISHED-TTL:PT{hours}H")
        out.add("COLOR:steelblue")
    zones = b"".join(vtimezone(zone) for zone in header.zones)
    return b"".join((out.bytes(), zones, *bodies, b"END:VCALENDAR\r\n"))

"""Writing iCalendar (RFC 5545, RFC 7986), byte for byte the same for the same data. Pure.

The rules behind each choice are in docs/feeds.md. In short: TZID with a VTIMEZONE of two
yearly rules, UNTIL in UTC, one EXDATE a line, no RDATE, no THISANDFUTURE, no METHOD, no
ORGANIZER, no ATTENDEE, no alarm, and DTSTAMP is the revision, never now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from portal.core.text import clean
from portal.events.recurrence import Series
from portal.events.rrule import format_rrule
from portal.feeds.month_ends import month_ends
from portal.feeds.vtimezone import vtimezone

PRODID = "-//Portal//Meeting places 1.0//EN"
CRLF = "\r\n"


@dataclass(slots=True)
class Words:
    """What a component says, already in the feed's language. Times and status are elsewhere.

    `language` is given where the words are in another than the entry's.
    """

    summary: str
    description: str
    location: str = ""
    geo: tuple[float, float] | None = None
    language: str = ""


@dataclass(slots=True)
class Override:
    """One date that differs from its series: moved, cancelled, or written out.

    `starts` and `ends` are wall times in the series' zone; `status` is RFC 5545's. `contact`
    is the entry's where none is given.
    """

    recurrence_id: datetime
    starts: datetime
    ends: datetime
    status: str
    words: Words
    contact: str | None = None


@dataclass(slots=True)
class Entry:
    """One event as a feed knows it: the series and its overrides share UID and revision.

    `rrule` is the series' rule as text, where somebody has written it already.
    """

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
    rrule: str = ""


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
    prodid: str = PRODID
    color: str = "steelblue"


def text(value: str) -> str:
    """A TEXT value (RFC 5545 3.3.11): controls out, the four specials escaped."""
    # Word joiners keep times together on pages; old calendars draw a box for them.
    value = clean(value).replace("\t", " ").replace("\u2060", "").replace("\\", "\\\\")
    return value.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def fold(line: str) -> str:
    """A content line of at most 75 octets a row, never cut inside a letter (RFC 5545 3.1)."""
    if len(line) <= 75 and line.isascii():
        return line
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
    return _basic(moment.astimezone(UTC)) + "Z"


def _basic(moment: datetime) -> str:
    """RFC 5545's own way of writing a time, many times faster than strftime."""
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _param(language: str) -> str:
    return f";LANGUAGE={language}" if language else ""


def _said(name: str, value: str, language: str) -> str:
    return fold(f"{name}{_param(language)}:{text(value)}")


def _time(name: str, moment: datetime, series: Series) -> str:
    if series.is_all_day:
        return f"{name};VALUE=DATE:{_basic(moment)[:8]}"
    return f"{name};TZID={series.zone}:{_basic(moment)}"


def _begin(entry: Entry) -> str:
    """How each component of an entry begins."""
    revised = utc(entry.revised_at)
    return (
        f"BEGIN:VEVENT\r\n{fold('UID:' + entry.uid)}\r\nDTSTAMP:{revised}\r\n"
        f"CREATED:{utc(entry.created_at)}\r\nLAST-MODIFIED:{revised}\r\nSEQUENCE:{entry.sequence}"
    )


def _words(words: Words, entry: Entry) -> list[str]:
    language = words.language or entry.language
    lines = [_said("SUMMARY", words.summary, language)]
    if words.description:
        lines.append(_said("DESCRIPTION", words.description, language))
    return [*lines, *_place(words.location, words.geo, language)]


# Places, hosts and kinds are few, and stand in many events.
@lru_cache(maxsize=2048)
def _place(location: str, geo: tuple[float, float] | None, language: str) -> tuple[str, ...]:
    where = [_said("LOCATION", location, language)] if location else []
    return (*where, *([f"GEO:{geo[0]:.6f};{geo[1]:.6f}"] if geo is not None else []))


@lru_cache(maxsize=512)
def _categories(names: tuple[str, ...], language: str) -> tuple[str, ...]:
    named = ",".join(map(text, names))
    return (fold(f"CATEGORIES{_param(language)}:{named}"),) if names else ()


@lru_cache(maxsize=2048)
def _end(contact: str, language: str, status: str) -> tuple[str, ...]:
    asked = (_said("CONTACT", contact, language),) if contact else ()
    return (*asked, f"STATUS:{status}", "CLASS:PUBLIC", "TRANSP:TRANSPARENT", "END:VEVENT")


def _component(entry: Entry, words: Words, status: str, contact: str) -> list[str]:
    """What stands in a component after its times."""
    lines = [*_words(words, entry), *_categories(entry.categories, entry.language)]
    if entry.url:
        lines.append(fold(f"URL:{entry.url}"))
    return [*lines, *_end(contact, entry.language, status)]


def _override(override: Override, entry: Entry) -> list[str]:
    contact = entry.contact if override.contact is None else override.contact
    return [
        _time("DTSTART", override.starts, entry.series),
        _time("DTEND", override.ends, entry.series),
        *_component(entry, override.words, override.status, contact),
    ]


def _bytes(lines: list[str]) -> bytes:
    return (CRLF.join(lines) + CRLF).encode()


def vevents(entry: Entry) -> bytes:
    """The series' VEVENT and one for each override, as UTF-8 lines with CRLF."""
    series, begin = entry.series, _begin(entry)
    lines = [begin, _time("DTSTART", series.starts, series), _time("DTEND", series.ends, series)]
    rule = entry.rrule or format_rrule(series)
    if rule:
        lines.append(fold(f"RRULE:{rule}"))
        left_out = series.exdates | month_ends(rule, series)
        lines += [_time("EXDATE", exdate, series) for exdate in sorted(left_out)]
    lines += _component(entry, entry.words, entry.status, entry.contact)
    for override in entry.overrides:
        lines += [begin, _time("RECURRENCE-ID", override.recurrence_id, series)]
        lines += _override(override, entry)
    return _bytes(lines)


def single(entry: Entry, override: Override) -> bytes:
    """One date as a VEVENT of its own, for a download: no rule, no RECURRENCE-ID.

    A lone occurrence that still carried the rule would move a whole series in the reader's
    calendar; its UID is the series' with the date, so it never meets a subscription's.
    """
    alone = replace(entry, uid=f"{entry.uid}-{override.recurrence_id:%Y%m%dT%H%M}")
    return _bytes([_begin(alone), *_override(override, alone)])


def calendar(header: Header, bodies: Iterable[bytes]) -> bytes:
    """A whole VCALENDAR around finished VEVENTs. An empty one is valid and stays subscribed.

    What the header leaves empty is left out: a quiet calendar says neither whose it is nor
    where it comes from.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{header.prodid}", "CALSCALE:GREGORIAN"]
    if header.is_subscription:
        hours = int(header.refresh.total_seconds() // 3600)
        said, about = _param(header.language), text(header.description)
        named = [
            (f"UID:{header.uid}", True),
            (f"NAME{said}:{text(header.name)}", True),
            (f"X-WR-CALNAME:{text(header.name)}", True),
            (f"DESCRIPTION{said}:{about}", about),
            (f"X-WR-CALDESC:{about}", about),
            (f"X-WR-TIMEZONE:{''.join(header.zones[:1])}", header.zones),
            (f"URL:{header.url}", header.url),
            (f"SOURCE;VALUE=URI:{header.source}", header.source),
            (f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H", True),
            (f"X-PUBLISHED-TTL:PT{hours}H", True),
            (f"COLOR:{header.color}", header.color),
        ]
        lines += [fold(line) for line, is_there in named if is_there]
    zones = b"".join(vtimezone(zone) for zone in header.zones)
    return b"".join((_bytes(lines), zones, *bodies, b"END:VCALENDAR\r\n"))

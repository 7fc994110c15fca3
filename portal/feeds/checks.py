"""Whether a finished feed is one that no calendar misreads: its bytes, checked. Pure.

Each rule is one that somebody's calendar was found to need; docs/feeds.md says which. The feed
is read by lines.py, never with what wrote it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from portal.core.problems import Problem
from portal.feeds.lines import Component, Fault, Property, byte_faults, read

# Google's limit for a calendar that it fetches, as others found it (research: ical-relay#212).
LIMIT = 1_000_000
NEAR = 0.8
# Each change of an event is stamped a second after the last one, so many in one second are
# stamped a little ahead.
AHEAD = timedelta(minutes=10)
# Properties and components that make events into invitations or are read in two ways.
UNWANTED = {"METHOD", "ORGANIZER", "ATTENDEE", "RDATE", "EXRULE"}
NEEDED = ("UID", "DTSTAMP", "DTSTART", "SUMMARY", "LAST-MODIFIED", "SEQUENCE")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?", re.ASCII)


@dataclass(frozen=True)
class Report:
    """What was found. A problem's facts: `line` of the file, `text` of it, `uid` of the event
    where one is meant, and `times`, how often the same was found."""

    problems: tuple[Problem, ...]
    size: int
    events: int

    @property
    def is_sound(self) -> bool:
        return all(one.code == "size_near" for one in self.problems)


def check(data: bytes, now: datetime) -> Report:
    """Everything that is wrong with a feed's bytes; `now` is aware."""
    calendars, faults = read(data)
    found: list[Fault] = [*byte_faults(data), *faults, *_calendars(calendars)]
    series: dict[str, list[Component]] = defaultdict(list)
    for calendar in calendars:
        zones = {part.value("TZID") for part in calendar.parts if part.name == "VTIMEZONE"}
        for part in calendar.parts:
            if part.name == "VEVENT":
                found += _event(part, zones, now)
                series[part.value("UID")].append(part)
    for parts in series.values():
        found += _series(parts)
    begins = sorted((part.line, uid) for uid, parts in series.items() for part in parts)
    return Report((*_sized(len(data)), *_told_once(found, begins)), len(data), len(series))


def _sized(size: int) -> Iterator[Problem]:
    facts = {"size": size, "limit": LIMIT, "times": 1, "line": 0, "text": "", "uid": ""}
    if size > LIMIT:
        yield Problem("size_over", facts=facts)
    elif size >= NEAR * LIMIT:
        yield Problem("size_near", facts=facts)


def _told_once(found: list[Fault], begins: list[tuple[int, str]]) -> list[Problem]:
    """One problem a code: the first place, the event that is there, and how many there are.
    `begins` has the first line of each event, in order."""
    first: dict[str, Fault] = {}
    times: dict[str, int] = defaultdict(int)
    for one in found:
        first.setdefault(one.code, one)
        times[one.code] += 1
    return [
        Problem(
            code,
            facts={
                "line": one.line,
                "text": one.text,
                "times": times[code],
                "uid": next((uid for line, uid in reversed(begins) if line <= one.line), ""),
            },
        )
        for code, one in first.items()
    ]


def _calendars(calendars: list[Component]) -> Iterator[Fault]:
    if [one.name for one in calendars] != ["VCALENDAR"]:
        yield Fault("structure", calendars[-1].line if calendars else 1, "VCALENDAR")
    for calendar in calendars:
        for name in ("VERSION", "PRODID"):
            if calendar.find(name) is None:
                yield Fault("missing", calendar.line, name)
        for part in calendar.walk():
            if part.name == "VALARM":
                yield Fault("unwanted", part.line, "VALARM")
            for one in part.properties:
                if one.name in UNWANTED:
                    yield Fault("unwanted", one.line, one.name)
                elif one.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
                    yield Fault("unwanted", one.line, "THISANDFUTURE")


def _event(event: Component, zones: set[str], now: datetime) -> Iterator[Fault]:
    yield from _times(event, zones, now)
    yield from _rule(event)
    for name in NEEDED:
        if event.find(name) is None:
            yield Fault("missing", event.line, name)


def _times(event: Component, zones: set[str], now: datetime) -> Iterator[Fault]:
    start = event.find("DTSTART")
    for one in event.properties:
        zone = one.parameters.get("TZID")
        if zone is not None and zone not in zones:
            yield Fault("no_zone", one.line, zone)
        if one.name in ("DTSTART", "DTEND") and _shape(one) == "floating":
            yield Fault("floating", one.line, one.value)
        if one.name in ("EXDATE", "RECURRENCE-ID") and start and _shape(one) != _shape(start):
            yield Fault("other_zone", one.line, one.name)
        if one.name == "EXDATE" and "," in one.value:
            yield Fault("list", one.line, one.value[:30])
        if one.name in ("DTSTART", "DTEND", "EXDATE", "RECURRENCE-ID", "DTSTAMP"):
            moments = [_moment(value) for value in one.value.split(",")]
            if None in moments:
                yield Fault("no_time", one.line, one.value[:30])
            elif one.name == "DTSTAMP" and not _is_past(one.value, moments[0], now):
                yield Fault("stamp", one.line, one.value)


def _shape(one: Property) -> str:
    """How a time is written: a zone's name, "date", "utc" or "floating"."""
    if one.parameters.get("VALUE", "").upper() == "DATE" or len(one.value) == 8:
        return "date"
    if one.value.endswith("Z"):
        return "utc"
    return one.parameters.get("TZID") or "floating"


def _is_past(value: str, moment: datetime | None, now: datetime) -> bool:
    return value.endswith("Z") and moment is not None and _utc(moment) <= now + AHEAD


@lru_cache(maxsize=4096)
def _moment(value: str) -> datetime | None:
    found = _TIME.fullmatch(value)
    try:
        return datetime(*(int(part or 0) for part in found.groups())) if found else None  # type: ignore[arg-type]
    except ValueError:
        return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _rule(event: Component) -> Iterator[Fault]:
    """UNTIL is an instant of UTC, or a date for whole days, and one of the rule's own starts."""
    rule, start = event.find("RRULE"), event.find("DTSTART")
    if rule is None or start is None:
        return
    parts = dict(part.partition("=")[::2] for part in rule.value.upper().split(";"))
    first = _moment(start.value)
    if parts.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") or first is None:
        yield Fault("rule", rule.line, rule.value[:40])
        return
    until = parts.get("UNTIL")
    if until is None:
        if "COUNT" not in parts:
            yield Fault("endless", rule.line, rule.value[:40])
        return
    last, is_date = _moment(until), _shape(start) == "date"
    if last is None or (len(until) != 8 if is_date else not until.endswith("Z")):
        yield Fault("until", rule.line, until)
        return
    local = _local(last, start)
    if local is None or not _is_start(parts, first, local):
        yield Fault("until_start", rule.line, until)


def _local(moment: datetime, start: Property) -> datetime | None:
    """An UNTIL as the clock on the wall shows it where the series is."""
    zone = start.parameters.get("TZID")
    if _shape(start) in ("date", "utc") or zone is None:
        return moment
    try:
        return _utc(moment).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    except (ZoneInfoNotFoundError, ValueError):
        return None


def _is_start(parts: dict[str, str], first: datetime, moment: datetime) -> bool:
    """Whether the rule makes this start. Weekly rules, nearly all, by hand: a hundred times
    as fast as making every date."""
    if parts["FREQ"] == "WEEKLY" and set(parts) <= {"FREQ", "INTERVAL", "BYDAY", "UNTIL", "WKST"}:
        monday = first.toordinal() - first.weekday()
        weeks = (moment.toordinal() - moment.weekday() - monday) // 7
        days = parts.get("BYDAY", DAYS[first.weekday()]).split(",")
        every = int(parts["INTERVAL"]) if parts.get("INTERVAL", "0").strip("0").isdigit() else 1
        same = moment.time() == first.time() and DAYS[moment.weekday()] in days
        return same and moment >= first and weeks % every == 0
    text = ";".join(f"{k}={v}" for k, v in parts.items() if k != "UNTIL")
    try:
        made = rrulestr(f"{text};UNTIL={moment:%Y%m%dT%H%M%S}", dtstart=first)
        return moment in made
    except (ValueError, TypeError):
        return False


def _series(parts: list[Component]) -> Iterator[Fault]:
    """What the components of one UID owe each other."""
    seen: set[str] = set()
    for part in parts:
        which = part.value("RECURRENCE-ID")
        if which in seen:
            yield Fault("twice", part.line, which)
        seen.add(which)
    if "" not in seen:
        yield Fault("orphan", parts[0].line, parts[0].value("RECURRENCE-ID"))
    for name in ("SEQUENCE", "LAST-MODIFIED"):
        values = {part.value(name) for part in parts}
        if len(values) > 1:
            yield Fault("unequal", parts[0].line, name)

"""Times of an iCalendar file: values, and the clocks that they are told by. Pure.

A zone is taken from the zone database by its name, by Windows' name for it or by the name inside
a longer one; only for others the file's own VTIMEZONE counts, because programs write those for
a few years or wrongly. A zone that nobody defines is refused: an hour's error is worse than a gap.
Nothing is kept from one file to the next, as the library would keep its VTIMEZONEs.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from portal.events.recurrence import DAYS, instant, wall
from portal.imports.ics_lines import Component, Line

Clock = Callable[[datetime], datetime]
"""From a wall time to its UTC instant."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
# Onsets of one VTIMEZONE; Morocco's, written out to 2087, has 190.
MOST_ONSETS = 500
_VALUE = re.compile(r"(\d{8})(?:T(\d{4})(\d\d)?(Z?))?")
_LENGTH = re.compile(
    r"([+-]?)P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)
_OFFSET = re.compile(r"([+-])([01]\d)([0-5]\d)([0-5]\d)?")
_YEARLY = re.compile(rf"([+-]?[1-5])?({'|'.join(DAYS)})")


class Refused(Exception):
    """A value that cannot be used, in which property and why."""

    def __init__(self, column: str, code: str, value: str) -> None:
        super().__init__(code)
        self.column, self.code, self.value = column, code, value


def utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """A time as a file writes it: a wall time and the clock that it is told by. A whole day is
    its midnight, told by no clock in particular."""

    wall: datetime
    is_day: bool
    clock: Clock

    @property
    def at(self) -> datetime:
        """The UTC instant."""
        return self.clock(self.wall)


class Times:
    """Reads times and zones of one file for a portal in `zone`."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._clocks: dict[tuple[int, str], Clock | None] = {}

    def home(self, moment: datetime) -> datetime:
        return instant(moment, self.zone)

    def local(self, moment: Moment) -> datetime:
        """The wall time here; of a time told by our clock just that, so that one which does not
        exist is not moved in silence."""
        if moment.is_day or moment.clock == self.home:
            return moment.wall
        return wall(moment.at, self.zone)

    def read(self, line: Line, value: str, within: Component) -> Moment:
        """One DATE or DATE-TIME; what it looks like counts, as many say VALUE wrongly."""
        shape = _VALUE.fullmatch(value.strip().upper())
        if shape is None:
            raise Refused(line.name, "not_a_date", value)
        try:
            moment = datetime.strptime(shape[1] + (shape[2] or "0000"), "%Y%m%d%H%M")
        except ValueError as error:
            raise Refused(line.name, "not_a_date", value) from error
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            raise Refused(line.name, "far_away", value)
        # A leap second is the second before it: no clock here has one.
        moment += timedelta(seconds=min(int(shape[3] or 0), 59))
        if shape[2] is None:
            return Moment(moment, True, self.home)
        if shape[4]:
            return Moment(moment, False, utc)
        if "TZID" not in line.parameters:
            return Moment(moment, False, self.home)
        return Moment(moment, False, self._clock(line, within))

    def _clock(self, line: Line, within: Component) -> Clock:
        tzid = line.parameters["TZID"]
        key = (id(within.parent), tzid)
        if key not in self._clocks:
            self._clocks[key] = self._find(tzid, within.parent)
        clock = self._clocks[key]
        if clock is None:
            raise Refused(line.name, "unknown_zone", tzid)
        return clock

    def _find(self, tzid: str, parent: Component | None) -> Clock | None:
        own = [
            part
            for part in (parent.parts if parent else [])
            if part.name == "VTIMEZONE" and part.is_whole and part.value("TZID") == tzid
        ]
        for name in (tzid, *(part.value("X-LIC-LOCATION") for part in own)):
            if found := zone_named(name):
                return self._told_by(found)
        for part in own:
            try:
                return WrittenZone(part).instant
            except ValueError:
                continue
        return None

    def _told_by(self, zone: str) -> Clock:
        return self.home if zone == self.zone else lambda moment: instant(moment, zone)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    # "localtime" is whatever this machine is set to, "Factory" is nothing.
    names = {name.casefold(): name for name in available_timezones() - {"localtime", "Factory"}}
    windows = {name.casefold(): zone for name, zone in WINDOWS_TO_OLSON.items()}
    return {**windows, **names, "tzone://microsoft/utc": "UTC"}


def zone_named(tzid: str) -> str | None:
    """The zone database's name for a TZID: its own, Windows', or one inside such as
    /freeassociation.sourceforge.net/Europe/Berlin; None when there is none."""
    if len(tzid) > 200:
        return None
    if found := _names().get(tzid.casefold()):
        return found
    parts = tzid.casefold().split("/")
    # Not the last part alone: "Custom/EST" is nobody's EST.
    inside = ("/".join(parts[at:]) for at in range(1, len(parts) - 1))
    return next((_names()[name] for name in inside if name in _names()), None)


class WrittenZone:
    """A VTIMEZONE that has to be taken at its word; ValueError for one that says more than
    yearly changes and single ones (RFC 5545 3.6.5)."""

    def __init__(self, component: Component) -> None:
        self._single: list[tuple[datetime, timedelta]] = []
        self._yearly: list[tuple[datetime, timedelta, str, int]] = []
        before = []
        for part in component.parts:
            start, after = _onset(part.value("DTSTART")), _offset(part.value("TZOFFSETTO"))
            before.append((start, _offset(part.value("TZOFFSETFROM"))))
            values = [one for line in part.all("RDATE") for one in line.value.split(",")]
            self._single += [(moment, after) for moment in (start, *map(_onset, values))]
            self._yearly += [
                (start, after, *_rule(line.value, start)) for line in part.all("RRULE")
            ]
        if not before or len(self._single) + len(self._yearly) > MOST_ONSETS:
            raise ValueError("no zone")
        self._before = min(before)[1]
        self._years: dict[int, list[tuple[datetime, timedelta]]] = {}

    def instant(self, moment: datetime) -> datetime:
        """The UTC instant of a wall time; of one that occurs twice, the first."""
        onsets = self._onsets(moment.year)
        at = bisect_right(onsets, moment, key=lambda onset: onset[0])
        return (moment - (onsets[at - 1][1] if at else self._before)).replace(tzinfo=UTC)

    def _onsets(self, year: int) -> list[tuple[datetime, timedelta]]:
        """The onsets of a year with the last before it. A yearly rule that has ended counts with
        its last year."""
        if year not in self._years:
            found = set(self._single)
            for start, after, rule, last in self._yearly:
                years = {min(year, last), min(year - 1, last)}
                days = (_day(start, rule, one) for one in years if one >= start.year)
                found |= {(day, after) for day in days if day}
            self._years[year] = sorted(found)
        return self._years[year]


def _onset(value: str) -> datetime:
    return datetime.strptime(value.strip()[:15], "%Y%m%dT%H%M%S")


def _offset(value: str) -> timedelta:
    shape = _OFFSET.fullmatch(value)
    if shape is None:
        raise ValueError(value)
    length = timedelta(hours=int(shape[2]), minutes=int(shape[3]), seconds=int(shape[4] or 0))
    return -length if shape[1] == "-" else length


def _rule(value: str, start: datetime) -> tuple[str, int]:
    """BYDAY and the last year of a yearly change of clocks in the month of its start."""
    parts = dict(part.partition("=")[::2] for part in value.strip().upper().split(";"))
    by_day, until = parts.get("BYDAY", ""), parts.get("UNTIL", "9999")
    known = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "UNTIL", "WKST"}
    if parts.get("FREQ") != "YEARLY" or parts.get("INTERVAL", "1") != "1" or set(parts) - known:
        raise ValueError(value)
    if int(parts.get("BYMONTH", start.month)) != start.month:
        raise ValueError(value)
    if by_day and not (_YEARLY.fullmatch(by_day) and by_day[0] in "+-12345"):
        raise ValueError(value)
    return by_day, int(until[:4])


def _day(start: datetime, by_day: str, year: int) -> datetime | None:
    """The onset of a year: start's day and month, or the nth weekday of that month."""
    days = calendar.monthrange(year, start.month)[1]
    if not by_day:
        return start.replace(year=year, day=min(start.day, days))
    ordinal, weekday = int(by_day[:-2]), DAYS.index(by_day[-2:])
    first = (weekday - calendar.weekday(year, start.month, 1)) % 7 + 1
    found = list(range(first, days + 1, 7))
    at = ordinal - 1 if ordinal > 0 else ordinal
    return start.replace(year=year, day=found[at]) if -len(found) <= at < len(found) else None


def length(line: Line) -> timedelta:
    """A DURATION (RFC 5545 3.3.6), days as days of the clock on the wall."""
    shape = _LENGTH.fullmatch(line.value.strip().upper())
    if shape is None or not any(shape.groups()[1:]):
        raise Refused(line.name, "not_a_length", line.value)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in shape.groups()[1:])
    found = timedelta(days, seconds, minutes=minutes, hours=hours, weeks=weeks)
    return -found if shape[1] == "-" else found

"""Times of an iCalendar file: values, and the clocks that they are told by. Pure.

A zone is taken from the zone database by its name, by Windows' name for it or by the name inside
a longer one; only for others the file's own VTIMEZONE counts, because programs write those for
a few years or wrongly. A zone that nobody defines is refused: an hour's error is worse than a gap.
Nothing is kept from one file to the next, as the library would keep its VTIMEZONEs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from portal.events.recurrence import instant, wall
from portal.imports.ics_lines import Component, Line
from portal.imports.ics_zones import WrittenZone

Clock = Callable[[datetime], datetime]
"""From a wall time to its UTC instant."""

FIRST_YEAR, LAST_YEAR = 1900, 2200
_VALUE = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_LENGTH = re.compile(
    r"([+-]?)P(?:(\d{1,3})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?"
)


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

    def span(self, start: Moment, length: timedelta) -> tuple[datetime, datetime]:
        """Start and end here, of a length told by the source's clock."""
        end = Moment(start.wall + length, start.is_day, start.clock)
        return self.local(start), self.local(end)

    def read(self, line: Line, value: str, within: Component) -> Moment:
        """One DATE or DATE-TIME; what it looks like counts, as many say VALUE wrongly."""
        shape = _VALUE.fullmatch(value.strip().upper())
        if shape is None:
            raise Refused(line.name, "not_a_date", value)
        try:
            # A leap second is the second before it: no clock here has one.
            year, month, day, hour, minute, second = (int(part or 0) for part in shape.groups()[:6])
            moment = datetime(year, month, day, hour, minute, min(second, 59))
        except ValueError as error:
            raise Refused(line.name, "not_a_date", value) from error
        if not FIRST_YEAR <= moment.year < LAST_YEAR:
            raise Refused(line.name, "far_away", value)
        if shape[4] is None:
            return Moment(moment, True, self.home)
        if shape[7]:
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


def length(line: Line) -> timedelta:
    """A DURATION (RFC 5545 3.3.6), days as days of the clock on the wall."""
    shape = _LENGTH.fullmatch(line.value.strip().upper())
    if shape is None or not any(shape.groups()[1:]):
        raise Refused(line.name, "not_a_length", line.value)
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in shape.groups()[1:])
    found = timedelta(days, seconds, minutes=minutes, hours=hours, weeks=weeks)
    return -found if shape[1] == "-" else found

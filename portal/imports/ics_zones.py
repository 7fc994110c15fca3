"""Zones that an iCalendar file defines itself (VTIMEZONE, RFC 5545 3.6.5). Pure.

Only for names that nobody else knows. Onsets are computed for the years that are asked for, so
that no definition can cost more than its own length.
"""

from __future__ import annotations

import calendar
import re
from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from portal.events.recurrence import DAYS
from portal.imports.ics_lines import Component

# Onsets of one VTIMEZONE; Morocco's, written out to 2087, has 190.
MOST_ONSETS = 500
_OFFSET = re.compile(r"([+-])([01]\d)([0-5]\d)([0-5]\d)?")
_YEARLY = re.compile(rf"[+-]?[1-5]({'|'.join(DAYS)})")


class WrittenZone:
    """A VTIMEZONE that has to be taken at its word; ValueError for one that says more than
    yearly changes and single ones (RFC 5545 3.6.5)."""

    def __init__(self, component: Component) -> None:
        self._single: list[tuple[datetime, timedelta]] = []
        self._yearly: list[tuple[timedelta, datetime, str, int]] = []
        before = []
        for part in component.parts:
            start, after = _onset(part.value("DTSTART")), _offset(part.value("TZOFFSETTO"))
            before.append((start, _offset(part.value("TZOFFSETFROM"))))
            values = [one for line in part.all("RDATE") for one in line.value.split(",")]
            self._single += [(moment, after) for moment in (start, *map(_onset, values))]
            self._yearly += [(after, *_rule(line.value, start)) for line in part.all("RRULE")]
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
            for after, start, rule, last in self._yearly:
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


def _rule(value: str, start: datetime) -> tuple[datetime, str, int]:
    """The start in the month of a yearly change of clocks, its BYDAY and its last year."""
    parts = dict(part.partition("=")[::2] for part in value.strip().upper().split(";"))
    by_day, until = parts.get("BYDAY", ""), parts.get("UNTIL", "9999")
    known = {"FREQ", "INTERVAL", "BYMONTH", "BYDAY", "UNTIL", "WKST"}
    if parts.get("FREQ") != "YEARLY" or parts.get("INTERVAL", "1") != "1" or set(parts) - known:
        raise ValueError(value)
    if by_day and not _YEARLY.fullmatch(by_day):
        raise ValueError(value)
    if by_day:
        # Outlook's start is the first of January 1601, whatever the rule.
        start = start.replace(day=1, month=int(parts.get("BYMONTH", start.month)))
    elif int(parts.get("BYMONTH", start.month)) != start.month:
        raise ValueError(value)
    return start, by_day, int(until[:4])


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

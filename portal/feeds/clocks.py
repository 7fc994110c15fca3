"""Which series may meet a clock change: only their dates must be looked at one by one. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def may_cross(starts: datetime, ends: datetime, last: date, zone: str) -> bool:
    """Whether a date at this time of day, from the first to `last`, can be over a clock change,
    whatever the rhythm. Says yes too often rather than too seldom."""
    length = ends - starts
    for year in range(starts.year, last.year + 1):
        for change in changes(zone, year):
            begins = datetime.combine((change - length).date(), starts.time())
            while begins <= change + MINUTE:
                if begins + length >= change - MINUTE:
                    return True
                begins += DAY
    return False


@lru_cache(maxsize=256)
def changes(zone: str, year: int) -> tuple[datetime, ...]:
    """The wall times of a year from which on the zone has another offset, to the minute."""
    info, found = ZoneInfo(zone), []
    day = datetime(year, 1, 1)
    while day.year == year:
        if info.utcoffset(day) != info.utcoffset(day + DAY):
            found.append(_change(day, info))
        day += DAY
    return tuple(found)


def _change(day: datetime, info: ZoneInfo) -> datetime:
    before, after = day, day + DAY
    old = info.utcoffset(before)
    while after - before > MINUTE:
        middle = before + (after - before) / 2
        before, after = (middle, after) if info.utcoffset(middle) == old else (before, middle)
    return after


def last_day(rrule: str, starts: datetime) -> date:
    """The day of a rule's UNTIL, as events/rrule.py writes it, and one more: it is in UTC."""
    until = rrule.partition("UNTIL=")[2][:8]
    return date.fromisoformat(until) + DAY if until else starts.date()

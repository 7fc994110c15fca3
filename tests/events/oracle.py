"""When a series happens, worked out day by day. Imports nothing from the portal.

Slow on purpose: it walks through every day from the first to the last and asks whether the
rhythm, read as a person reads it, falls on that day.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

ZONES = ("Europe/Stockholm", "Europe/Helsinki", "America/St_Johns")
# Hours and minutes that no clock change touches, but the one at which the clocks change.
QUIET = [(hour, minute) for hour in (5, 9, 12, 17, 20) for minute in (0, 15, 30)]


@dataclass(frozen=True)
class Rhythm:
    """A series in words: what, every how many, from when to when."""

    zone: str
    starts: datetime
    length: timedelta
    freq: str
    interval: int
    until: date
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    nth: tuple[int, int] | None = None
    is_all_day: bool = False

    def falls_on(self, day: date) -> bool:
        first = self.starts.date()
        if self.freq == "DAILY":
            return (day - first).days % self.interval == 0
        if self.freq == "WEEKLY":
            monday, other = first - timedelta(first.weekday()), day - timedelta(day.weekday())
            wanted = self.weekdays or (first.weekday(),)
            return day.weekday() in wanted and (other - monday).days // 7 % self.interval == 0
        months = (day.year - first.year) * 12 + day.month - first.month
        if months % self.interval:
            return False
        if self.nth is not None:
            return day == nth_weekday(day.year, day.month, *self.nth)
        return day.day == (self.month_day or first.day)

    def starts_on(self) -> list[datetime]:
        """Every wall start up to and including the last day."""
        day, found = self.starts.date(), []
        while day <= self.until:
            if self.falls_on(day):
                found.append(datetime.combine(day, self.starts.time()))
            day += timedelta(days=1)
        return found

    def instants(self) -> list[tuple[datetime, datetime]]:
        """The dates as UTC instants: wall time plus the offset that holds at that time."""
        walls = [(start, start + self.length) for start in self.starts_on()]
        return [(to_utc(start, self.zone), to_utc(end, self.zone)) for start, end in walls]


def nth_weekday(year: int, month: int, ordinal: int, weekday: int) -> date | None:
    """The second Tuesday, the last Friday … of a month; None when there is no fifth."""
    days = [
        date(year, month, day)
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
        if date(year, month, day).weekday() == weekday
    ]
    if ordinal < 0:
        return days[ordinal]
    return days[ordinal - 1] if ordinal <= len(days) else None


def readings(wall: datetime, zone: str) -> list[datetime]:
    """Every UTC instant at which the clock on the wall shows this: none, one or two."""
    info, noon = ZoneInfo(zone), wall.replace(tzinfo=UTC)
    days = (noon - timedelta(days=1), noon + timedelta(days=1))
    offsets = {day.astimezone(info).utcoffset() or timedelta() for day in days}
    moments = sorted(noon - offset for offset in offsets)
    return [one for one in moments if one.astimezone(info).replace(tzinfo=None) == wall]


def to_utc(wall: datetime, zone: str) -> datetime:
    found = readings(wall, zone)
    assert len(found) == 1, (wall, zone, found)
    return found[0]


@st.composite
def rhythms(draw: st.DrawFn, all_day: bool | None = None) -> Rhythm:
    """Any rhythm that an editor can build, between 2026 and 2028."""
    day = draw(st.dates(date(2026, 1, 1), date(2028, 6, 30)))
    is_all_day = draw(st.booleans()) if all_day is None else all_day
    hour, minute = (0, 0) if is_all_day else draw(st.sampled_from(QUIET))
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    span = {"DAILY": 60, "WEEKLY": 250, "MONTHLY": 400}[freq]
    until = min(day + timedelta(days=draw(st.integers(0, span))), date(2028, 12, 31))
    weekdays: tuple[int, ...] = ()
    month_day, nth = None, None
    if freq == "WEEKLY":
        weekdays = tuple(sorted(draw(st.sets(st.integers(0, 6), max_size=4))))
    if freq == "MONTHLY":
        kind = draw(st.sampled_from(["own", "day", "nth"]))
        if kind == "day":
            month_day = draw(st.sampled_from([1, 15, 28, 29, 30, 31]))
        if kind == "nth":
            nth = (draw(st.sampled_from([1, 2, 3, 4, -1])), draw(st.integers(0, 6)))
    if is_all_day:
        length = timedelta(days=1)
    else:
        length = timedelta(minutes=draw(st.sampled_from([15, 45, 60, 90, 120, 180])))
    return Rhythm(
        zone=draw(st.sampled_from(ZONES)),
        starts=datetime.combine(day, datetime.min.time()).replace(hour=hour, minute=minute),
        length=length,
        freq=freq,
        interval=draw(st.sampled_from([1, 1, 2, 3])),
        until=until,
        weekdays=weekdays,
        month_day=month_day,
        nth=nth,
        is_all_day=is_all_day,
    )

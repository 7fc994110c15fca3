"""When an event happens: one rule, one expander, for pages, bookings and feeds alike.

A series is kept as wall time, zone and rule (RFC 5545 3.8.5), because people mean "Wednesdays
at 17:00", whatever the clocks do. Instants are computed here and nowhere else. Pure.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil import rrule as rrules

from portal.core.problems import Problem

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_DATES = 500
MAX_LENGTH = timedelta(days=31)
FREQUENCIES: dict[str, Literal[1, 2, 3]] = {
    "DAILY": rrules.DAILY,
    "WEEKLY": rrules.WEEKLY,
    "MONTHLY": rrules.MONTHLY,
}


@dataclass(frozen=True)
class Rule:
    """A rhythm with an end: what the form can build, and a subset of RRULE.

    `until` is the last local date that may be one of its dates. `weekdays` (Monday is 0) are
    for WEEKLY; `month_day` or `nth` = (1 to 4 or -1 for the last, weekday) for MONTHLY.
    """

    freq: str
    until: date
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    nth: tuple[int, int] | None = None


@dataclass(frozen=True)
class Series:
    """An event in time. `starts` and `ends` are naive wall times in `zone`.

    All-day events run from midnight to midnight; `ends` is the day after the last (as DTEND).
    `exdates` are starts that the rule makes and the event leaves out.
    """

    starts: datetime
    ends: datetime
    zone: str
    is_all_day: bool = False
    rule: Rule | None = None
    exdates: frozenset[datetime] = frozenset()

    @property
    def length(self) -> timedelta:
        """From start to end by the clock on the wall, not by the stopwatch."""
        return self.ends - self.starts


@dataclass(frozen=True)
class Dated:
    """One date of a series: its identity (the original wall start) and its two instants."""

    recurrence_id: datetime
    starts_at: datetime
    ends_at: datetime


def instant(wall: datetime, zone: str) -> datetime:
    """The UTC instant of a wall time; of one that occurs twice, the first."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def wall(at: datetime, zone: str) -> datetime:
    """The naive wall time of an instant."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def clock_trouble(moment: datetime, zone: str) -> str | None:
    """ "gap" for a wall time that the clock change skips, "fold" for one it gives twice."""
    info = ZoneInfo(zone)
    first, second = moment.replace(tzinfo=info, fold=0), moment.replace(tzinfo=info, fold=1)
    if first.utcoffset() == second.utcoffset():
        return None
    return "gap" if wall(first.astimezone(UTC), zone) != moment else "fold"


def nearest_valid(moment: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last good wall time before and the first after one in a gap or fold, by minutes."""
    before = after = moment
    while clock_trouble(before, zone):
        before -= timedelta(minutes=1)
    while clock_trouble(after, zone):
        after += timedelta(minutes=1)
    return before, after


def starts_of(series: Series) -> Iterator[datetime]:
    """Every wall start that the rule makes, left-out ones included, in order."""
    rule = series.rule
    if rule is None:
        yield series.starts
        return
    wanted = rrules.rrule(
        FREQUENCIES[rule.freq],
        dtstart=series.starts,
        interval=rule.interval,
        until=datetime.combine(rule.until, time.max),
        byweekday=_weekdays(rule),
        bymonthday=rule.month_day,
        wkst=rrules.MO,
    )
    yield from wanted


def _weekdays(rule: Rule) -> list[rrules.weekday] | None:
    if rule.nth is not None:
        ordinal, weekday = rule.nth
        return [rrules.weekday(weekday, ordinal)]
    return [rrules.weekday(day) for day in rule.weekdays] or None


def expand(series: Series) -> list[Dated]:
    """Every date of a series, in order; left-out ones are not among them."""
    return [
        Dated(start, instant(start, series.zone), instant(start + series.length, series.zone))
        for start in starts_of(series)
        if start not in series.exdates
    ]


def align(series: Series) -> Series:
    """The same series with its start moved to the rule's first date, as DTSTART must be one."""
    first = next(starts_of(series), series.starts)
    shift = first - series.starts
    return Series(
        first, series.ends + shift, series.zone, series.is_all_day, series.rule, series.exdates
    )


def series_in(series: Series, first: date, last: date) -> Series:
    """The same rhythm again from `first` to `last`, both included, nothing left out.

    The times, the weekdays and the place in the month stay; what happens once happens on
    `first`. A rhythm of every n days, weeks or months counts from its first date in there.
    """
    starts = datetime.combine(first, series.starts.time())
    rule = series.rule
    if rule is not None:
        # What the first date said without words must be said now: the first date is another.
        if rule.freq == "WEEKLY" and not rule.weekdays:
            rule = replace(rule, weekdays=(series.starts.weekday(),))
        if rule.freq == "MONTHLY" and rule.nth is None and rule.month_day is None:
            rule = replace(rule, month_day=series.starts.day)
        rule = replace(rule, until=last)
    return align(Series(starts, starts + series.length, series.zone, series.is_all_day, rule))


def check(series: Series) -> list[Problem]:
    """What is wrong with a series; dates in the facts are ISO, for the words to say nicely."""
    if series.ends <= series.starts:
        return [Problem("end_before_start", "ends")]
    if series.length > MAX_LENGTH:
        return [Problem("too_long", "ends", {"days": MAX_LENGTH.days})]
    if series.rule is not None and series.rule.until < series.starts.date():
        return [Problem("until_before_start", "until")]
    starts = []
    for start in starts_of(series):
        starts.append(start)
        if len(starts) > MAX_DATES:
            return [Problem("too_many_dates", "until", {"n": MAX_DATES})]
    kept = [start for start in starts if start not in series.exdates]
    if not kept:
        return [Problem("no_dates", "until")]
    if any(later - earlier < series.length for earlier, later in itertools.pairwise(starts)):
        return [Problem("overlaps_itself", "ends")]
    return [] if series.is_all_day else _clock_problems(kept, series)


def _clock_problems(starts: list[datetime], series: Series) -> list[Problem]:
    problems = []
    for start in starts:
        for name, moment in (("starts", start), ("ends", start + series.length)):
            trouble = clock_trouble(moment, series.zone)
            if trouble:
                before, after = nearest_valid(moment, series.zone)
                facts = {"at": moment, "before": before, "after": after}
                problems.append(Problem(f"clock_{trouble}", name, facts))
    return problems


def crosses_clock_change(dated: Dated, series: Series) -> bool:
    """Whether clients may disagree about how long this date is.

    RFC 5545 3.8.5.3 gives every instance of a series the exact length of the first; others
    count by the clock on the wall. They differ for a date over a clock change, and for every
    date when the first one is over it; such dates are written out in the feed.
    """
    if series.is_all_day:
        return False
    first = instant(series.ends, series.zone) - instant(series.starts, series.zone)
    return {dated.ends_at - dated.starts_at, first} != {series.length}


def key(start: datetime, same_day: bool) -> str:
    """A date's address: 2027-01-31, or 2027-01-31t1730 when the series has two that day."""
    return start.strftime("%Y-%m-%dt%H%M" if same_day else "%Y-%m-%d")


def keys(starts: list[datetime]) -> dict[datetime, str]:
    """The address of each start of a series."""
    days = Counter(start.date() for start in starts)
    return {start: key(start, days[start.date()] > 1) for start in starts}

"""Rules of an iCalendar file (RFC 5545 3.3.10): read, counted out within bounds. Pure.

The portal's own series are counted out in events/recurrence.py and nowhere else; this is for
rules of others, which may be written to never end. dateutil cannot be used for those: it looks
for a 30th of February until the year 9999. Here each day is asked whether it is one of the
rule's, from the first that matters to the last, so that the days are the bound.
"""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.events.recurrence import DAYS, FREQUENCIES, Rule
from portal.events.rhythms import MOST
from portal.imports.ics_lines import Component, Line
from portal.imports.ics_times import Moment, Refused, Times

SUB_DAILY = {"SECONDLY", "MINUTELY", "HOURLY"}
# The highest number of each part; negative ones count from the end where that is allowed.
HIGHEST = {
    "BYMONTH": 12,
    "BYMONTHDAY": 31,
    "BYYEARDAY": 366,
    "BYWEEKNO": 53,
    "BYSETPOS": 366,
    "BYHOUR": 23,
    "BYMINUTE": 59,
    "BYSECOND": 59,
}
FROM_ZERO = {"BYHOUR", "BYMINUTE", "BYSECOND"}
FROM_END = {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
YEARLY_ONLY = {"BYYEARDAY", "BYWEEKNO"}
OTHERS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "RSCALE", "SKIP"}
# More times a day than these are no rhythm that people come to.
MOST_HOURS = 6
_BYDAY = re.compile(rf"([+-]?\d{{1,2}})?({'|'.join(DAYS)})")
Weekday = tuple[int, int]
"""An ordinal (0: every one) and a weekday (Monday is 0)."""


@dataclass(frozen=True)
class Repeat:
    """A rule as it is written. `until` is a moment of the file, or None; `by` are its other
    parts, each a set of numbers."""

    freq: str
    interval: int
    count: int | None
    until: Moment | None
    week_start: int
    weekdays: frozenset[Weekday]
    by: dict[str, frozenset[int]]


def parse(line: Line, times: Times, within: Component) -> Repeat:
    """Refused with `sub_daily`, or with `unknown_rule` for what cannot be followed exactly."""
    value = line.value.strip().upper().rstrip(";")
    parts = dict(part.partition("=")[::2] for part in value.split(";"))
    if parts.get("FREQ") in SUB_DAILY:
        raise Refused(line.name, "sub_daily", value)
    freq, skip = parts.get("FREQ", ""), parts.get("SKIP", "OMIT")
    # Other calendars than ours, and days put in for missing ones, are RFC 7529.
    if set(parts) - OTHERS - set(HIGHEST) or parts.get("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise Refused(line.name, "unknown_rule", value)
    try:
        by = {name: _numbers(name, parts[name]) for name in HIGHEST if name in parts}
        until = times.read(line, parts["UNTIL"], within) if "UNTIL" in parts else None
        found = Repeat(
            freq=freq,
            interval=_count(parts.get("INTERVAL", "1")),
            count=_count(parts["COUNT"]) if "COUNT" in parts else None,
            until=until,
            week_start=DAYS.index(parts.get("WKST", "MO")),
            weekdays=_weekdays(parts.get("BYDAY", "")),
            by=by,
        )
    except ValueError as error:
        raise Refused(line.name, "unknown_rule", value) from error
    has_ordinals = any(ordinal for ordinal, _ in found.weekdays)
    if (
        freq not in (*FREQUENCIES, "YEARLY")
        or skip != "OMIT"
        or (freq != "YEARLY" and YEARLY_ONLY & set(by))
        or (has_ordinals and (freq in ("DAILY", "WEEKLY") or "BYWEEKNO" in by))
        or ("BYWEEKNO" in by and found.week_start != 0)
    ):
        raise Refused(line.name, "unknown_rule", value)
    hours, *parts_of_it = (len(by.get(name, "1")) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if hours > MOST_HOURS or max(parts_of_it) > 1:
        raise Refused(line.name, "sub_daily", value)
    return found


def _count(value: str) -> int:
    if not re.fullmatch(r"\d{1,9}", value) or int(value) < 1:
        raise ValueError(value)
    return int(value)


def _numbers(name: str, value: str) -> frozenset[int]:
    lowest, highest = 0 if name in FROM_ZERO else 1, HIGHEST[name]
    found = set()
    for part in value.split(","):
        if not re.fullmatch(r"[+-]?\d{1,3}", part):
            raise ValueError(value)
        number = int(part)
        if not lowest <= abs(number) <= highest or (number < 0 and name not in FROM_END):
            raise ValueError(value)
        found.add(number)
    return frozenset(found)


def _weekdays(value: str) -> frozenset[Weekday]:
    found = [_BYDAY.fullmatch(part) for part in value.split(",")] if value else []
    if not all(found):
        raise ValueError(value)
    return frozenset((int(one[1] or 0), DAYS.index(one[2])) for one in found if one)


def starts(repeat: Repeat, start: datetime, first: date, last: date) -> Iterator[datetime]:
    """The rule's wall starts from the day `first` (of a rule with COUNT, from its own first)
    to the day `last`, in order, told by the same clock as `start`; UNTIL is for the caller."""
    begin = start.date() if repeat.count else max(start.date(), first)
    wanted, period = _filter(repeat, start), _PERIODS[repeat.freq]
    origin = period(start.date(), repeat.week_start)
    # BYSETPOS counts from the beginning of a period.
    back = {"DAILY": 0, "WEEKLY": 6, "MONTHLY": 30, "YEARLY": 365}[repeat.freq]
    day = max(start.date() - timedelta(back), begin - timedelta(back))
    days = (day + timedelta(n) for n in range((last - day).days + 1))
    left = repeat.count
    for number, group in itertools.groupby(days, lambda one: period(one, repeat.week_start)):
        if (number - origin) % repeat.interval or number < origin:
            continue
        found = [moment for one in group if wanted(one) for moment in _moments(repeat, one, start)]
        for moment in _chosen(repeat, found):
            if moment < start:
                continue
            if left is not None:
                if not left:
                    return
                left -= 1
            if moment.date() >= first:
                yield moment


_PERIODS: dict[str, Callable[[date, int], int]] = {
    "DAILY": lambda day, _: day.toordinal(),
    # Ordinal 1 was a Monday.
    "WEEKLY": lambda day, week_start: (day.toordinal() - 1 - week_start) // 7,
    "MONTHLY": lambda day, _: day.year * 12 + day.month,
    "YEARLY": lambda day, _: day.year,
}


def _moments(repeat: Repeat, day: date, start: datetime) -> list[datetime]:
    hours, minutes, seconds = (
        sorted(repeat.by.get(name, {own}))
        for name, own in (
            ("BYHOUR", start.hour),
            ("BYMINUTE", start.minute),
            ("BYSECOND", start.second),
        )
    )
    return [
        datetime.combine(day, time(*clock)) for clock in itertools.product(hours, minutes, seconds)
    ]


def _chosen(repeat: Repeat, found: list[datetime]) -> list[datetime]:
    positions = repeat.by.get("BYSETPOS")
    if positions is None:
        return found
    indexes = {position - 1 if position > 0 else len(found) + position for position in positions}
    return [moment for index, moment in enumerate(found) if index in indexes]


def _filter(repeat: Repeat, start: datetime) -> Callable[[date], bool]:
    """Whether a day of the right period is one of the rule's. What the rule leaves open is as in
    its start (3.3.10)."""
    months, month_days = repeat.by.get("BYMONTH"), repeat.by.get("BYMONTHDAY")
    year_days, weeks = repeat.by.get("BYYEARDAY"), repeat.by.get("BYWEEKNO")
    weekdays = repeat.weekdays
    if not (month_days or year_days or weekdays):
        if repeat.freq == "WEEKLY" or weeks:
            weekdays = frozenset({(0, start.weekday())})
        elif repeat.freq in ("MONTHLY", "YEARLY"):
            month_days = frozenset({start.day})
            if repeat.freq == "YEARLY" and months is None:
                months = frozenset({start.month})
    plain = {weekday for ordinal, weekday in weekdays if not ordinal}
    ordinals = {pair for pair in weekdays if pair[0]}
    of_year = repeat.freq == "YEARLY" and "BYMONTH" not in repeat.by

    def wanted(day: date) -> bool:
        if months and day.month not in months:
            return False
        if month_days:
            length = calendar.monthrange(day.year, day.month)[1]
            if not {day.day, day.day - length - 1} & month_days:
                return False
        if year_days:
            number = day.timetuple().tm_yday
            if not {number, number - 366 - calendar.isleap(day.year)} & year_days:
                return False
        if weeks and not _weeks(day) & weeks:
            return False
        if not weekdays or day.weekday() in plain:
            return True
        return bool(ordinals and _ordinals(day, of_year) & ordinals)

    return wanted


def _weeks(day: date) -> set[int]:
    year, week, _ = day.isocalendar()
    return {week, week - date(year, 12, 28).isocalendar().week - 1}


def _ordinals(day: date, of_year: bool) -> set[Weekday]:
    """Which of its weekday a day is, from the front and from the end."""
    if of_year:
        number, length = day.timetuple().tm_yday, 365 + calendar.isleap(day.year)
    else:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    weekday = day.weekday()
    return {((number - 1) // 7 + 1, weekday), (-((length - number) // 7) - 1, weekday)}


def form_rule(repeat: Repeat, start: datetime, until: date) -> Rule | None:
    """The rule as the form builds it, if it can at all. Whether it makes the same dates is for
    the caller to see: what looks the same may mean other days in another zone."""
    by = {name: part for name, part in repeat.by.items() if name not in FROM_ZERO}
    days, weekday = sorted(repeat.weekdays), start.weekday()
    if repeat.freq not in FREQUENCIES or repeat.interval > MOST:
        return None
    rule = Rule(repeat.freq, until, repeat.interval)
    if repeat.freq == "DAILY":
        return None if by or days else rule
    if repeat.freq == "WEEKLY":
        chosen = tuple(weekday for _, weekday in days) or (weekday,)
        return None if by else Rule(rule.freq, until, rule.interval, chosen)
    if not by and len(days) == 1 and days[0][0] in (1, 2, 3, 4, -1):
        return Rule(rule.freq, until, rule.interval, nth=days[0])
    if not days and by in ({}, {"BYMONTHDAY": frozenset({start.day})}):
        return Rule(rule.freq, until, rule.interval, month_day=start.day)
    return None

"""Rules of an iCalendar file (RFC 5545 3.3.10), read; `ics_dates` counts them out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from portal.events.recurrence import DAYS, FREQUENCIES, Rule
from portal.events.rhythms import MOST
from portal.imports.ics_lines import Component, Line
from portal.imports.ics_times import LAST_YEAR, Moment, Refused, Times

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
        # "Until 9999" is written for "without end".
        ends = parts.get("UNTIL", str(LAST_YEAR)) < str(LAST_YEAR)
        until = times.read(line, parts["UNTIL"], within) if ends else None
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

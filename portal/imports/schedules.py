"""Rhythms as https://schema.org/Schedule says them, as rules that the event form can build. Pure.

What no form here can build, or never ends, becomes single dates.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal.events.recurrence import DAYS, MAX_DATES, Rule, Series, align, instant, starts_of, wall
from portal.events.rhythms import MOST as LONGEST_STEP
from portal.imports.days import read_duration, read_iso, read_times

AHEAD = timedelta(days=731)
"""How far from today a schedule without an end is followed: 24 months."""
LOOKED_AT = 2000
"""Dates of a schedule that began long ago; a file can hold many such schedules."""
FREQUENCIES = {"D": "DAILY", "W": "WEEKLY", "M": "MONTHLY"}
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Unbuildable(Exception):
    """A schedule that cannot be read; `code` says why, `name` is the property, `value` it."""

    def __init__(self, code: str, name: str, value: object = "") -> None:
        super().__init__(code)
        self.code, self.name, self.value = code, name, str(value)


@dataclass(frozen=True)
class Planned:
    """A series that the form can build, or else its dates (`series` is then the first), and
    whether dates were left away at the end."""

    series: Series
    dates: tuple[tuple[datetime, datetime], ...] = ()
    is_cut: bool = False


def schedule_of(
    said: dict[str, Any], first: datetime | None, length: timedelta | None, zone: str, today: date
) -> Planned:
    """What a Schedule means, in wall time of `zone`; `first` and `length` are the event's own,
    for what the schedule leaves unsaid.

    Raises Unbuildable: not_a_date, not_a_time, no_end, unknown_rule, unknown_zone, no_dates,
    end_before_start.
    """
    own_zone = _zone(said.get("scheduleTimezone"), zone)
    series, is_endless = _series(said, first, length, own_zone, today)
    series = replace(series, exdates=frozenset(_left_out(said.get("exceptDate"), series)))
    starts = list(itertools.islice(starts_of(series), LOOKED_AT))
    count = str(said.get("repeatCount", ""))
    if count.isdecimal() and series.rule is not None and 0 < int(count) <= len(starts):
        starts, is_endless = starts[: int(count)], False
        series = replace(series, rule=replace(series.rule, until=starts[-1].date()))
    is_cut = is_endless or len(starts) > MAX_DATES
    if is_cut:
        starts = [start for start in starts if start.date() >= today][:MAX_DATES]
    kept = [start for start in starts if start not in series.exdates]
    if not kept:
        raise Unbuildable("no_dates", "eventSchedule")
    if own_zone == zone and not is_cut:
        return Planned(replace(series, exdates=series.exdates & set(starts)))
    dates = tuple(
        (_moved(start, own_zone, zone), _moved(start + series.length, own_zone, zone))
        for start in kept
    )
    return Planned(Series(*dates[0], zone, series.is_all_day), dates, is_cut)


def _moved(moment: datetime, own: str, zone: str) -> datetime:
    return moment if own == zone else wall(instant(moment, own), zone)


def _zone(name: object, zone: str) -> str:
    if not name:
        return zone
    try:
        return ZoneInfo(str(name)).key
    except (ValueError, OSError, LookupError) as error:
        raise Unbuildable("unknown_zone", "scheduleTimezone", name) from error


def _series(
    said: dict[str, Any], first: datetime | None, length: timedelta | None, zone: str, today: date
) -> tuple[Series, bool]:
    """The schedule as a series, and whether its end is only ours."""
    begin = _day(said, "startDate", zone) or first
    if begin is None:
        raise Unbuildable("not_a_date", "startDate")
    starts, ends = _time(said, "startTime"), _time(said, "endTime")
    begin = datetime.combine(begin.date(), starts) if starts else begin
    given = read_duration(str(said.get("duration") or ""))
    if ends is not None:
        length = datetime.combine(begin.date(), ends) - begin
        length += timedelta(days=length < timedelta() and begin.hour >= 16 and ends.hour <= 6)
    elif given is not None:
        length = given
    is_all_day = begin.time() == time() and starts is None and not length
    if is_all_day:
        length = timedelta(days=1)
    if length is None:
        raise Unbuildable("no_end", "endTime")
    if length <= timedelta():
        raise Unbuildable("end_before_start", "endTime", said.get("endTime"))
    # Some write "never" as the last day of all.
    end = None if str(said.get("endDate")).startswith("9999") else _day(said, "endDate", zone)
    farthest = max(today, begin.date()) + AHEAD
    is_endless = end is None or end.date() > farthest
    rule = _rule(said, begin.date(), end.date() if end and not is_endless else farthest)
    return align(Series(begin, begin + length, zone, is_all_day, rule)), is_endless


def _rule(said: dict[str, Any], first: date, until: date) -> Rule:
    said_freq = str(said.get("repeatFrequency") or "")
    found = re.fullmatch(r"P(\d{1,2})([DWM])", said_freq)
    if not found or not 1 <= (step := int(found[1])) <= LONGEST_STEP:
        raise Unbuildable("unknown_rule", "repeatFrequency", said_freq)
    freq = FREQUENCIES[found[2]]
    weekdays = tuple(sorted({_weekday(day) for day in _listed(said.get("byDay"))}))
    month_days, weeks = _listed(said.get("byMonthDay")), _listed(said.get("byMonthWeek"))
    if freq == "DAILY" and step == 1 and weekdays:
        freq = "WEEKLY"  # every day, but only on these
    if freq == "WEEKLY" and not month_days and not weeks:
        return Rule(freq, until, step, weekdays or (first.weekday(),))
    if freq == "DAILY" and not (weekdays or month_days or weeks):
        return Rule(freq, until, step)
    match freq, weekdays, month_days, weeks:
        case "MONTHLY", (), [], []:
            return Rule(freq, until, step, month_day=first.day)
        case "MONTHLY", (), [int(day)], [] if 1 <= day <= 31:
            return Rule(freq, until, step, month_day=day)
        case "MONTHLY", (weekday,), [], [int(week)] if week in (1, 2, 3, 4, -1):
            return Rule(freq, until, step, nth=(week, weekday))
    raise Unbuildable("unknown_rule", "repeatFrequency", said_freq)


def _weekday(day: object) -> int:
    """https://schema.org/Monday, Monday, MO."""
    name = str(day).rpartition("/")[2].rpartition(":")[2]
    if name.lower() in _NAMES:
        return _NAMES.index(name.lower())
    if name.upper() in DAYS:
        return DAYS.index(name.upper())
    raise Unbuildable("unknown_rule", "byDay", day)


def _left_out(said: object, series: Series) -> Iterable[datetime]:
    for one in _listed(said):
        if found := read_iso(str(one), series.zone):
            day, is_day = found
            yield datetime.combine(day.date(), series.starts.time()) if is_day else day


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def _day(said: dict[str, Any], name: str, zone: str) -> datetime | None:
    if not said.get(name):
        return None
    if found := read_iso(str(said[name]), zone):
        return found[0]
    raise Unbuildable("not_a_date", name, said[name])


def _time(said: dict[str, Any], name: str) -> time | None:
    if not said.get(name):
        return None
    text = re.sub(r"(?<=\d)(Z|[+-]\d\d:?\d\d)$", "", str(said[name]))
    if (found := read_times(text)) and found[1] is None:
        return found[0]
    raise Unbuildable("not_a_time", name, said[name])

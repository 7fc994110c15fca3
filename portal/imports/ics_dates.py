"""Rules of an iCalendar file counted out, within bounds. Pure.

The portal's own series are counted out in events/recurrence.py and nowhere else; this is for
rules of others, which may be written to never end. dateutil cannot be used for those: it looks
for a 30th of February until the year 9999. Here each day is asked whether it is one of the
rule's, from the first that matters to the last, so that the days are the bound.
"""

from __future__ import annotations

import calendar
import itertools
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from functools import lru_cache

from portal.imports.ics_rules import Repeat, Weekday


def starts(
    repeat: Repeat, start: datetime, first: date, last: date, spend: Callable[[int], None]
) -> Iterator[datetime]:
    """The rule's wall starts from the day `first` to the day `last`, in order, told by the same
    clock as `start`; UNTIL is for the caller. `spend` is told how many days are looked at,
    which for a rule with COUNT are those from its own first, and may stop it by raising."""
    begin = start.date() if repeat.count else max(start.date(), first)
    number_of, days_of = _PERIODS[repeat.freq]
    wanted, times = _filter(repeat, start), _times(repeat, start)
    origin = number_of(start.date(), repeat)
    missed = (number_of(begin, repeat) - origin) // repeat.interval
    numbers = range(origin + missed * repeat.interval, number_of(last, repeat) + 1, repeat.interval)
    left = repeat.count
    for number in numbers:
        looked_at = list(days_of(number, repeat))
        spend(len(looked_at) + 1)
        days = [day for day in looked_at if wanted(day)]
        # Whole periods, because BYSETPOS counts in those.
        for moment in _chosen(repeat, [datetime.combine(day, at) for day in days for at in times]):
            if moment < start:
                continue
            if left is not None:
                if not left:
                    return
                left -= 1
            if first <= moment.date() <= last:
                yield moment


def _week(number: int, repeat: Repeat) -> Iterator[date]:
    # Ordinal 1 was a Monday.
    return map(date.fromordinal, range(at := number * 7 + 1 + repeat.week_start, at + 7))


def _month(number: int, repeat: Repeat) -> list[date]:
    year, month = divmod(number, 12)
    if repeat.by.get("BYMONTH", {month + 1}).isdisjoint({month + 1}):
        return []
    return [
        date(year, month + 1, day + 1) for day in range(calendar.monthrange(year, month + 1)[1])
    ]


def _year(number: int, repeat: Repeat) -> Iterator[date]:
    return (day for month in range(12) for day in _month(number * 12 + month, repeat))


_PERIODS: dict[str, tuple[Callable[[date, Repeat], int], Callable[[int, Repeat], Iterable[date]]]]
_PERIODS = {
    "DAILY": (lambda day, _: day.toordinal(), lambda number, _: [date.fromordinal(number)]),
    "WEEKLY": (lambda day, repeat: (day.toordinal() - 1 - repeat.week_start) // 7, _week),
    "MONTHLY": (lambda day, _: day.year * 12 + day.month - 1, _month),
    "YEARLY": (lambda day, _: day.year, _year),
}
"""The number of the period that a day is in, and the days of one."""


def _times(repeat: Repeat, start: datetime) -> list[time]:
    hours, minutes, seconds = (
        sorted(repeat.by.get(name, {own}))
        for name, own in (
            ("BYHOUR", start.hour),
            ("BYMINUTE", start.minute),
            ("BYSECOND", start.second),
        )
    )
    return [time(*clock) for clock in itertools.product(hours, minutes, seconds)]


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
    counted = {weekday for _, weekday in ordinals}
    of_year = repeat.freq == "YEARLY" and "BYMONTH" not in repeat.by

    def wanted(day: date) -> bool:
        if months and day.month not in months:
            return False
        if month_days:
            length = calendar.monthrange(day.year, day.month)[1]
            if not {day.day, day.day - length - 1} & month_days:
                return False
        if year_days:
            number = day.toordinal() - date(day.year, 1, 1).toordinal() + 1
            if not {number, number - 366 - calendar.isleap(day.year)} & year_days:
                return False
        weekday = day.weekday()
        if weekdays and weekday not in plain and weekday not in counted:
            return False
        if weeks and not _in_weeks(day, weeks):
            return False
        if not weekdays or weekday in plain:
            return True
        return not ordinals.isdisjoint(_ordinals(day, of_year))

    return wanted


def _in_weeks(day: date, weeks: frozenset[int]) -> bool:
    year, week, _ = day.isocalendar()
    return week in weeks or week - _weeks_of(year) - 1 in weeks


@lru_cache(maxsize=512)
def _weeks_of(year: int) -> int:
    return date(year, 12, 28).isocalendar().week


def _ordinals(day: date, of_year: bool) -> set[Weekday]:
    """Which of its weekday a day is, from the front and from the end."""
    if of_year:
        number, length = day.timetuple().tm_yday, 365 + calendar.isleap(day.year)
    else:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    weekday = day.weekday()
    return {((number - 1) // 7 + 1, weekday), (-((length - number) // 7) - 1, weekday)}

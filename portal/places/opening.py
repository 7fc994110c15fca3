"""When a place is open: weekly hours, breaks, public holidays, closed days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache

from portal.core.problems import Problem


@dataclass(frozen=True)
class DaySpan:
    """Whole days, first and last included, with what they are called (by language)."""

    first_on: date
    last_on: date
    names: tuple[tuple[str, str], ...] = ()

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first_on <= day <= self.last_on


def check_days(span: DaySpan, known: Iterable[DaySpan], today: date, longest: int) -> list[Problem]:
    """What is wrong with a span of closed days or a break of at most `longest` days."""
    if span.last_on < span.first_on:
        return [Problem("days_reversed", "last_on")]
    if span.last_on < today:
        return [Problem("days_past", "first_on")]
    if (span.last_on - span.first_on).days >= longest:
        return [Problem("days_many", "last_on", {"n": longest})]
    if any(span.first_on <= one.last_on and one.first_on <= span.last_on for one in known):
        return [Problem("days_known", "first_on")]
    return []


@dataclass(frozen=True)
class Hours:
    """Open from `opens` to `closes` on one weekday (Monday is 0), local wall time."""

    weekday: int
    opens: time
    closes: time


@lru_cache(maxsize=256)
def public_holidays(country: str, year: int) -> dict[date, str]:
    """The country's public holidays of a year, by date; Sundays as such are not among them."""
    # Imported when needed: the library loads every country of the world at once.
    from holidays import country_holidays
    from holidays.countries.sweden import Sweden

    if country == "SE":
        swedish = Sweden(years=year, language="sv", include_sundays=False)
        days = {day: name for day, name in swedish.items() if day.year == year}
        return days | _eves(days, year)
    return dict(country_holidays(country, years=year).items())


def _eves(days: dict[date, str], year: int) -> dict[date, str]:
    """The three eves that the Swedish annual leave act (1977:480, 3 a §) counts as Sundays."""
    midsummer = next(day for day, name in days.items() if name == "Midsommardagen")
    return {
        midsummer - timedelta(days=1): "Midsommarafton",
        date(year, 12, 24): "Julafton",
        date(year, 12, 31): "Nyårsafton",
    }


def holiday_name(day: date, country: str) -> str | None:
    """What the public holiday on this day is called, if it is one."""
    return public_holidays(country, day.year).get(day)


def break_on(day: date, breaks: Iterable[DaySpan]) -> DaySpan | None:
    """The first break that a day lies in."""
    return next((span for span in breaks if day in span), None)


def hours_on(
    day: date, hours: Sequence[Hours], closed: Iterable[DaySpan], country: str
) -> list[Hours]:
    """The spans a place is open on a date: none on closed days and public holidays."""
    if break_on(day, closed) or holiday_name(day, country):
        return []
    return [span for span in hours if span.weekday == day.weekday()]


def week(hours: Sequence[Hours]) -> list[tuple[list[int], list[Hours]]]:
    """Weekdays in a row with the same hours, together: [([0, 1, 2], […]), ([5], […])]."""
    groups: list[tuple[list[int], list[Hours]]] = []
    for weekday in range(7):
        spans = sorted((h for h in hours if h.weekday == weekday), key=lambda h: h.opens)
        if groups and _same(groups[-1][1], spans):
            groups[-1][0].append(weekday)
        else:
            groups.append(([weekday], spans))
    return groups


def _same(one: Sequence[Hours], other: Sequence[Hours]) -> bool:
    return [(h.opens, h.closes) for h in one] == [(h.opens, h.closes) for h in other]

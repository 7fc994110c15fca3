"""On which days an observance falls: every year, or once. Pure.

A yearly one falls on the same days each year from its first on; its periods may cross a new
year. 29 February is marked in leap years only: in other years a period leaves that day out, and
an observance of that day alone has no day at all.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from portal.core.problems import Problem
from portal.core.text import Localised

# So that a yearly period never reaches the next year's.
LONGEST = timedelta(days=365)
# How far ahead calendars are told of days, and how far ahead a first day may lie.
TOLD = timedelta(days=366)
LATEST = timedelta(days=800)


@dataclass(frozen=True)
class Marked:
    """Everything an editor says of an observance. Texts are by language key; `first_on` and
    `last_on` are the days of the first year, both included."""

    names: Localised
    first_on: date
    last_on: date
    texts: Localised = field(default_factory=dict)
    link: str = ""
    is_annual: bool = True
    is_flag_day: bool = False


@dataclass(frozen=True, order=True)
class Span:
    """The days of one year, both included. `year` names them for good: it is the year that
    they begin in, and part of the UID that calendars know them by."""

    first: date
    last: date
    year: int


def spans(first_on: date, last_on: date, is_annual: bool, since: date, until: date) -> list[Span]:
    """The spans with any day from `since` to `until`, both included, earliest first."""
    years = range(max(first_on.year, since.year - 1), until.year + 1)
    found = (
        _in_year(first_on, last_on, year) for year in (years if is_annual else [first_on.year])
    )
    return [span for span in found if span and span.last >= since and span.first <= until]


def _in_year(first_on: date, last_on: date, year: int) -> Span | None:
    first = _day(first_on, year, date(year, 3, 1))
    ends = year + last_on.year - first_on.year
    last = _day(last_on, ends, date(ends, 2, 28))
    return Span(first, last, year) if first <= last else None


def _day(day: date, year: int, instead: date) -> date:
    if (day.month, day.day) == (2, 29) and not isleap(year):
        return instead
    return day.replace(year=year)


def nearest(day: date, found: Iterable[Span]) -> Span | None:
    """The span that a date belongs to: the one that it lies in, or else closest to."""
    return min(found, key=lambda span: _distance(day, span), default=None)


def _distance(day: date, span: Span) -> timedelta:
    return max(span.first - day, day - span.last, timedelta())


def is_off(span: Span, withdrawn_on: date) -> bool:
    """Whether withdrawing on a day calls the span off. What has been has been."""
    return span.last >= withdrawn_on


def is_told(span: Span, withdrawn_on: date) -> bool:
    """Whether calendars knew of a span when it was withdrawn: later years never come up."""
    return span.first <= withdrawn_on + TOLD


def check(marked: Marked, today: date) -> list[Problem]:
    """What is wrong with an observance, seen from today."""
    problems = []
    if not marked.names.get("sv"):
        problems.append(Problem("observance_unnamed", "name"))
    if marked.last_on < marked.first_on:
        problems.append(Problem("until_before_start", "last_on"))
    elif marked.last_on - marked.first_on >= LONGEST:
        problems.append(Problem("period_too_long", "last_on"))
    elif marked.first_on > today + LATEST:
        problems.append(Problem("far_away", "first_on"))
    elif marked.last_on < today and not marked.is_annual:
        problems.append(Problem("all_past", "first_on"))
    return problems


def check_change(before: Marked, after: Marked, today: date) -> list[Problem]:
    """What is wrong with changing a published observance: besides the above, a year that
    calendars know of may move, but not vanish from them without a word."""
    problems = check(after, today)
    if (before.first_on, before.last_on) == (after.first_on, after.last_on):
        # It may go on as it is when its only day has passed, or with another text.
        problems = [one for one in problems if one.code != "all_past"]
    if not problems and (lost := _years(before, today, today + TOLD) - _still(after, today)):
        problems.append(Problem("years_lost", "first_on", {"year": min(lost)}))
    return problems


def _years(marked: Marked, since: date, until: date) -> set[int]:
    found = spans(marked.first_on, marked.last_on, marked.is_annual, since, until)
    return {span.year for span in found}


def _still(marked: Marked, today: date) -> set[int]:
    """The years that calendars keep or will be told of again as the days come nearer."""
    return _years(marked, today - timedelta(days=60), today + 2 * TOLD)

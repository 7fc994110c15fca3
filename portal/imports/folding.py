"""Finding the series in a list of dates, and where new dates belong. Pure.

A programme of one date a row says nothing of series; people see them all the same. Dates of one
unit that agree in title, place, weekday and time are one, from two dates on. What a source repeats
by a rule of its own stays as the source has it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from portal.events.recurrence import MAX_DATES, Rule, Series, starts_of
from portal.imports.told import Told

WEEK = timedelta(weeks=1)
# Dates that lie further apart are not one series: last spring's café is not this spring's.
APART = timedelta(weeks=26)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new event: its dates in order, each with its identity, and the series that they are."""

    dates: tuple[tuple[datetime, Told], ...]
    series: Series


def fold(dates: Iterable[Told], hints: Mapping[str, Series]) -> list[Fresh]:
    """The events that new dates make. `hints` are the series that a source gives, by group."""
    given: dict[str, list[Told]] = {}
    alike: dict[tuple[object, ...], list[Told]] = {}
    for told in dates:
        if told.group in hints:
            given.setdefault(told.group, []).append(told)
        else:
            alike.setdefault((told.group, *told.fold), []).append(told)
    found = [fresh for key, rows in given.items() for fresh in _as_given(rows, hints[key])]
    for rows in alike.values():
        found += _weekly(rows)
    return sorted(found, key=lambda fresh: (fresh.dates[0][1].row, fresh.dates[0][0]))


def _as_given(rows: list[Told], series: Series) -> list[Fresh]:
    """A source's own series, of those of its dates that are new."""
    planned = {told.planned: told for told in rows if told.planned is not None}
    every = list(starts_of(series))
    if not planned or not set(planned) <= set(every):
        return [_single(told) for told in rows]
    kept = [start for start in every if min(planned) <= start <= max(planned)]
    return [_made(replace(series, starts=kept[0], ends=kept[0] + series.length), planned)]


def _made(series: Series, planned: dict[datetime, Told]) -> Fresh:
    """The series cut to the dates that are, everything else of it left out."""
    if series.rule is not None:
        series = replace(series, rule=replace(series.rule, until=max(planned).date()))
    missing = frozenset(start for start in starts_of(series) if start not in planned)
    return Fresh(tuple(sorted(planned.items())), replace(series, exdates=missing))


def _single(told: Told) -> Fresh:
    about = told.about
    return Fresh(
        ((told.starts, told),), Series(told.starts, told.ends, about.zone, about.is_all_day)
    )


def _weekly(rows: list[Told]) -> list[Fresh]:
    """Dates that agree in weekday and time, as weekly series; twins stay by themselves."""
    first_of: dict[datetime, Told] = {}
    twins = [told for told in rows if first_of.setdefault(told.starts, told) is not told]
    runs: list[list[datetime]] = []
    for start in sorted(first_of):
        if not runs or start - runs[-1][-1] > APART or start - runs[-1][0] >= MAX_DATES * WEEK:
            runs.append([])
        runs[-1].append(start)
    found = [_single(told) for told in twins]
    for run in runs:
        told = first_of[run[0]]
        if len(run) == 1 or told.ends - told.starts > WEEK:
            found += [_single(first_of[start]) for start in run]
            continue
        rule = weekly(run)
        series = Series(run[0], told.ends, told.about.zone, told.about.is_all_day, rule)
        found.append(_made(series, {start: first_of[start] for start in run}))
    return found


def weekly(starts: Sequence[datetime]) -> Rule:
    """The widest weekly rhythm that makes all of these starts of one weekday."""
    steps = [(start.date() - starts[0].date()).days // 7 for start in starts]
    return Rule("WEEKLY", max(starts).date(), math.gcd(*steps) or 1, (starts[0].weekday(),))


def grown(series: Series, there: Iterable[datetime], new: Sequence[datetime]) -> Series | None:
    """The series with further dates; None where it cannot be without moving one that is there.

    `there` are the identities of its dates. It keeps its first date and its time of day.
    """
    kept, first = set(there), series.starts
    if any(start <= first or start.weekday() != first.weekday() for start in new):
        return None
    rule = series.rule
    is_weekly = rule is None or (rule.freq == "WEEKLY" and rule.weekdays == (first.weekday(),))
    if not is_weekly or any(start.time() != first.time() for start in new):
        return None
    wanted = sorted({first, *kept, *new} | ({_second(first, rule)} if rule else set()))
    longer = replace(series, rule=weekly(wanted), exdates=frozenset())
    last = max(max(kept | set(new)).date(), rule.until if rule else date.min)
    longer = replace(longer, rule=replace(weekly(wanted), until=last))
    every = list(starts_of(longer))
    if len(every) > MAX_DATES or not kept <= set(every):
        return None
    return replace(longer, exdates=frozenset(every) - kept - frozenset(new))


def _second(first: datetime, rule: Rule) -> datetime:
    return first + rule.interval * WEEK


def lengthened(
    series: Series, there: Iterable[datetime], hint: Series, new: Sequence[datetime]
) -> Series | None:
    """The same for a series whose source has a rule: as that says now, from the first date on."""
    kept = set(there)
    if hint.rule is None:
        return None
    last = max(hint.rule.until, *(start.date() for start in kept | set(new)))
    longer = replace(series, rule=replace(hint.rule, until=last), exdates=frozenset())
    every = list(starts_of(longer))
    if not every or every[0] != series.starts or not kept | set(new) <= set(every):
        return None
    return replace(longer, exdates=frozenset(every) - kept - frozenset(new))

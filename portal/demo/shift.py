"""Moving the demonstration's programme so that today lies in its middle. Pure.

Everything moves by whole weeks, so that a Wednesday stays a Wednesday, except what belongs to
an observance: that keeps its day of the year. Rules by position in the month ("second
Saturday") find their new first date, and left-out, moved and cancelled dates keep their place
in the row of dates rather than their date.
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.events.recurrence import Rule, Series, align, starts_of
from portal.events.rrule import parse_rrule


@dataclass(frozen=True)
class Sample:
    """One row of the programme as written: wall times and the dates that differ."""

    starts: datetime
    ends: datetime
    zone: str
    rrule: str
    exdates: tuple[datetime, ...] = ()
    moved: tuple[tuple[datetime, datetime], ...] = ()
    cancelled: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Moved:
    """The row at its new time. `moved` pairs a date with its other start."""

    series: Series
    exdates: tuple[datetime, ...]
    moved: tuple[tuple[datetime, datetime], ...]
    cancelled: tuple[datetime, ...]


def weeks_to(samples: list[Sample], today: date) -> int:
    """How many whole weeks bring the middle of all first and last dates to today."""
    first = min(sample.starts.date() for sample in samples)
    last = max(_last(sample) for sample in samples)
    middle = first + (last - first) / 2
    return round((today - middle).days / 7)


def _last(sample: Sample) -> date:
    return parse_rrule(sample.rrule, sample.zone).until if sample.rrule else sample.ends.date()


def move(sample: Sample, weeks: int) -> Moved:
    """A row moved by whole weeks, its exceptions by position."""
    by = timedelta(weeks=weeks)
    old = Series(sample.starts, sample.ends, sample.zone, rule=_rule(sample))
    rule = old.rule and Rule(**{**old.rule.__dict__, "until": old.rule.until + by})
    new = align(Series(sample.starts + by, sample.ends + by, sample.zone, rule=rule))
    matched = dict(zip(starts_of(old), starts_of(new), strict=False))
    return Moved(
        series=new,
        exdates=tuple(matched[day] for day in sample.exdates if day in matched),
        moved=tuple(
            (matched[day], matched[day] + (to - day)) for day, to in sample.moved if day in matched
        ),
        cancelled=tuple(matched[day] for day in sample.cancelled if day in matched),
    )


def move_to_day(sample: Sample, weeks: int) -> Moved:
    """A date that belongs to an observance, on its day of the year: of the year whose day is
    nearest to where whole weeks would bring it."""
    near = sample.starts + timedelta(weeks=weeks)
    years = (year for year in range(near.year - 4, near.year + 5) if _has_day(sample.starts, year))
    starts = min(
        (sample.starts.replace(year=year) for year in years), key=lambda at: abs(at - near)
    )
    series = Series(starts, starts + (sample.ends - sample.starts), sample.zone)
    return Moved(series, (), (), ())


def _has_day(day: date, year: int) -> bool:
    return (day.month, day.day) != (2, 29) or isleap(year)


def _rule(sample: Sample) -> Rule | None:
    return parse_rrule(sample.rrule, sample.zone) if sample.rrule else None

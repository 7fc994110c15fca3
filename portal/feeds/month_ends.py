"""The dates that Outlook alone would make of a rule for the 29th, 30th or 31st. Pure.

Where a month is too short, RFC 5545 passes it over and Outlook takes its last day: its "day 31"
is "the last day of every month" (MS-OXCICAL 2.1.3.2.2.3). An EXDATE there takes that date away,
and says nothing to others, with one exception: ical.js (Thunderbird, Nextcloud) goes on by one
EXDATE at each date, so one that belongs to no date can hide the next one that does. Where it
would, Outlook's extra date is the smaller harm.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from portal.events.recurrence import Series, starts_of
from portal.events.rrule import parse_rrule


def month_ends(rrule: str, series: Series) -> set[datetime]:
    """The last days of the shorter months between a series' first and last date, as wall starts."""
    if "FREQ=MONTHLY" not in rrule or "BYDAY" in rrule:
        return set()
    rule = parse_rrule(rrule, series.zone)
    day, first = rule.month_day or series.starts.day, series.starts
    found, month = set[datetime](), first.replace(day=1)
    while month.date() <= rule.until:
        length = monthrange(month.year, month.month)[1]
        end = month.replace(day=length)
        if length < day and first < end and end.date() < rule.until:
            found.add(end)
        for _ in range(rule.interval):
            month = (month + timedelta(days=31)).replace(day=1)
    starts, kept = list(starts_of(replace(series, rule=rule))), set[datetime]()
    for end in sorted(found):
        if _read_right(starts, series.exdates, kept | {end}):
            kept.add(end)
    return kept


def _read_right(starts: list[datetime], exdates: Iterable[datetime], more: set[datetime]) -> bool:
    """Whether ical.js leaves out the same dates with `more` EXDATEs that belong to none."""
    left_out, at = sorted({*exdates, *more}), 0
    for start in starts:
        known = left_out[at] if at < len(left_out) else None
        if start in left_out and start != known:
            return False
        at += known is not None and known <= start
    return True

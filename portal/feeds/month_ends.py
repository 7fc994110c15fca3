"""The dates that Outlook alone would make of a rule for the 29th, 30th or 31st. Pure.

Where a month is too short, RFC 5545 passes it over and Outlook takes its last day: its "day 31"
is "the last day of every month" (MS-OXCICAL 2.1.3.2.2.3). An EXDATE there takes that date away,
and says nothing to all others.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta

from portal.events.recurrence import Series
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
    return found

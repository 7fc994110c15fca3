"""Which series may meet a clock change: found out quickly, and never wrongly denied."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.events.recurrence import Dated, Rule, Series, crosses_clock_change, expand
from portal.events.rrule import format_rrule
from portal.feeds.clocks import changes, last_day, may_cross

ZONES = [
    "Europe/Stockholm",
    "Europe/Helsinki",
    "Atlantic/Azores",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
]


@pytest.mark.parametrize("zone", ZONES)
def test_the_clock_changes_of_a_year(zone: str) -> None:
    """Minute by minute around them, the offset changes there and nowhere else."""
    info, found = ZoneInfo(zone), changes(zone, 2026)
    moment, seen = datetime(2026, 1, 1), []
    while moment.year == 2026:
        after = moment + timedelta(minutes=30)
        if info.utcoffset(moment) != info.utcoffset(after):
            seen.append(after)
        moment = after
    assert len(found) == len(seen)
    for one, other in zip(found, seen, strict=True):
        assert abs(one - other) <= timedelta(minutes=2)


@pytest.mark.parametrize("zone", ZONES)
def test_no_date_over_a_clock_change_is_missed(zone: str) -> None:
    rng, crossing, cleared = random.Random(zone), 0, 0
    for _ in range(250):
        start = datetime(2026, 1, 1) + timedelta(days=rng.randrange(600), hours=rng.randrange(24))
        length = timedelta(minutes=rng.choice([30, 60, 90, 240, 600, 1500, 4000]))
        until = start.date() + timedelta(days=rng.randrange(250))
        rule = Rule("DAILY", until, rng.choice([1, 3, 7]))
        series = Series(start, start + length, zone, rule=rule)
        dates: list[Dated] = expand(series)
        may = may_cross(series.starts, series.ends, last_day(format_rrule(series), start), zone)
        if any(crosses_clock_change(one, series) for one in dates):
            crossing += 1
            assert may, series
        cleared += not may
    assert cleared, "and most dates need not be looked at"
    assert crossing or zone in ("Asia/Kolkata", "UTC")


def test_the_last_day_is_read_from_the_rule() -> None:
    start = datetime(2026, 11, 25, 23)
    assert last_day("FREQ=WEEKLY;BYDAY=WE;UNTIL=20270127T220000Z", start) == date(2027, 1, 28)
    assert last_day("FREQ=DAILY;UNTIL=20270127", start) == date(2027, 1, 28)
    assert last_day("", start) == start.date()
    assert datetime.combine(last_day("", start), start.time(), UTC).year == 2026

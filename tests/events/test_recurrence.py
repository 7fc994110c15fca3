"""The expander against a calendar worked out day by day (oracle.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule, tz
from hypothesis import assume, example, given
from hypothesis import strategies as st

from portal.events.recurrence import (
    MAX_DATES,
    Dated,
    Rule,
    Series,
    align,
    check,
    clock_trouble,
    crosses_clock_change,
    expand,
    instant,
    key,
    keys,
    nearest_valid,
    starts_of,
    wall,
)
from portal.events.rrule import UnknownRule, format_rrule, parse_rrule
from tests.events.oracle import ZONES, Rhythm, readings, rhythms, to_utc

STOCKHOLM = "Europe/Stockholm"


def series_of(rhythm: Rhythm) -> Series:
    rule = Rule(
        rhythm.freq,
        rhythm.until,
        rhythm.interval,
        rhythm.weekdays,
        rhythm.month_day,
        rhythm.nth,
    )
    ends = rhythm.starts + rhythm.length
    return Series(rhythm.starts, ends, rhythm.zone, rhythm.is_all_day, rule)


def weekly(start: datetime, until: date, hours: float = 1.5, **more: object) -> Series:
    rule = Rule("WEEKLY", until, weekdays=(start.weekday(),))
    return Series(start, start + timedelta(hours=hours), STOCKHOLM, rule=rule, **more)  # type: ignore[arg-type]


# --- expanding ----------------------------------------------------------------------------

HAND = Rhythm(
    STOCKHOLM, datetime(2026, 10, 5, 17), timedelta(hours=1), "WEEKLY", 1, date(2027, 4, 5), (0,)
)


@given(rhythms())
@example(HAND)
@example(replace(HAND, freq="MONTHLY", weekdays=(), month_day=31))
@example(replace(HAND, freq="MONTHLY", weekdays=(), nth=(-1, 4)))
@example(replace(HAND, interval=2, weekdays=(1, 3)))
@example(replace(HAND, zone="America/St_Johns", freq="DAILY", weekdays=(), interval=3))
def test_the_dates_are_those_of_the_calendar(rhythm: Rhythm) -> None:
    found = expand(series_of(rhythm))
    assert [one.recurrence_id for one in found] == rhythm.starts_on()
    assert [(one.starts_at, one.ends_at) for one in found] == rhythm.instants()


@given(rhythms())
def test_dateutil_makes_the_same_dates_from_the_written_rule(rhythm: Rhythm) -> None:
    """The RRULE itself, read by a library as clients read it: zone-aware, UNTIL in UTC."""
    series = series_of(rhythm)
    assume(rhythm.starts_on())
    text = format_rrule(series)
    if rhythm.is_all_day:
        read = rrule.rrulestr(text, dtstart=rhythm.starts)
        assert list(read) == rhythm.starts_on()
    else:
        read = rrule.rrulestr(text, dtstart=rhythm.starts.replace(tzinfo=tz.gettz(rhythm.zone)))
        assert [moment.astimezone(UTC) for moment in read] == [s for s, _ in rhythm.instants()]


@given(rhythms(), st.data())
def test_left_out_dates_are_left_out_and_nothing_else(rhythm: Rhythm, data: st.DataObject) -> None:
    every = rhythm.starts_on()
    assume(every)
    gone = data.draw(st.sets(st.sampled_from(every), max_size=5))
    series = replace(series_of(rhythm), exdates=frozenset(gone))
    assert [one.recurrence_id for one in expand(series)] == [s for s in every if s not in gone]
    # The rule stays as it was: a left-out last date does not move UNTIL.
    assert format_rrule(series) == format_rrule(series_of(rhythm))


def test_once_is_one_date() -> None:
    once = Series(datetime(2026, 12, 1, 17), datetime(2026, 12, 1, 19), STOCKHOLM)
    assert expand(once) == [
        Dated(
            datetime(2026, 12, 1, 17),
            datetime(2026, 12, 1, 16, tzinfo=UTC),
            datetime(2026, 12, 1, 18, tzinfo=UTC),
        )
    ]
    assert format_rrule(once) == ""


def test_a_wall_clock_series_keeps_its_hour_over_both_changes() -> None:
    """By hand: 17:00 is 15:00 UTC in summer and 16:00 in winter."""
    autumn = expand(weekly(datetime(2026, 10, 18, 17), date(2026, 11, 1)))
    assert [one.starts_at.hour for one in autumn] == [15, 16, 16]
    spring = expand(weekly(datetime(2027, 3, 21, 17), date(2027, 4, 4)))
    assert [one.starts_at.hour for one in spring] == [16, 15, 15]


def test_the_31st_passes_over_short_months() -> None:
    start = datetime(2026, 8, 31, 18)
    rule = Rule("MONTHLY", date(2027, 3, 31), month_day=31)
    found = expand(Series(start, start + timedelta(hours=1), STOCKHOLM, rule=rule))
    months = [(one.recurrence_id.month, one.recurrence_id.day) for one in found]
    assert months == [(8, 31), (10, 31), (12, 31), (1, 31), (3, 31)]


def test_the_last_friday_and_the_second_tuesday() -> None:
    start = datetime(2026, 11, 27, 18)
    last = Rule("MONTHLY", date(2027, 2, 28), nth=(-1, 4))
    found = expand(Series(start, start + timedelta(hours=1), STOCKHOLM, rule=last))
    days = [one.recurrence_id.date().isoformat() for one in found]
    assert days == ["2026-11-27", "2026-12-25", "2027-01-29", "2027-02-26"]
    second = replace(last, nth=(2, 1))
    start = datetime(2026, 12, 8, 18)
    found = expand(Series(start, start + timedelta(hours=1), STOCKHOLM, rule=second))
    days = [one.recurrence_id.date().isoformat() for one in found]
    assert days == ["2026-12-08", "2027-01-12", "2027-02-09"]


def test_whole_days_run_from_midnight_to_midnight_though_one_has_23_hours() -> None:
    start = datetime(2027, 3, 27)
    days = Series(start, start + timedelta(days=3), STOCKHOLM, is_all_day=True)
    (found,) = expand(days)
    assert found.ends_at - found.starts_at == timedelta(hours=71)
    assert check(days) == []


# --- the clocks ---------------------------------------------------------------------------

CHANGES = [
    datetime(2026, 3, 29),
    datetime(2026, 10, 25),
    datetime(2027, 3, 28),
    datetime(2027, 10, 31),
    datetime(2026, 3, 8),
    datetime(2026, 11, 1),
    datetime(2027, 3, 14),
    datetime(2027, 11, 7),
]


@given(
    st.sampled_from(ZONES),
    st.sampled_from(CHANGES),
    st.integers(-8, 30),
)
@example(STOCKHOLM, datetime(2027, 3, 28), 10)
@example(STOCKHOLM, datetime(2026, 10, 25), 10)
def test_clock_trouble_counts_how_often_the_clock_shows_a_time(
    zone: str, day: datetime, quarters: int
) -> None:
    moment = day + timedelta(minutes=15 * quarters)
    words = {0: "gap", 1: None, 2: "fold"}
    assert clock_trouble(moment, zone) == words[len(readings(moment, zone))]


def test_half_past_two_does_not_exist_on_28_march_2027() -> None:
    moment = datetime(2027, 3, 28, 2, 30)
    assert clock_trouble(moment, STOCKHOLM) == "gap"
    assert nearest_valid(moment, STOCKHOLM) == (
        datetime(2027, 3, 28, 1, 59),
        datetime(2027, 3, 28, 3, 0),
    )


def test_half_past_two_happens_twice_on_25_october_2026() -> None:
    moment = datetime(2026, 10, 25, 2, 30)
    assert clock_trouble(moment, STOCKHOLM) == "fold"
    assert nearest_valid(moment, STOCKHOLM) == (
        datetime(2026, 10, 25, 1, 59),
        datetime(2026, 10, 25, 3, 0),
    )


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(
        lambda moment: moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    ),
)
def test_walls_and_instants_are_each_other_s_opposite(zone: str, moment: datetime) -> None:
    found = readings(moment, zone)
    if len(found) == 1:
        assert instant(moment, zone) == found[0]
        assert wall(found[0], zone) == moment
        assert nearest_valid(moment, zone) == (moment, moment)
    elif found:
        assert instant(moment, zone) == found[0]  # of two, the first


@given(rhythms(all_day=False))
@example(replace(HAND, starts=datetime(2027, 3, 20, 23), length=timedelta(hours=5), weekdays=(5,)))
@example(replace(HAND, starts=datetime(2027, 3, 27, 23), length=timedelta(hours=5), weekdays=(5,)))
def test_a_date_is_unclear_when_it_or_the_first_is_over_a_change(rhythm: Rhythm) -> None:
    series = series_of(rhythm)
    info = ZoneInfo(rhythm.zone)

    def over_a_change(start: datetime, end: datetime) -> bool:
        return start.astimezone(info).utcoffset() != end.astimezone(info).utcoffset()

    first = over_a_change(
        to_utc(rhythm.starts, rhythm.zone), to_utc(rhythm.starts + rhythm.length, rhythm.zone)
    )
    for one in expand(series):
        wanted = first or over_a_change(one.starts_at, one.ends_at)
        assert crosses_clock_change(one, series) == wanted


def test_a_night_over_the_change_is_told_apart() -> None:
    series = weekly(datetime(2027, 3, 20, 23), date(2027, 4, 3), hours=5)
    assert [crosses_clock_change(one, series) for one in expand(series)] == [False, True, False]
    days = replace(series, is_all_day=True)
    assert not any(crosses_clock_change(one, days) for one in expand(days))


# --- addresses ----------------------------------------------------------------------------


def test_a_date_s_address_is_its_day_and_its_hour_when_there_are_two() -> None:
    starts = [
        datetime(2027, 1, 31, 9, 30),
        datetime(2027, 1, 31, 17, 30),
        datetime(2027, 2, 1, 9, 30),
    ]
    assert keys(starts) == {
        starts[0]: "2027-01-31t0930",
        starts[1]: "2027-01-31t1730",
        starts[2]: "2027-02-01",
    }
    assert key(starts[2], same_day=True) == "2027-02-01t0930"


# --- reading and writing rules --------------------------------------------------------------


@given(rhythms())
def test_a_written_rule_is_read_back_with_the_same_dates(rhythm: Rhythm) -> None:
    series = series_of(rhythm)
    assume(rhythm.starts_on())
    text = format_rrule(series)
    again = replace(series, rule=parse_rrule(text, rhythm.zone))
    assert list(starts_of(again)) == rhythm.starts_on()
    assert format_rrule(again) == text


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (Rule("WEEKLY", date(2027, 1, 31), weekdays=(2,)), "BYDAY=WE;UNTIL=20270127T160000Z"),
        (Rule("WEEKLY", date(2027, 6, 30), 2, (4, 0)), "INTERVAL=2;BYDAY=MO,FR;UNTIL=20270625"),
        (Rule("DAILY", date(2026, 11, 30), 3), "FREQ=DAILY;INTERVAL=3;UNTIL=20261128T160000Z"),
        (Rule("MONTHLY", date(2027, 1, 31), nth=(-1, 2)), "FREQ=MONTHLY;BYDAY=-1WE;UNTIL=20270127"),
        (Rule("MONTHLY", date(2027, 1, 31), month_day=25), "FREQ=MONTHLY;BYMONTHDAY=25;UNTIL=202"),
    ],
)
def test_rules_are_written_as_rfc_5545_says(rule: Rule, text: str) -> None:
    start = datetime(2026, 11, 25, 17)
    assert text in format_rrule(Series(start, start + timedelta(hours=1), STOCKHOLM, rule=rule))


def test_until_is_a_date_for_whole_days() -> None:
    start = datetime(2026, 11, 25)
    series = Series(
        start, start + timedelta(days=1), STOCKHOLM, True, Rule("DAILY", date(2026, 11, 27))
    )
    assert format_rrule(series) == "FREQ=DAILY;UNTIL=20261127"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQ=WEEKLY",
        "FREQ=WEEKLY;COUNT=5",
        "FREQ=YEARLY;UNTIL=20270101",
        "FREQ=HOURLY;UNTIL=20270101",
        "FREQ=WEEKLY;BYSETPOS=1;UNTIL=20270101",
        "FREQ=WEEKLY;BYDAY=2MO;UNTIL=20270101",
        "FREQ=MONTHLY;BYDAY=2TU,4TU;UNTIL=20270101",
        "FREQ=MONTHLY;BYDAY=MO;UNTIL=20270101",
        "FREQ=MONTHLY;BYDAY=-2MO;UNTIL=20270101",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=3;UNTIL=20270101",
        "FREQ=DAILY;BYDAY=MO;UNTIL=20270101",
        "FREQ=WEEKLY;BYMONTHDAY=3;UNTIL=20270101",
        "FREQ=MONTHLY;BYMONTHDAY=1,15;UNTIL=20270101",
        "FREQ=MONTHLY;BYMONTHDAY=-1;UNTIL=20270101",
        "FREQ=WEEKLY;INTERVAL=0;UNTIL=20270101",
        "FREQ=WEEKLY;INTERVAL=-1;UNTIL=20270101",
        "FREQ=WEEKLY;INTERVAL=x;UNTIL=20270101",
        "FREQ=WEEKLY;UNTIL=soon",
    ],
)
def test_rules_that_say_more_than_a_rhythm_are_refused(text: str) -> None:
    with pytest.raises(UnknownRule):
        parse_rrule(text, STOCKHOLM)


@given(rhythms())
def test_alignment_moves_the_start_to_the_first_date(rhythm: Rhythm) -> None:
    series = series_of(rhythm)
    aligned = align(series)
    assert list(starts_of(aligned)) == rhythm.starts_on()
    assert aligned.length == series.length
    if rhythm.starts_on():
        assert aligned.starts == rhythm.starts_on()[0]


# --- what is wrong with a series --------------------------------------------------------------


def codes(series: Series) -> list[str]:
    return [problem.code for problem in check(series)]


def daily(days: int, hours: float = 1) -> Series:
    start = datetime(2026, 11, 25, 17)
    rule = Rule("DAILY", (start + timedelta(days=days - 1)).date())
    return Series(start, start + timedelta(hours=hours), STOCKHOLM, rule=rule)


def test_sound_series_have_no_problem() -> None:
    assert codes(daily(7)) == []
    assert codes(daily(MAX_DATES)) == []
    assert codes(daily(3, hours=24)) == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (lambda s: replace(s, ends=s.starts), "end_before_start", "ends"),
        (lambda s: replace(s, ends=s.starts - timedelta(hours=1)), "end_before_start", "ends"),
        (lambda s: replace(s, ends=s.starts + timedelta(days=367)), "too_long", "ends"),
        (
            lambda s: replace(s, rule=replace(s.rule, until=date(2026, 11, 24))),
            "until_before_start",
            "until",
        ),
        (lambda s: daily(MAX_DATES + 1), "too_many_dates", "until"),
        (
            lambda s: replace(s, exdates=frozenset(starts_of(s))),
            "no_dates",
            "until",
        ),
        (
            lambda s: replace(s, rule=Rule("WEEKLY", date(2026, 11, 27), weekdays=(5,))),
            "no_dates",
            "until",
        ),
        (
            lambda s: replace(s, ends=s.starts + timedelta(hours=24, minutes=15)),
            "overlaps_itself",
            "ends",
        ),
    ],
)
def test_each_fault_has_its_code_and_field(
    change: Callable[[Series], Series], code: str, field: str
) -> None:
    found = check(change(daily(7)))
    assert [(problem.code, problem.field) for problem in found] == [(code, field)]


def test_too_many_dates_is_said_without_making_all_of_them() -> None:
    rule = Rule("DAILY", date(9999, 12, 31))
    start = datetime(2026, 11, 25, 17)
    assert codes(Series(start, start + timedelta(hours=1), STOCKHOLM, rule=rule)) == [
        "too_many_dates"
    ]


@pytest.mark.parametrize(
    ("start", "code"),
    [(datetime(2027, 3, 28, 2, 30), "clock_gap"), (datetime(2026, 10, 25, 2, 30), "clock_fold")],
)
def test_a_time_the_clocks_skip_or_repeat_is_refused_with_the_nearest(
    start: datetime, code: str
) -> None:
    (problem,) = check(Series(start, start + timedelta(hours=2), STOCKHOLM))
    assert (problem.code, problem.field) == (code, "starts")
    assert problem.facts["at"] == start
    assert problem.facts["before"] == start.replace(hour=1, minute=59)
    assert problem.facts["after"] == start.replace(hour=3, minute=0)
    ending = Series(start - timedelta(hours=4), start, STOCKHOLM)
    assert [(p.code, p.field) for p in check(ending)] == [(code, "ends")]


def test_a_troubled_date_may_be_left_out_and_whole_days_have_no_trouble() -> None:
    start = datetime(2027, 3, 21, 2, 30)
    series = weekly(start, date(2027, 4, 4))
    assert codes(series) == ["clock_gap"]
    assert codes(replace(series, exdates=frozenset([datetime(2027, 3, 28, 2, 30)]))) == []
    day = datetime(2027, 3, 28)
    assert codes(Series(day, day + timedelta(days=1), STOCKHOLM, is_all_day=True)) == []


@given(rhythms())
def test_what_is_sound_can_be_expanded_without_overlap(rhythm: Rhythm) -> None:
    series = series_of(rhythm)
    if not check(series):
        found = expand(series)
        assert found
        assert all(one.starts_at < one.ends_at for one in found)
        assert all(a.ends_at <= b.starts_at for a, b in pairwise(found))
        assert len({one.recurrence_id for one in found}) == len(found)
        assert {one.recurrence_id.time() for one in found} == {
            time(*rhythm.starts.timetuple()[3:5])
        }

"""The rhythms of the form, and the rules that they are."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.problems import Problem
from portal.events.recurrence import Rule, Series, align, expand, series_in
from portal.events.rhythms import RHYTHMS, rhythm_of, rule_of
from portal.events.rrule import format_rrule, parse_rrule
from tests.support.factories import ZONE

FIRST, UNTIL = date(2026, 12, 8), date(2027, 6, 30)  # the second Tuesday of December


@pytest.mark.parametrize(
    ("rhythm", "every", "wanted"),
    [
        ("weekly", None, Rule("WEEKLY", UNTIL, 1, (1,))),
        ("weekly", 3, Rule("WEEKLY", UNTIL, 3, (1,))),
        ("fortnightly", None, Rule("WEEKLY", UNTIL, 2, (1,))),
        ("fortnightly", 2, Rule("WEEKLY", UNTIL, 2, (1,))),
        ("daily", None, Rule("DAILY", UNTIL)),
        ("daily", 10, Rule("DAILY", UNTIL, 10)),
        ("month_date", None, Rule("MONTHLY", UNTIL, month_day=8)),
        ("month_nth", None, Rule("MONTHLY", UNTIL, nth=(2, 1))),
        ("month_last", 2, Rule("MONTHLY", UNTIL, 2, nth=(-1, 1))),
        ("once", None, None),
    ],
)
def test_a_rhythm_is_a_rule(rhythm: str, every: int | None, wanted: Rule | None) -> None:
    assert rule_of(rhythm, FIRST, UNTIL, every) == wanted


def test_weekdays_come_from_the_editor_or_the_first_day() -> None:
    assert rule_of("weekly", FIRST, UNTIL, None, (4, 0)) == Rule("WEEKLY", UNTIL, 1, (0, 4))


def test_a_fifth_weekday_is_refused_with_what_to_do() -> None:
    found = rule_of("month_nth", date(2026, 12, 29), UNTIL)
    assert isinstance(found, Problem)
    assert (found.code, found.field) == ("fifth_weekday", "first_day")


def test_every_second_week_and_every_third_do_not_go_together() -> None:
    found = rule_of("fortnightly", FIRST, UNTIL, 3)
    assert isinstance(found, Problem)
    assert found.code == "every_twice_said"


firsts = st.dates(date(2026, 1, 1), date(2028, 12, 1))


@given(st.sampled_from(RHYTHMS), firsts, st.sampled_from([None, 1, 2, 3, 5]))
def test_a_rule_gives_its_rhythm_back(rhythm: str, first: date, every: int | None) -> None:
    """So that the form shows what was chosen, whatever it was."""
    rule = rule_of(rhythm, first, first + timedelta(days=300), every)
    if isinstance(rule, Problem):
        return
    name, step = rhythm_of(rule)
    again = rule_of(name, first, first + timedelta(days=300), step)
    assert again == rule


@given(st.sampled_from(RHYTHMS[1:]), firsts, st.sampled_from([None, 2, 3]))
def test_what_the_form_makes_can_be_written_and_read(
    rhythm: str, first: date, every: int | None
) -> None:
    rule = rule_of(rhythm, first, first + timedelta(days=300), every)
    if not isinstance(rule, Rule):
        return
    start = datetime.combine(first, datetime.min.time().replace(hour=17))
    series = align(Series(start, start + timedelta(hours=1), ZONE, rule=rule))
    read = parse_rrule(format_rrule(series), ZONE)
    assert expand(Series(series.starts, series.ends, ZONE, rule=read)) == expand(series)


@given(st.sampled_from(RHYTHMS[1:]), firsts, firsts, st.sampled_from([None, 2, 3]))
def test_another_term_has_the_same_days_and_times(
    rhythm: str, first: date, later: date, every: int | None
) -> None:
    """Same weekdays, same place in the month, same length, nothing outside the term."""
    rule = rule_of(rhythm, first, first + timedelta(days=200), every)
    if not isinstance(rule, Rule):
        return
    start = datetime.combine(first, datetime.min.time().replace(hour=10))
    old = align(Series(start, start + timedelta(hours=2), ZONE, rule=rule))
    new = series_in(old, later, later + timedelta(days=250))
    starts = [dated.recurrence_id for dated in expand(new)]
    assert all(later <= moment.date() <= later + timedelta(days=250) for moment in starts)
    assert new.length == old.length
    if rhythm in ("weekly", "fortnightly", "month_nth", "month_last"):
        assert {moment.weekday() for moment in starts} <= {first.weekday()}
    if rhythm == "month_date":
        assert {moment.day for moment in starts} <= {first.day}
    assert {moment.time() for moment in starts} <= {start.time()}


def test_a_weekday_that_was_never_said_is_kept_in_another_term() -> None:
    """A rule from elsewhere may leave it to the first date: a Wednesday stays one."""
    start = datetime(2026, 9, 2, 17)
    old = Series(start, start + timedelta(hours=1), ZONE, rule=Rule("WEEKLY", date(2026, 12, 1)))
    new = series_in(old, date(2027, 1, 11), date(2027, 2, 1))
    assert [dated.recurrence_id.date() for dated in expand(new)] == [
        date(2027, 1, 13),
        date(2027, 1, 20),
        date(2027, 1, 27),
    ]

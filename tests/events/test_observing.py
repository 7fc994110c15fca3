"""On which days observances fall: worked out again day by day, over any years."""

from __future__ import annotations

import itertools
from calendar import isleap
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.events.observing import (
    LATEST,
    TOLD,
    Marked,
    Span,
    check,
    check_change,
    is_off,
    is_told,
    nearest,
    spans,
)

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)
days = st.dates(date(2001, 1, 1), date(2060, 12, 31))
# Short ones, ones over a new year, and ones that nearly fill a year.
lengths = st.one_of(st.integers(0, 3), st.integers(0, 364))
windows = st.tuples(days, st.integers(0, 800)).map(lambda pair: (pair[0], pair[0] + pair[1] * DAY))


def walk(span: Span) -> list[date]:
    return [span.first + n * DAY for n in range((span.last - span.first).days + 1)]


def by_hand(first: date, last: date, day: date) -> bool:
    """Whether a day is marked, by comparing months and days only."""
    if day < first:
        return False
    now, begins, ends = ((one.month, one.day) for one in (day, first, last))
    if first.year == last.year:
        return begins <= now <= ends
    return now >= begins or now <= ends


@given(days, lengths, windows)
@example(date(2024, 2, 29), 0, (date(2024, 1, 1), date(2029, 1, 1)))
@example(date(2024, 2, 29), 1, (date(2025, 1, 1), date(2025, 12, 31)))
@example(date(2023, 12, 20), 70, (date(2024, 1, 1), date(2025, 12, 31)))
def test_a_yearly_one_falls_on_the_same_days_each_year(
    first: date, length: int, window: tuple[date, date]
) -> None:
    last, (since, until) = first + length * DAY, window
    found = spans(first, last, True, since, until)
    shown = {day for span in found for day in walk(span)}
    asked = [since + n * DAY for n in range((until - since).days + 1)]
    assert [day for day in asked if day in shown] == [
        day for day in asked if by_hand(first, last, day)
    ]
    assert found == sorted(found)
    assert len({span.year for span in found}) == len(found), "a year has one"
    for before, after in itertools.pairwise(found):
        assert before.last < after.first, "the years do not overlap"
    for span in found:
        assert span.first <= span.last
        assert span.year == span.first.year, "it is named after the year that it begins in"
        assert span.last >= since
        assert span.first <= until


@given(days, lengths, windows)
def test_one_that_is_once_is_its_own_year_only(
    first: date, length: int, window: tuple[date, date]
) -> None:
    last, (since, until) = first + length * DAY, window
    found = spans(first, last, False, since, until)
    meets = last >= since and first <= until
    assert found == ([Span(first, last, first.year)] if meets else [])


@given(days, lengths, windows, windows)
def test_what_is_asked_does_not_change_the_answer(
    first: date, length: int, window: tuple[date, date], other: tuple[date, date]
) -> None:
    """UIDs are made of the year, so a span is the same from wherever one looks."""
    last = first + length * DAY
    one, two = spans(first, last, True, *window), spans(first, last, True, *other)
    both = {span.year for span in one} & {span.year for span in two}
    assert [s for s in one if s.year in both] == [s for s in two if s.year in both]


def test_29_february_is_marked_in_leap_years_only() -> None:
    leap = date(2024, 2, 29)
    found = spans(leap, leap, True, date(2024, 1, 1), date(2032, 12, 31))
    assert [span.first for span in found] == [leap, date(2028, 2, 29), date(2032, 2, 29)]
    begins = spans(leap, date(2024, 3, 4), True, date(2025, 1, 1), date(2025, 12, 31))
    assert begins == [Span(date(2025, 3, 1), date(2025, 3, 4), 2025)]
    ends = spans(date(2024, 2, 27), leap, True, date(2025, 1, 1), date(2025, 12, 31))
    assert ends == [Span(date(2025, 2, 27), date(2025, 2, 28), 2025)]
    assert not isleap(2025)


def test_a_period_over_the_new_year_is_named_after_its_first_day() -> None:
    found = spans(date(2026, 12, 20), date(2027, 1, 6), True, date(2028, 1, 3), date(2028, 1, 3))
    assert found == [Span(date(2027, 12, 20), date(2028, 1, 6), 2027)]


@given(days, lengths, days)
def test_a_date_belongs_to_the_nearest_year(first: date, length: int, day: date) -> None:
    last = first + length * DAY
    found = spans(first, last, True, day - 800 * DAY, day + 800 * DAY)
    span = nearest(day, found)
    if span is None:
        assert found == []
        return
    distances = [min(abs((one - day).days) for one in walk(span)) for span in found]
    assert min(abs((one - day).days) for one in walk(span)) == min(distances)


# --- withdrawing --------------------------------------------------------------------------


def test_what_has_been_has_been_and_later_years_never_come_up() -> None:
    on = date(2026, 11, 20)
    found = spans(date(2024, 11, 20), date(2024, 11, 20), True, date(2025, 1, 1), date(2030, 1, 1))
    off = [span.year for span in found if is_told(span, on) and is_off(span, on)]
    assert off == [2026, 2027], "today's, and the one that calendars have already"
    assert [span.year for span in found if not is_off(span, on)] == [2025]
    assert [span.year for span in found if not is_told(span, on)] == [2028, 2029]


# --- what makes one sound -----------------------------------------------------------------


def marked(first: date, last: date | None = None, **more: object) -> Marked:
    return Marked({"sv": "Bokens dag"}, first, last or first, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(marked(TODAY), names={"en": "Day"}), "observance_unnamed"),
        (marked(TODAY, TODAY - DAY), "until_before_start"),
        (marked(TODAY, TODAY + 365 * DAY), "period_too_long"),
        (marked(TODAY + LATEST + DAY), "far_away"),
        (marked(TODAY - DAY, is_annual=False), "all_past"),
    ],
)
def test_what_is_wrong_is_told(wrong: Marked, code: str) -> None:
    assert [problem.code for problem in check(wrong, TODAY)] == [code]


@pytest.mark.parametrize(
    "sound",
    [
        marked(TODAY, TODAY + 364 * DAY),
        marked(date(2001, 4, 8)),
        marked(TODAY, is_annual=False),
        marked(TODAY - 9 * DAY, TODAY, is_annual=False),
        marked(TODAY + LATEST),
    ],
)
def test_what_is_sound_is_taken(sound: Marked) -> None:
    assert check(sound, TODAY) == []


APRIL = marked(date(2025, 4, 8))
PAST = marked(date(2026, 4, 8), is_annual=False)


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (APRIL, marked(date(2025, 4, 9)), None),
        (APRIL, marked(date(2025, 3, 8), date(2025, 4, 8)), None),
        (APRIL, marked(date(2027, 4, 8)), None),
        (APRIL, marked(date(2028, 4, 8)), "years_lost"),
        (APRIL, marked(date(2027, 4, 8), is_annual=False), None),
        (APRIL, marked(date(2028, 4, 8), is_annual=False), "years_lost"),
        # A past one keeps its day, and may still get other words.
        (
            marked(date(2026, 4, 8), is_annual=False),
            marked(date(2026, 4, 8), is_annual=False),
            None,
        ),
        (marked(date(2027, 4, 8), is_annual=False), PAST, "all_past"),
        (marked(date(2027, 12, 1), is_annual=False), marked(date(2028, 4, 8)), None),
        # Over the new year it would have another year's name.
        (marked(date(2025, 12, 28)), marked(date(2025, 1, 2)), "years_lost"),
    ],
)
def test_a_year_that_calendars_have_may_move_and_not_vanish(
    before: Marked, after: Marked, code: str | None
) -> None:
    found = [problem.code for problem in check_change(before, after, TODAY)]
    assert found == ([code] if code else [])


@given(days, lengths, days, lengths, st.booleans(), st.booleans(), days)
def test_a_change_that_is_taken_loses_no_year(
    first: date, length: int, other: date, other_length: int, yearly: bool, later: bool, today: date
) -> None:
    before = marked(first, first + length * DAY, is_annual=yearly)
    after = marked(other, other + other_length * DAY, is_annual=later)
    if check_change(before, after, today):
        return
    told = spans(before.first_on, before.last_on, yearly, today, today + TOLD)
    left = spans(after.first_on, after.last_on, later, today - 60 * DAY, today + 2 * TOLD)
    assert {span.year for span in told} <= {span.year for span in left}

"""What a host says of a date: when it may be said, and how long it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.events.dropin import (
    CORRECTED_FOR,
    Said,
    Span,
    against_counting,
    against_saying,
    may_hold,
    shown,
)

STARTS = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
SPAN = Span(STARTS, STARTS + timedelta(minutes=90))
FULL = Said("full", STARTS + timedelta(minutes=20))
AGAIN = Said("open", STARTS + timedelta(minutes=40))
SECOND = timedelta(seconds=1)


def codes(found: list[object]) -> list[str]:
    return [problem.code for problem in found]  # type: ignore[attr-defined]


# --- how long it holds --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "at", "is_shown"),
    [
        (FULL, FULL.at - SECOND, False),
        (FULL, FULL.at, True),
        (FULL, SPAN.ends_at - SECOND, True),
        (FULL, SPAN.ends_at, False),
        (FULL, SPAN.ends_at + timedelta(days=7), False),
        (AGAIN, AGAIN.at - SECOND, False),
        (AGAIN, AGAIN.at, True),
        (AGAIN, AGAIN.at + timedelta(minutes=30) - SECOND, True),
        (AGAIN, AGAIN.at + timedelta(minutes=30), False),
        (replace(AGAIN, at=SPAN.ends_at - SECOND), SPAN.ends_at, False),
        (replace(FULL, at=STARTS - timedelta(hours=3)), STARTS, True),
        (replace(FULL, at=STARTS - timedelta(hours=3) - SECOND), STARTS, False),
        (None, STARTS, False),
    ],
)
def test_it_falls_away_by_itself(said: Said | None, at: datetime, is_shown: bool) -> None:
    assert shown(said, SPAN, at) == (said if is_shown else None)


@pytest.mark.parametrize(("hours", "is_shown"), [(11.99, True), (12, False), (24, False)])
def test_of_a_date_that_goes_on_for_days_it_holds_for_twelve_hours(
    hours: float, is_shown: bool
) -> None:
    exhibition = Span(STARTS, STARTS + timedelta(days=20))
    assert (shown(FULL, exhibition, FULL.at + timedelta(hours=hours)) == FULL) is is_shown


def test_a_cancelled_date_shows_nothing() -> None:
    assert shown(FULL, replace(SPAN, is_on=False), FULL.at) is None


def test_what_was_said_before_a_date_was_moved_is_not_about_the_new_time() -> None:
    later = Span(STARTS + timedelta(days=7), SPAN.ends_at + timedelta(days=7))
    for moment in (FULL.at, later.starts_at, later.ends_at - SECOND):
        assert shown(FULL, later, moment) is None
    an_hour = timedelta(hours=1)
    soon = Span(STARTS + an_hour, SPAN.ends_at + an_hour)
    assert shown(FULL, soon, soon.ends_at - SECOND) == FULL, "the same evening, an hour later"


MINUTES = st.integers(-3000, 3000).map(lambda n: STARTS + timedelta(minutes=n))


@given(
    state=st.sampled_from(["full", "open"]), said=MINUTES, now=MINUTES, length=st.integers(1, 3000)
)
def test_what_is_shown_was_said_of_this_date_and_can_be_true(
    state: str, said: datetime, now: datetime, length: int
) -> None:
    span = Span(STARTS, STARTS + timedelta(minutes=length))
    found = shown(Said(state, said), span, now)
    if found is not None:
        assert span.starts_at - timedelta(hours=3) <= found.at <= now < span.ends_at
        assert now - found.at < timedelta(hours=12 if state == "full" else 0.5)
        assert against_saying("open", found, span, now) == []
    # Once gone it does not come back.
    if found is None and now >= said:
        assert shown(Said(state, said), span, now + timedelta(minutes=17)) is None


# --- when it may be said ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (STARTS - timedelta(hours=3) - SECOND, "date_later"),
        (STARTS - timedelta(hours=3), ""),
        (STARTS, ""),
        (SPAN.ends_at - SECOND, ""),
        (SPAN.ends_at, "date_over"),
        (SPAN.ends_at + timedelta(days=1), "date_over"),
    ],
)
def test_full_is_said_from_three_hours_before_to_the_end(at: datetime, code: str) -> None:
    assert codes([*against_saying("full", None, SPAN, at)]) == ([code] if code else [])
    assert may_hold(SPAN, at) is (code == "")


def test_places_again_is_said_of_what_was_full() -> None:
    assert codes([*against_saying("open", None, SPAN, STARTS)]) == ["not_full"]
    assert against_saying("open", FULL, SPAN, FULL.at) == []
    assert against_saying("open", AGAIN, SPAN, AGAIN.at) == [], "pressed twice"
    assert against_saying("full", AGAIN, SPAN, AGAIN.at) == []


def test_nothing_is_said_of_what_is_off_and_nothing_else_can_be_said() -> None:
    off = replace(SPAN, is_on=False)
    assert codes([*against_saying("full", None, off, STARTS)]) == ["date_off"]
    for state in ("", "Full", "closed", "full "):
        assert codes([*against_saying(state, None, SPAN, STARTS)]) == ["state_unknown"]


# --- how many came ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (STARTS - SECOND, "not_begun"),
        (STARTS, ""),
        (SPAN.ends_at + CORRECTED_FOR - SECOND, ""),
        (SPAN.ends_at + CORRECTED_FOR, "count_closed"),
    ],
)
def test_it_is_counted_from_the_start_and_corrected_for_sixty_days(at: datetime, code: str) -> None:
    found = against_counting({"adults": 7}, SPAN, at, False)
    assert codes([*found]) == ([code] if code else [])


@pytest.mark.parametrize(
    ("numbers", "fields"),
    [
        ({"adults": 0}, []),
        ({"adults": 2000, "children": 0}, []),
        ({"adults": None, "children": 3}, []),
        ({"adults": 2001}, ["adults"]),
        ({"adults": -1, "children": 9999}, ["adults", "children"]),
        ({"adults": None, "children": None}, ["adults"]),
        ({}, ["adults"]),
    ],
)
def test_numbers_are_whole_and_not_more_than_a_house_holds(
    numbers: dict[str, int | None], fields: list[str]
) -> None:
    found = against_counting(numbers, SPAN, STARTS, False)
    assert [problem.field for problem in found] == fields


def test_what_was_counted_can_be_taken_back_and_what_is_off_is_not_counted() -> None:
    assert against_counting({"adults": None, "children": None}, SPAN, STARTS, True) == []
    assert codes([*against_counting({}, SPAN, STARTS, True)]) == ["count_missing"]
    off = replace(SPAN, is_on=False)
    assert codes([*against_counting({"adults": 1}, off, STARTS, False)]) == ["date_off"]

"""What makes an event sound, and which dates breaks and holidays take out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from portal.events.recurrence import Rule, Series
from portal.events.rules import (
    VISIBILITIES,
    Details,
    LeftOut,
    check_details,
    check_series,
    left_out,
    may_change_visibility,
)
from portal.places.opening import DaySpan

SOUND = Details(titles={"sv": "Café"}, texts={}, kind_id=1, unit_id=1, place_id=1)
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"titles": {}}, "title_missing", "title"),
        ({"titles": {"en": "Café"}}, "title_missing", "title"),
        ({"place_id": None}, "place_missing", "elsewhere"),
        ({"visibility": "secret"}, "visibility_unknown", "visibility"),
        ({"visibility": "without_place"}, "phone_for_place", "phone"),
        ({"sign_up": "link"}, "link_missing", "sign_up_link"),
        ({"sign_up": "phone"}, "phone_missing", "phone"),
        ({"sign_up": "here"}, "sign_up_unknown", "sign_up"),
        ({"age_from": 9, "age_to": 7}, "ages_reversed", "age_to"),
    ],
)
def test_each_missing_detail_has_its_code(
    changes: dict[str, object], code: str, field: str
) -> None:
    found = check_details(replace(SOUND, **changes))  # type: ignore[arg-type]
    assert [(problem.code, problem.field) for problem in found] == [(code, field)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"place_id": None, "elsewhere": "Torget"},
        {"visibility": "without_place", "phone": "0555-1"},
        {"sign_up": "link", "sign_up_link": "https://example.org/"},
        {"sign_up": "phone", "phone": "0555-1"},
        {"age_from": 0, "age_to": 0},
        {"age_to": 12},
    ],
)
def test_sound_details_have_no_problem(changes: dict[str, object]) -> None:
    assert check_details(replace(SOUND, **changes)) == []  # type: ignore[arg-type]


def test_everything_wrong_is_told_at_once() -> None:
    wrong = replace(SOUND, titles={}, place_id=None, sign_up="phone", age_from=2, age_to=1)
    assert len(check_details(wrong)) == 4


def weekly(first: date, until: date) -> Series:
    start = datetime(first.year, first.month, first.day, 17)
    rule = Rule("WEEKLY", until, weekdays=(first.weekday(),))
    return Series(start, start + timedelta(hours=1), "Europe/Stockholm", rule=rule)


@pytest.mark.parametrize(
    ("first", "until", "code", "field"),
    [
        (date(2062, 11, 25), date(2062, 12, 25), "far_away", "first_day"),
        (date(2025, 1, 1), date(2025, 2, 1), "far_past", "first_day"),
        (date(2026, 11, 25), date(2036, 11, 25), "far_away", "until"),
    ],
)
def test_a_year_typed_wrong_is_seen(first: date, until: date, code: str, field: str) -> None:
    found = check_series(weekly(first, until), TODAY)
    assert [(problem.code, problem.field) for problem in found] == [(code, field)]


def test_two_years_ahead_and_a_year_back_are_fine() -> None:
    assert check_series(weekly(TODAY, TODAY + timedelta(days=800)), TODAY) == []
    assert check_series(weekly(TODAY - timedelta(days=400), TODAY), TODAY) == []


AUTUMN = DaySpan(date(2026, 10, 26), date(2026, 10, 30), (("sv", "Höstlov"),))


def test_breaks_holidays_and_chosen_days_are_left_out_with_their_reason() -> None:
    """Wednesdays: the autumn break, Epiphany (6 January 2027), and one by hand."""
    series = weekly(date(2026, 10, 21), date(2027, 1, 13))
    by_hand = [date(2026, 12, 23), date(2026, 12, 24)]
    found = left_out(series, by_hand, [AUTUMN], "SE", skip_breaks=True, skip_holidays=True)
    assert found == [
        LeftOut(datetime(2026, 10, 28, 17), (("sv", "Höstlov"),)),
        LeftOut(datetime(2026, 12, 23, 17)),
        LeftOut(datetime(2027, 1, 6, 17), (("sv", "Trettondedag jul"),)),
    ]


def test_breaks_and_holidays_stay_when_nobody_asked() -> None:
    series = weekly(date(2026, 10, 21), date(2027, 1, 13))
    assert left_out(series, [], [AUTUMN], "SE", skip_breaks=False, skip_holidays=False) == []
    found = left_out(series, [], [AUTUMN], "SE", skip_breaks=True, skip_holidays=False)
    assert [row.recurrence_id.day for row in found] == [28]
    found = left_out(series, [], [AUTUMN], "FI", skip_breaks=False, skip_holidays=True)
    assert [row.recurrence_id.day for row in found] == [6]


def test_what_was_published_stays_findable() -> None:
    open_ways = {("public", "without_place"), ("without_place", "public")}
    for before in VISIBILITIES:
        for after in VISIBILITIES:
            assert may_change_visibility(before, after, was_published=False)
            allowed = before == after or (before, after) in open_ways
            assert may_change_visibility(before, after, was_published=True) == allowed

"""From items to dates, what a series says as a whole, and what is remembered of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.events.recurrence import Series, starts_of
from portal.events.rules import check_details
from portal.imports.items import Item, ItemDate
from portal.imports.known import mark_of
from portal.imports.told import Common, Memory, Told, common, span_of, tell
from tests.imports import tellings
from tests.imports.tellings import ABOUT, FIRST, HOUR, HOUSE, KINDS, PARK, WEEK, ZONE, told, weekly

ITEM = Item(row=2, key="a", titles={"sv": "Café"}, starts=FIRST, ends=FIRST + HOUR, zone=ZONE)


def dates(item: Item) -> list[Told]:
    return list(tell(item, ABOUT, HOUSE, {"Parken": PARK}))


# --- dates of an item ---------------------------------------------------------------------


def test_a_single_date() -> None:
    item = replace(ITEM, link="https://example.org", is_cancelled=True)
    assert dates(item) == [
        Told(2, "a", "Café", FIRST, FIRST + HOUR, HOUSE, ABOUT, link="https://example.org",
             is_cancelled=True)
    ]  # fmt: skip
    (grouped,) = dates(replace(ITEM, group="g"))
    assert (grouped.group, grouped.planned) == ("g", FIRST)


def test_a_title_in_another_language_only_is_the_title() -> None:
    (one,) = dates(replace(ITEM, titles={"en": "Café"}))
    assert one.title == "Café"


def test_a_series_with_what_differs() -> None:
    moved = ItemDate(FIRST + WEEK, FIRST + WEEK + HOUR, FIRST + WEEK + 2 * HOUR, title="Fest")
    off = ItemDate(FIRST + 2 * WEEK, FIRST + 2 * WEEK, FIRST + 2 * WEEK + HOUR, True, "", "Parken")
    item = replace(
        ITEM, rule=weekly(4).rule, exdates=frozenset({FIRST + 3 * WEEK}), dates=(moved, off)
    )
    found = dates(item)
    assert [one.key for one in found] == [
        "a/2026-11-02", "a/2026-11-09", "a/2026-11-16", "a/2026-11-30",
    ]  # fmt: skip
    assert [one.planned for one in found] == [FIRST + n * WEEK for n in (0, 1, 2, 4)]
    assert (found[1].starts, found[1].title) == (moved.starts, "Fest")
    assert (found[2].is_cancelled, found[2].where) == (True, PARK)
    assert {one.group for one in found} == {"a"}
    assert [one.is_cancelled for one in dates(replace(item, is_cancelled=True))] == [True] * 4


@given(tellings.rules(), st.data())
def test_a_series_is_told_date_by_date(series: Series, data: st.DataObject) -> None:
    every = list(starts_of(series))
    out = (
        frozenset(data.draw(st.sets(st.sampled_from(every), max_size=3))) if every else frozenset()
    )
    item = replace(ITEM, starts=series.starts, ends=series.ends, rule=series.rule, exdates=out)
    found = dates(item)
    assert [one.planned for one in found] == [at for at in every if at not in out]
    assert len({one.key for one in found}) == len(found)
    assert all(one.ends - one.starts == HOUR for one in found)
    # A date is known by the same key whatever else the series makes.
    fewer = {one.key for one in dates(replace(item, exdates=out | frozenset(every[::2])))}
    assert fewer <= {one.key for one in found}


# --- the whole ----------------------------------------------------------------------------


def test_the_whole_is_what_most_say_and_the_earliest_where_none_is_most() -> None:
    assert common([told(0, title="A"), told(1, title="B"), told(2, title="B")]).title == "B"
    assert common([told(2, title="C"), told(1, title="B"), told(0, title="A")]).title == "A"
    assert common([told(0, where=PARK), told(1)]).where == PARK


@given(tellings.dates(tellings.abouts()), st.randoms(use_true_random=False))
def test_the_whole_does_not_depend_on_the_order(dates: list[Told], dice: random.Random) -> None:
    shuffled = list(dates)
    dice.shuffle(shuffled)
    whole = common(dates)
    assert common(shuffled) == whole
    for name in ("title", "where", "link", "about"):
        said = [getattr(one, name) for one in dates]
        assert said.count(getattr(whole, name)) == max(map(said.count, said))


@given(tellings.commons)
def test_whatever_a_source_says_is_an_event_that_the_rules_take(whole: Common) -> None:
    details = whole.details(KINDS)
    assert check_details(details) == []
    assert details.titles["sv"] == whole.title
    assert (details.place_id, details.elsewhere) in (
        (whole.where[0], ""),
        (None, whole.where[1]),
    )
    assert (details.sign_up == "none") == (
        not whole.about.needs_sign_up or not (whole.link or whole.about.phone)
    )


def test_who_signs_up_where() -> None:
    def said(**changes: object) -> tuple[str, str, str]:
        details = common([told(0, **changes)]).details(KINDS)
        return details.sign_up, details.sign_up_link, details.phone

    there = "https://example.org/1"
    assert said(link=there) == ("none", "", "")
    assert said(link=there, needs_sign_up=True, phone="08-1") == ("link", there, "08-1")
    assert said(needs_sign_up=True, phone="08-1") == ("phone", "", "08-1")
    assert said(needs_sign_up=True) == ("none", "", "")
    series = [told(n, link=f"https://example.org/{n}", needs_sign_up=True) for n in range(2)]
    whole = common(series)
    assert [whole.own_link(one) for one in series] == ["", "https://example.org/1"]


def test_only_the_young_are_an_audience() -> None:
    def audiences(age_to: int | None) -> tuple[str, ...]:
        return common([told(0, age_to=age_to)]).details(KINDS).audiences

    assert (audiences(12), audiences(0)) == (("children", "families"),) * 2
    assert (audiences(13), audiences(None)) == ((), ())


def test_what_a_file_is_about() -> None:
    assert span_of([told(3), told(1), told(2)]) == (date(2026, 11, 9), date(2026, 11, 23))
    assert span_of([]) is None


# --- remembering --------------------------------------------------------------------------


@given(tellings.dates(tellings.abouts()))
def test_what_is_kept_is_read_back(dates: list[Told]) -> None:
    memory = Memory()
    for one in dates:
        kept = json.loads(json.dumps(one.as_json()))
        again = memory.told(one.key, one.group, kept)
        assert again == replace(one, row=0, planned=None)
        assert mark_of(again) == mark_of(one), "nothing looks as if it were told in other words"
    whole = common(dates)
    assert memory.common(json.loads(json.dumps(whole.as_json()))) == whole


@given(tellings.dates(tellings.abouts()))
def test_equal_words_have_equal_marks_and_others_others(dates: list[Told]) -> None:
    first = replace(dates[0], key="")
    for other in (replace(one, key="") for one in dates):
        same = (first.as_json(), first.group) == (other.as_json(), other.group)
        assert same == (mark_of(first) == mark_of(other))


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Lek"},
        {"starts": FIRST + timedelta(minutes=1)},
        {"ends": FIRST + 2 * HOUR},
        {"where": PARK},
        {"link": "https://example.org"},
        {"is_cancelled": True},
        {"group": "g"},
        {"about": replace(ABOUT, texts=(("sv", "Kom"),))},
        {"about": replace(ABOUT, is_preliminary=True)},
    ],
    ids=lambda change: "-".join(change),
)
def test_every_word_counts(change: dict[str, object]) -> None:
    before = told(0, ends=FIRST + HOUR)
    assert mark_of(replace(before, **change)) != mark_of(before)


def test_what_nobody_remembers() -> None:
    assert Memory().told("k", "", {}) is None
    assert Memory().common({}) is None
    kept = told(0).as_json()
    assert isinstance(datetime.fromisoformat(kept["starts"]), datetime)
    one, two = (Memory().told("k", "", kept), Memory().told("k", "", kept))
    assert one == two

"""Series found in lists of dates, and series that grow. Properties, each against a plain count."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.events.recurrence import MAX_DATES, Rule, Series, check, expand, starts_of
from portal.imports.folding import Fresh, fold, grown, lengthened
from portal.imports.told import Told
from tests.imports import tellings
from tests.imports.tellings import FIRST, HOUR, PARK, WEEK, ZONE, told, weekly


def identities(series: Series) -> list[object]:
    return [dated.recurrence_id for dated in expand(series)]


def keys(events: list[Fresh]) -> list[set[str]]:
    """Which ids became one event."""
    return [{one.key for _, one in fresh.dates} for fresh in events]


# --- by hand ------------------------------------------------------------------------------


def test_one_date_is_an_event_and_two_are_a_series() -> None:
    (single,) = fold([told()], {})
    assert (single.series.rule, len(single.dates)) == (None, 1)
    (two,) = fold([told(0), told(2)], {})
    assert two.series.rule == Rule("WEEKLY", (FIRST + 2 * WEEK).date(), 2, (0,))


def test_holes_are_left_out_and_the_rhythm_is_the_widest() -> None:
    (found,) = fold([told(n) for n in (0, 2, 4, 8)], {})
    assert found.series.rule is not None
    assert found.series.rule.interval == 2
    assert found.series.exdates == {FIRST + 6 * WEEK}


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Annat"},
        {"where": PARK},
        {"unit_id": 2},
        {"starts": FIRST + WEEK + HOUR},
        {"starts": FIRST + WEEK + timedelta(days=1)},
        {"ends": FIRST + WEEK + 2 * HOUR},
        {"group": "g"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_dates_that_differ_are_apart(other: dict[str, object]) -> None:
    assert len(fold([told(0), told(1)], {})) == 1
    assert len(fold([told(0), told(1, **other)], {})) == 2


def test_what_is_said_besides_does_not_part_a_series() -> None:
    others = ({"link": "https://example.org"}, {"is_cancelled": True}, {"phone": "08-1"})
    dates = [told(0), *(told(n, **said) for n, said in enumerate(others, 1))]
    assert len(fold(dates, {})) == 1


def test_twins_stay_apart() -> None:
    twin = told(1, key="twin", row=9)
    found = fold([told(0), told(1), twin, told(2)], {})
    assert keys(found) == [{told(n).key for n in range(3)}, {"twin"}]


def test_last_spring_is_not_this_spring() -> None:
    assert len(fold([told(0), told(26)], {})) == 1
    assert len(fold([told(0), told(27)], {})) == 2


def test_what_lasts_longer_than_its_rhythm_is_no_series() -> None:
    long = [told(n, ends=FIRST + n * WEEK + timedelta(days=8)) for n in range(3)]
    assert [fresh.series.rule for fresh in fold(long, {})] == [None] * 3


def test_a_source_s_own_series_stays_as_it_is() -> None:
    series = replace(weekly(9), rule=Rule("WEEKLY", (FIRST + 9 * WEEK).date(), 1, (0, 2)))
    every = list(starts_of(series))
    dates = [told(at, group="g", planned=at, title=f"Del {n}") for n, at in enumerate(every)]
    moved = replace(dates[3], starts=dates[3].starts + HOUR, ends=dates[3].ends + HOUR)
    dates[3] = moved
    left = [one for n, one in enumerate(dates) if n != 5]
    (found,) = fold(left, {"g": series})
    assert found.series.exdates == {every[5]}
    assert dict(found.dates)[every[3]] == moved, "the date's identity is what was planned"


def test_dates_that_a_source_s_series_does_not_make_stand_alone() -> None:
    stray = told(FIRST + HOUR, group="g", planned=FIRST + HOUR)
    assert fold([stray], {"g": weekly(3)})[0].series.rule is None


# --- by chance ----------------------------------------------------------------------------


def alike(one: Told) -> tuple[Any, ...]:
    """What dates of one series agree in."""
    when = (one.starts.weekday(), one.starts.time(), one.ends - one.starts)
    return (one.group, one.about.unit_id, one.title, one.where, when)


def sound(dates: list[Told], found: list[Fresh]) -> None:
    """Each date is told once, and each series makes exactly its own."""
    count = Counter(one.key for fresh in found for _, one in fresh.dates)
    assert count == Counter(one.key for one in dates)
    for fresh in found:
        assert identities(fresh.series) == [start for start, _ in fresh.dates]
        assert fresh.series.length == fresh.dates[0][1].ends - fresh.dates[0][1].starts
        assert len({alike(one) for _, one in fresh.dates}) == 1
        assert all(start == one.starts for start, one in fresh.dates)
        assert [p.code for p in check(fresh.series) if not p.code.startswith("clock")] == []


def fewest(dates: list[Told]) -> int:
    """How many events there are at least: one for each run of dates alike, and each twin."""
    found: dict[Any, list[datetime]] = {}
    for one in dates:
        found.setdefault(alike(one), []).append(one.starts)
    count = 0
    for (*_, (_, _, length)), starts in found.items():
        days, is_long = sorted(set(starts)), length > WEEK
        gaps = sum(b - a > 26 * WEEK for a, b in itertools.pairwise(days))
        count += len(starts) - len(days) + (len(days) if is_long else gaps + 1)
    return count


@given(tellings.dates())
def test_every_date_is_in_exactly_one_event(dates: list[Told]) -> None:
    found = fold(dates, {})
    sound(dates, found)
    assert len(found) == fewest(dates)


@given(tellings.dates(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_is_of_no_account(dates: list[Told], dice: random.Random) -> None:
    marks = Counter((alike(one), one.starts) for one in dates)
    assume(max(marks.values()) == 1)
    shuffled = list(dates)
    dice.shuffle(shuffled)
    assert sorted(map(sorted, keys(fold(dates, {})))) == sorted(
        map(sorted, keys(fold(shuffled, {})))
    )


@given(tellings.rules(), st.data())
def test_a_source_s_series_loses_and_adds_nothing(series: Series, data: st.DataObject) -> None:
    every = list(starts_of(series))[:40]
    assume(every)
    chosen = data.draw(st.sets(st.sampled_from(every), min_size=1))
    shift = data.draw(st.sampled_from([timedelta(), HOUR]))
    dates = [
        told(at, key=f"g/{at}", group="g", planned=at, starts=at + shift, ends=at + shift + HOUR)
        for at in sorted(chosen)
    ]
    (found,) = fold(dates, {"g": series})
    assert [start for start, _ in found.dates] == sorted(chosen) == identities(found.series)
    assert found.series.starts == min(chosen)
    assert found.series.length == series.length


def test_series_by_title_alone_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: they swallow dates of other places and times."""
    dates = [told(0), told(1), told(2, where=PARK), told(FIRST + HOUR)]
    sound(dates, fold(dates, {}))
    monkeypatch.setattr(Told, "fold", property(lambda self: (self.title,)))
    with pytest.raises(AssertionError):
        sound(dates, fold(dates, {}))


# --- growing ------------------------------------------------------------------------------


def keeps(series: Series, there: set[object], new: list[object], longer: Series | None) -> None:
    """What a longer series may never do: lose a date, add one that nobody told, begin
    elsewhere."""
    if longer is None:
        return
    assert set(identities(longer)) == there | set(new)
    assert (longer.starts, longer.ends, longer.zone) == (series.starts, series.ends, series.zone)
    assert len(list(starts_of(longer))) <= MAX_DATES
    assert check(replace(longer, is_all_day=True)) == []


@given(
    st.sets(tellings.weeks, min_size=1, max_size=12),
    st.sets(st.integers(-3, 80), min_size=1, max_size=4),
    st.sampled_from([timedelta()] * 8 + [HOUR, timedelta(days=1)]),
)
def test_a_series_that_grows_loses_nothing(
    there: set[int], new: set[int], shift: timedelta
) -> None:
    assume(not there & new)
    (start,) = fold([told(n) for n in there], {})[:1]
    kept = {at for at, _ in start.dates}
    base = min(kept)
    wanted = [base + n * WEEK + shift for n in sorted(new) if base + n * WEEK + shift not in kept]
    assume(wanted)
    longer = grown(start.series, kept, wanted)
    keeps(start.series, kept, wanted, longer)
    # What the old rule made, the new one makes: an EXDATE stays one, and no rule ends earlier.
    assert longer is None or set(starts_of(start.series)) <= set(starts_of(longer))
    if shift or min(new) < 0:
        assert longer is None, "no weekly series has such a date"
    else:
        assert longer is not None


def test_a_single_date_grows_into_a_series() -> None:
    single = Series(FIRST, FIRST + HOUR, ZONE)
    longer = grown(single, [FIRST], [FIRST + 2 * WEEK])
    assert longer is not None
    assert longer.rule == Rule("WEEKLY", (FIRST + 2 * WEEK).date(), 2, (0,))


def test_fortnightly_becomes_weekly() -> None:
    series = weekly(8, 2)
    there = list(starts_of(series))
    longer = grown(series, there, [FIRST + 3 * WEEK])
    assert longer is not None
    assert longer.rule == Rule("WEEKLY", (FIRST + 8 * WEEK).date(), 1, (0,))
    assert longer.exdates == {FIRST + n * WEEK for n in (1, 5, 7)}


def test_a_date_that_was_left_out_comes_back() -> None:
    gone = FIRST + 2 * WEEK
    series = replace(weekly(4), exdates=frozenset({gone}))
    longer = grown(series, set(starts_of(series)) - {gone}, [gone])
    assert longer == weekly(4)


def test_a_rule_stays_as_close_as_it_was() -> None:
    """Every other date of a weekly series was left out by hand: it is weekly still, for what its
    rule has made once a later rule makes too."""
    out = frozenset(FIRST + n * WEEK for n in (1, 3))
    series = replace(weekly(4), exdates=out)
    longer = grown(series, set(starts_of(series)) - out, [FIRST + 6 * WEEK])
    assert longer == replace(weekly(6), exdates=out | {FIRST + 5 * WEEK})


@pytest.mark.parametrize(
    "change",
    [
        lambda s: (s, FIRST - WEEK),
        lambda s: (s, FIRST + WEEK + timedelta(days=2)),
        lambda s: (s, FIRST + WEEK + HOUR),
        lambda s: (s, FIRST + 600 * WEEK),
        lambda s: (replace(s, rule=Rule("DAILY", (FIRST + WEEK).date())), FIRST + 2 * WEEK),
        lambda s: (replace(s, rule=replace(s.rule, weekdays=(0, 2))), FIRST + 9 * WEEK),
    ],
    ids=["before", "other day", "other time", "too long", "daily", "two days a week"],
)
def test_what_does_not_fit_is_not_forced(
    change: Callable[[Series], tuple[Series, object]],
) -> None:
    series, new = change(weekly(4))
    assert grown(series, list(starts_of(series)), [new]) is None


@given(tellings.rules(), tellings.rules(), st.data())
def test_a_source_s_longer_rule_loses_nothing(
    series: Series, hint: Series, data: st.DataObject
) -> None:
    """Also when the source has changed its rhythm: then it is another event."""
    if data.draw(st.booleans()) and series.rule and hint.rule:
        hint = replace(series, rule=replace(series.rule, until=hint.rule.until))
    there = set(list(starts_of(series))[:60])
    assume(there)
    series = replace(series, exdates=frozenset(starts_of(series)) - there)
    new = [at for at in list(starts_of(hint))[:60] if at not in there]
    longer = lengthened(series, there, hint, new)
    keeps(series, there, new, longer)
    if series.rule and hint.rule and replace(series.rule, until=hint.rule.until) == hint.rule:
        assert longer is not None

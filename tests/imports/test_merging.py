"""Three sides, field by field: the source is followed where nobody here has changed anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from portal.events.rules import DateState, Details, check_details
from portal.imports import merging
from portal.imports.merging import UNKNOWN, KnownDate, Merged, merge, side
from portal.imports.told import Common, Told, common
from tests.imports import tellings
from tests.imports.tellings import FIRST, HOUR, HOUSE, KINDS, PARK, WEEK, told

FEW = settings(max_examples=300, phases=[Phase.explicit, Phase.generate])
NONE: frozenset[str] = frozenset()
# Which columns of an event belong together, so that one hand on them keeps them all.
TOGETHER = (
    ("kind_id",),
    ("unit_id",),
    ("place_id", "elsewhere"),
    ("languages",),
    ("audiences",),
    ("age_from", "age_to"),
    ("sign_up", "sign_up_link"),
    ("phone",),
    ("is_preliminary",),
)


def known(was: Told, now: Told | None, here: DateState | None = None, **more: Any) -> KnownDate:
    """A date known from the last file; here as that said unless it is said otherwise."""
    return KnownDate(was.key, was.starts, here or DateState(was.starts, was.ends), was, now, **more)


def merged(
    was: Told,
    now: Told | None,
    here: Details | None = None,
    state: DateState | None = None,
    taken: Any = NONE,
    **more: Any,
) -> Merged:
    """An event of one date."""
    before = common([was])
    details = here or before.details(KINDS)
    return merge(7, details, before, [known(was, now, state, **more)], [], KINDS, taken)


def marks(found: Merged) -> set[str]:
    return {one.mark for one in found.kept}


# --- by hand ------------------------------------------------------------------------------


def test_the_same_again_is_nothing() -> None:
    assert merged(told(), told()).is_empty


def test_the_source_is_followed() -> None:
    found = merged(told(), told(title="Lek", texts=(("sv", "Kom"),), starts=FIRST + HOUR))
    assert found.details is not None
    assert (found.details.titles, found.details.texts) == ({"sv": "Lek"}, {"sv": "Kom"})
    (date,) = found.dates
    assert (date.recurrence_id, date.to) == (FIRST, DateState(FIRST + HOUR, FIRST + 2 * HOUR))
    assert [one.field for one in date.changes] == ["times"]
    assert found.kept == []


def test_an_editor_s_hand_stays_and_the_difference_is_told() -> None:
    here = replace(common([told()]).details(KINDS), titles={"sv": "Mitt"})
    state = DateState(FIRST + 2 * HOUR, FIRST + 3 * HOUR)
    source = told(title="Lek", starts=FIRST + HOUR, needs_sign_up=True, phone="08-1")
    found = merged(told(), source, here, state)
    assert marks(found) == {"7:titles.sv", f"d{told().key}:times"}
    assert found.details is not None
    assert (found.details.titles, found.details.sign_up) == ({"sv": "Mitt"}, "phone")
    assert found.dates == []
    taken = merged(told(), source, here, state, marks(found))
    assert taken.details is not None
    assert (taken.details.titles, taken.kept) == ({"sv": "Lek"}, [])
    assert taken.dates[0].to.starts == FIRST + HOUR


def test_what_both_have_changed_alike_is_no_difference() -> None:
    here = replace(common([told()]).details(KINDS), titles={"sv": "Lek"})
    found = merged(told(), told(title="Lek"), here)
    assert (found.is_empty, found.kept) == (True, [])


@pytest.mark.parametrize(
    "changes",
    [
        {"texts": {"sv": "Kom"}},
        {"languages": ("sv",)},
        {"audiences": ("adults",)},
        {"age_from": 7},
        {"phone": "08-1"},
        {"sign_up": "link", "sign_up_link": "https://example.org"},
        {"titles": {"sv": "Café", "fi": "Kahvila"}},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_source_that_says_nothing_contradicts_nobody(changes: dict[str, Any]) -> None:
    here = replace(common([told()]).details(KINDS), **changes)
    found = merged(told(), told(title="Lek"), here)
    assert found.kept == []
    assert found.details is not None
    assert {name: getattr(found.details, name) for name in changes} == {
        **changes,
        **({"titles": {**changes["titles"], "sv": "Lek"}} if "titles" in changes else {}),
    }


def test_a_translation_that_the_source_takes_back_goes() -> None:
    found = merged(told(titles=(("en", "Tea"),)), told())
    assert found.details is not None
    assert found.details.titles == {"sv": "Café"}


def test_what_nobody_remembers_was_as_it_is_here() -> None:
    """Events of earlier releases: the next file changes what it says otherwise, without asking."""
    date = KnownDate("k", FIRST, DateState(FIRST, FIRST + HOUR), None, told())
    here = common([told()]).details(KINDS)
    assert merge(7, here, None, [date], [], KINDS).is_empty
    other = merge(7, replace(here, titles={"sv": "X"}), None, [date], [], KINDS)
    assert (other.details, other.kept) == (here, [])
    assert repr(UNKNOWN) != ""


def test_two_hands_on_one_sign_up_make_no_nonsense() -> None:
    """An editor took the number away, then the source asks for sign-up by it: the plan says what
    it cannot follow, and nothing is refused."""
    before = common([told(phone="08-1")]).details(KINDS)
    source = told(phone="08-1", needs_sign_up=True, title="Lek")
    found = merged(told(phone="08-1"), source, replace(before, phone=""))
    assert found.details is not None
    assert check_details(found.details) == []
    assert (found.details.titles, found.details.sign_up) == ({"sv": "Lek"}, "none")
    assert marks(found) == {"7:phone", "7:sign_up"}
    quiet = replace(before, visibility="without_place")
    found = merged(told(phone="08-1"), told(), quiet)
    assert (found.details, marks(found)) == (None, {"7:phone"})


def test_what_nobody_remembers_may_go_and_come_back_too() -> None:
    here = common([told()]).details(KINDS)
    on, off = DateState(FIRST, FIRST + HOUR), DateState(FIRST, FIRST + HOUR, is_cancelled=True)

    def again(state: DateState, now: Told | None = None, **more: bool) -> Merged:
        return merge(7, here, None, [KnownDate("k", FIRST, state, None, now, **more)], [], KINDS)

    gone = again(on, is_missing=True)
    assert (gone.whole, gone.details, [one.to for one in gone.dates]) == (None, None, [off])
    assert again(off, was_gone=True).is_empty
    assert again(on).is_empty, "a file about other days"
    held = again(on, was_gone=True)
    assert (held.dates, marks(held)) == ([], {"dk:is_cancelled"}), "an editor has restored it"
    assert [one.to for one in again(off, told(), was_gone=True).dates] == [on]


# --- dates that go and come ----------------------------------------------------------------


def test_a_date_that_leaves_the_file_is_cancelled_and_comes_back() -> None:
    (gone,) = merged(told(), None, is_missing=True).dates
    assert gone.to == DateState(FIRST, FIRST + HOUR, is_cancelled=True)
    (back,) = merged(told(), told(), state=gone.to, was_gone=True).dates
    assert back.to == DateState(FIRST, FIRST + HOUR)


def test_a_date_of_other_days_is_left_alone() -> None:
    assert merged(told(), None).is_empty


def test_a_date_that_is_gone_stays_gone_without_a_word() -> None:
    off = DateState(FIRST, FIRST + HOUR, is_cancelled=True)
    assert merged(told(), None, state=off, was_gone=True).is_empty


def test_an_editor_who_cancelled_is_not_overruled() -> None:
    off = DateState(FIRST, FIRST + HOUR, is_cancelled=True)
    found = merged(told(), told(link="x"), state=off)
    assert (found.dates, marks(found)) == ([], {f"d{told().key}:is_cancelled"})


def test_an_editor_who_holds_what_the_source_left_out() -> None:
    """Restored here after it was gone: the source stays silent, the date stays."""
    on = DateState(FIRST, FIRST + HOUR)
    found = merged(told(), None, state=on, was_gone=True)
    assert (found.dates, marks(found)) == ([], {f"d{told().key}:is_cancelled"})


def test_what_is_past_is_past() -> None:
    past = known(told(), told(starts=FIRST + HOUR, title="Lek"), is_past=True)
    coming = known(told(1), told(1))
    found = merge(7, common([told()]).details(KINDS), common([told()]), [past, coming], [], KINDS)
    assert found.is_empty
    assert found.whole.title == "Café", "the title is that of what is to come"


def test_dates_that_agree_with_a_new_whole_need_no_title_of_their_own() -> None:
    before = [told(0), told(1), told(2, title="Fest")]
    after = [replace(one, title="Fest") for one in before]
    states = [DateState(o.starts, o.ends, "" if o.title == "Café" else o.title) for o in before]
    dates = [known(was, now, here) for was, now, here in zip(before, after, states, strict=True)]
    whole = common(before)
    found = merge(7, whole.details(KINDS), whole, dates, [], KINDS)
    assert found.details is not None
    assert found.details.titles == {"sv": "Fest"}
    assert [(one.recurrence_id, one.to.title) for one in found.dates] == [(FIRST + 2 * WEEK, "")]


def test_what_differs_from_the_whole_is_the_date_s_own() -> None:
    whole = common([told(0), told(1)])
    assert side(told(2, where=PARK, title="Fest"), whole) == DateState(
        FIRST + 2 * WEEK, FIRST + 2 * WEEK + HOUR, "Fest", PARK
    )


# --- by chance ----------------------------------------------------------------------------

details = st.builds(lambda whole: whole.details(KINDS), tellings.commons)
shifts = st.sampled_from([timedelta()] * 3 + [HOUR, timedelta(days=1)])


@st.composite
def hands(draw: st.DrawFn, base: Details) -> Details:
    """The event as it is here: what the source said, and an editor's hand on some of it."""
    other, here = draw(details), base
    for columns in (*TOGETHER, ("titles",), ("texts",)):
        if draw(st.integers(0, 3)) == 0:
            here = replace(here, **{name: getattr(other, name) for name in columns})
    if draw(st.integers(0, 5)) == 0 and here.phone:
        here = replace(here, visibility="without_place")
    assume(check_details(here) == [])
    return here


@st.composite
def states(draw: st.DrawFn, base: DateState) -> DateState:
    """A date as it is here."""
    shift = draw(shifts)
    here = replace(base, starts=base.starts + shift, ends=base.ends + shift)
    for name, values in (
        ("title", tellings.titles),
        ("where", st.sampled_from([None, HOUSE, PARK])),
        ("link", tellings.links),
        ("is_cancelled", st.booleans()),
    ):
        if draw(st.integers(0, 3)) == 0:
            here = replace(here, **{name: draw(values)})
    return here


@st.composite
def tales(draw: st.DrawFn) -> tuple[Common, Details, list[KnownDate]]:
    """An event of up to five dates: what was said, what is said now, how it is here."""
    count = draw(st.integers(1, 5))
    about, other = draw(tellings.abouts()), draw(tellings.abouts())
    was = [
        told(n, title=draw(tellings.titles), where=draw(tellings.wheres), about=about,
             link=draw(tellings.links), is_cancelled=draw(st.booleans()))
        for n in range(count)
    ]  # fmt: skip
    before = common(was)
    dates = []
    for one in was:
        now: Told | None = one
        if draw(st.booleans()):
            shift = draw(shifts)
            now = replace(
                one, title=draw(tellings.titles), where=draw(tellings.wheres), about=other,
                link=draw(tellings.links), is_cancelled=draw(st.booleans()),
                starts=one.starts + shift, ends=one.ends + shift,
            )  # fmt: skip
        is_missing = draw(st.integers(0, 4)) == 0
        was_gone = draw(st.integers(0, 4)) == 0
        said = side(one, before)
        said = replace(said, is_cancelled=said.is_cancelled or was_gone)
        dates.append(
            known(
                one,
                None if is_missing else now,
                draw(states(said)),
                is_missing=is_missing and not was_gone,
                was_gone=was_gone,
            )
        )
    return before, draw(hands(before.details(KINDS))), dates


def after(here: Details, dates: list[KnownDate], found: Merged) -> tuple[Details, list[KnownDate]]:
    """How things stand when a merge has been carried out, and what was said is remembered."""
    to = {one.recurrence_id: one.to for one in found.dates}
    return found.details or here, [
        replace(
            one,
            base=one.told or one.base,
            here=to.get(one.recurrence_id, one.here),
            is_missing=False,
            was_gone=one.is_gone,
        )
        for one in dates
    ]


def texts(said: Details, name: str) -> dict[str, str]:
    return dict(getattr(said, name))


@FEW
@given(tales())
def test_hands_stay_and_everything_else_follows(
    tale: tuple[Common, Details, list[KnownDate]],
) -> None:
    before, here, dates = tale
    found = merge(7, here, before, dates, [], KINDS)
    base, there, result = before.details(KINDS), found.whole.details(KINDS), found.details or here
    assert check_details(result) == [], "an editor could have made it"
    kept = {one.mark: one for one in found.kept}
    for columns in TOGETHER:
        was, is_here, says, comes = (
            tuple(getattr(one, name) for name in columns) for one in (base, here, there, result)
        )
        if was != is_here:
            assert comes == is_here, columns
        elif columns[0] not in ("sign_up", "phone") or "7:phone" not in kept:
            assert comes == says, columns
    for name in ("titles", "texts"):
        for key in {"sv", "en", "fi"}:
            was, is_here, says, comes = (
                texts(one, name).get(key, "") for one in (base, here, there, result)
            )
            assert comes == (says if was == is_here else is_here), (name, key)
            if name == "titles" and comes != says and (was or says):
                assert kept[f"7:titles.{key}"].there == says
    assert (result.visibility, result.co_host_ids) == (here.visibility, here.co_host_ids)
    changed = {one.recurrence_id: one.to for one in found.dates}
    for one in dates:
        _date_follows(one, before, found.whole, changed.get(one.recurrence_id, one.here), kept)


def _date_follows(
    one: KnownDate, before: Common, whole: Common, comes: DateState, kept: dict[str, Any]
) -> None:
    assert one.base is not None
    last = one.last
    assert last is not None
    was, says = side(one.base, before), side(last, whole)
    was = replace(was, is_cancelled=was.is_cancelled or one.was_gone)
    says = replace(says, is_cancelled=says.is_cancelled or one.is_gone)
    for columns in (("starts", "ends"), ("title",), ("where",), ("link",), ("is_cancelled",)):
        a, b, c, d = (
            tuple(getattr(state, name) for name in columns)
            for state in (was, one.here, says, comes)
        )
        assert d == (c if a == b else b), columns


@FEW
@given(tales())
def test_once_more_is_nothing(tale: tuple[Common, Details, list[KnownDate]]) -> None:
    before, here, dates = tale
    found = merge(7, here, before, dates, [], KINDS)
    then, later = after(here, dates, found)
    again = merge(7, then, found.whole, later, [], KINDS)
    assert again.is_empty
    # What stays different is told each time; a source that has fallen silent only once.
    assert marks(again) <= marks(found)
    silent = {one.mark for one in found.kept if not merging._says(one.there)}
    assert marks(found) - marks(again) <= silent


@FEW
@given(tales())
def test_what_is_taken_is_as_the_source_says(
    tale: tuple[Common, Details, list[KnownDate]],
) -> None:
    before, here, dates = tale
    first = merge(7, here, before, dates, [], KINDS)
    found = merge(7, here, before, dates, [], KINDS, marks(first))
    assert found.kept == []
    result, there = found.details or here, found.whole.details(KINDS)
    for mark in marks(first):
        name = mark.rpartition(":")[2]
        if mark.startswith("7:") and name.startswith("titles."):
            assert texts(result, "titles").get(name[7:], "") == texts(there, "titles").get(
                name[7:], ""
            )
    then, later = after(here, dates, found)
    assert merge(7, then, found.whole, later, [], KINDS).is_empty
    to = {one.recurrence_id: one.to for one in found.dates}
    for mark in (mark for mark in marks(first) if mark.startswith("d")):
        key, _, name = mark[1:].rpartition(":")
        (one,) = [one for one in dates if one.key == key]
        assert one.recurrence_id in to
        assert name in {difference.field for d in found.dates for difference in d.changes}


@FEW
@given(tales())
def test_a_source_that_says_what_it_said_changes_nothing(
    tale: tuple[Common, Details, list[KnownDate]],
) -> None:
    before, here, dates = tale
    still = [replace(one, told=one.base, is_missing=False, was_gone=False) for one in dates]
    assert merge(7, here, before, still, [], KINDS).is_empty


def theirs_wins(self: Any, name: str, base: Any, here: Any, there: Any) -> Any:
    if here != there:
        self.changes.append(merging.Difference(f"{self.mark}:{name}", name, here, there))
    return there


def ours_wins(self: Any, name: str, base: Any, here: Any, there: Any) -> Any:
    return here


@pytest.mark.parametrize("fault", [theirs_wins, ours_wins])
def test_planted_faults_are_found(
    fault: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: who always wins is found out by the tests above."""
    monkeypatch.setattr(merging.Settler, "settle", fault)
    test = (
        test_an_editor_s_hand_stays_and_the_difference_is_told
        if fault is theirs_wins
        else test_the_source_is_followed
    )
    with pytest.raises(AssertionError):
        test()
    assert datetime.min < FIRST

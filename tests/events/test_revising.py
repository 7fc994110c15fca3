"""A programme's newer word on an event: one change of it, which undo takes back; both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.core.extensions import db
from portal.core.models import AuditEntry
from portal.core.problems import Refused
from portal.core.text import fold
from portal.events import changing, queries, revising
from portal.events.models import Event, EventChange, ExDate, FormerScope
from portal.events.recurrence import Rule, Series, expand, starts_of
from portal.events.revising import Revision
from portal.events.rules import DateState, Details, LeftOut
from tests.support.factories import ONCE, WEEKLY, details, new_event, place, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
AT, END, WEEK = WEEKLY.starts, WEEKLY.ends, timedelta(weeks=1)
FORTNIGHTLY = replace(WEEKLY, rule=Rule("WEEKLY", WEEKLY.rule.until, 2, (2,)))  # type: ignore[union-attr]
OUT = (LeftOut(AT + WEEK, (("sv", "Lov"),)),)


def revise(
    event: Event,
    details: Details | None,
    longer: Series | None,
    dates: Mapping[datetime, DateState],
) -> None:
    revising.revise([Revision(event, details, longer, dates)])


def seen(event: Event) -> dict[datetime, tuple[Any, ...]]:
    db.session.flush()
    return {
        row.recurrence_id: (
            row.starts_at, row.ends_at, row.on, row.status, row.place_id, row.elsewhere,
            row.titles, row.sign_up_link, row.key, row.is_listed,
        )
        for row in event.occurrences
    }  # fmt: skip


def trace(event: Event) -> tuple[int, list[tuple[str, int]], int | None]:
    """The revision, the changes noted, and how much audit there is."""
    notes = db.session.scalars(
        select(EventChange).where(EventChange.event_id == event.id).order_by(EventChange.id)
    )
    audit = db.session.scalar(select(func.count()).select_from(AuditEntry))
    return event.sequence, [(note.what, note.dates) for note in notes], audit


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


def rows_are_the_rule(event: Event) -> None:
    db.session.expire(event, ["exdates", "occurrences"])
    expanded = {dated.recurrence_id for dated in expand(queries.series_of(event))}
    assert {row.recurrence_id for row in event.occurrences} == expanded


def test_everything_at_once_is_one_change() -> None:
    event = new_event(FORTNIGHTLY, OUT)
    before = trace(event)
    every = list(starts_of(WEEKLY))
    new = every[3]
    longer = replace(
        WEEKLY,
        rule=replace(WEEKLY.rule, until=(every[-1] + WEEK).date()),  # type: ignore[type-var]
        exdates=frozenset(every[n] for n in (1, 5, 7, 9)),
    )
    moved = DateState(AT + timedelta(hours=1), END + timedelta(hours=1), "Fest", (None, "Parken"))
    off = DateState(every[2], every[2] + WEEKLY.length, is_cancelled=True)
    fresh = DateState(new, new + WEEKLY.length, link="https://example.org/1")
    said = details(titles={"sv": "Café"}, texts={})
    revise(event, said, longer, {AT: moved, every[2]: off, new: fresh})
    sequence, notes, audit = trace(event)
    assert (sequence, notes) == (before[0] + 1, [*before[1], ("import", 4)])
    assert audit == (before[2] or 0) + 1
    assert queries.details_of(event) == said
    assert queries.series_of(event) == longer
    rows_are_the_rule(event)
    rows = {row.recurrence_id: row for row in event.occurrences}
    assert len(rows) == 7
    assert (rows[AT].titles, rows[AT].where, rows[AT].starts_at.hour) == (
        {"sv": "Fest"},
        "Parken",
        17,
    )
    assert rows[every[2]].status == "cancelled"
    assert rows[new].sign_up_link == "https://example.org/1"
    assert all(row.is_listed for row in event.occurrences)
    # Whoever stored a date keeps it, so each that differs is told apart from now on.
    assert {at for at, row in rows.items() if row.is_override} >= {AT, every[2]}
    assert {"kafe", "fest", "parken"} <= set(event.search.split())
    reasons = {row.recurrence_id: row.reason for row in event.exdates}
    assert reasons == {every[1]: {"sv": "Lov"}, **{every[n]: {} for n in (5, 7, 9)}}


def test_several_at_once_are_noted_each_by_itself() -> None:
    """Of those that do not change nothing is noted; of the others one undo takes back one."""
    events = [new_event(WEEKLY, titles={"sv": title}) for title in ("Ett", "Två", "Tre")]
    before = [trace(event)[:2] for event in events]
    off = {AT: DateState(AT, END, is_cancelled=True)}
    said = [queries.details_of(event) for event in events]
    first = Revision(events[0], replace(said[0], titles={"sv": "Nytt"}))
    revising.revise([first, Revision(events[1], said[1]), Revision(events[2], None, None, off)])
    after = [trace(event)[:2] for event in events]
    assert after[1] == before[1]
    for at, dates in ((0, 0), (2, 1)):
        assert after[at] == (before[at][0] + 1, [*before[at][1], ("import", dates)])
    assert fold("nytt") in events[0].search.split()
    changing.undo(events[2])
    assert {row.status for row in events[2].occurrences} == {"confirmed"}
    assert events[0].titles == {"sv": "Nytt"}


def test_one_that_is_refused_refuses_all() -> None:
    events = [new_event(WEEKLY, titles={"sv": title}) for title in ("Ett", "Två")]
    db.session.commit()
    before = [(seen(event), trace(event)) for event in events]
    gap = DateState(datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 4))
    with pytest.raises(Refused):
        revising.revise(
            [
                Revision(events[0], details(titles={"sv": "Nytt"})),
                Revision(events[1], None, None, {AT: gap}),
            ]
        )
    db.session.rollback()
    assert [(seen(event), trace(event)) for event in events] == before


def test_undo_takes_it_back() -> None:
    event = new_event(FORTNIGHTLY)
    before, said = seen(event), queries.details_of(event)
    every = list(starts_of(WEEKLY))
    longer = replace(WEEKLY, exdates=frozenset(every[n] for n in (3, 5, 7, 9)))
    moved = DateState(AT + timedelta(hours=1), END + timedelta(hours=1), "Fest")
    revise(event, details(titles={"sv": "Café"}), longer, {AT: moved})
    db.session.commit()
    changing.undo(event)
    after = seen(event)
    assert queries.details_of(event) == said
    assert {at: after[at] for at in before} == before
    (added,) = set(after) - set(before)
    assert (added, after[added][3]) == (every[1], "cancelled"), "it was published: it is cancelled"
    rows_are_the_rule(event)
    assert [what for what, _ in trace(event)[1]] == ["import", "undo"]


def test_what_is_so_already_is_no_change() -> None:
    event = new_event(WEEKLY)
    before = trace(event)
    at = DateState(AT, END)
    revise(event, queries.details_of(event), queries.series_of(event), {AT: at})
    revise(event, None, None, {})
    assert trace(event) == before


def test_a_date_that_comes_back_loses_its_reason() -> None:
    event = new_event(WEEKLY)
    (row, *_) = event.occurrences
    changing.cancel_date(row, {"sv": "Värden är sjuk."})
    revise(
        event,
        None,
        None,
        {row.recurrence_id: DateState(row.recurrence_id, row.recurrence_id + WEEKLY.length)},
    )
    assert (row.status, row.note, row.is_override) == ("confirmed", {}, True)


def test_a_single_date_becomes_a_series_and_keeps_its_address() -> None:
    event = new_event(ONCE)
    (only,) = event.occurrences
    uid, key, row_id = event.uid, only.key, only.id
    revise(event, None, WEEKLY, {})
    rows_are_the_rule(event)
    assert (event.uid, len(event.occurrences)) == (uid, 10)
    again = next(row for row in event.occurrences if row.recurrence_id == ONCE.starts)
    assert (again.key, again.id) == (key, row_id)


def test_titles_in_other_languages_stay_with_the_date() -> None:
    event = new_event(WEEKLY)
    row = event.occurrences[0]
    row.titles = {"sv": "Fest", "en": "Party"}
    db.session.flush()
    at = row.recurrence_id
    revise(event, None, None, {at: DateState(at, at + WEEKLY.length, "Fest", (None, "Parken"))})
    assert (row.titles, row.elsewhere) == ({"sv": "Fest", "en": "Party"}, "Parken")


def test_what_it_leaves_keeps_it_in_its_feed() -> None:
    event = new_event(WEEKLY)
    other = place("ekorrens-oppna-forskola")
    revise(event, details(place_id=other.id), None, {})
    left = {(row.what, row.ref_id) for row in db.session.scalars(select(FormerScope))}
    assert left == {("place", place().id)}
    assert unit().id == event.unit_id


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda e: revise(e, None, None, {AT: DateState(END, AT)}), "end_before_start"),
        (
            lambda e: revise(
                e,
                None,
                None,
                {AT: DateState(datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 4))},
            ),
            "clock_gap",
        ),
        (
            lambda e: revise(
                e,
                None,
                None,
                {AT: DateState(datetime(2027, 10, 31, 1), datetime(2027, 10, 31, 2, 30))},
            ),
            "clock_fold",
        ),
        (lambda e: revise(e, None, None, {AT: DateState(AT - WEEK, END - WEEK)}), "moved_to_past"),
        (lambda e: revise(e, None, ONCE, {}), "dates_would_vanish"),
        (lambda e: revise(e, None, FORTNIGHTLY, {}), "dates_would_vanish"),
        (lambda e: revise(e, details(titles={}), None, {}), "title_missing"),
        (lambda e: revise(e, details(sign_up="phone"), None, {}), "phone_missing"),
    ],
    ids=["reversed", "gap", "fold", "past", "no rule", "rarer", "no title", "no phone"],
)
def test_what_the_rules_refuse_changes_nothing(act: Callable[[Event], None], code: str) -> None:
    event = new_event(WEEKLY)
    db.session.commit()
    before, traced = seen(event), trace(event)
    with pytest.raises(Refused) as refused:
        act(event)
    assert codes(refused) == [code]
    db.session.rollback()
    assert (seen(event), trace(event)) == (before, traced)
    assert db.session.scalars(select(ExDate)).all() == []


@pytest.mark.parametrize("status", ["draft", "waiting", "cancelled"])
def test_only_what_is_published_and_on_is_changed(status: str) -> None:
    event = new_event(WEEKLY, status=status)
    with pytest.raises(Refused) as refused:
        revise(event, details(titles={"sv": "Café"}), None, {})
    assert codes(refused) == ["not_published"]


def test_past_dates_are_what_they_were(freeze: Callable[[datetime], None]) -> None:
    """A plan is older than its carrying out: what has ended meanwhile is left alone."""
    event = new_event(WEEKLY)
    db.session.commit()
    freeze(datetime(2026, 12, 4, 12, tzinfo=UTC))
    before, traced = seen(event), trace(event)
    for to in (
        DateState(AT, END, is_cancelled=True),
        DateState(AT, END, "Fest"),
        DateState(AT + 9 * WEEK, END + 9 * WEEK),
    ):
        revise(event, None, None, {AT: to})
    assert (seen(event), trace(event)) == (before, traced)

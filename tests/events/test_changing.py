"""What may happen to a published series, on both engines: each change noted, each undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.core.extensions import db
from portal.core.models import AuditEntry
from portal.core.problems import Refused
from portal.events import actions, changing, queries
from portal.events.models import Event, EventChange, FormerScope, Occurrence
from portal.events.recurrence import Rule, Series, expand
from portal.events.rules import Alteration, LeftOut
from portal.places import actions as places
from tests.support.factories import ONCE, TODAY, WEEKLY, ZONE, details, new_event, place, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
REASON = {"sv": "Vattenläcka."}


def rows(event: Event) -> list[Occurrence]:
    return sorted(event.occurrences, key=lambda row: row.recurrence_id)


def state(event: Event) -> dict[datetime, tuple[Any, ...]]:
    """What visitors see of every date."""
    db.session.flush()
    return {
        row.recurrence_id: (
            row.starts_at,
            row.ends_at,
            row.on,
            row.status,
            row.note,
            row.place_id,
            row.elsewhere,
            row.titles,
        )
        for row in event.occurrences
    }


def said(event: Event) -> tuple[Any, ...]:
    return (event.status, event.reason, event.unit_id, event.titles, event.place_id, event.rrule)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [problem.code for problem in refused.value.problems]


# --- dates --------------------------------------------------------------------------------


def test_some_dates_get_another_time_place_and_title() -> None:
    event = new_event(WEEKLY)
    room = places.add_room(unit(), {"names": {"sv": "Stora salen"}})
    changed = rows(event)[1:3]
    to = Alteration(
        starts=time(18), ends=time(20), is_place=True, place_id=room.id, titles={"sv": "Tema"}
    )
    changing.alter_dates(event, changed, to)
    for row in changed:
        assert row.starts_at.hour == 17, "18 o'clock in winter, as an instant"
        assert row.ends_at - row.starts_at == timedelta(hours=2)
        assert (row.place, row.titles, row.is_override) == (room, {"sv": "Tema"}, True)
    others = [row for row in event.occurrences if row not in changed]
    assert {row.is_override for row in others} == {False}
    assert {row.place for row in others} == {place()}


def test_only_a_start_keeps_the_length() -> None:
    event = new_event(WEEKLY)
    changing.alter_dates(event, rows(event), Alteration(starts=time(15)))
    lengths = {row.ends_at - row.starts_at for row in event.occurrences}
    assert lengths == {timedelta(minutes=90)}


def test_an_evening_may_end_after_midnight() -> None:
    event = new_event(WEEKLY)
    changing.alter_dates(event, rows(event)[:1], Alteration(starts=time(22), ends=time(1)))
    row = rows(event)[0]
    assert row.ends_at - row.starts_at == timedelta(hours=3)


def test_a_place_that_is_not_public_is_refused_and_nothing_changes() -> None:
    event = new_event(WEEKLY)
    hidden = places.add_room(unit(), {"names": {"sv": "Rådet"}, "visibility": "closed"})
    before = state(event)
    db.session.commit()
    with pytest.raises(Refused) as refused:
        changing.alter_dates(event, rows(event), Alteration(is_place=True, place_id=hidden.id))
    db.session.rollback()
    assert codes(refused) == ["place_not_public"]
    assert state(event) == before


def test_elsewhere_is_a_place_too() -> None:
    event = new_event(WEEKLY)
    row = rows(event)[0]
    changing.alter_dates(event, [row], Alteration(is_place=True, elsewhere="Parken"))
    assert (row.place, row.where, row.is_elsewhere) == (None, "Parken", True)
    changing.reset_dates(event, [row])
    assert (row.place, row.is_elsewhere) == (place(), False)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda e: changing.alter_dates(e, rows(e), Alteration()), "nothing_to_change"),
        (lambda e: changing.alter_dates(e, [], Alteration(starts=time(9))), "no_dates_chosen"),
        (lambda e: changing.cancel_dates(e, [], REASON), "no_dates_chosen"),
        (lambda e: changing.shorten(e, date(2030, 1, 1), REASON), "nothing_to_change"),
        (lambda e: changing.lengthen(e, date(2035, 1, 1), [], TODAY), "far_away"),
        (lambda e: changing.hand_over(e, unit()), "same_host"),
        (lambda e: changing.undo(e), "nothing_to_undo"),
    ],
)
def test_what_makes_no_sense_is_refused(act: Callable[[Event], None], code: str) -> None:
    event = new_event(WEEKLY)
    sequence, before = event.sequence, state(event)
    with pytest.raises(Refused) as refused:
        act(event)
    assert codes(refused) == [code]
    assert (event.sequence, state(event)) == (sequence, before)


def test_a_day_long_date_has_no_times_to_change() -> None:
    whole = Series(datetime(2026, 11, 25), datetime(2026, 11, 26), ZONE, is_all_day=True)
    event = new_event(whole)
    with pytest.raises(Refused) as refused:
        changing.alter_dates(event, rows(event), Alteration(starts=time(9)))
    assert codes(refused) == ["all_day_has_no_times"]


def test_past_dates_are_frozen(freeze: Callable[[datetime], None]) -> None:
    event = new_event(WEEKLY)
    before = state(event)
    freeze(datetime(2026, 12, 4, 12, tzinfo=UTC))
    for act in (
        lambda: changing.cancel_dates(event, rows(event), REASON),
        lambda: changing.alter_dates(event, rows(event), Alteration(starts=time(9))),
        lambda: changing.reset_dates(event, rows(event)),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert codes(refused) == ["date_past"]
    assert state(event) == before


# --- shorter and longer -------------------------------------------------------------------


def test_a_shorter_series_cancels_and_keeps_its_rule() -> None:
    """A rule that ends earlier would take the dates out of calendars without a word."""
    event = new_event(WEEKLY)
    rule, count = event.rrule, len(event.occurrences)
    changing.shorten(event, date(2026, 12, 20), REASON)
    assert (event.rrule, len(event.occurrences)) == (rule, count)
    off = [row.on for row in rows(event) if row.status == "cancelled"]
    assert off == [row.on for row in rows(event) if row.on > date(2026, 12, 20)]
    assert {row.note["sv"] for row in event.occurrences if row.note} == {"Vattenläcka."}


def test_a_longer_series_adds_dates_and_leaves_some_out() -> None:
    event = new_event(WEEKLY)
    before = state(event)
    out = [LeftOut(datetime(2027, 2, 10, 17), (("sv", "Lov"),))]
    changing.lengthen(event, date(2027, 2, 24), out, TODAY)
    after = state(event)
    assert {key: after[key] for key in before} == before
    assert sorted(set(after) - set(before)) == [
        datetime(2027, 2, 3, 17),
        datetime(2027, 2, 17, 17),
        datetime(2027, 2, 24, 17),
    ]
    assert queries.series_of(event).exdates == {datetime(2027, 2, 10, 17)}
    assert set(after) == {dated.recurrence_id for dated in expand(queries.series_of(event))}
    assert all(row.is_listed for row in event.occurrences)


def test_shorter_and_longer_again_brings_the_dates_back() -> None:
    event = new_event(WEEKLY)
    changing.shorten(event, date(2026, 12, 20), REASON)
    changing.lengthen(event, date(2027, 1, 13), [], TODAY)
    happening = [row.on for row in rows(event) if row.status == "confirmed"]
    assert happening[-1] == date(2027, 1, 13)
    assert len(event.occurrences) == len(expand(WEEKLY))


def test_what_happens_once_does_not_go_on() -> None:
    with pytest.raises(Refused) as refused:
        changing.lengthen(new_event(ONCE), date(2027, 2, 24), [], TODAY)
    assert codes(refused) == ["not_a_series"]


# --- undoing ------------------------------------------------------------------------------

ACTS: dict[str, Callable[[Event], object]] = {
    "change": lambda e: actions.change(e, details(titles={"sv": "Annat"}, languages=("fi",))),
    "cancel": lambda e: actions.cancel(e, REASON),
    "cancel dates": lambda e: changing.cancel_dates(e, rows(e)[:2], REASON),
    "alter": lambda e: changing.alter_dates(
        e, rows(e), Alteration(time(9), time(10), True, None, "Parken", {"sv": "Tema"}, {"sv": "!"})
    ),
    "move": lambda e: changing.move_date(
        rows(e)[3], datetime(2026, 12, 18, 8), datetime(2026, 12, 18, 9), {"sv": "Flyttat"}
    ),
    "shorten": lambda e: changing.shorten(e, date(2026, 12, 20), REASON),
    "hand over": lambda e: changing.hand_over(e, unit("ekorrens-oppna-forskola")),
}


@pytest.mark.parametrize("name", ACTS)
def test_every_change_is_undone(name: str) -> None:
    event = new_event(WEEKLY)
    before, words, sequence = state(event), said(event), event.sequence
    ACTS[name](event)
    db.session.expire_all()
    assert (state(event), said(event)) != (before, words)
    changing.undo(event)
    db.session.expire_all()
    assert (state(event), said(event)) == (before, words)
    assert event.sequence == sequence + 2, "what is undone is a change as well"


def test_changes_are_undone_in_turn() -> None:
    event = new_event(WEEKLY)
    states = [(state(event), said(event))]
    for name in ("alter", "change", "cancel dates", "shorten", "cancel"):
        ACTS[name](event)
        states.append((state(event), said(event)))
    for wanted in reversed(states[:-1]):
        changing.undo(event)
        db.session.expire_all()
        assert (state(event), said(event)) == wanted
    with pytest.raises(Refused):
        changing.undo(event)


def test_a_longer_series_undone_cancels_what_it_added() -> None:
    event = new_event(WEEKLY)
    changing.lengthen(event, date(2027, 2, 24), [], TODAY)
    longer = event.rrule
    changing.undo(event)
    added = [row for row in rows(event) if row.on > date(2027, 1, 27)]
    assert len(added) == 4
    assert {row.status for row in added} == {"cancelled"}
    assert {row.note["sv"] for row in added} == {"Det blir inte av."}
    assert event.rrule == longer, "published dates stay in the feed's rule"


def test_undoing_leaves_passed_dates_as_they_were(freeze: Callable[[datetime], None]) -> None:
    event = new_event(WEEKLY)
    changing.cancel_dates(event, rows(event)[:3], REASON)
    freeze(datetime(2026, 12, 4, 12, tzinfo=UTC))
    changing.undo(event)
    assert [row.status for row in rows(event)[:4]] == [
        "cancelled",
        "cancelled",
        "confirmed",
        "confirmed",
    ]


def test_no_date_is_put_back_into_the_past(freeze: Callable[[datetime], None]) -> None:
    event = new_event(WEEKLY)
    row = rows(event)[0]
    changing.move_date(row, datetime(2027, 2, 1, 17), datetime(2027, 2, 1, 18), {})
    freeze(datetime(2026, 12, 4, 12, tzinfo=UTC))
    changing.undo(event)
    assert row.on == date(2027, 2, 1)


def test_every_change_says_who_and_what() -> None:
    event = new_event(WEEKLY)
    changing.cancel_dates(event, rows(event)[:2], REASON)
    changing.undo(event)
    found = list(db.session.scalars(select(EventChange).order_by(EventChange.id)))
    assert [(change.what, change.dates) for change in found] == [("cancel_dates", 2), ("undo", 2)]
    audit = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2))
    assert [(entry.action, entry.detail) for entry in audit] == [
        ("event.undo", {"dates": 2}),
        ("event.cancel_dates", {"dates": 2}),
    ]


def test_a_change_that_changes_nothing_leaves_no_trace() -> None:
    event = new_event(WEEKLY)
    sequence = event.sequence
    changing.restore_dates(event, rows(event))
    actions.change(event, details())
    assert event.sequence == sequence
    assert list(db.session.scalars(select(EventChange))) == []


# --- hosts --------------------------------------------------------------------------------


def test_another_host_and_the_same_address() -> None:
    event = new_event(WEEKLY, co_host_ids=(unit("ekorrens-oppna-forskola").id,))
    slug, uid, former = event.slug, event.uid, event.unit_id
    changing.hand_over(event, unit("ekorrens-oppna-forskola"))
    assert (event.slug, event.uid) == (slug, uid)
    assert event.unit.slug == "ekorrens-oppna-forskola"
    assert event.co_hosts == [], "nobody hosts twice"
    assert event.unit_id != former
    # The place is the library's still, so its feed has the event anyhow.
    assert list(db.session.scalars(select(FormerScope))) == []


def test_a_former_host_keeps_the_event_in_its_feed() -> None:
    event = new_event(WEEKLY, place_id=None, elsewhere="Parken")
    former = event.unit_id
    changing.hand_over(event, unit("ekorrens-oppna-forskola"))
    kept = {(row.what, row.ref_id) for row in db.session.scalars(select(FormerScope))}
    assert kept == {("unit", former)}


def test_a_place_left_keeps_the_event_in_its_feed() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    event = new_event(WEEKLY, place_id=room.id)
    actions.change(event, details(place_id=place().id))
    kept = {(row.what, row.ref_id) for row in db.session.scalars(select(FormerScope))}
    assert kept == {("place", room.id)}


def test_an_event_that_hides_leaves_no_trace_of_where_it_was() -> None:
    event = new_event(WEEKLY)
    actions.change(event, details(visibility="without_place", phone="0555-1"))
    assert event.hides_place
    assert list(db.session.scalars(select(FormerScope))) == []


def test_the_rule_of_a_longer_series_is_what_its_rows_are() -> None:
    rule = Rule("MONTHLY", date(2027, 3, 31), nth=(-1, 2))
    series = Series(datetime(2026, 11, 25, 17), datetime(2026, 11, 25, 18), ZONE, rule=rule)
    event = new_event(series)
    changing.lengthen(event, date(2027, 6, 30), [], TODAY)
    assert [dated.recurrence_id for dated in expand(queries.series_of(event))] == [
        row.recurrence_id for row in rows(event)
    ]

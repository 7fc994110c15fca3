"""Series that go on from others, closed houses and what stands in the way: both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from portal.core.extensions import db
from portal.core.problems import Refused
from portal.events import actions, changing, continuing, overview, queries
from portal.events.clashing import clashes
from portal.events.closing import close
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Rule, Series, expand, series_in
from portal.events.rules import LeftOut
from portal.places import actions as places
from portal.places.models import ClosedDay
from tests.support.factories import ONCE, TODAY, WEEKLY, ZONE, new_event, place, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
ON = date(2026, 11, 25)
DAY = (datetime(2026, 11, 24, 23, tzinfo=UTC), datetime(2026, 11, 25, 23, tzinfo=UTC))


def again(event: Event, first: date, last: date) -> Event:
    new = series_in(WEEKLY, first, last)
    return continuing.copy(continuing.Copy(event, new, []), TODAY)


def test_a_copy_says_the_same_and_is_another_event() -> None:
    event = new_event(WEEKLY, directed_to={"sv": "För familjer."}, languages=("sv", "fi"))
    copy = again(event, date(2027, 2, 1), date(2027, 5, 31))
    assert copy.continues_id == event.id
    assert (copy.uid, copy.slug) != (event.uid, event.slug)
    assert queries.details_of(copy) == queries.details_of(event)
    assert copy.status == "published"
    assert {row.on.weekday() for row in copy.occurrences} == {2}
    assert len(event.occurrences) == len(expand(WEEKLY)), "last term is what it was"


def test_a_copy_may_be_a_draft_or_wait_for_a_place() -> None:
    event = new_event(WEEKLY)
    made = continuing.Copy(event, series_in(WEEKLY, date(2027, 2, 1), date(2027, 5, 31)), [])
    assert continuing.copy(made, TODAY, is_draft=True).status == "draft"
    assert continuing.copy(made, TODAY, may_use_place=False).status == "waiting"


def test_what_happens_once_is_copied_to_a_day() -> None:
    event = new_event(ONCE)
    new = series_in(ONCE, date(2027, 2, 3), date(2027, 2, 3))
    copy = continuing.copy(continuing.Copy(event, new, []), TODAY)
    assert [row.on for row in copy.occurrences] == [date(2027, 2, 3)]


def test_last_term_is_offered_once() -> None:
    series = new_event(WEEKLY)
    new_event(ONCE)
    new_event(WEEKLY, status="cancelled")
    new_event(WEEKLY, status="draft")
    long_ago = date(2026, 5, 1)
    assert overview.series_since(unit().id, long_ago) == [series]
    copy = again(series, date(2027, 2, 1), date(2027, 5, 31))
    assert overview.series_since(unit().id, long_ago) == [copy]
    assert overview.series_since(unit().id, date(2028, 1, 1)) == []


def test_another_rhythm_ends_the_series_and_begins_a_linked_one() -> None:
    event = new_event(WEEKLY)
    rule = Rule("MONTHLY", date(2027, 5, 31), nth=(2, 1))
    other = Series(datetime(2026, 12, 8, 17), datetime(2026, 12, 8, 18), ZONE, rule=rule)
    new = continuing.change_rhythm(event, other, [], TODAY, may_use_place=True)
    assert new.continues_id == event.id
    assert (event.status, new.status) == ("published", "published")
    off = [row.on for row in event.occurrences if row.status == "cancelled"]
    assert sorted(off) == [row.on for row in sorted(event.occurrences, key=lambda r: r.on)][2:]
    assert {row.note["sv"] for row in event.occurrences if row.note} == {
        "Dagarna har ändrats. Se de nya tillfällena."
    }


def test_another_rhythm_undone_is_undone_on_both_sides() -> None:
    event = new_event(WEEKLY)
    rule = Rule("DAILY", date(2026, 12, 20), 2)
    other = Series(datetime(2026, 12, 8, 17), datetime(2026, 12, 8, 18), ZONE, rule=rule)
    new = continuing.change_rhythm(event, other, [], TODAY, may_use_place=True)
    changing.undo(event)
    assert {row.status for row in event.occurrences} == {"confirmed"}
    assert {row.status for row in new.occurrences} == {"cancelled"}
    assert (new.status, new.continues_id) == ("cancelled", None)
    assert overview.series_since(unit().id, date(2026, 1, 1)) == [event], "it goes on as before"


def test_another_rhythm_does_not_begin_in_the_past() -> None:
    event = new_event(WEEKLY)
    other = Series(
        datetime(2026, 11, 1, 17), datetime(2026, 11, 1, 18), ZONE, rule=Rule("DAILY", date.max)
    )
    with pytest.raises(Refused):
        continuing.change_rhythm(event, other, [], TODAY, may_use_place=True)


# --- closed -------------------------------------------------------------------------------


def test_what_is_at_a_unit_on_a_day() -> None:
    """At its places, whoever hosts; and what it hosts at no place that the portal knows."""
    here, out = new_event(WEEKLY), new_event(WEEKLY, place_id=None, elsewhere="Parken")
    school = unit("ekorrens-oppna-forskola")
    guest = new_event(WEEKLY, unit_id=school.id)
    away = new_event(WEEKLY, place_id=place(school.slug).id)
    new_event(WEEKLY, status="draft")
    found = {row.event_id for row in overview.dates_of_unit(unit().id, *DAY)}
    assert found == {here.id, out.id, guest.id}
    assert away.id not in found


def test_a_date_that_has_moved_away_is_not_at_the_unit() -> None:
    from portal.events.rules import Alteration

    event = new_event(WEEKLY)
    row = min(event.occurrences, key=lambda one: one.on)
    school = place("ekorrens-oppna-forskola")
    changing.alter_dates(event, [row], Alteration(is_place=True, place_id=school.id))
    assert overview.dates_of_unit(unit().id, *DAY) == []
    assert overview.dates_of_unit(school.unit_id, *DAY) == [row]


def test_closed_with_one_reason() -> None:
    first, second = new_event(WEEKLY), new_event(ONCE)
    close(
        unit(), *[date(2026, 11, 25)] * 2, {"sv": "Ström"}, overview.dates_of_unit(unit().id, *DAY)
    )
    off = [row for e in (first, second) for row in e.occurrences if row.status == "cancelled"]
    assert [(row.on, row.note) for row in off] == [(date(2026, 11, 25), {"sv": "Ström"})] * 2
    closed = db.session.scalars(select(ClosedDay)).one()
    assert (closed.first_on, closed.last_on) == (date(2026, 11, 25), date(2026, 11, 25))
    changing.undo(first)
    assert {row.status for row in first.occurrences} == {"confirmed"}
    assert {row.status for row in second.occurrences} == {"cancelled"}


def test_a_house_that_is_closed_already_stays_closed_once() -> None:
    places.close_days(place(), date(2026, 11, 24), date(2026, 11, 27), {"sv": "Inventering"})
    new_event(WEEKLY)
    close(
        unit(), *[date(2026, 11, 25)] * 2, {"sv": "Ström"}, overview.dates_of_unit(unit().id, *DAY)
    )
    assert len(list(db.session.scalars(select(ClosedDay)))) == 1


def close_again(reason: str) -> list[Event]:
    """Closed on the 25th once more, as the page does it; the events whose dates had been off."""
    again = overview.off_by_closing(unit().id, *DAY)
    rows = overview.dates_of_unit(unit().id, *DAY)
    close(unit(), ON, ON, {"sv": reason}, rows, again)
    return sorted((row.event for row in again), key=lambda event: event.id)


def on_the_day(event: Event) -> Occurrence:
    return next(row for row in event.occurrences if row.on == ON)


def test_closed_again_with_another_reason() -> None:
    first, second = new_event(WEEKLY), new_event(ONCE)
    close_again("Ström")
    told = first.sequence
    late = new_event(ONCE)
    assert close_again("Vattenläcka") == [first, second]
    for event in (first, second, late):
        assert on_the_day(event).note == {"sv": "Vattenläcka"}
    assert db.session.scalars(select(ClosedDay)).one().reason == {"sv": "Vattenläcka"}
    assert first.sequence == told + 1, "calendars are told"
    changes = [change.what for change in overview.changes_of(first, 9)]
    assert changes == ["say_why", "closed"]
    close_again("Vattenläcka")
    assert first.sequence == told + 1, "the same reason again is no change"
    changing.undo(first)
    assert on_the_day(first).note == {"sv": "Ström"}
    assert close_again("Kallt") == [first, second, late], "and is the closing's all the same"
    changing.restore_date(on_the_day(second))
    changing.undo(second)
    assert close_again("Ström") == [first, second, late], "what was taken back does not count"


def test_what_is_off_for_another_reason_keeps_it() -> None:
    before, after, moved, gone = (new_event(WEEKLY) for _ in range(4))
    elsewhere = new_event(WEEKLY, place_id=place("ekorrens-oppna-forskola").id)
    changing.cancel_date(on_the_day(before), {"sv": "Sjuk"})
    close_again("Ström")
    changing.restore_date(on_the_day(after))
    changing.cancel_date(on_the_day(after), {"sv": "Snö"})
    changing.undo(moved)
    actions.cancel(gone, {"sv": "Slut"})
    changing.cancel_date(on_the_day(elsewhere), {"sv": "Lov"})
    row = on_the_day(moved)
    wall = datetime(2026, 11, 25, 19), datetime(2026, 11, 25, 20)
    changing.move_date(row, *wall, {"sv": "Senare"})
    changing.cancel_date(row, {"sv": "Nej"})
    assert close_again("Vattenläcka") == []
    notes = [on_the_day(event).note["sv"] for event in (before, after, moved, gone, elsewhere)]
    assert notes == ["Sjuk", "Snö", "Nej", "Ström", "Lov"]


def test_other_days_of_the_house_keep_their_reason() -> None:
    """Closed all week, and on one day for another reason as well."""
    places.close_days(place(), date(2026, 11, 24), date(2026, 11, 27), {"sv": "Inventering"})
    new_event(WEEKLY)
    close_again("Ström")
    close_again("Vattenläcka")
    assert db.session.scalars(select(ClosedDay)).one().reason == {"sv": "Inventering"}


# --- what stands in the way ---------------------------------------------------------------


def test_two_in_a_room_clash_and_two_in_a_house_do_not() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    new_event(WEEKLY, place_id=room.id)
    new_event(WEEKLY, place_id=place().id)
    wanted = expand(Series(datetime(2026, 12, 2, 18), datetime(2026, 12, 2, 19), ZONE))
    in_room, in_house = (clashes(where, wanted, None, "sv") for where in (room, place()))
    start = wanted[0].recurrence_id
    assert (in_room[start].is_hard, in_house[start].is_hard) == (True, False)
    assert in_room[start].words.startswith("Språkcafé")
    after = expand(Series(datetime(2026, 12, 2, 18, 30), datetime(2026, 12, 2, 19), ZONE))
    assert clashes(room, after, None, "sv") == {}, "one may begin when the other ends"


def test_an_event_does_not_clash_with_itself() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    event = new_event(WEEKLY, place_id=room.id)
    assert clashes(room, expand(WEEKLY), event, "sv") == {}


def test_a_cancelled_date_and_a_draft_stand_in_nobody_s_way() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    event = new_event(WEEKLY, place_id=room.id)
    new_event(WEEKLY, place_id=room.id, status="draft")
    changing.cancel_dates(event, list(event.occurrences), {"sv": "Sjuk"})
    assert clashes(room, expand(WEEKLY), None, "sv") == {}


@pytest.mark.parametrize("visibility", ["closed", "without_place"])
def test_what_is_not_for_everybody_is_not_named(visibility: str) -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    new_event(WEEKLY, place_id=room.id, visibility=visibility, phone="0555-1")
    found = clashes(room, expand(WEEKLY), None, "sv")
    assert found
    assert not any("Språkcafé" in clash.words for clash in found.values())


def test_a_closed_day_stands_in_the_way_of_every_room() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Salen"}})
    places.close_days(place(), date(2026, 12, 1), date(2026, 12, 3), {"sv": "Inventering"})
    found = clashes(room, expand(WEEKLY), None, "sv")
    assert [(start.date(), clash.words, clash.is_hard) for start, clash in found.items()] == [
        (date(2026, 12, 2), "Stängt: Inventering", True)
    ]


def test_breaks_left_out_of_a_copy_are_its_own(freeze: Callable[[datetime], None]) -> None:
    event = new_event(WEEKLY, (LeftOut(datetime(2026, 12, 23, 17), (("sv", "Jullov"),)),))
    copy = again(event, date(2027, 2, 1), date(2027, 5, 31))
    assert copy.exdates == []

"""What hosts say of their dates and how many came, in the database, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.core.extensions import db
from portal.core.models import AuditEntry, ChangeCounter
from portal.core.problems import Refused
from portal.events import actions, changing, hosting
from portal.events.dropin import Said
from portal.events.models import Attendance, DropInState, Event, Occurrence
from portal.events.said import counts_of, hosted, shown_of
from portal.places.actions import add_room
from portal.places.queries import places_of
from portal.units.actions import add_association
from tests.support.factories import NOW, WEEKLY, new_event, on_now, place, unit
from tests.support.portal_app import PRESCHOOL

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
Freeze = Callable[[datetime], None]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def date_of(event: Event) -> Occurrence:
    return min(event.occurrences, key=lambda row: row.recurrence_id)


@pytest.fixture
def row(inside: object) -> Occurrence:
    """The date of a café that began half an hour ago and ends in an hour."""
    return date_of(new_event(on_now()))


def refusal(act: Callable[[], None]) -> list[str]:
    with pytest.raises(Refused) as caught:
        act()
    return [problem.code for problem in caught.value.problems]


def counter() -> int:
    return db.session.scalar(select(ChangeCounter.number)) or 0


# --- full, and places again ---------------------------------------------------------------


def test_full_and_places_again_and_full(row: Occurrence, freeze: Freeze) -> None:
    hosting.say(row, "full")
    assert shown_of([row], NOW) == {row.id: Said("full", NOW)}
    freeze(NOW + timedelta(minutes=10))
    hosting.say(row, "full")
    assert shown_of([row], NOW + timedelta(minutes=10)) == {row.id: Said("full", NOW)}, "the first"
    freeze(NOW + timedelta(minutes=20))
    hosting.say(row, "open")
    said = Said("open", NOW + timedelta(minutes=20))
    assert shown_of([row], NOW + timedelta(minutes=49)) == {row.id: said}
    assert shown_of([row], NOW + timedelta(minutes=50)) == {}
    freeze(NOW + timedelta(minutes=55))
    hosting.say(row, "full")
    assert shown_of([row], NOW + timedelta(minutes=55))[row.id].state == "full"
    assert shown_of([row], row.ends_at) == {}
    assert db.session.scalar(select(func.count()).select_from(DropInState)) == 1


def test_every_word_moves_the_change_counter_and_nothing_else(row: Occurrence) -> None:
    event = row.event
    db.session.commit()
    before = (event.sequence, event.revised_at, row.is_override, row.note, row.status)
    logged = db.session.scalar(select(func.count()).select_from(AuditEntry))
    for number, state in enumerate(("full", "open"), start=counter() + 1):
        hosting.say(row, state)
        db.session.commit()
        assert counter() == number
    hosting.count(row, {"adults": 4, "children": 2})
    db.session.commit()
    assert counter() == number, "numbers are on no public page"
    db.session.refresh(event)
    assert (event.sequence, event.revised_at, row.is_override, row.note, row.status) == before
    assert db.session.scalar(select(func.count()).select_from(AuditEntry)) == logged


def test_what_is_refused_writes_nothing(row: Occurrence, freeze: Freeze) -> None:
    assert refusal(lambda: hosting.say(row, "open")) == ["not_full"]
    assert refusal(lambda: hosting.say(row, "crowded")) == ["state_unknown"]
    freeze(row.ends_at)
    assert refusal(lambda: hosting.say(row, "full")) == ["date_over"]
    freeze(row.starts_at - 3 * HOUR - timedelta(seconds=1))
    assert refusal(lambda: hosting.say(row, "full")) == ["date_later"]
    freeze(NOW)
    changing.cancel_date(row, {"sv": "Värden är sjuk."})
    assert refusal(lambda: hosting.say(row, "full")) == ["date_off"]
    assert db.session.scalar(select(func.count()).select_from(DropInState)) == 0


@pytest.mark.parametrize(
    "changes", [{"status": "draft"}, {"status": "waiting"}, {"visibility": "staff"}]
)
def test_only_what_visitors_see_can_be_full(changes: dict[str, str]) -> None:
    row = date_of(new_event(on_now(), **changes))  # type: ignore[arg-type]
    assert refusal(lambda: hosting.say(row, "full")) == ["date_off"]
    if changes == {"visibility": "staff"}:
        hosting.count(row, {"adults": 3})
        assert counts_of([row.id])[row.id].adults == 3, "and yet its hosts count"
    else:
        assert refusal(lambda: hosting.count(row, {"adults": 3})) == ["date_off"]


def test_a_cancelled_or_moved_date_shows_nothing_of_it(row: Occurrence) -> None:
    hosting.say(row, "full")
    changing.cancel_date(row, {"sv": "Värden är sjuk."})
    assert shown_of([row], NOW) == {}
    changing.restore_date(row)
    assert shown_of([row], NOW)
    changing.move_date(row, datetime(2026, 11, 27, 10), datetime(2026, 11, 27, 11), {})
    for moment in (NOW, row.starts_at, row.ends_at - timedelta(seconds=1)):
        assert shown_of([row], moment) == {}


def test_what_holds_no_more_is_not_kept(row: Occurrence, freeze: Freeze) -> None:
    hosting.say(row, "full")
    freeze(NOW + 12 * HOUR)
    other = date_of(new_event(on_now(NOW + 12 * HOUR)))
    hosting.say(other, "full")
    db.session.commit()
    assert list(db.session.scalars(select(DropInState.occurrence_id))) == [other.id]


# --- how many came ------------------------------------------------------------------------


def test_two_taps_write_two_numbers_and_the_last_one_holds(row: Occurrence) -> None:
    hosting.count(row, {"adults": 7})
    hosting.count(row, {"children": 0})
    hosting.count(row, {"adults": 8})
    found = counts_of([row.id])[row.id]
    assert (found.adults, found.children, found.at) == (8, 0, NOW)
    hosting.count(row, {"adults": None, "children": 0})
    assert (found.adults, found.children) == (None, 0)
    hosting.count(row, {"adults": None, "children": None})
    assert counts_of([row.id]) == {}
    assert refusal(lambda: hosting.count(row, {"adults": None})) == ["count_missing"]


def test_counting_begins_with_the_date_and_ends_after_sixty_days(
    row: Occurrence, freeze: Freeze
) -> None:
    freeze(row.starts_at - timedelta(seconds=1))
    assert refusal(lambda: hosting.count(row, {"adults": 1})) == ["not_begun"]
    freeze(row.ends_at + 60 * DAY - timedelta(seconds=1))
    hosting.count(row, {"adults": 1})
    freeze(row.ends_at + 60 * DAY)
    assert refusal(lambda: hosting.count(row, {"adults": 2})) == ["count_closed"]
    assert counts_of([row.id])[row.id].adults == 1


def test_wrong_numbers_are_refused_whole(row: Occurrence) -> None:
    found = refusal(lambda: hosting.count(row, {"adults": -1, "children": 2001}))
    assert found == ["count_range", "count_range"]
    assert db.session.scalar(select(func.count()).select_from(Attendance)) == 0


def test_dates_that_were_held_are_counted_after_the_rest_is_cancelled(freeze: Freeze) -> None:
    event = new_event(WEEKLY)
    held, left = sorted(event.occurrences, key=lambda one: one.starts_at)[:2]
    freeze(held.ends_at + HOUR)
    actions.cancel(event, {"sv": "Huset byggs om"})
    hosting.count(held, {"adults": 9})
    freeze(left.starts_at)
    assert refusal(lambda: hosting.count(left, {"adults": 9})) == ["date_off"]


# --- whose dates --------------------------------------------------------------------------


def test_dates_are_those_that_a_unit_hosts_or_has_in_its_house() -> None:
    library, preschool = unit(), unit(PRESCHOOL)
    association = add_association("Föreningen Vi")
    add_room(library, {"names": {"sv": "Lilla rummet"}})
    room = next(one for one in places_of(library) if not one.is_premises)
    own = date_of(new_event(on_now()))
    together = date_of(new_event(on_now(), unit_id=preschool.id, co_host_ids=(association.id,)))
    guests = date_of(
        new_event(on_now(), unit_id=association.id, place_id=None, elsewhere="Folkets hus")
    )
    assert where_of(library.id) == {own.id, together.id}, "at its place"
    assert where_of(preschool.id) == {together.id}
    assert where_of(association.id) == {together.id, guests.id}
    assert where_of(None) == {own.id, together.id, guests.id}
    # One date is somewhere else than its series.
    guests.place_id = room.id
    together.place_id = place(PRESCHOOL).id
    db.session.flush()
    assert where_of(library.id) == {own.id, guests.id}
    guests.place_id, together.place_id, together.elsewhere = None, None, "Torget"
    db.session.flush()
    assert where_of(library.id) == {own.id}


def where_of(unit_id: int | None) -> set[int]:
    ids = None if unit_id is None else [unit_id]
    return {row.id for row in hosted(ids, NOW - DAY, NOW + 3 * HOUR, 50)}


def test_dates_of_other_days_drafts_and_cancelled_ones_are_left_out() -> None:
    times = {name: NOW + hours * HOUR for name, hours in (("past", -60), ("later", 30))}
    for at in times.values():
        new_event(on_now(at), today=at.date())
    new_event(on_now(), status="draft")
    new_event(on_now(), status="waiting")
    new_event(on_now(), status="cancelled")
    assert where_of(None) == set()
    yesterday = date_of(new_event(on_now(NOW - 20 * HOUR), today=(NOW - DAY).date()))
    assert where_of(None) == {yesterday.id}
    assert hosted([], NOW - DAY, NOW, 50) == []

"""Events and their dates in the database, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.core.extensions import db
from portal.core.models import AuditEntry
from portal.core.problems import Refused
from portal.events import actions, changing, overview, queries
from portal.events.models import Event, ExDate, Occurrence
from portal.events.queries import Filter
from portal.events.recurrence import Rule, Series, expand
from portal.events.rules import Alteration, LeftOut
from portal.places import actions as places
from tests.support.factories import NOW, ONCE, TODAY, WEEKLY, ZONE, details, new_event, place, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
Act = Callable[[Event], None]


def counts() -> tuple[int, ...]:
    tables = (Event, Occurrence, ExDate, AuditEntry)
    return tuple(db.session.scalar(select(func.count()).select_from(t)) or 0 for t in tables)


def first(event: Event) -> Occurrence:
    return min(event.occurrences, key=lambda row: row.recurrence_id)


# --- making -------------------------------------------------------------------------------


def test_a_draft_has_its_dates_and_nobody_sees_it() -> None:
    out = (LeftOut(datetime(2026, 12, 23, 17), (("sv", "Jullov"),)),)
    event = new_event(WEEKLY, out, status="draft")
    db.session.expire_all()
    assert event.status == "draft"
    assert event.sequence == 0
    assert len(event.occurrences) == 9
    assert [(row.recurrence_id, row.reason) for row in event.exdates] == [
        (datetime(2026, 12, 23, 17), {"sv": "Jullov"})
    ]
    assert {row.is_listed for row in event.occurrences} == {False}
    assert queries.listed(Filter(), NOW, None, TODAY, limit=50) == []
    assert not event.is_public
    assert queries.series_of(event) == actions.without(WEEKLY, out).__class__(
        WEEKLY.starts,
        WEEKLY.ends,
        ZONE,
        False,
        replace(WEEKLY.rule, until=date(2027, 1, 27)),  # type: ignore[type-var]
        frozenset([datetime(2026, 12, 23, 17)]),
    )


def test_the_start_is_moved_to_the_first_date() -> None:
    """DTSTART must be a date of the rule: clients show it in any case."""
    rule = Rule("WEEKLY", date(2027, 1, 27), weekdays=(0,))
    event = new_event(replace(WEEKLY, rule=rule))
    assert event.starts == first(event).recurrence_id == datetime(2026, 11, 30, 17)
    assert event.ends == datetime(2026, 11, 30, 18, 30)


def test_publishing_shows_every_date() -> None:
    event = new_event(WEEKLY)
    found = queries.listed(Filter(), NOW, None, TODAY, limit=50)
    assert [row.recurrence_id for row in found] == [d.recurrence_id for d in expand(WEEKLY)]
    assert event.published_at == NOW
    assert queries.count_listed(Filter(), NOW, None, TODAY) == 10


@pytest.mark.parametrize("visibility", ["staff", "closed"])
def test_what_is_for_staff_is_listed_nowhere(visibility: str) -> None:
    event = new_event(WEEKLY, visibility=visibility)
    assert event.status == "published"
    assert {row.is_listed for row in event.occurrences} == {False}
    assert queries.listed(Filter(), NOW, None, TODAY, limit=50) == []
    assert list(db.session.scalars(queries.matching(Filter(), TODAY))) == []


def test_addresses_are_unique_and_stay() -> None:
    slugs = [new_event(titles={"sv": "Öppet hus!"}).slug for _ in range(3)]
    assert slugs == ["oppet-hus", "oppet-hus-2", "oppet-hus-3"]
    event = queries.event_by_slug("oppet-hus-2")
    assert event is not None
    actions.change(event, details(titles={"sv": "Stängt hus"}))
    assert event.slug == "oppet-hus-2"
    assert new_event(titles={"sv": "☕"}).slug == "event"


def test_uids_are_random_and_stay() -> None:
    one, other = new_event(), new_event()
    assert one.uid != other.uid
    uid = one.uid
    actions.change(one, details(titles={"sv": "Nytt namn"}))
    actions.cancel(one, {"sv": "Sjuk"})
    assert one.uid == uid
    assert "nytt" not in uid
    assert one.slug not in uid


# --- changing -----------------------------------------------------------------------------

CHANGES: dict[str, tuple[str, Act]] = {
    "rewrite": ("draft", lambda e: actions.rewrite(e, details(), WEEKLY, [], TODAY)),
    "publish": ("draft", lambda e: actions.publish(e, may_use_place=True)),
    "ask": ("draft", lambda e: actions.publish(e, may_use_place=False)),
    "say yes": ("waiting", lambda e: actions.publish(e, may_use_place=True)),
    "say no": ("waiting", lambda e: actions.decline(e, "Upptaget")),
    "change": ("published", lambda e: actions.change(e, details(titles={"sv": "Nytt"}))),
    "cancel": ("published", lambda e: actions.cancel(e, {"sv": "Sjuk"})),
    "cancel date": ("published", lambda e: changing.cancel_date(first(e), {"sv": "Sjuk"})),
    "alter dates": (
        "published",
        lambda e: changing.alter_dates(e, list(e.occurrences), Alteration(starts=time(16))),
    ),
    "shorten": ("published", lambda e: changing.shorten(e, date(2026, 12, 20), {"sv": "Slut"})),
    "hand over": ("published", lambda e: changing.hand_over(e, unit("exempelforeningen"))),
    "move date": (
        "published",
        lambda e: changing.move_date(
            first(e), datetime(2026, 11, 26, 18), datetime(2026, 11, 26, 19), {}
        ),
    ),
    "change place": ("published", lambda e: actions.change_place(place(), {"street": "Nygatan 1"})),
    "change unit": ("published", lambda e: actions.change_unit(unit(), {"phone": "0555-9"})),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_raises_sequence_and_revision(name: str) -> None:
    """Also within one second: calendars go by both, and neither may stand still."""
    status, act = CHANGES[name]
    event = new_event(WEEKLY, status=status)
    sequence, revised_at, uid = event.sequence, event.revised_at, event.uid
    rows = {row.recurrence_id: row.key for row in event.occurrences}
    act(event)
    db.session.expire_all()
    assert event.sequence == sequence + 1
    assert event.revised_at == revised_at + timedelta(seconds=1)
    assert event.uid == uid
    assert {row.recurrence_id: row.key for row in event.occurrences} == rows


def test_ten_changes_in_a_second_are_ten_revisions() -> None:
    event = new_event(WEEKLY)
    seen = []
    for number in range(10):
        actions.change(event, details(titles={"sv": f"Nummer {number}"}))
        seen.append((event.sequence, event.revised_at))
    assert seen == sorted(set(seen))
    assert len({moment for _, moment in seen}) == 10


def test_a_later_change_is_stamped_with_its_own_time(freeze: Callable[[datetime], None]) -> None:
    event = new_event(WEEKLY)
    freeze(NOW + timedelta(hours=3))
    actions.change(event, details(titles={"sv": "Senare"}))
    assert event.revised_at == NOW + timedelta(hours=3)


def test_a_change_of_a_place_or_unit_reaches_all_that_name_it_and_no_other() -> None:
    here = new_event()
    hall = queries.db.session.merge(place("ekorrens-oppna-forskola"))
    there = new_event(unit_id=unit("ekorrens-oppna-forskola").id, place_id=hall.id)
    together = new_event(
        unit_id=unit("ekorrens-oppna-forskola").id, place_id=hall.id, co_host_ids=(unit().id,)
    )
    guest = new_event(unit_id=unit("ekorrens-oppna-forskola").id)
    everyone = [here, there, together, guest]

    def moved(act: Callable[[], None]) -> list[bool]:
        before = [event.sequence for event in everyone]
        act()
        return [e.sequence > old for e, old in zip(everyone, before, strict=True)]

    assert moved(lambda: actions.change_place(hall, {"street": "A 1"})) == [
        False,
        True,
        True,
        False,
    ]
    assert moved(lambda: actions.change_unit(unit(), {"name": "B"})) == [True, False, True, True]


def test_a_date_is_cancelled_and_taken_back_with_its_identity() -> None:
    event = new_event(WEEKLY)
    row = first(event)
    known = (row.id, row.key, row.recurrence_id)
    changing.cancel_date(row, {"sv": "Sjuk"})
    db.session.expire_all()
    assert (row.status, row.note, row.is_listed) == ("cancelled", {"sv": "Sjuk"}, True)
    changing.restore_date(row)
    db.session.expire_all()
    assert (row.status, row.note) == ("confirmed", {})
    assert row.is_override, "the feed must keep an override (feeds.md 3.2)"
    assert (row.id, row.key, row.recurrence_id) == known


def test_a_moved_date_keeps_its_address() -> None:
    event = new_event(WEEKLY)
    row = first(event)
    changing.move_date(row, datetime(2027, 3, 28, 1), datetime(2027, 3, 28, 4), {"sv": "Flyttat"})
    db.session.expire_all()
    assert (row.key, row.recurrence_id) == ("2026-11-25", datetime(2026, 11, 25, 17))
    assert row.on == date(2027, 3, 28)
    assert row.starts_at == datetime(2027, 3, 28, 0, tzinfo=UTC)
    assert row.ends_at == datetime(2027, 3, 28, 2, tzinfo=UTC)


def test_a_cancelled_event_keeps_its_rows_and_its_reason() -> None:
    event = new_event(WEEKLY, status="cancelled")
    db.session.expire_all()
    assert (event.status, event.reason) == ("cancelled", {"sv": "Värden är sjuk."})
    assert len(event.occurrences) == 10
    assert len(queries.listed(Filter(), NOW, None, TODAY, limit=50)) == 10
    assert event.is_public


def test_a_draft_can_change_its_dates_and_go() -> None:
    event = new_event(WEEKLY, (LeftOut(datetime(2026, 12, 2, 17)),), status="draft")
    actions.rewrite(event, details(titles={"sv": "En gång"}), ONCE, [], TODAY)
    db.session.expire_all()
    assert [row.key for row in event.occurrences] == ["2026-11-25"]
    assert (event.exdates, event.rrule) == ([], "")
    actions.delete_draft(event)
    assert counts()[:3] == (0, 0, 0)


def test_waiting_for_a_yes() -> None:
    guest = unit("ekorrens-oppna-forskola")
    event = new_event(unit_id=guest.id, status="waiting")
    assert not event.is_public
    assert overview.waiting_for([unit().id]) == [event]
    assert overview.waiting_for([guest.id]) == []
    actions.decline(event, "Salen är upptagen")
    assert (event.status, event.answer_note) == ("draft", "Salen är upptagen")
    actions.publish(event, may_use_place=False)
    actions.publish(event, may_use_place=True)
    assert (event.status, event.answer_note, event.published_at) == ("published", "", NOW)
    assert overview.waiting_for(None) == []


# --- refusing -----------------------------------------------------------------------------

NIGHT = Series(datetime(2027, 3, 28, 2, 30), datetime(2027, 3, 28, 4), ZONE)
REFUSALS: dict[str, tuple[str, str, Act]] = {
    "no title": ("draft", "title_missing", lambda e: new_event(titles={}) and None),
    "no such hour": ("draft", "clock_gap", lambda e: new_event(NIGHT) and None),
    "far away": (
        "draft",
        "far_away",
        lambda e: (
            new_event(replace(ONCE, starts=datetime(2062, 1, 1), ends=datetime(2062, 1, 2)))
            and None
        ),
    ),
    "rewrite published": (
        "published",
        "already_published",
        lambda e: actions.rewrite(e, details(), ONCE, [], TODAY),
    ),
    "rewrite badly": (
        "draft",
        "end_before_start",
        lambda e: actions.rewrite(e, details(), replace(ONCE, ends=ONCE.starts), [], TODAY),
    ),
    "publish twice": ("published", "already_published", lambda e: actions.publish(e, True)),
    "publish cancelled": ("cancelled", "already_published", lambda e: actions.publish(e, True)),
    "hide": (
        "published",
        "visibility_published",
        lambda e: actions.change(e, details(visibility="staff")),
    ),
    "change badly": ("published", "title_missing", lambda e: actions.change(e, details(titles={}))),
    "decline published": ("published", "not_waiting", lambda e: actions.decline(e, "Nej")),
    "cancel draft": ("draft", "not_published", lambda e: actions.cancel(e, {})),
    "cancel twice": ("cancelled", "not_published", lambda e: actions.cancel(e, {})),
    "delete published": ("published", "already_published", lambda e: actions.delete_draft(e)),
    "delete cancelled": ("cancelled", "already_published", lambda e: actions.delete_draft(e)),
    "move to nowhere": (
        "published",
        "clock_gap",
        lambda e: changing.move_date(first(e), NIGHT.starts, NIGHT.ends, {}),
    ),
    "move backwards": (
        "published",
        "end_before_start",
        lambda e: changing.move_date(first(e), ONCE.ends, ONCE.starts, {}),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_leaves_nothing_behind(name: str) -> None:
    status, code, act = REFUSALS[name]
    event = new_event(WEEKLY, status=status)
    db.session.commit()
    before, sequence = counts(), event.sequence
    with pytest.raises(Refused) as refused:
        act(event)
    assert code in [problem.code for problem in refused.value.problems]
    # What a careless caller would commit.
    db.session.commit()
    assert counts() == before
    db.session.expire_all()
    assert (event.sequence, event.titles["sv"], event.visibility) == (
        sequence,
        "Språkcafé",
        "public",
    )


@pytest.mark.parametrize(
    "act",
    [
        lambda row: changing.cancel_date(row, {}),
        lambda row: changing.restore_date(row),
        lambda row: changing.move_date(
            row, ONCE.starts + timedelta(days=60), ONCE.ends + timedelta(days=60), {}
        ),
    ],
)
def test_past_dates_are_frozen(
    act: Callable[[Occurrence], None], freeze: Callable[[datetime], None]
) -> None:
    event = new_event(WEEKLY)
    freeze(first(event).ends_at)
    sequence = event.sequence
    with pytest.raises(Refused, match="date_past"):
        act(first(event))
    assert event.sequence == sequence
    act(event.occurrences[1])


# --- finding ------------------------------------------------------------------------------


def found(words: str, **more: object) -> list[Event]:
    wanted = Filter(words=words, **more)  # type: ignore[arg-type]
    return [row.event for row in queries.listed(wanted, NOW, None, TODAY, limit=50)]


@pytest.mark.parametrize(
    "words",
    ["sprakkafe", "Språkcafé", "SPRÅKCAFE", "sprak kafe", "language", "exempelbibliotek", "öva"],
)
def test_search_finds_words_spelt_by_ear(words: str) -> None:
    event = new_event()
    new_event(
        titles={"sv": "Gudstjänst"},
        texts={},
        kind="other",
        unit_id=unit("ekorrens-oppna-forskola").id,
        place_id=place("ekorrens-oppna-forskola").id,
    )
    assert found(words) == [event]


def test_search_takes_signs_for_what_they_are() -> None:
    new_event()
    assert found("100%_") == []
    assert found("'; drop table event; --") == []


def test_a_hidden_place_is_in_no_search_text() -> None:
    helper = unit("ekorrens-oppna-forskola")
    actions.change_place(place(), {"names": {"sv": "Kanariesalen"}, "locality": "Kanarieby"})
    common = {"phone": "0555-1", "co_host_ids": (helper.id,)}
    shown = new_event(**common)
    hidden = new_event(visibility="without_place", **common)
    elsewhere = new_event(
        visibility="without_place", place_id=None, elsewhere="Kanariegatan 1", **common
    )
    for word in ("kanarie", "exempelbibliotek", "ekorren"):
        assert found(word) == [shown], word
    assert set(found("sprakkafe")) == {shown, hidden, elsewhere}
    # A place that becomes hidden later is forgotten as well.
    actions.change_place(place(), {"visibility": "staff"})
    assert found("kanarie") == found("exempelbibliotek") == []
    actions.change(hidden, details(**common))
    assert found("kanarie") == []


def test_filters_that_tell_where_pass_over_hidden_places() -> None:
    hall = places.add_room(unit(), {"names": {"sv": "Salen"}, "visibility": "staff"})
    shown = new_event()
    new_event(visibility="without_place", phone="0555-1")
    new_event(place_id=hall.id)

    def ids(**more: object) -> list[int]:
        wanted = Filter(**more)  # type: ignore[arg-type]
        return [event.id for event in db.session.scalars(queries.matching(wanted, TODAY))]

    assert ids(unit_id=unit().id) == [shown.id]
    assert ids(place_id=hall.id) == []
    assert len(ids()) == 3


def test_filters_narrow() -> None:
    event = new_event(languages=("rmn-arli", "sv"), audiences=("adults",), kind="story-time")
    open_to_all = new_event(languages=("sv",))
    kind = queries.kind_by_slug("story-time")
    assert found("", kind=kind) == [event]
    assert found("", language="rmn-arli") == [event]
    assert found("", language="rmn") == []
    assert set(found("", audience="adults")) == {event, open_to_all}
    assert found("", audience="seniors") == [open_to_all]
    assert queries.languages_in_use() == {"rmn-arli", "sv"}


def test_a_date_is_listed_until_it_has_ended(freeze: Callable[[datetime], None]) -> None:
    event = new_event()
    row = first(event)
    second = timedelta(seconds=1)

    def seen(at: datetime, until: datetime | None = None) -> int:
        return len(queries.listed(Filter(), at, until, TODAY, limit=5))

    assert seen(row.ends_at - second) == 1
    assert seen(row.ends_at) == 0
    assert seen(NOW, row.starts_at) == 0
    assert seen(NOW, row.starts_at + second) == 1


def test_a_long_exhibition_is_listed_as_long_as_it_lasts() -> None:
    start = datetime(2026, 11, 21)
    new_event(Series(start, start + timedelta(days=30), ZONE, is_all_day=True))
    late = NOW + timedelta(days=29)
    assert len(queries.listed(Filter(), late, None, late.date(), limit=5)) == 1


def test_the_same_source_is_taken_once(inside: Flask) -> None:
    actions.create(details(), ONCE, [], TODAY, source="programme", source_id="1")
    event = queries.event_by_source("programme", "1")
    assert event is not None
    assert queries.event_by_source("demo", "1") is None

"""Many events at once are what one after the other would be, on both engines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from portal.core.extensions import db
from portal.core.models import ChangeCounter
from portal.events import actions, bulk, changing, queries
from portal.events.bulk import Prepared, Publisher
from portal.events.models import Event, ExDate, Occurrence
from portal.events.recurrence import Rule, Series
from portal.events.rules import Alteration, DateState, Details, LeftOut
from portal.places import actions as places
from tests.support.factories import ONCE, TODAY, WEEKLY, ZONE, details, unit

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
# Ids, random names, and the revision that publishing by itself counts.
OWN = {"id", "event_id", "uid", "slug", "sequence", "revised_at"}
WHOLE = Series(datetime(2026, 11, 25), datetime(2026, 11, 27), ZONE, is_all_day=True)
OVER_CLOCKS = Series(
    datetime(2027, 3, 23, 22),
    datetime(2027, 3, 24, 1),
    ZONE,
    rule=Rule("WEEKLY", datetime(2027, 4, 20).date(), 1, (1, 6)),
)
MONTHLY = Series(
    datetime(2026, 12, 2, 17),
    datetime(2026, 12, 2, 18),
    ZONE,
    rule=Rule("MONTHLY", datetime(2027, 6, 30).date(), nth=(1, 2)),
    exdates=frozenset({datetime(2027, 1, 6, 17)}),
)


def columns(row: Any) -> dict[str, Any]:
    names = [column.key for column in inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names if name not in OWN}


def said(event: Event) -> tuple[Any, ...]:
    """Everything that the database holds of an event but for its names."""
    db.session.expire_all()
    dates = sorted(event.occurrences, key=lambda row: row.recurrence_id)
    return (
        columns(event),
        [columns(row) for row in dates],
        sorted((row.recurrence_id, repr(row.reason)) for row in event.exdates),
        [unit.id for unit in event.co_hosts],
    )


def one_by_one(prepared: Prepared) -> Event:
    series = prepared.series
    left_out = [LeftOut(start) for start in sorted(series.exdates)]
    bare = replace(series, exdates=frozenset())
    event = actions.create(prepared.details, bare, left_out, TODAY)
    actions.publish(event, may_use_place=True)
    return event


def published(*prepared: Prepared) -> list[Event]:
    addresses = {bulk.slugify(one.details.titles["sv"]) for one in prepared}
    publisher = Publisher(addresses)
    ids = publisher.publish(publisher.ready(prepared))
    db.session.flush()
    found = [db.session.get(Event, event_id) for event_id in ids]
    assert None not in found
    return [event for event in found if event is not None]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"place_id": None, "elsewhere": "Parken vid ån"},
        {"visibility": "without_place", "phone": "08-1"},
        {"visibility": "staff"},
        {
            "titles": {"sv": "Sagostund", "fi": "Satutunti"},
            "texts": {},
            "languages": ("sv", "rmn-arli"),
            "audiences": ("children", "families"),
            "age_from": 3,
            "age_to": 6,
            "sign_up": "link",
            "sign_up_link": "https://example.org/1",
            "is_preliminary": True,
            "kind": "story-time",
        },
    ],
    ids=["plain", "elsewhere", "without place", "staff", "much"],
)
def test_rows_are_the_same(changes: dict[str, Any]) -> None:
    for series in (ONCE, WEEKLY, WHOLE, OVER_CLOCKS, MONTHLY):
        prepared = Prepared(details(**changes), series)
        (event,) = published(prepared)
        mine, theirs = said(event), said(one_by_one(prepared))
        assert {k: v for k, v in mine[0].items() if theirs[0][k] != v} == {}
        assert mine == theirs


def test_what_pages_keep_quiet_about_is_not_found() -> None:
    """Neither where an event is in a closed place, nor where a date of it is."""
    hidden = places.add_room(unit(), {"names": {"sv": "Kryptan"}, "visibility": "closed"})
    inside = Prepared(details(place_id=hidden.id), WEEKLY)
    here = details(visibility="without_place", phone="08-1")
    at, end = WEEKLY.starts, WEEKLY.ends
    apart = {at: DateState(at, end, where=(hidden.id, ""))}
    own, quiet = Prepared(details(), WEEKLY, apart), Prepared(here, WEEKLY, apart)
    first, second, third = (event.search for event in published(inside, own, quiet))
    assert first == one_by_one(inside).search
    assert {"kryptan", "eksempelbiblioteket"} & set(first.split()) == set()
    assert set(second.split()) == set(one_by_one(Prepared(details(), WEEKLY)).search.split())
    assert third == one_by_one(Prepared(here, WEEKLY)).search


def test_dates_that_differ_are_as_if_an_editor_had_changed_them() -> None:
    room = places.add_room(unit(), {"names": {"sv": "Sagorummet", "en": "Room of tales"}})
    starts = [WEEKLY.starts + timedelta(weeks=n) for n in range(5)]
    end = WEEKLY.length
    apart = {
        starts[1]: DateState(starts[1] + timedelta(days=1), starts[1] + timedelta(days=1, hours=2)),
        starts[2]: DateState(starts[2], starts[2] + end, "Lucia", (room.id, "")),
        starts[3]: DateState(starts[3], starts[3] + end, "", (None, "Parken"), "https://a.example"),
        starts[4]: DateState(starts[4], starts[4] + end, is_cancelled=True),
    }
    prepared = Prepared(details(), WEEKLY, apart)
    (event,) = published(prepared)
    other = one_by_one(prepared)
    rows = {row.recurrence_id: row for row in other.occurrences}
    changing.move_date(rows[starts[1]], apart[starts[1]].starts, apart[starts[1]].ends, {})
    to = Alteration(is_place=True, place_id=room.id, titles={"sv": "Lucia"})
    changing.alter_dates(other, [rows[starts[2]]], to)
    to = Alteration(is_place=True, elsewhere="Parken", sign_up_link="https://a.example")
    changing.alter_dates(other, [rows[starts[3]]], to)
    changing.cancel_date(rows[starts[4]], {})
    mine, theirs = said(event), said(other)
    for one in (mine, theirs):
        # The same words, in whatever order.
        one[0]["search"] = set(one[0]["search"].split())
    assert mine == theirs


def test_a_series_that_is_off_as_a_whole_says_so_by_itself() -> None:
    """As cancelling every date does: the series is told cancelled, no date need say it."""
    starts = [WEEKLY.starts + timedelta(weeks=n) for n in range(10)]
    apart = {at: DateState(at, at + WEEKLY.length, is_cancelled=True) for at in starts}
    (event,) = published(Prepared(details(), WEEKLY, apart))
    assert {(row.status, row.is_override) for row in event.occurrences} == {("cancelled", False)}
    assert event.status == "published"


def test_addresses_are_those_that_are_free() -> None:
    first = one_by_one(Prepared(details(titles={"sv": "Café"}), ONCE))
    many = [Prepared(details(titles={"sv": "Café"}), ONCE)] * 2
    others = [Prepared(details(titles={"sv": title}), ONCE) for title in ("Café 2", "Kafé!", "!")]
    slugs = [event.slug for event in published(*many, *others)]
    assert len({first.slug, *slugs}) == 6
    assert [first.slug, *slugs[:2]] == ["cafe", "cafe-2", "cafe-3"]


@pytest.mark.parametrize("most", [0, 50])
def test_a_large_batch_asks_for_all_addresses(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MANY", most)
    one_by_one(Prepared(details(), ONCE))
    publisher = Publisher({"sprakcafe"})
    ready = [publisher.ready(some) for some in ([Prepared(details(), ONCE)], [])]
    ready.append(publisher.ready([Prepared(details(), ONCE)]))
    ids = [event_id for some in ready for event_id in publisher.publish(some)]
    found = db.session.scalars(select(Event.slug).where(Event.id.in_(ids)).order_by(Event.id))
    assert list(found) == ["sprakcafe-2", "sprakcafe-3"]


def test_an_address_that_was_taken_meanwhile_is_another() -> None:
    """Between making ready and the lock somebody publishes an event of the same name."""
    publisher = Publisher({"sprakcafe"})
    ready = publisher.ready([Prepared(details(), ONCE)] * 2)
    other = one_by_one(Prepared(details(), ONCE))
    ids = publisher.publish(ready)
    slugs = [db.session.get_one(Event, event_id).slug for event_id in ids]
    assert (other.slug, slugs[1]) == ("sprakcafe", "sprakcafe-2")
    assert re.fullmatch(r"sprakcafe-[0-9a-f]{8}", slugs[0])


def test_answers_are_in_order_and_uids_are_their_own() -> None:
    many = [Prepared(details(titles={"sv": f"Nummer {n}"}), ONCE) for n in range(30)]
    events = published(*many)
    assert [event.titles["sv"] for event in events] == [f"Nummer {n}" for n in range(30)]
    assert len({event.uid for event in events}) == 30
    assert all(re.fullmatch(r"[0-9a-f-]{36}", event.uid) for event in events)
    assert db.session.scalars(select(ExDate)).all() == []
    assert len(db.session.scalars(select(Occurrence)).all()) == 30


def test_pages_and_feeds_show_them_at_once_and_alike(
    inside: Flask, make_event: Callable[..., Any]
) -> None:
    client = inside.test_client()
    before = client.get("/feeds/all.sv.ics").data
    assert b"VEVENT" not in before
    counter = db.session.scalar(select(ChangeCounter.number))
    published(Prepared(details(), MONTHLY))
    db.session.commit()
    assert db.session.scalar(select(ChangeCounter.number)) != counter
    mine = client.get("/feeds/all.sv.ics").text
    event = db.session.scalars(select(Event)).one()
    assert "Språkcafé" in client.get("/events").text
    assert "Språkcafé" in client.get("/events?q=torggatan+sprakcafe+exempelbiblioteket").text or (
        "exempelbiblioteket" in event.search
    )
    event.status = "draft"
    for row in event.occurrences:
        row.is_listed = False
    db.session.commit()
    one_by_one(Prepared(details(), MONTHLY))
    db.session.commit()
    theirs = client.get("/feeds/all.sv.ics").text
    own = re.compile(r"^(UID|SEQUENCE|URL[^:]*|LAST-MODIFIED|DTSTAMP):.*$", re.MULTILINE)
    assert own.sub("", mine) == own.sub("", theirs).replace("sprakcafe-2", "sprakcafe")
    assert mine.count("BEGIN:VEVENT") == 1


def test_details_are_all_there() -> None:
    """A column that an event form has and the short way forgets would be empty."""
    given = {name for name in Details.__dataclass_fields__ if name != "co_host_ids"}
    assert set(bulk._DETAILS) == given
    assert queries.details_of(published(Prepared(details(), ONCE))[0]) == details()

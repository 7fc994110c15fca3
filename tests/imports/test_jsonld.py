"""schema.org/Event, as sites write it: alone, in lists, in pages, and as they should not."""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.events.recurrence import Rule, Series, expand
from portal.imports.items import Item, Reading, Unreadable
from portal.imports.jsonld import read

ZONE, TODAY = "Europe/Stockholm", date(2026, 12, 1)
EVENT = {
    "@type": "Event",
    "@id": "https://example.org/1",
    "name": "Sagostund",
    "startDate": "2027-01-31T17:00",
    "endDate": "2027-01-31T18:00",
}


def reading(document: object) -> Reading:
    return read(json.dumps(document).encode(), ZONE, TODAY)


def event(**changes: Any) -> Item:
    found = reading({**EVENT, **changes})
    assert found.problems == []
    (item,) = found.items
    return item


def refused(**changes: Any) -> tuple[str, str]:
    found = reading({**EVENT, **changes})
    ((_, column, code),) = [(p.row, p.column, p.code) for p in found.problems]
    assert (found.items, found.refused_keys) == ([], {"https://example.org/1"})
    return column, code


def test_what_an_event_says() -> None:
    item = event(
        description="<p>Kom &amp; lyssna</p>",
        location={"@type": "Place", "name": "Biblioteket", "address": "Gatan 1"},
        organizer={"@type": ["Thing", "http://schema.org/Library"], "name": "Bibliotek"},
        eventStatus="https://schema.org/EventScheduled",
        inLanguage=["sv", {"@type": "Language", "name": "Arabiska", "alternateName": "ar"}],
        typicalAgeRange="7-9",
        url="https://example.org/1.html",
    )
    assert item == Item(
        row=1,
        key="https://example.org/1",
        titles={"sv": "Sagostund"},
        texts={"sv": "Kom & lyssna"},
        starts=datetime(2027, 1, 31, 17),
        ends=datetime(2027, 1, 31, 18),
        zone=ZONE,
        unit="Bibliotek",
        place="Biblioteket",
        languages=("sv", "ar"),
        age_from=7,
        age_to=9,
        link="https://example.org/1.html",
    )


@pytest.mark.parametrize(
    "document",
    [
        EVENT,
        [EVENT],
        {"@graph": [{"@type": "WebPage", "name": "x"}, EVENT]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "item": EVENT}]},
        {"events": [EVENT]},
        {"events": [{k: v for k, v in EVENT.items() if k != "@type"}]},
        {"@type": "WebPage", "mainEntity": {**EVENT, "@type": "https://schema.org/TheaterEvent"}},
        {"@type": "DataFeed", "dataFeedElement": {"item": {**EVENT, "@type": "schema:Event"}}},
    ],
)
def test_events_are_found_where_sites_put_them(document: object) -> None:
    (item,) = reading(document).items
    assert (item.key, item.titles) == ("https://example.org/1", {"sv": "Sagostund"})


def test_the_scripts_of_a_page_are_read() -> None:
    script = f'<SCRIPT Type="application/ld+json">{json.dumps(EVENT)}</Script >'
    other = script.replace("example.org/1", "example.org/2").replace("Sagostund", "Rad\nbryt")
    page = f"<!doctype html>İİ<script>var x = {{}}</script>{script}\n{other}"
    broken = (
        '<script type="application/ld+json">{"@type": </script><script type=application/ld+json>'
    )
    found = read((page + broken).encode(), ZONE, TODAY)
    assert [item.titles["sv"] for item in found.items] == [
        "Sagostund",
        "Rad\nbryt".replace("\n", " "),
    ]
    assert [(note.row, note.code) for note in found.notes] == [(3, "not_json")]


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "starts", "ends", "is_all_day"),
    [
        ({}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        ({"startDate": "2027-01-31T16:00:00Z"}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        ({"endDate": "2027-01-31T19:00:00+02:00"}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        ({"endDate": None, "duration": "PT1H"}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        (
            {"startDate": "2027-01-31", "endDate": "2027-02-01"},
            "2027-01-31T00:00",
            "2027-02-02T00:00",
            True,
        ),
        ({"startDate": "2027-01-31", "endDate": ""}, "2027-01-31T00:00", "2027-02-01T00:00", True),
        (
            {"startDate": "2027-01-31T00:00", "endDate": "2027-01-31T00:00"},
            "2027-01-31T00:00",
            "2027-02-01T00:00",
            True,
        ),
    ],
)
def test_when_it_is(said: dict[str, str], starts: str, ends: str, is_all_day: bool) -> None:
    item = event(**said)
    assert (f"{item.starts:%Y-%m-%dT%H:%M}", f"{item.ends:%Y-%m-%dT%H:%M}") == (starts, ends)
    assert item.is_all_day == is_all_day


@pytest.mark.parametrize(
    ("said", "column", "code"),
    [
        ({"name": ""}, "name", "empty"),
        ({"name": {"a": 1}}, "name", "empty"),
        ({"name": "x" * 201}, "name", "too_long"),
        ({"location": "x" * 201}, "location", "too_long"),
        ({"startDate": ""}, "startDate", "not_a_date"),
        ({"startDate": "soon"}, "startDate", "not_a_date"),
        ({"startDate": "9999-12-31"}, "startDate", "not_a_date"),
        ({"startDate": "0001-01-01T00:00:00+14:00"}, "startDate", "not_a_date"),
        ({"startDate": 2027}, "startDate", "not_a_date"),
        ({"endDate": "soon"}, "endDate", "not_a_date"),
        ({"endDate": ""}, "endDate", "no_end"),
        ({"endDate": "2027-01-31"}, "endDate", "no_end"),
        ({"endDate": "2027-01-31T17:00"}, "endDate", "end_before_start"),
    ],
)
def test_what_cannot_be_used_says_why(said: dict[str, Any], column: str, code: str) -> None:
    assert refused(**said) == (column, code)


WEEKLY = {
    "@type": "Schedule",
    "startDate": "2027-01-11",
    "endDate": "2027-03-31",
    "startTime": "17:00",
    "endTime": "18:30:00",
    "repeatFrequency": "P1W",
    "byDay": "https://schema.org/Monday",
}


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({}, Rule("WEEKLY", date(2027, 3, 31), weekdays=(0,))),
        ({"byDay": None}, Rule("WEEKLY", date(2027, 3, 31), weekdays=(0,))),
        (
            {"repeatFrequency": "P2W", "byDay": ["We", "Monday"]},
            Rule("WEEKLY", date(2027, 3, 31), 2, (0, 2)),
        ),
        ({"repeatFrequency": "P1D"}, Rule("WEEKLY", date(2027, 3, 31), weekdays=(0,))),
        ({"repeatFrequency": "P3D", "byDay": None}, Rule("DAILY", date(2027, 3, 31), 3)),
        (
            {"repeatFrequency": "P1M", "byMonthWeek": -1},
            Rule("MONTHLY", date(2027, 3, 31), nth=(-1, 0)),
        ),
        (
            {"repeatFrequency": "P1M", "byDay": [], "byMonthDay": 15},
            Rule("MONTHLY", date(2027, 3, 31), month_day=15),
        ),
        (
            {"repeatFrequency": "P1M", "byDay": []},
            Rule("MONTHLY", date(2027, 3, 31), month_day=11),
        ),
        (
            {"endDate": None, "repeatCount": 3},
            Rule("WEEKLY", date(2027, 1, 25), weekdays=(0,)),
        ),
    ],
)
def test_a_schedule_becomes_a_rule(said: dict[str, Any], rule: Rule) -> None:
    item = event(startDate="2027-01-11", endDate=None, eventSchedule={**WEEKLY, **said})
    assert item.rule == rule
    assert not item.is_all_day
    assert (item.ends - item.starts).total_seconds() == 5400
    assert expand(Series(item.starts, item.ends, ZONE, False, item.rule))[0].recurrence_id == (
        item.starts
    )


def test_left_out_dates_stay_out() -> None:
    item = event(
        eventSchedule={**WEEKLY, "exceptDate": ["2027-01-18", "2027-01-25T17:00", "2027-01-26"]}
    )
    assert item.exdates == {datetime(2027, 1, 18, 17), datetime(2027, 1, 25, 17)}


def test_what_never_ends_becomes_dates() -> None:
    found = reading(
        {**EVENT, "eventSchedule": {**WEEKLY, "startDate": "2016-01-04", "endDate": ""}}
    )
    assert [note.code for note in found.notes] == ["dates_cut"]
    days = [item.starts.date() for item in found.items]
    assert (days[0], days[-1]) == (date(2026, 12, 7), date(2028, 11, 27))
    assert {item.group for item in found.items} == {"https://example.org/1"}
    assert len({item.key for item in found.items}) == len(days) == 104
    daily = {**WEEKLY, "repeatFrequency": "P1D", "byDay": "", "endDate": "9999-12-31"}
    assert len(reading({**EVENT, "eventSchedule": daily}).items) == 500


def test_another_zone_becomes_dates_on_our_clock() -> None:
    schedule = {**WEEKLY, "scheduleTimezone": "America/New_York", "repeatCount": 11}
    found = reading({**EVENT, "eventSchedule": schedule})
    assert [note.code for note in found.notes] == ["rule_as_dates"]
    # The Americans change their clocks on 14 March.
    assert [item.starts.hour for item in found.items] == [23] * 9 + [22] * 2


def test_several_schedules_are_several_series() -> None:
    other = {**WEEKLY, "byDay": "Friday"}
    found = reading({**EVENT, "eventSchedule": [WEEKLY, other]})
    assert [(item.key[-2:], item.rule.weekdays if item.rule else ()) for item in found.items] == [
        ("/1", (0,)),
        ("/2", (4,)),
    ]
    assert {item.group for item in found.items} == {"https://example.org/1"}


@pytest.mark.parametrize(
    ("said", "column", "code"),
    [
        ({"repeatFrequency": "PT1H"}, "repeatFrequency", "unknown_rule"),
        ({"repeatFrequency": "P1Y"}, "repeatFrequency", "unknown_rule"),
        ({"repeatFrequency": "P0D"}, "repeatFrequency", "unknown_rule"),
        ({"repeatFrequency": "P31D", "byDay": ""}, "repeatFrequency", "unknown_rule"),
        ({"byDay": "Someday"}, "byDay", "unknown_rule"),
        ({"repeatFrequency": "P1M", "byMonthWeek": 5}, "repeatFrequency", "unknown_rule"),
        ({"startDate": "soon"}, "startDate", "not_a_date"),
        ({"startTime": "late"}, "startTime", "not_a_time"),
        ({"endTime": "16:00"}, "endTime", "end_before_start"),
        ({"scheduleTimezone": "Mars/Base"}, "scheduleTimezone", "unknown_zone"),
        ({"scheduleTimezone": "../../etc/passwd"}, "scheduleTimezone", "unknown_zone"),
        ({"endDate": "2026-01-01"}, "eventSchedule", "no_dates"),
        ({"startDate": "9999-12-31"}, "startDate", "not_a_date"),
    ],
)
def test_a_schedule_that_cannot_be_read_says_why(
    said: dict[str, Any], column: str, code: str
) -> None:
    assert refused(eventSchedule={**WEEKLY, **said}) == (column, code)


def test_parts_say_only_what_differs() -> None:
    part = {"@type": "Event", "startDate": "2027-02-01T10:00", "endDate": "2027-02-01T11:00"}
    parts = [
        part,
        {**part, "name": "Final", "startDate": "2027-02-01T09:00", "url": "https://e.org"},
    ]
    festival = {**EVENT, "@type": "Festival", "location": "Torget", "subEvent": parts}
    items = reading(festival).items
    assert [(item.titles["sv"], item.place, item.group) for item in items] == [
        ("Sagostund", "Torget", "https://example.org/1"),
        ("Final", "Torget", "https://example.org/1"),
    ]
    assert items[0].key.startswith("~")
    assert items[1].key == "https://e.org"


# --- who and where ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("organizer", "unit"),
    [
        ({"@type": "Person", "name": "Någon Person"}, ""),
        ({"@type": ["Organization", "Person"], "name": "Kulturförvaltningen"}, ""),
        ("Någon Person", ""),
        ({"name": "Någon Person"}, ""),
        ({"@type": "MusicGroup", "name": "Någon Person"}, ""),
        ({"@type": "GovernmentOrganization", "name": "Staden"}, "Staden"),
        ([{"@type": "Person", "name": "X"}, {"@type": "NGO", "name": "Föreningen"}], "Föreningen"),
    ],
)
def test_no_person_is_ever_taken(organizer: object, unit: str) -> None:
    item = event(organizer=organizer, performer={"@type": "Person", "name": "Någon Person"})
    assert item.unit == unit
    assert "Någon Person" not in repr(item)


@pytest.mark.parametrize(
    ("location", "place", "link"),
    [
        ("Torget", "Torget", ""),
        ({"@type": "Place", "name": "Biblioteket"}, "Biblioteket", ""),
        (
            {"address": {"streetAddress": "Gatan 1", "addressLocality": "Stockholm"}},
            "Gatan 1, Stockholm",
            "",
        ),
        ({"@type": "PostalAddress", "streetAddress": "Gatan 1"}, "Gatan 1", ""),
        ({"@type": "VirtualLocation", "url": "https://e.org/x"}, "Online", "https://e.org/x"),
        ({"@type": "Place", "name": "A", "url": "https://e.org/x"}, "A", ""),
        (None, "", ""),
        (7.5, "", ""),
    ],
)
def test_where_it_is(location: object, place: str, link: str) -> None:
    item = event(location=location)
    assert (item.place, item.link) == (place, link)


def test_things_elsewhere_in_the_document_are_found() -> None:
    place = {"@type": "Place", "@id": "#p", "name": "Biblioteket"}
    (item,) = reading({"@graph": [place, {**EVENT, "location": {"@id": "#p"}}]}).items
    assert item.place == "Biblioteket"


@pytest.mark.parametrize(
    ("status", "is_cancelled", "is_preliminary"),
    [
        ("https://schema.org/EventCancelled", True, False),
        ("EventCancelled", True, False),
        ("http://schema.org/EventPostponed", False, True),
        ("https://schema.org/EventRescheduled", False, False),
        ({}, False, False),
    ],
)
def test_what_became_of_it(status: object, is_cancelled: bool, is_preliminary: bool) -> None:
    item = event(eventStatus=status)
    assert (item.is_cancelled, item.is_preliminary) == (is_cancelled, is_preliminary)
    assert event(name="INSTÄLLT: Sagostund").is_cancelled


def test_signing_up_links_ages_and_cost() -> None:
    item = event(offers={"url": "https://e.org/boka"}, url="https://e.org")
    assert (item.link, item.needs_sign_up) == ("https://e.org/boka", True)
    assert (event(typicalAgeRange="7-").age_from, event(typicalAgeRange="7-").age_to) == (7, None)
    found = reading({**EVENT, "typicalAgeRange": "x", "isAccessibleForFree": False})
    assert [note.code for note in found.notes] == ["not_an_age", "not_free"]
    found = reading({**EVENT, "url": "javascript:alert(1)", "offers": [{"url": "data:x"}]})
    assert found.items[0].link == ""
    assert [(note.column, note.code) for note in found.notes] == [
        ("offers", "link_dropped"),
        ("url", "link_dropped"),
    ]


def test_texts_may_name_their_language() -> None:
    names = [{"@value": "Sagostund", "@language": "sv"}, {"@value": "Story", "@language": "en-GB"}]
    assert event(name=names).titles == {"sv": "Sagostund", "en": "Story"}


# --- which one it is ----------------------------------------------------------------------------


def test_keys() -> None:
    bare = {name: value for name, value in EVENT.items() if name != "@id"}
    later = {**bare, "startDate": "2027-01-30T17:00"}
    named = {"@type": "PropertyValue", "value": "b"}
    found = reading([{**bare, "identifier": 7}, {**bare, "identifier": named}, bare, later])
    keys = [item.key for item in found.items]
    assert keys[:2] == ["7", "b"]
    assert [key[0] for key in keys[2:]] == ["~", "~"]
    assert len(set(keys)) == 4
    page = {"url": "https://e.org"}
    found = reading([{**bare, **page}, {**later, **page}])
    assert [item.key for item in found.items] == [
        "https://e.org#20270131T1700",
        "https://e.org#20270130T1700",
    ]
    found = reading([{**bare, "identifier": "a"}, {**later, "identifier": "a"}])
    assert [(p.row, p.column, p.code) for p in found.problems] == [(2, "identifier", "id_twice")]
    assert len(event(**{"@id": "x" * 500}).key) < 100


# --- hostile ------------------------------------------------------------------------------------


DAILY = {**WEEKLY, "byDay": "", "repeatFrequency": "P1D", "startDate": "2022-01-01", "endDate": ""}


def nested(depth: int) -> bytes:
    return b'{"a":' * depth + json.dumps(EVENT).encode() + b"}" * depth


HOSTILE: dict[str, tuple[bytes, str]] = {
    "3 MB": (b" " * 3_000_000, "too_big"),
    "empty": (b"", "not_json"),
    "words": (b"hello", "not_json"),
    "open": (b'{"@type": "Event"', "not_json"),
    "deep lists": (b"[" * 500_000, "too_deep"),
    "deep things": (nested(30), "too_deep"),
    "long number": (b'{"a": ' + b"9" * 100_000 + b"}", "not_json"),
    "no events": (b'{"@type": "Person", "name": "x"}', "no_events"),
    "a page without": (b"<html></html>", "no_events"),
    "open scripts": (b'<script type="application/ld+json">' * 50_000, "no_events"),
    "half scripts": (b"<script " * 240_000, "no_events"),
    "many": (json.dumps([{"@type": "Event"}] * 5001).encode(), "too_many"),
    "many schedules": (json.dumps({**EVENT, "eventSchedule": [WEEKLY] * 101}).encode(), "too_many"),
    "many dates": (json.dumps([{**EVENT, "eventSchedule": DAILY}] * 100).encode(), "too_many"),
    "bytes": (b'{"a": "\x81\x8d"}', "encoding_unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str) -> None:
    raw, code = HOSTILE[name]
    began = time.perf_counter()
    with pytest.raises(Unreadable) as caught:
        read(raw, ZONE, TODAY)
    assert caught.value.code == code
    print(f"{name}: {time.perf_counter() - began:.2f} s")


def test_a_long_text_of_many_parts_is_read_once() -> None:
    parts = [{"startDate": f"2027-01-31T{n % 24:02}:00", "name": str(n)} for n in range(4000)]
    whole = {**EVENT, "description": "<p>" * 500_000, "subEvent": parts}
    began = time.perf_counter()
    found = reading(whole)
    print(f"4000 parts: {time.perf_counter() - began:.1f} s")
    assert len(found.problems) == 4000


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PROPERTIES = [*EVENT, "location", "organizer", "offers", "url", "eventSchedule", "inLanguage"]
PROPERTIES += [
    "subEvent",
    "typicalAgeRange",
    "description",
    "duration",
    "eventStatus",
    "identifier",
]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(PROPERTIES), anything, max_size=4))
def test_any_value_of_any_property_is_an_item_or_a_problem(said: dict[str, Any]) -> None:
    found = reading([{**EVENT, **said, "@type": "Event"}])
    assert found.items or found.problems


schedules = st.fixed_dictionaries(
    {},
    optional={
        name: anything | st.sampled_from(values)
        for name, values in {
            "startDate": ["2027-01-31", "0001-01-01", "9999-12-31"],
            "endDate": ["2027-05-31", "0001-01-01", "9999-12-31"],
            "startTime": ["17:00", "23:59"],
            "endTime": ["18:00", "00:30"],
            "repeatFrequency": ["P1W", "P1D", "P12M", "P30M"],
            "byDay": ["Monday", "SU"],
            "byMonthDay": [31, 30],
            "byMonthWeek": [1, -1],
            "repeatCount": [1, 10**9],
            "scheduleTimezone": ["America/New_York", "UTC"],
            "exceptDate": ["2027-01-31"],
        }.items()
    },
)


@settings(max_examples=300, deadline=None)
@given(schedules)
def test_any_schedule_is_items_or_a_problem(said: dict[str, Any]) -> None:
    found = reading({**EVENT, "eventSchedule": {**WEEKLY, **said}})
    assert found.items or found.problems

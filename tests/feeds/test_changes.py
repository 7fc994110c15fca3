"""What subscribers see after a change: same UID, higher SEQUENCE, nothing vanished."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import translator
from portal.events import actions, changing, queries
from portal.events.rules import LeftOut
from tests.support.factories import NOW, WEEKLY, Made, details
from tests.support.portal_app import Browser

pytestmark = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
Make = Callable[..., Made]
REASON = {"sv": "Värden är sjuk.", "en": "The host is ill."}


@pytest.fixture(autouse=True)
def today(freeze: Callable[[datetime], None], engine: str) -> None:
    freeze(NOW)


def change(city: Flask, made: Made, act: Callable[[Any], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        act(event)
        db.session.commit()


def components(client: Browser, path: str = "/feeds/all.sv.ics") -> dict[tuple[str, str], Any]:
    """VEVENTs by UID and RECURRENCE-ID."""
    found = Calendar.from_ical(client.get(path).data).walk("VEVENT")
    return {(str(e["UID"]), when(e, "RECURRENCE-ID")): e for e in found}


def when(event: Any, name: str) -> str:
    return event[name].dt.isoformat() if name in event else ""


def row(event: Any, number: int) -> Any:
    return sorted(event.occurrences, key=lambda one: one.recurrence_id)[number]


def revision(event: Any) -> tuple[int, datetime, datetime]:
    return int(event["SEQUENCE"]), event["LAST-MODIFIED"].dt, event["DTSTAMP"].dt


STEPS: list[Callable[[Any], None]] = [
    lambda e: actions.change(e, details(titles={"sv": "Nytt namn"})),
    lambda e: changing.cancel_date(row(e, 2), REASON),
    lambda e: changing.move_date(
        row(e, 3), datetime(2026, 12, 17, 18), datetime(2026, 12, 17, 19), REASON
    ),
    lambda e: changing.restore_date(row(e, 2)),
    lambda e: changing.cancel_date(row(e, 3), REASON),
    lambda e: changing.restore_date(row(e, 3)),
    lambda e: actions.cancel(e, REASON),
]


def test_over_a_whole_life_revisions_rise_and_nothing_vanishes(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY, (LeftOut(datetime(2026, 12, 23, 17)),))
    other = make_event()
    seen = components(client)
    for step in STEPS:
        change(city, made, step)
        now = components(client)
        assert set(seen) <= set(now), "a component vanished"
        for name, event in now.items():
            if name[0] == other.uid:
                assert revision(event) == revision(seen[name]), "another event has not changed"
                continue
            before = seen.get(name, seen[made.uid, ""])
            assert all(
                new > old for new, old in zip(revision(event), revision(before), strict=True)
            )
            assert ("EXDATE" in event) == (name[1] == "")
        # All components of a series carry the same revision, so that ICSx5 takes them.
        assert len({revision(event) for name, event in now.items() if name[0] == made.uid}) == 1
        seen = now


def prefix(key: str) -> str:
    return translator(key)("CANCELLED")


@pytest.mark.parametrize("key", ["sv", "en", "fi"])
def test_a_cancelled_date_says_so_first_in_title_and_text(
    client: Browser, city: Flask, make_event: Make, key: str
) -> None:
    made = make_event(WEEKLY)
    change(city, made, lambda e: changing.cancel_date(row(e, 0), REASON))
    found = components(client, f"/feeds/all.{key}.ics")
    date = found[made.uid, "2026-11-25T17:00:00+01:00"]
    reason = REASON.get(key, REASON["sv"])
    assert date["STATUS"] == "CANCELLED"
    assert str(date["SUMMARY"]).startswith(f"{prefix(key)}: ")
    assert str(date["DESCRIPTION"]).startswith(f"{prefix(key)}\n\n{reason}\n\n")
    series = found[made.uid, ""]
    assert series["STATUS"] == "CONFIRMED"
    assert prefix(key) not in str(series["SUMMARY"])
    assert str(date["LOCATION"]) == str(series["LOCATION"]), "a full copy of the rest"


def test_a_cancelled_series_says_so_until_its_end(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY)
    change(
        city,
        made,
        lambda e: changing.move_date(
            row(e, 1), datetime(2026, 12, 3, 18), datetime(2026, 12, 3, 19), {}
        ),
    )
    change(city, made, lambda e: actions.cancel(e, REASON))
    found = components(client)
    assert len(found) == 2
    for event in found.values():
        assert event["STATUS"] == "CANCELLED"
        assert str(event["SUMMARY"]).startswith(f"{prefix('sv')}: ")
        assert "Värden är sjuk." in str(event["DESCRIPTION"])
    assert "RRULE" in found[made.uid, ""]


def test_a_restored_date_keeps_an_override(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    change(city, made, lambda e: changing.cancel_date(row(e, 0), REASON))
    change(city, made, lambda e: changing.restore_date(row(e, 0)))
    date = components(client)[made.uid, "2026-11-25T17:00:00+01:00"]
    assert date["STATUS"] == "CONFIRMED"
    assert str(date["SUMMARY"]) == "Språkcafé"
    assert "sjuk" not in str(date["DESCRIPTION"])


def test_a_moved_date_says_where_it_went(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY)
    change(
        city,
        made,
        lambda e: changing.move_date(
            row(e, 0), datetime(2026, 11, 26, 18), datetime(2026, 11, 26, 19, 30), REASON
        ),
    )
    date = components(client)[made.uid, "2026-11-25T17:00:00+01:00"]
    assert when(date, "DTSTART") == "2026-11-26T18:00:00+01:00"
    assert when(date, "DTEND") == "2026-11-26T19:30:00+01:00"
    text = str(date["DESCRIPTION"])
    assert "26 november" in text
    assert "18.00" in text
    assert "Värden är sjuk." in text


def test_an_event_that_happens_once_is_one_component_whatever_happens(
    client: Browser, city: Flask, make_event: Make
) -> None:
    """A RECURRENCE-ID without a rule would show it twice in some calendars."""
    made = make_event()
    change(
        city,
        made,
        lambda e: changing.move_date(
            row(e, 0), datetime(2026, 11, 27, 10), datetime(2026, 11, 27, 11), {}
        ),
    )
    change(city, made, lambda e: changing.cancel_date(row(e, 0), REASON))
    ((name, event),) = components(client).items()
    assert name == (made.uid, "")
    assert when(event, "DTSTART") == "2026-11-27T10:00:00+01:00"
    assert event["STATUS"] == "CANCELLED"
    assert str(event["DESCRIPTION"]).startswith(f"{prefix('sv')}\n\nVärden är sjuk.")


def test_preliminary_events_are_tentative(client: Browser, make_event: Make) -> None:
    made = make_event(is_preliminary=True)
    event = components(client)[made.uid, ""]
    assert event["STATUS"] == "TENTATIVE"
    assert str(event["SUMMARY"]) == f"{translator('sv')('PRELIMINARY')}: Språkcafé"


def test_a_draft_changes_no_feed(client: Browser, city: Flask, make_event: Make) -> None:
    make_event()
    before = client.get("/feeds/all.sv.ics").data
    make_event(status="draft", titles={"sv": "Utkast"})
    make_event(status="waiting", titles={"sv": "Väntar"})
    assert client.get("/feeds/all.sv.ics").data == before


def test_ten_changes_leave_ten_revisions_in_the_feed(
    client: Browser, city: Flask, make_event: Make
) -> None:
    made, seen = make_event(), []
    for number in range(10):
        change(city, made, lambda e, n=number: actions.change(e, details(titles={"sv": f"{n}"})))  # type: ignore[misc]
        seen.append(revision(components(client)[made.uid, ""]))
    assert [one[0] for one in seen] == list(range(2, 12))
    assert all(b[1] - a[1] >= timedelta(seconds=1) for a, b in pairwise(seen))

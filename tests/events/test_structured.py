"""What an event's pages say to machines: schema.org/Event in JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing, queries
from portal.events.recurrence import Rule, Series
from portal.places import actions as places
from portal.units import actions as units
from tests.pages.conftest import picture
from tests.support.factories import NOW, WEEKLY, ZONE, Made, place, unit
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser
from tests.support.site import find_all, read

Make = Callable[..., Made]
BASE = "http://127.0.0.1:8000"
CANARY = "Kanariefågel"


@pytest.fixture(autouse=True)
def today(freeze: Callable[[datetime], None]) -> None:
    freeze(NOW)


def told(client: Browser, path: str) -> list[dict[str, Any]]:
    """The events in a page's JSON-LD; the page itself is read as strictly as ever."""
    scripts = find_all(read(client, path), "script", type="application/ld+json")
    if not scripts:
        return []
    (script,) = scripts
    whole = json.loads(script.text or "")
    assert whole.pop("@context") == "https://schema.org"
    found: list[dict[str, Any]] = whole.get("@graph") or [whole]
    assert {one["@type"] for one in found} == {"Event"}
    return found


def change(city: Flask, made: Made, act: Callable[[Any], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        act(event)
        db.session.commit()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_one_date_whole(client: Browser, city: Flask, make_event: Make, engine: str) -> None:
    with city.app_context():
        begin_write()
        photo = places.set_photo(place(), picture(), {"sv": "En dörr"}, "Exempel").digest
        db.session.commit()
    made = make_event(
        WEEKLY,
        languages=("sv", "rmn-arli"),
        directed_to={"sv": CANARY},
        co_host_ids=lambda: (unit(PRESCHOOL).id,),
    )
    (one,) = told(client, f"/events/{made.slug}/{made.keys[1]}")
    assert one == {
        "@type": "Event",
        "name": "Språkcafé",
        "description": "Kom och öva svenska.",
        "url": f"{BASE}/events/{made.slug}/2026-12-02",
        "eventAttendanceMode": "https://schema.org/OfflineEventAttendanceMode",
        "eventStatus": "https://schema.org/EventScheduled",
        "startDate": "2026-12-02T17:00:00+01:00",
        "endDate": "2026-12-02T18:30:00+01:00",
        "inLanguage": ["sv", "rmn-x-arli"],
        "isAccessibleForFree": True,
        "location": {
            "@type": "Place",
            "name": "Exempelbiblioteket",
            "address": {
                "@type": "PostalAddress",
                "streetAddress": "Torggatan 5",
                "postalCode": "555 01",
                "addressLocality": "Exempelköping",
            },
            "geo": {"@type": "GeoCoordinates", "latitude": 59.3293, "longitude": 18.0686},
        },
        "organizer": [
            {
                "@type": "Organization",
                "name": "Exempelbiblioteket",
                "url": f"{BASE}/units/{LIBRARY}",
            },
            {
                "@type": "Organization",
                "name": "Ekorrens öppna förskola",
                "url": f"{BASE}/units/{PRESCHOOL}",
            },
        ],
        "image": f"{BASE}/places/{LIBRARY}/photo-{photo}.jpg",
    }
    assert client.get(one["image"].removeprefix(BASE)).mimetype == "image/jpeg"
    assert client.get(one["url"].removeprefix(BASE)).status_code == 200


def test_in_another_language(client: Browser, make_event: Make) -> None:
    made = make_event()
    (one,) = told(client, f"/en/events/{made.slug}")
    assert one["name"] == "Language café"
    assert one["url"] == f"{BASE}/en/events/{made.slug}/{made.key}"


def test_a_series_tells_its_next_ten_dates(
    client: Browser, make_event: Make, freeze: Callable[[datetime], None]
) -> None:
    start = datetime(2026, 11, 25, 17)
    rule = Rule("WEEKLY", start.date() + timedelta(weeks=15), weekdays=(2,))
    made = make_event(Series(start, start + timedelta(hours=1), ZONE, rule=rule))
    found = told(client, f"/events/{made.slug}")
    assert [one["startDate"][:10] for one in found] == list(made.keys[:10])
    freeze(NOW + timedelta(weeks=14))
    later = told(client, f"/events/{made.slug}?later")
    assert [one["startDate"][:10] for one in later] == list(made.keys[14:])
    freeze(NOW + timedelta(weeks=30))
    assert told(client, f"/events/{made.slug}?over") == []
    (past,) = told(client, f"/events/{made.slug}/{made.key}")
    assert past["startDate"] == "2026-11-25T17:00:00+01:00"


def test_states(client: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(WEEKLY, cost={"sv": "20 kr"})
    change(city, made, lambda e: changing.cancel_date(e.occurrences[0], {"sv": "Sjuk."}))
    change(
        city,
        made,
        lambda e: changing.move_date(
            e.occurrences[1], datetime(2026, 12, 3, 18), datetime(2026, 12, 3, 19), {}
        ),
    )
    found = told(client, f"/events/{made.slug}")
    assert found[0]["eventStatus"].endswith("/EventCancelled")
    assert found[1]["eventStatus"].endswith("/EventRescheduled")
    assert found[1]["previousStartDate"] == "2026-12-02T17:00:00+01:00"
    assert found[1]["startDate"] == "2026-12-03T18:00:00+01:00"
    assert found[2]["eventStatus"].endswith("/EventScheduled")
    assert all("previousStartDate" not in one for one in (found[0], *found[2:]))
    assert all("isAccessibleForFree" not in one for one in found)


def test_whole_days_are_days(client: Browser, make_event: Make) -> None:
    start = datetime(2026, 12, 5)
    made = make_event(Series(start, start + timedelta(days=2), ZONE, is_all_day=True))
    (one,) = told(client, f"/events/{made.slug}")
    assert (one["startDate"], one["endDate"]) == ("2026-12-05", "2026-12-06")


def test_a_title_cannot_end_the_script(client: Browser, make_event: Make) -> None:
    """Read by a browser's own rules, the page holds one script, and the title in it whole."""
    nasty = "</script><script>alert(1)</script><!-- & \u2028 \"'"
    made = make_event(titles={"sv": nasty}, texts={"sv": nasty + "]]>"})
    for path in (f"/events/{made.slug}", f"/events/{made.slug}/{made.key}"):
        raw = client.get(path).text
        assert "<script>alert" not in raw
        inside = raw.split('<script type="application/ld+json">')[1].split("</script>")[0]
        assert not set(inside) & set("<>&\u2028")
        (one,) = told(client, path)
        assert one["name"] == nasty.replace("\u2028", "\n") or one["name"] == nasty


def test_a_hidden_place_and_its_hosts_are_left_out(
    client: Browser, city: Flask, make_event: Make
) -> None:
    with city.app_context():
        begin_write()
        host = units.add_association(f"{CANARY}föreningen").id
        room = places.add_room(
            unit(), {"names": {"sv": f"{CANARY}rummet"}, "visibility": "without_place"}
        ).id
        db.session.commit()
    hidden = make_event(WEEKLY, unit_id=host, visibility="without_place", phone="0555-1")
    in_room = make_event(WEEKLY, unit_id=host, place_id=room)
    once = make_event(WEEKLY)
    with city.app_context():
        begin_write()
        event = queries.event_by_id(once.id)
        assert event is not None
        event.occurrences[0].place_id = room
        event.occurrences[1].elsewhere = "Parken"
        event.occurrences[2].titles = {"sv": "Julfest"}
        event.occurrences[3].place_id = place(PRESCHOOL).id
        db.session.commit()
    for made in (hidden, in_room):
        for one in told(client, f"/events/{made.slug}"):
            assert not {"location", "organizer", "image"} & set(one)
            assert CANARY not in json.dumps(one, ensure_ascii=False)
    found = told(client, f"/events/{once.slug}")
    assert not {"location", "organizer"} & set(found[0])
    assert found[1]["location"] == {"@type": "Place", "name": "Parken"}
    assert found[2]["name"] == "Julfest"
    assert found[3]["location"]["name"] == "Ekorrens öppna förskola"
    assert found[4]["location"]["name"] == "Exempelbiblioteket"


@pytest.mark.parametrize("visibility", ["staff", "closed"])
def test_what_is_not_public_tells_machines_nothing(
    client: Browser, make_event: Make, visibility: str
) -> None:
    made = make_event(visibility=visibility, titles={"sv": CANARY})
    answer = client.get(f"/events/{made.slug}")
    assert answer.status_code == 404
    assert "ld+json" not in answer.text

"""What hosts say of a date while it lasts, and how many came, is in no feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import changing, hosting, queries
from portal.events.models import Event
from portal.feeds.texts import rendered
from tests.support.factories import NOW, Made, on_now
from tests.support.portal_app import Browser

pytestmark = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@pytest.fixture(autouse=True)
def today(freeze: Callable[[datetime], None], engine: str) -> None:
    freeze(NOW)


def act(city: Flask, made: Made, what: Callable[[Event], None]) -> None:
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        what(event)
        db.session.commit()


def test_feeds_stay_the_same_bytes(
    client: Browser, city: Flask, make_event: Callable[..., Made]
) -> None:
    made = make_event(on_now())
    paths = [
        f"/feeds/{scope}.{key}.ics"
        for scope in ("all", f"event-{made.slug}")
        for key in ("sv", "en", "fi")
    ]
    paths += ["/feeds/unit-exempelbiblioteket.sv.ics", f"/events/{made.slug}/{made.key}.ics"]
    before = {path: client.get(path) for path in paths}
    assert b"SEQUENCE:1" in before[paths[0]].data
    steps: list[Callable[[Event], None]] = [
        lambda event: hosting.say(event.occurrences[0], "full"),
        lambda event: hosting.say(event.occurrences[0], "open"),
        lambda event: hosting.count(event.occurrences[0], {"adults": 7, "children": 3}),
    ]
    for step in steps:
        act(city, made, step)
        rendered.clear()
        for path, first in before.items():
            again = client.get(path)
            assert again.data == first.data, path
            assert again.headers["ETag"] == first.headers["ETag"], path
            known = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
            assert (known.status_code, known.data) == (304, b""), path
    # The control: the same look sees a date that is cancelled.
    act(city, made, lambda event: changing.cancel_date(event.occurrences[0], {"sv": "Sjuk"}))
    for path, first in before.items():
        again = client.get(path)
        assert again.data != first.data, path
        assert again.headers["ETag"] != first.headers["ETag"], path

"""Everything that anybody can see of a portal: each feed in each form, each page with events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from flask import Flask
from sqlalchemy import select

from portal.core.extensions import db
from portal.core.languages import prefix
from portal.events.models import Event
from portal.feeds.queries import OBSERVANCES, every_scope
from portal.feeds.texts import rendered
from portal.units import queries as units

LANGUAGES = ("sv", "en", "fi")
FORMATS = ("ics", "atom", "json")
# What cannot be the same: when this very portal last changed anything, which its feeds say of
# themselves, and quiet addresses, which are random so that nobody can guess them.
OWN = (
    (re.compile(rb"(<subtitle>.*?</subtitle>\n)<updated>[^<]+"), rb"\1<updated>"),
    (re.compile(rb'^(\{"version":.*?)"updated":"[^"]+"'), rb'\1"updated":""'),
    (re.compile(rb"feeds/quiet/[\w-]+\.ics"), b"feeds/quiet/.ics"),
)


def everything(
    app: Flask, *, languages: tuple[str, ...] = LANGUAGES, step: int = 1
) -> dict[str, bytes]:
    """The answers of a portal by address; of every address, or of each so many."""
    found = dict(_answers(app, addresses(app, languages)[::step]))
    assert b"" not in found.values()
    return found


def difference(app: Flask, expected: dict[str, bytes]) -> str:
    """The first address that answers something else than expected; empty when none does."""
    answers = _answers(app, sorted(expected, key=lambda path: "/events/" not in path))
    return next((path for path, body in answers if body != expected[path]), "")


def _answers(app: Flask, paths: list[str]) -> Iterator[tuple[str, bytes]]:
    # Finished texts are kept in the process, by event and revision: another portal's, too.
    rendered.clear()
    client = app.test_client()
    for path in paths:
        answer = client.get(path)
        body = answer.data if answer.status_code == 200 else b""
        for pattern, instead in OWN:
            body = pattern.sub(instead, body)
        yield path, body


def addresses(app: Flask, languages: tuple[str, ...]) -> list[str]:
    """Each scope's feeds, every event and every date that visitors may see, lists and months."""
    with app.app_context():
        today = units.today()
        scopes = [*every_scope(today), OBSERVANCES]
        events = [event for event in db.session.scalars(select(Event)) if event.is_public]
        slugs = sorted(event.slug for event in events)
        scopes += [f"event-{slug}" for slug in slugs]
        dates = sorted(
            f"/events/{event.slug}/{row.key}"
            for event in events
            for row in event.occurrences
            if row.is_override or row.status == "cancelled" or row is event.occurrences[0]
        )
        filters = [f"/events?unit={unit.slug}" for unit in units.all_units()]
        pages = [
            *("/", "/events", "/events?page=2", "/events?page=3", "/observances", "/places"),
            *("/events?audience=children", "/events?q=kafe", "/events?language=sv", *filters),
            *(f"/units/{unit.slug}" for unit in units.all_units()),
            *(f"/calendar/{month:%Y-%m}" for month in _months(today)),
            *(f"/events/{slug}" for slug in slugs),
            *dates,
            *(f"/subscribe?scope=event-{slug}" for slug in slugs),
        ]
    feeds = [
        f"/feeds/{name}.{key}.{form}" for key in languages for name in scopes for form in FORMATS
    ]
    return [
        *feeds,
        *(prefix(key) + page for key in languages for page in pages),
        *(f"{path}.ics" for path in dates),
    ]


def _months(today: date) -> list[date]:
    return [(today.replace(day=15) + timedelta(days=30 * n)).replace(day=1) for n in range(-3, 14)]

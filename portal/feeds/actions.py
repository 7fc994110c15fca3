"""Writes: storing the texts of changed events, so that feeds only join them; adding counts."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import delete

from portal.core.database import insert_into
from portal.core.extensions import db
from portal.feeds.counting import Counted
from portal.feeds.models import FeedFetch, RenderedEvent
from portal.feeds.queries import stale
from portal.feeds.showing import render, stamp

BATCH = 500
FETCH_DAYS = 60


def store_texts(languages: list[str], base_url: str) -> int:
    """Renders what is missing or old, at most 500 events a language; answers how many."""
    stored = 0
    for language in languages:
        mark = stamp(language, base_url)
        for event in stale(language, base_url, BATCH):
            db.session.merge(
                RenderedEvent(
                    event_id=event.id,
                    language=language,
                    sequence=event.sequence,
                    stamp=mark,
                    body=render(event, language, base_url),
                )
            )
            stored += 1
    db.session.flush()
    return stored


def add_fetches(counted: Counted, on: date) -> None:
    """Adds what a process has counted to what the others have."""
    rows = [
        {"on": on, "scope": scope, "client": client, "count": number}
        for (scope, client), number in sorted(counted.items())
    ]
    if rows:
        first = insert_into(FeedFetch)
        again = first.on_conflict_do_update(
            index_elements=[FeedFetch.on, FeedFetch.scope, FeedFetch.client],
            set_={"count": FeedFetch.count + first.excluded["count"]},
        )
        db.session.connection().execute(again, rows)


def purge_fetches(today: date) -> int:
    """Removes counts older than 60 days; answers how many rows."""
    old = delete(FeedFetch).where(FeedFetch.on < today - timedelta(days=FETCH_DAYS))
    return int(db.session.execute(old).rowcount or 0)  # type: ignore[attr-defined]

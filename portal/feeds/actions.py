"""Writes: the stored texts of events, counts of fetches, quiet and editors' own addresses."""

from __future__ import annotations

import secrets
from datetime import date, timedelta

from sqlalchemy import delete

from portal.core.audit import record
from portal.core.clock import now
from portal.core.database import insert_into
from portal.core.extensions import db
from portal.core.sealing import digest
from portal.feeds.counting import Counted
from portal.feeds.models import EditorFeed, FeedFetch, QuietFeed, RenderedEvent
from portal.feeds.queries import editor_feed, names_without_quiet
from portal.feeds.reading import events_told
from portal.feeds.showing import Teller, stamp
from portal.feeds.texts import stale

BATCH = 500
FETCH_DAYS = 60


def store_texts(languages: list[str], base_url: str) -> int:
    """Renders what is missing or old, at most 500 events a language; answers how many."""
    stored = 0
    for language in languages:
        mark, teller = stamp(language, base_url), Teller(language, base_url)
        for event in events_told(stale(language, base_url, BATCH)):
            db.session.merge(
                RenderedEvent(
                    event_id=event.id,
                    language=language,
                    sequence=event.sequence,
                    stamp=mark,
                    body=teller.render(event),
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


def make_quiet_feeds(languages: list[str], today: date) -> int:
    """Gives a quiet address to every scope that has none yet; answers how many."""
    rows = [
        {"scope": name, "language": language, "token": secrets.token_urlsafe(24)}
        for language in languages
        for name in names_without_quiet(language, today)
    ]
    if rows:
        # In bulk, past the change counter: a new address makes no feed old, and pages show it
        # within their minute. Another process may be making the same at this moment.
        db.session.execute(insert_into(QuietFeed).on_conflict_do_nothing(), rows)
    return len(rows)


def open_editor_feed(account_id: int) -> str:
    """A new secret address for an account's own feed; an earlier one stops at once."""
    token = secrets.token_urlsafe(32)
    row = editor_feed(account_id) or EditorFeed(account_id=account_id)
    row.digest, row.created_at = digest(token), now()
    db.session.add(row)
    db.session.flush()
    record("feed.open", "account", account_id)
    return token


def close_editor_feed(account_id: int) -> None:
    """Takes the address away; nothing happens when there is none."""
    row = editor_feed(account_id)
    if row is not None:
        db.session.delete(row)
        db.session.flush()
        record("feed.close", "account", account_id)

"""Writes: the stored texts of events, and the addresses of quiet and of editors' own feeds."""

from __future__ import annotations

import secrets
from datetime import date
from importlib import import_module

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.sealing import digest
from portal.feeds.models import EditorFeed, QuietFeed, RenderedEvent
from portal.feeds.queries import editor_feed, names_without_quiet
from portal.feeds.reading import events_told
from portal.feeds.showing import Teller, stamp
from portal.feeds.texts import stale

BATCH = 500


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
        dialect = import_module(f"sqlalchemy.dialects.{db.engine.dialect.name}")
        insert = dialect.insert(QuietFeed.__table__).on_conflict_do_nothing()
        db.session.execute(insert, rows)
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

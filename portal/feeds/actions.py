"""Writes: storing the texts of changed events, so that feeds only join them."""

from __future__ import annotations

from portal.core.extensions import db
from portal.feeds.models import RenderedEvent
from portal.feeds.queries import stale
from portal.feeds.showing import render, stamp

BATCH = 500


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

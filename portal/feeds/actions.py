"""Writes: storing the texts of changed events, so that feeds only join them."""

from __future__ import annotations

from portal.core.extensions import db
from portal.feeds.models import RenderedEvent
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

"""Finished texts of events: in memory, stored, or rendered on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sqlalchemy import Select, and_, bindparam, exists, select

from portal.core.extensions import db
from portal.events.models import Event
from portal.feeds.models import RenderedEvent
from portal.feeds.queries import public_events
from portal.feeds.quiet import quiet_text
from portal.feeds.reading import CHUNK, events_told
from portal.feeds.showing import Teller, stamp


class Rendered:
    """Finished texts in memory, one for each event and language, of the newest revision."""

    def __init__(self) -> None:
        # By language and mark, then by event: its revision and its text.
        self._texts: dict[tuple[str, str], dict[int, tuple[int, bytes]]] = {}
        self._lock = threading.Lock()

    def find(
        self, events: Iterable[tuple[int, int, str]], language: str, mark: str
    ) -> dict[int, bytes]:
        """The texts that are here of (event, sequence, zone) as they stand now."""
        texts = self._texts.get((language, mark), {})
        nothing = (-1, b"")
        return {
            event_id: body
            for event_id, sequence, _ in events
            for revision, body in (texts.get(event_id, nothing),)
            if revision == sequence
        }

    def keep(self, event_id: int, language: str, sequence: int, mark: str, body: bytes) -> None:
        with self._lock:
            self._texts.setdefault((language, mark), {})[event_id] = (sequence, body)

    def clear(self) -> None:
        with self._lock:
            self._texts.clear()


rendered = Rendered()


def bodies(
    query: Select[Event], language: str, base_url: str, *, quietly: bool = False
) -> tuple[list[bytes], list[str]]:
    """The VEVENTs of a selection, oldest event first, and the zones they are in.

    Memory first, then the stored texts, and only what is in neither is rendered. Quiet texts
    are short, and not stored.
    """
    mark = stamp(language, base_url) + (" quiet" if quietly else "")
    columns: Select[int, int, str] = query.with_only_columns(
        Event.id, Event.sequence, Event.zone
    ).order_by(Event.id)
    # Asked of the connection: rows are wanted, and the session would make more of them.
    rows = db.session.connection().execute(columns)
    found = [(event_id, sequence, zone) for event_id, sequence, zone in rows]
    texts = rendered.find(found, language, mark)
    missing = [event_id for event_id, _, _ in found if event_id not in texts]
    if missing:
        fill = _fill_quietly if quietly else _fill
        texts.update(fill(missing, language, base_url, mark))
    zones = sorted({zone for _, _, zone in found})
    return [texts[event_id] for event_id, _, _ in found if event_id in texts], zones


_STORED = (
    select(RenderedEvent.event_id, RenderedEvent.sequence, RenderedEvent.body)
    .join(Event, and_(Event.id == RenderedEvent.event_id, Event.sequence == RenderedEvent.sequence))
    .where(
        RenderedEvent.language == bindparam("language"),
        RenderedEvent.stamp == bindparam("mark"),
        RenderedEvent.event_id.in_(bindparam("ids", expanding=True)),
    )
)


def _fill(missing: list[int], language: str, base_url: str, mark: str) -> dict[int, bytes]:
    texts: dict[int, bytes] = {}
    for at in range(0, len(missing), CHUNK):
        wanted = {"language": language, "mark": mark, "ids": missing[at : at + CHUNK]}
        for event_id, sequence, body in db.session.connection().execute(_STORED, wanted):
            rendered.keep(event_id, language, sequence, mark, body)
            texts[event_id] = body
    teller = Teller(language, base_url)
    for event in events_told(event_id for event_id in missing if event_id not in texts):
        texts[event.id] = teller.render(event)
        rendered.keep(event.id, language, event.sequence, mark, texts[event.id])
    return texts


def _fill_quietly(missing: list[int], language: str, base_url: str, mark: str) -> dict[int, bytes]:
    texts, teller = {}, Teller(language, base_url)
    for event in events_told(missing):
        texts[event.id] = quiet_text(teller.entry(event), language)
        rendered.keep(event.id, language, event.sequence, mark, texts[event.id])
    return texts


def stale(language: str, base_url: str, limit: int) -> list[int]:
    """Ids of public events whose stored text in a language is missing or old."""
    fresh = exists().where(
        RenderedEvent.event_id == Event.id,
        RenderedEvent.language == language,
        RenderedEvent.sequence == Event.sequence,
        RenderedEvent.stamp == stamp(language, base_url),
    )
    query = public_events().where(~fresh).with_only_columns(Event.id).order_by(Event.id)
    return list(db.session.scalars(query.limit(limit)))

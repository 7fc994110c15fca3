"""Writes: the new events of a plan, and what is remembered of each of their dates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from portal.core.bulk import Table, Waiting
from portal.core.text import slugify
from portal.events import queries as events
from portal.events.bulk import Prepared, Publisher
from portal.events.rules import DateState
from portal.imports.folding import Fresh
from portal.imports.known import mark_of
from portal.imports.merging import side
from portal.imports.models import ImportedDate, ImportedEvent
from portal.imports.progress import Progress
from portal.imports.told import Common, Told, common

BATCH = 1000


class Making:
    """New events of a source: made ready when this is made, which only reads; `store` needs the
    lock. A thousand at a time, and what waits is in a file."""

    def __init__(
        self, source_id: int, new: Sequence[Fresh], progress: Progress | None = None
    ) -> None:
        progress = progress or Progress()
        progress.begin("preparing", sum(len(fresh.dates) for fresh in new))
        self._kinds = {kind.slug: (kind.id, kind.visibility) for kind in events.kinds()}
        self._publisher = Publisher({slugify(fresh.dates[0][1].title) for fresh in new})
        self._wholes, self._dates = (
            Table(ImportedEvent, "event_id"),
            Table(ImportedDate, "event_id"),
        )
        self._waiting = Waiting()
        for at in range(0, len(new), BATCH):
            self._ready(source_id, new[at : at + BATCH])
            progress.done(sum(len(fresh.dates) for fresh in new[at : at + BATCH]))

    def __enter__(self) -> Making:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.close()

    def _ready(self, source_id: int, batch: Sequence[Fresh]) -> None:
        wholes = [common([told for _, told in fresh.dates]) for fresh in batch]
        prepared = [
            Prepared(whole.details(self._kinds), fresh.series, dict(apart(fresh.dates, whole)))
            for fresh, whole in zip(batch, wholes, strict=True)
        ]
        # The ids of events are not known yet: their places in the batch stand for them.
        said = [
            {"event_id": at, "source_id": source_id, "said": whole.as_json()}
            for at, whole in enumerate(wholes)
        ]
        dates = [
            date_row(source_id, at, start, told)
            for at, fresh in enumerate(batch)
            for start, told in fresh.dates
        ]
        ready = self._publisher.ready(prepared)
        self._waiting.add((ready, self._wholes.ready(said), self._dates.ready(dates)))

    def store(self, progress: Progress) -> None:
        """Publishes the events and remembers what was said of them."""
        for ready, said, dates in self._waiting:
            ids = self._publisher.publish(ready)
            self._wholes.store(said, ids)
            self._dates.store(dates, ids)
            progress.done(len(dates))


def apart(
    dates: Iterable[tuple[datetime, Told]], whole: Common
) -> Iterator[tuple[datetime, DateState]]:
    """The dates that are not as their series."""
    for start, told in dates:
        state = side(told, whole)
        if state != DateState(start, start + (told.ends - told.starts)):
            yield start, state


def date_row(source_id: int, event_id: int, start: datetime, told: Told) -> dict[str, Any]:
    """What is remembered of a date."""
    return {
        "source_id": source_id,
        "key": told.key,
        "event_id": event_id,
        "recurrence_id": start,
        "group": told.group,
        "said": told.as_json(),
        "mark": mark_of(told),
        "is_gone": False,
    }

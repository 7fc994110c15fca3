"""Showing: where the events of a source are otherwise here than the source has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from portal.events import queries as events
from portal.imports.known import Known, KnownEvent
from portal.imports.merging import KnownDate, Merged, merge
from portal.imports.models import Source

LOOKED_AT = 400


def compare(
    source: Source, ids: Iterable[int], at: datetime, taken: Collection[str] = ()
) -> Iterator[tuple[KnownEvent, Merged]]:
    """Events beside the last word of their source: `kept` says where they differ; with `taken`,
    what following the source there would change."""
    kinds = {kind.slug: (kind.id, kind.visibility) for kind in events.kinds()}
    for event in Known(source, at).events(ids):
        dates = [
            KnownDate(
                row.key,
                row.recurrence_id,
                event.states[row.recurrence_id],
                row.base,
                None,
                was_gone=row.was_gone,
                is_past=row.recurrence_id in event.past,
            )
            for row in event.rows
        ]
        if any(one.base is not None for one in dates):
            yield event, merge(event.id, event.details, event.before, dates, [], kinds, taken)

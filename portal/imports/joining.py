"""Reads: which new dates belong to series that are here already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal.events.recurrence import Series
from portal.imports.folding import grown, lengthened
from portal.imports.items import RowProblem
from portal.imports.known import Known, KnownEvent
from portal.imports.told import Told


@dataclass
class Joining:
    """New dates of a known event, by identity. `longer` is the series that has them all; None
    when every one is there already (an editor made it, or the source gave it another id)."""

    dates: dict[datetime, Told] = field(default_factory=dict)
    longer: Series | None = None


@dataclass
class Joined:
    """`by_event` are those that belong somewhere, `rest` those that do not, `held` are notes on
    those whose event somebody here has cancelled as a whole: they make no new one."""

    by_event: dict[int, Joining] = field(default_factory=dict)
    rest: list[Told] = field(default_factory=list)
    held: list[RowProblem] = field(default_factory=list)


def join(
    known: Known, new: list[Told], told: dict[str, Told], hints: Mapping[str, Series]
) -> Joined:
    """Finds the series of new dates: by the source's own group, or by what dates agree in."""
    joined = Joined()
    index = known.index(told) if new and known.dates else {}
    candidates: dict[int, list[Told]] = {}
    for one in new:
        event_id = index.get(one.group if one.group in hints else one.fold)
        if event_id is None:
            joined.rest.append(one)
        else:
            candidates.setdefault(event_id, []).append(one)
    for event in known.events(candidates):
        dates = candidates[event.id]
        if not event.is_open:
            joined.held += [RowProblem(t.row, "title", "cancelled_here", t.title) for t in dates]
            continue
        found = _fitting(event, dates, told, hints)
        joined.rest += [one for one in dates if one not in found.dates.values()]
        if found.dates:
            joined.by_event[event.id] = found
    joined.rest.sort(key=lambda one: one.row)
    return joined


def _fitting(
    event: KnownEvent, dates: list[Told], told: dict[str, Told], hints: Mapping[str, Series]
) -> Joining:
    """Those of the new dates that the event's series can take."""
    found, there = Joining(), set(event.states)
    taken = {row.recurrence_id for row in event.rows if row.key in told}
    hint = hints.get(dates[0].group)
    for one in sorted(dates, key=lambda one: one.starts):
        start = one.planned if hint else event.slot(one.starts.date())
        if start is None or start in taken or start in found.dates:
            continue
        added = [*(known for known in found.dates if known not in there), start]
        longer = found.longer if start in there else _longer(event, hint, added)
        if start in there or longer is not None:
            found.dates[start], found.longer = one, longer
    return found


def _longer(event: KnownEvent, hint: Series | None, added: list[datetime]) -> Series | None:
    if hint is not None:
        return lengthened(event.series, event.states, hint, added)
    return grown(event.series, event.states, added)

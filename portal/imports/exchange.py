"""The portal's own exchange format: events as a table, one event a row. Pure.

The first thirty columns are those of the city's sample programme; what a portal must know besides,
so that an event is the same event elsewhere, stands after them, and the texts by language last.
docs/imports.md says what each means. `exchange_reading.read` is the way back.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace

from portal.imports import exchange_cells as cells
from portal.imports.exchange_columns import COLUMNS, KEPT, LOCALISED, ExchangeEvent


def header(languages: Iterable[str]) -> list[str]:
    """The names of all columns of a table with texts in these languages."""
    keys = sorted({*languages, "sv"}, key=lambda key: (key != "sv", key))
    texts = [f"{name}_{key}" for name in LOCALISED for key in keys]
    return [column.name for column in COLUMNS] + [name for name in texts if name != "title_sv"]


def languages_of(event: ExchangeEvent) -> set[str]:
    """The languages that an event's texts are in."""
    return {key for own, _ in LOCALISED.values() for key in getattr(event, own)}


def row_of(event: ExchangeEvent, names: Iterable[str]) -> dict[str, str]:
    """An event's cells by column, before they are guarded."""
    written = {column.name: column.write(event) for column in COLUMNS}
    for name in names:
        if name not in written:
            what, _, key = name.rpartition("_")
            # A variety's key has hyphens and no underscore.
            written[name] = getattr(event, LOCALISED[what][0]).get(key, "")
    return written


def write(events: Iterable[ExchangeEvent], languages: Iterable[str] = ()) -> bytes:
    """The table as CSV (RFC 4180), UTF-8 with a byte order mark: without it Excel reads å as Ã¥.

    `languages` have columns even where no event says anything in them.
    """
    rows = list(events)
    names = header({*languages, *(key for event in rows for key in languages_of(event))})
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(names)
    for event in rows:
        written = row_of(event, names)
        writer.writerow([cells.guard(written[name]) for name in names])
    return file.getvalue().encode("utf-8-sig")


def differences(here: ExchangeEvent, wanted: ExchangeEvent) -> dict[str, tuple[str, str]]:
    """What two tellings of one event say differently, by column: here, and in the file.

    Whether feeds tell a date apart is history, and so are the dates of what is cancelled.
    """
    names = header(languages_of(here) | languages_of(wanted))
    before, after = (row_of(_as_said(one), names) for one in (here, wanted))
    found = {
        name: (before[name], after[name])
        for name in names
        if name not in KEPT and before[name] != after[name]
    }
    if wanted.is_cancelled:
        found.pop("overrides_json", None)
    return found


def _as_said(event: ExchangeEvent) -> ExchangeEvent:
    told = [replace(one, told_apart=None) for one in event.dates if not one.is_as_planned]
    told.sort(key=lambda one: one.recurrence_id)
    return replace(event, dates=tuple(told), co_hosts=tuple(sorted(event.co_hosts)))

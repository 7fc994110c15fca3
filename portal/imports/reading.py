"""From the bytes of a file or an answer to what its source says, whatever the format. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping as Kept
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.imports import columns, ics, jsonld
from portal.imports.formats import detect
from portal.imports.items import Reading, Unreadable
from portal.imports.mapping import NONE, PROGRAMME, Mapping, guess
from portal.imports.tables import Sheet, read_table

SHOWN_ROWS = 5
# What `portal export events` makes: reading it as a programme would make every event a second time.
EXCHANGE = {"event_id", "title_sv", "dtstart_local", "rrule"}


@dataclass(frozen=True)
class Opened:
    """A file as far as it explains itself. `form` is csv, xlsx, ods, ics, json or html; `sheet`
    and `mapping` are there for tables; `is_sure` that nobody need be asked what they mean."""

    form: str
    sheet: Sheet | None = None
    mapping: Mapping | None = None
    is_sure: bool = True

    def first_rows(self) -> list[list[str]]:
        """What the page that asks for the columns' meaning shows."""
        if self.sheet is None:
            return []
        return [cells for _, cells in itertools.islice(self.sheet.rows, SHOWN_ROWS)]


def open_file(raw: bytes, name: str, kept: Kept[str, Any]) -> Opened:
    """Looks what a file is. `kept` is the mapping that its source remembers (may be empty).

    Columns are sure when they are those that were asked about, or the documented programme's.
    Raises Unreadable.
    """
    form = detect(raw)
    if form != "table":
        return Opened(form)
    sheet = read_table(raw, name)
    if set(sheet.columns) >= EXCHANGE:
        raise Unreadable("exchange")
    if kept:
        known = Mapping.from_json(dict(kept))
        if {column for column, field in known.columns if field != NONE} <= set(sheet.columns):
            return Opened(sheet.format, sheet, known)
    rows = [cells for _, cells in itertools.islice(sheet.rows, SHOWN_ROWS)]
    guessed = guess(sheet.columns, rows)
    is_sure = set(PROGRAMME) <= set(sheet.columns)
    return Opened(sheet.format, sheet, guessed, is_sure)


def read(raw: bytes, opened: Opened, zone: str, today: date) -> Reading:
    """What the file says; wall times in `zone`. Raises Unreadable."""
    reading = begin(raw, opened, zone, today)
    reading.items, reading.rest = [*reading.items, *reading.rest], ()
    return reading


def begin(raw: bytes, opened: Opened, zone: str, today: date) -> Reading:
    """The same; the items of a table are still to come (Reading.rest)."""
    if opened.sheet is not None and opened.mapping is not None:
        return columns.begin(opened.sheet, opened.mapping, zone)
    if opened.form == "ics":
        return ics.read(raw, zone, today)
    return jsonld.read(raw, zone, today)

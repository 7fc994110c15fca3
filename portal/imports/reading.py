"""From the bytes of a file or an answer to what its source says, whatever the format. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Kept
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from portal.imports import columns, ics, jsonld
from portal.imports.formats import detect
from portal.imports.items import Reading, Unreadable
from portal.imports.mapping import NONE, PROGRAMME, Mapping, guess
from portal.imports.tables import Row, Sheet, read_table

SHOWN_ROWS = 5
TOLD_ROWS = 1000
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


def counted(opened: Opened, raw: bytes, tell: Callable[[int, int], None]) -> Opened:
    """The same file; `tell` hears, while a table is read, how many rows have been and about how
    many there are (0: nobody knows)."""
    if opened.sheet is None:
        return opened
    total = raw.count(b"\n") if opened.form == "csv" else 0
    rows = _Counted(opened.sheet.rows, total, tell)
    return replace(opened, sheet=replace(opened.sheet, rows=rows))


class _Counted:
    """Rows that are told of the first time they are gone through: what looks ahead begins later."""

    def __init__(self, rows: Iterable[Row], total: int, tell: Callable[[int, int], None]) -> None:
        self._rows, self._total, self._tell, self._has_begun = rows, total, tell, False

    def __iter__(self) -> Iterator[Row]:
        is_first, self._has_begun = not self._has_begun, True
        for number, row in enumerate(self._rows):
            if is_first and number % TOLD_ROWS == 0:
                self._tell(number, self._total)
            yield row


def read(raw: bytes, opened: Opened, zone: str, today: date) -> Reading:
    """What the file says; wall times in `zone`. Raises Unreadable."""
    if opened.sheet is not None and opened.mapping is not None:
        return columns.read(opened.sheet, opened.mapping, zone)
    if opened.form == "ics":
        return ics.read(raw, zone, today)
    return jsonld.read(raw, zone, today)

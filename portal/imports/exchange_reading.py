"""Reading the exchange format: the portal's own tables, and others with the same columns. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from portal.core.text import clean
from portal.imports.exchange_cells import LANGUAGE, Unusable, moment_words, unguard
from portal.imports.exchange_columns import COLUMNS, LOCALISED, NEEDED, ExchangeEvent
from portal.imports.items import RowProblem, Unreadable

# A whole city for ten years; a cell may hold every date of a series.
MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 20_000
MOST_CELL = 1_000_000
LONGEST_HEADER = 20_000
SHOWN = 80
PASSED_OVER = ("capacity", "course_id")
_SEPARATORS = ",;\t"
_CANCELLED = re.compile(r"^\s*INSTÄLL[DT]T?\s*[:!–-]\s*", re.IGNORECASE)
_BY_NAME = {column.name: column for column in COLUMNS}


@dataclass
class ExchangeReading:
    """What a table holds. `columns` are the names it has: what has no column says nothing.

    Rows with problems are not among the events; notes are about rows that are.
    """

    events: list[ExchangeEvent] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    columns: frozenset[str] = frozenset()


def read(raw: bytes) -> ExchangeReading:
    """Reads a table, with commas, semicolons or tabs; raises Unreadable when it is none."""
    names, rows = table(raw, NEEDED)
    reading = ExchangeReading(columns=frozenset(names))
    known = [name for name in names if name in _BY_NAME or _text_column(name)]
    reading.notes += [
        RowProblem(1, name[:SHOWN], "unknown_column", "") for name in names if name not in known
    ]
    seen: set[tuple[str, str]] = set()
    for number, given in rows:
        row = _Row(number, dict(zip(names, map(clean, map(unguard, given)), strict=False)))
        if any(cell.strip() for cell in given[len(names) :]):
            row.say("", "too_many_cells")
        found = row.read()
        for event in found:
            for name in ("event_id", "uid"):
                key = (name, f"{event.origin} {getattr(event, name)}")
                if getattr(event, name) and key in seen:
                    row.say(name, "id_twice")
                seen.add(key)
        reading.problems += row.problems
        if not row.problems:
            reading.events += found
            reading.notes += row.notes
    return reading


def table(raw: bytes, needed: Iterable[str]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header of a table and its numbered rows; raises Unreadable."""
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_large", megabytes=MOST_BYTES // 1024 // 1024)
    # Process-wide, and only ever raised: half a megabyte of dates in one cell is no attack.
    csv.field_size_limit(max(csv.field_size_limit(), MOST_CELL))
    first = raw[:LONGEST_HEADER].split(b"\n", 1)[0]
    separator = max(_SEPARATORS, key=lambda one: first.count(one.encode()))
    if len(first) == LONGEST_HEADER:
        raise Unreadable("columns_missing", columns=", ".join(needed))
    # Row by row from the bytes: the text as a whole would be four times as large.
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline="")
    rows = _rows(csv.reader(text, delimiter=separator))
    _, names = next(rows, (1, []))
    names = [name.strip() for name in names]
    if missing := [name for name in needed if name not in names]:
        raise Unreadable("columns_missing", columns=", ".join(missing))
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable("column_twice", column=twice[:SHOWN])
    # All of them before any is looked at: too long a table is refused at once.
    return names, list(rows)


def _rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The lines of a spreadsheet, counted from 1; empty ones are left out."""
    number = 0
    try:
        for number, row in enumerate(reader, 1):
            if number > MOST_ROWS:
                raise Unreadable("too_many_rows", rows=MOST_ROWS)
            if any(row):
                yield number, row
    except csv.Error as error:
        raise Unreadable("not_csv", row=number + 1) from error
    except UnicodeDecodeError as error:
        raise Unreadable("not_utf8") from error


def _text_column(name: str) -> tuple[str, str, int] | None:
    """The field, language and length of a column of texts."""
    what, _, key = name.rpartition("_")
    if what not in LOCALISED or not LANGUAGE.fullmatch(key):
        return None
    return LOCALISED[what][0], key, LOCALISED[what][1]


class _Row:
    """One row being read; collects what is wrong with it."""

    def __init__(self, number: int, given: dict[str, str]) -> None:
        self.number, self.cells = number, given
        self.problems: list[RowProblem] = []
        self.notes: list[RowProblem] = []

    def say(self, column: str, code: str) -> None:
        value = self.cells.get(column, "")[:SHOWN]
        self.problems.append(RowProblem(self.number, column, code, value))

    def read(self) -> list[ExchangeEvent]:
        """The row's event, and one for each of its extra dates; none when it has problems."""
        values = self._values()
        for column in NEEDED:
            if not self.cells.get(column, "").strip():
                self.say(column, "empty")
        if self.problems:
            return []
        reasons = values.pop("exdate_reasons", ())
        if len(reasons) > len(values.get("exdates", ())):
            self.say("exdate_reasons", "too_many_reasons")
            return []
        left = len(values.get("exdates", ())) - len(reasons)
        values.setdefault("zone", "")
        event = ExchangeEvent(**values, exdate_reasons=(*reasons, *({},) * left), row=self.number)
        for column in PASSED_OVER:
            if self.cells.get(column):
                value = self.cells[column][:SHOWN]
                self.notes.append(RowProblem(self.number, column, "passed_over", value))
        if event.is_cancelled and not event.uid:
            bare = {key: _CANCELLED.sub("", one) or one for key, one in event.titles.items()}
            event = replace(event, titles=bare)
        if event.rdates and event.uid:
            self.say("rdates", "rdates_with_uid")
            return []
        alone = replace(event, rrule="", exdates=(), exdate_reasons=(), dates=(), rdates=())
        length = event.ends - event.starts
        return [replace(event, rdates=())] + [
            replace(
                alone,
                event_id=f"{event.event_id}-{moment_words(start, event.is_all_day)}",
                starts=start,
                ends=start + length,
            )
            for start in event.rdates
        ]

    def _values(self) -> dict[str, Any]:
        values: dict[str, Any] = {own: {} for own, _ in LOCALISED.values()}
        values["aside"] = {}
        for name, cell in self.cells.items():
            if name in _BY_NAME:
                self._column(name, cell, values)
            if (told := _text_column(name)) is not None and cell:
                own, key, most = told
                values[own] = {**values[own], key: cell}
                if len(cell) > most:
                    self.say(name, "too_long")
        return values

    def _column(self, name: str, cell: str, values: dict[str, Any]) -> None:
        column = _BY_NAME[name]
        if not cell.strip() and name in NEEDED:
            return  # said once, as empty
        if not column.fields and name != "title_sv" and cell:
            values["aside"] = {**values["aside"], name: cell}
        try:
            found = column.read(cell)
        except Unusable as unusable:
            self.say(name, unusable.code)
            return
        if name == "audience":
            # In words, they stand where no column says it better.
            values["directed_to"] = {**found[1], **values["directed_to"]}
        values.update(zip(column.fields, found, strict=False))

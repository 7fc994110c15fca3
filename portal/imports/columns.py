"""From a table to what its source says: each row an item, or the reasons why not. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from portal.imports.items import Item, Reading, Unreadable
from portal.imports.mapping import Mapping
from portal.imports.table_rows import Layout, TableRow
from portal.imports.tables import Sheet


def read(sheet: Sheet, mapping: Mapping, zone: str) -> Reading:
    """Every row of a table as an item in `zone`, or as problems of its cells."""
    reading = begin(sheet, mapping, zone)
    reading.items, reading.rest = list(reading.rest), ()
    return reading


def begin(sheet: Sheet, mapping: Mapping, zone: str) -> Reading:
    """The same, with all items still to come: a large table need not be in memory as a whole.

    Raises Unreadable: columns_missing when the mapping counts on columns that the table has not,
    and whatever reading the rows may raise (tables.py).
    """
    fields = mapping.fields()
    missing = [column for column in fields.values() if column not in sheet.columns]
    if missing or mapping.problems():
        wanted = missing or [problem.field for problem in mapping.problems()]
        raise Unreadable("columns_missing", columns=wanted)
    reading = Reading()
    reading.rest = _rest(reading, Layout(sheet, fields, mapping.language, zone))
    return reading


def _rest(reading: Reading, layout: Layout) -> Iterator[Item]:
    fields, seen = layout.fields, set[str]()
    for number, cells in layout.sheet.rows:
        row = TableRow(number, cells, layout)
        item = row.read()
        if row.key and row.key in seen:
            row.say("key" if "key" in fields else "title", "id_twice")
        seen.add(row.key)
        reading.problems.extend(row.problems)
        if item is not None and not row.problems:
            reading.notes.extend(row.notes)
            yield item
            continue
        reading.unread[number] = (row.cells["unit"], row.cells["place"])
        if row.key:
            reading.refused_keys.add(row.key)
        else:
            reading.has_nameless = True

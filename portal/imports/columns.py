"""From a table to what its source says: each row an item, or the reasons why not. Pure."""

from __future__ import annotations

from portal.imports.items import Reading, Unreadable
from portal.imports.mapping import Mapping
from portal.imports.table_rows import Layout, TableRow
from portal.imports.tables import Sheet


def read(sheet: Sheet, mapping: Mapping, zone: str) -> Reading:
    """Every row of a table as an item in `zone`, or as problems of its cells.

    Raises Unreadable: columns_missing when the mapping counts on columns that the table has not,
    and whatever reading the rows may raise (tables.py).
    """
    fields = mapping.fields()
    missing = [column for column in fields.values() if column not in sheet.columns]
    if missing or mapping.problems():
        raise Unreadable("columns_missing", columns=missing)
    layout = Layout(sheet, fields, mapping.language, zone)
    reading, seen = Reading(), set[str]()
    for number, cells in sheet.rows:
        row = TableRow(number, cells, layout)
        item = row.read()
        if row.key and row.key in seen:
            row.say("key" if "key" in fields else "title", "id_twice")
        seen.add(row.key)
        reading.problems.extend(row.problems)
        if item is not None and not row.problems:
            reading.items.append(item)
            reading.notes.extend(row.notes)
            continue
        reading.unread[number] = (row.cells["unit"], row.cells["place"])
        if row.key:
            reading.refused_keys.add(row.key)
        else:
            reading.has_nameless = True
    return reading

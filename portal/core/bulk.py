"""Very many new rows: made ready without a lock, stored under it.

Turning values into what a driver takes is most of the work of storing them, and on SQLite nobody
else writes while it is done. So it is done before: `Table.ready` needs no transaction, `store`
does little more than hand over. What is ready waits in a file, as it may be more than memory is
for.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, MetaData, insert
from sqlalchemy import Table as Bare

from portal.core.extensions import db

Row = dict[str, Any]


class Table:
    """A model's table, as the driver sees it."""

    def __init__(self, model: type[Any]) -> None:
        table, dialect = model.__table__, db.engine.dialect
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        self._columns = []
        for column in columns:
            make = column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is
            self._columns.append((column.name, make, make(_default(column))))
        # Columns without types: the values are not looked at again.
        self._insert = insert(Bare(table.name, MetaData(), *(Column(c.name) for c in columns)))

    def ready(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Rows as the driver takes them; a column that is left out has its default."""
        return [
            {
                name: make(row[name]) if name in row else left_out
                for name, make, left_out in self._columns
            }
            for row in rows
        ]

    def store(self, rows: list[Row]) -> None:
        """Inserts rows that are ready. The public pages are not told: see mark_changed."""
        if rows:
            db.session.connection().execute(self._insert, rows)


def _as_it_is(value: Any) -> Any:
    return value


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


class Waiting:
    """Batches of rows that wait for the lock, in a file that nobody else can open."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()
        self._count = 0

    def add(self, batch: Any) -> None:
        """One more, of plain values."""
        pickle.dump(batch, self._file, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        for _ in range(self._count):
            # Written above by this very process.
            yield pickle.load(self._file)  # noqa: S301

    def close(self) -> None:
        self._file.close()

"""Very many new rows: made ready without a lock, stored under it.

Turning values into what a driver takes is most of the work of storing them, and on SQLite nobody
else writes while it is done. So it is done before: `Table.ready` needs no transaction, `store`
does little more than hand over. What is ready waits in a file, as it may be more than memory is
for.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column

from portal.core.extensions import db

Row = tuple[Any, ...]


class Table:
    """A model's table, as the driver sees it. `first` is the column that stands first in rows
    that are ready."""

    def __init__(self, model: type[Any], first: str) -> None:
        table, dialect = model.__table__, db.engine.dialect
        columns = [column for column in table.columns if column is not table.autoincrement_column]
        columns.sort(key=lambda column: column.name != first)
        self._columns = []
        for column in columns:
            make = column.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is
            self._columns.append((column.name, make, make(_default(column))))
        quote = dialect.identifier_preparer.quote
        names = ", ".join(quote(column.name) for column in columns)
        marks = ", ".join("?" if dialect.name == "sqlite" else "%s" for _ in columns)
        # The names are the models' own.
        self._insert = f"INSERT INTO {quote(table.name)} ({names}) VALUES ({marks})"  # noqa: S608

    def ready(self, rows: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Rows as the driver takes them; a column that is left out has its default."""
        return [
            tuple(
                make(row[name]) if name in row else left_out
                for name, make, left_out in self._columns
            )
            for row in rows
        ]

    def store(self, rows: Sequence[Row], ids: Sequence[int] | None = None) -> None:
        """Inserts rows that are ready; with `ids`, what stands first in each is a place in them.
        The public pages are not told: see mark_changed."""
        if ids is not None:
            rows = [(ids[row[0]], *row[1:]) for row in rows]
        if rows:
            db.session.connection().exec_driver_sql(self._insert, list(rows))


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
        self._file = tempfile.TemporaryFile()  # noqa: SIM115, closed below
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

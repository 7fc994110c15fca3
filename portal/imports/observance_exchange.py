"""Observances in the exchange format: a small table beside that of the events. Pure.

The municipality file names observances too, but not who they are to calendars: their UIDs, how
often they were changed, and what was added or withdrawn since.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from portal.core.text import Localised, clean
from portal.imports import exchange_cells as cells
from portal.imports.exchange_cells import LANGUAGE, Cell, Unusable
from portal.imports.exchange_reading import SHOWN, table
from portal.imports.items import MOST, MOST_TEXT, RowProblem


@dataclass(frozen=True)
class ExchangeObservance:
    """One observance that calendars know: see Observance for the meaning of the fields."""

    uid: str
    slug: str
    first_on: date
    last_on: date
    row: int = field(default=0, compare=False)
    names: Localised = field(default_factory=dict)
    texts: Localised = field(default_factory=dict)
    link: str = ""
    is_annual: bool = True
    is_flag_day: bool = False
    status: str = "published"
    unit: str = ""
    answer_note: str = ""
    sequence: int | None = None
    created_at: datetime | None = None
    revised_at: datetime | None = None


def _day(cell: str) -> date:
    return cells.moment(cell).date()


_DAY = Cell(str, _day)
_ANSWER = cells.choice({"no": "no", "": "no", "yes": "yes"}, "not_known")
_YES = Cell(lambda value: "yes" if value else "no", lambda cell: _ANSWER.read(cell) == "yes")
_STATUS = cells.choice({"published": "published", "withdrawn": "withdrawn"}, "not_known")
COLUMNS: dict[str, tuple[str, Cell]] = {
    "uid": ("uid", cells.text(120, cells.UID, "not_a_uid")),
    "slug": ("slug", cells.text(100, cells.KEY)),
    "first_on": ("first_on", _DAY),
    "last_on": ("last_on", _DAY),
    "annual": ("is_annual", _YES),
    "flag_day": ("is_flag_day", _YES),
    "status": ("status", _STATUS),
    "link": ("link", cells.text(MOST["link"], cells.LINK, "not_a_link")),
    "unit_id": ("unit", cells.text(100, cells.KEY)),
    "answer_note": ("answer_note", cells.text(300)),
    "sequence": ("sequence", cells.number(cells.MOST_CHANGES, "not_a_number")),
    "created_at": ("created_at", cells.INSTANT),
    "revised_at": ("revised_at", cells.INSTANT),
}
LOCALISED = {"name": ("names", 200), "text": ("texts", MOST_TEXT)}
NEEDED = ("uid", "slug", "first_on", "last_on", "name_sv")


def write(rows: Iterable[ExchangeObservance]) -> bytes:
    """The table as CSV, as the events' is."""
    told = list(rows)
    keys = sorted({"sv", *(key for row in told for key in (*row.names, *row.texts))})
    texts = [(f"{name}_{key}", own, key) for name, (own, _) in LOCALISED.items() for key in keys]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*COLUMNS, *(name for name, _, _ in texts)])
    for row in told:
        own = [cell.write(getattr(row, name)) for name, cell in COLUMNS.values()]
        said = [getattr(row, name).get(key, "") for _, name, key in texts]
        writer.writerow([cells.guard(one) for one in (*own, *said)])
    return file.getvalue().encode("utf-8-sig")


def read(raw: bytes) -> tuple[list[ExchangeObservance], list[RowProblem]]:
    """Reads a table; raises Unreadable when it is none."""
    names, rows = table(raw, NEEDED)
    found: list[ExchangeObservance] = []
    problems: list[RowProblem] = []
    for number, given in rows:
        wrong: list[RowProblem] = []
        values: dict[str, Any] = {own: {} for own, _ in LOCALISED.values()}
        for name, guarded in zip(names, given, strict=False):
            cell = clean(cells.unguard(guarded))
            try:
                _put(values, name, cell)
            except Unusable as unusable:
                wrong.append(RowProblem(number, name, unusable.code, cell[:SHOWN]))
        if not (values.get("uid") and values.get("slug")):
            wrong.append(RowProblem(number, "uid", "empty", ""))
        if any(values.get("uid") == one.uid or values.get("slug") == one.slug for one in found):
            wrong.append(RowProblem(number, "uid", "id_twice", str(values.get("uid"))))
        problems += wrong
        if not wrong:
            found.append(replace(ExchangeObservance(**values), row=number))
    return found, problems


def _put(values: dict[str, Any], name: str, cell: str) -> None:
    """Reads one cell into the values; raises Unusable."""
    what, _, key = name.rpartition("_")
    if name in COLUMNS:
        own, kind = COLUMNS[name]
        values[own] = kind.read(cell)
    elif what in LOCALISED and LANGUAGE.fullmatch(key) and cell:
        own, most = LOCALISED[what]
        if len(cell) > most:
            raise Unusable("too_long")
        values[own][key] = cell

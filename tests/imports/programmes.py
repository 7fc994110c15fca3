"""Small programmes for tests, and the library programme read by other means.

An independent computation: it imports nothing from the portal.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

Cells = dict[str, str]
GOOD = {
    "source_id": "bib-1",
    "title": "Sagostund",
    "organiser": "Exempelbiblioteket",
    "place": "Exempelbiblioteket",
    "date": "2026-12-01",
    "start": "10:00",
    "end": "10:30",
    "booking_required": "false",
    "age_from": "3",
    "age_to": "6",
    "category": "Sagostund",
    "subcategory": "",
    "link": "https://example.org/1",
}
COLUMNS = tuple(GOOD)


def file(*rows: Cells, encoding: str = "utf-8") -> bytes:
    """A programme in which each row is the good one, changed so, with an id of its own."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for number, changes in enumerate(rows, 1):
        writer.writerow({**GOOD, "source_id": f"bib-{number}", **changes})
    return out.getvalue().encode(encoding)


@dataclass(frozen=True)
class Problem:
    row: int
    column: str
    code: str
    value: str


@dataclass(frozen=True)
class Row:
    """One date as the columns say it; `starts` and `ends` are wall times."""

    row: int
    source_id: str
    title: str
    organiser: str
    place: str
    starts: datetime
    ends: datetime
    is_all_day: bool
    booking_required: bool
    age_from: int | None
    age_to: int | None
    category: str
    subcategory: str
    link: str
    is_cancelled: bool
    is_preliminary: bool


@dataclass
class Programme:
    """What a file should be found to say, and what is wrong in which cell."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unread: dict[int, tuple[str, str]] = field(default_factory=dict)


def parse(raw: bytes) -> Programme:
    """Of tables as the library writes them: ISO days, 17:30, whole years, http links."""
    found, seen = Programme(), set[str]()
    for number, cells in enumerate(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))), 2):
        wrong = list(_wrong(cells))
        if cells["source_id"] and cells["source_id"] in seen:
            wrong.append(("source_id", "id_twice"))
        seen.add(cells["source_id"])
        found.problems += [Problem(number, name, code, cells[name]) for name, code in wrong]
        if wrong:
            found.unread[number] = (cells["organiser"], cells["place"])
        else:
            found.rows.append(_row(number, cells))
    return found


def _wrong(cells: Cells) -> list[tuple[str, str]]:
    wrong = [(name, "empty") for name in ("source_id", "title") if not cells[name]]
    day = _of(date, cells["date"])
    times = [_of(time, cells[name]) for name in ("start", "end")]
    wrong += [] if day else [("date", "not_a_date")]
    for name, read in zip(("start", "end"), times, strict=True):
        wrong += [] if read is not None else [(name, "not_a_time")]
    start, end = times
    if start is not None and end is not None and end <= start and (start, end) != (time(),) * 2:
        wrong.append(("end", "end_before_start"))
    for name in ("age_from", "age_to"):
        if cells[name] and not (cells[name].isdecimal() and int(cells[name]) <= 120):
            wrong.append((name, "not_an_age"))
    if cells["age_from"].isdecimal() and cells["age_to"].isdecimal():
        is_reversed = int(cells["age_from"]) > int(cells["age_to"])
        wrong += [("age_to", "ages_reversed")] if is_reversed else []
    if cells["booking_required"] not in ("true", "false", ""):
        wrong.append(("booking_required", "not_yes_or_no"))
    return wrong


def _of(kind: type, text: str) -> date | time | None:
    try:
        return kind.fromisoformat(text)
    except ValueError:
        return None


def _row(number: int, cells: Cells) -> Row:
    starts, ends = (
        datetime.fromisoformat(f"{cells['date']}T{cells[name]}") for name in ("start", "end")
    )
    is_all_day = starts == ends
    title, is_cancelled = _without(cells["title"], "INSTÄLLT")
    title, is_preliminary = _without(title, "Preliminärt")
    return Row(
        row=number,
        starts=starts,
        ends=ends + timedelta(days=1) if is_all_day else ends,
        is_all_day=is_all_day,
        title=" ".join(title.split()),
        is_cancelled=is_cancelled,
        is_preliminary=is_preliminary,
        booking_required=cells["booking_required"] == "true",
        age_from=int(cells["age_from"]) if cells["age_from"] else None,
        age_to=int(cells["age_to"]) if cells["age_to"] else None,
        **{
            name: cells[name]
            for name in ("source_id", "organiser", "place", "category", "subcategory", "link")
        },
    )


def _without(title: str, word: str) -> tuple[str, bool]:
    left = re.sub(rf"^\s*{word}:\s*", "", title, flags=re.IGNORECASE)
    return left, left != title

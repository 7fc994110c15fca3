"""Reading a library programme: a CSV of one date a row, checked before anything is written.

Pure: bytes in, rows and row problems out. The columns are described in docs/imports.md.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from portal.core.text import clean
from portal.imports.items import RowProblem

COLUMNS = (
    "source_id",
    "title",
    "organiser",
    "place",
    "date",
    "start",
    "end",
    "booking_required",
    "age_from",
    "age_to",
    "category",
    "subcategory",
    "link",
)
CANCELLED = re.compile(r"^\s*(inställ[td]t?|inställt|cancelled)\s*[:!–-]\s*", re.IGNORECASE)
PRELIMINARY = re.compile(
    r"^\s*(preliminärt?|preliminary)\s*[:!–-]\s*|\s*\((preliminär[t]?|preliminary)\)\s*$",
    re.IGNORECASE,
)
# As much as the database holds.
MOST = {"source_id": 120, "title": 200, "organiser": 200, "place": 200, "link": 300}


class NotAProgramme(Exception):
    """The file as a whole cannot be read; the message says why."""


@dataclass(frozen=True)
class ProgrammeRow:
    """One date of a programme; `starts` and `ends` are wall times."""

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


@dataclass(frozen=True)
class Programme:
    """What a file holds. `unread` are the organisers and places of rows with problems, by row,
    so that names which nobody knows are told at once, too."""

    rows: list[ProgrammeRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    unread: dict[int, tuple[str, str]] = field(default_factory=dict)


def parse(raw: bytes) -> Programme:
    """Reads a programme; raises NotAProgramme when it is no CSV with the right columns.

    A row of which one cell is bad is left out and told, with row and column.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAProgramme("It is not UTF-8. Save it as CSV UTF-8.") from error
    try:
        return _read(csv.DictReader(io.StringIO(text, newline="")))
    except csv.Error as error:
        raise NotAProgramme(f"It cannot be read as CSV: {error}") from error


def _read(reader: csv.DictReader[str]) -> Programme:
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        raise NotAProgramme(f"These columns are missing: {', '.join(missing)}")
    programme, seen = Programme(), set[str]()
    for cells in reader:
        row = _Row(reader.line_num, {k: clean(v or "").strip() for k, v in cells.items() if k})
        read = row.read()
        source_id = row.cells["source_id"]
        if source_id and source_id in seen:
            row.say("source_id", "id_twice")
        seen.add(source_id)
        programme.problems.extend(row.problems)
        if row.problems or read is None:
            programme.unread[row.number] = (row.cells["organiser"], row.cells["place"])
        else:
            programme.rows.append(read)
    return programme


class _Row:
    """One row being read; collects what is wrong with it."""

    def __init__(self, number: int, cells: dict[str, str]) -> None:
        self.number = number
        self.cells = {name: cells.get(name, "") for name in COLUMNS}
        self.problems: list[RowProblem] = []

    def say(self, column: str, code: str) -> None:
        self.problems.append(RowProblem(self.number, column, code, self.cells[column][:80]))

    def read(self) -> ProgrammeRow | None:
        for column in ("source_id", "title", "organiser"):
            if not self.cells[column]:
                self.say(column, "empty")
        for column, most in MOST.items():
            if len(self.cells[column]) > most:
                self.say(column, "too_long")
        title, is_cancelled, is_preliminary = self._title()
        day = self._date()
        start, end = self._time("start"), self._time("end")
        ages = self._age("age_from"), self._age("age_to")
        if ages[0] is not None and ages[1] is not None and ages[1] < ages[0]:
            self.say("age_to", "ages_reversed")
        booking_required, link = self._yes("booking_required"), self._link()
        # Midnight to midnight is how the source writes a date without times.
        is_all_day = start == end == time()
        if start is not None and end is not None and end <= start and not is_all_day:
            self.say("end", "end_before_start")
        if day is None or start is None or end is None:
            return None
        starts, ends = datetime.combine(day, start), datetime.combine(day, end)
        if is_all_day:
            ends += timedelta(days=1)
        return ProgrammeRow(
            row=self.number,
            source_id=self.cells["source_id"],
            title=title,
            organiser=self.cells["organiser"],
            place=self.cells["place"],
            starts=starts,
            ends=ends,
            is_all_day=is_all_day,
            booking_required=booking_required,
            age_from=ages[0],
            age_to=ages[1],
            category=self.cells["category"],
            subcategory=self.cells["subcategory"],
            link=link,
            is_cancelled=is_cancelled,
            is_preliminary=is_preliminary,
        )

    def _title(self) -> tuple[str, bool, bool]:
        title = re.sub(r"\s+", " ", self.cells["title"])
        without, cancelled = CANCELLED.subn("", title, count=1)
        bare, preliminary = PRELIMINARY.subn("", without, count=1)
        return bare.strip() or title, bool(cancelled), bool(preliminary)

    def _date(self) -> date | None:
        try:
            return date.fromisoformat(self.cells["date"])
        except ValueError:
            self.say("date", "not_a_date")
            return None

    def _time(self, column: str) -> time | None:
        if not re.fullmatch(r"\d\d:\d\d", self.cells[column]):
            self.say(column, "not_a_time")
            return None
        try:
            return time.fromisoformat(self.cells[column])
        except ValueError:
            self.say(column, "not_a_time")
            return None

    def _age(self, column: str) -> int | None:
        value = self.cells[column]
        if not value:
            return None
        if not value.isdecimal() or int(value) > 120:
            self.say(column, "not_an_age")
            return None
        return int(value)

    def _yes(self, column: str) -> bool:
        value = self.cells[column].lower()
        if value not in ("true", "false", ""):
            self.say(column, "not_yes_or_no")
        return value == "true"

    def _link(self) -> str:
        link = self.cells["link"]
        if link and not re.fullmatch(r"https?://[^\s<>\"']+", link):
            self.say("link", "not_a_link")
        return link

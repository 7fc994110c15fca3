"""One row of a table: from its cells to an item, with all that is wrong in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from typing import TypeVar

from portal.core.text import clean
from portal.imports.cells import read_ages, read_cancelled, read_title, read_yes
from portal.imports.days import Moment, first_parts, read_moment, read_times, span
from portal.imports.items import MOST, MOST_TEXT, Item, RowProblem
from portal.imports.keys import derived_key
from portal.imports.mapping import IN_LANGUAGE
from portal.imports.plain import plain, safe_link
from portal.imports.tables import Sheet

T = TypeVar("T")
DAYS = ("date", "end_date", "start_at", "end_at")
_BETWEEN_LANGUAGES = re.compile(r"\s*[,;/&+\n]\s*|\s+(?:och|and|ja|samt)\s+")


class Layout:
    """What all rows of a table share."""

    def __init__(self, sheet: Sheet, fields: dict[str, str], language: str, zone: str) -> None:
        self.sheet, self.fields, self.zone = sheet, fields, zone
        self.width = len(sheet.columns)
        self.at = {field: sheet.columns.index(column) for field, column in fields.items()}
        # title and text in the table's language, title_en and the like in their own.
        self.titles, self.texts = (
            {
                field: language if field == kind else field.partition("_")[2]
                for field in fields
                if field == kind or ((m := IN_LANGUAGE.fullmatch(field)) and m[1] == kind)
            }
            for kind in ("title", "text")
        )
        self._orders: dict[str, bool] = {}

    def is_day_first(self, field: str) -> bool:
        """Whether 3/4 is in April: all cells of the column tell together, so that no row is read
        otherwise than its neighbours. A first number over 12 says day, only a second one over
        12 says month; where neither is, it is the day."""
        if field not in self._orders:
            self._orders[field] = self._looks_day_first(self.at[field])
        return self._orders[field]

    def _looks_day_first(self, at: int) -> bool:
        is_month_first = False
        for _, cells in self.sheet.rows:
            first, second = first_parts(clean(cells[at])) or (0, 0)
            if first > 12:
                return True
            is_month_first = is_month_first or second > 12
        return not is_month_first


class TableRow:
    """One row being read; collects what is wrong with it."""

    def __init__(self, number: int, cells: list[str], layout: Layout) -> None:
        self.number, self.layout = number, layout
        self.problems: list[RowProblem] = []
        self.notes: list[RowProblem] = []
        self.key = ""
        self.is_too_wide = len(cells) > layout.width
        self.cells = dict.fromkeys(("key", "title", "unit", "place", *DAYS, "start", "end"), "")
        for field, at in layout.at.items():
            self.cells[field] = clean(cells[at]).strip()

    def say(self, field: str, code: str, *, is_note: bool = False) -> None:
        column = self.layout.fields.get(field, field)
        problem = RowProblem(self.number, column, code, self.cells.get(field, "")[:80])
        (self.notes if is_note else self.problems).append(problem)

    def read(self) -> Item | None:
        if self.is_too_wide:
            self.say("key" if "key" in self.layout.fields else "title", "too_many_cells")
        for field in ("key", "title"):
            if field in self.layout.fields and not self.cells[field]:
                self.say(field, "empty")
        for field, most in MOST.items():
            if len(self.cells.get(field, "")) > most:
                self.say(field, "too_long")
        titles, is_cancelled, is_preliminary = self._titles()
        times = self._times()
        low, high = self._ages()
        needs_sign_up, link = self._sign_up()
        cancelled = self._told("cancelled", read_cancelled, "not_yes_or_no")
        preliminary = self._told("preliminary", read_yes, "not_yes_or_no")
        texts = self._texts()
        self.key = self._key(titles, times)
        if times is None:
            return None
        starts, ends, is_all_day = times
        return Item(
            row=self.number,
            key=self.key,
            titles=titles,
            starts=starts,
            ends=ends,
            zone=self.layout.zone,
            is_all_day=is_all_day,
            texts=texts,
            unit=self.cells["unit"],
            place=self.cells["place"],
            categories=self._names("category", "subcategory"),
            languages=tuple(
                name for name in _BETWEEN_LANGUAGES.split(self.cells.get("language", "")) if name
            ),
            age_from=low,
            age_to=high,
            link=link,
            phone=self.cells.get("phone", ""),
            needs_sign_up=needs_sign_up,
            is_cancelled=is_cancelled or bool(cancelled),
            is_preliminary=is_preliminary or bool(preliminary),
        )

    def _told(self, field: str, read: Callable[[str], T | None], code: str) -> T | None:
        """What a cell says; nothing when there is no such column. Tells what cannot be read."""
        if field not in self.layout.fields:
            return None
        told = read(self.cells[field])
        if told is None:
            self.say(field, code)
        return told

    def _names(self, *fields: str) -> tuple[str, ...]:
        return tuple(self.cells[field] for field in fields if self.cells.get(field))

    def _key(self, titles: dict[str, str], times: tuple[datetime, datetime, bool] | None) -> str:
        if "key" in self.layout.fields:
            return self.cells["key"]
        title = next(iter(titles.values()), "")
        if not title or times is None:
            return ""
        return derived_key(title, self.cells["unit"], self.cells["place"], times[0])

    def _titles(self) -> tuple[dict[str, str], bool, bool]:
        found = {
            key: read_title(plain(self.cells[field]))
            for field, key in self.layout.titles.items()
            if self.cells[field]
        }
        titles = {key: title for key, (title, _, _) in found.items()}
        if self.cells["title"] and not plain(self.cells["title"]):
            self.say("title", "empty")
        for field, key in self.layout.titles.items():
            if field != "title" and len(titles.get(key, "")) > MOST["title"]:
                self.say(field, "too_long")
        return titles, any(one[1] for one in found.values()), any(one[2] for one in found.values())

    def _texts(self) -> dict[str, str]:
        texts = {}
        for field, key in self.layout.texts.items():
            if text := plain(self.cells[field]):
                texts[key] = text[:MOST_TEXT]
                if len(text) > MOST_TEXT:
                    self.say(field, "text_cut", is_note=True)
        return texts

    def _ages(self) -> tuple[int | None, int | None]:
        low, up_to = self._told("age_from", read_ages, "not_an_age") or (None, None)
        high, _ = self._told("age_to", read_ages, "not_an_age") or (None, None)
        high = up_to if high is None else high
        if low is not None and high is not None and high < low:
            self.say("age_to" if "age_to" in self.layout.fields else "age_from", "ages_reversed")
        return low, high

    def _sign_up(self) -> tuple[bool, str]:
        """Whether one signs up, and the link; a column about signing up may hold the link."""
        given = self.cells.get("link", "")
        link = safe_link(given)
        if given and not link:
            self.say("link", "link_dropped", is_note=True)
        if there := safe_link(self.cells.get("needs_sign_up", "")):
            return True, there
        return bool(self._told("needs_sign_up", read_yes, "not_yes_or_no")), link

    # --- when ---------------------------------------------------------------------------

    def _moment(self, field: str) -> Moment | None:
        """What a cell says of a day; None when it says nothing or cannot be read (told)."""
        text = self.cells[field]
        if not text:
            return None
        is_day_first = not first_parts(text) or self.layout.is_day_first(field)
        found = read_moment(text, self.layout.zone, is_day_first=is_day_first)
        if found is None:
            self.say(field, "not_a_date")
        return found

    def _clock(self, field: str) -> tuple[time, time | None] | None:
        text = self.cells[field]
        found = read_times(text) if text else None
        if text and found is None:
            self.say(field, "not_a_time")
        return found

    def _times(self) -> tuple[datetime, datetime, bool] | None:
        """Start and end on the wall, and whether it is whole days; None when it cannot be told,
        and then why was told."""
        before = len(self.problems)
        first_field = "start_at" if self.cells["start_at"] else "date"
        first = self._moment(first_field)
        last = self._moment("end_at" if self.cells["end_at"] else "end_date")
        begin, finish = self._clock("start"), self._clock("end")
        if not self.cells[first_field]:
            self.say(first_field if first_field in self.layout.fields else "start_at", "not_a_date")
        starts = begin[0] if begin else first.starts if first else None
        ends = finish[0] if finish else last.starts if last else None
        ends = ends or (begin[1] if begin else None) or (first.ends if first else None)
        day, last_day = first.day if first else None, last.day if last else None
        if len(self.problems) == before and (starts is None) != (ends is None):
            self.say("end", "no_end") if ends is None else self.say("start", "no_start")
        # Times are compared whatever the date, so that all that is wrong is told at once.
        found = span(day or date(2001, 1, 1), last_day if day else None, starts, ends)
        if found and found[1] <= found[0]:
            self.say("end" if "end" in self.layout.fields else first_field, "end_before_start")
        return found if day and found and len(self.problems) == before else None

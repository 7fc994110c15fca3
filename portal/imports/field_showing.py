"""Showing: the fields of events and dates, and what changes in them, as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from portal.core.extensions import db
from portal.core.languages import language, languages
from portal.core.words import chosen, day_words, language_name
from portal.events import queries as events
from portal.events.showing import when_words
from portal.events.words import AUDIENCE, ages, sign_up_words
from portal.imports.page_words import CALLED_OFF, EMPTY, FIELD, NO, NOTHING, OF_DATES, YES
from portal.places.models import Place
from portal.places.words import place_name
from portal.units.queries import today, units_by_id

LONGEST = 300


@dataclass(frozen=True)
class Line:
    """One field: its name, how it is here and how the source has it; `mark` to follow it.
    `words` say what becomes of it where that is no exchange of two values."""

    name: str
    here: str
    there: str
    mark: str = ""
    words: str = ""


class Sayer:
    """Says the values of fields as people read them."""

    def __init__(self) -> None:
        self.key, self.today = language().key, today()
        kinds = events.kinds()
        self._kinds = {kind.id: chosen(kind.names) for kind in kinds}
        self._by_slug = {kind.slug: self._kinds[kind.id] for kind in kinds}

    def line(self, given: list[Any], mark: str = "") -> Line:
        """A kept difference: [field, here, there]."""
        name, here, there = given
        words = str(CALLED_OFF[bool(there)]) if name == "is_cancelled" else ""
        field_name = str(FIELD[name.split(".")[0]])
        return Line(field_name, self.say(name, here), self.say(name, there), mark, words)

    def say(self, name: str, value: Any) -> str:
        """A value in words; a silence is said, too."""
        said = self._said(name.split(".")[0], value)
        said = f"{said[:LONGEST]} …" if len(said) > LONGEST else said
        return said or str(NOTHING if name in OF_DATES else EMPTY)

    def _said(self, name: str, value: Any) -> str:
        match name, value:
            case "times", [starts, ends]:
                return self.when(starts, ends)
            case "where" | "own_where", [place_id, elsewhere]:
                return self.where(place_id, elsewhere)
            case "kind", [kind_id]:
                return self._kinds.get(kind_id, "")
            case "unit", [unit_id]:
                return ", ".join(unit.name for unit in units_by_id([unit_id]).values())
            case "languages", [keys]:
                return ", ".join(language_name(key, self.key) for key in keys if key in languages())
            case "audiences", [codes]:
                return ", ".join(str(AUDIENCE[code]) for code in codes)
            case "ages", [low, high]:
                return ages(low, high, "years", self.key)
            case "sign_up", [how, link]:
                return sign_up_words(how, link, "", self.key)
            case "is_preliminary", [yes]:
                return str(YES if yes else NO)
            case "is_cancelled", yes:
                return str(YES if yes else NO)
            case _, [text]:
                return str(text)
        return str(value or "")

    def about(self, row: dict[str, Any]) -> str:
        """The kind and the ages of a new event, as far as its plan says them."""
        ages_ = self._said("ages", row.get("ages", [None, None]))
        return ", ".join(filter(None, (self._by_slug.get(row.get("kind", ""), ""), ages_)))

    def when(self, starts: str, ends: str) -> str:
        """A day and its times."""
        begin, end = datetime.fromisoformat(starts), datetime.fromisoformat(ends)
        is_whole = begin.time() == end.time() == time.min and end > begin
        return when_words(begin, end, self.key, is_whole, with_year=begin.year != self.today.year)

    def day(self, on: str) -> str:
        """A day, with its year where that is another one."""
        day = datetime.fromisoformat(on).date()
        return day_words(day, self.key, with_year=day.year != self.today.year)

    def where(self, place_id: int | None, elsewhere: str) -> str:
        place = db.session.get(Place, place_id) if place_id else None
        return place_name(place, self.key) if place else elsewhere

"""Saying things in a language: dates, times, and texts outside templates.

Everything takes the language explicitly, so that feeds and jobs can speak any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache, lru_cache
from typing import NamedTuple

from babel.dates import format_date

from portal.core.languages import _catalogue, language, languages, locale_for
from portal.core.text import say


def translator(key: str) -> Callable[[str], str]:
    """A gettext for one language; call the result `_` so that texts are found."""
    return _catalogue(key).ugettext


def chosen(texts: dict[str, str], key: str | None = None) -> str:
    """A localised text in a language, or the nearest there is."""
    return say(texts, languages()[key].chain if key else language().chain)[0]


def tagged(texts: dict[str, str]) -> tuple[str, str | None]:
    """A localised text and its `lang` tag, None when it is in the page's own language."""
    text, key = say(texts, language().chain)
    return text, None if key in ("", language().key) else languages()[key].tag


@cache
def _pattern(key: str, name: str) -> str:
    """Date patterns per language; Babel's own where a language has no better here."""
    finnish = {"day": "cccc d.M.", "year": "cccc d.M.yyyy", "short": "d.M."}
    english = {"day": "EEEE d MMMM", "year": "EEEE d MMMM yyyy", "short": "d MMM"}
    swedish = {"day": "EEEE d MMMM", "year": "EEEE d MMMM yyyy", "short": "d MMM"}
    family = languages()[key].formats
    return {"fi": finnish, "en": english}.get(family, swedish)[name]


@lru_cache(maxsize=4096)
def day_words(day: date, key: str, with_year: bool = False) -> str:
    """A date in words: "onsdag 25 november"."""
    return format_date(day, _pattern(key, "year" if with_year else "day"), locale_for(key))


class Chip(NamedTuple):
    """A date as on a stamp: ("ons", "25", "nov")."""

    weekday: str
    day: str
    month: str


@lru_cache(maxsize=4096)
def chip(day: date, key: str) -> Chip:
    """Weekday, day and month for the date chip."""
    locale = locale_for(key)
    month = format_date(day, "MMM", locale).rstrip(".")
    return Chip(format_date(day, "EEE", locale).rstrip("."), str(day.day), month)


@lru_cache(maxsize=512)
def month_words(day: date, key: str) -> str:
    """A month and its year: "november 2026"."""
    return format_date(day, "LLLL yyyy", locale_for(key))


@lru_cache(maxsize=64)
def weekday_words(weekday: int, key: str, short: bool = False) -> str:
    """A weekday's name; Monday is 0."""
    return format_date(date(2024, 1, 1 + weekday), "ccc" if short else "cccc", locale_for(key))


@cache
def language_name(name: str, key: str) -> str:
    """What a language is called: in the page's language where that is known, else in its own."""
    entry = languages()[name]
    known = locale_for(key).languages.get(name) if entry.formats == name else None
    return str(known or entry.name)


@cache
def language_choice(name: str, key: str) -> str:
    """A language to choose from a list, for those who know it by either name: "finska (suomi)"."""
    said, own = language_name(name, key), languages()[name].name
    return said if said == own else f"{said} ({own})"


def clock(moment: datetime | time, key: str) -> str:
    """A time of day: 9.00 in Swedish and Finnish, 9:00 in English."""
    mark = ":" if languages()[key].formats == "en" else "."
    return f"{moment.hour}{mark}{moment.minute:02d}"


def time_span(starts: datetime, ends: datetime, key: str, is_all_day: bool = False) -> str:
    """From when to when on the day, in words: "kl. 17.00–18.30", "hela dagen"."""
    _ = translator(key)
    if is_all_day:
        return _("all day")
    return _("%(start)s to %(end)s") % {"start": clock(starts, key), "end": clock(ends, key)}

"""From observances to what pages show of them. Neutral: nothing here is about who reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.core.languages import languages
from portal.core.templates import address
from portal.core.text import Localised, say
from portal.core.words import Chip, chip, day_words, month_words
from portal.events import observance_queries as queries
from portal.events.models import Event, Observance, Occurrence
from portal.events.observing import Span, is_off, is_told, nearest, spans
from portal.events.showing import Card, card, title_of

DAY = timedelta(days=1)


class Part(NamedTuple):
    """An event that is part of an observance: its next date then, and how many it has."""

    url: str
    title: str
    lang: str | None
    card: Card
    dates: int


@dataclass(frozen=True)
class Entry:
    """The days of one observance in one year; `anchor` is its place on the page, and `when` is
    `days` as the beginning of a line."""

    anchor: str
    name: str
    lang: str | None
    chip: Chip
    days: str
    when: str
    is_flag_day: bool
    texts: Localised
    link: str
    is_off: bool
    reason: str
    span: Span
    parts: list[Part] = field(default_factory=list)


class Month(NamedTuple):
    name: str
    entries: list[Entry]


class Year(NamedTuple):
    """What the page of observances shows: the months to come, and what has been this year."""

    months: list[Month]
    past: list[Entry]


def overview(today: date, zone: ZoneInfo, key: str) -> Year:
    """This year and the next, what goes on today among what comes."""
    first, last = date(today.year, 1, 1), date(today.year + 1, 12, 31)
    entries = _entries(first, last, zone, key)
    _add_parts(entries, _between(first, last, zone), today, key)
    ordered = sorted((entry for _, entry in entries), key=lambda one: one.span)
    coming = [one for one in ordered if one.span.last >= today]
    months = groupby(coming, lambda one: max(one.span.first, today).replace(day=1))
    return Year(
        [Month(_capital(month_words(month, key)), list(group)) for month, group in months],
        [one for one in ordered if one.span.last < today],
    )


def of_month(first: date, zone: ZoneInfo, key: str) -> tuple[dict[str, list[Entry]], list[Entry]]:
    """A month's days by their date (2027-04-08), and the periods that reach into it."""
    last = (first.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    days: dict[str, list[Entry]] = {}
    periods = []
    for _, entry in _entries(first, last, zone, key):
        if entry.is_off:
            continue
        if entry.span.first == entry.span.last:
            days.setdefault(entry.span.first.isoformat(), []).append(entry)
        else:
            periods.append(entry)
    return days, sorted(periods, key=lambda one: one.span)


def part_of(event: Event, key: str) -> dict[str, str | None] | None:
    """What an event is part of: name, its language and where it is told about."""
    row = queries.observance_by_id(event.observance_id)
    if row is None or row.status != "published":
        return None
    on = event.starts.date()
    year = timedelta(days=366)
    span = nearest(on, spans(row.first_on, row.last_on, row.is_annual, on - year, on + year))
    name, lang = _name(row, key)
    url = address("events.observances", _anchor=anchor(row, span) if span else None)
    return {"name": name, "lang": lang, "url": url}


def withdrawn_on(row: Observance, zone: ZoneInfo) -> date | None:
    """The day that it was withdrawn: nothing else changes a withdrawn one."""
    return row.revised_at.astimezone(zone).date() if row.status == "withdrawn" else None


def standing(row: Observance, since: date, until: date, zone: ZoneInfo) -> list[tuple[Span, bool]]:
    """The spans that people know of from `since` to `until`, and whether each is called off."""
    found = spans(row.first_on, row.last_on, row.is_annual, since, until)
    gone = withdrawn_on(row, zone)
    if gone is None:
        return [(span, False) for span in found]
    return [(span, is_off(span, gone)) for span in found if is_told(span, gone)]


def _entries(first: date, last: date, zone: ZoneInfo, key: str) -> list[tuple[Observance, Entry]]:
    return [
        (row, _entry(row, span, off, key))
        for row in queries.told()
        for span, off in standing(row, first, last, zone)
    ]


def _entry(row: Observance, span: Span, off: bool, key: str) -> Entry:
    name, lang = _name(row, key)
    return Entry(
        anchor=anchor(row, span),
        name=name,
        lang=lang,
        chip=chip(span.first, key),
        days=days_words(span, key),
        when=_capital(days_words(span, key)),
        is_flag_day=row.is_flag_day and not off,
        texts=row.texts,
        link=row.link,
        is_off=off,
        reason=row.answer_note if off else "",
        span=span,
    )


def _name(row: Observance, key: str) -> tuple[str, str | None]:
    name, found = say(row.names, languages()[key].chain)
    return name, None if found == key else languages()[found].tag


def anchor(row: Observance, span: Span) -> str:
    """Where a page tells about the days of one year."""
    return f"{row.slug}-{span.year}"


def next_words(row: Observance, today: date, key: str) -> str:
    """When it is next, or when it was if that has passed, with the year."""
    days = row.first_on, row.last_on, row.is_annual
    found = spans(*days, max(today, row.first_on), today.replace(year=today.year + 9, day=1))
    return days_words((found or spans(*days, row.first_on, row.last_on))[0], key, with_year=True)


def days_words(span: Span, key: str, with_year: bool = False) -> str:
    """ "torsdag 8 april"; a period from day to day, with years when it crosses a new one."""
    with_year = with_year or span.first.year != span.last.year
    first = day_words(span.first, key, with_year)
    if span.first == span.last:
        return first
    return f"{first} – {day_words(span.last, key, with_year)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _between(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + DAY))
    return since.astimezone(UTC), until.astimezone(UTC)


def _add_parts(
    entries: list[tuple[Observance, Entry]],
    between: tuple[datetime, datetime],
    today: date,
    key: str,
) -> None:
    """Gives every date of an event to the year that is nearest to it."""
    years: dict[int, dict[Span, Entry]] = {}
    for observance, entry in entries:
        years.setdefault(observance.id, {})[entry.span] = entry
    dates: dict[tuple[int, Span, int], list[Occurrence]] = {}
    for row in queries.dates_of(list(years), *between):
        wanted = row.event.observance_id or 0
        span = nearest(row.on, years[wanted])
        if span is not None:
            dates.setdefault((wanted, span, row.event_id), []).append(row)
    for (wanted, span, _), rows in dates.items():
        years[wanted][span].parts.append(_part(rows, today, key))


def _part(rows: list[Occurrence], today: date, key: str) -> Part:
    shown = next((row for row in rows if row.on >= today), rows[0])
    url = address("events.event", slug=shown.event.slug)
    return Part(url, *title_of(shown.event, key), card(shown, key), len(rows))

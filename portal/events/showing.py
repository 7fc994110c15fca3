"""From events and dates to what pages show of them. Hides what an event hides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.core.clock import now
from portal.core.kept import while_unchanged
from portal.core.languages import languages
from portal.core.templates import address
from portal.core.text import say
from portal.core.words import (
    Chip,
    chip,
    clock,
    day_words,
    language_name,
    month_words,
    time_span,
    translator,
    weekday_words,
)
from portal.events.clashing import Clash
from portal.events.dropin import Said
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Series, clock_trouble, wall
from portal.events.said import shown_of
from portal.events.words import ages, said_words
from portal.places.words import place_name

ICONS = {"children": "preschool", "support": "rights", "housing": "home"}


@dataclass(frozen=True, eq=False)
class Card:
    """One date in a list, in words of one language; `lang` when the title is in another.

    Compared by identity: `card` answers the same one as long as nothing changes.
    """

    url: str
    title: str
    lang: str | None
    icon: str
    chip: Chip
    when: str
    iso: str
    place: str
    tags: tuple[tuple[str, str], ...]
    status: str | None
    status_text: str
    time: str
    said: tuple[str, str, str] | None = None


def moment_words(at: datetime, zone: str, key: str) -> str:
    """An instant as day and time in a zone: "fredag 20 november 9.05"."""
    local = wall(at, zone)
    return f"{day_words(local.date(), key)} {clock(local, key)}"


def cards(rows: Iterable[Occurrence], key: str) -> list[Card]:
    """The dates of a list, in its order, with what hosts say of them at this moment."""
    rows = list(rows)
    said = shown_of(rows, now())
    return [card(row, key, said.get(row.id)) for row in rows]


def card(row: Occurrence, key: str, said: Said | None = None) -> Card:
    """One date; needs its event, kind, unit and place loaded. Kept while nothing changes.

    What a host says ends by the clock, so it is asked for each time: there is a card with it
    and one without.
    """
    return while_unchanged(("card", row.id, key, said), lambda: _card(row, key, said))


def _card(row: Occurrence, key: str, said: Said | None) -> Card:
    event = row.event
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    title, lang = title_of(row, key)
    status, status_text = state_of(row, key)
    return Card(
        url=address("events.one_date", slug=event.slug, key=row.key),
        title=title,
        lang=lang,
        icon=ICONS.get(event.kind.group, event.kind.group),
        chip=chip(starts.date(), key),
        when=when_words(starts, ends, key, event.is_all_day),
        iso=starts.isoformat(timespec="minutes"),
        place=place_words(row, key),
        tags=tuple(_tags(event, key)) if status != "cancelled" else (),
        status=status,
        status_text=status_text,
        time="" if event.is_all_day else clock(starts, key),
        said=said_words(said, event.zone, key) if said else None,
    )


def title_of(shown: Event | Occurrence, key: str) -> tuple[str, str | None]:
    """The title of an event, or of a date that has its own, and its `lang` tag when it is not
    in the page's language."""
    texts = shown.titles
    if isinstance(shown, Occurrence) and not texts:
        texts = shown.event.titles
    title, found = say(texts, languages()[key].chain)
    return title, None if found == key else languages()[found].tag


def when_words(
    starts: datetime, ends: datetime, key: str, is_all_day: bool, with_year: bool = False
) -> str:
    """The date and its times: "Onsdag 25 november kl. 17.00–18.30"; several days as a span."""
    last = ends - timedelta(days=1) if is_all_day else ends
    first_day = day_words(starts.date(), key, with_year)
    first_day = first_day[:1].upper() + first_day[1:]
    if last.date() > starts.date() and (is_all_day or ends - starts > timedelta(hours=16)):
        return f"{first_day} – {day_words(last.date(), key, with_year)}"
    return f"{first_day} {time_span(starts, ends, key, is_all_day)}"


def place_words(shown: Event | Occurrence, key: str) -> str:
    """Where an event or one of its dates is, or that one has to ask."""
    _ = translator(key)
    if shown.hides_place:
        return _("Call to hear where it is")
    if shown.place is not None:
        return place_name(shown.place, key)
    if isinstance(shown, Occurrence):
        return shown.where or shown.event.unit.name
    return shown.elsewhere or shown.unit.name


def is_altered(row: Occurrence) -> bool:
    """Whether a date differs from its series in time, place or title."""
    is_moved = wall(row.starts_at, row.event.zone) != row.recurrence_id
    return is_moved or row.is_elsewhere or bool(row.titles)


def state_of(row: Occurrence, key: str) -> tuple[str | None, str]:
    """What differs from the ordinary, as a code and a word."""
    _ = translator(key)
    if row.status == "cancelled":
        return "cancelled", _("Cancelled")
    if wall(row.starts_at, row.event.zone) != row.recurrence_id:
        return "moved", _("New time")
    if row.is_elsewhere:
        return "moved", _("New place")
    if row.event.is_preliminary:
        return "waits", _("Preliminary")
    return None, ""


def _tags(event: Event, key: str) -> Iterable[tuple[str, str]]:
    _ = translator(key)
    yield say(event.kind.names, languages()[key].chain)[0], "plain"
    span = ages(event.age_from, event.age_to, event.age_unit, key)
    if span:
        yield span, "plain"
    others = [language_name(name, key) for name in event.languages if name in languages()]
    if others and event.languages != ("sv",):
        yield ", ".join(others), "info"
    if event.sign_up != "none" and event.status != "cancelled":
        yield _("Sign up first"), "warn"


def month(rows: list[Occurrence], first: date, today: date, key: str) -> dict[str, Any]:
    """A month for the month table: whole weeks, Monday first, each day with its dates."""
    by_day: dict[date, list[Card]] = {}
    for row, one in zip(rows, cards(rows, key), strict=True):
        by_day.setdefault(row.on, []).append(one)
    start = first - timedelta(days=first.weekday())
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    weeks = []
    while start < following:
        weeks.append([_day(start + timedelta(days=n), first, today, by_day, key) for n in range(7)])
        start += timedelta(days=7)
    caption = month_words(first, key)
    return {
        "words": caption,
        "caption": caption[:1].upper() + caption[1:],
        "weekdays": [(weekday_words(n, key), weekday_words(n, key, short=True)) for n in range(7)],
        "weeks": weeks,
        "count": len(rows),
        # Where "Go to today" leads: the first day from today on with something on it.
        "anchor": next((day.isoformat() for day in sorted(by_day) if day >= today), ""),
    }


def date_row(
    start: datetime,
    series: Series,
    out: dict[datetime, dict[str, str]],
    key: str,
    clash: Clash | None = None,
) -> dict[str, Any]:
    """One date that a form makes, for the date list: kept or left out, and why."""
    _ = translator(key)
    reason = say(out.get(start, {}), languages()[key].chain)[0]
    is_out = start in out
    ends = start + series.length
    trouble = not is_out and not series.is_all_day and clock_trouble(start, series.zone)
    return {
        "value": start.date().isoformat(),
        "iso": start.isoformat(timespec="minutes"),
        "text": day_words(start.date(), key, with_year=True),
        "time": time_span(start, ends, key, series.is_all_day),
        "state": "off" if is_out else _row_state(bool(trouble), clash),
        "state_text": reason
        or (_("Left out") if is_out else _("Clocks change") if trouble else _row_word(clash, _)),
        "note": clash.words if clash and not is_out else None,
        "checked": is_out,
    }


def _row_state(trouble: bool, clash: Clash | None) -> str:
    if trouble or (clash and clash.is_hard):
        return "clash"
    return "shared" if clash else "on"


def _row_word(clash: Clash | None, tr: Callable[[str], str]) -> str:
    if clash is None:
        return tr("Planned")
    return tr("Does not fit") if clash.is_hard else tr("In the house then")


def _day(
    day: date, first: date, today: date, by_day: dict[date, list[Card]], key: str
) -> dict[str, Any]:
    return {
        "iso": day.isoformat(),
        "number": day.day,
        "week": day.isocalendar().week,
        "label": day_words(day, key),
        "in_month": day.month == first.month,
        "is_today": day == today,
        "events": by_day.get(day, []) if day.month == first.month else [],
    }

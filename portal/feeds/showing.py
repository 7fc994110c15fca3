"""From an event to its text in a feed, in one language. Hides what the event hides."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from portal.core.languages import catalogue_mark, languages
from portal.core.sealing import digest
from portal.core.text import say
from portal.core.words import day_words, time_span, translator
from portal.events.models import Event, Occurrence
from portal.events.queries import series_of
from portal.events.recurrence import Dated, Series, crosses_clock_change, expand, wall
from portal.events.words import ages, sign_up_words
from portal.feeds.ics import Entry, Override, Words, vevents
from portal.places.words import address, place_name

STATUS = {"confirmed": "CONFIRMED", "cancelled": "CANCELLED"}


def render(event: Event, language: str, base_url: str) -> bytes:
    """The event's VEVENTs in one language."""
    return vevents(entry(event, language, base_url))


def entry(event: Event, language: str, base_url: str) -> Entry:
    """The event as plain values, with an override for each date that differs.

    An event that happens once is written as its one date stands now: a RECURRENCE-ID without
    a rule would show it twice in some calendars.
    """
    series = series_of(event)
    alone = event.occurrences[0] if series.rule is None and event.occurrences else None
    if alone is not None:
        starts, ends = wall(alone.starts_at, event.zone), wall(alone.ends_at, event.zone)
        series = replace(series, starts=starts, ends=ends)
    status = _status(event, alone)
    return Entry(
        uid=event.uid,
        sequence=event.sequence,
        created_at=event.created_at,
        revised_at=event.revised_at,
        series=series,
        status=status,
        words=_words(event, language, base_url, status, alone),
        language=_tag(event, language),
        url=event_url(event, language, base_url),
        categories=(say(event.kind.names, languages()[language].chain)[0],),
        contact=_contact(event),
        overrides=() if alone else tuple(_overrides(event, series, language, base_url)),
    )


def _overrides(event: Event, series: Series, language: str, base_url: str) -> list[Override]:
    expected = {dated.recurrence_id: dated for dated in expand(series)}
    return [
        override(event, row, language, base_url)
        for row in sorted(event.occurrences, key=lambda row: row.recurrence_id)
        if _differs(row, expected.get(row.recurrence_id), event, series)
    ]


def _differs(row: Occurrence, dated: Dated | None, event: Event, series: Series) -> bool:
    return (
        _status(event, row) != _status(event)
        or row.is_override
        or row.note not in ({}, event.reason)
        or (dated is not None and series.rule is not None and crosses_clock_change(dated, series))
    )


def override(event: Event, row: Occurrence, language: str, base_url: str) -> Override:
    """One date as it stands now."""
    status = _status(event, row)
    return Override(
        recurrence_id=row.recurrence_id,
        starts=wall(row.starts_at, event.zone),
        ends=wall(row.ends_at, event.zone),
        status=status,
        words=_words(event, language, base_url, status, row),
    )


def _status(event: Event, row: Occurrence | None = None) -> str:
    """RFC 5545's STATUS. A series is cancelled when all of its dates are: otherwise those that
    have been would be called off afterwards, and each date left says it for itself."""
    rows = event.occurrences if row is None else [row]
    if all(one.status == "cancelled" for one in rows):
        return "CANCELLED"
    return "TENTATIVE" if event.is_preliminary else "CONFIRMED"


def _tag(event: Event, language: str) -> str:
    """The `LANGUAGE` parameter: what the title is really in."""
    return languages()[say(event.titles, languages()[language].chain)[1]].tag


def _words(
    event: Event, language: str, base_url: str, status: str, row: Occurrence | None
) -> Words:
    _ = translator(language)
    chain = languages()[language].chain
    title, text = say(event.titles, chain)[0], say(event.texts, chain)[0]
    parts = [text, *_facts(event, language, status)]
    if row is not None and row.is_override and row.status == "confirmed":
        parts.insert(0, _moved(event, row, language))
    reason = event.reason if status == "CANCELLED" else {}
    note = say(row.note if row is not None and row.note else reason, chain)[0]
    if note:
        parts.insert(0, note)
    if status == "CANCELLED":
        # First in title and text as well: clients that ignore STATUS still show it.
        title = f"{_('CANCELLED')}: {title}"
        parts.insert(0, _("CANCELLED"))
    elif status == "TENTATIVE":
        title = f"{_('PRELIMINARY')}: {title}"
    parts.append(event_url(event, language, base_url))
    place, geo = _where(event, language)
    return Words(title, "\n\n".join(part for part in parts if part), place, geo)


def _moved(event: Event, row: Occurrence, language: str) -> str:
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    if starts == row.recurrence_id:
        return ""
    _ = translator(language)
    when = f"{day_words(starts.date(), language)} {time_span(starts, ends, language)}"
    return _("New time: %(when)s") % {"when": when}


def _facts(event: Event, language: str, status: str) -> list[str]:
    """Age, hosts, cost and sign-up, a line each.

    Whom it is directed to stays on the page: a calendar is read over somebody's shoulder.
    """
    _ = translator(language)
    chain = languages()[language].chain
    lines = [ages(event.age_from, event.age_to, event.age_unit, language)]
    # Who receives people can tell where it is.
    shown = (event.cost,) if event.hides_place else (event.host_note, event.cost)
    lines += [say(texts, chain)[0] for texts in shown]
    if status != "CANCELLED":
        lines.append(sign_up_words(event.sign_up, event.sign_up_link, event.phone, language))
    if not event.hides_place and event.co_hosts:
        hosts = ", ".join([event.unit.name, *(unit.name for unit in event.co_hosts)])
        lines.append(_("Hosts: %(hosts)s") % {"hosts": hosts})
    return ["\n".join(line for line in lines if line)]


def _where(event: Event, language: str) -> tuple[str, tuple[float, float] | None]:
    _ = translator(language)
    if event.hides_place:
        if event.phone:
            return _("Call %(phone)s to hear where it is") % {"phone": event.phone}, None
        return _("Ask us where it is"), None
    place = event.place
    if place is None:
        return event.elsewhere or event.unit.name, None
    parts = [place_name(place, language), address(place)]
    geo = (place.lat, place.lon) if place.lat is not None and place.lon is not None else None
    return ", ".join(part for part in parts if part), geo


def _contact(event: Event) -> str:
    if event.hides_place:
        return event.phone
    return ", ".join(part for part in (event.unit.name, event.phone or event.unit.phone) if part)


def event_url(event: Event, language: str, base_url: str) -> str:
    """The event's page in a language, as an absolute address."""
    prefix = "" if language == "sv" else f"/{language}"
    return f"{base_url}{prefix}/events/{event.slug}"


def stamp(language: str, base_url: str) -> str:
    """What stored texts depend on besides the events' revisions: the words around them.

    Changes when the software says things differently, so that old texts are not served.
    """
    return digest(f"{catalogue_mark(language)}\n{base_url}")[:16]


def calendar_uid(scope: str, language: str) -> str:
    """A calendar's own UID (RFC 7986 5.3): the same for a scope for ever."""
    return hashlib.sha256(f"{scope}.{language}".encode()).hexdigest()[:32]

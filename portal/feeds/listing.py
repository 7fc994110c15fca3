"""Feeds as lists: Atom, an entry for each event, and JSON, a line for each date."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.words import chosen, translator
from portal.events.models import Event, Occurrence
from portal.events.recurrence import instant, wall
from portal.events.showing import when_words
from portal.feeds import observances, queries
from portal.feeds.atom import AtomEntry, AtomFeed, atom
from portal.feeds.facts import DateFacts, EventFacts
from portal.feeds.queries import Scope, feed_path
from portal.feeds.reading import dates_told, events_told
from portal.feeds.showing import Teller, calendar_uid
from portal.feeds.words import feed_description, feed_name, page_path
from portal.places.words import address, place_name
from portal.units import queries as units

if TYPE_CHECKING:
    from portal.places.models import Place

JSON_VERSION = 1
# A city's whole year would be tens of megabytes; a unit's own page asks for its own dates.
MOST_DATES = 1000
NEXT_DATES = 3


def news(scope: Scope, key: str, base_url: str) -> bytes:
    """Atom: an entry for each event, newest change first."""
    site, today, zone = units.municipality(), units.today(), units.zone()
    feed = AtomFeed(
        uid=calendar_uid(scope.key, key),
        title=feed_name(scope, site, key),
        subtitle=feed_description(scope, site, key),
        language=languages()[key].tag,
        author=chosen(site.names, key),
        page=base_url + page_path(scope, key),
        address=base_url + feed_path(scope, key, "atom"),
        updated=queries.changed_at(today, zone),
    )
    if scope.name == queries.OBSERVANCES:
        days = observances.entries(key, base_url, today, zone)
        return atom(feed, [observances.as_atom(day, key) for day in days])
    query = queries.selection(scope, today, zone).order_by(Event.revised_at.desc(), Event.id)
    events = events_told(db.session.scalars(query.with_only_columns(Event.id)))
    coming: dict[int, list[DateFacts]] = {}
    shown = queries.next_dates(scope, today, zone, NEXT_DATES)
    for event, row in dates_told(shown, NEXT_DATES * len(events), events):
        coming.setdefault(event.id, []).append(row)
    teller = Teller(key, base_url)
    return atom(feed, [_entry(teller, event, coming.get(event.id, [])) for event in events])


def _entry(teller: Teller, event: EventFacts, coming: list[DateFacts]) -> AtomEntry:
    status = teller.status(event)
    return AtomEntry(
        uid=event.uid,
        title=teller.title(event, status, None),
        language=teller.tag(event.titles),
        page=teller.pages + event.slug,
        summary="\n\n".join(part for part in _summary(teller, event, coming) if part),
        updated=event.revised_at,
        category=(event.kind.slug, teller.kind(event)),
    )


def _summary(teller: Teller, event: EventFacts, coming: list[DateFacts]) -> list[str]:
    """Whether it is held, when next, where, and what happens."""
    _ = translator(teller.language)
    dates = [_next(teller, event, row) for row in coming]
    return [
        teller.note(event, teller.status(event), None),
        "\n".join(dates) or _("There are no more dates."),
        teller.where(event, None)[0],
        teller.say(event.texts),
    ]


def _next(teller: Teller, event: EventFacts, row: DateFacts) -> str:
    """One date in words, and how it differs."""
    _, status = translator(teller.language), teller.status(event, row)
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    words = [when_words(starts, ends, teller.language, event.is_all_day)]
    if status == "CANCELLED":
        words.append(_("Cancelled"))
    elif _is_moved(event, row):
        words.append(_("New time"))
    elif status == "TENTATIVE":
        words.append(_("Preliminary"))
    if status != "CANCELLED" and row.is_elsewhere:
        words.append(_("New place: %(where)s") % {"where": teller.where(event, row)[0]})
    words.append(teller.note(event, status, row))
    return ". ".join(word.removesuffix(".") for word in words if word) + "."


def _is_moved(event: EventFacts, row: DateFacts) -> bool:
    return row.is_override and wall(row.starts_at, event.zone) != row.recurrence_id


def dates(scope: Scope, key: str, base_url: str) -> bytes:
    """JSON: the dates in the window, soonest first, for a unit's own pages."""
    site, today, zone = units.municipality(), units.today(), units.zone()
    teller, is_whole = Teller(key, base_url), True
    if scope.name == queries.OBSERVANCES:
        days = observances.entries(key, base_url, today, zone)
        lines = [observances.as_date(day) for day in days]
    else:
        found, is_whole = _dates(scope, today, zone)
        lines = [_date(teller, event, row) for event, row in found]
    answer = {
        "version": JSON_VERSION,
        "name": feed_name(scope, site, key),
        "language": languages()[key].tag,
        "updated": queries.changed_at(today, zone).isoformat(),
        "page": base_url + page_path(scope, key),
        "complete": is_whole,
        "dates": lines,
    }
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()


def _dates(
    scope: Scope, today: date, zone: ZoneInfo
) -> tuple[list[tuple[EventFacts, DateFacts]], bool]:
    """The dates of the window, and whether all of them: what has been is left out first."""
    shown, midnight = queries.dates_shown(scope, today, zone), queries.midnight(today, zone)
    coming = dates_told(shown.where(Occurrence.ends_at > midnight), MOST_DATES + 1)
    if len(coming) > MOST_DATES:
        return coming[:MOST_DATES], False
    room, known = MOST_DATES - len(coming), [event for event, _ in coming]
    been = shown.where(Occurrence.ends_at <= midnight)
    past = dates_told(been, room + 1, known, is_latest=True)
    return [*past[:room][::-1], *coming], len(past) <= room


def _date(teller: Teller, event: EventFacts, row: DateFacts) -> dict[str, Any]:
    """One date, flat; docs/feeds.md says what each field means."""
    status, is_moved = teller.status(event, row), _is_moved(event, row)
    is_hidden, titles = teller.hides(event, row), row.titles or event.titles
    ends = row.ends_at - timedelta(days=1) if event.is_all_day else row.ends_at
    page = f"{teller.pages}{event.slug}/{row.key}"
    hosts = [] if is_hidden else [event.unit, *event.co_hosts]
    ages = {"from": event.age_from, "to": event.age_to, "unit": event.age_unit}
    original = _moment(instant(row.recurrence_id, event.zone), event)
    return {
        "id": f"{event.uid}-{row.recurrence_id:%Y%m%dT%H%M}",
        "event": event.uid,
        "title": teller.say(titles),
        "language": teller.tag(titles),
        "text": teller.say(event.texts),
        "starts": _moment(row.starts_at, event),
        "ends": _moment(ends, event),
        "all_day": event.is_all_day,
        "status": {"CANCELLED": "cancelled", "TENTATIVE": "preliminary"}.get(status, "confirmed"),
        "moved": is_moved,
        "original_start": original if is_moved else None,
        "note": teller.note(event, status, row),
        "where": teller.where(event, row)[0],
        "place": None if is_hidden else _place(teller, event, row),
        "hosts": [unit.name for unit in hosts],
        "kind": {"key": event.kind.slug, "name": teller.kind(event)},
        "languages": event.languages.split(),
        "audiences": event.audiences.split(),
        "ages": ages if event.age_from is not None or event.age_to is not None else None,
        "cost": teller.say(event.cost),
        "sign_up": "" if status == "CANCELLED" else teller.sign_up(event, row),
        "url": page,
        "ics": f"{page}.ics",
    }


def _place(teller: Teller, event: EventFacts, row: DateFacts) -> dict[str, Any]:
    own = row if row.is_elsewhere else event
    if own.place is None:
        name = own.elsewhere or event.unit.name
        return {"name": name, "address": "", "lat": None, "lon": None}
    told = cast("Place", own.place)
    return {
        "name": place_name(told, teller.language),
        "address": address(told),
        "lat": told.lat,
        "lon": told.lon,
    }


def _moment(at: datetime, event: EventFacts) -> str:
    """An instant as the clock on the wall there shows it, or the day of whole days."""
    local = at.astimezone(ZoneInfo(event.zone))
    return local.date().isoformat() if event.is_all_day else local.isoformat()

"""From observances to their texts in a feed, in one language.

Each year's days are an event of their own, without a rule: a year that is withdrawn or moved
leaves the others alone, and 29 February needs no rule that clients read differently. A feed
says what is marked and when, and never for whom a day is or who proposed it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from portal.core.languages import languages, prefix
from portal.core.text import say
from portal.core.words import translator
from portal.events.models import Observance
from portal.events.observance_queries import told
from portal.events.observance_showing import anchor, standing
from portal.events.observing import Span
from portal.events.recurrence import Series
from portal.feeds.atom import AtomEntry
from portal.feeds.ics import Entry, Words, vevents
from portal.feeds.window import DAYS_AHEAD, DAYS_BACK

DAY = timedelta(days=1)


def entries(language: str, base_url: str, today: date, zone: ZoneInfo) -> list[Entry]:
    """The days of every observance from 60 days back to 12 months ahead, earliest first."""
    since, until = today - DAYS_BACK * DAY, today + (DAYS_AHEAD - 1) * DAY
    found = [(span, row, off) for row in told() for span, off in standing(row, since, until, zone)]
    found.sort(key=lambda one: (one[0], one[1].id))
    return [_entry(row, span, off, language, base_url, zone) for span, row, off in found]


def bodies(
    language: str, base_url: str, today: date, zone: ZoneInfo
) -> tuple[list[bytes], list[str]]:
    """The same as VEVENTs, and the zones that they need: whole days need none."""
    return [vevents(entry) for entry in entries(language, base_url, today, zone)], []


def as_atom(entry: Entry, language: str) -> AtomEntry:
    """The same for Atom, whose ids are UUIDs."""
    return AtomEntry(
        uid=str(uuid5(NAMESPACE_URL, entry.uid)),
        title=entry.words.summary,
        language=entry.language,
        page=entry.url,
        summary=entry.words.description,
        updated=entry.revised_at,
        category=("observance", translator(language)("Observances")),
    )


def as_date(entry: Entry) -> dict[str, object]:
    """The same as a line of JSON: what a day has no such thing for is left out."""
    last = entry.series.ends - DAY
    return {
        "id": entry.uid,
        "event": entry.uid,
        "title": entry.words.summary,
        "language": entry.language,
        "text": entry.words.description,
        "starts": entry.series.starts.date().isoformat(),
        "ends": last.date().isoformat(),
        "all_day": True,
        "status": entry.status.lower(),
        "url": entry.url,
    }


def _entry(
    row: Observance, span: Span, off: bool, language: str, base_url: str, zone: ZoneInfo
) -> Entry:
    _ = translator(language)
    url = f"{base_url}{prefix(language)}/observances#{anchor(row, span)}"
    return Entry(
        uid=f"{row.uid}-{span.year}",
        sequence=row.sequence,
        created_at=row.created_at,
        revised_at=row.revised_at,
        # DTEND is the day after the last one (RFC 5545 3.6.1).
        series=Series(
            datetime.combine(span.first, time()),
            datetime.combine(span.last + DAY, time()),
            str(zone),
            is_all_day=True,
        ),
        status="CANCELLED" if off else "CONFIRMED",
        words=_words(row, off, url, language),
        language=languages()[say(row.names, languages()[language].chain)[1]].tag,
        url=url,
        categories=(_("Flag day"),) if row.is_flag_day else (),
    )


def _words(row: Observance, off: bool, url: str, language: str) -> Words:
    _ = translator(language)
    chain = languages()[language].chain
    name, text = say(row.names, chain)[0], say(row.texts, chain)[0]
    parts = [_("Flag day") if row.is_flag_day and not off else "", text, row.link, url]
    if off:
        # First in the name and text as well: clients that ignore STATUS still show it.
        name = f"{_('CANCELLED')}: {name}"
        parts = [_("CANCELLED"), row.answer_note, *parts]
    return Words(name, "\n\n".join(part for part in parts if part))

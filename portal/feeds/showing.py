"""From an event to its text in a feed, in one language. Hides what the event hides."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, cast

from portal.core.languages import catalogue_mark, languages, prefix
from portal.core.sealing import digest
from portal.core.text import Localised, say
from portal.core.words import day_words, time_span, translator
from portal.events.recurrence import Dated, Series, crosses_clock_change, instant, wall
from portal.events.words import ages, sign_up_words
from portal.feeds.facts import DateFacts, EventFacts, PlaceFacts
from portal.feeds.ics import Entry, Override, Words, vevents
from portal.places.words import address, place_name

if TYPE_CHECKING:
    from portal.places.models import Place

# Raised when the software says of the same event something else than before.
FORMAT = 2

T = TypeVar("T")
Where = tuple[str, tuple[float, float] | None]


class Teller:
    """Tells events in one language. `is_host` is for the hosts' own calendar: nothing is hidden
    from them, and what is not published yet says so."""

    def __init__(self, language: str, base_url: str, *, is_host: bool = False) -> None:
        self.language, self.is_host = language, is_host
        self.chain = languages()[language].chain
        self.pages = f"{base_url}{prefix(language)}/events/"
        self._ = translator(language)
        self._known: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` answers, made once for this teller: few words stand in many events."""
        if key not in self._known:
            self._known[key] = make()
        return cast(T, self._known[key])

    def say(self, texts: Localised) -> str:
        return say(texts, self.chain)[0]

    def render(self, event: EventFacts) -> bytes:
        """The event's VEVENTs."""
        return vevents(self.entry(event))

    def entry(self, event: EventFacts) -> Entry:
        """The event as a calendar writes it, with an override for each date that differs.

        An event that happens once is written as its one date stands now: a RECURRENCE-ID
        without a rule would show it twice in some calendars.
        """
        zone, exdates = event.zone, frozenset(event.exdates)
        series = Series(event.starts, event.ends, zone, event.is_all_day, exdates=exdates)
        alone = event.dates[0] if event.dates and not event.rrule else None
        if alone is not None:
            starts, ends = wall(alone.starts_at, zone), wall(alone.ends_at, zone)
            series = replace(series, starts=starts, ends=ends)
        status = self.status(event, alone)
        return Entry(
            uid=event.uid,
            sequence=event.sequence,
            created_at=event.created_at,
            revised_at=event.revised_at,
            series=series,
            status=status,
            words=self._words(event, status, alone),
            language=self.tag(event.titles),
            url=self.pages + event.slug,
            categories=(self.kind(event),),
            contact=self._contact(event, alone),
            overrides=tuple(self._overrides(event, series)) if event.rrule else (),
            rrule=event.rrule,
        )

    def _overrides(self, event: EventFacts, series: Series) -> list[Override]:
        return [
            self.override(event, row) for row in event.dates if self._differs(event, row, series)
        ]

    def _differs(self, event: EventFacts, row: DateFacts, series: Series) -> bool:
        return (
            (row.status == "cancelled") != event.is_off
            or row.is_override
            or row.is_elsewhere
            or bool(row.titles or row.sign_up_link)
            or row.note not in ({}, event.reason)
            or _crosses(row.recurrence_id, series)
        )

    def override(self, event: EventFacts, row: DateFacts) -> Override:
        """One date as it stands now."""
        status = self.status(event, row)
        return Override(
            recurrence_id=row.recurrence_id,
            starts=wall(row.starts_at, event.zone),
            ends=wall(row.ends_at, event.zone),
            status=status,
            words=self._words(event, status, row),
            contact=self._contact(event, row),
        )

    def status(self, event: EventFacts, row: DateFacts | None = None) -> str:
        """RFC 5545's STATUS. A series is cancelled when all of its dates are: otherwise those
        that have been would be called off afterwards, and each date left says it for itself."""
        if event.is_off if row is None else row.status == "cancelled":
            return "CANCELLED"
        is_open = event.is_preliminary or event.status in ("draft", "waiting")
        return "TENTATIVE" if is_open else "CONFIRMED"

    def kind(self, event: EventFacts) -> str:
        return self.once(("kind", event.kind.id), lambda: self.say(event.kind.names))

    def tag(self, titles: Localised) -> str:
        """The `LANGUAGE` parameter: what the title is really in."""
        return languages()[say(titles, self.chain)[1]].tag

    def title(self, event: EventFacts, status: str, row: DateFacts | None) -> str:
        """The title, and before it what clients that ignore STATUS would not show."""
        title = self.say(row.titles if row is not None and row.titles else event.titles)
        word = ""
        if event.status == "draft":
            word = self._("DRAFT")
        elif event.status == "waiting":
            word = self._("WAITING FOR AN ANSWER")
        elif status == "CANCELLED":
            word = self._("CANCELLED")
        elif status == "TENTATIVE":
            word = self._("PRELIMINARY")
        return f"{word}: {title}" if word else title

    def _words(self, event: EventFacts, status: str, row: DateFacts | None) -> Words:
        (place, geo), first, moved = self.where(event, row), "", ""
        if status == "CANCELLED":
            first = self._("CANCELLED")
        elif row is not None:
            first = self._("New place: %(where)s") % {"where": place} if row.is_elsewhere else ""
            moved = self.moved(event, row)
        note, facts = self.note(event, status, row), self._facts(event, status, row)
        parts = [first, note, moved, self.say(event.texts), facts, self.pages + event.slug]
        return Words(
            self.title(event, status, row),
            "\n\n".join(part for part in parts if part),
            place,
            geo,
            self.tag(row.titles) if row is not None and row.titles else "",
        )

    def note(self, event: EventFacts, status: str, row: DateFacts | None) -> str:
        """The line about a change, or why it is cancelled."""
        reason = event.reason if status == "CANCELLED" else {}
        return self.say(row.note if row is not None and row.note else reason)

    def moved(self, event: EventFacts, row: DateFacts) -> str:
        """When a date is instead, if it was moved."""
        starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
        if not row.is_override or starts == row.recurrence_id:
            return ""
        when = time_span(starts, ends, self.language)
        when = f"{day_words(starts.date(), self.language)} {when}"
        return self._("New time: %(when)s") % {"when": when}

    def _facts(self, event: EventFacts, status: str, row: DateFacts | None) -> str:
        """Age, hosts, cost and sign-up, a line each.

        Whom it is directed to stays on the page: a calendar is read over somebody's shoulder.
        """
        is_hidden = self.hides(event, row)
        lines = [self.ages(event)]
        # Who receives people can tell where it is.
        lines += (
            [self.say(event.cost)]
            if is_hidden
            else [self.say(event.host_note), self.say(event.cost)]
        )
        if status != "CANCELLED":
            lines.append(self.sign_up(event, row))
        if not is_hidden and event.co_hosts:
            hosts = ", ".join([event.unit.name, *(unit.name for unit in event.co_hosts)])
            lines.append(self._("Hosts: %(hosts)s") % {"hosts": hosts})
        return "\n".join(line for line in lines if line)

    def ages(self, event: EventFacts) -> str:
        span = (event.age_from, event.age_to, event.age_unit)
        return self.once(("ages", *span), lambda: ages(*span, self.language))

    def sign_up(self, event: EventFacts, row: DateFacts | None) -> str:
        own = row.sign_up_link if row is not None else ""
        how = (event.sign_up, own or event.sign_up_link, event.phone)
        key = how if event.sign_up != "none" else ("none",)
        return self.once(("sign up", *key), lambda: sign_up_words(*how, self.language))

    def hides(self, event: EventFacts, row: DateFacts | None) -> bool:
        """Whether a date, or the event, keeps quiet about where, and who could tell where."""
        own = row.place if row is not None else None
        is_hidden = event.hides_place or (own is not None and own.visibility != "public")
        return is_hidden and not self.is_host

    def where(self, event: EventFacts, row: DateFacts | None) -> Where:
        """Where it is in words, and the position if that may be known."""
        if self.hides(event, row):
            if event.phone:
                return self._("Call %(phone)s to hear where it is") % {"phone": event.phone}, None
            return self._("Ask us where it is"), None
        own = row if row is not None and row.is_elsewhere else event
        place = own.place
        if place is None:
            return own.elsewhere or event.unit.name, None
        return self.once(("place", place.id), lambda: self._place(place))

    def _place(self, place: PlaceFacts) -> Where:
        # The same fields as a place has, without the rest of it.
        told = cast("Place", place)
        parts = [place_name(told, self.language), address(told)]
        geo = (place.lat, place.lon) if place.lat is not None and place.lon is not None else None
        return ", ".join(part for part in parts if part), geo

    def _contact(self, event: EventFacts, row: DateFacts | None) -> str:
        if self.hides(event, row):
            return event.phone
        return ", ".join(p for p in (event.unit.name, event.phone or event.unit.phone) if p)


def _crosses(start: datetime, series: Series) -> bool:
    if series.is_all_day:
        return False
    ends = instant(start + series.length, series.zone)
    return crosses_clock_change(Dated(start, instant(start, series.zone), ends), series)


def stamp(language: str, base_url: str) -> str:
    """What stored texts depend on besides the events' revisions: the words around them.

    Changes when the software says things differently, so that old texts are not served.
    """
    return digest(f"{FORMAT}\n{catalogue_mark(language)}\n{base_url}")[:16]


def calendar_uid(scope: str, language: str) -> str:
    """A calendar's own UID (RFC 7986 5.3): the same for a scope for ever."""
    return hashlib.sha256(f"{scope}.{language}".encode()).hexdigest()[:32]

"""What feeds know of events, their dates and places: plain values. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from portal.core.text import Localised


@dataclass(frozen=True, slots=True)
class UnitFacts:
    id: int
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place as far as a calendar tells it; see Place for the meaning."""

    id: int
    visibility: str
    is_premises: bool
    names: Localised
    street: str
    postcode: str
    locality: str
    lat: float | None
    lon: float | None
    unit: UnitFacts


@dataclass(frozen=True, slots=True)
class KindFacts:
    id: int
    slug: str
    names: Localised


@dataclass(frozen=True, slots=True)
class DateFacts:
    """One date; `place`, `elsewhere` and `sign_up_link` are its own, where it has any."""

    event_id: int
    key: str
    recurrence_id: datetime
    starts_at: datetime
    ends_at: datetime
    status: str
    is_override: bool
    note: Localised
    titles: Localised
    elsewhere: str
    sign_up_link: str
    place: PlaceFacts | None

    @property
    def is_elsewhere(self) -> bool:
        """Whether this date is somewhere else than its series."""
        return self.place is not None or bool(self.elsewhere)


@dataclass(slots=True)
class EventFacts:
    """One event; the fields are Event's, lists of keys as one text. `dates` are those that were
    asked for, in the order of their identities; `is_off` says that every date is cancelled."""

    id: int
    slug: str
    uid: str
    elsewhere: str
    visibility: str
    status: str
    is_preliminary: bool
    titles: Localised
    texts: Localised
    languages: str
    audiences: str
    host_note: Localised
    cost: Localised
    age_from: int | None
    age_to: int | None
    age_unit: str
    sign_up: str
    sign_up_link: str
    phone: str
    zone: str
    starts: datetime
    ends: datetime
    is_all_day: bool
    rrule: str
    sequence: int
    created_at: datetime
    revised_at: datetime
    reason: Localised
    kind: KindFacts
    unit: UnitFacts
    place: PlaceFacts | None
    is_off: bool = False
    co_hosts: list[UnitFacts] = field(default_factory=list)
    exdates: list[datetime] = field(default_factory=list)
    dates: list[DateFacts] = field(default_factory=list)

    @property
    def hides_place(self) -> bool:
        """Whether pages and feeds keep quiet about where, and about who could tell where."""
        return self.visibility == "without_place" or (
            self.place is not None and self.place.visibility != "public"
        )

"""The columns of the exchange format, and the event that a row of them is. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.core.text import Localised
from portal.events.rules import AUDIENCES
from portal.imports import exchange_cells as cells
from portal.imports import exchange_dates as dates
from portal.imports.exchange_cells import Cell, Unusable
from portal.imports.exchange_dates import ExchangeDate
from portal.imports.items import MOST, MOST_TEXT

BREAK_POLICIES = {"none": "none", "holidays": "holidays", "breaks": "breaks", "term": "term"}
VISIBILITIES = {
    "public": "public",
    "without_place": "without_place",
    "public_without_place": "without_place",
    "staff": "staff",
    "closed": "closed",
    "restricted": "closed",
}
# How one signs up; the words of other programmes mean that one has to ask first, or need not.
REGISTRATIONS = {
    "dropin": "none",
    "link": "link",
    "phone": "phone",
    **dict.fromkeys(("", "open", "registration_optional", "invited", "internal"), "none"),
    **dict.fromkeys(("registration", "staff_registration", "booking_class"), "phone"),
    **dict.fromkeys(("ticket_free", "booking_by_phone"), "phone"),
}
STATUSES = ("CONFIRMED", "TENTATIVE", "CANCELLED")
# For the people who read the table; the portal knows them otherwise, or not at all.
ASIDE = (
    "data_class",
    "responsible_body",
    "capacity",
    "occurrences",
    "course_id",
    "source",
    "confidence",
    "note",
)
# A field of text by language is a column for each language: title_sv, title_en …
LOCALISED = {
    "title": ("titles", 200),
    "text": ("texts", MOST_TEXT),
    "directed_to": ("directed_to", 1000),
    "host_note": ("host_note", 1000),
    "cost": ("cost", 1000),
    "reason": ("reason", 1000),
}


@dataclass(frozen=True)
class ExchangeEvent:
    """One event of the format. Units, places, kinds and observances are named by their addresses.

    `starts` and `ends` are wall times in `zone`, the end of whole days is the midnight after the
    last; `exdates` and `exdate_reasons` go in pairs; `dates` are those that differ. The instants,
    `sequence`, `uid` and `slug` are an event's identity and history, and empty in tables that no
    portal wrote. `origin` is the source that the event once came from, `event_id` its id there
    (else the UID). `former_scopes` are feeds that it stays in: "unit-…", "place-…".
    """

    event_id: str
    titles: Localised
    kind: str
    unit: str
    starts: datetime
    ends: datetime
    zone: str
    row: int = field(default=0, compare=False)
    is_all_day: bool = False
    rrule: str = ""
    exdates: tuple[datetime, ...] = ()
    exdate_reasons: tuple[Localised, ...] = ()
    rdates: tuple[datetime, ...] = ()
    dates: tuple[ExchangeDate, ...] = ()
    break_policy: str = "none"
    co_hosts: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    age_from: int | None = None
    age_to: int | None = None
    age_unit: str = "years"
    sign_up: str = "none"
    sign_up_link: str = ""
    phone: str = ""
    visibility: str = "public"
    is_cancelled: bool = False
    is_preliminary: bool = False
    observance: str = ""
    place: str = ""
    elsewhere: str = ""
    uid: str = ""
    slug: str = ""
    sequence: int | None = None
    created_at: datetime | None = None
    revised_at: datetime | None = None
    published_at: datetime | None = None
    continues: str = ""
    former_scopes: tuple[str, ...] = ()
    origin: str = ""
    texts: Localised = field(default_factory=dict)
    directed_to: Localised = field(default_factory=dict)
    host_note: Localised = field(default_factory=dict)
    cost: Localised = field(default_factory=dict)
    reason: Localised = field(default_factory=dict)
    aside: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """A column: the fields that it holds, how it is written, and how it is read into them."""

    name: str
    fields: tuple[str, ...]
    write: Callable[[ExchangeEvent], str]
    read: Callable[[str], tuple[Any, ...]]


def _of(name: str, own: str, cell: Cell) -> Column:
    """A column that holds one field."""
    return Column(
        name, (own,), lambda event: cell.write(getattr(event, own)), lambda text: (cell.read(text),)
    )


def _aside(name: str) -> Column:
    return Column(name, (), lambda event: event.aside.get(name, ""), lambda text: ())


def _moment(name: str, own: str, *, tells_whole_days: bool = False) -> Column:
    """A wall time. Whole days are written without a time, and the start tells that they are."""
    return Column(
        name,
        (own, "is_all_day") if tells_whole_days else (own,),
        lambda event: cells.moment_words(getattr(event, own), event.is_all_day),
        lambda text: (cells.moment(text), *([len(text.strip()) == 10] if tells_whole_days else [])),
    )


def _moments(name: str) -> Column:
    return Column(
        name,
        (name,),
        lambda event: ";".join(
            cells.moment_words(one, event.is_all_day) for one in getattr(event, name)
        ),
        lambda text: (tuple(map(cells.moment, cells.parts(text))),),
    )


def _status(text: str) -> tuple[bool, bool]:
    found = cells.parts(text)
    if not set(found) <= set(STATUSES):
        raise Unusable("unknown_status")
    return "CANCELLED" in found, "TENTATIVE" in found


def _status_words(event: ExchangeEvent) -> str:
    held = "TENTATIVE" if event.is_preliminary else "CONFIRMED"
    if not event.is_cancelled:
        return held
    return "CANCELLED;TENTATIVE" if event.is_preliminary else "CANCELLED"


def _audience(text: str) -> tuple[tuple[str, ...], Localised]:
    """The portal's own words; any others are said as they are: whom it is directed to."""
    found = cells.parts(text)
    return (found, {}) if set(found) <= set(AUDIENCES) else ((), {"sv": text.strip()})


_UNITS = cells.keys()
_ADDRESS = cells.text(100, cells.KEY)
FILE: tuple[Column, ...] = (
    _of("event_id", "event_id", cells.text(120)),
    _aside("data_class"),
    Column("title_sv", (), lambda event: event.titles.get("sv", ""), lambda text: ()),
    _of("activity_type", "kind", cells.text(60)),
    _of("unit_id", "unit", cells.text(MOST["unit"])),
    _aside("responsible_body"),
    _of("partner", "co_hosts", _UNITS),
    _moment("dtstart_local", "starts", tells_whole_days=True),
    _moment("dtend_local", "ends"),
    _of("tzid", "zone", cells.text(60)),
    _of("rrule", "rrule", cells.text(200)),
    _moments("exdates"),
    _of("exdate_reasons", "exdate_reasons", dates.REASONS),
    _moments("rdates"),
    Column(
        "overrides_json",
        ("dates",),
        lambda event: dates.write_dates(event.dates, event.is_all_day),
        lambda text: (dates.read_dates(text),),
    ),
    _of("break_policy", "break_policy", cells.choice({**BREAK_POLICIES, "": "none"}, "not_known")),
    _aside("occurrences"),
    _of("languages", "languages", cells.keys()),
    Column("audience", ("audiences",), lambda event: ";".join(event.audiences), _audience),
    _of("age_from", "age_from", cells.number(1500, "not_an_age")),
    _of("age_to", "age_to", cells.number(1500, "not_an_age")),
    _aside("capacity"),
    _of("registration", "sign_up", cells.choice(REGISTRATIONS, "not_known")),
    _of("visibility", "visibility", cells.choice(VISIBILITIES, "not_known")),
    Column("status", ("is_cancelled", "is_preliminary"), _status_words, _status),
    _of("observance_id", "observance", cells.text(100)),
    _aside("course_id"),
    _aside("source"),
    _aside("confidence"),
    _aside("note"),
)
OWN: tuple[Column, ...] = (
    _of("uid", "uid", cells.text(120, cells.UID, "not_a_uid")),
    _of("slug", "slug", _ADDRESS),
    _of("place", "place", _ADDRESS),
    _of("elsewhere", "elsewhere", cells.text(MOST["place"])),
    _of("age_unit", "age_unit", cells.choice({"years": "years", "months": "months"}, "not_known")),
    _of("sign_up_link", "sign_up_link", cells.text(MOST["link"], cells.LINK, "not_a_link")),
    _of("phone", "phone", cells.text(MOST["phone"])),
    _of("sequence", "sequence", cells.number(cells.MOST_CHANGES, "not_a_number")),
    _of("created_at", "created_at", cells.INSTANT),
    _of("revised_at", "revised_at", cells.INSTANT),
    _of("published_at", "published_at", cells.INSTANT),
    _of("continues", "continues", cells.text(120, cells.UID, "not_a_uid")),
    _of("former_scopes", "former_scopes", cells.keys(cells.KEY)),
    _of("origin", "origin", cells.text(60)),
)
COLUMNS = FILE + OWN
# What a table must have to be one.
NEEDED = ("event_id", "title_sv", "activity_type", "unit_id", "dtstart_local", "dtend_local")
# Identity and history: what an event is, not what it says.
KEPT = {"event_id", "uid", "slug", "sequence", "created_at", "revised_at", "published_at"} | {
    "former_scopes",
    "origin",
    *ASIDE,
}

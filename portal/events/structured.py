"""An event as search engines and other machines read it: JSON-LD, schema.org/Event.

Says nothing that the page does not say: where the page hides the place, so does this.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from markupsafe import Markup

from portal.core.kept import while_unchanged
from portal.core.languages import languages
from portal.core.templates import address as page_address
from portal.core.text import say
from portal.events.models import Event, Occurrence
from portal.events.recurrence import instant
from portal.places.models import Place
from portal.places.queries import photo_of
from portal.places.words import address, place_name
from portal.units.models import Unit

SCHEMA = "https://schema.org/"
MOST = 10
# A script ends at its first "</", whatever stands around it; JSON may write these otherwise.
_ESCAPES = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def structured(rows: Iterable[Occurrence], key: str) -> Markup:
    """The dates, at most ten, as the text of a JSON-LD script; nothing when there is none."""
    told = list(rows)[:MOST]
    return while_unchanged(
        ("structured", key, *(row.id for row in told)), lambda: _written(told, key)
    )


def _written(rows: list[Occurrence], key: str) -> Markup:
    found = [_date(row, key) for row in rows]
    if not found:
        return Markup()
    whole = {"@context": SCHEMA.rstrip("/"), **(found[0] if len(found) == 1 else {"@graph": found})}
    written = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))
    return Markup(written.translate(_ESCAPES))  # noqa: S704 (escaped above)


def _date(row: Occurrence, key: str) -> dict[str, Any]:
    event, chain = row.event, languages()[key].chain
    titles = row.titles or event.titles
    is_moved = row.is_override and row.starts_at != instant(row.recurrence_id, event.zone)
    said: dict[str, Any] = {
        "@type": "Event",
        "name": say(titles, chain)[0],
        "description": say(event.texts, chain)[0],
        "url": _absolute("events.one_date", slug=event.slug, key=row.key),
        "eventAttendanceMode": f"{SCHEMA}OfflineEventAttendanceMode",
        "eventStatus": SCHEMA + _status(row, is_moved),
        "startDate": _moment(row.starts_at, event),
        "endDate": _moment(row.ends_at - timedelta(days=event.is_all_day), event),
        "inLanguage": [languages()[k].tag for k in event.languages if k in languages()],
        "isAccessibleForFree": True if not event.cost else None,
    }
    if is_moved and row.status != "cancelled":
        said["previousStartDate"] = _moment(instant(row.recurrence_id, event.zone), event)
    if not row.hides_place:
        said["location"] = _place(row, key)
        said["organizer"] = [_host(unit) for unit in (event.unit, *event.co_hosts)]
        said["image"] = _photo(row.place) if row.place is not None else None
    return {name: value for name, value in said.items() if value}


def _status(row: Occurrence, is_moved: bool) -> str:
    if row.status == "cancelled":
        return "EventCancelled"
    return "EventRescheduled" if is_moved else "EventScheduled"


def _moment(at: datetime, event: Event) -> str:
    """An instant as the clock on the wall there shows it, with its offset; whole days as days,
    the last one included."""
    local = at.astimezone(ZoneInfo(event.zone))
    return local.date().isoformat() if event.is_all_day else local.isoformat()


def _place(row: Occurrence, key: str) -> dict[str, Any]:
    place = row.place
    if place is None:
        return {"@type": "Place", "name": row.where or row.event.unit.name}
    said: dict[str, Any] = {"@type": "Place", "name": place_name(place, key)}
    if address(place):
        said["address"] = {
            "@type": "PostalAddress",
            "streetAddress": place.street,
            "postalCode": place.postcode,
            "addressLocality": place.locality,
        }
    if place.lat is not None and place.lon is not None:
        said["geo"] = {
            "@type": "GeoCoordinates",
            "latitude": place.lat,
            "longitude": place.lon,
        }
    return said


def _host(unit: Unit) -> dict[str, Any]:
    said = {"@type": "Organization", "name": unit.name}
    return {**said, "url": _absolute("units.unit", slug=unit.slug)}


def _photo(place: Place) -> str:
    digest = while_unchanged(("photo", place.id), lambda: _digest(place))
    return _absolute("places.photo", slug=place.slug, digest=digest) if digest else ""


def _digest(place: Place) -> str:
    photo = photo_of(place)
    return photo.digest if photo else ""


def _absolute(endpoint: str, **values: str) -> str:
    base_url: str = current_app.config["PORTAL_SETTINGS"].base_url
    return base_url + page_address(endpoint, **values)

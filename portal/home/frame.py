"""What the frame of every page shows: the site's name, the menus, the languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from sqlalchemy.exc import SQLAlchemyError

from portal.accounts.words import ROLE
from portal.core.access import current_account
from portal.core.kept import while_unchanged
from portal.core.languages import is_written, language, languages, page_language, prefix
from portal.core.templates import address, phone_href
from portal.core.words import chosen
from portal.events.words import AUDIENCE, STATUS, VISIBILITY, ages
from portal.units.models import Municipality
from portal.units.queries import NotInitialised, municipality, today
from portal.units.words import UNIT_KIND

WORDS: dict[str, Any] = {
    "ages": ages,
    "audience_words": lambda codes: ", ".join(
        str(AUDIENCE[code]) for code in codes if code in AUDIENCE
    ),
    "unit_kind": lambda kind: UNIT_KIND.get(kind, kind),
    "role_words": lambda role: ROLE.get(role, role),
    "status_words": lambda status: STATUS.get(status, status),
    "visibility_words": lambda visibility: VISIBILITY.get(visibility, visibility),
}


@dataclass(frozen=True)
class Site:
    """Whose portal this is, in the page's language."""

    name: str
    municipality: str
    phone: str
    phone_href: str
    phone_hours: str
    email: str
    is_demo: bool
    base_url: str


def frame() -> dict[str, Any]:
    """The context of every template; a bare frame when the database cannot be read."""
    try:
        site = while_unchanged(("site", language().key), lambda: _site(municipality()))
    except (NotInitialised, SQLAlchemyError):
        site = Site(_("Meeting places"), "", "", "", "", "", False, "")
    context: dict[str, Any] = {
        "site": site,
        "language": page_language(),
        "wanted_language": language(),
        "languages": _languages(),
        "nav": _nav(),
    }
    context |= WORDS
    if current_account() is not None:
        context |= {"account": current_account(), "staff_nav": _staff_nav()}
    return context


def _site(row: Municipality) -> Site:
    return Site(
        name=chosen(row.site_names),
        municipality=chosen(row.names),
        phone=row.phone,
        phone_href=phone_href(row.phone),
        phone_hours=chosen(row.phone_hours),
        email=row.email,
        is_demo=row.is_demo,
        base_url=current_app.config["PORTAL_SETTINGS"].base_url,
    )


def _languages() -> list[dict[str, Any]]:
    """The complete languages, and varieties that speakers have begun to write."""
    try:
        keys = while_unchanged("offered languages", _offered)
    except (NotInitialised, SQLAlchemyError):
        keys = ["sv", "en", "fi"]
    here, query = request.path, request.query_string.decode("utf-8", "replace")
    tail = here + (f"?{query}" if query else "")
    return [
        {
            "key": key,
            "tag": languages()[key].tag,
            "name": languages()[key].name.capitalize(),
            "url": prefix(key) + tail,
            "current": key == language().key,
        }
        for key in keys
        if key in languages()
    ]


def _offered() -> list[str]:
    row = municipality()
    return [*row.languages, *(key for key in row.varieties if is_written(key))]


def _nav() -> list[dict[str, Any]]:
    try:
        month = today().strftime("%Y-%m")
    except (NotInitialised, SQLAlchemyError):
        return []
    items = (
        (_("What happens"), "events", address("events.index"), "/events"),
        (_("Calendar"), "calendar", address("events.calendar", month=month), "/calendar"),
        (_("Places"), "place", address("places.index"), "/places"),
        (_("Subscribe"), "subscribe", address("feeds.subscribe"), "/subscribe"),
    )
    return [_item(*item) for item in items]


def _staff_nav() -> list[dict[str, Any]]:
    roles = current_account().roles
    items = [(_("My page"), "person", address("staff.start"), "/staff")]
    if roles & {"editor", "admin"}:
        items += [
            (_("Events"), "events", address("staff_events.index"), "/staff/events"),
            (_("New event"), "add", address("staff_events.new"), "/staff/events/new"),
            (_("Observances"), "flag", address("staff_observances.index"), "/staff/observances"),
            (_("Programmes"), "download", address("staff_imports.index"), "/staff/imports"),
            (_("Calendar feeds"), "subscribe", address("staff_feeds.index"), "/staff/feeds"),
        ]
    if "admin" in roles:
        items += [
            (_("Units"), "home", address("staff_places.index"), "/admin/units"),
            (_("Breaks"), "calendar", address("staff_places.breaks"), "/admin/breaks"),
            (_("Invitations"), "mail", address("staff.invitations"), "/admin/invitations"),
            (_("People"), "people", address("staff.people"), "/admin/people"),
        ]
    return [_item(*item, exact=True) for item in items]


def _item(label: str, icon: str, url: str, under: str, exact: bool = False) -> dict[str, Any]:
    here = request.path
    current = here == under or (not exact and here.startswith(under + "/"))
    return {"label": label, "icon": icon, "url": url, "current": current}

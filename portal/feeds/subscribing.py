"""Where the subscribe page leads: to itself, to the same dates as a list, to other calendars."""

from __future__ import annotations

from urllib.parse import parse_qsl

from portal.core.kept import while_unchanged
from portal.core.languages import language
from portal.core.templates import address
from portal.core.words import translator
from portal.feeds.queries import OBSERVANCES, SCOPES, Scope
from portal.places.queries import public_places
from portal.places.words import place_name


def page_url(scope_key: str) -> str:
    """The subscribe page of a scope's key (its name, or `events?` and a filter), without host."""
    name, _, query = scope_key.partition("?")
    asked = query or ("" if name == "all" else f"scope={name}")
    return address("feeds.subscribe") + (f"?{asked}" if asked else "")


def filters(scope: Scope) -> dict[str, str]:
    """A scope as the filters of /events; none for everything, for an event, for observances."""
    if scope.query:
        return dict(parse_qsl(scope.query))
    what, _, value = scope.name.partition("-")
    return {what: value} if what in SCOPES and value else {}


def list_url(scope: Scope) -> str:
    """The same dates as a page, to look at or to print; nothing for all of them."""
    if scope.event is not None:
        return address("events.event", slug=scope.event.slug)
    if scope.name == OBSERVANCES:
        return address("events.observances")
    asked = filters(scope)
    return address("events.index", **asked) if asked else ""


def place_choices() -> list[tuple[str, str]]:
    """Every place that anybody may see, for the form."""
    key = language().key
    tr = translator(key)
    return while_unchanged(
        ("place choices", key),
        lambda: [
            ("", tr("All places")),
            *((place.slug, place_name(place, key)) for place in public_places()),
        ],
    )

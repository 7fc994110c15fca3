"""What feeds are called, in their own language. Never says who comes, only what happens."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from portal.core.languages import prefix
from portal.core.words import chosen, day_words, language_name, translator
from portal.events.words import audience_name
from portal.feeds import queries
from portal.feeds.queries import Scope
from portal.places.words import place_name
from portal.units.models import Municipality

# A calendar's name stands on its reader's screen, for everybody to see; it never says Roma.
_QUIET_LANGUAGE = re.compile(r"r(om|m[a-z])(-|$)")


def feed_name(scope: Scope, site: Municipality, key: str) -> str:
    """A calendar's name: "Språkcaféer – Mötesplatser". An event's feed has its kind's name,
    because a title can tell about its reader what the reader would not."""
    parts = [*_filter_words(scope, key), chosen(site.site_names, key)]
    if scope.name == queries.OBSERVANCES:
        parts.insert(0, translator(key)("Observances"))
    if scope.event is not None:
        if not scope.event.hides_place:
            parts.insert(0, scope.event.unit.name)
        parts.insert(0, chosen(scope.event.kind.names, key))
    return " – ".join(parts)


def _filter_words(scope: Scope, key: str) -> list[str]:
    """What a scope or filter asks for, in the order of the filters."""
    _ = translator(key)
    wanted = scope.wanted
    spoken = "" if _QUIET_LANGUAGE.match(wanted.language) else wanted.language
    words = [
        chosen(scope.kind.plurals, key) if scope.kind else "",
        chosen(scope.area.names, key) if scope.area else "",
        scope.unit.name if scope.unit else "",
        place_name(scope.place, key) if scope.place else "",
        language_name(spoken, key) if spoken else "",
        audience_name(wanted.audience, key) if wanted.audience else "",
        _days(scope, key),
        # As a title can, the words that somebody searched for can tell about them.
        _("Own search") if wanted.words else "",
    ]
    return [word for word in words if word]


def _days(scope: Scope, key: str) -> str:
    _, first, last = translator(key), scope.wanted.from_on, scope.wanted.to_on
    if first is not None and first == last:
        return day_words(first, key, with_year=True)
    parts = []
    if first is not None:
        parts.append(_("from %(day)s") % {"day": day_words(first, key, with_year=True)})
    if last is not None:
        parts.append(_("until %(day)s") % {"day": day_words(last, key, with_year=True)})
    return " ".join(parts)


def feed_description(scope: Scope, site: Municipality, key: str) -> str:
    """One line about the calendar and whose it is."""
    _ = translator(key)
    text = _("Meeting places, courses and events. Published by %(name)s.")
    if scope.name == queries.OBSERVANCES:
        text = _("Days and periods that are marked. Published by %(name)s.")
    text %= {"name": chosen(site.names, key)}
    if site.is_demo:
        warning = _("Demonstration. Nothing here is real.")
        text = f"{warning} {text}"
    return text


def hosts_name(site: Municipality, key: str) -> str:
    """What an editor's own calendar is called."""
    _ = translator(key)
    return " – ".join((_("Our events"), chosen(site.site_names, key)))


def page_path(scope: Scope, key: str) -> str:
    """The page for people about what a feed is about, as a path in a language."""
    if scope.event is not None:
        path = f"/events/{scope.event.slug}"
    elif scope.name == queries.OBSERVANCES:
        path = "/observances"
    elif scope.name.startswith(("unit-", "place-")):
        what, _, slug = scope.name.partition("-")
        path = f"/{what}s/{slug}"
    elif scope.name.partition("-")[0] in queries.SCOPES:
        what, _, value = scope.name.partition("-")
        path = "/events?" + urlencode({what: value})
    else:
        path = "/events" + (f"?{scope.query}" if scope.query else "")
    return prefix(key) + path

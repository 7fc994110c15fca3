"""What feeds are called, in their own language. Never says who comes, only what happens."""

from __future__ import annotations

from portal.core.words import chosen, translator
from portal.feeds.queries import OBSERVANCES, Scope
from portal.units.models import Municipality


def feed_name(scope: Scope, site: Municipality, key: str) -> str:
    """A calendar's name: "Språkcaféer – Mötesplatser". An event's feed has its kind's name,
    because a title can tell about its reader what the reader would not."""
    parts = [chosen(site.site_names, key)]
    if scope.name == OBSERVANCES:
        parts.insert(0, translator(key)("Observances"))
    if scope.kind is not None:
        parts.insert(0, chosen(scope.kind.plurals, key))
    elif scope.area is not None:
        parts.insert(0, chosen(scope.area.names, key))
    elif scope.unit is not None:
        parts.insert(0, scope.unit.name)
    elif scope.event is not None:
        if not scope.event.hides_place:
            parts.insert(0, scope.event.unit.name)
        parts.insert(0, chosen(scope.event.kind.names, key))
    return " – ".join(parts)


def feed_description(scope: Scope, site: Municipality, key: str) -> str:
    """One line about the calendar and whose it is."""
    _ = translator(key)
    text = _("Meeting places, courses and events. Published by %(name)s.")
    if scope.name == OBSERVANCES:
        text = _("Days and periods that are marked. Published by %(name)s.")
    text %= {"name": chosen(site.names, key)}
    if site.is_demo:
        warning = _("Demonstration. Nothing here is real.")
        text = f"{warning} {text}"
    return text

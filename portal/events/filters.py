"""The filters of /events: from an address to a Filter, and back to chips that take one away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.core.forms import tidy_line
from portal.core.kept import while_unchanged
from portal.core.languages import language, languages
from portal.core.words import chosen, day_words
from portal.events import queries
from portal.events.forms import EventFilterForm
from portal.events.queries import Filter
from portal.events.rules import AUDIENCES
from portal.events.words import AUDIENCE
from portal.places.queries import place_by_slug
from portal.places.words import place_name
from portal.units import queries as units

NAMES = ("kind", "area", "unit", "place", "language", "audience", "from", "to", "q")


@dataclass(frozen=True)
class ReadFilter:
    """A filter and what it is called: `labels` by argument name; `unknown` values are told."""

    wanted: Filter
    labels: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


def read_filter(form: EventFilterForm, args: Mapping[str, str]) -> ReadFilter:
    """What the visitor wants; a value that means nothing is left out and named."""
    labels: dict[str, str] = {}
    unknown: list[str] = []

    def look(name: str, found: object, label: str) -> None:
        if args.get(name) and found is None:
            unknown.append(tidy_line(args[name][:60]))
        elif found is not None:
            labels[name] = label

    kind = queries.kind_by_slug(args.get("kind", ""))
    area = units.area_by_slug(args.get("area", ""))
    unit = units.unit_by_slug(args.get("unit", ""))
    place = place_by_slug(args.get("place", ""))
    place = place if place is not None and place.visibility == "public" else None
    spoken = args.get("language", "") if args.get("language") in languages() else None
    audience = args.get("audience", "") if args.get("audience") in AUDIENCES else None
    look("kind", kind, chosen(kind.plurals) if kind else "")
    look("area", area, chosen(area.names) if area else "")
    look("unit", unit, unit.name if unit else "")
    look("place", place, place_name(place) if place else "")
    look("language", spoken, languages()[spoken].name if spoken else "")
    look("audience", audience, str(AUDIENCE[audience]) if audience else "")
    first, last, words = form.date_from.day, form.date_to.day, form.q.data or ""
    for name, label in _date_labels(first, last).items():
        labels[name] = label
    if words:
        labels["q"] = f"”{words}”"
    wanted = Filter(
        kind=kind,
        area=area,
        unit_id=unit.id if unit else None,
        place_id=place.id if place else None,
        language=spoken or "",
        audience=audience or "",
        from_on=first,
        to_on=last,
        words=words,
    )
    return ReadFilter(wanted, labels, unknown)


def _date_labels(first: date | None, last: date | None) -> dict[str, str]:
    key = language().key
    if first is not None and first == last:
        return {"from": day_words(first, key)}
    labels = {}
    if first is not None:
        labels["from"] = _("from %(day)s", day=day_words(first, key))
    if last is not None:
        labels["to"] = _("until %(day)s", day=day_words(last, key))
    return labels


def chips(found: ReadFilter, args: Mapping[str, str]) -> list[dict[str, str]]:
    """The filters in use, each with the address without it."""
    return [
        {"label": label, "url": url_for("events.index", **_without(name, found, args))}
        for name, label in found.labels.items()
    ]


def _without(name: str, found: ReadFilter, args: Mapping[str, str]) -> dict[str, Any]:
    gone = {name, "page"}
    if name == "from" and found.wanted.from_on == found.wanted.to_on:
        gone.add("to")
    return {key: value for key, value in args.items() if value and key in NAMES and key not in gone}


def choices(form: EventFilterForm) -> None:
    """Fills the filter's choices; only what a visitor can find something with."""
    today = units.today()
    offered = while_unchanged(("choices", language().key, today), lambda: _offered(today))
    for name, pairs in offered.items():
        form[name].choices = pairs
        form[name].data = form[name].data or ""


def _offered(today: date) -> dict[str, list[tuple[str, str]]]:
    kinds = [kind for kind in queries.kinds() if kind.visibility in ("public", "without_place")]
    named = sorted(((kind.slug, chosen(kind.plurals)) for kind in kinds), key=lambda pair: pair[1])
    used = queries.languages_in_use()
    spoken = [(name, languages()[name].name) for name in languages() if name in used]
    return {
        "kind": [("", _("Everything")), *named],
        "area": [
            ("", _("Everywhere")),
            *((area.slug, chosen(area.names)) for area in units.areas(today)),
        ],
        "unit": [
            ("", _("All hosts")),
            *((unit.slug, unit.name) for unit in units.open_units(today)),
        ],
        "language": [("", _("All languages")), *spoken],
        "audience": [("", _("Everybody")), *((code, str(AUDIENCE[code])) for code in AUDIENCES)],
    }


def quick_choices(today: date) -> list[tuple[str, dict[str, Any]]]:
    """Today, this week and everything, as words and as arguments of /events."""
    sunday = today + timedelta(days=6 - today.weekday())
    iso = today.isoformat()
    return [
        (_("Today"), {"from": iso, "to": iso}),
        (_("This week"), {"from": iso, "to": sunday.isoformat()}),
        (_("All dates"), {}),
    ]

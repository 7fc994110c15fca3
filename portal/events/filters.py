"""The filters of /events: from an address to a Filter, and back to chips that take one away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.core.kept import while_unchanged
from portal.core.languages import language, languages
from portal.core.words import chosen, day_words, language_choice
from portal.events import queries
from portal.events.finding import NAMES, asked
from portal.events.forms import EventFilterForm
from portal.events.queries import Filter
from portal.events.rules import AUDIENCES
from portal.events.words import AUDIENCE
from portal.places.words import place_name
from portal.units import queries as units


@dataclass(frozen=True)
class ReadFilter:
    """A filter and what it is called: `labels` by argument name; `unknown` values are told.

    `args` are the arguments that mean something, for an address that asks for the same.
    """

    wanted: Filter
    labels: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    args: dict[str, str] = field(default_factory=dict)


def read_filter(args: Mapping[str, str]) -> ReadFilter:
    """What the visitor wants; a value that means nothing is left out and named."""
    found = asked(args)
    wanted, unit, place = found.wanted, found.unit, found.place
    labels = {
        "kind": chosen(wanted.kind.plurals) if wanted.kind else "",
        "area": chosen(wanted.area.names) if wanted.area else "",
        "unit": unit.name if unit else "",
        "place": place_name(place) if place else "",
        "language": language_choice(wanted.language, language().key) if wanted.language else "",
        "audience": str(AUDIENCE[wanted.audience]) if wanted.audience else "",
        **_date_labels(wanted.from_on, wanted.to_on),
        "q": f"”{wanted.words}”" if wanted.words else "",
    }
    # What is wrong with days and words stands at their fields.
    told = [value for name, value in found.unknown.items() if name not in ("from", "to", "q")]
    named = {name: label for name, label in labels.items() if label}
    return ReadFilter(wanted, named, told, found.known)


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
    used, key = queries.languages_in_use(), language().key
    spoken = [(name, language_choice(name, key)) for name in languages() if name in used]
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

"""Showing: what the columns of a table and the names in it may mean, to be chosen once."""

from __future__ import annotations

from collections.abc import Mapping as Sent
from dataclasses import dataclass
from typing import Any

from portal.core.extensions import db
from portal.core.words import chosen
from portal.events import queries as events
from portal.imports.mapping import FIELDS, NONE, Mapping
from portal.imports.models import ImportRun, Source
from portal.imports.page_words import COLUMN
from portal.imports.reading import Opened, open_file
from portal.places.models import Place
from portal.places.queries import places_of
from portal.places.words import place_name
from portal.units import queries as units
from portal.units.models import Unit


@dataclass(frozen=True)
class Columns:
    """A table as the page shows it: each column with its first cells and what it seems to mean."""

    opened: Opened
    columns: list[tuple[int, str, str, list[str]]]
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class Asked:
    """A name that nobody knows: `what` it is of, and what it may mean, the nearest first."""

    what: str
    name: str
    choices: list[tuple[str, str]]


def columns(raw: bytes, run: ImportRun, sent: Sent[str, str]) -> Columns:
    """The table with what was chosen, or what the columns seem to mean. Raises Unreadable."""
    opened = open_file(raw, run.file_name, {})
    rows = opened.first_rows()
    pairs = opened.mapping.columns if opened.mapping else ()
    shown = [
        (at, name, sent.get(f"column-{at}", meaning), [row[at] for row in rows if at < len(row)])
        for at, (name, meaning) in enumerate(pairs)
    ]
    return Columns(opened, shown, [(name, str(COLUMN[name])) for name in FIELDS])


def chosen_mapping(raw: bytes, run: ImportRun, sent: Sent[str, str]) -> Mapping:
    """The mapping that was chosen on the page."""
    found = columns(raw, run, sent)
    known = {name for name, _ in found.choices}
    pairs = ((name, means if means in known else NONE) for _, name, means, _ in found.columns)
    return Mapping(tuple(pairs))


def asked(plan: dict[str, Any], source: Source) -> list[Asked]:
    """The names of a plan that somebody may explain: units, near places, categories."""
    near = {(what, name): ids for what, name, ids in plan.get("offers", [])}
    found = [
        Asked("unit", name, _units(near.get(("unit", name), []), source))
        for name in plan.get("unknown_units", [])
        if name
    ]
    found += [
        Asked("place", name, _places(ids, source))
        for (what, name), ids in near.items()
        if what == "place"
    ]
    kinds = [(kind.slug, chosen(kind.names)) for kind in events.kinds()]
    return found + [Asked("kind", name, kinds) for name in plan.get("unknown", {})]


def _units(near: list[int], source: Source) -> list[tuple[str, str]]:
    if source.unit is not None:
        return [(str(source.unit.id), source.unit.name)]
    known = units.open_units(units.today())
    ordered = sorted(known, key=lambda unit: (unit.id not in near, unit.name))
    return [(str(unit.id), unit.name) for unit in ordered]


def _places(near: list[int], source: Source) -> list[tuple[str, str]]:
    own = places_of(source.unit) if source.unit is not None else []
    found = [db.session.get(Place, place_id) for place_id in near]
    every = {place.id: place for place in (*found, *own) if place is not None}
    return [(str(place.id), place_name(place)) for place in every.values()]


def is_known(what: str, ref: str, source: Source) -> bool:
    """Whether a choice is one that may be made for the source."""
    if what == "kind":
        return ref in {kind.slug for kind in events.kinds()}
    if not ref.isdecimal():
        return False
    if what == "unit":
        is_there = db.session.get(Unit, int(ref)) is not None
        return is_there and source.unit_id in (None, int(ref))
    place = db.session.get(Place, int(ref))
    return (
        place is not None
        and place.visibility == "public"
        and source.unit_id in (None, place.unit_id)
    )

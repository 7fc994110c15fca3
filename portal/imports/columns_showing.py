"""Showing: what the columns of a table and the names in it may mean, to be chosen once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from collections.abc import Mapping as Sent
from dataclasses import dataclass, replace
from typing import Any

from portal.core.extensions import db
from portal.core.words import chosen
from portal.events import queries as events
from portal.imports import columns as table
from portal.imports.field_showing import Sayer
from portal.imports.items import Unreadable
from portal.imports.mapping import FIELDS, NONE, Mapping
from portal.imports.models import ImportRun, Source
from portal.imports.page_words import COLUMN, COLUMN_GROUP, COLUMN_PROBLEM
from portal.imports.reading import Opened, open_file
from portal.imports.tables import Sheet
from portal.imports.words import say_cell
from portal.places.models import Place
from portal.places.queries import places_of
from portal.places.words import place_name
from portal.units import queries as units
from portal.units.models import Unit

READ_ROWS = 3
Choices = list[tuple[str, list[tuple[str, str]]]]
"""What may be chosen, under headings."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its first cells, and what it means (a field of mapping.FIELDS)."""

    name: str
    cells: list[str]
    means: str


@dataclass(frozen=True)
class Columns:
    """A table as the page shows it. `missing` is what has to be chosen yet: words and where;
    `read` says how the first rows are read as long as nothing is missing: row, words, is_bad."""

    opened: Opened
    columns: list[Column]
    choices: Choices
    mapping: Mapping
    missing: list[tuple[str, str]]
    read: list[tuple[int, str, bool]]


@dataclass(frozen=True)
class Asked:
    """A name that nobody knows: `what` it is of, and what it may mean; `near` are the likely
    ones, which come first."""

    what: str
    name: str
    near: list[tuple[str, str]]
    others: list[tuple[str, str]]


def columns(raw: bytes, run: ImportRun, sent: Sent[str, str]) -> Columns:
    """The table with what was chosen, or else what is remembered or the columns seem to mean.
    Raises Unreadable."""
    opened = open_file(raw, run.file_name, run.source.mapping)
    if opened.sheet is None:
        raise Unreadable("not_a_table")
    rows = opened.first_rows()
    guessed = dict(opened.mapping.columns) if opened.mapping else {}
    found = []
    for at, name in enumerate(opened.sheet.columns):
        means = sent.get(f"column-{at}", guessed.get(name, NONE))
        cells = [row[at] for row in rows if row[at].strip()]
        found.append(Column(name, cells, means if means in COLUMN else NONE))
    mapping = Mapping(tuple((one.name, one.means) for one in found))
    missing = list(_missing(mapping, found))
    read = [] if missing else sorted(_read(opened.sheet, mapping))
    return Columns(opened, found, _choices(), mapping, missing, read)


def _choices() -> Choices:
    """The fields that a column may mean, what programmes are made of first."""
    return [
        (str(heading), [(name, str(COLUMN[name])) for name in FIELDS if name in fields])
        for heading, fields in COLUMN_GROUP
    ]


def _missing(mapping: Mapping, found: list[Column]) -> Iterator[tuple[str, str]]:
    """What has to be chosen yet, and the column to do it at."""
    for problem in mapping.problems():
        same = [at for at, one in enumerate(found) if one.means == problem.field]
        free = [at for at, one in enumerate(found) if one.means == NONE]
        at = next(iter(same[1:] or free), 0)
        words = str(COLUMN_PROBLEM[problem.code])
        words = f"{COLUMN[problem.field]}: {words}" if problem.code == "field_twice" else words
        yield words, f"#column-{at}"


def _read(sheet: Sheet, mapping: Mapping) -> Iterator[tuple[int, str, bool]]:
    """The first rows as the portal reads them."""
    sayer, first = Sayer(), list(itertools.islice(sheet.rows, READ_ROWS))
    reading = table.read(replace(sheet, rows=first), mapping, units.municipality().zone)
    for problem in reading.problems:
        yield problem.row, say_cell(problem), True
    for item in reading.items:
        when = sayer.when(item.starts.isoformat(), item.ends.isoformat())
        said = (item.titles["sv"], when, item.place, item.unit)
        yield item.row, ", ".join(one for one in said if one), False


def asked(plan: dict[str, Any], source: Source) -> list[Asked]:
    """The names of a plan that somebody may explain: units, near places, categories."""
    near = {(what, name): ids for what, name, ids in plan.get("offers", [])}
    found = [
        _asked("unit", name, near.get(("unit", name), []), _units(source))
        for name in plan.get("unknown_units", [])
        if name
    ]
    found += [
        _asked("place", name, ids, _places(ids, source))
        for (what, name), ids in near.items()
        if what == "place"
    ]
    kinds = [(kind.slug, chosen(kind.names)) for kind in events.kinds()]
    return found + [_asked("kind", name, [], kinds) for name in plan.get("unknown", {})]


def _asked(what: str, name: str, near: list[int], choices: list[tuple[str, str]]) -> Asked:
    likely = [one for ref in near for one in choices if one[0] == str(ref)]
    return Asked(what, name, likely, [one for one in choices if one not in likely])


def _units(source: Source) -> list[tuple[str, str]]:
    known = [source.unit] if source.unit is not None else units.open_units(units.today())
    return sorted(((str(unit.id), unit.name) for unit in known), key=lambda one: one[1])


def _places(near: list[int], source: Source) -> list[tuple[str, str]]:
    own = places_of(source.unit) if source.unit is not None else []
    found = [db.session.get(Place, place_id) for place_id in near]
    every = {place.id: place for place in (*found, *own) if place is not None}
    return [
        (str(place.id), place_name(place))
        for place in every.values()
        if is_known("place", str(place.id), source)
    ]


def is_known(what: str, ref: str, source: Source) -> bool:
    """Whether a choice is one that may be made for the source."""
    if what == "kind":
        return ref in {kind.slug for kind in events.kinds()}
    if not (ref.isascii() and ref.isdecimal() and len(ref) < 10):
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

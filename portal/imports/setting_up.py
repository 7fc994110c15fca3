"""Writes: a municipality from its file, into an empty database."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.problems import Refused
from portal.core.text import fold, plain
from portal.events import actions as events
from portal.events import observance_actions as observances
from portal.feeds.vtimezone import has_yearly_rule
from portal.imports.models import CategoryKind, UnitAlias
from portal.imports.naming import KINDS_FILE
from portal.places import actions as place_actions
from portal.units import actions as unit_actions
from portal.units import queries as units
from portal.units.models import Area, Body, Municipality, Unit
from portal.units.municipality_file import FileProblem
from portal.units.municipality_file import parse as parse_municipality


class AlreadySetUp(Exception):
    """The database holds a municipality; the message says where it is changed."""


def add_alias(name: str, unit: Unit) -> None:
    """Notes that others call a unit by this name."""
    db.session.merge(UnitAlias(name=fold(name), unit_id=unit.id))


def add_categories(rows: list[dict[str, Any]]) -> None:
    """Notes which kind of event a category means."""
    for row in rows:
        db.session.merge(CategoryKind(category=fold(row["category"]), kind_slug=row["kind"]))
    db.session.flush()


def set_up(file: Path, *, is_demo: bool) -> int:
    """Fills an empty database from a municipality file; answers how many units there are.

    Raises FileProblem for a file that cannot be used, AlreadySetUp for a database in use.
    """
    if db.session.get(Municipality, 1) is not None:
        raise AlreadySetUp(
            "This database holds a municipality already, and nothing was changed. Units are "
            "changed at /admin/units; the file is only for an empty database."
        )
    beside = file.with_name("coordinates.csv")
    coordinates = _read(beside) if beside.exists() else ""
    parsed = parse_municipality(_read(file), coordinates, languages(), has_yearly_rule)
    unit_actions.set_up_municipality(parsed.municipality, is_demo=is_demo)
    areas, bodies = unit_actions.add_areas(parsed.areas), unit_actions.add_bodies(parsed.bodies)
    made = {data["slug"]: _add_unit(data, areas, bodies) for data in parsed.units}
    for data in parsed.units:
        if data.get("parent"):
            unit_actions.set_parent(made[data["slug"]], made[data["parent"]], units.today())
    for row in parsed.breaks:
        place_actions.add_break(
            row["names"], row["first_on"], row["last_on"], is_assumed=row.get("assumed", False)
        )
    kinds = tomllib.loads(KINDS_FILE.read_text(encoding="utf-8"))
    events.load_kinds(kinds["kind"])
    add_categories(kinds["category"])
    for row in parsed.observances:
        try:
            observances.load(row, units.today())
        except Refused as refused:
            raise FileProblem([f"[[observance]] {row['slug']}: {refused}"]) from refused
    return len(made)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblem([f"{file.name} is not UTF-8. Save it as UTF-8."]) from error


def _add_unit(data: dict[str, Any], areas: dict[str, Area], bodies: dict[str, Body]) -> Unit:
    unit = unit_actions.add_unit(data, areas, bodies)
    if unit.kind != "association":
        place_actions.add_premises(unit, data)
    for room in data.get("place", []):
        place_actions.add_room(unit, room)
    for alias in data.get("aliases", []):
        add_alias(alias, unit)
    if data.get("code"):
        # Not folded, as names are: LIB1 and LIB11 sound alike.
        db.session.merge(UnitAlias(name=plain(data["code"]), unit_id=unit.id))
    return unit

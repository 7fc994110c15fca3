"""Writes: a programme's rows as published events at the right units."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from portal.config import ROOT
from portal.core.audit import record
from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.problems import Refused
from portal.core.text import fold, plain
from portal.events import actions as events
from portal.events import observance_actions as observances
from portal.events import queries as event_queries
from portal.events.recurrence import Series
from portal.events.rules import Details, check_series
from portal.feeds.vtimezone import has_yearly_rule
from portal.imports.items import RowProblem
from portal.imports.models import CategoryKind, UnitAlias
from portal.imports.programme import Programme, ProgrammeRow
from portal.imports.queries import kinds_by_category, known_ids, units_by_name
from portal.imports.words import say_category, say_problem
from portal.places import actions as place_actions
from portal.places.models import Place
from portal.places.queries import premises
from portal.units import actions as unit_actions
from portal.units import queries as units
from portal.units.models import Area, Body, Municipality, Unit
from portal.units.municipality_file import FileProblem
from portal.units.municipality_file import parse as parse_municipality

KINDS = ROOT / "portal" / "events" / "kinds.toml"
SOURCE = "programme"
OTHER = "other"


class AlreadySetUp(Exception):
    """The database holds a municipality; the message says where it is changed."""


@dataclass(frozen=True)
class Placed:
    """A row and the unit, place and kind it belongs to."""

    row: ProgrammeRow
    unit_id: int
    place_id: int | None
    kind_slug: str


@dataclass(frozen=True)
class Plan:
    """What an import would do: new rows, rows that are here already, rows that cannot be used."""

    new: list[Placed] = field(default_factory=list)
    unchanged: list[ProgrammeRow] = field(default_factory=list)
    bad: list[RowProblem] = field(default_factory=list)
    # Categories that are in no table, with how many new rows have them.
    unknown: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """The plan for people: what cannot be used with its reason, notes, then the counts."""
        notes = (say_category(category, rows) for category, rows in self.unknown.items())
        return [*(say_problem(problem) for problem in self.bad), *notes, self.summary()]

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.bad})

    def summary(self) -> str:
        return (
            f"{len(self.new)} new, {len(self.unchanged)} already here, {self.bad_rows} not usable"
        )


def make_plan(programme: Programme) -> Plan:
    """Finds unit, place and kind of every row; writes nothing."""
    plan = Plan(bad=list(programme.problems))
    names, kinds, known = units_by_name(), _kinds(), known_ids(SOURCE)
    places: dict[int, Place | None] = {}
    zone, today = units.municipality().zone, units.today()
    for number, (organiser, place) in programme.unread.items():
        if organiser and not (names.get(fold(organiser)) or names.get(fold(place))):
            plan.bad.append(RowProblem(number, "organiser", "unknown_unit", organiser))
    for row in programme.rows:
        if row.source_id in known:
            plan.unchanged.append(row)
            continue
        refused = _refused(row, zone, today)
        host = names.get(fold(row.organiser)) or names.get(fold(row.place))
        at = _premises(host if not row.place else names.get(fold(row.place)), places)
        if host is None:
            refused.append(RowProblem(row.row, "organiser", "unknown_unit", row.organiser))
        elif at is None and not row.place:
            refused.append(RowProblem(row.row, "place", "empty", ""))
        if host is None or refused:
            plan.bad.extend(refused)
            continue
        kind, unknown = _kind(row, kinds)
        plan.unknown.update([unknown] if unknown else [])
        plan.new.append(Placed(row, host, at, kind))
    plan.bad.sort(key=lambda problem: problem.row)
    return plan


def _refused(row: ProgrammeRow, zone: str, today: date) -> list[RowProblem]:
    """What the rules of events have against a row's time, by column."""
    cells = {
        "first_day": ("date", f"{row.starts:%Y-%m-%d}"),
        "starts": ("start", f"{row.starts:%H:%M}"),
        "ends": ("end", f"{row.ends:%H:%M}"),
    }
    problems = check_series(Series(row.starts, row.ends, zone, row.is_all_day), today)
    return [
        RowProblem(row.row, column, problem.code, value)
        for problem in problems
        for column, value in [cells.get(problem.field, cells["first_day"])]
    ]


def _premises(unit_id: int | None, cache: dict[int, Place | None]) -> int | None:
    if unit_id is None:
        return None
    if unit_id not in cache:
        cache[unit_id] = premises(db.session.get_one(Unit, unit_id))
    place = cache[unit_id]
    return place.id if place else None


def _kinds() -> dict[str, str]:
    """The table of categories. What was added to the file since `portal init` counts as well."""
    table = tomllib.loads(KINDS.read_text(encoding="utf-8"))["category"]
    return {**{fold(row["category"]): row["kind"] for row in table}, **kinds_by_category()}


def _kind(row: ProgrammeRow, kinds: dict[str, str]) -> tuple[str, str]:
    """A row's kind, and the category that no table knows when it is Other for that reason."""
    given = [category for category in (row.category, row.subcategory) if category]
    found = [kinds[fold(category)] for category in given if fold(category) in kinds]
    kind = next((kind for kind in found if kind != OTHER), OTHER)
    return kind, given[0] if given and not found else ""


def apply_plan(plan: Plan, progress: Callable[[], None] = lambda: None) -> None:
    """Makes and publishes the new rows' events, cancelled ones as cancelled."""
    kinds = {kind.slug: kind.id for kind in event_queries.kinds()}
    zone, today = units.municipality().zone, units.today()
    for placed in plan.new:
        _add(placed, kinds.get(placed.kind_slug, kinds[OTHER]), zone, today)
        progress()
    record("import.programme", "import", SOURCE, new=len(plan.new), bad=len(plan.bad))


def _add(placed: Placed, kind_id: int, zone: str, today: date) -> None:
    row = placed.row
    details = Details(
        titles={"sv": row.title},
        texts={},
        kind_id=kind_id,
        unit_id=placed.unit_id,
        place_id=placed.place_id,
        elsewhere="" if placed.place_id else row.place,
        languages=("sv",),
        audiences=("children", "families") if row.age_to is not None and row.age_to < 13 else (),
        age_from=row.age_from,
        age_to=row.age_to,
        sign_up="link" if row.booking_required and row.link else "none",
        sign_up_link=row.link if row.booking_required else "",
        is_preliminary=row.is_preliminary,
    )
    series = Series(row.starts, row.ends, zone, row.is_all_day)
    event = events.create(details, series, [], today, source=SOURCE, source_id=row.source_id)
    events.publish(event, may_use_place=True)
    if row.is_cancelled:
        events.cancel(event, {})


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
    kinds = tomllib.loads(KINDS.read_text(encoding="utf-8"))
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

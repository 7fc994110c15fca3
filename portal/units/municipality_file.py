"""Reading a municipality file: what it must hold, checked before anything is written.

The format is described in docs/municipality-file.md. Pure: text in, dataclasses out.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from portal.core.text import clean, fold, nearest
from portal.units.file_keys import Table, whole_file

Row = dict[str, Any]
NOTHING: tuple[Any, ...] = (None, "", {}, [])


class FileProblem(Exception):
    """The file cannot be used; `problems` say what and where, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class MunicipalityFile:
    """A file that has been checked: every reference resolves, every date is a date."""

    municipality: Row
    areas: list[Row]
    bodies: list[Row]
    units: list[Row]
    breaks: list[Row]
    observances: list[Row]


def parse(
    text: str,
    coordinates: str = "",
    known: Collection[str] = (),
    zone_fits: Callable[[str], bool] = lambda name: True,
) -> MunicipalityFile:
    """Reads and checks a file; raises FileProblem listing everything that is wrong.

    `coordinates` is an optional table unit_slug,lat,lon,source, kept apart because data
    from OpenStreetMap has a licence of its own. `known` are the keys of the portal's languages,
    and `zone_fits` says whether calendars can be written in a time zone.
    """
    try:
        data = _clean(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise FileProblem([f"This is not TOML: {error}"]) from error
    check = _Check()
    sound = check.table(whole_file(known, zone_fits), "", data)
    if "municipality" not in data:
        check.say("[municipality] is missing")
    if "sv" not in sound.get("municipality", {}).get("languages", ["sv"]):
        check.say('[municipality]: languages must have "sv": it is the language of last resort')
    areas, bodies, units, breaks = (sound.get(k, []) for k in ("area", "body", "unit", "break"))
    check.references("area", areas, ("successor", areas))
    check.references("body", bodies, ("successor", bodies))
    check.references("unit", units, ("area", areas), ("body", bodies), ("parent", units))
    _place(units, coordinates, check)
    _give_rules(units, sound.get("house_rules", []))
    if check.problems:
        raise FileProblem(check.problems)
    observances = sound.get("observance", [])
    return MunicipalityFile(sound["municipality"], areas, bodies, units, breaks, observances)


def _clean(value: Any) -> Any:
    """Without the characters that no calendar and no database may carry."""
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean(one) for one in value]
    return clean(value) if isinstance(value, str) else value


def _give_rules(units: list[Row], shared: list[Row]) -> None:
    """House rules are written once per kind of unit; a unit may have its own instead."""
    by_kind = {row.get("kind"): row.get("rules", {}) for row in shared}
    for unit in units:
        unit.setdefault("rules", by_kind.get(unit.get("kind"), {}))


def _place(units: list[Row], coordinates: str, check: _Check) -> None:
    by_slug = {unit.get("slug"): unit for unit in units}
    try:
        rows = list(csv.DictReader(io.StringIO(coordinates)))
    except csv.Error as error:
        check.say(f"coordinates: this is no CSV: {error}")
        return
    for row in rows:
        unit = by_slug.get(row.get("unit_slug"))
        if unit is None:
            check.say(f"coordinates: there is no unit {row.get('unit_slug')!r}")
            continue
        try:
            lat, lon = float(row["lat"]), float(row["lon"])
            sound = abs(lat) <= 90 and abs(lon) <= 180
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound:
            check.say(f"coordinates: {row.get('unit_slug')}: lat and lon must be numbers")
            continue
        unit.update(lat=lat, lon=lon, coordinate_source=clean(row.get("source") or ""))


class _Check:
    """Collects what is wrong, so that all of it can be told at once."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def say(self, problem: str) -> None:
        self.problems.append(problem)

    def table(self, shape: Table, where: str, given: Row) -> Row:
        """What is sound in a table; the rest is told. `where` is empty for the file itself."""
        for key in shape.needed:
            if given.get(key) in NOTHING:
                self.say(f"{where}{key} is missing")
        sound: Row = {}
        for key, value in given.items():
            if key in shape.inner:
                sound[key] = self._inner(shape.inner[key], where, key, value)
            elif key not in shape.keys:
                kind = "table" if isinstance(value, dict | list) and not where else "key"
                meant = nearest(key, [*shape.keys, *shape.inner])
                self.say(f"{where}unknown {kind} {key!r}{meant}")
            elif value in NOTHING and key in shape.needed:
                continue
            elif wrong := shape.keys[key](value):
                self.say(f"{where}{key} {wrong}")
                if key == "slug" and isinstance(value, str):
                    sound[key] = value  # so that it is not told as well that nothing has it
            else:
                sound[key] = value
        self._order(where, sound)
        return sound

    def _inner(self, shape: Table, where: str, key: str, value: Any) -> Any:
        """A table in a table, or a list of them."""
        if not shape.is_list:
            title = key if where else f"[{key}]"
            if isinstance(value, dict):
                return self.table(shape, f"{where}{title}: ", value)
            self.say(f"{where}{title} must be one table, written once")
            return {}
        title = key if where else f"[[{key}]]"
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.say(
                f"{where}{title} must be a list of tables"
                + ("" if where else f", each under {title}")
            )
            return []
        rows = [
            self.table(shape, f"{where}{title} {_label(row, number)}: ", row)
            for number, row in enumerate(value, 1)
        ]
        if "slug" in shape.needed:
            self._once(f"{where}{title}", "slug", rows)
        elif key == "place":
            self._once(f"{where}{title}", "names", rows)
        return rows

    def _once(self, title: str, key: str, rows: list[Row]) -> None:
        """No two units have one slug, and no two rooms of a unit names that sound the same."""
        seen: set[str] = set()
        for row in rows:
            value = row.get(key, "")
            name = fold(value.get("sv", "")) if isinstance(value, dict) else value
            if name and name in seen:
                self.say(f"{title} {_label(row, 0)}: the {key.rstrip('s')} is used twice")
            seen.add(name)

    def _order(self, where: str, row: Row) -> None:
        for first, last in (("starts_on", "ends_on"), ("first_on", "last_on")):
            if first in row and last in row and row[last] < row[first]:
                self.say(f"{where}it ends before it begins")
        # Both are written 09:00, so that their letters sort as their times do.
        if "opens" in row and "closes" in row and row["closes"] <= row["opens"]:
            self.say(f"{where}closes must be later than opens")

    def references(self, name: str, rows: list[Row], *others: tuple[str, list[Row]]) -> None:
        """Whatever a row names must be in the file, and be something else than itself."""
        for key, targets in others:
            kind = name if key == "successor" else key
            slugs = [target["slug"] for target in targets if "slug" in target]
            for row in rows:
                wanted, where = row.get(key), f"[[{name}]] {row.get('slug')}"
                if wanted and wanted not in slugs:
                    self.say(f"{where}: there is no {kind} {wanted!r}{nearest(wanted, slugs)}")
                elif wanted and wanted == row.get("slug") and targets is rows:
                    self.say(f"{where}: it cannot be its own {key}")


def _label(row: Row, number: int) -> str:
    """How a row is told apart: by its slug or name, else by its number."""
    names = row.get("names")
    swedish = names.get("sv") if isinstance(names, dict) else None
    found = (row.get("slug"), row.get("name"), swedish)
    return next((one for one in found if isinstance(one, str) and one), str(number))

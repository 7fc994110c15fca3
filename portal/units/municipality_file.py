"""Reading a municipality file: what it must hold, checked before anything is written.

The format is described in docs/municipality-file.md. Pure: text in, dataclasses out.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holidays import list_supported_countries

UNIT_KINDS = (
    "library",
    "open_preschool",
    "youth_centre",
    "senior_centre",
    "culture_house",
    "museum",
    "community_house",
    "neighbourhood_house",
    "job_centre",
    "training_room",
    "online",
    "office",
    "association",
)
FACILITIES = ("step_free", "lift", "hearing_loop", "toilet", "quiet_room", "changing_table")
ANSWERS = ("yes", "no", "unknown")


class FileProblem(Exception):
    """The file cannot be used; `problems` say what and where, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class MunicipalityFile:
    """A file that has been checked: every reference resolves, every date is a date."""

    municipality: dict[str, Any]
    areas: list[dict[str, Any]]
    bodies: list[dict[str, Any]]
    units: list[dict[str, Any]]
    breaks: list[dict[str, Any]]


def parse(text: str, coordinates: str = "", known: Collection[str] = ()) -> MunicipalityFile:
    """Reads and checks a file; raises FileProblem listing everything that is wrong.

    `coordinates` is an optional table unit_slug,lat,lon,source, kept apart because data
    from OpenStreetMap has a licence of its own. `known` are the keys of the portal's languages.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileProblem([f"This is not TOML: {error}"]) from error
    check = _Check(known)
    municipality = check.municipality(data.get("municipality"))
    areas = check.rows(data, "area", ("slug", "names"))
    bodies = check.rows(data, "body", ("slug", "names"))
    units = check.rows(data, "unit", ("slug", "name", "kind"))
    breaks = check.rows(data, "break", ("names", "first_on", "last_on"))
    check.references(areas, bodies, units)
    check.breaks(breaks)
    _place(units, coordinates, check)
    _give_rules(units, data.get("house_rules", []))
    if check.problems:
        raise FileProblem(check.problems)
    return MunicipalityFile(municipality, areas, bodies, units, breaks)


def _give_rules(units: list[dict[str, Any]], shared: list[dict[str, Any]]) -> None:
    """House rules are written once per kind of unit; a unit may have its own instead."""
    by_kind = {row.get("kind"): row.get("rules", {}) for row in shared}
    for unit in units:
        unit.setdefault("rules", by_kind.get(unit.get("kind"), {}))


def _place(units: list[dict[str, Any]], coordinates: str, check: _Check) -> None:
    by_slug = {unit.get("slug"): unit for unit in units}
    for row in csv.DictReader(io.StringIO(coordinates)):
        unit = by_slug.get(row.get("unit_slug"))
        if unit is None:
            check.say(f"coordinates: there is no unit {row.get('unit_slug')!r}")
            continue
        try:
            unit["lat"], unit["lon"] = float(row["lat"]), float(row["lon"])
        except (KeyError, ValueError):
            check.say(f"coordinates: {row.get('unit_slug')}: lat and lon must be numbers")
            continue
        unit["coordinate_source"] = row.get("source", "")


class _Check:
    """Collects what is wrong, so that all of it can be told at once."""

    def __init__(self, known: Collection[str]) -> None:
        self.problems: list[str] = []
        self.known = known

    def say(self, problem: str) -> None:
        self.problems.append(problem)

    def municipality(self, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict):
            self.say("[municipality] is missing")
            return {}
        for key in ("slug", "names", "site_names", "timezone", "country", "phone"):
            if not given.get(key):
                self.say(f"[municipality] {key} is missing")
        for key in ("names", "site_names"):
            self._localised(f"[municipality] {key}", given.get(key))
        try:
            ZoneInfo(str(given.get("timezone")))
        except (ZoneInfoNotFoundError, ValueError):
            self.say(f"[municipality] timezone {given.get('timezone')!r} is not known")
        if given.get("country") and given["country"] not in list_supported_countries():
            self.say(f"[municipality] country {given['country']!r} is not known; write SE, FI …")
        for key in (*given.get("languages", []), *given.get("varieties", [])):
            if self.known and key not in self.known:
                self.say(f"[municipality] language {key!r} is not known")
        if "sv" not in given.get("languages", ["sv"]):
            self.say('[municipality] languages must have "sv": it is the language of last resort')
        return given

    def _localised(self, where: str, value: Any) -> None:
        if not isinstance(value, dict) or not value.get("sv"):
            self.say(f'{where} needs a text per language, at least Swedish: {{ sv = "…" }}')

    def rows(
        self, data: dict[str, Any], name: str, needed: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        rows = data.get(name, [])
        seen: set[str] = set()
        for number, row in enumerate(rows, 1):
            where = f"[[{name}]] {row.get('slug', number)}"
            for key in needed:
                if row.get(key) in (None, ""):
                    self.say(f"{where}: {key} is missing")
            if "names" in needed:
                self._localised(f"{where}: names", row.get("names"))
            if row.get("slug") in seen:
                self.say(f"{where}: the slug is used twice")
            seen.add(row.get("slug", ""))
            for key in ("starts_on", "ends_on", "first_on", "last_on"):
                if key in row and not isinstance(row[key], date):
                    self.say(f"{where}: {key} must be a date such as 2027-01-31, without quotes")
        return list(rows)

    def references(
        self, areas: list[dict[str, Any]], bodies: list[dict[str, Any]], units: list[dict[str, Any]]
    ) -> None:
        known = {
            "area": {row.get("slug") for row in areas},
            "body": {row.get("slug") for row in bodies},
            "parent": {row.get("slug") for row in units},
        }
        for kind, rows in (("area", areas), ("body", bodies)):
            for row in rows:
                if row.get("successor") and row["successor"] not in known[kind]:
                    self.say(
                        f"[[{kind}]] {row.get('slug')}: there is no {kind} {row['successor']!r}"
                    )
        for unit in units:
            where = f"[[unit]] {unit.get('slug')}"
            if unit.get("kind") not in UNIT_KINDS:
                self.say(
                    f"{where}: kind {unit.get('kind')!r} is not one of {', '.join(UNIT_KINDS)}"
                )
            for key, slugs in known.items():
                if unit.get(key) and unit[key] not in slugs:
                    self.say(f"{where}: there is no {key} {unit[key]!r}")
            for room in unit.get("place", []):
                self._localised(f"{where}: [[unit.place]] names", room.get("names"))
            for holder in (unit, *unit.get("place", [])):
                self._hours(where, holder.get("hours", []))
                for facility, answer in holder.get("facilities", {}).items():
                    if facility not in FACILITIES or answer not in ANSWERS:
                        self.say(f"{where}: facility {facility} = {answer!r} is not understood")

    def _hours(self, where: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            try:
                opens, closes = time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"])
                sound = opens < closes and set(row["days"]) <= set(range(7))
            except (KeyError, TypeError, ValueError):
                sound = False
            if not sound:
                self.say(f"{where}: hours {row} are not days 0 to 6, opens and a later closes")

    def breaks(self, breaks: list[dict[str, Any]]) -> None:
        for row in breaks:
            first, last = row.get("first_on"), row.get("last_on")
            if isinstance(first, date) and isinstance(last, date) and last < first:
                self.say(f"[[break]] {row.get('names')}: it ends before it begins")

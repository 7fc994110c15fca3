"""Reads: what the names in a source mean here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache, lru_cache

from sqlalchemy import select

from portal.config import ROOT
from portal.core.extensions import db
from portal.core.text import fold as fold_text
from portal.events import queries as events
from portal.imports.models import CategoryKind, Source, SourceName, UnitAlias
from portal.imports.told import Where
from portal.places.models import Place
from portal.units.models import Unit

KINDS_FILE = ROOT / "portal" / "events" / "kinds.toml"
OTHER = "other"
NEAR = 0.8
# A programme says the same few names in all its rows.
fold = lru_cache(maxsize=10_000)(fold_text)


class Names:
    """Units, places and kinds by the names that a source has for them.

    What was chosen for the source itself comes first, then the aliases of the municipality, then
    the names. `allowed` are the units whose programme this may be; None: every unit's.
    """

    def __init__(self, source: Source, allowed: set[int] | None) -> None:
        self.allowed = allowed
        self._own_unit = source.unit_id
        self._chosen = {
            (row.what, row.name): row.ref
            for row in db.session.scalars(
                select(SourceName).where(SourceName.source_id == source.id)
            )
        }
        self._units = units_by_name()
        self._places: dict[int, list[Place]] = {}
        query = select(Place).where(Place.visibility == "public")
        for place in db.session.scalars(query.order_by(Place.is_premises.desc(), Place.slug)):
            self._places.setdefault(place.unit_id, []).append(place)
        self._rooms = {
            (place.unit_id, fold(name)): place.id
            for rows in self._places.values()
            for place in rows
            for name in place.names.values()
            if name
        }
        self._kinds = {**_kinds_of_file(), **kinds_by_category()}
        self._slugs = {kind.slug for kind in events.kinds()}
        self.kinds = {kind.slug: (kind.id, kind.visibility) for kind in events.kinds()}

    def unit(self, organiser: str, place: str = "") -> int | None:
        """Whose an entry is: the organiser's, else the house's, else the source's own unit."""
        if not organiser and self._own_unit is not None:
            return self._own_unit
        for name in (organiser, place):
            found = self._unit(name)
            if found is not None:
                return found
        return None

    def _unit(self, name: str) -> int | None:
        chosen = self._chosen.get(("unit", fold(name)))
        return int(chosen) if chosen else self._units.get(fold(name))

    def near_units(self, name: str) -> list[int]:
        """Units whose names are close to one that nobody knows."""
        return [self._units[found] for found in _near(fold(name), self._units)]

    def where(self, unit_id: int, name: str) -> Where | None:
        """Where an entry of a unit is. Somebody else's house is only named, unless the importer
        may speak for all; None when nothing says where."""
        chosen = self._chosen.get(("place", fold(name)))
        if chosen:
            return int(chosen), ""
        if (unit_id, fold(name)) in self._rooms:
            return self._rooms[unit_id, fold(name)], ""
        host = self._unit(name) if name else unit_id
        houses = self._places.get(host, []) if host is not None else []
        if houses and houses[0].is_premises and (self.allowed is None or host == unit_id):
            return houses[0].id, ""
        return (None, name) if name else None

    def near_places(self, unit_id: int, name: str) -> list[int]:
        """Places of a unit whose names are close to one that nobody knows."""
        own = {folded: ref for (owner, folded), ref in self._rooms.items() if owner == unit_id}
        return [own[found] for found in _near(fold(name), own)]

    def kind(self, categories: Iterable[str]) -> tuple[str, str]:
        """The kind of an entry, and the category that no table knows where it is Other for
        that reason."""
        given = [category for category in categories if category]
        found = [slug for category in given if (slug := self._kind(category))]
        kind = next((slug for slug in found if slug != OTHER), OTHER)
        return kind, given[0] if given and not found else ""

    def _kind(self, category: str) -> str:
        folded = fold(category)
        slug = self._chosen.get(("kind", folded)) or self._kinds.get(folded, "")
        return slug if slug in self._slugs else ""


def _near(name: str, known: Iterable[str]) -> list[str]:
    return get_close_matches(name, list(known), 3, NEAR) if name else []


def units_by_name() -> dict[str, int]:
    """Unit ids by folded name and alias."""
    names = db.session.execute(select(Unit.name, Unit.id))
    aliases = db.session.execute(select(UnitAlias.name, UnitAlias.unit_id))
    return {**{fold(name): unit_id for name, unit_id in names}, **dict(aliases.all())}


def kinds_by_category() -> dict[str, str]:
    """Kind addresses by folded category."""
    rows = db.session.execute(select(CategoryKind.category, CategoryKind.kind_slug))
    return dict(rows.all())


@cache
def _kinds_of_file() -> dict[str, str]:
    """The table of categories: what was added to the file since `portal init` counts as well."""
    table = tomllib.loads(KINDS_FILE.read_text(encoding="utf-8"))["category"]
    return {fold(row["category"]): row["kind"] for row in table}

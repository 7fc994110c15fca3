"""Reads: which unit and which kind the names in a programme mean."""

from __future__ import annotations

from sqlalchemy import select

from portal.core.extensions import db
from portal.core.text import fold
from portal.events.models import Event
from portal.imports.models import CategoryKind, UnitAlias
from portal.units.models import Unit


def units_by_name() -> dict[str, int]:
    """Unit ids by folded name and alias."""
    names = db.session.execute(select(Unit.name, Unit.id))
    aliases = db.session.execute(select(UnitAlias.name, UnitAlias.unit_id))
    return {**{fold(name): unit_id for name, unit_id in names}, **dict(aliases.all())}


def kinds_by_category() -> dict[str, str]:
    """Kind addresses by folded category."""
    rows = db.session.execute(select(CategoryKind.category, CategoryKind.kind_slug))
    return dict(rows.all())


def known_ids(source: str) -> set[str]:
    """The ids of a source that are here already."""
    query = select(Event.source_id).where(Event.source == source)
    return {found for found in db.session.scalars(query) if found}

"""Writes: sources, what their names mean, and their runs."""

from __future__ import annotations

from sqlalchemy import select

from portal.core.audit import record
from portal.core.extensions import db
from portal.core.text import fold
from portal.imports.models import Source, SourceName


def new_source(name: str, unit_id: int | None, address: str = "") -> Source:
    """A source of a unit or of the whole city that is not in the database: it can be asked what
    a file would do (imports.work.plan_for)."""
    return Source(name=name, unit_id=unit_id, address=address, mapping={}, digest="")


def add_source(name: str, unit_id: int | None, address: str = "") -> Source:
    """A new source, of a unit or of the whole city."""
    source = new_source(name, unit_id, address)
    db.session.add(source)
    db.session.flush()
    record("import.source", "source", source.id)
    return source


def known_source(name: str, unit_id: int | None) -> Source | None:
    """The source of this name whose files are brought by hand, of a unit or of the whole city."""
    of = Source.unit_id.is_(None) if unit_id is None else Source.unit_id == unit_id
    return db.session.scalar(select(Source).where(of, Source.name == name, Source.address == ""))


def find_source(name: str, unit_id: int | None) -> Source:
    """The same, made when it is not there yet."""
    return known_source(name, unit_id) or add_source(name, unit_id)


def choose(source: Source, what: str, name: str, ref: str) -> None:
    """Notes what a name in a source means: `what` is unit, place or kind; no `ref` forgets it."""
    folded = fold(name)
    row = db.session.get(SourceName, (source.id, what, folded))
    if row is not None:
        db.session.delete(row)
        db.session.flush()
    if ref:
        db.session.add(SourceName(source_id=source.id, what=what, name=folded, ref=ref))
    record("import.name", "source", source.id, what=what)
    db.session.flush()


def change_source(source: Source, name: str, address: str, is_active: bool) -> None:
    """Another name or address; a new address is asked as if it had never been."""
    if address != source.address:
        source.etag = source.last_modified = source.digest = ""
        source.asked_at = source.failed_since = None
        source.failure = {}
    source.name, source.address, source.is_active = name, address, is_active
    record("import.source", "source", source.id)
    db.session.flush()

"""What imports remember: sources, what they have said of each date, and what names mean."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.core.extensions import Model
from portal.core.types import UTCDateTime

if TYPE_CHECKING:
    from portal.units.models import Unit


class UnitAlias(Model):
    """A name that others use for a unit, folded as search folds; or the municipality's own code
    for it, in lower case."""

    __tablename__ = "unit_alias"
    name: Mapped[str] = mapped_column(String(160), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))


class CategoryKind(Model):
    """A category of somebody else's programme and the kind of event it means here."""

    __tablename__ = "category_kind"
    category: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind_slug: Mapped[str] = mapped_column(String(60))


class Source(Model):
    """Where programmes come from. `unit_id` is whose (None: the whole city's, for commands and
    administrators). `address` is read every hour while `is_active`; without one, files and
    pasted tables are brought by hand. `mapping` says what its columns mean (columns.Mapping).
    `digest` is of the last file that was applied; `failed_since` is when an address was last
    reached before it failed, `failure` why (a code and its facts)."""

    __tablename__ = "import_source"
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(500), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    digest: Mapped[str] = mapped_column(String(64), default="")
    etag: Mapped[str] = mapped_column(String(200), default="")
    last_modified: Mapped[str] = mapped_column(String(60), default="")
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failed_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    failure: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    unit: Mapped[Unit | None] = relationship(foreign_keys=[unit_id], lazy="joined")


class SourceName(Model):
    """What a name in a source means there: `what` is unit, place or kind; `name` is folded;
    `ref` the id of the unit or place, or the address of the kind."""

    __tablename__ = "import_name"
    source_id: Mapped[int] = mapped_column(ForeignKey("import_source.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    ref: Mapped[str] = mapped_column(String(60))


class ImportRun(Model):
    """One import. `state`: reading (somebody's process works on it), columns (waits until it is
    said what they mean), planned (waits for a yes), applied, refused, dropped. `body` is the
    file, zlib, until it is applied or dropped; `plan` what the page shows of it."""

    __tablename__ = "import_run"
    __table_args__ = (Index("ix_import_run_source_id_at", "source_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("import_source.id"))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(10))
    file_name: Mapped[str] = mapped_column(String(120), default="")
    form: Mapped[str] = mapped_column(String(20), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")
    body: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    plan: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime] = mapped_column(UTCDateTime)
    source: Mapped[Source] = relationship(lazy="joined")


class ImportedEvent(Model):
    """An event that a source made, and what the source said of the whole of it when that was
    last followed (told.Common)."""

    __tablename__ = "imported_event"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("import_source.id"), index=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class ImportedDate(Model):
    """A date as its source knows it: `key` is the id there, `group` the series there, if it has
    one. Which date of which event it is here never changes. `said` is what the source said of it
    last (told.Told), `mark` a digest of that; `is_gone`: later files were without it."""

    __tablename__ = "imported_date"
    source_id: Mapped[int] = mapped_column(ForeignKey("import_source.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(240), primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    recurrence_id: Mapped[datetime]
    group: Mapped[str] = mapped_column(String(200), default="")
    said: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    mark: Mapped[str] = mapped_column(String(16), default="")
    is_gone: Mapped[bool] = mapped_column(default=False)

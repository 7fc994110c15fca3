"""The municipality, its areas and bodies, and the units people visit."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.extensions import Model, PublicRow
from portal.core.types import Localised


class Municipality(PublicRow, Model):
    """One row: whose portal this is. Filled by `portal init` from the municipality file.

    `texts` holds localised texts by name (help, complaint, visit, accessibility …).
    """

    __tablename__ = "municipality"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60))
    names: Mapped[Localised]
    site_names: Mapped[Localised]
    zone: Mapped[str] = mapped_column(String(60))
    country: Mapped[str] = mapped_column(String(2))
    languages: Mapped[list[str]] = mapped_column(JSON)
    varieties: Mapped[list[str]] = mapped_column(JSON)
    phone: Mapped[str] = mapped_column(String(40))
    phone_hours: Mapped[Localised]
    email: Mapped[str] = mapped_column(String(120))
    texts: Mapped[dict[str, Any]] = mapped_column(JSON)
    attribution: Mapped[str] = mapped_column(String(200), default="")
    is_demo: Mapped[bool] = mapped_column(default=False)


class Area(PublicRow, Model):
    """A part of the municipality, such as a district. Ended areas name their successor."""

    __tablename__ = "area"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    names: Mapped[Localised]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))


class Body(PublicRow, Model):
    """A committee, board or company that answers for units. Ended bodies name their successor."""

    __tablename__ = "body"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    names: Mapped[Localised]
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("body.id"))
    contacts: Mapped[list[BodyContact]] = relationship(
        order_by="BodyContact.is_deputy, BodyContact.id", cascade="all, delete-orphan"
    )


class BodyContact(PublicRow, Model):
    """Whom to ask at a body (GOV-20): a function, never a named person."""

    __tablename__ = "body_contact"
    id: Mapped[int] = mapped_column(primary_key=True)
    body_id: Mapped[int] = mapped_column(ForeignKey("body.id"), index=True)
    function: Mapped[Localised]
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    is_deputy: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class Unit(PublicRow, Model):
    """A library, open preschool, youth centre … or an association (kind `association`).

    `invented` names the fields that have no source (demonstration data only).
    """

    __tablename__ = "unit"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(30), index=True)
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(120), default="")
    website: Mapped[str] = mapped_column(String(300), default="")
    intro: Mapped[Localised]
    is_reading_embassy: Mapped[bool] = mapped_column(default=False)
    headcount: Mapped[int | None]
    invented: Mapped[list[str]] = mapped_column(JSON, default=list)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))


class Affiliation(PublicRow, Model):
    """What a unit belonged to during a time: answerable body, area, operator, parent.

    A merger closes one row and opens the next, so that what was true then stays true.
    `ends_on` is the last day on which the row holds, here and in the other tables.
    """

    __tablename__ = "affiliation"
    __table_args__ = (Index("ix_affiliation_unit", "unit_id", "starts_on"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    body_id: Mapped[int | None] = mapped_column(ForeignKey("body.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    operator: Mapped[str] = mapped_column(String(120), default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id])
    body: Mapped[Body | None] = relationship(foreign_keys=[body_id])
    area: Mapped[Area | None] = relationship(foreign_keys=[area_id])
    parent: Mapped[Unit | None] = relationship(foreign_keys=[parent_id])

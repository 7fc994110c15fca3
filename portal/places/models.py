"""Meeting places: a unit's premises and the rooms in it, when they are open, how they are."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.core.extensions import Model, PublicRow
from portal.core.types import Localised

if TYPE_CHECKING:
    from portal.units.models import Unit


class Place(PublicRow, Model):
    """Somewhere people meet. Every unit has its premises (`is_premises`), never bookable.

    `visibility`: public, without_place (exists, but not where), staff, closed.
    `facilities` maps step_free, lift, hearing_loop … to yes, no or unknown.
    """

    __tablename__ = "place"
    id: Mapped[int] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    names: Mapped[Localised]
    is_premises: Mapped[bool] = mapped_column(default=False)
    is_bookable: Mapped[bool] = mapped_column(default=False)
    visibility: Mapped[str] = mapped_column(String(20), default="public")
    street: Mapped[str] = mapped_column(String(120), default="")
    postcode: Mapped[str] = mapped_column(String(10), default="")
    locality: Mapped[str] = mapped_column(String(60), default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    coordinate_source: Mapped[str] = mapped_column(String(200), default="")
    floor: Mapped[str] = mapped_column(String(30), default="")
    capacity: Mapped[int | None]
    how_to_come: Mapped[Localised]
    rules: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    facilities: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    unit: Mapped[Unit] = relationship()
    hours: Mapped[list[OpeningHours]] = relationship(
        cascade="all, delete-orphan", order_by="OpeningHours.weekday, OpeningHours.opens"
    )


class OpeningHours(PublicRow, Model):
    """One span on one weekday (Monday is 0), local wall time; several a day are fine."""

    __tablename__ = "opening_hours"
    __table_args__ = (CheckConstraint("closes > opens", name="order"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), index=True)
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class ClosedDay(PublicRow, Model):
    """Days on which a place is closed, first and last included, with the reason."""

    __tablename__ = "closed_day"
    __table_args__ = (Index("ix_closed_day_place", "place_id", "last_on"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    first_on: Mapped[date]
    last_on: Mapped[date]
    reason: Mapped[Localised]


class Break(PublicRow, Model):
    """A break of the municipality's schools, first and last day included."""

    __tablename__ = "break_period"
    id: Mapped[int] = mapped_column(primary_key=True)
    names: Mapped[Localised]
    first_on: Mapped[date] = mapped_column(index=True)
    last_on: Mapped[date]
    is_assumed: Mapped[bool] = mapped_column(default=False)


class Photo(PublicRow, Model):
    """The one photograph of a place, re-encoded so that nothing hides in it."""

    __tablename__ = "photo"
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("place.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[Localised]
    credit: Mapped[str] = mapped_column(String(120))
    jpeg: Mapped[bytes] = deferred(mapped_column(LargeBinary))

"""Events, their kinds, and the dates they make."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from portal.core.extensions import Model, PublicRow
from portal.core.types import Localised, UTCDateTime

if TYPE_CHECKING:
    from portal.places.models import Place
    from portal.units.models import Unit


class Keys(TypeDecorator[tuple[str, ...]]):
    """A few short keys in one column, " sv rmn-arli ", so that one LIKE finds a key."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        if isinstance(value, str):
            return value
        return f" {' '.join(value)} " if value else ""

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...]:
        return tuple((value or "").split())


class EventKind(PublicRow, Model):
    """What sort of meeting: language café, homework help … Rows, so that a municipality
    can add its own. `visibility` is what a new event of the kind starts with."""

    __tablename__ = "event_kind"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    code: Mapped[str] = mapped_column(String(20), default="")
    group: Mapped[str] = mapped_column(String(20))
    visibility: Mapped[str] = mapped_column(String(20), default="public")
    names: Mapped[Localised]
    plurals: Mapped[Localised]
    position: Mapped[int] = mapped_column(default=0)


class Event(PublicRow, Model):
    """The definition of a meeting (a VEVENT): what, who, where, and the rule of when.

    `elsewhere` says where when it is at none of the places the portal knows.
    `visibility`: public, without_place, staff, closed. `status`: draft, waiting (for the
    place's unit to say yes), published, cancelled. `starts` and `ends` are wall times in
    `zone`; `rrule` is RFC 5545's. `sequence` and `revised_at` rise with every change.
    """

    __tablename__ = "event"
    __table_args__ = (UniqueConstraint("source", "source_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    kind_id: Mapped[int] = mapped_column(ForeignKey("event_kind.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    elsewhere: Mapped[str] = mapped_column(String(200), default="")
    visibility: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20), default="draft")
    is_preliminary: Mapped[bool] = mapped_column(default=False)
    titles: Mapped[Localised]
    texts: Mapped[Localised]
    languages: Mapped[tuple[str, ...]] = mapped_column(Keys, default=())
    audiences: Mapped[tuple[str, ...]] = mapped_column(Keys, default=())
    directed_to: Mapped[Localised]
    host_note: Mapped[Localised]
    cost: Mapped[Localised]
    age_from: Mapped[int | None]
    age_to: Mapped[int | None]
    age_unit: Mapped[str] = mapped_column(String(10), default="years")
    sign_up: Mapped[str] = mapped_column(String(10), default="none")
    sign_up_link: Mapped[str] = mapped_column(String(300), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    zone: Mapped[str] = mapped_column(String(60))
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    is_all_day: Mapped[bool] = mapped_column(default=False)
    rrule: Mapped[str] = mapped_column(String(200), default="")
    skip_breaks: Mapped[bool] = mapped_column(default=False)
    skip_holidays: Mapped[bool] = mapped_column(default=False)
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revised_at: Mapped[datetime] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reason: Mapped[Localised]
    answer_note: Mapped[str] = mapped_column(String(300), default="")
    search: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str | None] = mapped_column(String(60))
    source_id: Mapped[str | None] = mapped_column(String(120))
    kind: Mapped[EventKind] = relationship(lazy="joined")
    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id], lazy="joined")
    place: Mapped[Place | None] = relationship(foreign_keys=[place_id], lazy="joined")
    co_hosts: Mapped[list[Unit]] = relationship(secondary="event_co_host", order_by="Unit.name")
    exdates: Mapped[list[ExDate]] = relationship(
        cascade="all, delete-orphan", order_by="ExDate.recurrence_id"
    )
    occurrences: Mapped[list[Occurrence]] = relationship(
        cascade="all, delete-orphan", order_by="Occurrence.starts_at", back_populates="event"
    )

    @property
    def is_public(self) -> bool:
        """Whether a visitor may know of it at all."""
        return self.visibility in ("public", "without_place") and self.status in (
            "published",
            "cancelled",
        )

    @property
    def hides_place(self) -> bool:
        """Whether pages and feeds keep quiet about where, and about who could tell where."""
        return self.visibility == "without_place" or (
            self.place is not None and self.place.visibility != "public"
        )


class CoHost(PublicRow, Model):
    """A unit that hosts an event together with the event's own (shown equally, LIB-06)."""

    __tablename__ = "event_co_host"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)


class ExDate(PublicRow, Model):
    """A date known from the start to be left out (EXDATE), with the reason if there is one."""

    __tablename__ = "event_exdate"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    recurrence_id: Mapped[datetime] = mapped_column(primary_key=True)
    reason: Mapped[Localised]


class Occurrence(PublicRow, Model):
    """One date of an event. Its identity never changes: `recurrence_id` is the original wall
    start, `key` its address. Once published it is never deleted, only cancelled.

    `is_listed` repeats whether the event is public and published, for one indexed look-up.
    """

    __tablename__ = "occurrence"
    __table_args__ = (
        UniqueConstraint("event_id", "recurrence_id"),
        UniqueConstraint("event_id", "key"),
        # Everything that a list or a feed asks before it reads a row.
        Index("ix_occurrence_listed", "is_listed", "starts_at", "ends_at", "event_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"))
    recurrence_id: Mapped[datetime]
    key: Mapped[str] = mapped_column(String(16))
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    on: Mapped[date]
    status: Mapped[str] = mapped_column(String(10), default="confirmed")
    is_moved: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=False)
    note: Mapped[Localised]
    event: Mapped[Event] = relationship(back_populates="occurrences")

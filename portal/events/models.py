"""Events, their kinds, and the dates they make."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.extensions import Model, PublicRow
from portal.core.types import Keys, Localised, UTCDateTime

if TYPE_CHECKING:
    from portal.places.models import Place
    from portal.units.models import Unit


class EventKind(PublicRow, Model):
    """What sort of meeting; rows, so that a municipality can add its own. `visibility` is what
    a new event of the kind starts with."""

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
    `continues_id` is the series before it: last term's, or the one with another rhythm.
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
    continues_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"), index=True)
    observance_id: Mapped[int | None] = mapped_column(ForeignKey("observance.id"))
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
    start, `key` its address. Once published it is never deleted, only cancelled. It may differ
    in time, place (`place_id`, or `elsewhere`), title and address for sign-up. `is_override`: a
    feed has told it apart, for good. `is_listed`: the event is public and published."""

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
    is_override: Mapped[bool] = mapped_column(default=False)
    is_listed: Mapped[bool] = mapped_column(default=False)
    note: Mapped[Localised]
    place_id: Mapped[int | None] = mapped_column(ForeignKey("place.id"), index=True)
    elsewhere: Mapped[str] = mapped_column(String(200), default="")
    titles: Mapped[Localised]
    sign_up_link: Mapped[str] = mapped_column(String(300), default="")
    event: Mapped[Event] = relationship(back_populates="occurrences")
    own_place: Mapped[Place | None] = relationship(foreign_keys=[place_id], lazy="selectin")

    @property
    def is_elsewhere(self) -> bool:
        """Whether this date is somewhere else than its series."""
        return self.place_id is not None or bool(self.elsewhere)

    @property
    def place(self) -> Place | None:
        """Where this date is, if the portal knows the place."""
        return self.own_place if self.is_elsewhere else self.event.place

    @property
    def where(self) -> str:
        """Where this date is when at none of the places the portal knows."""
        return self.elsewhere if self.is_elsewhere else self.event.elsewhere

    @property
    def hides_place(self) -> bool:
        """Whether pages and feeds keep quiet about where this date is."""
        return self.event.hides_place or (
            self.own_place is not None and self.own_place.visibility != "public"
        )


class FormerScope(PublicRow, Model):
    """A unit or place that a published event has left: it stays in their feeds to its end, so
    that nothing vanishes from a calendar without a word (MEET-17)."""

    __tablename__ = "event_former_scope"
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(10), primary_key=True)
    ref_id: Mapped[int] = mapped_column(primary_key=True)


class EventChange(Model):
    """One change of a published event: who, what, how many dates, and how it was before, so
    that it can be undone; `before` holds columns by row: see events/noting.py."""

    __tablename__ = "event_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    account_id: Mapped[int | None]
    what: Mapped[str] = mapped_column(String(20))
    dates: Mapped[int] = mapped_column(default=0)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class DropInState(PublicRow, Model):
    """What a host says of a date while it lasts: "full", or "open" again. Never in feeds."""

    __tablename__ = "drop_in_state"
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Attendance(Model):
    """How many came to a date, as the host counted: never who."""

    __tablename__ = "attendance"
    occurrence_id: Mapped[int] = mapped_column(ForeignKey("occurrence.id"), primary_key=True)
    adults: Mapped[int | None]
    children: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class Observance(PublicRow, Model):
    """A day or period that is marked, every year or once (LIB-04, LIB-05). `first_on` and
    `last_on` are the first year's, both included. `status`: proposed (by the unit `unit_id`),
    published, declined, withdrawn. A published one is never deleted: calendars have it."""

    __tablename__ = "observance"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    uid: Mapped[str] = mapped_column(String(120), unique=True)
    names: Mapped[Localised]
    texts: Mapped[Localised]
    link: Mapped[str] = mapped_column(String(300), default="")
    first_on: Mapped[date]
    last_on: Mapped[date]
    is_annual: Mapped[bool] = mapped_column(default=True)
    is_flag_day: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(20), default="published")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    answer_note: Mapped[str] = mapped_column(String(300), default="")
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revised_at: Mapped[datetime] = mapped_column(UTCDateTime)

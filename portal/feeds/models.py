"""Texts of events as they stand in feeds, stored so that a feed is only a join of them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.extensions import Model, PublicRow
from portal.core.types import UTCDateTime


class RenderedEvent(Model):
    """One event's VEVENTs in one language, as of its revision (`sequence`).

    Written by `portal tick` only: a GET never writes, it renders what is missing in memory.
    """

    __tablename__ = "rendered_event"
    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True
    )
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    sequence: Mapped[int]
    stamp: Mapped[str] = mapped_column(String(16))
    body: Mapped[bytes] = mapped_column(LargeBinary)


class QuietFeed(PublicRow, Model):
    """A scope's second address, random and shared by all its readers: a calendar that says
    only when, for those whose telephone others see (SOC-04). Made by `portal tick`."""

    __tablename__ = "quiet_feed"
    scope: Mapped[str] = mapped_column(String(120), primary_key=True)
    language: Mapped[str] = mapped_column(String(20), primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)


class EditorFeed(Model):
    """The secret address of an account's own feed, drafts marked; its digest only."""

    __tablename__ = "editor_feed"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FeedFetch(Model):
    """How often a kind of client fetched a feed on a day. Counts programs, never people:
    no address, no time of day, no name of a device."""

    __tablename__ = "feed_fetch"
    on: Mapped[date] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(120), primary_key=True)
    client: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)

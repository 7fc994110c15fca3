"""Texts of events as they stand in feeds, stored so that a feed is only a join of them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.extensions import Model


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

"""Tables that belong to no feature."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.extensions import Model
from portal.core.types import UTCDateTime


class ChangeCounter(Model):
    """One row. Rises with every commit that touched something public (`PublicRow`)."""

    __tablename__ = "change_counter"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)


class FormerSlug(Model):
    """An address that was renamed: answers 301 to its successor, for ever."""

    __tablename__ = "former_slug"
    __table_args__ = (UniqueConstraint("scope", "slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(String(20))
    slug: Mapped[str] = mapped_column(String(100))
    successor: Mapped[str] = mapped_column(String(100))


class AuditEntry(Model):
    """What staff did: who, what, when. Never anything about a resident."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    account_id: Mapped[int | None]
    action: Mapped[str] = mapped_column(String(60))
    subject_kind: Mapped[str] = mapped_column(String(30))
    subject_id: Mapped[str] = mapped_column(String(60))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class RateCount(Model):
    """How often something was tried in a window; the key is an HMAC that dies each day (P11)."""

    __tablename__ = "rate_count"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class DayKey(Model):
    """The random key of one day that rate-limit keys are made with, thrown away after it."""

    __tablename__ = "day_key"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(64))


class JobRun(Model):
    """When each background job last ran, and how it went: shown by `portal doctor`."""

    __tablename__ = "job_run"
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(UTCDateTime)
    result: Mapped[str] = mapped_column(String(200), default="")

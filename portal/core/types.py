"""Column types and value types shared by every room."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import JSON, DateTime, String
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

from portal.core.text import Localised as Texts


def from_json(text: str) -> Any:
    """JSON as it comes from the database; most texts in other languages are empty there."""
    return {} if text == "{}" else json.loads(text)


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses values without a zone; stores and returns UTC on both engines."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: an instant needs one")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class LocalisedText(TypeDecorator[Texts]):
    """Text per language in one JSON column; empty texts are left out."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Texts | None, dialect: Dialect) -> Texts:
        return {key: text for key, text in (value or {}).items() if text}

    def process_result_value(self, value: Texts | None, dialect: Dialect) -> Texts:
        return value or {}


Localised = Annotated[Texts, mapped_column(LocalisedText, default=dict)]
"""A column of text per language."""


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

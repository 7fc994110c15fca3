"""The one place that asks what time it is. Rules take `now` and `today` as arguments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import g, has_app_context


def now() -> datetime:
    """The present instant in UTC, whole seconds: iCalendar knows no smaller unit."""
    if has_app_context() and "frozen_now" in g:
        return g.frozen_now  # type: ignore[no-any-return]
    return datetime.now(UTC).replace(microsecond=0)


def today(zone: ZoneInfo) -> date:
    """Today's date where the municipality is."""
    return now().astimezone(zone).date()

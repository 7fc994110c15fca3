"""What `portal tick` does for feeds."""

from __future__ import annotations

from flask import current_app

from portal.feeds.actions import store_texts
from portal.units.queries import municipality


def store_feed_texts() -> str:
    """Stores the texts of events changed since the last run, in the languages in use."""
    base_url = current_app.config["PORTAL_SETTINGS"].base_url
    return f"{store_texts(municipality().languages, base_url)} texts stored"

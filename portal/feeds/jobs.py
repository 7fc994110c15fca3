"""What `portal tick` does for feeds."""

from __future__ import annotations

from flask import current_app

from portal.feeds import actions
from portal.feeds.counting import Counts
from portal.units.queries import municipality, today


def store_feed_texts() -> str:
    """Stores the texts of events changed since the last run, in the languages in use."""
    base_url = current_app.config["PORTAL_SETTINGS"].base_url
    return f"{actions.store_texts(municipality().languages, base_url)} texts stored"


def store_fetches() -> str:
    """Writes what this process has counted, and removes what is older than 60 days."""
    counts: Counts = current_app.extensions["feed_counts"]
    counted = counts.take()
    try:
        actions.add_fetches(counted, today())
        gone = actions.purge_fetches(today())
    except Exception:
        counts.put_back(counted)
        raise
    return f"{sum(counted.values())} fetches counted, {gone} old counts removed"


def make_quiet_feeds() -> str:
    """Gives every feed its quiet second address, in the languages in use."""
    return f"{actions.make_quiet_feeds(municipality().languages, today())} quiet feeds made"

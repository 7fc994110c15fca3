"""Ids for entries to which their source gives none. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime


def derived_key(title: str, unit: str, place: str, starts: datetime) -> str:
    """The id of an entry whose source gives none: whatever it says of what, where and when it
    begins. The same entry read again has the same; one that moves is another."""
    said = "\x1f".join((title, unit, place, starts.isoformat()))
    return "~" + hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:20]

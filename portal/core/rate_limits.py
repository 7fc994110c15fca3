"""Rate limits in the database, so that they hold for any number of processes (P11).

The key is an HMAC of the address with a random key that lives for a day: the address itself
is never written, and yesterday's counts mean nothing to anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from datetime import timedelta

from flask import request
from sqlalchemy import delete, select

from portal.core.clock import now
from portal.core.database import insert_into
from portal.core.extensions import db
from portal.core.models import DayKey, RateCount


def _network(address: str) -> str:
    """An IPv6 address counts as its /64: one household, not one of its 2**64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network(f"{address}/64", strict=False))
    return str(parsed)


def _day_key() -> bytes:
    day = now().date().isoformat()
    fresh = insert_into(DayKey).values(day=day, key=secrets.token_hex(32))
    db.session.execute(fresh.on_conflict_do_nothing())
    return bytes.fromhex(db.session.scalars(select(DayKey.key).where(DayKey.day == day)).one())


def too_many(purpose: str, limit: int, window: timedelta, who: str | None = None) -> bool:
    """Counts one try and says whether there have been more than `limit` in this window.

    `who` is an extra key such as an e-mail address; without it the visitor's network counts.
    Needs a write transaction.
    """
    subject = who if who is not None else _network(request.remote_addr or "")
    key = hmac.new(_day_key(), f"{purpose}\0{subject}".encode(), hashlib.sha256).hexdigest()
    number = int(now().timestamp()) // int(window.total_seconds())
    first = insert_into(RateCount).values(
        key=key, window=number, count=1, expires_at=now() + window
    )
    again = first.on_conflict_do_update(
        index_elements=[RateCount.key, RateCount.window], set_={"count": RateCount.count + 1}
    )
    tries = db.session.execute(again.returning(RateCount.count)).scalar_one()
    return int(tries) > limit


def purge() -> int:
    """Removes counts and day keys that have run out; answers how many counts."""
    gone = db.session.execute(delete(RateCount).where(RateCount.expires_at < now()))
    db.session.execute(delete(DayKey).where(DayKey.day < now().date().isoformat()))
    return int(gone.rowcount or 0)  # type: ignore[attr-defined]

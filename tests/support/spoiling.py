"""Feeds spoilt on their way, as software that knows less would have written them.

Each takes a feed and how often it has changed before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Spoil = Callable[[bytes, int], bytes]
FIRST = b"20260901T080000Z"


def _each(feed: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The feed with each VEVENT changed."""
    shape = re.compile(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", re.DOTALL)
    return shape.sub(lambda found: change(found[0]), feed)


def _sequence_stays(feed: bytes, changes: int) -> bytes:
    return re.sub(rb"\r\nSEQUENCE:\d+", b"\r\nSEQUENCE:1", feed)


def _last_modified_stays(feed: bytes, changes: int) -> bytes:
    return re.sub(rb"\r\nLAST-MODIFIED:\w+", b"\r\nLAST-MODIFIED:" + FIRST, feed)


def _revision_stays(feed: bytes, changes: int) -> bytes:
    return _sequence_stays(_last_modified_stays(feed, changes), changes)


def _new_uids(feed: bytes, changes: int) -> bytes:
    return re.sub(rb"\r\nUID:([\w-]{30})", rb"\r\nUID:%d-\1" % changes, feed)


def _stamped_now(feed: bytes, changes: int) -> bytes:
    now = datetime(2026, 9, 7, tzinfo=UTC) + timedelta(minutes=changes)
    return re.sub(rb"\r\nDTSTAMP:\w+", f"\r\nDTSTAMP:{now:%Y%m%dT%H%M%SZ}".encode(), feed)


def _overrides_lost(feed: bytes, changes: int) -> bytes:
    return _each(feed, lambda event: b"" if b"\r\nRECURRENCE-ID" in event else event)


def _restored_is_forgotten(feed: bytes, changes: int) -> bytes:
    """A date that is as planned again loses its override."""
    said: dict[bytes, list[bytes]] = {}

    def change(event: bytes) -> bytes:
        words = re.findall(rb"\r\n(?:SUMMARY|LOCATION)[;:].*", event)
        planned = re.search(rb"\r\nRECURRENCE-ID(\S+)", event)
        if not planned:
            said[_uid(event)] = words
        is_as_planned = planned and b"\r\nDTSTART" + planned[1] in event
        return b"" if is_as_planned and words == said[_uid(event)] else event

    return _each(feed, change)


def _cancelled_is_left_out(feed: bytes, changes: int) -> bytes:
    """EXDATE for a date that has been published."""
    gone: dict[bytes, list[bytes]] = {}

    def drop(event: bytes) -> bytes:
        planned = re.search(rb"\r\nRECURRENCE-ID(\S+)", event)
        if not planned or b"STATUS:CANCELLED" not in event:
            return event
        gone.setdefault(_uid(event), []).append(b"EXDATE" + planned[1] + b"\r\n")
        return b""

    def leave_out(event: bytes) -> bytes:
        dates = b"".join(gone.get(_uid(event), []))
        return (
            event.replace(b"\r\nSUMMARY", b"\r\n" + dates + b"SUMMARY")
            if b"RRULE" in event
            else event
        )

    return _each(_each(feed, drop), leave_out)


def _uid(event: bytes) -> bytes:
    found = re.search(rb"\r\nUID:(\S+)", event)
    return found[1] if found else b""


def _31st_of_every_month(feed: bytes, changes: int) -> bytes:
    """A rule of the 31st that does not leave the last day of shorter months out."""

    def change(event: bytes) -> bytes:
        return re.sub(rb"\r\nEXDATE[^\r]+", b"", event) if b"BYMONTHDAY=31" in event else event

    return _each(feed, change)


def _bad_fold(feed: bytes, changes: int) -> bytes:
    """Lines broken without the space that says that they go on; not from the beginning on."""
    return feed.replace(b"\r\n ", b"\r\n", 1) if changes > 4 else feed


def _no_vtimezone(feed: bytes, changes: int) -> bytes:
    return re.sub(rb"BEGIN:VTIMEZONE.*?END:VTIMEZONE\r\n", b"", feed, flags=re.DOTALL)


def _utc_starts(feed: bytes, changes: int) -> bytes:
    """The first start in UTC, so that the rule goes on in UTC."""

    def there(found: re.Match[bytes]) -> bytes:
        name, zone, wall = (part.decode() for part in found.groups())
        moment = datetime.strptime(wall, "%Y%m%dT%H%M%S").replace(tzinfo=ZoneInfo(zone))
        return f"\r\n{name}:{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}".encode()

    shape = rb"\r\n(DTSTART|DTEND|EXDATE|RECURRENCE-ID);TZID=([^:]+):(\w+)"
    return re.sub(shape, there, feed)


def _until_too_early(feed: bytes, changes: int) -> bytes:
    def earlier(found: re.Match[bytes]) -> bytes:
        text, is_day = found[1].decode(), len(found[1]) == 8
        shape = "%Y%m%d" if is_day else "%Y%m%dT%H%M%SZ"
        last = datetime.strptime(text, shape) - timedelta(days=1)
        return f"UNTIL={last:{shape}}".encode()

    return re.sub(rb"UNTIL=(\d+(?:T\d+Z)?)", earlier, feed)


def _said_by_status_only(feed: bytes, changes: int) -> bytes:
    return feed.replace("INSTÄLLT: ".encode(), b"")


def _gone_for_a_moment(feed: bytes, changes: int) -> bytes:
    """Nothing: 410 for once."""
    return b"" if changes == 10 else feed


def _empty_at_the_end(feed: bytes, changes: int) -> bytes:
    return _each(feed, lambda event: b"") if changes > 30 else feed


SPOILS: dict[str, Spoil] = {
    "SEQUENCE stays": _sequence_stays,
    "LAST-MODIFIED stays": _last_modified_stays,
    "the revision stays": _revision_stays,
    "new UIDs": _new_uids,
    "DTSTAMP is now": _stamped_now,
    "overrides lost": _overrides_lost,
    "a restored date is forgotten": _restored_is_forgotten,
    "EXDATE for a published date": _cancelled_is_left_out,
    "the 31st of every month": _31st_of_every_month,
    "a bad fold": _bad_fold,
    "no VTIMEZONE": _no_vtimezone,
    "starts in UTC": _utc_starts,
    "UNTIL too early": _until_too_early,
    "cancelled by STATUS only": _said_by_status_only,
    "gone for a moment": _gone_for_a_moment,
    "empty at the end": _empty_at_the_end,
}

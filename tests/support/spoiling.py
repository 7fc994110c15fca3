"""Feeds spoilt on their way, as software that knows less would have written them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

Spoil = Callable[[bytes], bytes]


def _events(feed: bytes) -> list[bytes]:
    return re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", feed, re.DOTALL)


def _sequence_stays(feed: bytes) -> bytes:
    return re.sub(rb"\r\nSEQUENCE:\d+", b"\r\nSEQUENCE:1", feed)


def _until_too_early(feed: bytes) -> bytes:
    def earlier(found: re.Match[bytes]) -> bytes:
        text, is_day = found[1].decode(), len(found[1]) == 8
        shape = "%Y%m%d" if is_day else "%Y%m%dT%H%M%SZ"
        last = datetime.strptime(text, shape) - timedelta(days=1)
        return f"UNTIL={last:{shape}}".encode()

    return re.sub(rb"UNTIL=(\d+(?:T\d+Z)?)", earlier, feed)


def _overrides_lost(feed: bytes) -> bytes:
    for event in _events(feed):
        if b"\r\nRECURRENCE-ID" in event:
            feed = feed.replace(event, b"")
    return feed


SPOILS: dict[str, Spoil] = {
    "SEQUENCE stays": _sequence_stays,
    "until too early": _until_too_early,
    "overrides lost": _overrides_lost,
}

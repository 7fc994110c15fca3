"""Counting fetches of feeds, in memory, by feed and kind of program. Pure.

`portal serve` writes what has been counted to the database every few minutes, so a fetch never
waits for a write. What a killed process had not written yet is lost, and nobody minds.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from portal.feeds.clients import kind_of

Counted = dict[tuple[str, str], int]
# More than a municipality has feeds and kinds of programs: the memory can never fill up.
MOST = 20_000
# Addresses under /feeds/ whose next part is a secret: counted under the first part's name.
SECRET = ("quiet", "my")
ANSWERED = ("200", "304")


def scope_of(path: str) -> str:
    """What a path under /feeds/ is counted as: the scope, without language and format."""
    name = path.removeprefix("/feeds/")
    first, slash, _ = name.partition("/")
    if slash:
        return first if first in SECRET else ""
    return name.partition(".")[0][:120]


class Counts:
    """How often each kind of program fetched each feed since they were last taken."""

    def __init__(self) -> None:
        self._counts: Counted = {}
        self._lock = threading.Lock()

    def one(self, scope: str, kind: str) -> None:
        key = (scope, kind)
        with self._lock:
            if key in self._counts:
                self._counts[key] += 1
            elif len(self._counts) < MOST:
                self._counts[key] = 1

    def put_back(self, counted: Counted) -> None:
        """What was taken and could not be written."""
        with self._lock:
            for key, number in counted.items():
                self._counts[key] = self._counts.get(key, 0) + number

    def take(self) -> Counted:
        """What has been counted; begins again with nothing."""
        with self._lock:
            counted, self._counts = self._counts, {}
        return counted


class Counting:
    """WSGI: counts the feeds that are answered, changed (200) or not (304). It stands before
    the shelf (core/cache.py), looks at path and program, and at nobody."""

    def __init__(self, app: Any, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith("/feeds/") or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)  # type: ignore[no-any-return]

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            if status.startswith(ANSWERED) and (scope := scope_of(path)):
                self._counts.one(scope, kind_of(environ.get("HTTP_USER_AGENT", "")))
            return start_response(status, headers, exc_info)

        return self._app(environ, note)  # type: ignore[no-any-return]

"""One shelf of finished public answers, in front of Flask.

A public page or feed is a function of the data and the time. The shelf keeps its bytes,
plain and compressed, and hands them out as long as the change counter stands still and the
answer has not run out. Nothing else ever reaches it: no staff page, no page with a cookie,
no answer but 200. With If-None-Match or If-Modified-Since it answers 304.

The parts that answers are made of are kept by the same counter: see core/kept.py.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from io import BytesIO
from typing import Any

from flask import Flask, g, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response

from portal.core.kept import ChangeNumber, Parts, using

COMPRESSED = (
    "text/",
    "application/json",
    "application/atom+xml",
    "image/svg+xml",
    "application/javascript",
)
PAGE_SECONDS = 60
SHELF_BYTES = 24 * 1024 * 1024
# A body this large is handed to the server as a file: it need not copy it then.
LARGE = 64 * 1024

StartResponse = Callable[..., Any]


@dataclass
class Answer:
    """A finished answer. `change` and `until` (epoch seconds) say how long it holds."""

    headers: list[tuple[str, str]]
    body: bytes
    etag: str
    last_modified: float
    change: int
    until: float
    compressible: bool
    squeezed: bytes = field(default=b"", repr=False)

    def gzipped(self) -> bytes:
        if not self.squeezed:
            self.squeezed = gzip.compress(self.body, 6, mtime=0)
        return self.squeezed


class Shelf:
    """WSGI middleware: see the module's text. `change_number` answers the counter."""

    def __init__(self, app: Any, change_number: Callable[[], int]) -> None:
        self.app = app
        self.change_number = change_number
        self._answers: OrderedDict[tuple[str, str, str], Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._parts = Parts()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        key = (
            environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_HX_REQUEST", ""),
        )
        # Read before rendering: an edit meanwhile makes the answer old, never wrongly fresh.
        try:
            change = self.change_number()
        except (SQLAlchemyError, sqlite3.Error):
            # The database is away: the application knows how to say so.
            return self.app(environ, start_response)  # type: ignore[no-any-return]
        answer = self._answers.get(key)
        if answer is None or answer.change != change or answer.until <= time.time():
            made = self._make(environ, start_response, change)
            if not isinstance(made, Answer):
                return made
            answer = made
            self._keep(key, answer)
        return _send(answer, environ, start_response)

    def _make(
        self, environ: dict[str, Any], start_response: StartResponse, change: int
    ) -> Answer | Iterable[bytes]:
        started: list[Any] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [status, headers, exc_info]
            return lambda data: None

        with using(self._parts.of(change)):
            chunks = self.app({**environ, "REQUEST_METHOD": "GET"}, hold)
            try:
                body = b"".join(chunks)
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()
        status, headers, _exc_info = started
        marked = {name: value for name, value in headers if name.lower() == "x-shelf"}
        headers = [(name, value) for name, value in headers if name.lower() != "x-shelf"]
        if not marked or not status.startswith("200"):
            return _pass_on(status, headers, body, environ, start_response)
        return _answer(headers, body, change, float(next(iter(marked.values()))))

    def _keep(self, key: tuple[str, str, str], answer: Answer) -> None:
        # Counted with room for the compressed copy that may follow.
        with self._lock:
            old = self._answers.pop(key, None)
            self._bytes += 2 * (len(answer.body) - (len(old.body) if old else 0))
            self._answers[key] = answer
            while self._bytes > SHELF_BYTES and len(self._answers) > 1:
                _, dropped = self._answers.popitem(last=False)
                self._bytes -= 2 * len(dropped.body)


def _pass_on(
    status: str,
    headers: list[tuple[str, str]],
    body: bytes,
    environ: dict[str, Any],
    start_response: StartResponse,
) -> list[bytes]:
    """An answer for one reader only: kept by nobody, but as light as the others.

    Safe to compress, although it holds the form token: that is masked anew each time.
    """
    named = {name.lower(): value for name, value in headers}
    is_page = named.get("content-type", "").startswith("text/html") and len(body) > 500
    if is_page and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = gzip.compress(body, 5, mtime=0)
        headers = [pair for pair in headers if pair[0].lower() not in ("content-length", "vary")]
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding, HX-Request")]
        headers.append(("Content-Length", str(len(body))))
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _answer(headers: list[tuple[str, str]], body: bytes, change: int, until: float) -> Answer:
    named = {name.lower(): value for name, value in headers}
    modified = named.get("last-modified")
    kept = [
        (name, value)
        for name, value in headers
        if name.lower() not in ("content-length", "etag", "date")
    ]
    return Answer(
        headers=kept,
        body=body,
        etag=hashlib.blake2b(body, digest_size=12).hexdigest(),
        last_modified=parsedate_to_datetime(modified).timestamp() if modified else 0.0,
        change=change,
        until=until,
        compressible=len(body) > 500 and named.get("content-type", "").startswith(COMPRESSED),
    )


def _send(
    answer: Answer, environ: dict[str, Any], start_response: StartResponse
) -> Iterable[bytes]:
    squeeze = answer.compressible and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")
    etag = f'"{answer.etag}-gz"' if squeeze else f'"{answer.etag}"'
    headers = [*answer.headers, ("ETag", etag)]
    if _is_unchanged(answer, environ):
        start_response("304 Not Modified", [h for h in headers if h[0] != "Content-Type"])
        return []
    body = answer.gzipped() if squeeze else answer.body
    if squeeze:
        headers.append(("Content-Encoding", "gzip"))
    headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    if environ["REQUEST_METHOD"] == "HEAD":
        return []
    if len(body) > LARGE and "wsgi.file_wrapper" in environ:
        return environ["wsgi.file_wrapper"](BytesIO(body))  # type: ignore[no-any-return]
    return [body]


def _is_unchanged(answer: Answer, environ: dict[str, Any]) -> bool:
    """RFC 9110 13.2.2: If-None-Match decides alone when it is there."""
    known = environ.get("HTTP_IF_NONE_MATCH")
    if known is not None:
        return answer.etag in known or known.strip() == "*"
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or not answer.last_modified:
        return False
    try:
        return answer.last_modified <= parsedate_to_datetime(since).timestamp()
    except (TypeError, ValueError):
        return False


def keep_until(moment: datetime) -> None:
    """Called by a public view: its answer holds until `moment` unless the data change."""
    g.shelf_until = moment.timestamp()


def never_keep() -> None:
    """Called by a public view whose answer must be made afresh each time."""
    g.shelf_until = None


def last_modified(response: Response, moment: datetime) -> None:
    response.headers["Last-Modified"] = format_datetime(moment.astimezone(UTC), usegmt=True)


def init_cache(app: Flask, engine: Engine) -> None:
    """Puts the shelf in front of the application and marks what may stand on it."""

    @app.after_request
    def mark(response: Response) -> Response:
        is_asset = request.endpoint == "static"
        if not (g.get("is_public") or is_asset) or response.status_code != 200:
            return response
        response.vary.add("Accept-Encoding")
        if g.get("varies"):
            response.vary.add(g.varies)
        until = g.get("shelf_until", time.time() + PAGE_SECONDS)
        if is_asset and "v" in request.args:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            until = time.time() + 86400
        elif until is None:
            response.headers.setdefault("Cache-Control", "no-store")
            return response
        response.headers.setdefault("Cache-Control", "public, no-cache")
        if "Set-Cookie" not in response.headers:
            response.headers["X-Shelf"] = str(until)
        return response

    app.wsgi_app = Shelf(app.wsgi_app, ChangeNumber(engine))  # type: ignore[method-assign]

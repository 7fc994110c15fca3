"""Headers on every answer, and the two checks on every form that changes something.

A form carries a signed token. On public forms it needs no cookie and never grows old, so a
form left open overnight still works; on staff forms it belongs to the session. Beside it the
Origin is checked: a null or foreign one is refused, which is why Referrer-Policy is
same-origin (no-referrer would make browsers send Origin: null with our own forms).
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, abort, g, request
from werkzeug.routing import IntegerConverter, Map
from werkzeug.wrappers import Response

from portal.core.access import current_account
from portal.core.sealing import sign

POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind} 'self'" for kind in ("script-src", "style-src", "img-src", "font-src")),
        *(f"{kind} 'self'" for kind in ("media-src", "connect-src", "form-action", "manifest-src")),
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
OFF = (
    "camera",
    "geolocation",
    "microphone",
    "payment",
    "usb",
    "interest-cohort",
    "browsing-topics",
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in OFF),
}
TOKEN_FIELD = "csrf_token"  # noqa: S105 (a field's name)


def csrf_token() -> str:
    """The token for a form on this page.

    On staff pages it is masked anew each time, so that a compressed page never has the same
    secret twice in it for somebody to guess at (BREACH). On public pages it is no secret.
    """
    account = current_account()
    token = bytes.fromhex(sign("form", account.session_key if account else "public"))
    mask = secrets.token_bytes(len(token)) if account else bytes(len(token))
    return (mask + _xor(mask, token)).hex()


def _is_token(given: str) -> bool:
    """Whether a form carries this session's token, however it was masked."""
    account = current_account()
    token = bytes.fromhex(sign("form", account.session_key if account else "public"))
    try:
        raw = bytes.fromhex(given)
    except ValueError:
        return False
    mask, masked = raw[: len(token)], raw[len(token) :]
    return len(masked) == len(mask) and hmac.compare_digest(_xor(mask, masked), token)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _origin_is_ours() -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        # Old browsers leave Origin out; then the Referer must be ours, if there is one.
        referrer = request.headers.get("Referer")
        if referrer is None:
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        parts = urlsplit(referrer)
        origin = f"{parts.scheme}://{parts.netloc}"
    return origin in (g.base_url, f"{request.scheme}://{request.host}")


class RowNumber(IntegerConverter):
    """A row's number in an address: no larger than the databases count."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **{"max": 2**31 - 1, **options})


SAFE = ("GET", "HEAD", "OPTIONS")


def init_origin_check(app: Flask, base_url: str) -> None:
    """Registers the first check of every form; before the guard, so that a foreign form
    never even waits for somebody to sign in. An address that no database takes is no page."""
    app.url_map.converters["int"] = RowNumber

    @app.before_request
    def check_origin() -> None:
        g.base_url = base_url
        if "\0" in request.path or any("\0" in value for value in request.args.values()):
            abort(404)
        if request.method not in SAFE and not _origin_is_ours():
            abort(403, "origin")


def init_security(app: Flask, is_https: bool) -> None:
    """Registers the token check (after the guard, which knows the session) and the headers."""
    app.jinja_env.globals["csrf_token"] = csrf_token

    @app.before_request
    def check_token() -> None:
        if request.method in SAFE:
            return
        given = request.form.get(TOKEN_FIELD, "")
        if not _is_token(given):
            abort(403, "token")

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not g.get("is_public") and request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
            response.headers.setdefault("X-Robots-Tag", "noindex")
        return response

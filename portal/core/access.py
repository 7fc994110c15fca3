"""Who may open what: closed unless a view says otherwise.

Every view carries `@open_to("public")`, `@open_to("signed-in")` or the roles that may use
it. A view without the mark answers 403. Public views never look at the session cookie, so
one copy of a public page serves everybody.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from flask import Flask, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response

View = TypeVar("View", bound=Callable[..., Any])


class Account(Protocol):
    """What the guard needs to know of whoever is signed in."""

    @property
    def id(self) -> int: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def session_key(self) -> str: ...


def open_to(*who: str) -> Callable[[View], View]:
    """Marks a view as open to "public", to anybody "signed-in", or to the roles named."""

    def mark(view: View) -> View:
        view.open_to = frozenset(who)  # type: ignore[attr-defined]
        return view

    return mark


def current_account() -> Any:
    """Whoever is signed in on this request, or None; always None on public pages."""
    return g.get("account")


def init_access(app: Flask, load_account: Callable[[], Account | None]) -> None:
    """Puts the guard before every request. `load_account` reads the session cookie."""

    @app.before_request
    def guard() -> Response | None:
        if request.endpoint is None or request.endpoint == "static":
            return None
        view = current_app.view_functions[request.endpoint]
        who: frozenset[str] | None = getattr(view, "open_to", None)
        if who is None:
            abort(403)
        if "public" in who:
            g.is_public = True
            return None
        account = load_account()
        if account is None:
            return _send_to_sign_in()
        g.account = account
        if "signed-in" not in who and not (who & account.roles):
            abort(403)
        return None


def _send_to_sign_in() -> Response:
    """A page goes to the sign-in form; a filled-in form waits there until it can be sent."""
    if request.method not in ("GET", "HEAD"):
        g.kept_path = request.script_root + request.path
        g.kept = json.dumps(request.form.to_dict(flat=False))
        abort(401)
    wanted = request.script_root + request.full_path.rstrip("?")
    return redirect(f"{request.script_root}/sign-in?" + urlencode({"next": wanted}), 303)

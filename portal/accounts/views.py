"""Routes: signing in and out, and accepting an invitation. Only these set a cookie."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from flask import (
    Blueprint,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from portal.accounts import actions, queries
from portal.accounts.forms import AcceptForm, SignInForm
from portal.accounts.passwords import verify
from portal.accounts.words import say_problem
from portal.core.access import open_to
from portal.core.cache import never_keep
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.core.rate_limits import too_many
from portal.core.security import TOKEN_FIELD
from portal.units.models import Unit

blueprint = Blueprint("accounts", __name__)
TOUCH_EVERY = timedelta(minutes=5)
TRY_WINDOW = timedelta(minutes=15)
TRIES_PER_ADDRESS, TRIES_PER_NETWORK = 10, 50


def cookie_name() -> str:
    """`__Host-` binds the cookie to this very host, where https makes that possible."""
    return "__Host-portal" if current_app.config["PORTAL_SETTINGS"].is_https else "portal"


def load_account() -> queries.SignedIn | None:
    """Whoever the cookie says is signed in; notes every five minutes that they are active."""
    cookie = request.cookies.get(cookie_name())
    row = queries.session_for(cookie, now()) if cookie else None
    if row is None:
        return None
    if request.method == "GET" and now() - row.seen_at > TOUCH_EVERY:
        begin_write()
        again = queries.session_for(cookie or "", now())
        if again is None:
            return None
        actions.touch(again)
        db.session.commit()
        row = again
    return queries.signed_in(row)


@blueprint.get("/sign-in")
@open_to("public")
def sign_in() -> str:
    never_keep()
    return render_template(
        "accounts/sign_in.html", form=SignInForm(), next=_inner(request.args.get("next"))
    )


@blueprint.post("/sign-in")
@open_to("public")
def do_sign_in() -> Response | tuple[str, int]:
    never_keep()
    form = SignInForm()
    if not form.validate():
        return _sign_in_again(form, 422)
    begin_write()
    email = (form.email.data or "").lower()
    if too_many("sign-in", TRIES_PER_NETWORK, TRY_WINDOW) or too_many(
        "sign-in", TRIES_PER_ADDRESS, TRY_WINDOW, email
    ):
        db.session.commit()
        return _sign_in_again(form, 429)
    account = queries.account_by_email(email)
    stored = account.password_hash if account and not account.is_disabled else None
    # Committed before the slow part: checking a password must not hold up other writers.
    db.session.commit()
    if not verify(stored, form.password.data or "") or account is None:
        return _sign_in_again(form, 401)
    begin_write()
    token = actions.start_session(account)
    db.session.commit()
    kept_path = _inner(request.form.get("kept_path"))
    if kept_path:
        return _with_cookie(_send_again(kept_path, token), token)
    response = redirect(_inner(request.form.get("next")) or url_for("staff.start"), 303)
    return _with_cookie(response, token)


def _send_again(path: str, token: str) -> Response:
    """A form that was sent while signed out, ready to be sent again in the new session."""
    row = queries.session_for(token, now())
    g.account = queries.signed_in(row) if row is not None else None
    try:
        fields = json.loads(request.form.get("kept", ""))
        fields = {str(name): [str(v) for v in values] for name, values in fields.items()}
    except (ValueError, AttributeError, TypeError):
        fields = {}
    fields.pop(TOKEN_FIELD, None)
    return make_response(render_template("accounts/continue.html", path=path, fields=fields))


def _with_cookie(response: Response, token: str) -> Response:
    response.set_cookie(
        cookie_name(),
        token,
        secure=current_app.config["PORTAL_SETTINGS"].is_https,
        httponly=True,
        samesite="Lax",
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _sign_in_again(form: SignInForm, code: int) -> tuple[str, int]:
    page = render_template(
        "accounts/sign_in.html", form=form, code=code, next=_inner(request.form.get("next"))
    )
    return page, code


def _inner(target: str | None) -> str:
    """A path of this site, or nothing: a link must not send people elsewhere after sign-in."""
    # Browsers drop tabs and line breaks and read \ as /: neither may hide a second slash.
    is_inner = target and re.fullmatch(r"/(?!/)[^\\\x00-\x1f\x7f]*", target)
    return target if target and is_inner else ""


@blueprint.post("/sign-out")
@open_to("signed-in")
def sign_out() -> Response:
    begin_write()
    actions.end_session(request.cookies.get(cookie_name(), ""))
    db.session.commit()
    response = redirect(url_for("home.start"), 303)
    response.delete_cookie(cookie_name(), path="/")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
    return response


@blueprint.get("/sign-in/invitation/<token>")
@open_to("public")
def invitation(token: str) -> str | tuple[str, int]:
    never_keep()
    found = queries.open_invitation(token, now())
    if found is None:
        return render_template("accounts/gone.html"), 404
    unit = db.session.get(Unit, found.unit_id)
    return render_template("accounts/accept.html", form=AcceptForm(), unit=unit)


@blueprint.post("/sign-in/invitation/<token>")
@open_to("public")
def accept(token: str) -> Response | tuple[str, int]:
    never_keep()
    begin_write()
    found = queries.open_invitation(token, now())
    if found is None:
        return render_template("accounts/gone.html"), 404
    form, unit = AcceptForm(), db.session.get(Unit, found.unit_id)
    if form.validate():
        try:
            account = actions.accept(
                found, form.email.data or "", form.name.data or "", form.password.data or ""
            )
            session = actions.start_session(account)
            db.session.commit()
            return _with_cookie(redirect(url_for("staff.start"), 303), session)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    return render_template("accounts/accept.html", form=form, unit=unit), 422

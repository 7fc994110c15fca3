"""What people see when something is wrong: what happened, and what to do now."""

from __future__ import annotations

import logging

from flask import Flask, g, render_template, request
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.core.extensions import db

log = logging.getLogger("portal")


def init_errors(app: Flask) -> None:
    """One calm page for every error, in the reader's language."""

    @app.errorhandler(HTTPException)
    def tell(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        g.shelf_until = None
        reason = error.description if error.description in ("origin", "token") else ""
        return render_template("core/error.html", code=code, reason=reason), code

    @app.errorhandler(OperationalError)
    def busy(error: OperationalError) -> tuple[str, int, dict[str, str]]:
        # The statement and its values are left out: they may be somebody's data (P12).
        db.session.rollback()
        log.error("database unavailable: %s at %s", type(error.orig).__name__, request.url_rule)
        g.shelf_until = None
        page = render_template("core/error.html", code=503, reason="")
        return page, 503, {"Retry-After": "30"}

    @app.errorhandler(IntegrityError)
    def beaten(error: IntegrityError) -> tuple[str, int]:
        # Two wrote the same at the same moment; the second finds out here.
        db.session.rollback()
        g.shelf_until = None
        return render_template("core/error.html", code=409, reason=""), 409

    @app.errorhandler(Exception)
    def failed(error: Exception) -> tuple[str, int]:
        db.session.rollback()
        log.exception("%s at %s", type(error).__name__, request.url_rule)
        g.shelf_until = None
        return render_template("core/error.html", code=500, reason=""), 500

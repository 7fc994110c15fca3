"""Staff routes: the address of an editor's own calendar."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import language
from portal.feeds import actions, queries
from portal.feeds.devices import Addresses, addresses, devices
from portal.units import queries as units

blueprint = Blueprint("my_feed", __name__)


@blueprint.get("/staff/feeds/my")
@open_to("editor", "admin")
def page() -> str:
    return _page()


@blueprint.post("/staff/feeds/my")
@open_to("editor", "admin")
def make() -> str:
    """Makes a new address; it is shown here once, and only its digest is stored."""
    begin_write()
    token = actions.open_editor_feed(current_account().id)
    db.session.commit()
    base_url = current_app.config["PORTAL_SETTINGS"].base_url
    return _page(addresses(base_url, url_for("feeds.mine", token=token)))


@blueprint.post("/staff/feeds/my/remove")
@open_to("editor", "admin")
def remove() -> Response:
    begin_write()
    actions.close_editor_feed(current_account().id)
    db.session.commit()
    return redirect(url_for("my_feed.page", done="removed"), 303)


def _page(at: Addresses | None = None) -> str:
    """The steps of each device are shown with the address: they lead to it and no other."""
    feed = queries.editor_feed(current_account().id)
    return render_template(
        "feeds/my.html",
        since=feed.created_at.astimezone(units.zone()).date() if feed else None,
        at=at,
        devices=devices(at, language().key, offers_dates=False) if at else [],
        done=request.args.get("done", ""),
    )

"""Public routes: unit pages, and whom to ask at each body."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.clock import now
from portal.core.languages import language
from portal.events import queries as events
from portal.events import showing
from portal.places import queries as places
from portal.places.showing import facilities, hours_rows
from portal.units import queries

blueprint = Blueprint("units", __name__)


@blueprint.get("/units/<slug>")
@open_to("public")
def unit(slug: str) -> Response | str:
    found = queries.unit_by_slug(slug)
    if found is None:
        successor = queries.former("unit", slug)
        if successor is None:
            abort(404)
        return redirect(url_for("units.unit", slug=successor), 301)
    today = queries.today()
    wanted = events.Filter(unit_id=found.id)
    rows = events.listed(wanted, now(), None, today, limit=8)
    shown = [place for place in places.places_of(found) if place.visibility == "public"]
    premises = shown[0] if shown and shown[0].is_premises else None
    return render_template(
        "units/unit.html",
        unit=found,
        tie=queries.affiliation(found, today),
        premises=premises,
        rooms=[place for place in shown if not place.is_premises],
        photo=places.photo_of(premises) if premises else None,
        facilities=facilities(premises) if premises else [],
        hours=hours_rows(premises, today) if premises else [],
        closed=places.closed_days(premises, today) if premises else [],
        cards=showing.cards(rows, language().key),
    )


@blueprint.get("/help/contacts")
@open_to("public")
def contacts() -> str:
    bodies = [body for body in queries.bodies(queries.today()) if body.contacts]
    return render_template("units/contacts.html", bodies=bodies)


@blueprint.get("/help/contacts/<slug>")
@open_to("public")
def contact(slug: str) -> str:
    body = queries.body_by_slug(slug)
    if body is None:
        abort(404)
    today = queries.today()
    current = [
        row
        for row in body.contacts
        if (row.starts_on is None or row.starts_on <= today)
        and (row.ends_on is None or row.ends_on >= today)
    ]
    return render_template(
        "units/contact.html", body=body, contacts=current, units=queries.units_of(body, today)
    )

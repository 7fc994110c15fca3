"""Public routes: all places by area, one place, its photograph."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request

from portal.core.access import open_to
from portal.core.clock import now
from portal.core.forms import tidy_line
from portal.core.languages import language
from portal.core.text import fold
from portal.events import queries as events
from portal.events import showing
from portal.places import queries
from portal.places.models import Place
from portal.places.showing import facilities, hours_rows
from portal.places.words import place_name
from portal.units import queries as units

blueprint = Blueprint("places", __name__)


@blueprint.get("/places")
@open_to("public")
def index() -> str:
    today = units.today()
    words = tidy_line(request.args.get("q"))[:80]
    rooms: dict[int, list[Place]] = {}
    for place in queries.public_places():
        rooms.setdefault(place.unit_id, []).append(place)
    shown = [unit for unit in units.open_units(today) if unit.id in rooms]
    if words:
        shown = [unit for unit in shown if fold(words) in fold(unit.name)]
    return render_template(
        "places/index.html",
        groups=units.by_area(shown, today),
        rooms=rooms,
        words=words,
        count=len(shown),
    )


@blueprint.get("/places/<slug>")
@open_to("public")
def place(slug: str) -> str:
    found = _public_place(slug)
    today = units.today()
    wanted = events.Filter(place_id=found.id)
    rows = events.listed(wanted, now(), None, today, limit=12)
    own_hours = found if found.hours else queries.premises(found.unit)
    return render_template(
        "places/place.html",
        place=found,
        name=place_name(found),
        photo=queries.photo_of(found),
        facilities=facilities(found),
        hours=hours_rows(own_hours, today) if own_hours else [],
        closed=queries.closed_days(own_hours, today) if own_hours else [],
        cards=showing.cards(rows, language().key),
    )


@blueprint.get("/places/<slug>/photo-<digest>.jpg")
@open_to("public")
def photo(slug: str, digest: str) -> Response:
    found = queries.photo_of(_public_place(slug))
    if found is None or found.digest != digest:
        abort(404)
    response = Response(found.jpeg, content_type="image/jpeg")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _public_place(slug: str) -> Place:
    """The place, or the same 404 for one that is hidden as for one that never was."""
    found = queries.place_by_slug(slug)
    if found is None or found.visibility != "public" or found.unit.kind == "association":
        abort(404)
    return found

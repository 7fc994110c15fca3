"""Staff routes: a unit's own page, rooms, closed days, photograph; the breaks of all."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import language
from portal.core.problems import Problem, Refused
from portal.events import actions as events
from portal.events import queries as event_queries
from portal.events import showing
from portal.places import actions, queries
from portal.places.forms import ClosedForm, PhotoForm, RoomForm, UnitForm
from portal.places.models import ClosedDay, Place
from portal.places.photos import UnusablePhoto
from portal.places.words import ANSWERS, FACILITIES, say_problem
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff_places", __name__)
UNIT_FIELDS = ("name", "phone", "email", "website")
PLACE_FIELDS = ("street", "postcode", "locality")


@blueprint.get("/admin/units")
@open_to("admin")
def index() -> str:
    today = units.today()
    return render_template(
        "places/staff_index.html", groups=units.by_area(units.open_units(today), today)
    )


@blueprint.get("/staff/units/<slug>")
@open_to("editor", "admin")
def unit(slug: str) -> str:
    found = _own(slug)
    form = _unit_form(found)
    _fill(form, found, queries.premises(found))
    return _page(found, form)


@blueprint.post("/staff/units/<slug>")
@open_to("editor", "admin")
def save_unit(slug: str) -> Response | tuple[str, int]:
    begin_write()
    found = _own(slug)
    form = _unit_form(found)
    if not form.validate():
        return _page(found, form), 422
    _store(found, form)
    db.session.commit()
    return redirect(url_for("staff_places.unit", slug=slug, done="saved"), 303)


def _store(found: Unit, form: UnitForm) -> None:
    """Writes the unit and its premises; feeds that name them are told."""
    values = {name: form[name].data or "" for name in UNIT_FIELDS}
    events.change_unit(found, {**values, "intro": form.texts("intro", found.intro)})
    place = queries.premises(found)
    if place is None:
        return
    rules = [line for line in (form.rules.data or "").split("\n") if line.strip()]
    changed = {name: form[name].data or "" for name in PLACE_FIELDS}
    changed["how_to_come"] = form.texts("how_to_come", place.how_to_come)
    changed["rules"] = {**place.rules, "sv": rules}
    changed["facilities"] = {code: form[code].data for code in FACILITIES}
    events.change_place(place, changed)
    actions.set_hours(place, form.hours())


@blueprint.post("/staff/units/<slug>/rooms")
@open_to("editor", "admin")
def add_room(slug: str) -> Response | tuple[str, int]:
    begin_write()
    found, form = _own(slug), _room_form()
    if not form.validate():
        return _page(found, None, room=form), 422
    room = {
        "names": {"sv": form.name.data or ""},
        "floor": form.floor.data or "",
        "capacity": form.capacity.data,
        "visibility": form.visibility.data,
    }
    try:
        actions.add_room(found, room)
    except Refused as refused:
        form.add(refused.problems, say_problem)
        return _page(found, None, room=form), 422
    db.session.commit()
    return redirect(url_for("staff_places.unit", slug=slug, done="room"), 303)


@blueprint.post("/staff/units/<slug>/closed")
@open_to("editor", "admin")
def close(slug: str) -> Response | tuple[str, int]:
    begin_write()
    found, form = _own(slug), ClosedForm(request.form)
    place = queries.premises(found) or abort(404)
    if form.validate() and form.first_on.day is not None:
        last = form.last_on.day or form.first_on.day
        try:
            actions.close_days(place, form.first_on.day, last, {"sv": form.reason.data or ""})
            db.session.commit()
            return redirect(url_for("staff_places.unit", slug=slug, done="closed"), 303)
        except Refused as refused:
            form.add(refused.problems, say_problem)
    return _page(found, None, closed=form), 422


@blueprint.post("/staff/units/<slug>/closed/<int:closed_id>")
@open_to("editor", "admin")
def reopen(slug: str, closed_id: int) -> Response:
    begin_write()
    found = _own(slug)
    row = db.session.get(ClosedDay, closed_id)
    place = queries.premises(found)
    if row is None or place is None or row.place_id != place.id:
        abort(404)
    actions.reopen_days(row)
    db.session.commit()
    return redirect(url_for("staff_places.unit", slug=slug, done="reopened"), 303)


@blueprint.post("/staff/units/<slug>/photo")
@open_to("editor", "admin")
def set_photo(slug: str) -> Response | tuple[str, int]:
    begin_write()
    found, form = _own(slug), PhotoForm()
    place = queries.premises(found) or abort(404)
    if form.validate():
        try:
            actions.set_photo(
                place, form.photo.data.read(), {"sv": form.alt.data or ""}, form.credit.data or ""
            )
            db.session.commit()
            return redirect(url_for("staff_places.unit", slug=slug, done="photo"), 303)
        except UnusablePhoto as error:
            form.photo.errors = [say_problem(Problem(error.code))]
    return _page(found, None, photo=form), 422


def _own(slug: str) -> Unit:
    found = units.unit_by_slug(slug) or abort(404)
    if not current_account().edits(found.id):
        abort(403)
    return found


def _unit_form(found: Unit) -> UnitForm:
    # An association has no premises, so nobody asks what they are like.
    form = UnitForm(request.form if request.endpoint == "staff_places.save_unit" else None)
    has_premises = queries.premises(found) is not None
    for code in FACILITIES:
        form[code].choices = list(ANSWERS.items())
        if not has_premises:
            delattr(form, code)
    return form


def _room_form() -> RoomForm:
    form = RoomForm(request.form if request.endpoint == "staff_places.add_room" else None)
    form.visibility.choices = [("public", _("Everybody")), ("closed", _("Only your unit"))]
    return form


def _fill(form: UnitForm, found: Unit, place: Place | None) -> None:
    for name in UNIT_FIELDS:
        form[name].data = getattr(found, name)
    form.fill_texts("intro", found.intro)
    if place is None:
        return
    for name in PLACE_FIELDS:
        form[name].data = getattr(place, name)
    form.fill_texts("how_to_come", place.how_to_come)
    form.rules.data = "\n".join(place.rules.get("sv", []))
    for code in FACILITIES:
        form[code].data = place.facilities.get(code, "unknown")
    for day in range(7):
        spans = [f"{h.opens:%H:%M}-{h.closes:%H:%M}" for h in place.hours if h.weekday == day]
        form[f"hours_{day}"].data = ", ".join(spans)


def _page(
    found: Unit,
    form: UnitForm | None,
    room: RoomForm | None = None,
    closed: ClosedForm | None = None,
    photo: PhotoForm | None = None,
) -> str:
    place = queries.premises(found)
    closed_rows = queries.closed_days(place, units.today()) if place else []
    if form is None:
        form = _unit_form(found)
        _fill(form, found, place)
    return render_template(
        "places/staff_unit.html",
        unit=found,
        place=place,
        rooms=[row for row in queries.places_of(found) if not row.is_premises],
        form=form,
        room_form=room or _room_form(),
        closed_form=closed or ClosedForm(None),
        photo_form=photo or PhotoForm(None),
        photo=queries.photo_of(place) if place else None,
        closed=closed_rows,
        hit={row.id: _dates_on(found, row) for row in closed_rows},
        done=request.args.get("done", ""),
        wrong=next((f for f in (form, room, closed, photo) if f is not None and f.errors), None),
    )


def _dates_on(found: Unit, row: ClosedDay) -> list[tuple[showing.Card, int, str]]:
    """The unit's own public dates that fall on closed days, to be cancelled one by one."""
    zone = units.zone()
    since = datetime.combine(row.first_on, time(), zone).astimezone(UTC)
    until = datetime.combine(row.last_on + timedelta(days=1), time(), zone).astimezone(UTC)
    rows = event_queries.listed(
        event_queries.Filter(unit_id=found.id), since, until, units.today(), limit=30
    )
    return [
        (showing.card(one, language().key), one.event_id, one.key)
        for one in rows
        if one.status == "confirmed" and one.event.unit_id == found.id
    ]

"""Staff routes: the breaks of the municipality's schools, on one page."""

from __future__ import annotations

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.places import actions, queries
from portal.places.forms import BreakForm
from portal.places.models import Break
from portal.places.opening import public_holidays
from portal.places.staff import blueprint
from portal.places.words import say_problem
from portal.units import queries as units


@blueprint.get("/admin/breaks")
@open_to("admin")
def breaks() -> str:
    return _breaks_page(BreakForm(None))


@blueprint.post("/admin/breaks")
@open_to("admin")
def add_break() -> Response | tuple[str, int]:
    begin_write()
    form = BreakForm(request.form)
    if form.validate() and form.first_on.day is not None and form.last_on.day is not None:
        try:
            span = (form.first_on.day, form.last_on.day)
            actions.add_break({"sv": form.name.data or ""}, *span, today=units.today())
            db.session.commit()
            return redirect(url_for("staff_places.breaks", done="added"), 303)
        except Refused as refused:
            form.add(refused.problems, say_problem)
    return _breaks_page(form), 422


@blueprint.post("/admin/breaks/<int:break_id>/remove")
@open_to("admin")
def remove_break(break_id: int) -> Response:
    begin_write()
    actions.remove_break(db.session.get(Break, break_id) or abort(404))
    db.session.commit()
    return redirect(url_for("staff_places.breaks", done="removed"), 303)


def _breaks_page(form: BreakForm) -> str:
    today = units.today()
    country = units.municipality().country
    days = {**public_holidays(country, today.year), **public_holidays(country, today.year + 1)}
    coming = sorted((day, name) for day, name in days.items() if day >= today)
    return render_template(
        "places/breaks.html",
        form=form,
        breaks=queries.breaks(today),
        holidays=coming,
        done=request.args.get("done", ""),
    )

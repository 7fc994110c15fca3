"""Public routes: the page of observances."""

from __future__ import annotations

from flask import render_template

from portal.core.access import open_to
from portal.core.languages import language
from portal.events import observance_showing
from portal.events.views import blueprint
from portal.units import queries as units


@blueprint.get("/observances")
@open_to("public")
def observances() -> str:
    year = observance_showing.overview(units.today(), units.zone(), language().key)
    return render_template("events/observances.html", year=year)

"""Public routes: the start page, search, help, about the data, accessibility, health."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import text
from werkzeug.wrappers import Response as AnyResponse

from portal.core.access import open_to
from portal.core.cache import never_keep
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.forms import tidy_line
from portal.core.languages import is_written, language, languages
from portal.core.text import fold
from portal.events import queries as events
from portal.events import showing
from portal.events.filters import quick_choices
from portal.events.queries import Filter
from portal.units import queries as units

blueprint = Blueprint("home", __name__)
SHOWN = 6


@blueprint.get("/")
@open_to("public")
def start() -> str:
    today, zone, key = units.today(), units.zone(), language().key
    tonight = datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC)
    monday = datetime.combine(today + timedelta(days=7 - today.weekday()), time(), zone).astimezone(
        UTC
    )
    today_rows = events.listed(Filter(), now(), tonight, today, limit=SHOWN)
    later = events.listed(Filter(), tonight, monday, today, limit=SHOWN + len(today_rows))
    week_rows = [row for row in later if row.starts_at >= tonight][:SHOWN]
    if not today_rows and not week_rows:
        week_rows = events.listed(Filter(), now(), None, today, limit=SHOWN)
    return render_template(
        "home/start.html",
        today_cards=showing.cards(today_rows, key),
        week_cards=showing.cards(week_rows, key),
        is_this_week=bool(week_rows) and week_rows[0].starts_at < monday,
        areas=units.areas(today),
        units=[] if units.areas(today) else units.open_units(today),
        quick=quick_choices(today),
    )


@blueprint.get("/search")
@open_to("public")
def search() -> AnyResponse | str:
    words = tidy_line(request.args.get("q"))[:80]
    if not words:
        return redirect(url_for("events.index"), 303)
    today, wanted = units.today(), fold(words)
    rows = events.listed(Filter(words=words), now(), None, today, limit=30)
    found = [unit for unit in units.open_units(today) if wanted and wanted in fold(unit.name)]
    return render_template(
        "home/search.html", words=words, cards=showing.cards(rows, language().key), units=found[:20]
    )


@blueprint.get("/help")
@open_to("public")
def help() -> str:
    return render_template("home/help.html", texts=units.municipality().texts)


@blueprint.get("/help/languages")
@open_to("public")
def language_list() -> str:
    offered = units.municipality().languages + units.municipality().varieties
    rows = [(languages()[key], is_written(key)) for key in offered if key in languages()]
    return render_template("home/languages.html", rows=rows)


@blueprint.get("/about/data")
@open_to("public")
def about_data() -> str:
    return render_template("home/about_data.html", attribution=units.municipality().attribution)


@blueprint.get("/accessibility")
@open_to("public")
def accessibility() -> str:
    return render_template("home/accessibility.html", texts=units.municipality().texts)


@blueprint.get("/healthz")
@open_to("public")
def health() -> Response:
    never_keep()
    db.session.execute(text("SELECT 1"))
    return Response("ok\n", content_type="text/plain")

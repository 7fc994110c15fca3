"""Staff routes: closed today: one reason, and all of a unit's dates on those days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import parse_day
from portal.core.languages import language
from portal.core.problems import Refused
from portal.events import overview, showing
from portal.events.closing import close
from portal.events.forms import ClosedForm
from portal.events.words import say_problem
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff_closed", __name__)
LONGEST = timedelta(days=60)


@blueprint.get("/staff/units/<slug>/closed-today")
@open_to("editor", "admin")
def closed_today(slug: str) -> str:
    """Today, or the days that the address names, with everything on them ticked."""
    unit, form = _unit(slug), ClosedForm(None)
    first, last = _days(request.args.get("first", ""), request.args.get("last", ""))
    form.first_on.data, form.last_on.data = first.isoformat(), last.isoformat()
    form.reason.data = request.args.get("reason", "")[:200]
    return _page(unit, form, (first, last), set())


@blueprint.post("/staff/units/<slug>/closed-today")
@open_to("editor", "admin")
def do_closed_today(slug: str) -> Response | tuple[str, int]:
    begin_write()
    unit, form = _unit(slug), ClosedForm()
    is_sound = form.validate()
    first, last = _days(form.first_on.data or "", form.last_on.data or "")
    rows = overview.dates_of_unit(unit.id, *_span(first, last))
    # What the page has not shown yet is shown first, ticked: nothing is cancelled unseen.
    shown, ticked = (set(request.form.getlist(name)) for name in ("shown", "date"))
    kept, unseen = shown - ticked, {str(row.id) for row in rows} - shown
    if not is_sound or unseen or request.form.get("do") == "show":
        return _page(unit, form, (first, last), kept), 422 if form.errors else 200
    try:
        off = [row for row in rows if str(row.id) not in kept]
        reason = {"sv": form.reason.data or ""}
        before = overview.off_by_closing(unit.id, *_span(first, last))
        again = [row for row in before if row.note != reason]
        close(unit, first, last, reason, off, again)
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        form.add(refused.problems, say_problem)
        return _page(_unit(slug), form, (first, last), kept), 422
    told = url_for("staff.start", done="closed", n=len(off), again=len(again) or None)
    return redirect(told, 303)


def _days(first: str, last: str) -> tuple[date, date]:
    """First and last day; today when nothing, or nothing sound, is said."""
    begin = parse_day(first) or units.today()
    end = parse_day(last) or begin
    return begin, min(max(begin, end), begin + LONGEST)


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    zone = units.zone()
    since = datetime.combine(first, time(), zone).astimezone(UTC)
    until = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    # What has been today already is what it was.
    return max(since, now()), until


def _unit(slug: str) -> Unit:
    unit = units.unit_by_slug(slug) or abort(404)
    if not current_account().edits(unit.id):
        abort(403)
    return unit


def _page(unit: Unit, form: ClosedForm, days: tuple[date, date], kept: set[str]) -> str:
    key, span = language().key, _span(*days)
    rows, again = (
        find(unit.id, *span) for find in (overview.dates_of_unit, overview.off_by_closing)
    )
    dates = [(row.id, showing.card(row, key), str(row.id) not in kept) for row in rows]
    return render_template(
        "events/staff_closed.html",
        unit=unit,
        form=form,
        dates=dates,
        again=[(row, showing.card(row, key)) for row in again],
    )

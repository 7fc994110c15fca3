"""Staff routes: a unit's whole term again, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import parse_day
from portal.core.languages import language
from portal.core.problems import Problem, Refused
from portal.core.words import chosen
from portal.events import continuing, overview, planning, queries
from portal.events.forms import TermForm
from portal.events.models import Event
from portal.events.rhythm_words import rhythm_words
from portal.events.staff import SHOW, blueprint, may_use_place, own_units
from portal.events.words import say_problem
from portal.units import queries as units
from portal.units.models import Unit

LAST_TERM = timedelta(days=220)
"""How long ago a series may have ended and still be last term's: over a summer."""


@dataclass(frozen=True)
class Line:
    """A series of last term on the page: ticked or not, and what it would make."""

    event: Event
    rhythm: str
    is_ticked: bool
    plan: planning.Plan | None = None
    wrong: str = ""


@blueprint.get("/copy-term")
@open_to("editor", "admin")
def copy_term() -> str:
    unit = _unit()
    form = TermForm(None)
    lines = [Line(event, _rhythm(event), True) for event in _last_term(unit)]
    return _page(unit, form, lines)


@blueprint.post("/copy-term")
@open_to("editor", "admin")
def do_copy_term() -> Response | tuple[str, int]:
    """Shows the dates of the ticked series, or publishes them all together."""
    begin_write()
    unit, form = _unit(), TermForm()
    if not form.validate():
        return _page(unit, form, [_line(event) for event in _last_term(unit)]), 422
    lines = [_line(event, form) for event in _last_term(unit)]
    ticked = [line for line in lines if line.is_ticked]
    if request.form.get("do") in SHOW:
        return _page(unit, form, lines), 200
    if not ticked:
        form.form_errors.append(say_problem(Problem("no_series_chosen")))
        return _page(unit, form, lines), 422
    return _publish(unit, form, lines)


def _publish(unit: Unit, form: TermForm, lines: list[Line]) -> Response | tuple[str, int]:
    """All or none: the first that cannot be is named, and nothing is published."""
    names = {line.event.id: chosen(line.event.titles) for line in lines}
    slug, current, count, dates = unit.slug, 0, 0, 0
    try:
        for line in lines:
            if line.is_ticked and line.plan is not None and line.plan.count:
                current = line.event.id
                made = continuing.Copy(line.event, line.plan.series, line.plan.left_out)
                continuing.copy(made, units.today(), may_use_place(line.event))
                count, dates = count + 1, dates + line.plan.count
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        said = " ".join(say_problem(problem) for problem in refused.problems)
        form.form_errors.append(f"{names[current]}: {said}")
        return _page(_unit(slug), form, lines), 422
    where = url_for("staff_events.index", done="term", n=count, dates=dates)
    return redirect(where, 303)


def _line(event: Event, form: TermForm | None = None) -> Line:
    is_ticked = str(event.id) in request.form.getlist("event")
    if form is None or not is_ticked:
        return Line(event, _rhythm(event), is_ticked)
    days = [parse_day(text) for text in request.form.getlist(f"skip-{event.id}")]
    plan = planning.again(event, form, [day for day in days if day is not None])
    if request.form.get("do") == "clashes":
        more = [parse_day(text) for text in plan.clashing]
        plan = planning.again(event, form, [day for day in [*days, *more] if day is not None])
    return Line(event, _rhythm(event), is_ticked, plan)


def _last_term(unit: Unit) -> list[Event]:
    today = units.today()
    return overview.series_since(unit.id, today - LAST_TERM)


def _rhythm(event: Event) -> str:
    return rhythm_words(queries.series_of(event).rule, language().key)


def _unit(slug: str = "") -> Unit:
    """The unit that the page is about: the one asked for, or the account's own."""
    wanted = slug or request.values.get("unit", "")
    mine = own_units()
    unit = units.unit_by_slug(wanted) if wanted else next(iter(mine), None)
    if unit is None:
        abort(404)
    if not current_account().edits(unit.id):
        abort(403)
    return unit


def _page(unit: Unit, form: TermForm, lines: list[Line]) -> str:
    ticked = [line for line in lines if line.is_ticked]
    shown: dict[str, Any] = {
        "dates": sum(line.plan.count for line in ticked if line.plan),
        "clashing": sum(len(line.plan.clashing) for line in ticked if line.plan),
        "is_shown": any(line.plan for line in ticked),
    }
    return render_template(
        "events/staff_copy_term.html", unit=unit, form=form, lines=lines, mine=own_units(), **shown
    )

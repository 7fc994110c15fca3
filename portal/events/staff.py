"""Staff routes: making, publishing, changing and cancelling events."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import parse_day
from portal.core.htmx import is_fragment
from portal.core.problems import Problem, Refused
from portal.events import actions, drafting, overview, planning, queries
from portal.events.forms import WHEN, EventForm
from portal.events.models import Event
from portal.events.recurrence import Series
from portal.events.rules import check_details, check_series, without
from portal.events.words import say_problem
from portal.places.models import Place
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff_events", __name__, url_prefix="/staff/events")
ASKED = ("title", "text", "kind", "place", "first_day", "starts", "ends", "repeat", "until")
SHOW = ("dates", "clashes")


@blueprint.get("")
@open_to("editor", "admin")
def index() -> str:
    return render_template(
        "events/staff_index.html",
        events=overview.events_of_units(own_unit_ids()),
        done=request.args.get("done", ""),
        count=request.args.get("n", 0, int),
        dates=request.args.get("dates", 0, int),
    )


@blueprint.get("/new")
@open_to("editor", "admin")
def new() -> str:
    form = _form()
    form.kind.data = next((k.id for k in queries.kinds() if k.slug == "language-cafe"), None)
    return _page(form, None)


@blueprint.post("/new")
@open_to("editor", "admin")
def create() -> Response | str | tuple[str, int]:
    begin_write()
    return _save(None)


@blueprint.get("/<int:event_id>")
@open_to("editor", "admin")
def edit(event_id: int) -> str:
    event = own_event(event_id)
    form = _form(event)
    drafting.fill(form, event)
    skipped = [row.recurrence_id.date() for row in event.exdates if not row.reason]
    return _page(form, event, skipped)


@blueprint.post("/<int:event_id>")
@open_to("editor", "admin")
def update(event_id: int) -> Response | str | tuple[str, int]:
    begin_write()
    event = own_event(event_id)
    return _save(event) if event.published_at is None else _change(event)


def _save(event: Event | None) -> Response | str | tuple[str, int]:
    """A new event or a draft: shows its dates, keeps it, or publishes it."""
    form, skipped = _form(event), skipped_days()
    is_sound = form.validate()
    if request.form.get("do") == "clashes":
        skipped += _clashing(form, event, skipped)
    draft = drafting.read(form, skipped)
    if not is_sound or request.form.get("do") in SHOW:
        # Everything that is wrong at once, not in waves.
        form.add([*draft.problems, *_problems(draft)], say_problem)
        wrong = form.errors and not is_fragment()
        return _page(form, event, skipped), 422 if wrong else 200
    try:
        _own_unit(draft.details.unit_id)
        saved = _store(event, draft)
        if request.form.get("do") == "publish":
            actions.publish(saved, may_use_place(saved))
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        form.add(refused.problems, say_problem)
        return _page(form, event and queries.event_by_id(event.id), skipped), 422
    return redirect(url_for("staff_events.dates", event_id=saved.id, done=saved.status), 303)


def _store(event: Event | None, draft: drafting.Draft) -> Event:
    if draft.series is None:
        raise Refused(*draft.problems, *check_details(draft.details))
    if _last_day(draft.series) < units.today():
        raise Refused(Problem("all_past", "first_day"))
    arguments = (draft.details, draft.series, draft.left_out, units.today())
    if event is None:
        event = actions.create(*arguments)
    else:
        actions.rewrite(event, *arguments)
    event.skip_breaks, event.skip_holidays = draft.skips
    return event


def _change(event: Event) -> Response | tuple[str, int]:
    """A published event: what it says may change, its dates are cancelled one by one."""
    form = _form(event)
    if form.validate():
        details = drafting.read_details(form)
        try:
            _own_unit(details.unit_id)
            was_there, before = event.place_id, (dict(event.titles), dict(event.texts))
            actions.change(event, details)
            if event.place_id != was_there and not may_use_place(event):
                raise Refused(Problem("place_asks_first", "place"))
            db.session.commit()
            stale = drafting.stale_languages(before, (event.titles, event.texts))
            told: dict[str, Any] = {"done": "changed", "stale": " ".join(stale) or None}
            return redirect(url_for("staff_events.dates", event_id=event.id, **told), 303)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    return _page(form, queries.event_by_id(event.id)), 422


def own_unit_ids() -> list[int] | None:
    """The units this account edits; None for all."""
    account = current_account()
    return None if account.is_admin else sorted(account.unit_ids)


def own_units() -> list[Unit]:
    ids = own_unit_ids()
    return units.open_units(units.today()) if ids is None else list(units.units_by_id(ids).values())


def own_event(event_id: int) -> Event:
    """The event, if this account may change it; else 404 or 403."""
    event = queries.event_by_id(event_id) or abort(404)
    if not current_account().edits(event.unit_id):
        abort(403)
    return event


def _own_unit(unit_id: int) -> None:
    if not current_account().edits(unit_id):
        abort(403)


def may_use_place(event: Event) -> bool:
    return event.place is None or current_account().edits(event.place.unit_id)


def _form(event: Event | None = None) -> EventForm:
    form = EventForm(request.form if request.method == "POST" else None)
    editable = own_units()
    drafting.fill_choices(form, editable, drafting.places_for(editable))
    if event is not None and event.published_at is not None:
        for name in WHEN:
            delattr(form, name)
    return form


def skipped_days() -> list[date]:
    """The days on which "not this day" was ticked."""
    return [day for day in map(parse_day, request.form.getlist("skip")) if day is not None]


def _problems(draft: drafting.Draft) -> list[Problem]:
    """What the rules have against a draft; a missing title the form has said already."""
    found = [one for one in check_details(draft.details) if one.code != "title_missing"]
    if draft.series is None:
        return found
    return found + check_series(without(draft.series, draft.left_out), units.today())


def _last_day(series: Series) -> date:
    return series.rule.until if series.rule else series.ends.date()


def _page(form: EventForm, event: Event | None, skipped: list[date] | None = None) -> str:
    return render_template(
        "events/staff_form.html",
        form=form,
        event=event,
        plan=_plan(form, event, skipped or []),
        more_wrong=_more_wrong(form),
    )


def _more_wrong(form: EventForm) -> bool:
    """Whether something under "More" wants mending, so that it is shown open."""
    return any(form[name].errors for name in form._fields if name not in ASKED)


def _plan(form: EventForm, event: Event | None, skipped: list[date]) -> planning.Plan | None:
    """The dates the form makes, each with whether it is left out and what it clashes with."""
    if "first_day" not in form or not form.first_day.data or form.first_day.day is None:
        return None
    series, out, _ = drafting.read_when(form, skipped)
    if series is None:
        return None
    known = form.place.data in [value for value, _ in form.place.choices]
    place = db.session.get(Place, form.place.data) if known else None
    return planning.plan(series, out, place, event)


def _clashing(form: EventForm, event: Event | None, skipped: list[date]) -> list[date]:
    """The days that do not fit, as if "not this day" had been ticked on each."""
    found = _plan(form, event, skipped)
    return [day for day in map(parse_day, found.clashing if found else []) if day is not None]

"""Staff routes: a series goes on: with another rhythm, in another term, with another host."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.languages import language
from portal.core.problems import Problem, Refused
from portal.events import changing, continuing, drafting, planning, queries
from portal.events.forms import WHEN, EventForm, HostForm, TermForm
from portal.events.models import Event
from portal.events.rhythm_words import rhythm_words
from portal.events.staff import SHOW, blueprint, may_use_place, own_event, skipped_days
from portal.events.staff_dates import settle
from portal.events.words import say_problem
from portal.units import queries as units

Answer = Response | str | tuple[str, int]


@blueprint.route("/<int:event_id>/rhythm", methods=["GET", "POST"])
@open_to("editor", "admin")
def rhythm(event_id: int) -> Answer:
    """Other days from a day on: the series ends there and a linked one begins."""
    event, form, days = _event(event_id), _when_form(), skipped_days()
    is_sound = request.method == "POST" and form.validate()
    if request.method == "GET":
        drafting.fill(form, event)
        form.first_day.data = units.today().isoformat()
    series, out, problems = drafting.read_when(form, days) if is_sound else (None, [], [])
    plan = planning.plan(series, out, event.place, event) if series else None
    first = series.starts.date() if series else units.today()
    coming = [row for row in queries.coming(event, now()) if row.status == "confirmed"]
    off = [row for row in coming if row.recurrence_id.date() >= first]

    def page() -> str:
        return render_template(
            "events/staff_rhythm.html", form=form, event=event, plan=plan, off=len(off)
        )

    def act() -> None:
        if series is None:
            raise Refused(*problems)
        may_use = may_use_place(event)
        new = continuing.change_rhythm(event, series, out, units.today(), may_use)
        new.skip_breaks, new.skip_holidays = drafting.skips(form)

    if not is_sound or request.form.get("do") in SHOW:
        form.add(problems + (plan.problems(units.today(), "until") if plan else []), say_problem)
        return (page(), 422) if form.errors else page()
    return settle(event, form, "rhythm", act, page)


@blueprint.route("/<int:event_id>/copy", methods=["GET", "POST"])
@open_to("editor", "admin")
def copy(event_id: int) -> Answer:
    """The same again in another term: two fields, and the dates to look through."""
    event, form, days = _event(event_id), TermForm(), skipped_days()
    is_sound = request.method == "POST" and form.validate()
    plan = planning.again(event, form, days) if is_sound else None

    def page() -> str:
        shown = {"plan": plan, "rhythm": _rhythm(event)}
        return render_template("events/staff_copy.html", form=form, event=event, **shown)

    if plan is None or request.form.get("do") in SHOW:
        form.add(plan.problems(units.today(), "last_day") if plan else [], say_problem)
        return (page(), 422) if form.errors else page()
    made: list[Event] = []
    answer = settle(event, form, "copied", lambda: made.append(_copy(event, plan)), page)
    if not made or isinstance(answer, tuple):
        return answer
    done = made[0].status
    return redirect(url_for("staff_events.dates", event_id=made[0].id, done=done), 303)


def _copy(event: Event, plan: planning.Plan) -> Event:
    if plan.count == 0:
        raise Refused(Problem("no_dates", "last_day"))
    made = continuing.Copy(event, plan.series, plan.left_out)
    is_draft = request.form.get("do") == "draft"
    return continuing.copy(made, units.today(), may_use_place(event), is_draft)


@blueprint.route("/<int:event_id>/hand-over", methods=["GET", "POST"])
@open_to("editor", "admin")
def hand_over(event_id: int) -> Answer:
    """Another host; address, UID and feed stay (MEET-17)."""
    event, form = _event(event_id), HostForm()
    open_units = units.open_units(units.today())
    form.unit.choices = [(unit.id, unit.name) for unit in open_units if unit.id != event.unit_id]

    def page() -> str:
        left = len(queries.coming(event, now()))
        return render_template("events/staff_hand_over.html", form=form, event=event, left=left)

    def act() -> None:
        unit = next(unit for unit in open_units if unit.id == form.unit.data)
        changing.hand_over(event, unit)

    if request.method == "GET":
        return page()
    if not form.validate():
        return page(), 422
    answer = settle(event, form, "handed_over", act, page)
    # Its dates belong to somebody else now, perhaps out of this account's reach.
    is_done = isinstance(answer, Response)
    return redirect(url_for("staff.start", done="handed_over"), 303) if is_done else answer


def _rhythm(event: Event) -> str:
    return rhythm_words(queries.series_of(event).rule, language().key)


def _event(event_id: int) -> Event:
    if request.method == "POST":
        begin_write()
    return own_event(event_id)


def _when_form() -> EventForm:
    """The event form, of which only the fields about when are asked."""
    form = EventForm(request.form if request.method == "POST" else None)
    drafting.fill_choices(form, [], [])
    for name in [name for name in form._fields if name not in WHEN]:
        delattr(form, name)
    return form

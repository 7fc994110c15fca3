"""Staff routes: an event's dates, cancelling, and answering those who ask for a place."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import tidy_line
from portal.core.languages import language, languages
from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events import actions, changing, queries, showing
from portal.events.drafting import times_on
from portal.events.forms import MoveForm, ReasonForm
from portal.events.models import Event, Occurrence
from portal.events.recurrence import wall
from portal.events.staff import blueprint, own_event
from portal.events.words import say_problem


@blueprint.get("/<int:event_id>/dates")
@open_to("editor", "admin")
def dates(event_id: int) -> str:
    event = own_event(event_id)
    rows = [
        (row, showing.card(row, language().key), row.ends_at <= now()) for row in event.occurrences
    ]
    stale = request.args.get("stale", "").split()
    return render_template(
        "events/staff_dates.html",
        event=event,
        rows=rows,
        done=request.args.get("done", ""),
        stale=[languages()[key].name for key in stale if key in languages()],
    )


@blueprint.route("/<int:event_id>/cancel", methods=["GET", "POST"])
@open_to("editor", "admin")
def cancel(event_id: int) -> Response | str | tuple[str, int]:
    if request.method == "POST":
        begin_write()
    event = own_event(event_id)
    return _with_reason(event, None, lambda reason: actions.cancel(event, reason))


@blueprint.route("/<int:event_id>/dates/<key>/cancel", methods=["GET", "POST"])
@open_to("editor", "admin")
def cancel_date(event_id: int, key: str) -> Response | str | tuple[str, int]:
    if request.method == "POST":
        begin_write()
    event = own_event(event_id)
    row = _date(event, key)
    return _with_reason(event, row, lambda reason: changing.cancel_date(row, reason))


def _with_reason(
    event: Event, row: Occurrence | None, act: Callable[[Localised], None]
) -> Response | str | tuple[str, int]:
    """Asks for the reason, then acts; a refusal comes back with the reason kept."""
    form = ReasonForm()
    if request.method == "POST" and form.validate():
        try:
            act(form.texts())
            db.session.commit()
            return redirect(url_for("staff_events.dates", event_id=event.id, done="cancelled"), 303)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    card = showing.card(row, language().key) if row is not None else None
    left = queries.upcoming_of(event, now())
    page = render_template(
        "events/staff_cancel.html", form=form, event=event, row=row, card=card, left=len(left)
    )
    return (page, 422) if form.errors else page


@blueprint.get("/<int:event_id>/dates/<key>/move")
@open_to("editor", "admin")
def move(event_id: int, key: str) -> str:
    event = own_event(event_id)
    row = _date(event, key)
    form = MoveForm(None)
    starts, ends = wall(row.starts_at, event.zone), wall(row.ends_at, event.zone)
    form.day.data, form.note.data = starts.date().isoformat(), row.note.get("sv", "")
    form.starts.data, form.ends.data = f"{starts:%H:%M}", f"{ends:%H:%M}"
    return _move_page(form, event, row)


@blueprint.post("/<int:event_id>/dates/<key>/move")
@open_to("editor", "admin")
def do_move(event_id: int, key: str) -> Response | tuple[str, int]:
    begin_write()
    event, form = own_event(event_id), MoveForm()
    row = _date(event, key)
    if form.validate() and form.day.day and form.starts.time and form.ends.time:
        starts, ends = times_on(form.day.day, form.starts.time, form.ends.time)
        try:
            changing.move_date(row, starts, ends, {"sv": form.note.data or ""})
            db.session.commit()
            return redirect(url_for("staff_events.dates", event_id=event_id, done="moved"), 303)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    return _move_page(form, event, row), 422


def _move_page(form: MoveForm, event: Event, row: Occurrence) -> str:
    card = showing.card(row, language().key)
    return render_template("events/staff_move.html", form=form, event=event, row=row, card=card)


@blueprint.post("/<int:event_id>/dates/<key>/restore")
@open_to("editor", "admin")
def restore_date(event_id: int, key: str) -> Response:
    begin_write()
    event = own_event(event_id)
    try:
        changing.restore_date(_date(event, key))
        db.session.commit()
    except Refused:
        db.session.rollback()
        return redirect(url_for("staff_events.dates", event_id=event_id, done="past"), 303)
    return redirect(url_for("staff_events.dates", event_id=event_id, done="restored"), 303)


@blueprint.post("/<int:event_id>/delete")
@open_to("editor", "admin")
def delete(event_id: int) -> Response:
    begin_write()
    event = own_event(event_id)
    try:
        actions.delete_draft(event)
        db.session.commit()
    except Refused:
        abort(409)
    return redirect(url_for("staff.start", done="deleted"), 303)


@blueprint.post("/<int:event_id>/answer")
@open_to("editor", "admin")
def answer(event_id: int) -> Response:
    """Yes or no from the unit whose place somebody else wants to use."""
    begin_write()
    event = queries.event_by_id(event_id) or abort(404)
    if event.place is None or not current_account().edits(event.place.unit_id):
        abort(403)
    try:
        if event.status != "waiting":
            # A draft that names this place has asked nobody yet.
            raise Refused(Problem("not_waiting"))
        is_yes = request.form.get("answer") == "yes"
        if is_yes:
            actions.publish(event, may_use_place=True)
        else:
            actions.decline(event, tidy_line(request.form.get("note"))[:300])
        db.session.commit()
        done = "yes" if is_yes else "no"
    except Refused:
        db.session.rollback()
        done = "gone"
    return redirect(url_for("staff.start", done=done), 303)


def _date(event: Event, key: str) -> Occurrence:
    return queries.occurrence(event, key) or abort(404)

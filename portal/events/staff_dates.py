"""Staff routes: an event's dates and one of them; answering those who ask for a place."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.accounts.queries import account_names
from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import Form, tidy_line
from portal.core.languages import language, languages
from portal.core.problems import Problem, Refused
from portal.events import actions, changing, overview, queries, showing, staff_showing
from portal.events.models import Event, Occurrence
from portal.events.rhythm_words import rhythm_words
from portal.events.said import counts_of
from portal.events.staff import blueprint, own_event
from portal.events.words import CHANGES, say_problem
from portal.imports.queries import source_of
from portal.units import queries as units

SHOWN_CHANGES = 20


@blueprint.get("/<int:event_id>/dates")
@open_to("editor", "admin")
def dates(event_id: int) -> str:
    event, key = own_event(event_id), language().key
    stale = request.args.get("stale", "").split()
    changes = overview.changes_of(event, SHOWN_CHANGES)
    cards = staff_showing.cards_with_years(event.occurrences, units.today(), key)
    return render_template(
        "events/staff_dates.html",
        event=event,
        rows=[
            (row, card, row.ends_at <= now())
            for row, card in zip(event.occurrences, cards, strict=True)
        ],
        last_on=staff_showing.last_day(event),
        is_altered=showing.is_altered,
        rhythm=rhythm_words(queries.series_of(event).rule, key),
        changes=changes,
        undoable=next((change for change in changes if change.undone_at is None), None),
        names=account_names([change.account_id for change in changes]),
        change_words=CHANGES,
        counts=counts_of(row.id for row in event.occurrences),
        moment=lambda at: showing.moment_words(at, event.zone, key),
        done=request.args.get("done", ""),
        earlier=queries.event_by_id(event.continues_id or 0),
        later=overview.continued_by(event),
        source=source_of(event.id),
        stale=[languages()[name].name for name in stale if name in languages()],
    )


@blueprint.post("/<int:event_id>/undo")
@open_to("editor", "admin")
def undo(event_id: int) -> Response:
    """Takes the newest change back, if it is still the one that the page showed."""
    begin_write()
    event = own_event(event_id)
    newest = next(
        (change for change in overview.changes_of(event, 50) if change.undone_at is None), None
    )
    if newest is None or request.form.get("change") != str(newest.id):
        return redirect(url_for("staff_events.dates", event_id=event_id, done="newer"), 303)
    changing.undo(event)
    db.session.commit()
    return redirect(url_for("staff_events.dates", event_id=event_id, done="undone"), 303)


@blueprint.post("/<int:event_id>/dates/<key>/restore")
@open_to("editor", "admin")
def restore_date(event_id: int, key: str) -> Response:
    begin_write()
    event = own_event(event_id)
    row = own_date(event, key)
    return _one(event, "restored", lambda: changing.restore_date(row))


@blueprint.post("/<int:event_id>/dates/<key>/reset")
@open_to("editor", "admin")
def reset_date(event_id: int, key: str) -> Response:
    begin_write()
    event = own_event(event_id)
    row = own_date(event, key)
    return _one(event, "reset", lambda: changing.reset_dates(event, [row]))


def _one(event: Event, done: str, act: Callable[[], None]) -> Response:
    event_id = event.id
    try:
        act()
        db.session.commit()
    except Refused:
        db.session.rollback()
        done = "past"
    return redirect(url_for("staff_events.dates", event_id=event_id, done=done), 303)


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


def own_date(event: Event, key: str) -> Occurrence:
    return queries.occurrence(event, key) or abort(404)


def settle(
    event: Event, form: Form, done: str, act: Callable[[], object], page: Callable[[], str]
) -> Response | tuple[str, int]:
    """Does an act and answers with the event's dates; a refusal comes back with the form kept."""
    event_id = event.id
    try:
        act()
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        form.add(refused.problems, say_problem)
        return page(), 422
    return redirect(url_for("staff_events.dates", event_id=event_id, done=done), 303)

"""Staff routes: changing and cancelling one date, some, or all that remain; a new last day."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeVar

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.languages import language
from portal.events import actions, changing, planning, queries, staff_showing
from portal.events.forms import AlterForm, LastDayForm, MoveForm, ReasonForm
from portal.events.models import Event, Occurrence
from portal.events.staff import blueprint, own_event, own_units, skipped_days
from portal.events.staff_dates import own_date, settle
from portal.events.words import say_problem
from portal.places import queries as places
from portal.places.words import place_name
from portal.units import queries as units

Alter = TypeVar("Alter", bound=AlterForm)
Answer = Response | str | tuple[str, int]


@blueprint.route("/<int:event_id>/cancel", methods=["GET", "POST"])
@open_to("editor", "admin")
def cancel(event_id: int) -> Answer:
    event = _event(event_id)
    rows = [row for row in queries.coming(event, now()) if row.status == "confirmed"]
    return _cancel(event, rows, is_whole=True)


@blueprint.route("/<int:event_id>/dates/<key>/cancel", methods=["GET", "POST"])
@open_to("editor", "admin")
def cancel_date(event_id: int, key: str) -> Answer:
    event = _event(event_id)
    return _cancel(event, [own_date(event, key)])


@blueprint.route("/<int:event_id>/dates/cancel", methods=["GET", "POST"])
@open_to("editor", "admin")
def cancel_dates(event_id: int) -> Answer:
    event = _event(event_id)
    rows = _chosen(event)
    return _cancel(event, rows) if rows else _none_chosen(event)


def _cancel(event: Event, rows: list[Occurrence], is_whole: bool = False) -> Answer:
    """Asks for the reason, then cancels dates, or the whole event with all it has left."""
    form = ReasonForm()

    def page() -> str:
        return render_template(
            "events/staff_cancel.html", form=form, is_whole=is_whole, **_listed(event, rows)
        )

    def act() -> None:
        if is_whole:
            actions.cancel(event, form.texts())
        else:
            changing.cancel_dates(event, rows, form.texts())

    if request.method == "GET":
        return page()
    if not form.validate():
        return page(), 422
    return settle(event, form, "cancelled", act, page)


@blueprint.route("/<int:event_id>/dates/<key>/move", methods=["GET", "POST"])
@open_to("editor", "admin")
def move(event_id: int, key: str) -> Answer:
    """One date: its day, times, place, title and line."""
    event = _event(event_id)
    row, form = own_date(event, key), _alter_form(MoveForm, event)

    def page() -> str:
        return render_template("events/staff_alter.html", form=form, **_listed(event, [row]))

    def act() -> None:
        to = planning.read_alteration(form, is_one=True)
        changing.move_date(row, *planning.read_times(form, row), to.note or {}, to)

    if request.method == "GET":
        planning.fill_move(form, row)
        return page()
    return settle(event, form, "moved", act, page) if form.validate() else (page(), 422)


@blueprint.route("/<int:event_id>/dates/change", methods=["GET", "POST"])
@open_to("editor", "admin")
def change_dates(event_id: int) -> Answer:
    """Some dates, or all that remain: other times, another place, a title or a line."""
    event = _event(event_id)
    rows, form = _chosen(event), _alter_form(AlterForm, event)

    def page() -> str:
        return render_template("events/staff_alter.html", form=form, **_listed(event, rows))

    def act() -> None:
        changing.alter_dates(event, rows, planning.read_alteration(form, is_one=False))

    if not rows:
        return _none_chosen(event)
    if request.method == "GET":
        return page()
    return settle(event, form, "changed_dates", act, page) if form.validate() else (page(), 422)


@blueprint.route("/<int:event_id>/last-day", methods=["GET", "POST"])
@open_to("editor", "admin")
def last_day(event_id: int) -> Answer:
    """A new last day: earlier cancels the dates after it, later adds dates. Shown first."""
    event, form = _event(event_id), LastDayForm()
    is_sound = request.method == "POST" and form.validate()
    days, last = skipped_days(), form.last_on.day or changing.last_confirmed(event)
    off = [row for row in queries.coming(event, now()) if _ends_before(row, last)]
    plan, back = planning.longer(event, last, days), [] if off else changing.again(event, last)

    def page() -> str:
        shown = {"is_shown": is_sound, "plan": plan, "off": off, **_listed(event, off or back)}
        return render_template("events/staff_last_day.html", form=form, **shown)

    def act() -> None:
        if off:
            changing.shorten(event, last, {"sv": form.reason.data or ""})
        else:
            changing.lengthen(event, last, plan.left_out, units.today())

    if request.method == "GET":
        form.last_on.data = last.isoformat()
    form.add(plan.problems(units.today(), "last_on"), say_problem)
    if form.errors or not is_sound or request.form.get("do") != "save":
        return (page(), 422) if form.errors else page()
    if off and not form.reason.data:
        form.reason.errors = [str(ReasonForm.MISSING)]
        return page(), 422
    return settle(event, form, "shortened" if off else "lengthened", act, page)


def _ends_before(row: Occurrence, last: date) -> bool:
    return row.status == "confirmed" and row.recurrence_id.date() > last


def _event(event_id: int) -> Event:
    """The event, and in a request that writes the lock first."""
    if request.method == "POST":
        begin_write()
    return own_event(event_id)


def _chosen(event: Event) -> list[Occurrence]:
    """The dates that were ticked, or all that remain; cancelled ones are not among them."""
    wanted, is_all = set(request.values.getlist("key")), "all" in request.values
    return [
        row
        for row in queries.coming(event, now())
        if row.status == "confirmed" and (is_all or row.key in wanted)
    ]


def _none_chosen(event: Event) -> Response:
    return redirect(url_for("staff_events.dates", event_id=event.id, done="none"), 303)


def _listed(event: Event, rows: list[Occurrence]) -> dict[str, Any]:
    """What the pages about chosen dates show of them."""
    shown = staff_showing.cards_with_years(rows, units.today(), language().key)
    cards = [(row.key, card) for row, card in zip(rows, shown, strict=True)]
    return {"event": event, "cards": cards, "key": rows[0].key if len(rows) == 1 else ""}


def _alter_form(kind: type[Alter], event: Event) -> Alter:
    """Own places, so that nobody else need be asked; times only where there are any."""
    form = kind()
    own = [place for unit in own_units() for place in places.places_of(unit)]
    form.place.choices = [
        (kind.KEEP, _("As it is")),
        (kind.PLANNED, _("Where the series is")),
        *((place.id, place_name(place)) for place in own if place.visibility == "public"),
        (kind.ELSEWHERE, _("Another place")),
    ]
    if event.is_all_day:
        del form.starts, form.ends
    return form

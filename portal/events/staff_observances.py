"""Staff routes: observances. Associations propose, the municipality's own units publish."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import tidy_line
from portal.core.languages import language
from portal.core.problems import Refused
from portal.events import observance_actions as actions
from portal.events import observance_queries as queries
from portal.events import observance_showing
from portal.events.models import Observance
from portal.events.observance_forms import NOTE, ObservanceForm, WithdrawForm
from portal.events.observing import Marked
from portal.events.staff import own_units
from portal.events.words import say_problem
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff_observances", __name__, url_prefix="/staff/observances")
ROLES = ("editor", "admin")


@blueprint.get("")
@open_to(*ROLES)
def index() -> str:
    waiting = queries.with_status("proposed") if may_publish() else []
    own = queries.proposed_by(current_account().unit_ids)
    return render_template(
        "events/staff_observances.html",
        waiting=waiting,
        own=[row for row in own if row.status in ("proposed", "declined")],
        rows=queries.told(),
        names={unit.id: unit.name for unit in units.all_units()},
        may_publish=may_publish(),
        when=lambda row: observance_showing.next_words(row, units.today(), language().key),
        done=request.args.get("done", ""),
    )


@blueprint.get("/new")
@open_to(*ROLES)
def new() -> str:
    return _page(_form(), None)


@blueprint.post("/new")
@open_to(*ROLES)
def create() -> Response | tuple[str, int]:
    begin_write()
    return _save(None, _add)


@blueprint.get("/<int:observance_id>")
@open_to(*ROLES)
def edit(observance_id: int) -> str:
    row = _own(observance_id)
    form = _form()
    form.show(queries.marked(row))
    return _page(form, row)


@blueprint.post("/<int:observance_id>")
@open_to(*ROLES)
def update(observance_id: int) -> Response | tuple[str, int]:
    begin_write()
    row = _own(observance_id)
    return _save(row, lambda marked: _change(row, marked))


@blueprint.post("/<int:observance_id>/answer")
@open_to(*ROLES)
def answer(observance_id: int) -> Response:
    """Yes or no to a proposal, with a line."""
    begin_write()
    row = _publishable(observance_id)
    note = tidy_line(request.form.get("note"))[:NOTE]
    if request.form.get("answer") == "yes":
        return _act(lambda: actions.approve(row), "approved")
    return _act(lambda: actions.decline(row, note), "declined")


@blueprint.get("/<int:observance_id>/withdraw")
@open_to(*ROLES)
def ask_withdraw(observance_id: int) -> str:
    return _withdraw_page(_publishable(observance_id), WithdrawForm(None))


@blueprint.post("/<int:observance_id>/withdraw")
@open_to(*ROLES)
def withdraw(observance_id: int) -> Response | tuple[str, int]:
    begin_write()
    row, form = _publishable(observance_id), WithdrawForm()
    if not form.validate():
        return _withdraw_page(row, form), 422
    return _act(lambda: actions.withdraw(row, form.reason.data or ""), "withdrawn")


@blueprint.post("/<int:observance_id>/restore")
@open_to(*ROLES)
def restore(observance_id: int) -> Response:
    begin_write()
    row = _publishable(observance_id)
    return _act(lambda: actions.restore(row), "restored")


def may_publish() -> bool:
    """Whether this account works for the municipality, and not for an association only."""
    account = current_account()
    return account.is_admin or any(unit.kind != "association" for unit in own_units())


def _publishable(observance_id: int) -> Observance:
    row = queries.observance_by_id(observance_id) or abort(404)
    if not may_publish():
        abort(403)
    return row


def _own(observance_id: int) -> Observance:
    """The observance, if this account may change it: an association only its own proposals."""
    row = queries.observance_by_id(observance_id) or abort(404)
    is_own = row.unit_id in current_account().unit_ids and row.status in ("proposed", "declined")
    if not is_own and not may_publish():
        abort(403)
    return row


def _add(marked: Marked) -> str:
    if may_publish():
        actions.add(marked, units.today())
        return "added"
    actions.propose(marked, _proposer(), units.today())
    return "proposed"


def _change(row: Observance, marked: Marked) -> str:
    actions.change(row, marked, units.today())
    return "changed"


def _proposer() -> Unit:
    """The association that an account proposes for."""
    return next(iter(own_units()), None) or abort(403)


def _save(row: Observance | None, act: Callable[[Marked], str]) -> Response | tuple[str, int]:
    form = _form()
    before = queries.marked(row) if row else None
    if form.validate() and (marked := form.marked(before)):
        try:
            done = act(marked)
            db.session.commit()
            return redirect(url_for("staff_observances.index", done=done), 303)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    return _page(form, queries.observance_by_id(row.id) if row else None), 422


def _act(act: Callable[[], None], done: str) -> Response:
    """Does it, or says that somebody else was faster."""
    try:
        act()
        db.session.commit()
    except Refused:
        db.session.rollback()
        done = "gone"
    return redirect(url_for("staff_observances.index", done=done), 303)


def _form() -> ObservanceForm:
    form = ObservanceForm(request.form if request.method == "POST" else None)
    form.offer_languages(_("None"))
    return form


def _page(form: ObservanceForm, row: Observance | None) -> str:
    return render_template(
        "events/staff_observance.html", form=form, row=row, may_publish=may_publish()
    )


def _withdraw_page(row: Observance, form: WithdrawForm) -> str:
    return render_template("events/staff_observance_withdraw.html", form=form, row=row)

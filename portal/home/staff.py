"""Staff routes: the staff start page, and the administration's own."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.accounts import actions as accounts
from portal.accounts import queries as account_queries
from portal.accounts.forms import InviteForm
from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import language
from portal.events import overview, showing
from portal.events import queries as events
from portal.events.observance_queries import with_status
from portal.events.queries import Filter
from portal.events.staff import own_unit_ids, own_units
from portal.events.staff_observances import may_publish
from portal.events.staff_today import today
from portal.imports import queries as imports
from portal.places.queries import closed_from
from portal.units import actions as units_actions
from portal.units import queries as units
from portal.units.models import Unit

blueprint = Blueprint("staff", __name__)


@blueprint.get("/staff")
@open_to("signed-in")
def start() -> str:
    ids = own_unit_ids()
    mine = [] if ids is None else own_units()
    wanted = [Filter(unit_id=unit.id) for unit in mine] if mine else [Filter()]
    coming = [
        row for one in wanted for row in events.listed(one, now(), None, units.today(), limit=6)
    ]
    own = overview.events_of_units(ids)
    return render_template(
        "home/staff.html",
        waiting=overview.waiting_for(ids),
        proposals=len(with_status("proposed")) if may_publish() else 0,
        drafts=[event for event in own if event.status == "draft"][:10],
        asked=[event for event in own if event.status == "waiting"][:10],
        cards=showing.cards(sorted(coming, key=lambda row: row.starts_at)[:6], language().key),
        mine=mine,
        for_staff=_for_staff(ids is None or any(unit.kind != "association" for unit in mine)),
        done=request.args.get("done", ""),
        count=request.args.get("n", 0, int),
        again=request.args.get("again", 0, int),
        when=lambda row: showing.card(row, language().key).when,
        closed=closed_from(units.today()),
        **_programmes(ids),
        **today(),
    )


def _programmes(ids: list[int] | None) -> dict[str, object]:
    """Programmes that wait for somebody, and addresses that do not answer."""
    if not current_account().roles & {"editor", "admin"}:
        return {}
    return {
        "programmes": imports.waiting(ids),
        "silent": imports.unreachable(ids, now()),
    }


def _for_staff(is_staff: bool) -> list[showing.Card]:
    """What all staff may see; an association publishes here, and is not staff."""
    return showing.cards(overview.for_staff(now(), 10), language().key) if is_staff else []


@blueprint.get("/admin/invitations")
@open_to("admin")
def invitations() -> str:
    return _invite_page(_invite_form())


@blueprint.post("/admin/invitations")
@open_to("admin")
def invite() -> str | tuple[str, int]:
    """Makes a one-time link; it is shown here once, to be passed on by hand."""
    begin_write()
    form = _invite_form()
    if not form.validate():
        return _invite_page(form), 422
    if form.new_name.data:
        unit = units_actions.add_association(form.new_name.data)
    elif form.unit.data:
        unit = db.session.get_one(Unit, form.unit.data)
    else:
        form.new_name.errors = [_("Choose an association, or write the name of a new one.")]
        return _invite_page(form), 422
    token = accounts.invite(unit, "editor", current_account().id)
    db.session.commit()
    link = current_app.config["PORTAL_SETTINGS"].base_url + url_for(
        "accounts.invitation", token=token
    )
    return _invite_page(_invite_form(fresh=True), link, unit.name)


def _invite_form(fresh: bool = False) -> InviteForm:
    form = InviteForm(request.form if request.method == "POST" and not fresh else None)
    own = [unit for unit in units.open_units(units.today()) if unit.kind == "association"]
    form.unit.choices = [(0, "–"), *((unit.id, unit.name) for unit in own)]
    return form


def _invite_page(form: InviteForm, link: str = "", name: str = "") -> str:
    return render_template("home/invitations.html", form=form, link=link, name=name)


@blueprint.get("/admin/people")
@open_to("admin")
def people() -> str:
    names = {unit.id: unit.name for unit in units.all_units()}
    return render_template("home/people.html", accounts=account_queries.all_accounts(), names=names)


@blueprint.post("/admin/people/<int:account_id>")
@open_to("admin")
def change_person(account_id: int) -> Response:
    """Closes or opens an account; closing signs it out everywhere."""
    begin_write()
    account = account_queries.account_by_id(account_id) or abort(404)
    if account.id == current_account().id:
        abort(409)
    accounts.set_disabled(account, request.form.get("do") == "close")
    db.session.commit()
    return redirect(url_for("staff.people", done=1), 303)

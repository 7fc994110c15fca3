"""Staff routes: where a unit's programme comes from."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import language
from portal.core.problems import Refused
from portal.events.showing import moment_words
from portal.events.staff import own_unit_ids, own_units
from portal.events.words import say_problem
from portal.imports import actions, queries, run_actions, run_showing
from portal.imports.applying import follow, forget
from portal.imports.differing import LOOKED_AT, compare
from portal.imports.exchange_queries import export_events
from portal.imports.forms import BringForm, SettingsForm, SourceForm
from portal.imports.models import ImportRun, Source
from portal.imports.networks import Unreachable, judge, read_address
from portal.imports.page_words import RUN_STATE
from portal.imports.processing import AT_ONCE, in_background, resume
from portal.imports.words import (
    say_city,
    say_failure,
    say_missing,
    say_missing_file,
    say_unreachable,
)
from portal.units import queries as units

blueprint = Blueprint("staff_imports", __name__, url_prefix="/staff/imports")
SHOWN_RUNS = 20


@blueprint.get("")
@open_to("editor", "admin")
def index() -> str:
    ids = own_unit_ids()
    return render_template(
        "imports/staff_index.html",
        sources=queries.sources(ids),
        runs=queries.newest_runs(ids),
        failing={
            source.id: say_failure(source.failure) for source in queries.unreachable(ids, now())
        },
        mine=own_units(),
        state_words=RUN_STATE,
        moment=_moment,
        done=request.args.get("done", ""),
    )


@blueprint.get("/new")
@open_to("editor", "admin")
def new() -> str:
    return _new_page(_source_form())


@blueprint.post("/new")
@open_to("editor", "admin")
def create() -> Response | tuple[str, int]:
    begin_write()
    form = _source_form()
    is_sound = form.validate()
    raw, file_name = form.raw()
    if form.address.data:
        _check_address(form)
    elif not raw and is_sound:
        form.file.errors = [say_missing()]
    if form.errors:
        return _new_page(form), 422
    name, unit_id, address = form.name.data or "", form.unit.data or None, form.address.data or ""
    # The same name again is a newer file of the same source, and not everything a second time.
    source = (
        actions.add_source(name, unit_id, address)
        if address
        else actions.find_source(name, unit_id)
    )
    if not raw:
        db.session.commit()
        return redirect(url_for("staff_imports.source", source_id=source.id, done="made"), 303)
    return go_on(run_actions.start(source, raw, file_name), len(raw))


@blueprint.get("/<int:source_id>")
@open_to("editor", "admin")
def source(source_id: int) -> str:
    found = own_source(source_id)
    return _page(found, _settings_form(found), BringForm(None))


@blueprint.post("/<int:source_id>")
@open_to("editor", "admin")
def bring(source_id: int) -> Response | tuple[str, int]:
    """Another file of the same source."""
    begin_write()
    found, form = own_source(source_id), BringForm()
    raw, file_name = form.raw()
    if not raw:
        form.file.errors = [say_missing_file()]
        return _page(found, _settings_form(found), form), 422
    return go_on(run_actions.start(found, raw, file_name), len(raw))


@blueprint.post("/<int:source_id>/settings")
@open_to("editor", "admin")
def settings(source_id: int) -> Response | tuple[str, int]:
    begin_write()
    found, form = own_source(source_id), SettingsForm()
    form.validate()
    if form.address.data:
        _check_address(form)
    if form.errors:
        return _page(found, form, BringForm(None)), 422
    actions.change_source(found, form.name.data or "", form.address.data or "", form.is_active.data)
    db.session.commit()
    return redirect(url_for("staff_imports.source", source_id=source_id, done="saved"), 303)


@blueprint.post("/<int:source_id>/follow")
@open_to("editor", "admin")
def follow_source(source_id: int) -> Response:
    """Takes over what the source says where an editor had changed it."""
    begin_write()
    found, marks = own_source(source_id), request.form.getlist("take")
    ids = queries.changed_here(found, LOOKED_AT)
    try:
        count = follow(found, {e.id: merged for e, merged in compare(found, ids, now(), marks)})
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        abort(409, " ".join(say_problem(problem) for problem in refused.problems))
    return redirect(
        url_for("staff_imports.source", source_id=source_id, done="taken", n=count), 303
    )


@blueprint.post("/<int:source_id>/names")
@open_to("editor", "admin")
def forget_name(source_id: int) -> Response:
    begin_write()
    found, what = own_source(source_id), request.form.get("what", "")
    if what not in ("unit", "place", "kind"):
        abort(404)
    actions.choose(found, what, request.form.get("name", ""), "")
    db.session.commit()
    return redirect(url_for("staff_imports.source", source_id=source_id, done="saved"), 303)


@blueprint.post("/<int:source_id>/end")
@open_to("editor", "admin")
def end(source_id: int) -> Response:
    """Lets a source go; its events stay as the unit's own."""
    begin_write()
    forget(own_source(source_id))
    db.session.commit()
    return redirect(url_for("staff_imports.index", done="ended"), 303)


@blueprint.get("/export.csv")
@open_to("editor", "admin")
def export() -> Response:
    """A unit's events in the portal's own exchange format."""
    unit = units.unit_by_slug(request.args.get("unit", "")) or abort(404)
    if not current_account().edits(unit.id):
        abort(403)
    answer = Response(export_events(public_only=False, unit=unit), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{unit.slug}.csv"'
    return answer


def own_source(source_id: int) -> Source:
    """The source, if this account may use it; else 404 or 403."""
    found = queries.source_by_id(source_id) or abort(404)
    account = current_account()
    if not account.is_admin and (found.unit_id is None or not account.edits(found.unit_id)):
        abort(403)
    return found


def go_on(run: ImportRun, size: int) -> Response:
    """Plans a run at once, or in the background when it takes long; then shows it."""
    run_id = run.id
    db.session.commit()
    if size <= AT_ONCE:
        resume(run_id)
    else:
        in_background(current_app._get_current_object(), run_id)  # type: ignore[attr-defined]
    return redirect(url_for("staff_imports.run", run_id=run_id), 303)


def _moment(at: datetime) -> str:
    return moment_words(at, units.municipality().zone, language().key)


def _settings_form(found: Source) -> SettingsForm:
    form = SettingsForm(None)
    form.name.data, form.address.data = found.name, found.address
    form.is_active.data = found.is_active
    return form


def _source_form() -> SourceForm:
    form = SourceForm() if request.method == "POST" else SourceForm(None)
    mine = [(unit.id, unit.name) for unit in own_units()]
    if current_account().is_admin:
        mine.insert(0, (0, say_city()))
    form.unit.choices = mine
    return form


def _check_address(form: SourceForm | SettingsForm) -> None:
    try:
        target = read_address(form.address.data or "")
        allowed = current_app.config["PORTAL_SETTINGS"].allowed_networks
        if not (target.is_https or allowed):
            raise Unreachable("not_https")
        if target.ip:
            judge(target, [target.ip], allowed)
    except Unreachable as error:
        form.address.errors = [say_unreachable(error)]


def _new_page(form: SourceForm) -> str:
    by_hand = [one for one in queries.sources(own_unit_ids()) if not one.address]
    return render_template("imports/staff_new.html", form=form, by_hand=by_hand)


def _page(found: Source, form: SettingsForm, bring_form: BringForm) -> str:
    changed = queries.changed_here(found, LOOKED_AT)
    return render_template(
        "imports/staff_source.html",
        source=found,
        form=form,
        bring=bring_form,
        failure=say_failure(found.failure) if found.failure else "",
        differences=run_showing.differences(found, changed, now()),
        names=run_showing.names(found),
        runs=queries.runs(found, SHOWN_RUNS),
        state_words=RUN_STATE,
        moment=_moment,
        done=request.args.get("done", ""),
        count=request.args.get("n", 0, int),
    )

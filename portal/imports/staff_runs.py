"""Staff routes: one import, from the first look to what became of it."""

from __future__ import annotations

from collections.abc import Collection

from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.htmx import is_fragment
from portal.core.problems import Refused
from portal.events.words import say_problem
from portal.imports import actions, columns_showing, queries, run_actions, run_showing
from portal.imports.items import Unreadable
from portal.imports.models import ImportRun
from portal.imports.page_words import RUN_TITLE, TABLES
from portal.imports.processing import Changed, apply, in_background
from portal.imports.staff import blueprint, go_on, own_source
from portal.imports.words import say_failure
from portal.imports.work import StillChanging

# A plan of more dates than these is carried out while the page says so.
MANY = 3000
# While somebody may still say what columns and names mean, or throw it away.
ASKED = ("columns", "planned")
WAITING = ("columns", "planned", "reading")


@blueprint.get("/runs/<int:run_id>")
@open_to("editor", "admin")
def run(run_id: int) -> str | Response:
    found = _run(run_id)
    if is_fragment() and not run_showing.is_working(found):
        return Response(headers={"HX-Refresh": "true"})
    if found.state == "columns":
        return redirect(url_for("staff_imports.columns", run_id=run_id), 303)
    return _page(found)


@blueprint.get("/runs/<int:run_id>/columns")
@open_to("editor", "admin")
def columns(run_id: int) -> str | Response:
    found = _run(run_id)
    return _columns_page(found) if _has_columns(found) else _shown(run_id)


@blueprint.post("/runs/<int:run_id>/columns")
@open_to("editor", "admin")
def save_columns(run_id: int) -> str | Response | tuple[str, int]:
    """What the columns mean is remembered with the source, and the file is planned. With `do`
    it is only shown how the first rows are read."""
    if request.form.get("do") == "look":
        found = _run(run_id)
        return _columns_page(found) if _has_columns(found) else _shown(run_id)
    begin_write()
    found = _run(run_id)
    if not _has_columns(found):
        return _shown(run_id)
    mapping = columns_showing.columns(run_actions.body(found), found, request.form).mapping
    if mapping.problems():
        return _columns_page(found, is_sent=True), 422
    found.source.mapping = mapping.as_json()
    return _planned_anew(found)


@blueprint.post("/runs/<int:run_id>/names")
@open_to("editor", "admin")
def names(run_id: int) -> Response:
    """What names mean is remembered with the source, and the file is planned again."""
    begin_write()
    found = _run(run_id)
    if found.state != "planned":
        return _shown(run_id)
    _remember_names(found)
    return _planned_anew(found)


def _remember_names(found: ImportRun) -> bool:
    """Whether something was said about the names of a plan; it is remembered."""
    said = False
    for what in ("unit", "place", "kind"):
        for name, ref in zip(
            request.form.getlist(f"{what}-name"), request.form.getlist(f"{what}-ref"), strict=False
        ):
            if ref and columns_showing.is_known(what, ref, found.source):
                actions.choose(found.source, what, name, ref)
                said = True
    return said


@blueprint.post("/runs/<int:run_id>/apply")
@open_to("editor", "admin")
def carry_out(run_id: int) -> Response | tuple[str, int]:
    begin_write()
    found = _run(run_id)
    if found.state == "planned" and _remember_names(found):
        # What was just explained changes the plan: it is shown before it is carried out.
        return _planned_anew(found)
    taken, shown = request.form.getlist("take"), request.form.get("digest", "")
    if found.state != "planned":
        return _shown(run_id)
    if found.plan["counts"]["bad"] and not request.form.get("skip_bad"):
        return _page(found, wrong="skip_bad"), 422
    if found.plan["counts"]["new"] > MANY:
        _mark(run_id, ("planned",), "applying", said={"taken": taken, "shown": shown})
        in_background(current_app._get_current_object(), run_id)  # type: ignore[attr-defined]
        return _shown(run_id)
    try:
        apply(run_id, taken, shown)
    except Changed:
        return _page(_run(run_id)), 409
    except StillChanging:
        return _page(_run(run_id), wrong="still_changing"), 409
    except Refused as refused:
        said = " ".join(say_problem(problem) for problem in refused.problems)
        return _page(_run(run_id), wrong="refused", said=said), 409
    return redirect(url_for("staff_imports.run", run_id=run_id, done="applied"), 303)


@blueprint.post("/runs/<int:run_id>/drop")
@open_to("editor", "admin")
def drop(run_id: int) -> Response:
    source_id = _mark(run_id, WAITING, "dropped")
    return redirect(url_for("staff_imports.source", source_id=source_id, done="dropped"), 303)


@blueprint.post("/runs/<int:run_id>/again")
@open_to("editor", "admin")
def again(run_id: int) -> Response:
    """Goes on with a run whose process was stopped."""
    begin_write()
    found = _run(run_id)
    if not run_showing.is_still(found):
        return _shown(run_id)
    run_actions.settle(found, found.state)
    return go_on(found, len(run_actions.body(found)))


def _run(run_id: int) -> ImportRun:
    found = queries.run_by_id(run_id) or abort(404)
    own_source(found.source_id)
    return found


def _shown(run_id: int) -> Response:
    return redirect(url_for("staff_imports.run", run_id=run_id), 303)


def _has_columns(found: ImportRun) -> bool:
    return found.state in ASKED and found.form in TABLES


def _planned_anew(found: ImportRun) -> Response:
    run_actions.settle(found, "reading")
    return go_on(found, len(run_actions.body(found)))


def _mark(run_id: int, was: Collection[str], state: str, **facts: object) -> int:
    """Notes a state, if the run is in one of those; answers the id of its source."""
    begin_write()
    found = _run(run_id)
    if found.state in was:
        run_actions.settle(found, state, **facts)
    source_id = found.source_id
    db.session.commit()
    return source_id


def _page(found: ImportRun, wrong: str = "", said: str = "") -> str:
    plan = found.plan
    return render_template(
        "imports/staff_run.html",
        run=found,
        source=found.source,
        plan=plan,
        new=run_showing.new(plan),
        changed=run_showing.changed(plan),
        kept=run_showing.kept(plan),
        rows=run_showing.rows(found),
        asked=columns_showing.asked(plan, found.source) if found.state == "planned" else [],
        has_columns=_has_columns(found),
        failure=say_failure(plan["failure"]) if plan.get("failure") else "",
        state_title=RUN_TITLE[found.state],
        is_still=run_showing.is_still(found),
        is_working=run_showing.is_working(found),
        wrong=wrong,
        said=said,
        done=request.args.get("done", ""),
    )


def _columns_page(found: ImportRun, is_sent: bool = False) -> str:
    try:
        shown = columns_showing.columns(run_actions.body(found), found, request.form)
    except Unreadable:
        abort(409)
    return render_template(
        "imports/staff_columns.html",
        run=found,
        source=found.source,
        shown=shown,
        tables=TABLES,
        wrong=shown.missing if is_sent else [],
    )

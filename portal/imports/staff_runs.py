"""Staff routes: one import, from the first look to what became of it."""

from __future__ import annotations

from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.core.access import open_to
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.events.words import say_problem
from portal.imports import actions, columns_showing, queries, run_actions, run_showing
from portal.imports.models import ImportRun
from portal.imports.page_words import COLUMN_PROBLEM, RUN_TITLE
from portal.imports.processing import Changed, apply, in_background, process
from portal.imports.staff import blueprint, go_on, own_source
from portal.imports.words import say_failure
from portal.imports.work import StillChanging

# A plan of more dates than these is carried out while the page says so.
MANY = 3000


@blueprint.get("/runs/<int:run_id>")
@open_to("editor", "admin")
def run(run_id: int) -> str | Response:
    found = _run(run_id)
    if found.state == "columns":
        return redirect(url_for("staff_imports.columns", run_id=run_id), 303)
    return _page(found)


@blueprint.get("/runs/<int:run_id>/columns")
@open_to("editor", "admin")
def columns(run_id: int) -> str:
    return _columns_page(_run(run_id), [])


@blueprint.post("/runs/<int:run_id>/columns")
@open_to("editor", "admin")
def save_columns(run_id: int) -> Response | tuple[str, int]:
    """What the columns mean is remembered with the source, and the file is planned."""
    begin_write()
    found = _run(run_id)
    mapping = columns_showing.chosen_mapping(run_actions.body(found), found, request.form)
    wrong = [(str(COLUMN_PROBLEM[one.code]), "#column-0") for one in mapping.problems()]
    if wrong:
        return _columns_page(found, wrong), 422
    found.source.mapping = mapping.as_json()
    return go_on(found, len(run_actions.body(found)))


@blueprint.post("/runs/<int:run_id>/names")
@open_to("editor", "admin")
def names(run_id: int) -> Response:
    """What names mean is remembered with the source, and the file is planned again."""
    begin_write()
    found = _run(run_id)
    for what in ("unit", "place", "kind"):
        for name, ref in zip(
            request.form.getlist(f"{what}-name"), request.form.getlist(f"{what}-ref"), strict=False
        ):
            if ref and columns_showing.is_known(what, ref, found.source):
                actions.choose(found.source, what, name, ref)
    return go_on(found, len(run_actions.body(found)))


@blueprint.post("/runs/<int:run_id>/apply")
@open_to("editor", "admin")
def carry_out(run_id: int) -> Response | tuple[str, int]:
    found = _run(run_id)
    taken, shown = request.form.getlist("take"), request.form.get("digest", "")
    if found.state != "planned":
        return redirect(url_for("staff_imports.run", run_id=run_id), 303)
    if found.plan["counts"]["bad"] and not request.form.get("skip_bad"):
        return _page(found, wrong="skip_bad"), 422
    if found.plan["counts"]["new"] > MANY:
        _mark(run_id, "applying")
        in_background(current_app._get_current_object(), run_id, taken)  # type: ignore[attr-defined]
        return redirect(url_for("staff_imports.run", run_id=run_id), 303)
    try:
        apply(run_id, taken, shown)
    except Changed:
        return _page(_run(run_id), wrong="changed"), 409
    except StillChanging:
        return _page(_run(run_id), wrong="still_changing"), 409
    except Refused as refused:
        said = " ".join(say_problem(problem) for problem in refused.problems)
        return _page(_run(run_id), wrong="refused", said=said), 409
    return redirect(url_for("staff_imports.run", run_id=run_id, done="applied"), 303)


@blueprint.post("/runs/<int:run_id>/drop")
@open_to("editor", "admin")
def drop(run_id: int) -> Response:
    found = _mark(run_id, "dropped")
    return redirect(url_for("staff_imports.source", source_id=found, done="dropped"), 303)


@blueprint.post("/runs/<int:run_id>/again")
@open_to("editor", "admin")
def again(run_id: int) -> Response:
    """Goes on with a run whose process was stopped."""
    _run(run_id)
    process(run_id)
    return redirect(url_for("staff_imports.run", run_id=run_id), 303)


def _run(run_id: int) -> ImportRun:
    found = queries.run_by_id(run_id) or abort(404)
    own_source(found.source_id)
    return found


def _mark(run_id: int, state: str) -> int:
    begin_write()
    found = _run(run_id)
    run_actions.settle(found, state)
    db.session.commit()
    return found.source_id


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
        rows=run_showing.rows(plan),
        asked=columns_showing.asked(plan, found.source),
        failure=say_failure(plan["failure"]) if plan.get("failure") else "",
        state_title=RUN_TITLE[found.state],
        is_still=run_showing.is_still(found),
        wrong=wrong,
        said=said,
        done=request.args.get("done", ""),
    )


def _columns_page(found: ImportRun, wrong: list[tuple[str, str]]) -> str:
    shown = columns_showing.columns(run_actions.body(found), found, request.form)
    return render_template(
        "imports/staff_columns.html", run=found, source=found.source, shown=shown, wrong=wrong
    )

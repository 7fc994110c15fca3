"""What happens to a run: it is looked at, planned, carried out. For pages, threads and jobs.

Each step is a few short transactions of its own, and safe to be killed and begun again: a step
settles a run only as long as the run still stands where the step has found it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from functools import partial

from flask import Flask, g

from portal.accounts.queries import account_by_id
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.imports import run_actions
from portal.imports.beating import beating
from portal.imports.items import Unreadable
from portal.imports.models import ImportRun
from portal.imports.plan import Plan
from portal.imports.plan_showing import digest, kept_plan
from portal.imports.reading import open_file
from portal.imports.work import StillChanging, carry_out, plan_file

# Larger files are worked on while the page says how far it has come.
AT_ONCE = 200_000
OPEN = ("planned", "applying")


class Changed(Exception):
    """The plan is not the one that was shown any more: it is shown again."""


def process(run_id: int) -> None:
    """Reads the file of a run and plans it; the run says afterwards what is to be done."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    raw, name, source_id = run_actions.body(run), run.file_name, run.source_id
    if run.state != "reading":
        return
    settle = partial(_settle, run_id, ("reading",))
    try:
        opened = open_file(raw, name, run.source.mapping)
        if not opened.is_sure:
            return settle("columns", form=opened.form)
        with beating(run_id, opened.form == "csv") as progress:
            planned = plan_file(source_id, raw, name, progress=progress)
    except Unreadable as error:
        return settle("refused", failure={"code": error.code, "facts": error.facts})
    except Exception:
        settle("refused", failure={"code": "broken", "facts": {}})
        raise
    settle("planned", form=opened.form, failure={}, **kept_plan(planned.plan))


def apply(run_id: int, taken: Collection[str] = (), shown: str = "") -> None:
    """Carries a planned run out. `shown` is the digest of the plan that somebody has seen; raises
    Changed when it is another by now, Refused and StillChanging when nothing could be done."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    raw, name, source_id, mark = run_actions.body(run), run.file_name, run.source_id, run.digest
    if run.state not in OPEN:
        raise Changed
    again = partial(plan_file, source_id, raw, name, tuple(taken))
    planned = None
    if shown:
        fresh = plan_file(source_id, raw, name)
        if digest(fresh.plan) != shown:
            changed = {"code": "changed", "facts": {}}
            _settle(run_id, OPEN, "planned", failure=changed, **kept_plan(fresh.plan))
            raise Changed
        planned = None if taken else fresh

    def note(plan: Plan) -> None:
        held = db.session.get_one(ImportRun, run_id)
        if held.state not in OPEN:
            raise Changed
        held.source.digest = mark
        run_actions.settle(held, "applied", failure={}, **kept_plan(plan))

    carry_out(source_id, planned or again(), again, note)


def resume(run_id: int) -> None:
    """Goes on with a run that is being read or published, on behalf of whoever began it."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    state, said = run.state, run.plan.get("said", {})
    before = g.get("account")
    g.account = account_by_id(run.account_id) if run.account_id else None
    back = partial(_settle, run_id, ("applying",), "planned")
    try:
        if state == "reading":
            process(run_id)
        elif state == "applying":
            apply(run_id, said.get("taken", ()), said.get("shown", ""))
    except (Changed, StillChanging):
        back(failure={"code": "still_changing", "facts": {}})
    except Refused:
        back(failure={"code": "not_accepted", "facts": {}})
    except Exception:
        back(failure={"code": "broken", "facts": {}})
        raise
    finally:
        db.session.rollback()
        g.account = before


def in_background(app: Flask, run_id: int) -> None:
    """`resume` in a thread of its own, for as long as it takes."""

    def work() -> None:
        with app.app_context():
            try:
                resume(run_id)
            finally:
                db.session.remove()

    threading.Thread(target=work, name=f"import-{run_id}", daemon=True).start()


def _settle(run_id: int, was: Collection[str], state: str, form: str = "", **facts: object) -> None:
    """Notes what became of a run, unless somebody has dropped it or done it meanwhile."""
    db.session.rollback()
    begin_write()
    run = db.session.get_one(ImportRun, run_id)
    if run.state in was:
        run.form = form or run.form
        run_actions.settle(run, state, **facts)
        db.session.commit()
    db.session.rollback()

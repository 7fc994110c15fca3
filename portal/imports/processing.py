"""What happens to a run: it is looked at, planned, carried out. For pages, threads and jobs.

Each step is a few short transactions of its own, and safe to be killed and begun again.
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
from portal.imports.items import Unreadable
from portal.imports.models import ImportRun
from portal.imports.plan import Plan
from portal.imports.plan_showing import digest, kept_plan
from portal.imports.reading import open_file
from portal.imports.work import Planned, StillChanging, carry_out, plan_file

# Larger files are worked on while the page says how far it has come.
AT_ONCE = 200_000


class Changed(Exception):
    """The plan is not the one that was shown any more: it is shown again."""


def process(run_id: int) -> None:
    """Reads the file of a run and plans it; the run says afterwards what is to be done."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    raw, name, source_id = run_actions.body(run), run.file_name, run.source_id
    try:
        opened = open_file(raw, name, run.source.mapping)
        if not opened.is_sure:
            return _settle(run_id, "columns", form=opened.form)
        planned = plan_file(source_id, raw, name)
    except Unreadable as error:
        return _settle(run_id, "refused", failure={"code": error.code, "facts": error.facts})
    except Exception:
        _settle(run_id, "refused", failure={"code": "broken", "facts": {}})
        raise
    _settle(run_id, "planned", form=opened.form, **kept_plan(planned.plan))


def apply(run_id: int, taken: Collection[str] = (), shown: str = "") -> None:
    """Carries a planned run out. `shown` is the digest of the plan that somebody has seen; raises
    Changed when it is another by now, Refused and StillChanging when nothing could be done."""
    db.session.rollback()
    run = db.session.get_one(ImportRun, run_id)
    raw, name, source_id, mark = run_actions.body(run), run.file_name, run.source_id, run.digest
    if not raw:
        raise Changed
    if shown:
        fresh = plan_file(source_id, raw, name)
        if digest(fresh.plan) != shown:
            _settle(run_id, "planned", **kept_plan(fresh.plan))
            raise Changed

    def note(plan: Plan) -> None:
        held = db.session.get_one(ImportRun, run_id)
        held.source.digest = mark
        run_actions.settle(held, "applied", **kept_plan(plan))

    again = partial(plan_file, source_id, raw, name, tuple(taken))
    carry_out(source_id, again(), again, note)


def _settle(run_id: int, state: str, form: str = "", **facts: object) -> None:
    begin_write()
    run = db.session.get_one(ImportRun, run_id)
    run.form = form or run.form
    run_actions.settle(run, state, **facts)
    db.session.commit()


def in_background(app: Flask, run_id: int, taken: Collection[str] | None = None) -> None:
    """The same in a thread: planning, or carrying out with what was taken."""

    def work() -> None:
        with app.app_context():
            run = db.session.get_one(ImportRun, run_id)
            g.account = account_by_id(run.account_id) if run.account_id else None
            try:
                if taken is None:
                    process(run_id)
                else:
                    apply(run_id, taken)
            except (Refused, StillChanging, Changed):
                _settle(run_id, "planned", failure={"code": "still_changing", "facts": {}})
            except Exception:
                _settle(run_id, "refused", failure={"code": "broken", "facts": {}})
                raise
            finally:
                db.session.remove()

    threading.Thread(target=work, name=f"import-{run_id}", daemon=True).start()


__all__ = ["AT_ONCE", "Changed", "Planned", "apply", "in_background", "process"]

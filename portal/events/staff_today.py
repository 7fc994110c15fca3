"""Staff routes: the dates that are on. Full, places again, and how many came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from portal.core.access import current_account, open_to
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.forms import tidy_line
from portal.core.languages import language
from portal.core.problems import Problem, Refused
from portal.events import hosting, queries, showing
from portal.events.dropin import BUTTONS, EARLY, WHO, against_counting, may_hold
from portal.events.forms import CameForm
from portal.events.models import Attendance, Event, Occurrence
from portal.events.said import counted_span, counts_of, hosted, span
from portal.events.staff import blueprint, own_unit_ids
from portal.events.words import say_problem
from portal.units import queries as units

MOST_DATES = 50
# An account for the whole city sees the first of them; its hosts have few.
MOST_SHOWN = 6
# Numbers to press are shown for the newest dates that nobody has counted yet.
MOST_ROWS = 3
REFUSED = {"date_off", "date_over", "date_later", "not_full", "state_unknown"}


@dataclass(frozen=True)
class Counted:
    """A date that has begun, on the staff start page: its numbers, and whether to ask for them."""

    row: Occurrence
    card: showing.Card
    count: Attendance | None
    is_asked: bool


def today() -> dict[str, Any]:
    """What the staff start page shows of the account's dates: those that can be marked now, and
    those of today and yesterday that can be counted."""
    at, ids = now(), own_unit_ids()
    day = datetime.combine(units.today() - timedelta(days=1), time(), units.zone())
    rows = hosted(ids, day.astimezone(UTC), at + EARLY, MOST_DATES) if ids != [] else []
    cards = dict(zip(rows, showing.cards(rows, language().key), strict=True))
    live = [row for row in rows if may_hold(span(row), at)]
    # What goes on for days stands last: nobody waits at its door.
    live.sort(key=lambda row: row.ends_at - row.starts_at > timedelta(days=1))
    mine = [row for row in reversed(rows) if _is_counted_today(row, day, at)]
    refused = request.args.get("refused")
    return {
        "live": [(row, cards[row]) for row in live[:MOST_SHOWN]],
        "more_live": max(0, len(live) - MOST_SHOWN),
        "counted": _counted(mine[:MOST_SHOWN], cards),
        "numbers": BUTTONS,
        "said": request.args.get("said", type=int),
        "came": request.args.get("came", type=int),
        "refused": say_problem(Problem(refused)) if refused in REFUSED else "",
    }


def _is_counted_today(row: Occurrence, yesterday: datetime, at: datetime) -> bool:
    """A date of its hosts that began today or yesterday, or has just ended after many days."""
    is_new = row.starts_at >= yesterday or row.ends_at <= at
    return row.starts_at <= at and is_new and _is_host(row.event)


def _counted(rows: list[Occurrence], cards: dict[Occurrence, showing.Card]) -> list[Counted]:
    counts = counts_of(row.id for row in rows)
    open_ones = [row.id for row in rows if not _is_whole(counts.get(row.id))][:MOST_ROWS]
    return [Counted(row, cards[row], counts.get(row.id), row.id in open_ones) for row in rows]


def _is_whole(count: Attendance | None) -> bool:
    return count is not None and count.adults is not None and count.children is not None


@blueprint.post("/<int:event_id>/dates/<key>/drop-in")
@open_to("editor", "admin")
def say(event_id: int, key: str) -> Response:
    """Full just now, or places again: by the hosts, and by those whose house it is in."""
    begin_write()
    row = _date(event_id, key)
    if not _is_host(row.event) and not (row.place and _edits(row.place.unit_id)):
        abort(403)
    date = row.id
    try:
        hosting.say(row, request.form.get("state", ""))
        db.session.commit()
    except Refused as refused:
        db.session.rollback()
        code = refused.problems[0].code
        return redirect(url_for("staff.start", refused=code, _anchor="on-now"), 303)
    return redirect(url_for("staff.start", said=date, _anchor=f"date-{date}"), 303)


@blueprint.get("/<int:event_id>/dates/<key>/came")
@open_to("editor", "admin")
def came(event_id: int, key: str) -> str:
    row = _hosted_date(event_id, key)
    form = CameForm(None, obj=counts_of([row.id]).get(row.id))
    return _came_page(row, form)


@blueprint.post("/<int:event_id>/dates/<key>/came")
@open_to("editor", "admin")
def save_came(event_id: int, key: str) -> Response | tuple[str, int]:
    """Both numbers from the form, or one of them from a button."""
    begin_write()
    row, given = _hosted_date(event_id, key), _given()
    form = CameForm(given, obj=counts_of([row.id]).get(row.id))
    back = _back(row)
    if form.validate():
        try:
            hosting.count(row, form.numbers(given))
            db.session.commit()
            return redirect(back, 303)
        except Refused as refused:
            db.session.rollback()
            form.add(refused.problems, say_problem)
    return _came_page(_date(event_id, key), form), 422


def _given() -> MultiDict[str, str]:
    """The form's fields; a button sends whom it counts and the number."""
    sent = {name: tidy_line(value) for name, value in request.form.items()}
    if "number" in sent:
        return MultiDict({sent.get("who", ""): sent["number"]})
    return MultiDict({who: sent[who] for who in WHO if who in sent})


def _back(row: Occurrence) -> str:
    """Where the number was pressed."""
    if request.form.get("from") == "today":
        return url_for("staff.start", came=row.id, _anchor=f"came-{row.id}")
    return url_for("staff_events.came", event_id=row.event_id, key=row.key, done="saved")


def _came_page(row: Occurrence, form: CameForm) -> str:
    count = counts_of([row.id]).get(row.id)
    asked = dict.fromkeys(WHO, 0)
    closed = against_counting(asked, counted_span(row), now(), count is not None)
    return render_template(
        "events/staff_came.html",
        row=row,
        event=row.event,
        card=showing.card(row, language().key),
        form=form,
        count=count,
        numbers=BUTTONS,
        closed=[say_problem(problem) for problem in closed],
        done=request.args.get("done", ""),
        is_own=_edits(row.event.unit_id),
    )


def _date(event_id: int, key: str) -> Occurrence:
    event = queries.event_by_id(event_id) or abort(404)
    return queries.occurrence(event, key) or abort(404)


def _hosted_date(event_id: int, key: str) -> Occurrence:
    """The date, if this account counts at it: numbers are for its own hosts."""
    row = _date(event_id, key)
    if not _is_host(row.event):
        abort(403)
    return row


def _is_host(event: Event) -> bool:
    return any(_edits(unit_id) for unit_id in (event.unit_id, *(u.id for u in event.co_hosts)))


def _edits(unit_id: int) -> bool:
    return bool(current_account().edits(unit_id))

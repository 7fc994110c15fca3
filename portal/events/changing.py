"""Writes: what may happen to a published series and its dates. Each can be undone.

Past dates are frozen. Nothing that was published goes: it is cancelled, with the reason, and
stays on pages and in feeds until it has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events import queries
from portal.events.actions import cancel
from portal.events.models import Event, EventChange, ExDate, Occurrence
from portal.events.noting import last_change, noted, put_back
from portal.events.recurrence import expand, instant, starts_of, wall
from portal.events.rrule import format_rrule
from portal.events.rules import Alteration, LeftOut, check_longer, check_times
from portal.events.words import struck
from portal.events.writing import new_rows, touch
from portal.units.models import Unit


def cancel_dates(
    event: Event, rows: Sequence[Occurrence], reason: Localised, what: str = "cancel_dates"
) -> None:
    """Cancels dates; each stays, marked, with the reason (feeds.md 3.1). Raises Refused."""
    _coming(event, rows)
    with noted(event, what):
        for row in rows:
            if row.status != "cancelled":
                row.status, row.note = "cancelled", reason


def say_why(event: Event, rows: Sequence[Occurrence], reason: Localised) -> None:
    """Gives dates that are cancelled already another reason. Raises Refused."""
    _coming(event, rows)
    with noted(event, "say_why"):
        for row in rows:
            if row.status == "cancelled":
                row.note = reason


def restore_dates(event: Event, rows: Sequence[Occurrence]) -> None:
    """Takes cancellations back; the feed keeps an override, now confirmed (feeds.md 3.2)."""
    _coming(event, rows)
    with noted(event, "restore_dates"):
        for row in rows:
            if row.status == "cancelled":
                row.status, row.note = "confirmed", {}


def reset_dates(event: Event, rows: Sequence[Occurrence]) -> None:
    """As planned again: the series' own time, place and title, and happening."""
    _coming(event, rows)
    length = queries.series_of(event).length
    with noted(event, "reset_dates"):
        for row in rows:
            set_times(row, row.recurrence_id, row.recurrence_id + length)
            row.place_id, row.elsewhere, row.titles, row.sign_up_link = None, "", {}, ""
            row.status, row.note = "confirmed", {}


def alter_dates(event: Event, rows: Sequence[Occurrence], to: Alteration) -> None:
    """Changes time, place, title or line of dates; raises Refused and then changes none."""
    if to.is_empty:
        raise Refused(Problem("nothing_to_change"))
    if to.changes_times and event.is_all_day:
        raise Refused(Problem("all_day_has_no_times", "starts"))
    _coming(event, rows)
    with noted(event, "alter_dates"):
        for row in rows:
            _alter(row, to)


def _alter(row: Occurrence, to: Alteration) -> None:
    if to.changes_times:
        zone = row.event.zone
        starts, ends = to.times(wall(row.starts_at, zone), wall(row.ends_at, zone))
        problems = check_times(starts, ends, zone)
        if problems:
            raise Refused(*problems)
        set_times(row, starts, ends)
    if to.is_place:
        row.place_id, row.elsewhere = to.place_id, to.elsewhere
        db.session.flush()
        db.session.refresh(row, ["own_place"])
        if row.hides_place and not row.event.hides_place:
            raise Refused(Problem("place_not_public", "place"))
    if to.titles is not None:
        row.titles = to.titles
    if to.note is not None:
        row.note = to.note
    if to.sign_up_link is not None:
        row.sign_up_link = to.sign_up_link


def cancel_date(row: Occurrence, reason: Localised) -> None:
    """Cancels one date."""
    cancel_dates(row.event, [row], reason)


def restore_date(row: Occurrence) -> None:
    """Takes the cancellation of one date back."""
    restore_dates(row.event, [row])


def move_date(
    row: Occurrence, starts: datetime, ends: datetime, note: Localised, to: Alteration | None = None
) -> None:
    """Moves one date to other wall times, another day too, and alters what `to` says of place
    and title; its address and RECURRENCE-ID stay. Raises Refused."""
    _coming(row.event, [row])
    if problems := check_times(starts, ends, row.event.zone):
        raise Refused(*problems)
    with noted(row.event, "move_date"):
        set_times(row, starts, ends)
        _alter(row, replace(to or Alteration(), starts=None, ends=None, note=note))


def set_times(row: Occurrence, starts: datetime, ends: datetime) -> None:
    """Gives a date other wall times; raises Refused when it would be over by then."""
    zone = row.event.zone
    if instant(ends, zone) <= now():
        raise Refused(Problem("moved_to_past", "starts"))
    row.starts_at, row.ends_at = instant(starts, zone), instant(ends, zone)
    row.on = starts.date()


def shorten(event: Event, last_on: date, reason: Localised) -> None:
    """Ends a series earlier: cancels every later date. The rule stays as it is, for clients
    drop the dates of a rule that ends earlier without a word (feeds.md 3.6)."""
    rows = [row for row in queries.coming(event, now()) if row.recurrence_id.date() > last_on]
    rows = [row for row in rows if row.status == "confirmed"]
    if not rows:
        raise Refused(Problem("nothing_to_change", "last_on"))
    cancel_dates(event, rows, reason, "shorten")


def lengthen(event: Event, last_on: date, left_out: Sequence[LeftOut], today: date) -> None:
    """Goes on with a series to a later last day; `left_out` of the new dates do not happen.

    Dates at its end that an earlier shortening cancelled happen after all. Raises Refused.
    """
    series = queries.series_of(event)
    if series.rule is None or event.status != "published":
        raise Refused(Problem("not_a_series", "last_on"))
    last = max(last_on, series.rule.until)
    longer = replace(series, rule=replace(series.rule, until=last))
    out = {row.recurrence_id for row in left_out}
    whole = replace(longer, exdates=longer.exdates | out)
    if problems := check_longer(whole, today):
        raise Refused(*[replace(problem, field="last_on") for problem in problems])
    known = {row.recurrence_id for row in event.occurrences} | series.exdates
    back = again(event, last_on)
    with noted(event, "lengthen"):
        event.rrule = format_rrule(whole)
        reasons = {row.recurrence_id: dict(row.reason) for row in left_out}
        fresh = [start for start in starts_of(longer) if start not in known]
        event.exdates += [
            ExDate(recurrence_id=start, reason=reasons[start]) for start in fresh if start in out
        ]
        event.occurrences += new_rows(
            whole, [dated for dated in expand(whole) if dated.recurrence_id not in known]
        )
        for row in back:
            row.status, row.note = "confirmed", {}


def again(event: Event, last_on: date) -> list[Occurrence]:
    """The cancelled dates at a series' end that happen after all when it goes on to a day."""
    rows, end = queries.coming(event, now()), last_confirmed(event)
    off = [row for row in rows if row.status == "cancelled"]
    return [row for row in off if end < row.recurrence_id.date() <= last_on]


def last_confirmed(event: Event) -> date:
    """The last day on which the series happens, as planned."""
    days = [row.recurrence_id.date() for row in event.occurrences if row.status == "confirmed"]
    return max(days, default=event.starts.date())


def hand_over(event: Event, unit: Unit) -> None:
    """Another host from now on; address, UID and feed stay (MEET-17). The former host's feed
    keeps the event to its end."""
    if unit.id == event.unit_id:
        raise Refused(Problem("same_host", "unit"))
    if event.published_at is None:
        event.unit_id = unit.id
        touch(event)
        record("event.hand_over", "event", event.id)
        return
    with noted(event, "hand_over"):
        event.unit_id = unit.id
        event.co_hosts = [other for other in event.co_hosts if other.id != unit.id]


def undo(event: Event) -> EventChange:
    """Takes the newest change back, except for dates that have passed; raises Refused.

    Dates that the change added are published by now: they are cancelled instead.
    """
    change = last_change(event)
    if change is None:
        raise Refused(Problem("nothing_to_undo"))
    with noted(event, "undo"):
        put_back(event, change)
        for row in event.occurrences:
            if row.id in change.before["added"] and row.ends_at > now():
                row.status, row.note = "cancelled", struck()
    newest = last_change(event)
    if newest is not None and newest.id != change.id:
        newest.undone_at = now()
    change.undone_at = now()
    _undo_linked(change)
    db.session.flush()
    return change


def _undo_linked(change: EventChange) -> None:
    """A new rhythm made a series of its own: with the change, that goes too, as a whole."""
    linked = queries.event_by_id(change.before.get("linked", 0))
    if linked is not None:
        linked.continues_id = None
        if linked.status == "published":
            cancel(linked, struck())


def _coming(event: Event, rows: Sequence[Occurrence]) -> None:
    """Refuses dates that have passed, and a series that is not there to be changed."""
    if event.status != "published":
        raise Refused(Problem("not_published"))
    if not rows:
        raise Refused(Problem("no_dates_chosen"))
    if any(row.ends_at <= now() for row in rows):
        raise Refused(Problem("date_past"))

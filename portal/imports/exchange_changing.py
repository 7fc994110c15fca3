"""Writes: one event as a row of the exchange format says it, new or changed.

A change goes through the same actions as an editor's, so that the revision rises once for each
and the record says what was done. What they cannot do is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Problem, Refused
from portal.core.text import Localised
from portal.events import actions, changing
from portal.events import queries as event_queries
from portal.events.models import Event, FormerScope, Occurrence
from portal.events.recurrence import Rule, instant
from portal.events.rules import Alteration
from portal.events.writing import free_slug, set_details, set_listed, set_search, set_series
from portal.imports.exchange_dates import ExchangeDate
from portal.imports.exchange_names import Names
from portal.imports.exchange_queries import POLICIES, date_told
from portal.imports.exchange_settling import Settled
from portal.units.models import Unit

SOURCE = "exchange"
SKIPS = {policy: skips for skips, policy in POLICIES.items()}
# A published event's time is its identity to calendars; the last day alone may become later.
FIXED = ("dtstart_local", "dtend_local", "tzid", "continues")
# What no action of the details changes.
ELSEWHERE = {
    "unit_id",
    "status",
    "rrule",
    "exdates",
    "exdate_reasons",
    "overrides_json",
    "break_policy",
    "continues",
}


def add(settled: Settled, known: Names) -> Event:
    """A new event with the identity and the history that the row gives it; without any, it is
    published now for the first time."""
    row, at = settled.row, now()
    is_free = row.slug and event_queries.event_by_slug(row.slug) is None
    event = Event(
        slug=row.slug if is_free else free_slug(row.titles["sv"]),
        zone=settled.series.zone,
        sequence=row.sequence or 0,
        created_at=row.created_at or at,
        revised_at=row.revised_at or row.created_at or at,
        published_at=row.published_at or row.revised_at or at,
        reason=row.reason,
        status="cancelled" if row.is_cancelled else "published",
        source=row.origin or (None if row.uid else SOURCE),
        source_id=row.event_id if row.origin or not row.uid else None,
        uid=row.uid or str(uuid.uuid4()),
    )
    event.skip_breaks, event.skip_holidays = SKIPS[row.break_policy]
    set_details(event, settled.details)
    db.session.add(event)
    set_series(event, settled.series, settled.left_out)
    db.session.flush()
    told = {one.recurrence_id: one for one in row.dates}
    for date in event.occurrences:
        if date.recurrence_id in told:
            _tell(date, event, told[date.recurrence_id], known)
    for scope in row.former_scopes:
        what, _, slug = scope.partition("-")
        found = known.units.get(slug) if what == "unit" else known.places.get(slug)
        if found is not None:
            db.session.add(FormerScope(event_id=event.id, what=what, ref_id=found.id))
    set_listed(event)
    set_search(event)
    record("event.import", "event", event.id)
    return event


def _tell(date: Occurrence, event: Event, one: ExchangeDate, known: Names) -> None:
    """Makes a date what the row says of it."""
    starts, ends = _times(event, one)
    date.starts_at, date.ends_at = instant(starts, event.zone), instant(ends, event.zone)
    date.on = starts.date()
    date.status = "cancelled" if one.is_cancelled else "confirmed"
    date.note, date.titles, date.elsewhere = one.note, one.titles, one.elsewhere
    date.sign_up_link = one.sign_up_link
    date.place_id = known.places[one.place].id if one.place else None
    date.is_override = one.told_apart if one.told_apart is not None else not one.is_as_planned


def _times(event: Event, one: ExchangeDate) -> tuple[datetime, datetime]:
    starts = one.starts or one.recurrence_id
    return starts, one.ends or starts + (event.ends - event.starts)


def change(
    event: Event, settled: Settled, differs: Mapping[str, tuple[str, str]], known: Names
) -> None:
    """Makes an event what its row says; `differs` are the columns that say something else.

    Raises Refused for what actions cannot do, with the column as the problem's field.
    """
    row = settled.row
    for column in FIXED:
        if column in differs:
            raise Refused(Problem("stays", column))
    if event.status == "cancelled" and not row.is_cancelled:
        raise Refused(Problem("stays_cancelled", "status"))
    if "unit_id" in differs:
        changing.hand_over(event, db.session.get_one(Unit, settled.details.unit_id))
    if set(differs) - ELSEWHERE - _reasons(differs) or row.is_preliminary != event.is_preliminary:
        actions.change(event, settled.details)
    if "break_policy" in differs:
        event.skip_breaks, event.skip_holidays = SKIPS[row.break_policy]
    if differs.keys() & {"rrule", "exdates", "exdate_reasons"}:
        _lengthen(event, settled, known)
    if event.status == "published" and row.is_cancelled:
        actions.cancel(event, row.reason)
    elif _reasons(differs):
        raise Refused(Problem("stays", min(_reasons(differs))))
    elif not row.is_cancelled:
        _dates(event, settled, known)


def _reasons(differs: Mapping[str, tuple[str, str]]) -> set[str]:
    return {name for name in differs if name.startswith("reason_")}


def _lengthen(event: Event, settled: Settled, known: Names) -> None:
    """Goes on with the series; anything else about a rule is another series."""
    before, after = event_queries.series_of(event), settled.series
    if before.rule is None or after.rule is None:
        raise Refused(Problem("rule_stays", "rrule"))
    last = before.rule.until
    old = {row.recurrence_id: row.reason for row in event.exdates}
    kept = {row.recurrence_id: dict(row.reason) for row in settled.left_out}
    if {start: reason for start, reason in kept.items() if start.date() <= last} != old:
        raise Refused(Problem("exdates_stay", "exdates"))
    if after.rule.until <= last or _rhythm(before.rule) != _rhythm(after.rule):
        raise Refused(Problem("rule_stays", "rrule"))
    fresh = [row for row in settled.left_out if row.recurrence_id.date() > last]
    changing.lengthen(event, after.rule.until, fresh, known.today)


def _rhythm(rule: Rule) -> tuple[object, ...]:
    """A rule without its end."""
    return rule.freq, rule.interval, sorted(rule.weekdays), rule.month_day, rule.nth


def _dates(event: Event, settled: Settled, known: Names) -> None:
    """The dates as the row has them, each in as few steps as the actions need."""
    told = {one.recurrence_id: one for one in settled.row.dates}
    slugs = {place.id: place.slug for place in known.places.values()}
    back: list[Occurrence] = []
    off: list[tuple[Localised, list[Occurrence]]] = []
    moved: list[tuple[Occurrence, ExchangeDate]] = []
    for date in sorted(event.occurrences, key=lambda row: row.recurrence_id):
        have = date_told(date, slugs)
        wanted = told.get(date.recurrence_id) or ExchangeDate(date.recurrence_id)
        if _said(have) == _said(wanted):
            continue
        if have.is_cancelled and wanted.is_cancelled:
            raise Refused(Problem("stays_cancelled", "overrides_json"))
        if have.is_cancelled:
            back.append(date)
        if _said(have)[:-2] != _said(wanted)[:-2] or not wanted.is_cancelled:
            moved.append((date, wanted))
        if wanted.is_cancelled:
            same = next((rows for note, rows in off if note == wanted.note), None)
            if same is None:
                off.append((wanted.note, [date]))
            else:
                same.append(date)
    if back:
        changing.restore_dates(event, back)
    for date, wanted in moved:
        place = known.places[wanted.place].id if wanted.place else None
        to = Alteration(
            is_place=True,
            place_id=place,
            elsewhere=wanted.elsewhere,
            titles=wanted.titles,
            sign_up_link=wanted.sign_up_link,
        )
        changing.move_date(date, *_times(event, wanted), wanted.note, to)
    for note, rows in off:
        changing.cancel_dates(event, rows, note)


def _said(one: ExchangeDate) -> tuple[object, ...]:
    """What a visitor sees of a date; what a cancellation says comes last."""
    where = (one.place, one.elsewhere, one.sign_up_link)
    return (one.starts, one.ends, one.titles, where, one.note, one.is_cancelled)

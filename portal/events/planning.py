"""From a rhythm to the dates it would make, as a list that an editor looks through."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from portal.core.languages import language
from portal.core.problems import Problem
from portal.events import queries
from portal.events.clashing import clashes
from portal.events.forms import AlterForm, MoveForm, TermForm
from portal.events.models import Event, Occurrence
from portal.events.recurrence import MAX_DATES, Dated, Series, expand, series_in, starts_of, wall
from portal.events.rules import Alteration, LeftOut, check_longer, left_out, times_on, without
from portal.events.showing import date_row
from portal.places import queries as places
from portal.places.models import Place
from portal.units import queries as units


@dataclass(frozen=True)
class Plan:
    """A series, the dates it leaves out, and a row for each date, left out or not."""

    series: Series
    left_out: list[LeftOut]
    rows: list[dict[str, Any]]

    @property
    def dates(self) -> list[Dated]:
        """The dates that would happen."""
        return expand(without(self.series, self.left_out))

    @property
    def count(self) -> int:
        return sum(row["state"] != "off" for row in self.rows)

    def problems(self, today: date, field: str) -> list[Problem]:
        """What the rules have against the series, seen from today, said at `field`."""
        if not self.rows:
            return []
        found = check_longer(without(self.series, self.left_out), today)
        return [replace(problem, field=field) for problem in found]

    @property
    def clashing(self) -> list[str]:
        """The days, as the form sends them, that do not fit."""
        return [row["value"] for row in self.rows if row["state"] == "clash"]


def leave_out(
    series: Series, by_hand: Iterable[date], breaks: bool, holidays: bool
) -> list[LeftOut]:
    """The dates that breaks, holidays and the editor take out; what happens once happens."""
    return left_out(
        series,
        by_hand,
        places.break_spans(),
        units.municipality().country,
        skip_breaks=breaks and series.rule is not None,
        skip_holidays=holidays and series.rule is not None,
    )


def plan(
    series: Series,
    out: list[LeftOut],
    place: Place | None,
    besides: Event | None = None,
    known: frozenset[datetime] = frozenset(),
) -> Plan:
    """The dates of a series at a place, with what stands in their way. `known` are starts that
    are there already and need no row."""
    if series.ends <= series.starts:
        return Plan(series, out, [])
    key = language().key
    starts = [s for s in itertools.islice(starts_of(series), MAX_DATES) if s not in known]
    kept = [dated for dated in expand(without(series, out)) if dated.recurrence_id not in known]
    found = clashes(place, kept[:MAX_DATES], besides, key)
    reasons = {row.recurrence_id: dict(row.reason) for row in out}
    return Plan(
        series, out, [date_row(start, series, reasons, key, found.get(start)) for start in starts]
    )


def read_alteration(form: AlterForm, is_one: bool) -> Alteration:
    """What a valid form asks for. Of one date it says everything; of many, empty texts say
    nothing."""
    choice, title, note = form.place.data, form.title.data or "", form.note.data or ""
    return Alteration(
        starts=None if is_one or "starts" not in form else form.starts.time,
        ends=None if is_one or "ends" not in form else form.ends.time,
        is_place=choice != form.KEEP,
        place_id=choice if choice > 0 else None,
        elsewhere=(form.elsewhere.data or "") if choice == form.ELSEWHERE else "",
        titles={"sv": title} if is_one or title else None,
        note={"sv": note} if is_one or note else None,
    )


def read_times(form: MoveForm, row: Occurrence) -> tuple[datetime, datetime]:
    """The wall times that a valid form gives to a date, as many days long as it was."""
    starts, ends = wall(row.starts_at, row.event.zone), wall(row.ends_at, row.event.zone)
    day = form.day.day or starts.date()
    if row.event.is_all_day:
        begin = datetime.combine(day, starts.time())
        return begin, begin + (ends - starts)
    begin, end = times_on(day, form.starts.time or starts.time(), form.ends.time or ends.time())
    days = (ends.date() - starts.date()).days if ends - starts >= timedelta(days=1) else 0
    return begin, end + timedelta(days=days)


def fill_move(form: MoveForm, row: Occurrence) -> None:
    """Puts a date as it is now into an unsubmitted form."""
    starts, ends = wall(row.starts_at, row.event.zone), wall(row.ends_at, row.event.zone)
    form.day.data = starts.date().isoformat()
    if not row.event.is_all_day:
        form.starts.data, form.ends.data = f"{starts:%H:%M}", f"{ends:%H:%M}"
    form.title.data, form.note.data = row.titles.get("sv", ""), row.note.get("sv", "")


def longer(event: Event, last_on: date, by_hand: Iterable[date]) -> Plan:
    """The dates that a series would get by going on to a later last day."""
    series = queries.series_of(event)
    if series.rule is None or last_on <= series.rule.until:
        return Plan(series, [], [])
    whole = replace(series, rule=replace(series.rule, until=last_on))
    out = leave_out(whole, by_hand, event.skip_breaks, event.skip_holidays)
    known = frozenset(row.recurrence_id for row in event.occurrences) | series.exdates
    return plan(
        whole, [one for one in out if one.recurrence_id not in known], event.place, event, known
    )


def again(event: Event, form: TermForm, by_hand: Iterable[date]) -> Plan:
    """The dates that an event would get in another term, by a valid form."""
    if form.first_day.day is None or form.last_day.day is None:
        raise ValueError("the form is not valid")
    series = series_in(queries.series_of(event), form.first_day.day, form.last_day.day)
    out = leave_out(series, by_hand, event.skip_breaks, event.skip_holidays)
    return plan(series, out, event.place)

"""What a row of the exchange format means here, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.core.clock import now
from portal.core.problems import Problem
from portal.events.recurrence import Series, align, check, starts_of
from portal.events.rrule import UnknownRule, format_rrule, parse_rrule
from portal.events.rules import Details, LeftOut, check_details, check_series, check_times
from portal.imports.exchange_columns import COLUMNS, LOCALISED, ExchangeEvent
from portal.imports.exchange_dates import ExchangeDate
from portal.imports.exchange_names import Names
from portal.imports.items import RowProblem
from portal.places.queries import premises
from portal.units.models import Unit

SHOWN = 80
# The column that a rule's field belongs to.
COLUMN_OF = {
    "title": "title_sv",
    "first_day": "dtstart_local",
    "starts": "dtstart_local",
    "ends": "dtend_local",
    "until": "rrule",
    "last_on": "rrule",
    "sign_up": "registration",
    "unit": "unit_id",
}
# Clocks of two machines may differ by a little, not by more.
CLOCKS_DIFFER = timedelta(days=1)


@dataclass(frozen=True)
class Settled:
    """A row in this portal's own addresses, and what actions are given of it."""

    row: ExchangeEvent
    details: Details
    series: Series
    left_out: list[LeftOut]


class Settling:
    """One row on its way to what it means here; collects what is wrong with it.

    `here` is the event as it is told now, if the portal has it: what the table has no column
    for stays as it is. `columns` are those that it has.
    """

    def __init__(
        self,
        row: ExchangeEvent,
        here: ExchangeEvent | None,
        columns: frozenset[str],
        known: Names,
        unit_id: int | None,
    ) -> None:
        self.row, self.here, self.columns = row, here, columns
        self.known, self.unit_id = known, unit_id
        # A portal's own table: it says who an event is, and its names must all be right.
        self.is_own = bool(row.uid)
        self.problems: list[RowProblem] = []
        self.notes: list[RowProblem] = []

    def say(self, column: str, code: str, value: object = "") -> None:
        self.problems.append(RowProblem(self.row.row, column, code, str(value)[:SHOWN]))

    def note(self, column: str, code: str, value: object = "") -> None:
        self.notes.append(RowProblem(self.row.row, column, code, str(value)[:SHOWN]))

    def tell(self, problems: Iterable[Problem]) -> None:
        """The problems of the rules, by the table's columns."""
        for one in problems:
            self.say(COLUMN_OF.get(one.field, one.field), one.code, one.facts.get("at", ""))

    def settle(self) -> Settled | None:
        """What the row means; None when it has problems."""
        self._fill()
        unit = self.known.unit(self.row.unit)
        kind = self.known.kinds.get(self.row.kind)
        if unit is None:
            self.say("unit_id", "unknown_unit", self.row.unit)
        elif self.unit_id not in (None, unit.id):
            self.say("unit_id", "other_unit", self.row.unit)
        if kind is None:
            self.say("activity_type", "unknown_kind", self.row.kind)
        series = self._series()
        self._words()
        if unit is None or kind is None or series is None or self.problems:
            return None
        hosts = [host for name in self.row.co_hosts if (host := self.known.unit(name))]
        self.row = replace(
            self.row,
            unit=unit.slug,
            kind=kind.slug,
            co_hosts=tuple(host.slug for host in hosts if host.id != unit.id),
        )
        self._defaults(unit)
        out = [
            LeftOut(start, tuple(sorted(reason.items())))
            for start, reason in zip(self.row.exdates, self.row.exdate_reasons, strict=True)
        ]
        place = self.known.places.get(self.row.place)
        if place is not None and self.unit_id not in (None, place.unit_id):
            self.say("place", "place_of_others", self.row.place)
        self._dates(series)
        fields = Details.__dataclass_fields__
        alike = {name: getattr(self.row, name) for name in fields if hasattr(self.row, name)}
        details = Details(
            **alike,
            kind_id=kind.id,
            unit_id=unit.id,
            place_id=place.id if place else None,
            co_host_ids=tuple(sorted(host.id for host in hosts)),
            observance_id=self.known.observances.get(self.row.observance),
        )
        self.tell(check_details(details))
        return None if self.problems else Settled(self.row, details, series, out)

    def _fill(self) -> None:
        """What the table says nothing about is as it is here."""
        if self.here is None:
            return
        absent = [
            own for column in COLUMNS if column.name not in self.columns for own in column.fields
        ]
        kept = {own: getattr(self.here, own) for own in absent}
        for name, (own, _) in LOCALISED.items():
            there = getattr(self.here, own).items()
            lacking = {key: one for key, one in there if f"{name}_{key}" not in self.columns}
            kept[own] = {**lacking, **getattr(self.row, own)}
        self.row = replace(self.row, **kept)

    def _series(self) -> Series | None:
        row = self.row
        zone = row.zone or self.known.zone
        if not self.known.is_zone(zone):
            self.say("tzid", "unknown_zone", zone)
            return None
        try:
            rule = parse_rrule(row.rrule, zone) if row.rrule else None
        except UnknownRule:
            self.say("rrule", "unknown_rule", row.rrule)
            return None
        out = frozenset(row.exdates)
        if len(out) < len(row.exdates):
            self.say("exdates", "date_twice")
            return None
        series = Series(row.starts, row.ends, zone, row.is_all_day, rule, out)
        # What a portal has published may be long ago; a year typed wrong in a list must be seen.
        found = (
            check(series) if self.is_own or self.here else check_series(series, self.known.today)
        )
        self.tell(found)
        if found:
            return None
        if align(series) != series:
            self.say("dtstart_local", "start_not_in_rule", row.starts)
            return None
        self.row = replace(row, zone=zone, rrule=format_rrule(series))
        return series

    def _words(self) -> None:
        """Languages, hosts, observances: names that others' tables may have wrong get a note."""
        row, known = self.row, self.known
        say = self.say if self.is_own else self.note
        for name in row.languages:
            if name not in known.languages:
                self.say("languages", "unknown_language", name)
        for name in row.co_hosts:
            if known.unit(name) is None:
                say("partner", "unknown_partner", name)
        observance = row.observance
        if observance and observance not in known.observances:
            say("observance_id", "unknown_observance", observance)
            observance = ""
        if row.place and row.place not in known.places:
            self.say("place", "unknown_place", row.place)
        latest = now() + CLOCKS_DIFFER
        for name in ("created_at", "revised_at", "published_at"):
            at = getattr(row, name)
            if at is not None and at > latest:
                self.say(name, "in_the_future", at)
        spoken = dict.fromkeys(known.languages.get(name, name) for name in row.languages)
        self.row = replace(row, observance=observance, languages=tuple(spoken))

    def _defaults(self, unit: Unit) -> None:
        """Where it is and whom to ask, when a new event's table has no columns for it."""
        row = self.row
        if self.here is not None:
            return
        if not self.columns & {"place", "elsewhere"}:
            at = premises(unit)
            row = replace(row, place=at.slug if at else "", elsewhere="" if at else unit.name)
        asks = row.sign_up == "phone" or row.visibility == "without_place"
        if asks and "phone" not in self.columns:
            own = unit.phone if row.visibility == "public" else ""
            row = replace(row, phone=own or self.known.phone)
        self.row = row

    def _dates(self, series: Series) -> None:
        starts = [start for start in starts_of(series) if start not in series.exdates]
        told = {one.recurrence_id: self._date(one, series) for one in self.row.dates}
        for start in set(told) - set(starts):
            self.say("overrides_json", "unknown_date", start)
        if self.row.is_cancelled and not self.is_own:
            off = {start: ExchangeDate(start) for start in starts} | told
            reason = self.row.reason
            told = {
                start: replace(one, is_cancelled=True, note=one.note or reason, told_apart=False)
                for start, one in off.items()
            }
        ordered = tuple(told[start] for start in sorted(told))
        self.row = replace(self.row, dates=ordered)

    def _date(self, one: ExchangeDate, series: Series) -> ExchangeDate:
        """A date with only what differs, its end known from its start."""
        if one.place and one.place not in self.known.places:
            self.say("overrides_json", "unknown_place", one.place)
        starts = one.starts or one.recurrence_id
        usual: datetime = starts + series.length
        ends = one.ends or usual
        if one.starts or one.ends:
            for problem in check_times(starts, ends, series.zone):
                self.say("overrides_json", problem.code, problem.facts.get("at", starts))
        return replace(
            one,
            starts=None if starts == one.recurrence_id else starts,
            ends=None if ends == usual else ends,
        )

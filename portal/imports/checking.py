"""Reads: from a source's items to dates whose names mean something, and what is wrong with them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from portal.core.languages import languages
from portal.events.recurrence import Series, align
from portal.events.rules import check_series, check_times
from portal.imports.items import Item, Reading, RowProblem
from portal.imports.naming import Names, fold
from portal.imports.plan import Plan
from portal.imports.told import About, Told, Where, tell

# Nobody looks through more by hand; and to look for near names takes long.
MOST_OFFERS = {"unit": 200, "place": 2000}


class Checker:
    """Turns items into told dates; what cannot be used goes into the plan."""

    def __init__(self, names: Names, plan: Plan, today: date) -> None:
        self.names, self.plan, self.today = names, plan, today
        self.hints: dict[str, Series] = {}
        self._abouts: dict[About, About] = {}
        self._asked: dict[str, set[tuple[int | None, str]]] = {"unit": set(), "place": set()}
        self._languages = {
            fold(word): key
            for key, language in languages().items()
            for word in (key, language.tag, language.name)
        }

    def check(self, reading: Reading) -> Iterator[Told]:
        """The dates of a reading that can be used."""
        for item in itertools.chain(reading.items, reading.rest):
            unit_id = self.names.unit(item.unit, item.place)
            if unit_id is None and not item.names_unit:
                item = replace(item, unit="")
                unit_id = self.names.unit("", item.place)
            problems = list(self._problems(item, unit_id))
            self.plan.bad += problems
            if problems or unit_id is None:
                reading.refused_keys.add(item.key)
            else:
                yield from self._tell(item, unit_id)
        for number, (organiser, place) in reading.unread.items():
            if organiser and self.names.unit(organiser, place) is None:
                self._refuse(number, "organiser", "unknown_unit", organiser)
        self.plan.bad += reading.problems
        self.plan.notes += reading.notes
        self.plan.bad.sort(key=lambda problem: problem.row)

    def _problems(self, item: Item, unit_id: int | None) -> Iterator[RowProblem]:
        """What is wrong with an item, by column."""
        if unit_id is None:
            yield RowProblem(item.row, "organiser", "unknown_unit", item.unit)
            self._offer("unit", None, item.unit or item.place)
        elif self.names.allowed is not None and unit_id not in self.names.allowed:
            yield RowProblem(item.row, "organiser", "not_your_unit", item.unit)
        elif self.names.where(unit_id, item.place) is None:
            yield RowProblem(item.row, "place", "empty", "")
        if not item.titles.get("sv"):
            yield RowProblem(item.row, "title", "not_swedish", next(iter(item.titles.values()), ""))
        # A series is checked as a whole, a date by itself: one rule for both.
        series = Series(item.starts, item.ends, item.zone, item.is_all_day, item.rule, item.exdates)
        for problem in check_series(series, self.today):
            column = {"starts": "start", "ends": "end"}.get(problem.field, "date")
            value = f"{item.starts:%H:%M}" if column == "start" else f"{item.starts:%Y-%m-%d}"
            value = f"{item.ends:%H:%M}" if column == "end" else value
            yield RowProblem(item.row, column, problem.code, value)
        for one in item.dates:
            if problems := check_times(one.starts, one.ends, item.zone):
                yield RowProblem(item.row, "date", problems[0].code, f"{one.starts:%Y-%m-%d %H:%M}")
        if self._hides_place(item) and not item.phone:
            yield RowProblem(item.row, "phone", "phone_for_place", "")

    def _hides_place(self, item: Item) -> bool:
        kind, _ = self.names.kind(item.categories)
        return self.names.kinds[kind][1] == "without_place"

    def _tell(self, item: Item, unit_id: int) -> Iterator[Told]:
        where = self._where(item, unit_id, item.place)
        places = {one.place: self._where(item, unit_id, one.place) for one in item.dates}
        if item.rule is not None:
            self.hints[item.key] = align(
                Series(item.starts, item.ends, item.zone, item.is_all_day, item.rule)
            )
        yield from tell(item, self._about(item, unit_id), where, places)

    def _where(self, item: Item, unit_id: int, name: str) -> Where:
        where = self.names.where(unit_id, name) or (None, name)
        if name and where[0] is None:
            self._offer("place", unit_id, name)
        return where

    def _about(self, item: Item, unit_id: int) -> About:
        kind, unknown = self.names.kind(item.categories)
        self.plan.unknown.update([unknown] if unknown else [])
        about = About(
            unit_id=unit_id,
            kind=kind,
            zone=item.zone,
            is_all_day=item.is_all_day,
            titles=tuple(sorted((k, v) for k, v in item.titles.items() if k != "sv")),
            texts=tuple(sorted(item.texts.items())),
            languages=self._spoken(item.languages),
            age_from=item.age_from,
            age_to=item.age_to,
            phone=item.phone,
            needs_sign_up=item.needs_sign_up,
            is_preliminary=item.is_preliminary,
        )
        return self._abouts.setdefault(about, about)

    def _spoken(self, given: Iterable[str]) -> tuple[str, ...]:
        """The languages that the portal has a name for."""
        return tuple(self._languages[fold(name)] for name in given if fold(name) in self._languages)

    def _offer(self, what: str, unit_id: int | None, name: str) -> None:
        """Names of units, or of places of a unit, that are close to one that nobody knows."""
        asked = self._asked[what]
        if (unit_id, name) in asked or len(asked) == MOST_OFFERS[what]:
            return
        asked.add((unit_id, name))
        near = (
            self.names.near_units(name)
            if unit_id is None
            else self.names.near_places(unit_id, name)
        )
        if near:
            self.plan.offers[what, name] = near

    def _refuse(self, row: int, column: str, code: str, value: str) -> None:
        self.plan.bad.append(RowProblem(row, column, code, value))

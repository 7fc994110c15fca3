"""Showing: what a run's page says of its plan, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.languages import language, languages
from portal.core.words import chosen, day_words, language_name, time_span
from portal.events import queries as events
from portal.events.models import Event
from portal.events.words import AUDIENCE, ages, sign_up_words
from portal.imports import queries
from portal.imports.differing import LOOKED_AT, compare
from portal.imports.models import ImportRun, Source
from portal.imports.page_words import FIELD, NO, NOTHING, YES
from portal.imports.plan_showing import plain
from portal.imports.words import ROW
from portal.places.models import Place
from portal.places.words import place_name
from portal.units.queries import units_by_id


@dataclass(frozen=True)
class Line:
    """One field: its name, how it is here and how the source has it; `mark` to follow it."""

    name: str
    here: str
    there: str
    mark: str = ""


@dataclass
class Changed:
    """An event that changes or differs: its lines, and those of its dates."""

    event_id: int
    title: str
    lines: list[Line] = field(default_factory=list)
    dates: list[tuple[str, list[Line]]] = field(default_factory=list)
    joining: int = 0


class Sayer:
    """Says the values of fields as people read them."""

    def __init__(self) -> None:
        self.key = language().key
        self._kinds = {kind.id: chosen(kind.names) for kind in events.kinds()}

    def line(self, given: list[Any], mark: str = "") -> Line:
        """A kept difference: [field, here, there]."""
        name, here, there = given
        return Line(
            str(FIELD[name.split(".")[0]]), self.say(name, here), self.say(name, there), mark
        )

    def say(self, name: str, value: Any) -> str:
        """A value in words; a silence is said, too."""
        said = self._said(name.split(".")[0], value)
        return said or str(NOTHING)

    def _said(self, name: str, value: Any) -> str:
        match name, value:
            case "times", [starts, ends]:
                return self.when(starts, ends)
            case "where" | "own_where", [place_id, elsewhere]:
                return self.where(place_id, elsewhere)
            case "kind", [kind_id]:
                return self._kinds.get(kind_id, "")
            case "unit", [unit_id]:
                return ", ".join(unit.name for unit in units_by_id([unit_id]).values())
            case "languages", [keys]:
                return ", ".join(language_name(key, self.key) for key in keys if key in languages())
            case "audiences", [codes]:
                return ", ".join(str(AUDIENCE[code]) for code in codes)
            case "ages", [low, high]:
                return ages(low, high, "years", self.key)
            case "sign_up", [how, link]:
                return sign_up_words(how, link, "", self.key)
            case "is_preliminary", [yes]:
                return str(YES if yes else NO)
            case "is_cancelled", yes:
                return str(YES if yes else NO)
            case _, [text]:
                return str(text)
        return str(value or "")

    def when(self, starts: str, ends: str) -> str:
        """A day and its times."""
        begin, end = datetime.fromisoformat(starts), datetime.fromisoformat(ends)
        is_whole = begin.time() == end.time() == datetime.min.time()
        day = day_words(begin.date(), self.key, with_year=True)
        return day if is_whole else f"{day} {time_span(begin, end, self.key)}"

    def where(self, place_id: int | None, elsewhere: str) -> str:
        place = db.session.get(Place, place_id) if place_id else None
        return place_name(place, self.key) if place else elsewhere


def changed(plan: dict[str, Any]) -> list[Changed]:
    """The known events that a plan changes."""
    sayer = Sayer()
    return [
        Changed(
            row["event"],
            row["title"],
            [sayer.line(one) for one in row["fields"]],
            [
                (
                    day_words(datetime.fromisoformat(date["starts"]).date(), sayer.key, True),
                    [sayer.line(one) for one in date["fields"]],
                )
                for date in row["dates"]
            ],
            row["joining"],
        )
        for row in plan.get("changed", [])
    ]


def kept(plan: dict[str, Any]) -> list[Changed]:
    """What stays as an editor made it, by event."""
    sayer, found = Sayer(), dict[int, Changed]()
    titles = _titles({row["event"] for row in plan.get("kept", [])})
    for row in plan.get("kept", []):
        held = found.setdefault(row["event"], Changed(row["event"], titles.get(row["event"], "")))
        held.lines.append(sayer.line(row["field"], row["mark"]))
    return list(found.values())


def new(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The new events of a plan, each as one row of a table."""
    sayer = Sayer()
    units = units_by_id({row["unit"] for row in plan.get("new", [])})
    return [
        {
            **row,
            "when": sayer.when(row["starts"], row["ends"]),
            "unit": units[row["unit"]].name if row["unit"] in units else "",
            "where": sayer.where(*row["where"]),
            "last": day_words(datetime.fromisoformat(row["last"]).date(), sayer.key, True),
        }
        for row in plan.get("new", [])
    ]


def differences(source: Source, ids: Iterable[int], at: datetime) -> list[Changed]:
    """Where events are otherwise here than their source has them, as it stands now."""
    sayer, found = Sayer(), []
    for event, merged in compare(source, list(ids)[:LOOKED_AT], at):
        lines = [
            sayer.line([one.field, plain(one.here), plain(one.there)], one.mark)
            for one in merged.kept
        ]
        if lines:
            found.append(Changed(event.id, event.title, lines))
    return found


def rows(plan: dict[str, Any]) -> dict[str, list[tuple[int, str, str, str]]]:
    """What cannot be used, and what somebody should look at: row, column, value, why."""
    return {
        name: [
            (row, column, value, str(ROW.get(code, code)))
            for row, column, code, value in plan.get(name, [])
        ]
        for name in ("bad", "notes")
    }


def names(source: Source) -> list[tuple[str, str, str]]:
    """What was said about the source's names: what, name, and what it means."""
    sayer, found = Sayer(), []
    for row in queries.names(source):
        if row.what == "kind":
            kind = events.kind_by_slug(row.ref)
            means = chosen(kind.names) if kind else row.ref
        elif row.what == "unit":
            means = sayer.say("unit", [int(row.ref)])
        else:
            means = sayer.where(int(row.ref), "")
        found.append((row.what, row.name, means))
    return found


def is_still(run: ImportRun) -> bool:
    """Whether nobody works on a run any more that somebody should."""
    return run.state in ("reading", "applying") and run.beat_at < now() - queries.STILL


def _titles(ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.scalars(select(Event).where(Event.id.in_(list(ids))))
    return {event.id: chosen(event.titles) for event in rows}

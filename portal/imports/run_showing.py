"""Showing: what a run's page says of its plan, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.core.clock import now
from portal.core.extensions import db
from portal.core.words import chosen, month_words
from portal.events import queries as events
from portal.events.models import Event
from portal.imports import queries
from portal.imports.differing import LOOKED_AT, compare
from portal.imports.field_showing import Line, Sayer
from portal.imports.models import ImportRun, Source
from portal.imports.page_words import COLUMN, RULED, TABLES
from portal.imports.plan_showing import plain
from portal.imports.words import ROW
from portal.units.queries import units_by_id

# So many new events are shown one by one; of more, the first few, and the others by heading.
FEW, FIRST = 12, 5
# While the portal works on a run, or should.
WORK = ("reading", "applying")


@dataclass
class Changed:
    """An event that changes or differs: its lines, and those of its dates."""

    event_id: int
    title: str
    lines: list[Line] = field(default_factory=list)
    dates: list[tuple[str, list[Line]]] = field(default_factory=list)
    joining: int = 0


@dataclass(frozen=True)
class New:
    """The new events of a plan: the first ones, and the others under their hosts, or under their
    months where all have one host. `is_over`: none of them is still to come."""

    first: list[dict[str, Any]]
    groups: list[tuple[str, list[dict[str, Any]]]]
    has_hosts: bool
    is_over: bool

    @property
    def others(self) -> int:
        return sum(len(rows) for _, rows in self.groups)


def changed(plan: dict[str, Any]) -> list[Changed]:
    """The known events that a plan changes."""
    sayer = Sayer()
    return [
        Changed(
            row["event"],
            row["title"],
            [sayer.line(one) for one in row["fields"]],
            [
                (sayer.day(date["starts"]), [sayer.line(one) for one in date["fields"]])
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


def new(plan: dict[str, Any]) -> New:
    """The new events of a plan, each as one row of a table."""
    sayer, kept = Sayer(), plan.get("new", [])
    hosts = units_by_id({row["unit"] for row in kept})
    rows = [
        {
            **row,
            "what": sayer.about(row),
            "when": sayer.when(row["starts"], row["ends"]),
            "unit": hosts[row["unit"]].name if row["unit"] in hosts else "",
            "where": sayer.where(*row["where"]),
            "last": sayer.day(row["last"]),
            "month": month_words(datetime.fromisoformat(row["starts"]).date(), sayer.key),
        }
        for row in kept
    ]
    has_hosts = len(hosts) > 1
    is_over = bool(rows) and all(row["last"] < sayer.today.isoformat() for row in kept)
    first = rows if len(rows) <= FEW else rows[:FIRST]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows[len(first) :]:
        groups.setdefault(row["unit" if has_hosts else "month"], []).append(row)
    named = sorted(groups.items()) if has_hosts else list(groups.items())
    return New(first, named, has_hosts, is_over)


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


def rows(run: ImportRun) -> dict[str, list[tuple[int, str, str, str]]]:
    """What cannot be used, and what somebody should look at: row, column, value, why. Where a
    rule of ours speaks of a field, it is said as the source's own column."""
    mapping = run.source.mapping if run.form in TABLES else {}
    own = {field: column for column, field in mapping.get("columns", [])}
    own = {name: own.get(field, "") for name, field in RULED.items()}
    if run.form not in TABLES:
        own = {name: str(COLUMN[field]) for name, field in RULED.items()}
    return {
        name: [
            (row, own.get(column) or column, value, str(ROW.get(code, code)))
            for row, column, code, value in run.plan.get(name, [])
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
    patience = queries.STILL if run.state == "reading" else queries.STILL_APPLYING
    return run.state in WORK and run.beat_at < now() - patience


def is_working(run: ImportRun) -> bool:
    """Whether it is read or carried out just now."""
    return run.state in WORK and not is_still(run)


def _titles(ids: Iterable[int]) -> dict[int, str]:
    rows = db.session.scalars(select(Event).where(Event.id.in_(list(ids))))
    return {event.id: chosen(event.titles) for event in rows}

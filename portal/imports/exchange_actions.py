"""Writes: tables of the exchange format: first a plan, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.audit import record
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.core.text import counted
from portal.events.models import Event, Occurrence
from portal.imports.exchange import differences
from portal.imports.exchange_changing import SOURCE, add, change
from portal.imports.exchange_columns import ExchangeEvent
from portal.imports.exchange_names import names
from portal.imports.exchange_queries import around, told
from portal.imports.exchange_reading import ExchangeReading
from portal.imports.exchange_settling import COLUMN_OF, SHOWN, Settled, Settling
from portal.imports.exchange_words import say_problem
from portal.imports.items import RowProblem

CHUNK = 500
OF_DATES = ("", "starts", "ends", "place")
OF_DATES = ("", "starts", "ends", "place")


@dataclass(frozen=True)
class Changed:
    """An event that a row says differently: by column, what is here and what the file says."""

    event_id: int
    settled: Settled
    differs: Mapping[str, tuple[str, str]]


@dataclass
class ExchangePlan:
    """What an import would do. Rows in `bad` are refused; notes are about rows that are used."""

    new: list[Settled] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: list[ExchangeEvent] = field(default_factory=list)
    bad: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.bad})

    def lines(self) -> list[str]:
        """The plan for people: what is refused and why, notes, each change, then the counts."""
        said = [say_problem(one) for one in (*self.bad, *self.notes)]
        for one in self.changed:
            row = one.settled.row
            for column, (here, there) in one.differs.items():
                words = f"“{here[:SHOWN]}” becomes “{there[:SHOWN]}”"
                said.append(f"row {row.row}, {column}: {words}")
        return [*said, self.summary()]

    def summary(self) -> str:
        return (
            f"{len(self.new)} new, {len(self.changed)} changed, {len(self.unchanged)} unchanged, "
            f"{counted(self.bad_rows, 'row')} not usable"
        )


def plan_exchange(reading: ExchangeReading, unit_id: int | None = None) -> ExchangePlan:
    """Compares a table with what is here. Changes are tried and taken back, so that the plan knows
    what the actions would refuse: call `begin_write` first.

    `unit_id` is the one unit that the importer may touch; None is an administrator.
    """
    return _Planner(reading, unit_id).plan()


class _Planner:
    def __init__(self, reading: ExchangeReading, unit_id: int | None) -> None:
        self.reading, self.unit_id = reading, unit_id
        self.known, self.around = names(), around()
        self.here = _events_of(reading.events)
        # What a series may go on from: events that are here, or come with this table.
        self.linked = {*self.around.uids.values(), *(row.uid for row in reading.events)}
        self.slugs = set(db.session.scalars(select(Event.slug)))
        self.taken = _taken(reading.events)
        self.result = ExchangePlan(bad=list(reading.problems), notes=list(reading.notes))

    def plan(self) -> ExchangePlan:
        for row in self.reading.events:
            self.result.bad += self._row(row)
        self.result.bad.sort(key=lambda one: one.row)
        self.result.notes.sort(key=lambda one: one.row)
        return self.result

    def _row(self, row: ExchangeEvent) -> list[RowProblem]:
        event = self.here.get(_identity(row))
        if event is not None and (refused := self._not_theirs(row, event)):
            return [refused]
        here = told(event, self.around) if event is not None else None
        settling = Settling(self._linked(row), here, self.reading.columns, self.known, self.unit_id)
        settled = settling.settle()
        if settled is None:
            return settling.problems
        if event is None or here is None:
            if (taken := self._new(settled)) is not None:
                return [taken]
        else:
            differs = differences(here, settled.row)
            if not differs:
                self.result.unchanged.append(row)
            elif problems := self._try(event, settled, differs):
                return problems
            else:
                self.result.changed.append(Changed(event.id, settled, differs))
        self.result.notes += settling.notes
        return []

    def _not_theirs(self, row: ExchangeEvent, event: Event) -> RowProblem | None:
        """A UID (or an id of a table without UIDs) that means somebody else's event here."""
        column, value = ("uid", row.uid) if row.uid else ("event_id", row.event_id)
        if event.published_at is None:
            return RowProblem(row.row, column, "is_draft", value)
        if self.unit_id not in (None, event.unit_id):
            return RowProblem(row.row, column, "uid_taken", value)
        return None

    def _linked(self, row: ExchangeEvent) -> ExchangeEvent:
        """Without what only the whole city's import may say: which other units' calendars it
        stays in; and without a series before it that nobody knows."""
        if row.continues and (row.continues not in self.linked or self.unit_id is not None):
            self._note(row, "continues", "unknown_continues", row.continues)
            row = replace(row, continues="")
        if row.former_scopes and self.unit_id is not None:
            self._note(row, "former_scopes", "scopes_left_out", ";".join(row.former_scopes))
            row = replace(row, former_scopes=())
        return row

    def _new(self, settled: Settled) -> RowProblem | None:
        row = settled.row
        if row.uid and (row.origin, row.event_id) in self.taken:
            return RowProblem(row.row, "event_id", "id_taken", row.event_id)
        if row.slug and row.slug in self.slugs:
            self._note(row, "slug", "slug_taken", row.slug)
        self.slugs.add(row.slug)
        self.result.new.append(settled)
        return None

    def _try(
        self, event: Event, settled: Settled, differs: Mapping[str, tuple[str, str]]
    ) -> list[RowProblem]:
        """What the actions have against a change: it is made, and taken back."""
        trial = db.session.begin_nested()
        try:
            change(event, settled, differs, self.known)
        except Refused as refused:
            columns = [_column(one.field) for one in refused.problems]
            return [
                RowProblem(
                    settled.row.row, column, one.code, differs.get(column, ("", ""))[1][:SHOWN]
                )
                for one, column in zip(refused.problems, columns, strict=True)
            ]
        finally:
            trial.rollback()
        return []

    def _note(self, row: ExchangeEvent, column: str, code: str, value: str) -> None:
        self.result.notes.append(RowProblem(row.row, column, code, value[:SHOWN]))


def _column(field: str) -> str:
    """The column of what an action refuses: times and places are those of single dates."""
    return "overrides_json" if field in OF_DATES else COLUMN_OF.get(field, field)


def _identity(row: ExchangeEvent) -> tuple[str, str]:
    """What tells an event from all others: its UID, or its id among tables without UIDs."""
    return ("uid", row.uid) if row.uid else (row.origin or SOURCE, row.event_id)


def _events_of(rows: Iterable[ExchangeEvent]) -> dict[tuple[str, str], Event]:
    """The events that are here already, by identity, whole."""
    found: dict[tuple[str, str], Event] = {}
    wanted = list(rows)
    for at in range(0, len(wanted), CHUNK):
        some = wanted[at : at + CHUNK]
        uids = [row.uid for row in some if row.uid]
        ids = [row.event_id for row in some if not row.uid]
        query = select(Event).options(
            selectinload(Event.occurrences).selectinload(Occurrence.own_place),
            selectinload(Event.exdates),
            selectinload(Event.co_hosts),
        )
        for event in db.session.scalars(query.where(Event.uid.in_(uids))):
            found["uid", event.uid] = event
        for event in db.session.scalars(query.where(Event.source_id.in_(ids))):
            found[event.source or "", event.source_id or ""] = event
    return found


def _taken(rows: Iterable[ExchangeEvent]) -> set[tuple[str, str]]:
    """Which ids of sources are here."""
    origins = {row.origin for row in rows if row.origin}
    query = select(Event.source, Event.source_id).where(Event.source.in_(origins))
    return {(source or "", source_id or "") for source, source_id in db.session.execute(query)}


def apply_exchange(plan: ExchangePlan, progress: Callable[[], None] = lambda: None) -> None:
    """Adds the new events, in the table's order, and makes the changes."""
    known = names()
    made: dict[str, Event] = {}
    for settled in plan.new:
        event = add(settled, known)
        made[event.uid] = event
        progress()
    _link(plan.new, made)
    for one in plan.changed:
        change(db.session.get_one(Event, one.event_id), one.settled, one.differs, known)
        progress()
    if plan.new or plan.changed:
        numbers = {"new": len(plan.new), "changed": len(plan.changed), "bad": plan.bad_rows}
        record("import.exchange", "import", SOURCE, **numbers)


def _link(rows: Iterable[Settled], made: Mapping[str, Event]) -> None:
    """What goes on from what, once all are there."""
    for settled in rows:
        row = settled.row
        if row.continues:
            before = made.get(row.continues) or db.session.scalar(
                select(Event).where(Event.uid == row.continues)
            )
            made[row.uid].continues_id = before.id if before else None
    db.session.flush()

"""Writes: the table of observances, taken out and brought in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select

from portal.core.audit import record
from portal.core.clock import now
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.core.text import counted
from portal.events import observance_actions as observances
from portal.events import observance_queries as queries
from portal.events.models import Observance
from portal.events.observing import Marked, check
from portal.imports.exchange_settling import CLOCKS_DIFFER, SHOWN
from portal.imports.exchange_words import say_problem
from portal.imports.items import RowProblem
from portal.imports.observance_exchange import ExchangeObservance, write
from portal.units import queries as units

MARKED = tuple(Marked.__dataclass_fields__)
HISTORY = ("uid", "status", "answer_note")


@dataclass
class ObservancePlan:
    """What an import would do. `replaced` are those that `portal init` made a moment ago: they
    become those of the file, so that calendars know them."""

    new: list[ExchangeObservance] = field(default_factory=list)
    replaced: list[ExchangeObservance] = field(default_factory=list)
    changed: list[ExchangeObservance] = field(default_factory=list)
    unchanged: list[ExchangeObservance] = field(default_factory=list)
    bad: list[RowProblem] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The plan for people."""
        return [
            *(say_problem(one) for one in self.bad),
            f"{len(self.new)} new, {len(self.replaced)} taking over, {len(self.changed)} changed, "
            f"{len(self.unchanged)} unchanged, {counted(len(self.bad), 'problem')}",
        ]


def export_observances() -> bytes:
    """Every observance that calendars know, oldest first."""
    slugs = {unit.id: unit.slug for unit in units.all_units()}
    rows = sorted(queries.told(), key=lambda row: row.id)
    return write(_told(row, slugs) for row in rows)


def _told(row: Observance, slugs: dict[int, str]) -> ExchangeObservance:
    marked = {name: getattr(row, name) for name in MARKED}
    kept = {name: getattr(row, name) for name in (*HISTORY, "sequence", "created_at", "revised_at")}
    return ExchangeObservance(**marked, **kept, slug=row.slug, unit=slugs.get(row.unit_id or 0, ""))


def plan_observances(
    rows: Iterable[ExchangeObservance], problems: Iterable[RowProblem] = ()
) -> ObservancePlan:
    """Compares a table with what is here. Changes are tried and taken back."""
    plan = ObservancePlan(bad=list(problems))
    known = list(db.session.scalars(select(Observance)))
    by_uid, by_slug = ({getattr(one, name): one for one in known} for name in ("uid", "slug"))
    slugs = {unit.slug for unit in units.all_units()}
    for row in rows:
        here, other = by_uid.get(row.uid), by_slug.get(row.slug)
        if row.unit and row.unit not in slugs:
            plan.bad.append(RowProblem(row.row, "unit_id", "unknown_unit", row.unit))
        elif max(row.created_at or now(), row.revised_at or now()) > now() + CLOCKS_DIFFER:
            plan.bad.append(RowProblem(row.row, "revised_at", "in_the_future", ""))
        elif here is not None:
            _compare(plan, here, row)
        elif other is None:
            # Its days may all have been: calendars keep them.
            wrong = [one for one in check(_marked(row), units.today()) if one.code != "all_past"]
            plan.bad += [RowProblem(row.row, one.field, one.code, "") for one in wrong]
            plan.new += [] if wrong else [row]
        elif other.sequence == 0 and other.status == "published":
            plan.replaced.append(row)
        else:
            plan.bad.append(RowProblem(row.row, "slug", "id_taken", row.slug))
    return plan


def _compare(plan: ObservancePlan, here: Observance, row: ExchangeObservance) -> None:
    if queries.marked(here) == _marked(row) and here.status == row.status:
        plan.unchanged.append(row)
        return
    trial = db.session.begin_nested()
    try:
        _change(here, row)
        plan.changed.append(row)
    except Refused as refused:
        codes = ((one.field or "status", one.code) for one in refused.problems)
        plan.bad += [RowProblem(row.row, at, code, row.slug[:SHOWN]) for at, code in codes]
    finally:
        trial.rollback()


def _marked(row: ExchangeObservance) -> Marked:
    return Marked(**{name: getattr(row, name) for name in MARKED})


def _change(here: Observance, row: ExchangeObservance) -> None:
    if here.status == "withdrawn" and row.status == "published":
        observances.restore(here)
    if queries.marked(here) != _marked(row):
        observances.change(here, _marked(row), units.today())
    if here.status == "published" and row.status == "withdrawn":
        observances.withdraw(here, row.answer_note)


def apply_observances(plan: ObservancePlan) -> None:
    """Adds, takes over and changes."""
    for row in plan.replaced:
        found = queries.observance_by_slug(row.slug)
        _put(found or Observance(slug=row.slug), row)
    for row in plan.new:
        _put(Observance(slug=row.slug), row)
    for row in plan.changed:
        here = db.session.scalar(select(Observance).where(Observance.uid == row.uid))
        if here is not None:
            _change(here, row)


def _put(here: Observance, row: ExchangeObservance) -> None:
    """Makes a row of the database what the file's is, its identity and history included."""
    at = now()
    for name in (*MARKED, *HISTORY):
        setattr(here, name, getattr(row, name))
    unit = units.unit_by_slug(row.unit)
    here.unit_id = unit.id if unit else None
    here.sequence = row.sequence or 0
    here.created_at = row.created_at or at
    here.revised_at = row.revised_at or here.created_at
    db.session.add(here)
    db.session.flush()
    record("observance.import", "observance", here.id)

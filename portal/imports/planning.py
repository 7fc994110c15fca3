"""Reads: the plan of an import, from what the source says and what is here; writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, datetime

from portal.core.text import fold
from portal.events.recurrence import instant
from portal.imports.checking import Checker
from portal.imports.folding import fold as fold_dates
from portal.imports.items import Reading, RowProblem
from portal.imports.joining import Joining, join
from portal.imports.known import Known, KnownEvent, known_titles
from portal.imports.merging import KnownDate, merge
from portal.imports.models import Source
from portal.imports.naming import Names
from portal.imports.plan import Change, Plan
from portal.imports.progress import Progress
from portal.imports.told import Told, span_of


def make_plan(
    source: Source,
    reading: Reading,
    allowed: set[int] | None,
    today: date,
    at: datetime,
    taken: Collection[str] = (),
    progress: Progress | None = None,
) -> Plan:
    """What a reading would do to the events of its source.

    `allowed` are the units that the importer speaks for (None: all); `taken` are the marks of
    differences where the source is to win over an editor.
    """
    plan, names = Plan(), Names(source, allowed)
    checker = Checker(names, plan, today)
    told = {one.key: one for one in checker.check(reading)}
    known = Known(source, at)
    new = [one for key, one in told.items() if key not in known.dates]
    plan.retold = [one for one in told.values() if known.says_otherwise(one)]
    plan.gone = list(_missing(known, told, reading))
    if plan.gone and (reading.has_nameless or reading.is_cut):
        code = "withheld_cut" if reading.is_cut else "withheld"
        plan.notes.append(RowProblem(0, "", code, str(len(plan.gone))))
        plan.gone = []
    joined = join(known, new, told, checker.hints)
    plan.notes += joined.held
    touched = {known.dates[key].event_id for key in plan.gone}
    touched |= {known.dates[one.key].event_id for one in plan.retold}
    # Marks come from a form: those of others' events are passed over.
    marked = {mark.partition(":")[0] for mark in taken}
    touched |= {one.event_id for one in known.dates.values() if str(one.event_id) in marked}
    touched |= {known.dates[key].event_id for key in _dates_of(taken) if key in known.dates}
    merger = _Merger(plan, names, told, at, taken)
    progress = progress or Progress()
    progress.begin("comparing", len({*touched, *joined.by_event}))
    for event in progress.through(known.events({*touched, *joined.by_event})):
        merger.merge(event, joined.by_event.get(event.id, Joining()))
    plan.new = fold_dates(joined.rest, checker.hints)
    plan.unchanged = sum(key in known.dates and key not in merger.moved for key in told)
    _note_twins(plan)
    _note_doubles(plan)
    return plan


def _dates_of(marks: Collection[str]) -> Iterator[str]:
    """The keys of the dates that marks such as "dabc:times" speak of."""
    return (mark[1:].rsplit(":", 1)[0] for mark in marks if mark.startswith("d"))


def _missing(known: Known, told: dict[str, Told], reading: Reading) -> Iterator[str]:
    """Coming dates that should be in the file and are not.

    A file is about the days from its first to its last. (Where a row without an id could not be
    read, nobody knows which date it was, and none is called off.)
    """
    span, refused = span_of(told.values()), reading.refused_keys
    if span is None or not known.dates:
        return
    for key, starts in known.coming_besides(told):
        is_refused = key in refused or key.rsplit("/", 1)[0] in refused
        if not is_refused and span[0] <= starts.date() <= span[1]:
            yield key


class _Merger:
    """Puts what becomes of known events into a plan; `moved` are the keys that change."""

    def __init__(
        self, plan: Plan, names: Names, told: dict[str, Told], at: datetime, taken: Collection[str]
    ) -> None:
        self._plan, self._names, self._told = plan, names, told
        self._at, self._taken, self._gone = at, taken, set(plan.gone)
        self.moved: set[str] = set()

    def merge(self, event: KnownEvent, joining: Joining) -> None:
        here = {start: one for start, one in joining.dates.items() if start in event.states}
        added = [one for start, one in joining.dates.items() if start not in event.states]
        merged = merge(
            event.id,
            event.details,
            event.before,
            [*self._dates(event, here)],
            added,
            self._names.kinds,
            self._taken,
        )
        if not event.is_open:
            # Cancelled as a whole by somebody here: the source is heard, and nothing moves.
            merged.details, merged.dates = None, []
        for one in [one for one in merged.dates if self._is_over(one.to.ends, event)]:
            merged.dates.remove(one)
            row = self._told[one.key].row if one.key in self._told else 0
            self._plan.notes.append(RowProblem(row, "date", "moved_to_past", event.title))
        self._plan.kept += [(event.id, difference) for difference in merged.kept]
        # A change of the whole counts as one date, as in Plan.changed_dates.
        some = [row.key for row in event.rows if row.key in self._told][:1]
        self.moved |= {one.key for one in merged.dates} or set(some if merged.details else ())
        change = Change(event.id, event.title, merged, joining.longer, joining.dates)
        if not merged.is_empty or joining.longer is not None:
            self._plan.changed.append(change)
        else:
            self._plan.retold_wholes.append(change)

    def _is_over(self, ends: datetime, event: KnownEvent) -> bool:
        return instant(ends, event.series.zone) <= self._at

    def _dates(self, event: KnownEvent, here: dict[datetime, Told]) -> Iterator[KnownDate]:
        """The event's dates with their three sides. A date to which the source has given another
        id is the same date."""
        # An id that is still in use speaks for a date before one that is gone.
        rows = sorted(event.rows, key=lambda row: (row.key in self._told, not row.was_gone))
        by_start = {row.recurrence_id: row for row in rows}
        for start, row in by_start.items():
            told = here.get(start) or self._told.get(row.key)
            yield KnownDate(
                told.key if told else row.key,
                start,
                event.states[start],
                row.base,
                told,
                is_missing=told is None and row.key in self._gone,
                was_gone=row.was_gone,
                is_past=start in event.past,
            )
        for start, told in here.items():
            if start not in by_start:
                base = _as_series(event, start, told)
                yield KnownDate(
                    told.key, start, event.states[start], base, told, is_past=start in event.past
                )


def _as_series(event: KnownEvent, start: datetime, told: Told) -> Told | None:
    """What counts as said before of a date that somebody here has made: that it is as its series.
    Whatever is otherwise is that somebody's hand."""
    if event.before is None:
        return None
    title, where, link = event.before.title, event.before.where, event.before.link
    ends = start + event.series.length
    return replace(
        told, title=title, where=where, link=link, starts=start, ends=ends, is_cancelled=False
    )


def _note_twins(plan: Plan) -> None:
    """Two new dates with the same title, place and time are one date typed twice, perhaps."""
    count: Counter[tuple[object, ...]] = Counter()
    for fresh in plan.new:
        for _, one in fresh.dates:
            mark = (fold(one.title), one.where, one.starts, one.about.unit_id)
            count[mark] += 1
            if count[mark] == 2:
                plan.notes.append(RowProblem(one.row, "title", "twin", one.title))


def _note_doubles(plan: Plan) -> None:
    """New dates that are here already by another hand: the same file under another name, or what
    somebody has typed."""
    dates = [told for fresh in plan.new for _, told in fresh.dates]
    here = known_titles({told.about.unit_id for told in dates}, [told.starts for told in dates])
    for told in dates:
        if (told.about.unit_id, fold(told.title), told.starts) in here:
            plan.notes.append(RowProblem(told.row, "title", "here_already", told.title))

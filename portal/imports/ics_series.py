"""From an event that repeats to items: a series as the form builds it, or single dates. Pure.

Which of the two depends on the source alone and never on today: what arrived as a series once
would otherwise, some day, be gone and come back as dates.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from portal.events.recurrence import Series, check, expand
from portal.events.rules import EARLIEST
from portal.imports.ics_dates import starts
from portal.imports.ics_events import Entry, whole_day
from portal.imports.ics_rules import Repeat, form_rule, parse
from portal.imports.ics_times import Moment, Refused, Times
from portal.imports.items import ItemDate

AHEAD = timedelta(days=731)
"""How far single dates of a rule are taken: two years."""
MOST_DATES = 500
# For a whole file: 100 for a rule, 1 for a day looked at, 10 for a date made, 20 more when it is
# kept. It is about half a second, and 190 weekly series of a year.
MOST_WORK = 300_000
A_RULE = 100
MOST_LISTED = 2_000

Mark = datetime
"""What a date of a series is known by: its UTC instant, of whole days their naive midnight."""


class Work:
    """What a file may still cost; Refused for an event when that is spent."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, days: int = 0, dates: int = 0) -> None:
        self.left -= days + 10 * dates
        if self.left < 0:
            raise Refused("RRULE", "too_many_dates", "")


class Repeating:
    """An event with RRULE or RDATE, and the entries that stand for single dates of it."""

    def __init__(self, entry: Entry, overrides: list[Entry], times: Times, work: Work) -> None:
        self.entry, self.times, self.work = entry, times, work
        work.spend(A_RULE)  # before anything of it is read
        component = entry.component
        if exrule := component.first("EXRULE"):
            raise Refused("EXRULE", "unknown_rule", exrule.value)
        self.rules = [parse(line, times, component) for line in component.all("RRULE")]
        self.extra = self._listed("RDATE")
        exdates = self._listed("EXDATE")
        # Some leave out whole days of a series with times.
        self.gone_days = {one.wall.date() for one in exdates if one.is_day}
        self.gone = {self.mark(one) for one in exdates}
        self.overrides = {self.mark(one.recurrence): one for one in overrides if one.recurrence}

    def _listed(self, name: str) -> list[Moment]:
        lines = self.entry.component.all(name)
        values = [(line, value) for line in lines for value in line.value.split(",") if value]
        if len(values) > MOST_LISTED:
            raise Refused(name, "too_many_dates", "")
        # Of a period (RDATE;VALUE=PERIOD) only the start: its own length is not kept.
        return [
            self.times.read(line, value.partition("/")[0], self.entry.component)
            for line, value in values
        ]

    def mark(self, moment: Moment) -> Mark:
        """What a moment means as one of this event's dates. A day in a series with times means
        that day at its time, a time in a series of whole days its day."""
        start = self.entry.start
        if start.is_day:
            return datetime.combine(whole_day(moment, self.times).wall, time.min)
        if moment.is_day:
            return self.moment(datetime.combine(moment.wall, start.wall.time())).at
        return moment.at

    def moment(self, wall: datetime) -> Moment:
        start = self.entry.start
        return Moment(wall, start.is_day, start.clock)

    def _made(self, repeat: Repeat, first: date, last: date) -> list[datetime]:
        """The rule's own walls, UNTIL respected."""
        start, until = self.entry.start, repeat.until
        if until is not None:
            last = min(last, until.wall.date() + timedelta(days=1))
        found = []
        for wall in starts(repeat, start.wall, first, last, self.work.spend):
            if until is not None and self._is_after(wall, until):
                break
            found.append(wall)
            self.work.spend(dates=1)
        return found

    def _is_after(self, wall: datetime, until: Moment) -> bool:
        if self.entry.start.is_day:
            # Exchange writes the last midnight in UTC, others the last day with any time.
            return wall.date() > whole_day(until, self.times).wall.date()
        if until.is_day:
            return wall.date() > until.wall.date()
        if until.clock == self.times.home:
            return wall > until.wall  # written without a zone: on the event's own clock
        return self.moment(wall).at > until.at

    def walls(self, first: date, last: date) -> list[datetime]:
        """All starts on these days by the source's clock, in order, left-out ones included."""
        start = self.entry.start.wall
        ended = [repeat.until and self._is_after(start, repeat.until) for repeat in self.rules]
        found = {start} if not self.rules or not all(ended) else set()
        found |= {self._told(one) for one in self.extra}
        for repeat in self.rules:
            found.update(self._made(repeat, first, last))
        return sorted(wall for wall in found if first <= wall.date() <= last)

    def _told(self, moment: Moment) -> datetime:
        """Another date's wall time on the event's own clock."""
        start, at = self.entry.start, self.mark(moment)
        if start.is_day:
            return at
        guess = start.wall + (at - start.at)
        # The clocks may have changed in between.
        return guess + (at - start.clock(guess))

    def is_gone(self, wall: datetime) -> bool:
        moment = self.moment(wall)
        return wall.date() in self.gone_days or self.mark(moment) in self.gone

    def series(self) -> tuple[Series, tuple[ItemDate, ...]] | None:
        """As the form builds it, when that means exactly the source's dates; else None."""
        first = self.entry.start.wall.date()
        last = first + EARLIEST
        if len(self.rules) != 1 or self.extra:
            return None
        repeat = self.rules[0]
        if not (repeat.until or repeat.count):
            return None
        if repeat.until and repeat.until.wall.date() >= last:
            return None
        walls = self.walls(first, last)
        if not walls or len(walls) > MOST_DATES:
            return None
        if repeat.count and len(walls) < repeat.count:
            return None
        return self._same_series(repeat, walls)

    def _same_series(
        self, repeat: Repeat, walls: list[datetime]
    ) -> tuple[Series, tuple[ItemDate, ...]] | None:
        here = {wall: self.span(self.moment(wall)) for wall in walls}
        starts, ends = here[walls[0]]
        is_all_day = self.entry.start.is_day
        rule = form_rule(repeat, starts, here[walls[-1]][0].date())
        gone = frozenset(here[wall][0] for wall in walls if self.is_gone(wall))
        series = Series(starts, ends, self.times.zone, is_all_day, rule, gone)
        self.work.spend(dates=2 * len(walls))
        if rule is None or check(series):
            return None
        meant = [
            (here[wall][0], self.moment(wall).at, self.moment(wall + self.entry.length).at)
            for wall in walls
        ]
        made = expand(Series(starts, ends, self.times.zone, is_all_day, rule))
        if [(one.recurrence_id, one.starts_at, one.ends_at) for one in made] != meant:
            return None
        marks = {self.mark(self.moment(wall)): here[wall][0] for wall in walls}
        changed = {mark: one for mark, one in self.overrides.items() if marks.get(mark) not in gone}
        if not set(changed) <= set(marks):
            return None
        if any(one.start.is_day != is_all_day for one in changed.values()):
            return None
        dates = [self._date(marks[mark], one) for mark, one in sorted(changed.items())]
        return series, tuple(dates)

    def span(self, moment: Moment, span: timedelta | None = None) -> tuple[datetime, datetime]:
        """Start and end by the clock here."""
        return self.times.span(moment, span or self.entry.length)

    def _date(self, recurrence_id: datetime, one: Entry) -> ItemDate:
        starts, ends = self.span(one.start, one.length)
        title, place = one.titles["sv"], one.place
        return ItemDate(
            recurrence_id=recurrence_id,
            starts=starts,
            ends=ends,
            is_cancelled=one.is_cancelled,
            title=title if title != self.entry.titles["sv"] else "",
            place=place if place != self.entry.place else "",
        )

    def dates(self, today: date) -> tuple[list[tuple[Mark, Entry, Moment]], bool]:
        """The single dates from 400 days ago to two years ahead, each with the entry that tells
        of it and its start, and whether there were more than may be taken. Coming ones go before
        past ones, as the past is told already."""
        first, last = today - EARLIEST, today + AHEAD
        walls = self.walls(first, last)
        marked = {self.mark(self.moment(wall)): self.moment(wall) for wall in walls}
        found = {
            mark: (mark, self.entry, moment)
            for mark, moment in marked.items()
            if not self.is_gone(moment.wall)
        }
        gone = {mark for mark in marked if mark not in found}
        found |= {
            mark: (mark, one, one.start)
            for mark, one in self.overrides.items()
            if mark not in gone and first <= mark.date() <= last
        }
        coming = sorted(mark for mark in found if mark.date() >= today)[:MOST_DATES]
        past = sorted(mark for mark in found if mark.date() < today)
        room = MOST_DATES - len(coming)
        kept = [*(past[-room:] if room else []), *coming]
        self.work.spend(dates=2 * len(kept))
        return [found[mark] for mark in kept], len(kept) < len(found)


def repeats(entry: Entry) -> bool:
    return bool(entry.component.first("RRULE") or entry.component.first("RDATE"))

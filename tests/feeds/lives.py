"""Lives of events: a rhythm, its exceptions, and everything that an editor does to the dates.

`lives()` makes any of them, and hypothesis shrinks them; `Foreseen` says what one should come
to. Neither imports anything from the portal: what is allowed and what follows is worked out here
as a person would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from tests.events.oracle import ZONES, Rhythm, readings

MONTH = timedelta(days=31)
TITLES = ("Café", "Läxhjälp, nummer 2; \\ö", "Språkcafé på " + "många språk " * 8 + "samtidigt")
HOME = "Exempelbiblioteket"
HOSTS = ("exempelbiblioteket", "exempelforeningen", "ekorrens-oppna-forskola")


@dataclass(frozen=True)
class Act:
    """Something that an editor does, `wait` after the act before it.

    `which` counts round the dates of the event, past ones included. `days`, `at` and `length`
    say where a date is moved to, and `days` how far a series is shortened or goes on. `number`
    chooses a title or a host. The rest is what an alteration says; None leaves it as it is.
    """

    name: str
    wait: timedelta = timedelta()
    which: tuple[int, ...] = (0,)
    days: int = 0
    at: time = time(10)
    length: timedelta = timedelta(hours=1)
    number: int = 0
    flag: bool = False
    starts: time | None = None
    ends: time | None = None
    where: str | None = None
    title: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Life:
    """An event that is made and published at `now` (in UTC), and what happens then.

    `left_out` counts round the rule's dates. `avoids_trouble` leaves out as well what is at a
    wall time that does not exist or comes twice.
    """

    rhythm: Rhythm
    now: datetime
    left_out: frozenset[int] = frozenset()
    avoids_trouble: bool = False
    acts: tuple[Act, ...] = ()

    def starts(self) -> list[datetime]:
        """Every wall start that the rule makes."""
        once = self.rhythm.freq == "ONCE"
        return [self.rhythm.starts] if once else self.rhythm.starts_on()

    def out(self) -> list[datetime]:
        """The wall starts that the event leaves out."""
        starts = self.starts()
        wanted = {number % len(starts) for number in self.left_out} if starts else set()
        return [
            start
            for number, start in enumerate(starts)
            if self.rhythm.freq != "ONCE"
            and (number in wanted or (self.avoids_trouble and self.is_trouble(start)))
        ]

    def is_trouble(self, start: datetime) -> bool:
        return not are_times(self.rhythm, start, start + self.rhythm.length)

    def may_be_made(self) -> bool:
        """Whether the rules should let it be: it has dates, none over the next, and each begins
        and ends at a time that there is once."""
        starts, out, length = self.starts(), self.out(), self.rhythm.length
        kept = [start for start in starts if start not in out]
        if not kept or length > MONTH:
            return False
        if any(later - earlier < length for earlier, later in pairwise(starts)):
            return False
        return not any(self.is_trouble(start) for start in kept)


def are_times(rhythm: Rhythm, starts: datetime, ends: datetime) -> bool:
    """Whether the clock on the wall shows both exactly once; whole days always are."""
    if rhythm.is_all_day:
        return True
    return all(len(readings(wall, rhythm.zone)) == 1 for wall in (starts, ends))


@dataclass(frozen=True)
class Date:
    """One date as it should be now: wall times, whether it is called off, the line about it.

    `where` and `title` are its own; empty ones are those of the series.
    """

    starts: datetime
    ends: datetime
    is_off: bool = False
    note: str = ""
    where: str = ""
    title: str = ""


@dataclass(frozen=True)
class Whole:
    """What is said of the event as a whole. `until` is the last day of its rule."""

    until: date
    title: str = TITLES[0]
    is_preliminary: bool = False
    is_off: bool = False
    host: str = HOSTS[0]


@dataclass
class Change:
    """What a change found: what it changed as it was before, by date, and the dates it added."""

    whole: dict[str, Any]
    dates: dict[datetime, dict[str, Any]]
    added: list[datetime]


class NotAllowed(Exception):
    """An act that the rules should refuse."""


REASON = "Värden är sjuk; se, nästa vecka\nigen."
OTHER_REASON = "Ingen ström"
STRUCK = "struck"
EVENING, MORNING = 16, 6
"""What begins from this hour on may end by that hour of the next day."""


@dataclass
class Foreseen:
    """What an event should be after each act. Dates by original wall start, for ever."""

    life: Life
    whole: Whole = field(init=False)
    dates: dict[datetime, Date] = field(init=False)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        starts, out, length = self.life.starts(), self.life.out(), self.life.rhythm.length
        self.whole = Whole(until=max(starts, default=self.life.rhythm.starts).date())
        self.dates = {start: Date(start, start + length) for start in starts if start not in out}
        self.gone = set(out)

    def do(self, act: Act, now: datetime) -> str:
        """Carries an act out: "changed", "same" when nothing is different after it, "refused"."""
        whole, dates = self.whole, dict(self.dates)
        try:
            getattr(self, f"_{act.name}")(act, now)
        except NotAllowed:
            self.whole, self.dates = whole, dates
            return "refused"
        if (whole, dates) == (self.whole, self.dates):
            return "same"
        if act.name != "undo":
            self.changes.append(
                Change(
                    _differing(whole, self.whole),
                    {
                        start: _differing(one, self.dates[start])
                        for start, one in dates.items()
                        if one != self.dates[start]
                    },
                    [start for start in self.dates if start not in dates],
                )
            )
        return "changed"

    # what an act is about

    def chosen(self, act: Act) -> list[datetime]:
        """The original wall starts of the dates that an act is about."""
        starts = list(self.dates)
        return list(dict.fromkeys(starts[number % len(starts)] for number in act.which))

    def target(self, act: Act) -> tuple[datetime, datetime]:
        """The wall times that a date is moved to."""
        rhythm, start = self.life.rhythm, self.chosen(act)[0]
        day = start.date() + timedelta(days=act.days)
        if rhythm.is_all_day:
            starts = datetime.combine(day, time())
            return starts, starts + rhythm.length
        starts = datetime.combine(day, act.at)
        return starts, starts + act.length

    def last_on(self, act: Act) -> date:
        """The last day of a series that is to be shorter or longer."""
        if act.name == "shorten":
            return self.chosen(act)[0].date() + timedelta(days=act.days)
        return self.whole.until + timedelta(days=act.days)

    def further(self, act: Act) -> list[datetime]:
        """The starts that a longer rule makes and the old one does not."""
        longer = replace(self.life.rhythm, until=max(self.last_on(act), self.whole.until))
        return [s for s in longer.starts_on() if s not in self.dates and s not in self.gone]

    # what is so

    def has_ended(self, start: datetime, now: datetime) -> bool:
        return self.instant(self.dates[start].ends) <= now

    def instant(self, wall: datetime) -> datetime:
        """When a wall time is, which is one that there is."""
        return readings(wall, self.life.rhythm.zone)[0]

    def status(self, one: Date) -> str:
        """RFC 5545's word for how it stands."""
        if one.is_off:
            return "CANCELLED"
        return "TENTATIVE" if self.whole.is_preliminary else "CONFIRMED"

    def title(self, one: Date) -> str:
        return one.title or self.whole.title

    def coming(self, now: datetime) -> list[tuple[datetime, Date]]:
        """The dates that have not ended, by when they begin now."""
        left = [(start, one) for start, one in self.dates.items() if not self.has_ended(start, now)]
        return sorted(left, key=lambda pair: pair[1].starts)

    # the acts

    def _must(self, is_so: bool) -> None:
        if not is_so:
            raise NotAllowed

    def _set(self, chosen: Iterable[datetime], /, **values: Any) -> None:
        for start in chosen:
            self.dates[start] = replace(self.dates[start], **values)

    def _open(self, act: Act, now: datetime) -> list[datetime]:
        """The dates of an act, none of them past, of an event that happens."""
        chosen = self.chosen(act)
        self._must(not self.whole.is_off)
        self._must(not any(self.has_ended(start, now) for start in chosen))
        return chosen

    def _set_times(self, start: datetime, starts: datetime, ends: datetime, now: datetime) -> None:
        self._must(ends > starts and are_times(self.life.rhythm, starts, ends))
        self._must(self.instant(ends) > now)
        self._set([start], starts=starts, ends=ends)

    def _rename(self, act: Act, now: datetime) -> None:
        title = TITLES[act.number % len(TITLES)]
        self.whole = replace(self.whole, title=title, is_preliminary=act.flag)

    def _cancel(self, act: Act, now: datetime) -> None:
        chosen = self._open(act, now)
        self._set((s for s in chosen if not self.dates[s].is_off), is_off=True, note=REASON)

    def _say_why(self, act: Act, now: datetime) -> None:
        chosen = self._open(act, now)
        self._set((s for s in chosen if self.dates[s].is_off), note=OTHER_REASON)

    def _restore(self, act: Act, now: datetime) -> None:
        chosen = self._open(act, now)
        self._set((s for s in chosen if self.dates[s].is_off), is_off=False, note="")

    def _reset(self, act: Act, now: datetime) -> None:
        for start in self._open(act, now):
            self._set_times(start, start, start + self.life.rhythm.length, now)
            self._set([start], is_off=False, note="", where="", title="")

    def _move(self, act: Act, now: datetime) -> None:
        start = self._open(replace(act, which=act.which[:1]), now)[0]
        self._set_times(start, *self.target(act), now)
        self._set([start], note=REASON)

    def _alter(self, act: Act, now: datetime) -> None:
        is_timed = act.starts is not None or act.ends is not None
        texts = {"where": act.where, "title": act.title, "note": act.note}
        said = {name: text for name, text in texts.items() if text is not None}
        self._must(is_timed or bool(said))
        self._must(not (is_timed and self.life.rhythm.is_all_day))
        for start in self._open(act, now):
            if is_timed:
                self._set_times(start, *self.altered(self.dates[start], act), now)
            self._set([start], **said)

    def altered(self, one: Date, act: Act) -> tuple[datetime, datetime]:
        """The same day with other times; of one that lasts for days, the same days."""
        starts = datetime.combine(one.starts.date(), act.starts or one.starts.time())
        if act.ends is None:
            return starts, starts + (one.ends - one.starts)
        is_days_long = one.ends - one.starts >= timedelta(days=1)
        ends = datetime.combine((one.ends if is_days_long else starts).date(), act.ends)
        if ends <= starts and starts.hour >= EVENING and ends.hour <= MORNING:
            ends += timedelta(days=1)
        return starts, ends

    def _cancel_all(self, act: Act, now: datetime) -> None:
        self._must(not self.whole.is_off)
        self.whole = replace(self.whole, is_off=True)
        left = [start for start in self.dates if not self.has_ended(start, now)]
        happening = [s for s in left or self.dates if not self.dates[s].is_off]
        self._set(happening, is_off=True, note=REASON)

    def _shorten(self, act: Act, now: datetime) -> None:
        self._must(not self.whole.is_off)
        last = self.last_on(act)
        rows = [
            start
            for start, one in self.dates.items()
            if start.date() > last and not self.has_ended(start, now) and not one.is_off
        ]
        self._must(bool(rows))
        self._set(rows, is_off=True, note=REASON)

    def _lengthen(self, act: Act, now: datetime) -> None:
        self._must(self.life.rhythm.freq != "ONCE" and not self.whole.is_off)
        last, fresh, length = self.last_on(act), self.further(act), self.life.rhythm.length
        out = fresh[:1] if act.flag else []
        new = [start for start in fresh if start not in out]
        self._must(not any(self.life.is_trouble(start) for start in new))
        happening = [start.date() for start, one in self.dates.items() if not one.is_off]
        end = max(happening, default=min(self.life.starts()).date())
        again = [
            start
            for start, one in self.dates.items()
            if one.is_off and end < start.date() <= last and not self.has_ended(start, now)
        ]
        self._set(again, is_off=False, note="")
        self.dates |= {start: Date(start, start + length) for start in new}
        self.gone |= set(out)
        if fresh:
            self.whole = replace(self.whole, until=max(fresh).date())

    def _hand_over(self, act: Act, now: datetime) -> None:
        host = HOSTS[act.number % len(HOSTS)]
        self._must(host != self.whole.host)
        self.whole = replace(self.whole, host=host)

    def _undo(self, act: Act, now: datetime) -> None:
        """The newest change, but for dates that have passed or would be put into the past.

        What it added has been published, and is called off.
        """
        self._must(bool(self.changes))
        change = self.changes.pop()
        kept = {"until": self.whole.until} if change.added else {}
        self.whole = replace(self.whole, **{**change.whole, **kept})
        for start, before in change.dates.items():
            ends = before.get("ends", self.dates[start].ends)
            if not self.has_ended(start, now) and self.instant(ends) > now:
                self._set([start], **before)
        added = [start for start in change.added if not self.has_ended(start, now)]
        self._set(added, is_off=True, note=STRUCK)


def _differing(before: Any, after: Any) -> dict[str, Any]:
    """The fields of `before` that are different in `after`."""
    names = [one.name for one in fields(before)]
    return {
        name: getattr(before, name)
        for name in names
        if getattr(before, name) != getattr(after, name)
    }


# --- making lives -------------------------------------------------------------------------

MINUTES = st.sampled_from([0, 30, 15, 45])
LENGTHS = [timedelta(minutes=m) for m in (60, 15, 45, 90, 180, 360, 480, 720, 1440, 2880, 4500)]
CLOCKS = st.builds(time, st.integers(0, 23), MINUTES)


@st.composite
def any_rhythm(draw: st.DrawFn) -> Rhythm:
    """Any rhythm from 2026 to 2028, by day and by night, over clock changes or not."""
    first = draw(st.dates(date(2026, 1, 1), date(2028, 6, 30)))
    freq = draw(st.sampled_from(["WEEKLY", "ONCE", "DAILY", "MONTHLY"]))
    is_all_day = draw(st.integers(0, 4)) == 4
    clock = time() if is_all_day else draw(CLOCKS)
    length = draw(st.sampled_from(LENGTHS))
    if is_all_day:
        length = timedelta(days=draw(st.sampled_from([1, 1, 1, 2, 3, 7])))
    elif freq == "ONCE":
        length += timedelta(days=draw(st.sampled_from([0, 0, 1, 20])))
    weekdays: tuple[int, ...] = ()
    month_day, nth = None, None
    if freq == "WEEKLY":
        weekdays = tuple(sorted(draw(st.sets(st.integers(0, 6), max_size=4))))
    if freq == "MONTHLY":
        what = draw(st.sampled_from(["own", "nth", "day"]))
        month_day = draw(st.sampled_from([1, 15, 28, 29, 30, 31])) if what == "day" else None
        ordinals = st.sampled_from([1, 2, 3, 4, -1])
        nth = (draw(ordinals), draw(st.integers(0, 6))) if what == "nth" else None
    span = {"ONCE": 0, "DAILY": 60, "WEEKLY": 250, "MONTHLY": 400}[freq]
    until = first + timedelta(days=draw(st.integers(0, span)))
    return Rhythm(
        zone=draw(st.sampled_from(ZONES)),
        starts=datetime.combine(first, clock),
        length=length,
        freq=freq,
        interval=draw(st.sampled_from([1, 1, 1, 2, 3])),
        until=min(until, date(2028, 12, 31)),
        weekdays=weekdays,
        month_day=month_day,
        nth=nth,
        is_all_day=is_all_day,
    )


WAITS = st.sampled_from([timedelta(), timedelta(minutes=1), timedelta(days=1), timedelta(days=9)])
NAMES = ["cancel", "restore", "move", "alter", "rename", "shorten", "lengthen", "reset", "undo"]
NAMES += ["cancel", "restore", "move", "alter", "undo", "hand_over", "cancel_all", "say_why"]
ACTS = st.builds(
    Act,
    name=st.sampled_from(NAMES),
    wait=WAITS,
    which=st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple),
    days=st.integers(-9, 30),
    at=CLOCKS,
    length=st.sampled_from([*LENGTHS, timedelta()]),
    number=st.integers(0, 2),
    flag=st.booleans(),
    starts=st.none() | CLOCKS,
    ends=st.none() | CLOCKS,
    where=st.sampled_from([None, "", "Torget vid ån"]),
    title=st.sampled_from([None, "", "Öppet hus; kom, se"]),
    note=st.sampled_from([None, "", "Vi äter \\ sjunger"]),
)


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """Any life. Most events are made before they begin, some when half of it is over."""
    rhythm = draw(any_rhythm())
    begins = datetime.combine(rhythm.starts.date(), time(9), UTC)
    return Life(
        rhythm,
        now=begins - timedelta(days=draw(st.integers(-60, 120))),
        left_out=draw(st.frozensets(st.integers(0, 20), max_size=3)),
        avoids_trouble=draw(st.booleans()),
        acts=tuple(draw(st.lists(ACTS, max_size=6))),
    )


def moments(life: Life) -> Iterator[tuple[Act, datetime]]:
    """The acts of a life, each with when it is done."""
    now = life.now
    for act in life.acts:
        now += act.wait
        yield act, now

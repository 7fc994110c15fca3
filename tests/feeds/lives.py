"""Lives of events: a rhythm, its exceptions, and everything that an editor does to the dates.

`lives()` makes any of them, and hypothesis shrinks them; `Foreseen` says what one should come
to. Neither imports anything from the portal: what is allowed and what follows is worked out here
as a person would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from tests.events.oracle import ZONES, Rhythm, readings

MONTH = timedelta(days=31)
TITLES = ("Café", "Läxhjälp, nummer 2; \\ö", "Språkcafé på " + "många språk " * 8)


@dataclass(frozen=True)
class Act:
    """Something that an editor does, `wait` after the act before it.

    `which` counts round the dates of the event, past ones included. `days`, `at` and `length`
    say where a date is moved to.
    """

    name: str
    wait: timedelta = timedelta()
    which: int = 0
    days: int = 0
    at: time = time(10)
    length: timedelta = timedelta(hours=1)
    number: int = 0
    flag: bool = False


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


@dataclass
class Date:
    """One date as it should be now: wall times, and whether it is called off."""

    starts: datetime
    ends: datetime
    is_off: bool = False


@dataclass
class Foreseen:
    """What an event should be after each act. Dates by original wall start, for ever."""

    life: Life
    dates: dict[datetime, Date] = field(default_factory=dict)
    title: str = TITLES[0]
    is_preliminary: bool = False
    is_off: bool = False

    def __post_init__(self) -> None:
        out, length = self.life.out(), self.life.rhythm.length
        self.dates = {
            start: Date(start, start + length) for start in self.life.starts() if start not in out
        }

    def chosen(self, act: Act) -> datetime:
        """The original wall start of the date that an act is about."""
        starts = list(self.dates)
        return starts[act.which % len(starts)]

    def target(self, act: Act) -> tuple[datetime, datetime]:
        """The wall times that a date is moved to."""
        rhythm, start = self.life.rhythm, self.chosen(act)
        day = start.date() + timedelta(days=act.days)
        if rhythm.is_all_day:
            starts = datetime.combine(day, time())
            return starts, starts + rhythm.length
        starts = datetime.combine(day, act.at)
        return starts, starts + act.length

    def has_ended(self, start: datetime, now: datetime) -> bool:
        return self.instant(self.dates[start].ends) <= now

    def instant(self, wall: datetime) -> datetime:
        """When a wall time is, which is one that there is."""
        return readings(wall, self.life.rhythm.zone)[0]

    def do(self, act: Act, now: datetime) -> bool:
        """Carries an act out; whether it should be allowed."""
        may = getattr(self, f"_{act.name}")(act, now)
        assert isinstance(may, bool)
        return may

    def _rename(self, act: Act, now: datetime) -> bool:
        self.title, self.is_preliminary = TITLES[act.number % len(TITLES)], act.flag
        return True

    def _cancel(self, act: Act, now: datetime) -> bool:
        start = self.chosen(act)
        if self.has_ended(start, now):
            return False
        self.dates[start].is_off = True
        return True

    def _restore(self, act: Act, now: datetime) -> bool:
        start = self.chosen(act)
        if self.is_off or self.has_ended(start, now):
            return False
        self.dates[start].is_off = False
        return True

    def _move(self, act: Act, now: datetime) -> bool:
        start, (starts, ends) = self.chosen(act), self.target(act)
        if self.has_ended(start, now) or ends <= starts:
            return False
        if not are_times(self.life.rhythm, starts, ends):
            return False
        if self.instant(ends) <= now:
            return False
        self.dates[start].starts, self.dates[start].ends = starts, ends
        return True

    def _cancel_all(self, act: Act, now: datetime) -> bool:
        if self.is_off:
            return False
        self.is_off = True
        left = [start for start in self.dates if not self.has_ended(start, now)]
        for start in left or self.dates:
            self.dates[start].is_off = True
        return True

    def status(self, date: Date) -> str:
        """RFC 5545's word for how it stands."""
        if date.is_off:
            return "CANCELLED"
        return "TENTATIVE" if self.is_preliminary else "CONFIRMED"

    def coming(self, now: datetime) -> list[tuple[datetime, Date]]:
        """The dates that have not ended, by when they begin now."""
        left = [(start, one) for start, one in self.dates.items() if not self.has_ended(start, now)]
        return sorted(left, key=lambda pair: pair[1].starts)


# --- making lives -------------------------------------------------------------------------

MINUTES = st.sampled_from([0, 30, 15, 45])
LENGTHS = [timedelta(minutes=m) for m in (60, 15, 45, 90, 180, 360, 480, 720, 1440, 2880, 4500)]
CLOCKS = st.builds(time, st.integers(0, 23), MINUTES)
NAMES = ("rename", "cancel", "restore", "move", "cancel_all")


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
ACTS = st.builds(
    Act,
    name=st.sampled_from(NAMES[:-1] * 3 + NAMES[-1:]),
    wait=WAITS,
    which=st.integers(0, 30),
    days=st.integers(-9, 30),
    at=CLOCKS,
    length=st.sampled_from([*LENGTHS, timedelta()]),
    number=st.integers(0, len(TITLES) - 1),
    flag=st.booleans(),
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

"""A random programme with everything an editor can do to it, and what it should come to.

The expected dates come from tests/events/oracle.py, which imports nothing from the portal.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from portal.core.extensions import db
from portal.core.problems import Refused
from portal.events import actions, changing
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Rule, Series, wall
from portal.events.rules import LeftOut
from tests.events.oracle import QUIET, Rhythm, to_utc
from tests.support.factories import details

# Twelve months from here hold both clock changes, in Europe and in America.
NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=365)
ZONES = ["Europe/Stockholm"] * 6 + ["Europe/Helsinki", "America/St_Johns"]
REASON = {"sv": "Vi är sjuka; se, nästa vecka\nigen."}


@dataclass
class Expected:
    """One date as any calendar should show it."""

    start: str
    end: str
    status: str
    recurrence_id: str | None


@dataclass
class Case:
    """An event that was made, and its expected dates by original wall start."""

    rhythm: Rhythm
    done: list[str] = field(default_factory=list)
    dates: dict[datetime, Expected] = field(default_factory=dict)


def say(moment: datetime, zone: str, is_all_day: bool) -> str:
    if is_all_day:
        return moment.date().isoformat()
    return to_utc(moment, zone).strftime("%Y-%m-%dT%H:%M:%SZ")


def rhythm(rng: random.Random) -> Rhythm:
    first = date(2026, 8, 1) + timedelta(days=rng.randrange(400))
    is_all_day = rng.random() < 0.2
    freq = rng.choice(["ONCE", "DAILY", "WEEKLY", "WEEKLY", "WEEKLY", "MONTHLY", "MONTHLY"])
    hour, minute = rng.choice([*QUIET, (22, 0), (23, 30)])
    length = timedelta(minutes=rng.choice([30, 45, 60, 90, 120, 180]))
    if hour >= 22:
        length = timedelta(hours=6)  # over midnight, and at times over a clock change
    if is_all_day:
        hour, minute, length = 0, 0, timedelta(days=rng.choice([1, 1, 1, 2]))
    if freq == "ONCE":
        length = rng.choice([length, length + timedelta(days=rng.randrange(3))])
    weekdays: tuple[int, ...] = ()
    month_day, nth = None, None
    if freq == "WEEKLY":
        weekdays = tuple(sorted(rng.sample(range(7), rng.choice([0, 1, 1, 2, 3]))))
    if freq == "MONTHLY":
        what = rng.choice(["own", "day", "nth", "nth", "last"])
        month_day = rng.choice([1, 29, 30, 31]) if what == "day" else None
        nth = (rng.randint(1, 4), rng.randrange(7)) if what == "nth" else None
        nth = (-1, rng.randrange(7)) if what == "last" else nth
    span = {"ONCE": 0, "DAILY": 40, "WEEKLY": 250, "MONTHLY": 300}[freq]
    return Rhythm(
        zone=rng.choice(ZONES),
        starts=datetime.combine(first, time(hour, minute)),
        length=length,
        freq=freq,
        interval=rng.choice([1, 1, 1, 2, 3]),
        until=first + timedelta(days=rng.randint(0, span)),
        weekdays=weekdays,
        month_day=month_day,
        nth=nth,
        is_all_day=is_all_day,
    )


def series_of(wanted: Rhythm) -> Series:
    rule = None
    if wanted.freq != "ONCE":
        parts = (wanted.interval, wanted.weekdays, wanted.month_day, wanted.nth)
        rule = Rule(wanted.freq, wanted.until, *parts)
    ends = wanted.starts + wanted.length
    return Series(wanted.starts, ends, wanted.zone, wanted.is_all_day, rule)


def starts_of(wanted: Rhythm) -> list[datetime]:
    return [wanted.starts] if wanted.freq == "ONCE" else wanted.starts_on()


def add(rng: random.Random, number: int) -> tuple[Event, Case] | None:
    """Makes and publishes one event and does things to it; None when the rules refuse it."""
    case = Case(rhythm(rng))
    starts = starts_of(case.rhythm)
    if not starts or starts[-1] > datetime(2027, 11, 1):
        return None
    out = rng.sample(starts, min(len(starts) - 1, rng.choice([0, 0, 1, 3])))
    more: dict[str, Any] = rng.choice(
        [{}, {}, {"is_preliminary": True}, {"visibility": "without_place", "phone": "0555-1"}]
    )
    what = details(titles={"sv": f"Café, nummer {number}; \\ö"}, **more)
    try:
        left = [LeftOut(start) for start in out]
        event = actions.create(what, series_of(case.rhythm), left, date(2026, 10, 1))
    except Refused:
        return None
    actions.publish(event, may_use_place=True)
    confirmed = "TENTATIVE" if event.is_preliminary else "CONFIRMED"
    for start in starts:
        if start not in out:
            case.dates[start] = expected(case.rhythm, start, start, confirmed)
    disturb(rng, event, case, confirmed)
    return event, case


def expected(wanted: Rhythm, identity: datetime, start: datetime, status: str) -> Expected:
    repeats = wanted.freq != "ONCE"
    return Expected(
        start=say(start, wanted.zone, wanted.is_all_day),
        end=say(start + wanted.length, wanted.zone, wanted.is_all_day),
        status=status,
        recurrence_id=say(identity, wanted.zone, wanted.is_all_day) if repeats else None,
    )


def disturb(rng: random.Random, event: Event, case: Case, confirmed: str) -> None:
    """Moves, cancels and restores some dates that have not passed; cancels some events."""
    ahead = [row for row in event.occurrences if row.ends_at > NOW]
    for row in rng.sample(ahead, min(len(ahead), rng.choice([0, 1, 2, 4]))):
        act = rng.choice(["move", "cancel", "restore", "move and cancel", "move and restore"])
        case.done.append(f"{act} {row.key}")
        found = case.dates[row.recurrence_id]
        if "move" in act:
            start = moved(rng, row, case.rhythm)
            changing.move_date(row, start, start + case.rhythm.length, REASON)
            found = expected(case.rhythm, row.recurrence_id, start, confirmed)
        if "cancel" in act or "restore" in act:
            changing.cancel_date(row, REASON)
            found.status = "CANCELLED"
        if "restore" in act:
            changing.restore_date(row)
            found.status = confirmed
        case.dates[row.recurrence_id] = found
    if rng.random() < 0.1:
        case.done.append("cancel all")
        actions.cancel(event, REASON)
        for found in case.dates.values():
            found.status = "CANCELLED"


def moved(rng: random.Random, row: Occurrence, wanted: Rhythm) -> datetime:
    day = max(row.recurrence_id.date() + timedelta(days=rng.randint(-3, 9)), date(2026, 10, 2))
    hour, minute = (0, 0) if wanted.is_all_day else rng.choice([(10, 0), (13, 45), (16, 30)])
    return datetime.combine(day, time(hour, minute))


def build(seed: int, count: int) -> dict[str, Case]:
    """Publishes `count` events in the database at hand; answers what they should be, by UID."""
    rng, cases = random.Random(seed), dict[str, Case]()
    while len(cases) < count:
        made = add(rng, len(cases))
        if made is not None:
            cases[made[0].uid] = made[1]
    return cases


def rows() -> dict[str, dict[datetime, Expected]]:
    """What the database holds, said as calendars say it."""
    found: dict[str, dict[datetime, Expected]] = {}
    for row in db.session.query(Occurrence).filter(Occurrence.is_listed.is_(True)):
        event = row.event
        cancelled = "cancelled" in (event.status, row.status)
        plain = "TENTATIVE" if event.is_preliminary else "CONFIRMED"
        zone, whole = event.zone, event.is_all_day
        found.setdefault(event.uid, {})[row.recurrence_id] = Expected(
            say(wall(row.starts_at, zone), zone, whole),
            say(wall(row.ends_at, zone), zone, whole),
            "CANCELLED" if cancelled else plain,
            say(row.recurrence_id, zone, whole) if event.rrule else None,
        )
    return found

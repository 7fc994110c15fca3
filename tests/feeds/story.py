"""Nine events and what an autumn does to them, told step by step.

The steps are data: a name, how long after the step before it, and what is done. Each answers the
names of the events that it touched, so that whoever subscribes can be asked about the others too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Flask

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions, continuing
from portal.events.models import Event
from portal.events.rules import LeftOut
from portal.units import actions as units
from tests.events.oracle import Rhythm
from tests.feeds.doing import do, series_of
from tests.feeds.lives import STRUCK, Act, Change, Foreseen, Life
from tests.support.factories import details, unit
from tests.support.subscribers import Answer

STOCKHOLM = "Europe/Stockholm"
BEGINS = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
WINDOW = (BEGINS, BEGINS + timedelta(days=360))
FEED = "/feeds/unit-exempelbiblioteket.sv.ics"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def weekly(first: datetime, length: timedelta, until: date, **more: Any) -> Rhythm:
    zone = more.pop("zone", STOCKHOLM)
    return Rhythm(zone, first, length, more.pop("freq", "WEEKLY"), 1, until, **more)


# Over both clock changes, by night too; in another zone; every rhythm; whole days; once.
RHYTHMS: dict[str, Rhythm] = {
    "café": weekly(datetime(2026, 9, 9, 17), 1.5 * HOUR, date(2027, 4, 28)),
    "last Friday": weekly(
        datetime(2026, 9, 25, 10), 2 * HOUR, date(2027, 5, 28), freq="MONTHLY", nth=(-1, 4)
    ),
    "night": weekly(datetime(2026, 10, 10, 22), 6 * HOUR, date(2027, 4, 10)),
    "days": weekly(
        datetime(2026, 10, 3), 2 * DAY, date(2027, 4, 3), freq="MONTHLY", is_all_day=True
    ),
    "31st": weekly(
        datetime(2026, 10, 31, 13), HOUR, date(2027, 5, 31), freq="MONTHLY", month_day=31
    ),
    "once": replace(weekly(datetime(2026, 11, 5, 18), 2 * HOUR, date(2026, 11, 5)), freq="ONCE"),
    "Helsinki": weekly(
        datetime(2026, 10, 5, 9), HOUR, date(2027, 4, 30), weekdays=(0, 3), zone="Europe/Helsinki"
    ),
    "fortnight": replace(
        weekly(datetime(2026, 9, 15, 14, 30), HOUR, date(2027, 3, 31), weekdays=(1,)), interval=2
    ),
    "still": weekly(datetime(2026, 9, 10, 11), HOUR, date(2026, 12, 17), weekdays=(3,)),
}
EXTRA = weekly(datetime(2026, 10, 14, 12), HOUR, date(2026, 12, 9))
TUESDAYS = weekly(datetime(2026, 12, 1, 15), HOUR, date(2027, 3, 30), weekdays=(1,))


@dataclass
class Told:
    """An event of the story: where it is, and what it should be."""

    id: int
    slug: str
    uid: str
    foreseen: Foreseen


class Story:
    """The city in which it happens, and its clock."""

    def __init__(self, city: Flask, freeze: Callable[[datetime], None]) -> None:
        self.city, self.freeze, self.now = city, freeze, BEGINS
        self.client = city.test_client()
        self.events: dict[str, Told] = {}
        freeze(BEGINS)
        for name, rhythm in RHYTHMS.items():
            self.publish(name, rhythm, frozenset([6, 7]) if name == "café" else frozenset())

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """Asks the city's server."""
        answer = self.client.get(path, headers=headers)
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, named, answer.data)

    def write(self, act: Callable[[], None]) -> None:
        with self.city.app_context():
            begin_write()
            act()
            db.session.commit()

    def publish(self, name: str, rhythm: Rhythm, left_out: frozenset[int] = frozenset()) -> None:
        foreseen = Foreseen(Life(rhythm, self.now, left_out))

        def act() -> None:
            what = details(titles={"sv": foreseen.whole.title})
            out = [LeftOut(start) for start in foreseen.life.out()]
            event = actions.create(what, series_of(rhythm), out, self.now.date())
            actions.publish(event, may_use_place=True)
            self.events[name] = Told(event.id, event.slug, event.uid, foreseen)

        self.write(act)

    def do(self, name: str, act: Act) -> None:
        """One of the acts of lives.py, which must be allowed and change something."""
        told = self.events[name]
        self.write(lambda: do(self.event(name), act, told.foreseen, self.now.date()))
        assert told.foreseen.do(act, self.now) == "changed", act

    def event(self, name: str) -> Event:
        return db.session.get_one(Event, self.events[name].id)


Tell = Callable[[Story], set[str]]


@dataclass(frozen=True)
class Step:
    """One edit. `tell` does it and answers the names of the events that it changed."""

    name: str
    tell: Tell
    wait: timedelta = HOUR


def to(event: str, act: str, **how: Any) -> Tell:
    """One of the acts of lives.py, done to an event."""

    def tell(story: Story) -> set[str]:
        story.do(event, Act(act, **how))
        return {event}

    return tell


def publish_one_more(story: Story) -> set[str]:
    story.publish("extra", EXTRA)
    return {"extra"}


def change_rhythm(story: Story) -> set[str]:
    """Fortnightly Tuesdays end in November; a new series goes on every Tuesday."""
    old = story.events["fortnight"]
    new = Foreseen(Life(TUESDAYS, story.now))
    new.whole = replace(new.whole, title=old.foreseen.whole.title)

    def act() -> None:
        series, today = series_of(TUESDAYS), story.now.date()
        made = continuing.change_rhythm(story.event("fortnight"), series, [], today, True)
        story.events["Tuesdays"] = Told(made.id, made.slug, made.uid, new)

    story.write(act)
    gone = [start for start in old.foreseen.dates if start.date() >= TUESDAYS.starts.date()]
    before = {start: {"is_off": False, "note": ""} for start in gone}
    old.foreseen.changes.append(Change({}, before, []))
    for start in gone:
        old.foreseen.dates[start] = replace(old.foreseen.dates[start], is_off=True, note="replaced")
    return {"fortnight", "Tuesdays"}


def undo_rhythm(story: Story) -> set[str]:
    """The old dates happen after all; the new ones were published, and are cancelled."""
    story.do("fortnight", Act("undo"))
    new = story.events["Tuesdays"].foreseen
    for start, one in new.dates.items():
        new.dates[start] = replace(one, is_off=True, note=STRUCK)
    return {"fortnight", "Tuesdays"}


def new_telephone(story: Story) -> set[str]:
    """Every event that names the unit says so."""
    story.write(lambda: actions.change_unit(unit(), {"phone": "0555-77 77 77"}))
    return set(story.events)


def new_address(story: Story) -> set[str]:
    """The feed answers 301 from now on."""
    story.write(lambda: units.rename_slug(unit(), "exempelkopings-bibliotek"))
    return set()


def store_texts(story: Story) -> set[str]:
    """What `portal tick` does at night: no reader should notice."""
    story.write(lambda: list(jobs.tick()) and None)
    return set()


def on_closed_days(act: str) -> Tell:
    """What is on some days is cancelled with one reason, event by event; or gets another."""

    def tell(story: Story) -> set[str]:
        for name in ("café", "Helsinki"):
            days = (date(2026, 11, 16), date(2026, 11, 19))
            dates = list(story.events[name].foreseen.dates)
            which = [n for n, start in enumerate(dates) if days[0] <= start.date() <= days[1]]
            story.do(name, Act(act, which=tuple(which)))
        return {"café", "Helsinki"}

    return tell


STEPS = [
    Step("a title", to("café", "rename", number=1)),
    Step("one date cancelled", to("café", "cancel", which=(3,))),
    Step("three dates cancelled", to("café", "cancel", which=(5, 6, 7)), 5 * HOUR),
    Step("one of them taken back", to("café", "restore", which=(6,))),
    Step(
        "moved to Thursday", to("café", "move", which=(9,), days=1, at=time(18), length=HOUR), DAY
    ),
    Step("a night later", to("night", "move", which=(1,), days=1, at=time(22), length=6 * HOUR)),
    Step("other times", to("last Friday", "alter", which=(1, 2), starts=time(9), ends=time(13))),
    Step("another place", to("café", "alter", which=(10, 11), where="Torget vid ån"), DAY),
    Step("a title of its own", to("café", "alter", which=(12,), title="Öppet hus", note="Kom!")),
    Step("which is undone", to("café", "undo")),
    Step("whole days moved", to("days", "move", which=(1,), days=2), DAY),
    Step("the only date moved", to("once", "move", days=3, at=time(17), length=HOUR)),
    Step("the only date cancelled", to("once", "cancel"), 3 * DAY),
    Step("the only date taken back", to("once", "restore")),
    Step("a moved date cancelled", to("café", "cancel", which=(9,)), DAY),
    Step("and taken back", to("café", "restore", which=(9,)), DAY),
    Step("and as planned again", to("café", "reset", which=(9,))),
    Step("one event more", publish_one_more, DAY),
    Step("the spring is off", to("café", "shorten", which=(20,)), DAY),
    Step("and goes on longer", to("café", "lengthen", days=21, flag=True), DAY),
    Step("which is undone too", to("café", "undo")),
    Step("preliminary", to("last Friday", "rename", number=2, flag=True), DAY),
    Step("confirmed", to("last Friday", "rename", number=2), DAY),
    Step("the longest night is off", to("night", "cancel", which=(2,))),
    Step("another rhythm", change_rhythm, DAY),
    Step("which is undone as well", undo_rhythm, DAY),
    Step("stored at night", store_texts, DAY),
    Step("another host", to("Helsinki", "hand_over", number=1), DAY),
    Step("a new telephone", new_telephone, HOUR),
    Step("a new address", new_address, DAY),
    Step("three days closed", on_closed_days("cancel")),
    Step("for another reason", on_closed_days("say_why"), 3 * DAY),
    Step("all of it off", to("Helsinki", "cancel_all"), DAY),
    Step("and back", to("Helsinki", "undo"), DAY),
    Step("all that is left is off", to("extra", "cancel_all"), 7 * DAY),
]

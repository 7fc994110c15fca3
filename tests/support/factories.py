"""Events for tests, made through the room's own actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from portal.core.extensions import db
from portal.events import actions, observance_actions, queries
from portal.events.models import Event, Observance
from portal.events.observing import Marked
from portal.events.recurrence import Rule, Series, wall
from portal.events.rules import Details, LeftOut
from portal.places.models import Place
from portal.places.queries import premises
from portal.units.models import Unit
from portal.units.queries import unit_by_slug

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
ZONE = "Europe/Stockholm"
# A Wednesday, and Wednesdays over both clock changes of the winter.
ONCE = Series(datetime(2026, 11, 25, 17), datetime(2026, 11, 25, 18, 30), ZONE)
WEEKLY = Series(
    datetime(2026, 11, 25, 17),
    datetime(2026, 11, 25, 18, 30),
    ZONE,
    rule=Rule("WEEKLY", date(2027, 1, 27), weekdays=(2,)),
)


@dataclass(frozen=True)
class Made:
    """An event that was made and committed, as far as an outside test needs to know it."""

    id: int
    slug: str
    uid: str
    keys: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.keys[0]


def unit(slug: str = "exempelbiblioteket") -> Unit:
    found = unit_by_slug(slug)
    assert found is not None, slug
    return found


def place(slug: str = "exempelbiblioteket") -> Place:
    found = premises(unit(slug))
    assert found is not None, slug
    return found


def details(**changes: Any) -> Details:
    """A language café at the library, changed as wanted; `kind` may be given as an address."""
    kind = queries.kind_by_slug(changes.pop("kind", "language-cafe"))
    assert kind is not None
    basic = Details(
        titles={"sv": "Språkcafé", "en": "Language café"},
        texts={"sv": "Kom och öva svenska.", "en": "Come and practise."},
        kind_id=kind.id,
        unit_id=unit().id,
        place_id=place().id,
        languages=("sv",),
    )
    return replace(basic, **changes)


def new_event(
    series: Series = ONCE,
    left_out: tuple[LeftOut, ...] = (),
    *,
    status: str = "published",
    today: date = TODAY,
    **changes: Any,
) -> Event:
    """An event in the given status; the test is inside an app context and commits itself."""
    event = actions.create(details(**changes), series, list(left_out), today)
    if status in ("published", "cancelled"):
        actions.publish(event, may_use_place=True)
    if status == "waiting":
        actions.publish(event, may_use_place=False)
    if status == "cancelled":
        actions.cancel(event, {"sv": "Värden är sjuk."})
    return event


def marked(**changes: Any) -> Marked:
    """A day in April, every year, changed as wanted."""
    day = changes.pop("first_on", date(2026, 4, 8))
    basic = Marked(
        names={"sv": "Bokens dag", "en": "Day of the book"},
        texts={"sv": "Vi läser."},
        first_on=day,
        last_on=changes.pop("last_on", day),
    )
    return replace(basic, **changes)


def new_observance(status: str = "published", **changes: Any) -> Observance:
    """An observance in the given status, proposed by the library unless it is published."""
    if status in ("published", "withdrawn"):
        row = observance_actions.add(marked(**changes), TODAY)
    else:
        row = observance_actions.propose(marked(**changes), unit(), TODAY)
    if status == "withdrawn":
        observance_actions.withdraw(row, "Det blir inte av.")
    if status == "declined":
        observance_actions.decline(row, "Vi har den redan.")
    return row


def made(event: Event) -> Made:
    db.session.flush()
    rows = sorted(event.occurrences, key=lambda row: row.recurrence_id)
    return Made(event.id, event.slug, event.uid, tuple(row.key for row in rows))


def on_now(at: datetime = NOW, minutes: int = 90) -> Series:
    """One date that began half an hour before `at` and lasts so many minutes."""
    starts = wall(at - timedelta(minutes=30), ZONE)
    return Series(starts, starts + timedelta(minutes=minutes), ZONE)

"""What earlier releases imported, an event a date, is taken over as one source's dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import select, text

from portal.core import migrations
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions, changing
from portal.events.models import Event
from portal.events.recurrence import Series
from portal.imports.models import ImportedDate, ImportedEvent, Source
from tests.imports.bringing import at, bring, counts, dates, events, off, week
from tests.support.factories import NOW, TODAY, ZONE, details, place

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


def imported_before(number: int, **changes: object) -> Event:
    """What an earlier release made of a row of tests.imports.bringing.week."""
    said = {
        "titles": {"sv": "Sagostund"},
        "texts": {},
        "kind": "story-time",
        "languages": (),
        "audiences": ("children", "families"),
        "age_from": 3,
        "age_to": 6,
        "place_id": place().id,
    }
    series = Series(at(number), at(number) + timedelta(minutes=30), ZONE)
    event = actions.create(
        details(**{**said, **changes}), series, [], TODAY, source="programme",
        source_id=f"w{number}",
    )  # fmt: skip
    actions.publish(event, may_use_place=True)
    return event


def again() -> None:
    """The database as the release before left it, and up."""
    db.session.remove()
    with migrations._config() as config:
        command.downgrade(config, "0002")
    migrations.upgrade()
    assert migrations.drift() == ""


@both
def test_what_was_imported_before_goes_on(
    city: Flask, freeze: Callable[[datetime], None], engine: str
) -> None:
    freeze(NOW)
    with city.app_context():
        begin_write()
        made = [imported_before(n) for n in range(4)]
        (row,) = made[3].occurrences
        changing.move_date(row, at(3) + timedelta(hours=3), at(3) + timedelta(hours=4), {})
        actions.cancel(made[2], {})
        own = actions.create(details(), Series(at(0), at(0) + timedelta(hours=1), ZONE), [], TODAY)
        actions.publish(own, may_use_place=True)
        db.session.commit()
        before = {event.uid: event.sequence for event in events()}
        again()
        source = db.session.scalars(select(Source)).one()
        assert (source.name, source.unit_id, source.address) == ("programme", None, "")
        assert {key: row.event.source_id for key, row in dates().items()} == {
            f"w{n}": f"w{n}" for n in range(4)
        }
        assert len(db.session.scalars(select(ImportedEvent)).all()) == 4
        assert {row.said == {} for row in db.session.scalars(select(ImportedDate))} == {True}
        # The same file changes nothing that is the same, and follows what it says otherwise.
        made_of = bring(*[week(n) for n in range(4)])
        assert (made_of.new_dates, made_of.cancelled_dates, made_of.kept) == (0, 0, [])
        assert dates()["w3"].starts_at.hour == 9, "nobody knows who moved it: the source is asked"
        after = {event.uid: event.sequence for event in events()}
        assert {uid for uid in before if after[uid] != before[uid]} == {dates()["w3"].event.uid}
        assert off() == {"w2"}, "cancelled as a whole, and that stays"
        assert bring(*[week(n) for n in range(4)]).is_empty
        # From here on it is known what was said.
        begin_write()
        changing.cancel_date(dates()["w1"], {})
        db.session.commit()
        kept = bring(week(0), week(1, title="Annat"), week(3))
        assert dates()["w1"].status == "cancelled"
        assert "dw1:is_cancelled" in {difference.mark for _, difference in kept.kept}


@both
def test_dates_that_are_gone_by_then_are_cancelled(
    city: Flask, freeze: Callable[[datetime], None], engine: str
) -> None:
    freeze(NOW)
    with city.app_context():
        begin_write()
        for number in range(3):
            imported_before(number)
        db.session.commit()
        again()
        assert counts(bring(week(0), week(2))) == (0, 0, 1, 2, 0)
        assert off() == {"w1"}
        # New ones go on from the last of them, and it becomes a series.
        bring(week(0), week(2), week(3), week(4))
        assert (len(events()), off()) == (3, {"w1"})
        assert {dates()[f"w{n}"].event_id for n in (2, 3, 4)} == {dates()["w2"].event_id}


@both
def test_nothing_imported_makes_no_source(city: Flask, engine: str) -> None:
    with city.app_context():
        again()
        assert db.session.execute(text("SELECT count(*) FROM import_source")).scalar() == 0

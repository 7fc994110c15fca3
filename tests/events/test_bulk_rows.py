"""Events made a thousand at a time are those that the form would make one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import inspect

from portal.core.extensions import db
from portal.core.text import slugify
from portal.events.bulk import Prepared, Publisher
from portal.events.models import Event
from portal.events.recurrence import Series
from portal.events.rules import DateState, LeftOut
from tests.support.factories import ONCE, WEEKLY, details, new_event

pytestmark = [
    pytest.mark.parametrize("engine", ["sqlite", "postgresql"]),
    pytest.mark.usefixtures("inside"),
]
OUT = datetime(2026, 12, 2, 17)


def publish(*events: Prepared) -> list[Event]:
    publisher = Publisher({slugify(one.details.titles["sv"]) for one in events})
    ids = publisher.publish(publisher.ready(events))
    return [db.session.get_one(Event, event_id) for event_id in ids]


def columns(row: Any, *own: str) -> dict[str, Any]:
    names = {column.key for column in inspect(row).mapper.column_attrs} - {"id", "event_id", *own}
    return {name: getattr(row, name) for name in sorted(names)}


def told(event: Event) -> tuple[Any, ...]:
    """All columns but those of its identity, of it and its dates."""
    return (
        # Made, then published: two steps for the form.
        columns(event, "slug", "uid", "sequence", "revised_at"),
        [columns(row) for row in event.occurrences],
        [columns(row) for row in event.exdates],
    )


@pytest.mark.parametrize("series", [ONCE, WEEKLY])
@pytest.mark.parametrize("said", [{}, {"age_from": 3, "texts": {}, "visibility": "staff"}])
def test_every_column_is_as_the_form_makes_it(series: Series, said: dict[str, Any]) -> None:
    left_out = (LeftOut(OUT, {}),) if series is WEEKLY else ()
    by_form = new_event(series, left_out, **said)
    exdates = frozenset({OUT}) if series is WEEKLY else frozenset[datetime]()
    [in_bulk] = publish(Prepared(details(**said), replace(series, exdates=exdates)))
    assert told(in_bulk) == told(by_form)
    assert by_form.uid != in_bulk.uid


def test_dates_belong_to_their_events_in_order() -> None:
    times = [timedelta(days=number) for number in (3, 0, 2)]
    made = publish(
        *(
            Prepared(
                details(titles={"sv": f"Nummer {at.days}"}),
                replace(ONCE, starts=ONCE.starts + at, ends=ONCE.ends + at),
            )
            for at in times
        )
    )
    for event, at in zip(made, times, strict=True):
        assert event.titles == {"sv": f"Nummer {at.days}"}
        assert [row.recurrence_id for row in event.occurrences] == [ONCE.starts + at]


def test_a_date_that_differs_is_told_apart() -> None:
    second = WEEKLY.starts + timedelta(days=7)
    there = DateState(second, second + timedelta(hours=1), "Fest", (None, "I parken"), "", True)
    [event] = publish(Prepared(details(), WEEKLY, {second: there}))
    first, row, *_ = event.occurrences
    assert (first.is_override, first.status, first.titles) == (False, "confirmed", {})
    assert (row.is_override, row.status) == (True, "cancelled")
    assert (row.titles, row.elsewhere) == ({"sv": "Fest"}, "I parken")


def test_an_address_that_was_taken_meanwhile_is_left_to_whoever_has_it() -> None:
    publisher = Publisher({"sprakcafe"})
    ready = publisher.ready([Prepared(details(), ONCE), Prepared(details(), ONCE)])
    theirs = new_event()
    made = [db.session.get_one(Event, event_id) for event_id in publisher.publish(ready)]
    assert theirs.slug == "sprakcafe"
    assert made[0].slug == f"sprakcafe-{made[0].uid[:8]}"
    assert made[1].slug == "sprakcafe-2"

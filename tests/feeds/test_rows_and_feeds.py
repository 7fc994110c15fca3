"""The rows of the database, the expander and the feed say the same dates.

A random programme with every rhythm and everything that can happen to a date is published;
then the dates are asked for four times over: worked out day by day by the oracle, read from
the database, and read from the feed by two calendar programs that share no code with us.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from portal.core.extensions import db
from portal.events.models import Event
from portal.events.queries import series_of
from portal.events.recurrence import Rule, Series
from portal.events.rrule import format_rrule
from tests.feeds.programme import NOW, UNTIL, Case, Expected, build, rows
from tests.support.factories import ZONE, new_event
from tests.support.icalpy import IcalJs, Occurrence, by_python
from tests.support.portal_app import Browser

Dates = list[tuple[str, str | None, str, str, str]]


def window(dates: list[tuple[str, Expected]]) -> Dates:
    first, last = NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), UNTIL.strftime("%Y-%m-%dT%H:%M:%SZ")
    return sorted(
        (uid, one.recurrence_id, one.start, one.end, one.status)
        for uid, one in dates
        if first <= (one.start if "T" in one.start else f"{one.start}T00:00:00Z") < last
    )


def shown(found: list[Occurrence]) -> Dates:
    return sorted(
        (one["uid"], one["recurrence_id"], one["start"], one["end"], one["status"]) for one in found
    )


def compare(
    city: Flask, seed: int, count: int, read: Callable[[bytes], list[Occurrence]]
) -> Counter[str]:
    with city.app_context():
        cases = build(seed, count)
        db.session.commit()
        stored = rows()
        for event in db.session.query(Event):
            # The feed takes the rule as it is stored.
            assert event.rrule == format_rrule(series_of(event))
    feed = city.test_client().get("/feeds/all.sv.ics").data
    for uid, case in cases.items():
        assert stored[uid] == case.dates, (case.rhythm, case.done)
    wanted = window([(uid, one) for uid, case in cases.items() for one in case.dates.values()])
    tell(cases, wanted, shown(read(feed)))
    return Counter(case.rhythm.freq for case in cases.values())


def tell(cases: dict[str, Case], wanted: Dates, found: Dates) -> None:
    """A difference, with the events that it is about."""
    if wanted != found:
        wrong = sorted(set(wanted) ^ set(found), key=str)
        about = {one[0]: cases[one[0]] for one in wrong[:6]}
        parts = [f"{c.rhythm}\n  {c.done}" for c in about.values()]
        lines = [f"{'wanted' if one in wanted else 'found'} {one[1:]}" for one in wrong[:6]]
        pytest.fail("\n".join([*parts, *lines]))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_rows_and_feed_agree_read_by_python(
    city: Flask, freeze: Callable[[datetime], None], engine: str
) -> None:
    freeze(NOW)
    seed = 1 if engine == "sqlite" else 2
    rhythms = compare(city, seed, 45, lambda feed: by_python(feed, NOW, UNTIL))
    assert set(rhythms) == {"ONCE", "DAILY", "WEEKLY", "MONTHLY"}


def test_rows_and_feed_agree_read_by_ical_js(
    city: Flask, freeze: Callable[[datetime], None], ical_js: IcalJs
) -> None:
    freeze(NOW)
    compare(city, 3, 80, lambda feed: ical_js.read(feed, NOW, UNTIL))


@pytest.mark.parametrize("first", [datetime(2026, 10, 24, 23), datetime(2027, 3, 20, 23)])
def test_nights_over_a_clock_change_are_as_long_in_every_calendar(
    city: Flask, freeze: Callable[[datetime], None], ical_js: IcalJs, first: datetime
) -> None:
    """The first night of a series, or a later one, is an hour longer or shorter."""
    freeze(NOW)
    rule = Rule("DAILY", date(2027, 4, 1), 7)
    with city.app_context():
        event = new_event(
            Series(first, first + timedelta(hours=6), ZONE, rule=rule), status="published"
        )
        dates = [(row.starts_at, row.ends_at) for row in event.occurrences]
        db.session.commit()
    lengths = {(end - start).total_seconds() / 3600 for start, end in dates}
    assert len(lengths) > 1, "the series is over a clock change"
    feed = city.test_client().get("/feeds/all.sv.ics").data
    wanted = sorted(f"{start:%Y-%m-%dT%H:%M:%SZ} {end:%Y-%m-%dT%H:%M:%SZ}" for start, end in dates)
    for found in (by_python(feed, NOW, UNTIL), ical_js.read(feed, NOW, UNTIL)):
        assert [f"{one['start']} {one['end']}" for one in found] == wanted


@pytest.mark.storm
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_programmes(
    city: Flask, freeze: Callable[[datetime], None], ical_js: IcalJs, seed: int
) -> None:
    freeze(NOW)

    def both(feed: bytes) -> list[Occurrence]:
        found = by_python(feed, NOW, UNTIL)
        assert shown(found) == shown(ical_js.read(feed, NOW, UNTIL))
        return found

    compare(city, seed, 100, both)


def test_a_fault_in_the_feed_would_be_seen(
    city: Flask, freeze: Callable[[datetime], None], client: Browser
) -> None:
    """The control: the same comparison fails for a feed that lost its overrides."""
    freeze(NOW)
    with pytest.raises(pytest.fail.Exception):
        compare(
            city,
            4,
            20,
            lambda feed: by_python(feed.replace(b"\r\nRECURRENCE-ID", b"\r\nX-LOST"), NOW, UNTIL),
        )

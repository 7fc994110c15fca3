"""The feed of observances, as calendar programs read it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import observance_actions as actions
from portal.events.models import Observance
from portal.events.observing import TOLD
from portal.feeds.window import DAYS_AHEAD
from portal.units import actions as units
from tests.support.factories import NOW, TODAY, marked, new_event, new_observance
from tests.support.icalpy import IcalJs, by_python
from tests.support.portal_app import Browser

FEED = "/feeds/observances.{}.ics"
FROM, UNTIL = datetime(2026, 9, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
Freeze = Callable[[datetime], None]
both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@pytest.fixture(autouse=True)
def today(freeze: Freeze) -> None:
    freeze(NOW)


@pytest.fixture
def make(city: Flask) -> Callable[..., tuple[int, str]]:
    """make("withdrawn", names=…) commits an observance; answers its id and UID."""

    def start(*args: Any, **changes: Any) -> tuple[int, str]:
        with city.app_context():
            begin_write()
            row = new_observance(*args, **changes)
            db.session.commit()
            return row.id, row.uid

    return start


def do(city: Flask, observance_id: int, act: Callable[[Observance], None]) -> None:
    with city.app_context():
        begin_write()
        act(db.session.get_one(Observance, observance_id))
        db.session.commit()


def entries(client: Browser, key: str = "sv", again: str = "") -> list[Any]:
    answer = client.get(FEED.format(key) + again)
    assert answer.status_code == 200
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


@both
def test_each_year_is_an_event_of_its_own(client: Browser, make: Any, engine: str) -> None:
    _, uid = make(is_flag_day=True, link="https://example.org/dag")
    _, period = make(
        names={"sv": "Läsveckor"}, first_on=date(2025, 12, 20), last_on=date(2026, 1, 6)
    )
    found = {str(one["UID"]): one for one in entries(client)}
    assert set(found) == {f"{uid}-2027", f"{period}-2026"}
    day = found[f"{uid}-2027"]
    assert day["DTSTART"].dt == date(2027, 4, 8)
    assert day["DTEND"].dt == date(2027, 4, 9), "the day after"
    assert "RRULE" not in day
    assert day["TRANSP"] == "TRANSPARENT"
    assert day["STATUS"] == "CONFIRMED"
    assert day["CATEGORIES"].cats == ["Flaggdag"]
    assert str(day["SUMMARY"]) == "Bokens dag"
    assert day["URL"] == "http://127.0.0.1:8000/observances#bokens-dag-2027"
    assert str(day["DESCRIPTION"]).split("\n\n") == [
        "Flaggdag",
        "Vi läser.",
        "https://example.org/dag",
        str(day["URL"]),
    ]
    weeks = found[f"{period}-2026"]
    assert (weeks["DTSTART"].dt, weeks["DTEND"].dt) == (date(2026, 12, 20), date(2027, 1, 7))
    assert "CATEGORIES" not in weeks


@both
def test_calendar_programs_read_the_same_days(
    client: Browser, make: Any, ical_js: IcalJs, engine: str
) -> None:
    make()
    make(names={"sv": "Läsveckor"}, first_on=date(2025, 12, 20), last_on=date(2026, 1, 6))
    make("withdrawn", names={"sv": "Inget"}, first_on=date(2026, 12, 1))
    make("proposed", names={"sv": "Kanske"}, first_on=date(2026, 12, 2))
    make("declined", names={"sv": "Nej"}, first_on=date(2026, 12, 3))
    feed = client.get(FEED.format("sv")).data
    found = by_python(feed, FROM, UNTIL)
    assert [(one["start"], one["end"], one["status"]) for one in found] == [
        ("2026-12-01", "2026-12-02", "CANCELLED"),
        ("2026-12-20", "2027-01-07", "CONFIRMED"),
        ("2027-04-08", "2027-04-09", "CONFIRMED"),
    ]
    assert ical_js.read(feed, FROM, UNTIL) == found


def test_the_feed_has_its_name_in_each_language(client: Browser, make: Any) -> None:
    make()
    for key, name, summary in (
        ("sv", "Högtidsdagar – Mötesplatser", "Bokens dag"),
        ("en", "Observances – Meeting places", "Day of the book"),
        ("fi", "Merkkipäivät – Kohtaamispaikat", "Bokens dag"),
    ):
        calendar = Calendar.from_ical(client.get(FEED.format(key)).data)
        assert str(calendar["X-WR-CALNAME"]) == name
        (entry,) = calendar.walk("VEVENT")
        assert str(entry["SUMMARY"]) == summary
        assert entry["SUMMARY"].params["LANGUAGE"] == ("en" if key == "en" else "sv")
    assert client.get("/subscribe?scope=observances").status_code == 200


def test_uids_are_the_same_in_all_languages(client: Browser, make: Any) -> None:
    make()
    uids = {tuple(str(one["UID"]) for one in entries(client, key)) for key in ("sv", "en", "fi")}
    assert len(uids) == 1


def test_from_60_days_back_to_a_year_ahead(client: Browser, make: Any) -> None:
    for first in (
        TODAY - timedelta(days=61),
        TODAY - timedelta(days=60),
        TODAY + timedelta(days=365),
        TODAY + timedelta(days=366),
    ):
        if first < TODAY:
            make(first_on=first, last_on=first)
        else:
            make(first_on=first, last_on=first, is_annual=False)
    starts = [one["DTSTART"].dt for one in entries(client)]
    assert starts == [
        TODAY - timedelta(days=60),
        # The years to come of the two that have been.
        TODAY.replace(year=2027) - timedelta(days=61),
        TODAY.replace(year=2027) - timedelta(days=60),
        TODAY + timedelta(days=365),
    ]


def test_what_withdrawing_calls_off_is_what_feeds_have_told() -> None:
    assert timedelta(days=DAYS_AHEAD) == TOLD


@both
def test_a_withdrawal_is_told_stays_and_is_taken_back(
    client: Browser, city: Flask, make: Any, freeze: Freeze, engine: str
) -> None:
    made, _ = make()
    (before,) = entries(client)
    do(city, made, lambda row: actions.withdraw(row, "Det blir inte av."))
    (off,) = entries(client)
    assert off["UID"] == before["UID"]
    assert off["STATUS"] == "CANCELLED"
    assert str(off["SUMMARY"]) == "INSTÄLLT: Bokens dag"
    assert str(off["DESCRIPTION"]).startswith("INSTÄLLT\n\nDet blir inte av.")
    assert off["SEQUENCE"] == before["SEQUENCE"] + 1
    assert off["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt
    # Next year's day has passed, and the one after it is never told of.
    freeze(datetime(2027, 5, 1, tzinfo=UTC))
    assert [one["UID"] for one in entries(client, again="?later")] == [before["UID"]]
    freeze(datetime(2027, 8, 1, tzinfo=UTC))
    assert entries(client, again="?much-later") == []
    freeze(NOW)
    do(city, made, actions.restore)
    (back,) = entries(client, again="?back")
    assert (back["STATUS"], back["SUMMARY"]) == ("CONFIRMED", before["SUMMARY"])
    assert back["SEQUENCE"] == off["SEQUENCE"] + 1


@both
def test_it_is_kept_and_304_until_something_changes(
    client: Browser, city: Flask, make: Any, engine: str
) -> None:
    made, _ = make()
    first = client.get(FEED.format("sv"))
    assert first.headers["Cache-Control"] == "public, max-age=900, stale-if-error=86400"
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(FEED.format("sv"), headers=known).status_code == 304
    assert client.get(FEED.format("sv") + "?again").data == first.data
    do(city, made, lambda row: actions.change(row, marked(names={"sv": "Ny"}), TODAY))
    second = client.get(FEED.format("sv"), headers=known)
    assert second.status_code == 200
    assert "Ny" in second.text


def test_without_observances_it_is_an_empty_calendar(client: Browser, city: Flask) -> None:
    answer = client.get(FEED.format("sv"))
    assert answer.status_code == 200
    assert Calendar.from_ical(answer.data).walk("VEVENT") == []
    assert client.get("/feeds/observances-x.sv.ics").status_code == 404


def test_it_never_says_who_proposed_it_nor_what_happens(client: Browser, city: Flask) -> None:
    """A calendar is read over somebody's shoulder: it has the day, and nobody's name."""
    with city.app_context():
        begin_write()
        host = units.add_association("Kanarieföreningen")
        row = actions.propose(marked(), host, TODAY)
        actions.approve(row)
        new_event(titles={"sv": "Kanariekväll"}, observance_id=row.id)
        db.session.commit()
    for key in ("sv", "en", "fi"):
        text = client.get(FEED.format(key)).text.replace("\r\n ", "").casefold()
        assert "begin:vevent" in text
        assert "kanarie" not in text

"""Whatever happens to an event, every calendar and every page says the same of it.

Any life of an event (lives.py) is lived in the database. After each act the feed is fetched
again; it must say what was foreseen, its revision must not fall, and no date that was in it may
be gone. At the end the rows, the expander, the pages and a second reader are asked too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from hypothesis import Phase, example, given, settings
from werkzeug.test import TestResponse

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.events import actions, queries
from portal.events.models import Event
from portal.events.recurrence import expand, wall
from portal.events.rules import LeftOut
from tests.events.oracle import Rhythm
from tests.feeds.doing import Said, allowed, do, foretold, series_of
from tests.feeds.lives import HOME, Act, Foreseen, Life, lives, moments
from tests.support.datepages import date_page, dates_of_event, expected
from tests.support.factories import details
from tests.support.icalpy import IcalJs, by_python
from tests.support.icalpy import Occurrence as Found
from tests.support.requirements import COUNTED
from tests.support.spoiling import SPOILS, Spoil

ALWAYS = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
Freeze = Callable[[datetime], None]


class Living:
    """One event in the database, and its feed as a subscriber knows it."""

    def __init__(
        self, city: Flask, life: Life, freeze: Freeze, ical_js: IcalJs, spoil: Spoil
    ) -> None:
        self.city, self.life, self.freeze, self.ical_js = city, life, freeze, ical_js
        self.spoil = spoil
        self.client = city.test_client()
        self.foreseen = Foreseen(life)
        self.seen: Said = set()
        self.last: TestResponse | None = None
        self.sequence = -1
        self.told_apart: set[str] = set()

    def make(self) -> bool:
        """Makes and publishes the event; whether the rules let it be."""
        self.freeze(self.life.now)
        with self.city.app_context():
            begin_write()
            what = details(titles={"sv": self.foreseen.whole.title})
            left = [LeftOut(start) for start in self.life.out()]
            today = self.life.now.date()
            try:
                event = actions.create(what, series_of(self.life.rhythm), left, today)
            except Refused:
                db.session.rollback()
                return False
            actions.publish(event, may_use_place=True)
            self.id, self.slug, self.uid = event.id, event.slug, event.uid
            db.session.commit()
        return True

    def act(self, act: Act, now: datetime) -> bool:
        """Does something to it; whether anything is different after it."""
        self.freeze(now)
        with self.city.app_context():
            begin_write()
            event = db.session.get_one(Event, self.id)
            may = allowed(lambda: do(event, act, self.foreseen, now.date()))
            foreseen = self.foreseen.do(act, now)
            assert (may is None) == (foreseen != "refused"), may or "allowed, and should not be"
            db.session.commit() if may is None else db.session.rollback()
        return foreseen == "changed"

    def fetch(self, is_changed: bool) -> None:
        """Fetches the feed as a subscriber does, and reads it."""
        known = {"If-None-Match": self.last.headers["ETag"]} if self.last else {}
        answer = self.client.get(f"/feeds/event-{self.slug}.sv.ics", headers=known)
        assert answer.status_code == (200 if is_changed else 304)
        if self.last is not None:
            assert modified(answer) >= modified(self.last), "Last-Modified fell"
        if is_changed:
            self.last, feed = answer, self.spoil(answer.data, 0)
            self.check_revision(feed.decode())
            self.check_dates(self.ical_js.read(feed, *ALWAYS))

    def check_revision(self, feed: str) -> None:
        sequences = {int(number) for number in re.findall(r"\r\nSEQUENCE:(\d+)", feed)}
        assert len(sequences) == 1, "all components carry one revision"
        assert min(sequences) > self.sequence, "SEQUENCE did not rise"
        self.sequence = min(sequences)
        stamps = set(re.findall(r"\r\n(?:DTSTAMP|LAST-MODIFIED):(\S+)", feed))
        assert len(stamps) == 1, "and one time"
        told_apart = set(re.findall(r"\r\nRECURRENCE-ID\S+", feed))
        assert self.told_apart <= told_apart, "an override is gone: stores keep what it said"
        self.told_apart = told_apart

    def check_dates(self, found: list[Found]) -> None:
        said = {
            (
                one["recurrence_id"],
                one["start"],
                one["end"],
                one["status"],
                one["summary"],
                one["location"].partition(",")[0],
            )
            for one in found
        }
        assert {one["uid"] for one in found} == {self.uid}
        assert len(said) == len(found), "a date is there twice"
        assert said == foretold(self.foreseen)
        assert {one[0] for one in self.seen} <= {one[0] for one in said}, "a date vanished"
        self.seen = said

    def check_end(self, now: datetime) -> None:
        """The rows, the expander, the second reader and the pages say the same."""
        assert self.last is not None
        self.check_dates(by_python(self.spoil(self.last.data, 0), *ALWAYS))
        with self.city.app_context():
            event = db.session.get_one(Event, self.id)
            self.check_rows(event)
            keys = {row.recurrence_id: row.key for row in event.occurrences}
        self.check_pages(keys, now)

    def check_rows(self, event: Event) -> None:
        dates, zone = self.foreseen.dates, event.zone
        rows = {
            row.recurrence_id: (
                wall(row.starts_at, zone),
                wall(row.ends_at, zone),
                row.status == "cancelled",
            )
            for row in event.occurrences
        }
        assert rows == {start: (one.starts, one.ends, one.is_off) for start, one in dates.items()}
        planned = [one.recurrence_id for one in expand(queries.series_of(event))]
        assert planned == list(dates)

    def check_pages(self, keys: dict[datetime, str], now: datetime) -> None:
        whole = self.life.rhythm.is_all_day
        pages = {
            start: expected(keys[start], one.starts, one.ends, whole, one.is_off)
            for start, one in self.foreseen.dates.items()
        }
        coming = self.foreseen.coming(now)
        listed = dates_of_event(self.client.get(f"/events/{self.slug}").data, self.slug)
        begins = {keys[start]: one.starts for start, one in coming}
        assert [begins[one.key] for one in listed] == [one.starts for _, one in coming][:60]
        said = {pages[start].key: pages[start] for start, _ in coming}
        assert all(one == said[one.key] for one in listed)
        starts = list(self.foreseen.dates)
        chosen = [start for act in self.life.acts for start in self.foreseen.chosen(act)]
        for start in dict.fromkeys([starts[0], starts[-1], *chosen][:3]):
            html = self.client.get(f"/events/{self.slug}/{keys[start]}").data
            shown, iso, title, where = date_page(html, keys[start])
            one = self.foreseen.dates[start]
            assert (shown, title) == (pages[start], self.foreseen.title(one))
            assert where.startswith(one.where or HOME)
            assert iso == one.starts.isoformat(timespec="minutes")


def modified(answer: TestResponse) -> datetime:
    return parsedate_to_datetime(answer.headers["Last-Modified"])


def live(
    city: Flask,
    life: Life,
    freeze: Freeze,
    ical_js: IcalJs,
    spoil: Spoil = lambda feed, asked: feed,
) -> bool:
    """Lives a life and compares; whether the event could be made at all."""
    living = Living(city, life, freeze, ical_js, spoil)
    is_made = living.make()
    assert is_made == life.may_be_made()
    if not is_made:
        return False
    living.fetch(is_changed=True)
    now = life.now
    for act, now in moments(life):
        living.fetch(living.act(act, now))
    living.check_end(now)
    return True


# --- the property -------------------------------------------------------------------------

WEEKLY = Rhythm(
    "Europe/Stockholm",
    datetime(2026, 10, 7, 17),
    timedelta(minutes=90),
    "WEEKLY",
    1,
    date(2027, 4, 7),
)
NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
BACK = (Act("cancel", which=(2,)), Act("restore", which=(2,)), Act("undo"))
AWAY = (Act("move", which=(4,), days=9), Act("alter", which=(4, 6), starts=time(23), ends=time(1)))
ENDS = (Act("shorten", days=60), Act("lengthen", days=20, flag=True), Act("undo", 9 * DAY))
SHORT = replace(WEEKLY, until=date(2026, 10, 14))
ONE_BY_ONE = (*(Act("cancel", which=(number,)) for number in (0, 1)), Act("restore", which=(1,)))
OVER = (Act("hand_over", number=1), Act("cancel_all"), Act("undo", 50 * DAY))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_calendar_and_page_says_what_happened(
    city: Flask, freeze: Freeze, ical_js: IcalJs, engine: str
) -> None:
    @settings(max_examples=30)
    @given(lives())
    @example(Life(WEEKLY, NOW, frozenset([3]), acts=BACK))
    @example(Life(WEEKLY, NOW, acts=AWAY))
    @example(Life(WEEKLY, NOW, acts=ENDS))
    @example(Life(WEEKLY, NOW, acts=OVER))
    @example(Life(SHORT, NOW, acts=ONE_BY_ONE))
    def check(life: Life) -> None:
        live(city, life, freeze, ical_js)

    check()


# Ten thousand, in parts that several processes can share.
PARTS = [("sqlite", part) for part in range(7)] + [("postgresql", part) for part in range(3)]


@pytest.mark.storm
@pytest.mark.parametrize(("engine", "part"), PARTS)
def test_ten_thousand_lives(
    city: Flask,
    freeze: Freeze,
    ical_js: IcalJs,
    engine: str,
    part: int,
    record_property: Callable[[str, object], None],
) -> None:
    """New ones at each run; hypothesis shrinks what fails and prints how to run it again."""
    made = []

    @settings(max_examples=1_000, derandomize=False, database=None, print_blob=True)
    @given(lives())
    def check(life: Life) -> None:
        made.append(live(city, life, freeze, ical_js))

    check()
    record_property(COUNTED, f"{len(made)} lives of events")
    assert sum(made) > len(made) / 2, "most lives begin"


# --- the control --------------------------------------------------------------------------


def catch(city: Flask, freeze: Freeze, ical_js: IcalJs, name: str, phases: list[Phase]) -> Life:
    """The life by which a fault is found: the smallest, when hypothesis may shrink."""
    caught: list[Life] = []

    @settings(max_examples=200, phases=phases, report_multiple_bugs=False)
    @given(lives())
    def check(life: Life) -> None:
        try:
            live(city, life, freeze, ical_js, SPOILS[name])
        except AssertionError:
            caught.append(life)
            raise

    with pytest.raises(AssertionError):
        check()
    return caught[-1]


@pytest.mark.parametrize("name", ["UNTIL too early", "overrides lost", "SEQUENCE stays"])
def test_a_planted_fault_is_found(city: Flask, freeze: Freeze, ical_js: IcalJs, name: str) -> None:
    catch(city, freeze, ical_js, name, [Phase.generate])


@pytest.mark.storm
def test_what_is_found_is_shrunk(city: Flask, freeze: Freeze, ical_js: IcalJs) -> None:
    phases = [Phase.generate, Phase.shrink]
    life = catch(city, freeze, ical_js, "overrides lost", phases)
    assert len(life.acts) == 1
    assert life.left_out == frozenset()
    assert len(life.starts()) <= 2

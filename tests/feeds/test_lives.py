"""Whatever happens to an event, every calendar and every page says the same of it.

Any life of an event (lives.py) is lived in the database. After each act the feed is fetched
again; it must say what was foreseen, its revision must not fall, and no date that was in it may
be gone. At the end the rows, the expander, the pages and a second reader are asked too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
from flask import Flask
from hypothesis import Phase, example, given, settings
from werkzeug.test import TestResponse

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.core.words import translator
from portal.events import actions, queries
from portal.events.models import Event, Occurrence
from portal.events.recurrence import Rule, Series, expand, wall
from portal.events.rrule import format_rrule
from portal.events.rules import LeftOut
from portal.feeds import ics, showing
from tests.events.oracle import Rhythm
from tests.feeds.lives import Act, Foreseen, Life, lives, moments
from tests.feeds.programme import say
from tests.support.datepages import date_page, dates_of_event, expected
from tests.support.factories import details
from tests.support.icalpy import IcalJs, by_python
from tests.support.icalpy import Occurrence as Found
from tests.support.requirements import COUNTED

ALWAYS = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
REASON = {"sv": "Värden är sjuk; se, nästa vecka\nigen."}
Freeze = Callable[[datetime], None]
Said = set[tuple[str | None, str, str, str, str]]


def series_of(rhythm: Rhythm) -> Series:
    rule = None
    if rhythm.freq != "ONCE":
        parts = (rhythm.interval, rhythm.weekdays, rhythm.month_day, rhythm.nth)
        rule = Rule(rhythm.freq, rhythm.until, *parts)
    ends = rhythm.starts + rhythm.length
    return Series(rhythm.starts, ends, rhythm.zone, rhythm.is_all_day, rule)


# --- what an editor does ------------------------------------------------------------------

Do = Callable[[Event, Occurrence, Act, Foreseen], None]


def rename(event: Event, row: Occurrence, act: Act, foreseen: Foreseen) -> None:
    what = details(titles={"sv": foreseen.title}, is_preliminary=foreseen.is_preliminary)
    actions.change(event, what)


def move(event: Event, row: Occurrence, act: Act, foreseen: Foreseen) -> None:
    actions.move_date(row, *foreseen.target(act), REASON)


DO: dict[str, Do] = {
    "rename": rename,
    "cancel": lambda event, row, act, foreseen: actions.cancel_date(row, REASON),
    "restore": lambda event, row, act, foreseen: actions.restore_date(row),
    "move": move,
    "cancel_all": lambda event, row, act, foreseen: actions.cancel(event, REASON),
}


class Living:
    """One event in the database, and its feed as a subscriber knows it."""

    def __init__(self, city: Flask, life: Life, freeze: Freeze, ical_js: IcalJs) -> None:
        self.city, self.life, self.freeze, self.ical_js = city, life, freeze, ical_js
        self.client = city.test_client()
        self.foreseen = Foreseen(life)
        self.seen: Said = set()
        self.last: TestResponse | None = None
        self.sequence = -1

    def make(self) -> bool:
        """Makes and publishes the event; whether the rules let it be."""
        self.freeze(self.life.now)
        with self.city.app_context():
            begin_write()
            what = details(titles={"sv": self.foreseen.title})
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
        """Does something to it; whether that was allowed."""
        self.freeze(now)
        with self.city.app_context():
            begin_write()
            event = db.session.get_one(Event, self.id)
            chosen = self.foreseen.chosen(act)
            row = next(row for row in event.occurrences if row.recurrence_id == chosen)
            may = self.foreseen.do(act, now)
            try:
                DO[act.name](event, row, act, self.foreseen)
            except Refused:
                db.session.rollback()
                assert not may, "refused, and should not be"
                return False
            assert may, "allowed, and should not be"
            db.session.commit()
        return True

    def fetch(self, is_changed: bool) -> None:
        """Fetches the feed as a subscriber does, and reads it."""
        known = {"If-None-Match": self.last.headers["ETag"]} if self.last else {}
        answer = self.client.get(f"/feeds/event-{self.slug}.sv.ics", headers=known)
        assert answer.status_code == (200 if is_changed else 304)
        if self.last is not None:
            assert modified(answer) >= modified(self.last), "Last-Modified fell"
        if is_changed:
            self.last = answer
            self.check_revision(answer.get_data(as_text=True))
            self.check_dates(self.ical_js.read(answer.data, *ALWAYS))

    def check_revision(self, feed: str) -> None:
        sequences = {int(number) for number in re.findall(r"\r\nSEQUENCE:(\d+)", feed)}
        assert len(sequences) == 1, "all components carry one revision"
        assert min(sequences) > self.sequence, "SEQUENCE did not rise"
        self.sequence = min(sequences)
        stamps = set(re.findall(r"\r\n(?:DTSTAMP|LAST-MODIFIED):(\S+)", feed))
        assert len(stamps) == 1, "and one time"

    def check_dates(self, found: list[Found]) -> None:
        said = {
            (one["recurrence_id"], one["start"], one["end"], one["status"], one["summary"])
            for one in found
        }
        assert {one["uid"] for one in found} == {self.uid}
        assert len(said) == len(found), "a date is there twice"
        assert said == self.wanted()
        assert {one[0] for one in self.seen} <= {one[0] for one in said}, "a date vanished"
        self.seen = said

    def wanted(self) -> Said:
        """The dates as they were foreseen, said as a calendar does."""
        rhythm, foreseen = self.life.rhythm, self.foreseen
        zone, whole, repeats = rhythm.zone, rhythm.is_all_day, rhythm.freq != "ONCE"
        words = {
            "CANCELLED": f"{translator('sv')('CANCELLED')}: ",
            "TENTATIVE": f"{translator('sv')('PRELIMINARY')}: ",
        }
        return {
            (
                say(start, zone, whole) if repeats else None,
                say(one.starts, zone, whole),
                say(one.ends, zone, whole),
                foreseen.status(one),
                words.get(foreseen.status(one), "") + foreseen.title,
            )
            for start, one in foreseen.dates.items()
        }

    def check_end(self, now: datetime) -> None:
        """The rows, the expander, the second reader and the pages say the same."""
        assert self.last is not None
        self.check_dates(by_python(self.last.data, *ALWAYS))
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
        chosen = [self.foreseen.chosen(act) for act in self.life.acts]
        for start in dict.fromkeys([starts[0], starts[-1], *chosen][:3]):
            html = self.client.get(f"/events/{self.slug}/{keys[start]}").data
            shown, iso, title, _ = date_page(html, keys[start])
            assert (shown, title) == (pages[start], self.foreseen.title.strip())
            assert iso == self.foreseen.dates[start].starts.isoformat(timespec="minutes")


def modified(answer: TestResponse) -> datetime:
    return parsedate_to_datetime(answer.headers["Last-Modified"])


def live(city: Flask, life: Life, freeze: Freeze, ical_js: IcalJs) -> bool:
    """Lives a life and compares; whether the event could be made at all."""
    living = Living(city, life, freeze, ical_js)
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
BACK = (Act("cancel", which=2), Act("restore", which=2))
AWAY = (Act("move", which=4, days=9), Act("cancel_all"))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_calendar_and_page_says_what_happened(
    city: Flask, freeze: Freeze, ical_js: IcalJs, engine: str
) -> None:
    @settings(max_examples=40)
    @given(lives())
    @example(Life(WEEKLY, NOW, frozenset([3]), acts=BACK))
    @example(Life(WEEKLY, NOW, acts=AWAY))
    def check(life: Life) -> None:
        live(city, life, freeze, ical_js)

    check()


@pytest.mark.storm
@pytest.mark.parametrize(
    ("engine", "part"), [("sqlite", 1), ("sqlite", 2), ("sqlite", 3), ("postgresql", 4)]
)
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

    @settings(max_examples=2_500, derandomize=False, database=None, print_blob=True)
    @given(lives())
    def check(life: Life) -> None:
        made.append(live(city, life, freeze, ical_js))

    check()
    record_property(COUNTED, f"{len(made)} lives of events")
    assert sum(made) > len(made) / 2, "most lives begin"


# --- the control --------------------------------------------------------------------------


@dataclass
class Caught:
    """The life that failed last: the smallest, once hypothesis is done."""

    life: Life | None = None


def catch(city: Flask, freeze: Freeze, ical_js: IcalJs, phases: list[Phase]) -> Life:
    caught = Caught()

    @settings(max_examples=200, phases=phases, report_multiple_bugs=False)
    @given(lives())
    def check(life: Life) -> None:
        try:
            live(city, life, freeze, ical_js)
        except AssertionError:
            caught.life = life
            raise

    with pytest.raises(AssertionError):
        check()
    assert caught.life is not None
    return caught.life


def too_short(series: Series) -> str:
    """A rule whose UNTIL is a minute before its last start."""

    def earlier(found: re.Match[str]) -> str:
        last = datetime.strptime(found[1], "%Y%m%dT%H%M%SZ") - timedelta(minutes=1)
        return f"UNTIL={last:%Y%m%dT%H%M%SZ}"

    return re.sub(r"UNTIL=(\d+T\d+Z)", earlier, format_rrule(series))


FAULTS: dict[str, tuple[object, str, object]] = {
    "UNTIL before the last date": (ics, "format_rrule", too_short),
    "a move that is not told": (showing, "_differs", lambda *args: False),
    "SEQUENCE stays": (actions, "touch", lambda event: db.session.flush()),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(
    city: Flask,
    freeze: Freeze,
    ical_js: IcalJs,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setattr(*FAULTS[name])
    catch(city, freeze, ical_js, [Phase.generate])


@pytest.mark.storm
def test_what_is_found_is_shrunk(
    city: Flask, freeze: Freeze, ical_js: IcalJs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "_differs", lambda *args: False)
    life = catch(city, freeze, ical_js, [Phase.generate, Phase.shrink])
    assert len(life.acts) == 1
    assert life.left_out == frozenset()
    assert len(life.starts()) <= 2

"""Thirty edits, fetched after each by eight calendar programs that keep what they have.

At the end each shows what the pages say. And for every fault that software has been seen to have,
at least one of them ends wrong: this is what would tell if the portal had it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

import pytest
from flask import Flask

from portal.core.extensions import db
from portal.events.models import Event
from tests.feeds.doing import foretold
from tests.feeds.story import FEED, STEPS, WINDOW, Story
from tests.support.datepages import date_page, expected
from tests.support.icalpy import IcalJs
from tests.support.spoiling import SPOILS, Spoil
from tests.support.subscribers import EVERY, Answer, Get, Khal, Marks, Shown, Subscriber

Freeze = Callable[[datetime], None]


@dataclass
class Tape:
    """What the server answered after each step, to be played again.

    `uids` are the events that each step changed; `truth` what is so at the end.
    """

    answers: list[dict[str, Answer]] = field(default_factory=list)
    uids: list[set[str]] = field(default_factory=list)
    truth: list[Shown] = field(default_factory=list)
    count: int = 0


# The story is recorded once in a test process.
RECORDED: list[Tape] = []


def subscribe(get: Get, ical_js: IcalJs) -> list[Subscriber]:
    return [kind(FEED, get, ical_js, Marks()) for kind in EVERY]


def tell(story: Story) -> Iterator[set[str]]:
    """Tells the story; after each step, the UIDs of the events that it changed."""
    yield {told.uid for told in story.events.values()}
    for step in STEPS:
        story.now += step.wait
        story.freeze(story.now)
        yield {story.events[name].uid for name in step.tell(story)}


def truth(story: Story) -> list[Shown]:
    """The dates in the window as they were foreseen."""
    marks, first = Marks(), WINDOW[0].strftime("%Y-%m-%d")
    return sorted(
        Shown(
            start,
            end,
            title.removeprefix(marks.off).removeprefix(marks.maybe),
            where,
            status == "CANCELLED",
        )
        for told in story.events.values()
        for _, start, end, status, title, where in foretold(told.foreseen)
        if start >= first
    )


def check_pages(story: Story) -> None:
    """Every date's page says what was foreseen."""
    for told in story.events.values():
        foreseen = told.foreseen
        whole = foreseen.life.rhythm.is_all_day
        with story.city.app_context():
            rows = db.session.get_one(Event, told.id).occurrences
            keys = {row.recurrence_id: row.key for row in rows}
        assert keys.keys() == foreseen.dates.keys()
        for start, one in foreseen.dates.items():
            html = story.client.get(f"/events/{told.slug}/{keys[start]}").data
            shown, iso, title, where = date_page(html, keys[start])
            assert shown == expected(keys[start], one.starts, one.ends, whole, one.is_off)
            assert (iso, title) == (
                one.starts.isoformat(timespec="minutes"),
                foreseen.title(one),
            )
            assert one.where in where


def record(story: Story, ical_js: IcalJs) -> tuple[Tape, list[Subscriber]]:
    """Tells the story to subscribers that ask the server itself, and keeps its answers."""
    tape, readers = Tape(), subscribe(story.get, ical_js)
    for changed in tell(story):
        for reader in readers:
            reader.poll()
        tape.uids.append(changed)
        tape.answers.append(kept(story.get))
    for reader in readers:
        reader.poll(is_due=True)
    tape.truth, tape.count = truth(story), len(story.events)
    return tape, readers


def kept(get: Get) -> dict[str, Answer]:
    """The feed's answers by address, redirects included."""
    found, address = dict[str, Answer](), FEED
    while True:
        answer = found[address] = get(address, {})
        if answer.status == 200:
            return found
        address = answer.headers["location"]


def wrong(readers: list[Subscriber], tape: Tape) -> dict[str, str]:
    """The subscribers that end wrong, and what is wrong with the first of it."""
    faults = {}
    for reader in readers:
        wanted = [one for one in tape.truth if not (reader.hides_cancelled and one.is_off)]
        view = reader.view(WINDOW)
        if view != wanted:
            different = sorted(set(view) ^ set(wanted)) or view
            faults[reader.name] = f"shows otherwise: {different[0]}"
        elif reader.made != tape.count:
            faults[reader.name] = f"made {reader.made} events of {tape.count}"
        elif isinstance(reader, Khal) and needless(reader, tape):
            faults[reader.name] = f"made {needless(reader, tape)} events anew for nothing"
    return faults


def needless(reader: Khal, tape: Tape) -> int:
    """How many items were written anew although nothing was different about them."""
    count, changed = 0, set[str]()
    for rewritten, touched in zip(reader.rewritten, [*tape.uids, set[str]()], strict=True):
        changed |= touched
        if rewritten is not None:
            count += len(rewritten - changed)
            changed = set()
    return count


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_after_thirty_edits_every_subscriber_shows_what_the_pages_say(
    city: Flask, freeze: Freeze, ical_js: IcalJs, engine: str
) -> None:
    assert len(STEPS) >= 30
    story = Story(city, freeze)
    tape, readers = record(story, ical_js)
    assert wrong(readers, tape) == {}
    assert len(tape.truth) > 150
    check_pages(story)
    replayed = play(tape, ical_js, lambda feed, step: feed)
    assert wrong(replayed, tape) == {}, "the tape is as good as the server"
    RECORDED.append(tape)


# --- the control: faults that would be seen -----------------------------------------------


class Player:
    """A server that plays a tape, its feed spoilt on the way."""

    def __init__(self, tape: Tape, spoil: Spoil) -> None:
        self.tape, self.spoil = tape, spoil
        self.turn(0)

    def turn(self, step: int) -> None:
        """What it answers from now on."""
        self.answers = {
            path: self._spoilt(answer, step) if answer.status == 200 else answer
            for path, answer in self.tape.answers[step].items()
        }

    def _spoilt(self, answer: Answer, step: int) -> Answer:
        body = self.spoil(answer.body, step)
        named = {
            "etag": f'"{sha256(body).hexdigest()[:20]}"',
            "last-modified": answer.headers["last-modified"],
        }
        return Answer(200 if body else 410, named, body)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        answer = self.answers[path]
        known, since = headers.get("If-None-Match"), headers.get("If-Modified-Since")
        if answer.status != 200 or not (known or since):
            return answer
        same = (
            known == answer.headers["etag"] if known else since == answer.headers["last-modified"]
        )
        return Answer(304, answer.headers) if same else answer


def play(tape: Tape, ical_js: IcalJs, spoil: Spoil) -> list[Subscriber]:
    player = Player(tape, spoil)
    readers = subscribe(player.get, ical_js)
    for step in range(len(tape.answers)):
        player.turn(step)
        for reader in readers:
            reader.poll()
    for reader in readers:
        reader.poll(is_due=True)
    return readers


@pytest.fixture
def tape(request: pytest.FixtureRequest, freeze: Freeze, ical_js: IcalJs) -> Tape:
    if not RECORDED:
        RECORDED.append(record(Story(request.getfixturevalue("city"), freeze), ical_js)[0])
    return RECORDED[0]


ALL = {kind.name for kind in EVERY}
GOOGLES = {"Google, removes", "Google, shows"}
ICAL_JS = {"Thunderbird", "Nextcloud"}
STORES = GOOGLES | {"Outlook"}
# Who ends wrong for which fault.
FAULTS = {
    "SEQUENCE stays": {"Outlook"},
    "LAST-MODIFIED stays": {"ICSx5"},
    "the revision stays": {*STORES, "ICSx5"},
    "new UIDs": ALL,
    "DTSTAMP is now": {"khal"},
    "overrides lost": ALL,
    "a restored date is forgotten": STORES,
    "EXDATE for a published date": ALL - {"Google, removes"},
    "the 31st of every month": {"Outlook"},
    "a bad fold": ALL - {"Outlook", "ICSx5"},
    "no VTIMEZONE": {*ICAL_JS, "Outlook"},
    "starts in UTC": ALL,
    "UNTIL too early": ALL,
    "cancelled by STATUS only": {"Google, shows", "ICSx5"},
    "gone for a moment": {"Thunderbird"},
    "empty at the end": ALL,
}


def test_every_planted_fault_makes_somebody_end_wrong(tape: Tape, ical_js: IcalJs) -> None:
    found = {name: wrong(play(tape, ical_js, spoil), tape) for name, spoil in SPOILS.items()}
    assert {name: set(faults) for name, faults in found.items()} == FAULTS, found

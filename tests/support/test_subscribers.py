"""The simulated calendar programs do what is written of the real ones, on a feed made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.support.icalpy import IcalJs
from tests.support.subscribers import (
    EVERY,
    Answer,
    Apple,
    Google,
    GoogleShows,
    Icsx5,
    Khal,
    Nextcloud,
    Outlook,
    Shown,
    Subscriber,
    Thunderbird,
)
from tests.support.test_ical import FEED as ZONE_AND_MORE

ZONE = ZONE_AND_MORE[ZONE_AND_MORE.index(b"BEGIN:VTIMEZONE") : ZONE_AND_MORE.index(b"BEGIN:VEVENT")]
WINDOW = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))


def event(revision: int, *lines: str, uid: str = "a", hour: int = 17) -> str:
    stamp = f"202609{revision:02d}T080000Z"
    head = ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{stamp}", f"LAST-MODIFIED:{stamp}"]
    head += [f"SEQUENCE:{revision}", f"DTEND;TZID=Europe/Stockholm:20261104T{hour + 1}0000"]
    if not any(line.startswith("DTSTART") for line in lines):
        head.append(f"DTSTART;TZID=Europe/Stockholm:20261104T{hour}0000")
    if not any(line.startswith("SUMMARY") for line in lines):
        head.append("SUMMARY:Fika")
    return "\r\n".join([*head, *lines, "END:VEVENT", ""])


def feed(*events: str, zone: bytes = ZONE) -> bytes:
    body = "".join(events).encode()
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + zone + body + b"END:VCALENDAR\r\n"


WEEKLY = "RRULE:FREQ=WEEKLY;UNTIL=20261118T160000Z"
SECOND = "RECURRENCE-ID;TZID=Europe/Stockholm:20261111T170000"
OFF = (SECOND, "DTSTART;TZID=Europe/Stockholm:20261111T170000", "STATUS:CANCELLED")


def off(revision: int) -> str:
    return event(revision, *OFF, "SUMMARY:INSTÄLLT: Fika").replace("20261104T18", "20261111T18")


@dataclass
class Server:
    """Answers what it is told to, and remembers what it was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        self.asked.append((path, headers))
        return self.answers[path]

    def serve(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.answers["/a.ics"] = Answer(status, headers, body)


Reader = Callable[[type[Subscriber]], tuple[Subscriber, Server]]


@pytest.fixture
def reader(ical_js: IcalJs) -> Reader:
    def subscribe(kind: type[Subscriber]) -> tuple[Subscriber, Server]:
        server = Server()
        return kind("/a.ics", server.get, ical_js), server

    return subscribe


def starts(subscriber: Subscriber) -> list[str]:
    return [one.start[5:13] for one in subscriber.view(WINDOW)]


@pytest.mark.parametrize("kind", EVERY)
def test_each_shows_a_plain_series_and_what_is_cancelled(
    reader: Reader, kind: type[Subscriber]
) -> None:
    subscriber, server = reader(kind)
    server.serve(feed(event(1, WEEKLY), off(1)))
    subscriber.poll()
    view = subscriber.view(WINDOW)
    first = Shown("2026-11-04T16:00:00Z", "2026-11-04T17:00:00Z", "Fika", "", False)
    assert view[0] == first
    assert [one.is_off for one in view] == (
        [False, False] if subscriber.hides_cancelled else [False, True, False]
    )
    assert subscriber.made == 1


def test_google_comes_seldom_says_who_it_is_and_asks_without_conditions(reader: Reader) -> None:
    google, server = reader(Google)
    server.serve(feed(event(1)), etag='"1"')
    for _ in range(4):
        google.poll()
    assert server.asked == [("/a.ics", {"User-Agent": "Google-Calendar-Importer"})] * 2
    google.poll(is_due=True)
    assert len(server.asked) == 3


@pytest.mark.parametrize("kind", [Google, Outlook, Icsx5])
def test_some_keep_old_details_when_the_revision_stays(
    reader: Reader, kind: type[Subscriber]
) -> None:
    subscriber, server = reader(kind)
    for new, wanted in ((event(1), "16"), (event(1, hour=19), "16"), (event(2, hour=19), "18")):
        server.serve(feed(new))
        subscriber.poll(is_due=True)
        assert starts(subscriber) == [f"11-04T{wanted}"]


def test_google_takes_either_sign_of_a_change_and_outlook_only_the_sequence(
    reader: Reader,
) -> None:
    later = event(1, hour=19).replace("LAST-MODIFIED:20260901", "LAST-MODIFIED:20260905")
    for kind, wanted in ((Google, "18"), (Icsx5, "18"), (Outlook, "16")):
        subscriber, server = reader(kind)
        for new in (event(1), later):
            server.serve(feed(new))
            subscriber.poll(is_due=True)
        assert starts(subscriber) == [f"11-04T{wanted}"], subscriber.name


@pytest.mark.parametrize(("kind", "left"), [(GoogleShows, True), (Outlook, True), (Apple, False)])
def test_a_store_keeps_a_cancellation_whose_override_is_gone(
    reader: Reader, kind: type[Subscriber], left: bool
) -> None:
    subscriber, server = reader(kind)
    for some in ((event(1, WEEKLY), off(1)), (event(2, WEEKLY),)):
        server.serve(feed(*some))
        subscriber.poll(is_due=True)
    assert [one.is_off for one in subscriber.view(WINDOW)] == [False, left, False]


def test_a_bad_fold_is_dropped_whole(reader: Reader) -> None:
    broken = feed(event(2, hour=19)).replace(b"SUMMARY:Fika", b"SUMMARY:Fi\r\nka")
    for kind in (Google, Nextcloud, Thunderbird):
        subscriber, server = reader(kind)
        for body in (feed(event(1)), broken):
            server.serve(body)
            subscriber.poll(is_due=True)
        assert starts(subscriber) == ["11-04T16"], subscriber.name


def test_a_zone_that_is_not_there_is_no_zone(reader: Reader) -> None:
    for kind, wanted in ((Outlook, "17"), (Thunderbird, "17"), (Nextcloud, "17"), (Apple, "16")):
        subscriber, server = reader(kind)
        server.serve(feed(event(1), zone=b""))
        subscriber.poll()
        assert starts(subscriber) == [f"11-04T{wanted}"], subscriber.name


@pytest.mark.parametrize(
    "more",
    [
        ("RDATE;TZID=Europe/Stockholm:20261105T170000",),
        ("RRULE:FREQ=MONTHLY;BYDAY=1WE,3WE;UNTIL=20270101T000000Z",),
        ("RRULE:FREQ=DAILY;UNTIL=20261108T160000Z", "DTEND;TZID=Europe/Stockholm:20261106T170000"),
    ],
)
def test_outlook_drops_what_it_cannot_say(reader: Reader, more: tuple[str, ...]) -> None:
    outlook, server = reader(Outlook)
    odd = event(1, *more)
    if len(more) > 1:
        odd = odd.replace("DTEND;TZID=Europe/Stockholm:20261104T180000\r\n", "")
    server.serve(feed(odd, event(1, uid="b", hour=10)))
    outlook.poll()
    assert starts(outlook) == ["11-04T09"]


def test_outlook_has_the_31st_in_every_month(reader: Reader) -> None:
    rule = "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;UNTIL=20270131T160000Z"
    series = event(1, rule).replace("20261104", "20261031")
    shown = ["10-31T16", "11-30T16", "12-31T16", "01-31T16"]
    for more, wanted in (
        ("", shown),
        ("EXDATE;TZID=Europe/Stockholm:20261130T170000\r\n", [shown[0], *shown[2:]]),
    ):
        outlook, server = reader(Outlook)
        server.serve(feed(series.replace("SUMMARY", f"{more}SUMMARY")))
        outlook.poll()
        assert starts(outlook) == wanted
    apple, server = reader(Apple)
    server.serve(feed(series))
    apple.poll()
    assert starts(apple) == [shown[0], *shown[2:]]


def test_outlook_wants_a_zone_of_yearly_rules(reader: Reader) -> None:
    outlook, server = reader(Outlook)
    server.serve(feed(event(1), zone=ZONE.replace(b"RRULE:FREQ=YEARLY", b"X-RULE:FREQ=YEARLY")))
    outlook.poll()
    assert starts(outlook) == ["11-04T17"], "as if it were the reader's own time"


def test_conditions_and_304(reader: Reader) -> None:
    known = {"etag": '"1"', "last-modified": "Mon, 07 Sep 2026 08:00:00 GMT"}
    tag = {"If-None-Match": '"1"'}
    since = {"If-Modified-Since": known["last-modified"]}
    for kind, asks in ((Apple, tag), (Icsx5, tag | since), (Thunderbird, tag), (Nextcloud, {})):
        subscriber, server = reader(kind)
        server.serve(feed(event(1)), **known)
        subscriber.poll()
        server.serve(b"", 304, **known)
        subscriber.poll()
        conditions = {k: v for k, v in server.asked[1][1].items() if k.startswith("If-")}
        assert conditions == asks, subscriber.name
        assert starts(subscriber) == ["11-04T16"]
    thunderbird, server = reader(Thunderbird)
    server.serve(feed(event(1)), **{"last-modified": known["last-modified"]})
    thunderbird.poll()
    assert thunderbird.conditions() == since, "the date where there is no ETag"


def test_only_icsx5_saves_a_permanent_redirect(reader: Reader) -> None:
    for kind in EVERY:
        subscriber, server = reader(kind)
        server.serve(b"", 301, location="http://here.example/b.ics")
        server.answers["/b.ics"] = Answer(200, {}, feed(event(1)))
        subscriber.poll()
        assert starts(subscriber) == ["11-04T16"]
        assert (subscriber.address == "/b.ics") == (kind is Icsx5)


def test_thunderbird_is_switched_off_by_410_and_cleared_by_nothing(reader: Reader) -> None:
    thunderbird, server = reader(Thunderbird)
    server.serve(feed(event(1)))
    thunderbird.poll()
    for status in (404, 500, 503):
        server.serve(b"", status)
        thunderbird.poll()
        assert starts(thunderbird) == ["11-04T16"], status
    server.serve(b"")
    thunderbird.poll()
    assert starts(thunderbird) == []
    server.serve(b"", 410)
    thunderbird.poll()
    server.serve(feed(event(2)))
    thunderbird.poll()
    assert starts(thunderbird) == [], "nobody asks any more"


def test_khal_compares_every_word(reader: Reader) -> None:
    khal, server = reader(Khal)
    assert isinstance(khal, Khal)
    same, other = event(1), event(1, uid="b")
    for body in (feed(same, other), feed(other, same), feed(same, event(1, "X-A:1", uid="b"))):
        server.serve(body)
        khal.poll()
    server.serve(b"", 503)
    khal.poll()
    assert khal.rewritten == [{"a", "b"}, set(), {"b"}, None]


def test_an_event_with_a_new_uid_has_been_made_anew(reader: Reader) -> None:
    for kind in EVERY:
        subscriber, server = reader(kind)
        for uid in ("a", "b"):
            server.serve(feed(event(1, uid=uid)))
            subscriber.poll(is_due=True)
        assert (len(subscriber.view(WINDOW)), subscriber.made) == (1, 2), subscriber.name

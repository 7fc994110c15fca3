"""Calendar programs as subscribers of a feed, each with a store of its own.

Each behaves as its source code, its vendor or those who met it say; the numbers are the facts in
the notes on real clients that this was written from. None is the program itself: where a source
leaves a choice open, the less forgiving reading is taken. Imports nothing from the portal.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from tests.support.icalpy import IcalJs, Occurrence, by_python


@dataclass(frozen=True)
class Answer:
    """What a server answers. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


Get = Callable[[str, dict[str, str]], Answer]
Window = tuple[datetime, datetime]
# The reader's computer is not where the meetings are, so that a time without zone shows.
HERE = ZoneInfo("Europe/London")


@dataclass(frozen=True, order=True)
class Shown:
    """A date as its reader sees it: instants in UTC or whole days, the title without the word
    that it is cancelled, where, and whether it looks cancelled."""

    start: str
    end: str
    title: str
    where: str
    is_off: bool


@dataclass(frozen=True)
class Marks:
    """The words before a title: what says that a date is cancelled, and what is preliminary."""

    off: str = "INSTÄLLT: "
    maybe: str = "PRELIMINÄRT: "


# --- reading a feed as text ---------------------------------------------------------------


@dataclass(frozen=True)
class Component:
    """A VEVENT or VTIMEZONE as unfolded lines."""

    name: str
    lines: tuple[str, ...]

    def value(self, name: str) -> str:
        """The value of the first line of this name; nothing when there is none."""
        for line in self.lines:
            if re.match(rf"{name}[;:]", line):
                return line.partition(":")[2]
        return ""

    def all(self, name: str) -> list[str]:
        return [line for line in self.lines if re.match(rf"{name}[;:]", line)]

    @property
    def uid(self) -> str:
        return self.value("UID")

    @property
    def key(self) -> tuple[str, str]:
        return self.uid, self.value("RECURRENCE-ID")

    @property
    def sequence(self) -> int:
        return int(self.value("SEQUENCE") or 0)

    @property
    def modified(self) -> str:
        return self.value("LAST-MODIFIED")


@lru_cache(maxsize=64)
def unfolded(feed: bytes) -> list[str]:
    return re.sub(r"\r?\n[ \t]", "", feed.decode()).splitlines()


@lru_cache(maxsize=64)
def is_sound(feed: bytes) -> bool:
    """Whether every line is a content line, or goes on from one."""
    return all(re.match(r"[A-Za-z0-9-]+[;:]", line) for line in unfolded(feed))


@lru_cache(maxsize=64)
def components(feed: bytes, name: str) -> list[Component]:
    """The VEVENTs or VTIMEZONEs of a feed."""
    found, lines = [], list[str]()
    for line in unfolded(feed):
        if line == f"BEGIN:{name}":
            lines = []
        lines.append(line)
        if line == f"END:{name}":
            found.append(Component(name, tuple(lines)))
    return found


@lru_cache(maxsize=16)
def _by_python(feed: bytes, window: Window) -> list[Occurrence]:
    """Most stores hold the same in the end: it is worked out once."""
    return by_python(feed, *window)


def calendar(parts: Iterable[Component]) -> bytes:
    """A calendar of components, the same bytes for the same ones."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//a store//EN"]
    for part in sorted(parts, key=lambda part: (part.name == "VEVENT", part.key)):
        lines += part.lines
    return ("\r\n".join([*lines, "END:VCALENDAR"]) + "\r\n").encode()


# --- the programs -------------------------------------------------------------------------


class Subscriber(ABC):
    """A program that has subscribed to an address.

    `made` counts how often an event was made in its store: an event that is made anew has lost
    what its reader had added, such as a reminder.
    """

    name = ""
    every = 1
    """Looks at every so manieth opportunity."""
    heeds_status = True
    """Shows STATUS:CANCELLED as cancelled; otherwise only the title can say it."""
    hides_cancelled = False
    saves_moves = False
    """Asks at the new address when told that the feed has moved for good."""
    asks: ClassVar[dict[str, str]] = {}

    def __init__(self, address: str, get: Get, ical_js: IcalJs, marks: Marks | None = None) -> None:
        self.address, self.get, self.ical_js = address, get, ical_js
        self.marks = marks or Marks()
        self.opportunities, self.made = 0, 0
        self.known: set[str] = set()
        self.etag = self.modified = ""
        self.open()

    def open(self) -> None:  # noqa: B027 (most keep the feed alone)
        """Makes an empty store."""

    def poll(self, is_due: bool = False) -> None:
        """An opportunity to look at the feed; taken when it is due."""
        self.opportunities += 1
        if is_due or (self.opportunities - 1) % self.every == 0:
            self.receive(self.fetch())

    def fetch(self) -> Answer:
        """Asks, and follows the server to where the feed has moved."""
        address = self.address
        for _ in range(5):
            answer = self.get(address, self.asks | self.conditions())
            if answer.status not in (301, 302, 307, 308):
                break
            parts = urlsplit(answer.headers["location"])
            address = parts.path + (f"?{parts.query}" if parts.query else "")
            if answer.status in (301, 308) and self.saves_moves:
                self.address = address
        return answer

    def conditions(self) -> dict[str, str]:
        return {}

    def receive(self, answer: Answer) -> None:
        if answer.status == 200:
            self.etag = answer.headers.get("etag", "")
            self.modified = answer.headers.get("last-modified", "")
            self.take(answer.body)
            self.made += len(self.uids() - self.known)
            self.known = self.uids()

    @abstractmethod
    def take(self, feed: bytes) -> None:
        """Puts a new feed into the store."""

    @abstractmethod
    def uids(self) -> set[str]:
        """The events in the store."""

    @abstractmethod
    def dates(self, window: Window) -> list[Occurrence]:
        """The dates in the store that begin in a window."""

    def view(self, window: Window) -> list[Shown]:
        """What its reader sees, in order."""
        found = self.dates(window)
        if self.hides_cancelled:
            found = [one for one in found if one["status"] != "CANCELLED"]
        return sorted(self._shown(one) for one in found)

    def _shown(self, one: Occurrence) -> Shown:
        says_off = one["summary"].startswith(self.marks.off)
        is_off = says_off or (self.heeds_status and one["status"] == "CANCELLED")
        title = one["summary"].removeprefix(self.marks.off).removeprefix(self.marks.maybe)
        where = one["location"].partition(",")[0]
        return Shown(_instant(one["start"]), _instant(one["end"]), title, where, is_off)


def _instant(said: str) -> str:
    """A time as an instant: one without a zone is the reader's own time."""
    if "T" not in said or said.endswith("Z"):
        return said
    there = datetime.fromisoformat(said).replace(tzinfo=HERE)
    return there.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class _Whole(Subscriber):
    """Keeps the feed as it came, and replaces all of it."""

    feed = b""

    def take(self, feed: bytes) -> None:
        if is_sound(feed):
            self.feed = feed

    def uids(self) -> set[str]:
        return {part.uid for part in components(self.feed, "VEVENT")} if self.feed else set()

    def dates(self, window: Window) -> list[Occurrence]:
        if not self.feed:
            return []
        parts = [*components(self.feed, "VTIMEZONE"), *components(self.feed, "VEVENT")]
        return _by_python(calendar(parts), window)


class Apple(_Whole):
    """Asks by ETag, strikes cancelled dates through (fact 20)."""

    name = "Apple Calendar"

    def conditions(self) -> dict[str, str]:
        return {"If-None-Match": self.etag} if self.etag else {}


class Thunderbird(Apple):
    """ical.js: zones from the file alone. ETag, or the date where there is none. 410 switches the
    calendar off, an empty answer clears it (facts 17, 18)."""

    name = "Thunderbird"
    asks: ClassVar[dict[str, str]] = {"Accept": "text/calendar,text/plain;q=0.8,*/*;q=0.5"}
    is_off = False

    def poll(self, is_due: bool = False) -> None:
        if not self.is_off:
            super().poll(is_due)

    def conditions(self) -> dict[str, str]:
        if not self.etag and self.modified:
            return {"If-Modified-Since": self.modified}
        return super().conditions()

    def receive(self, answer: Answer) -> None:
        self.is_off = answer.status == 410
        super().receive(answer)

    def take(self, feed: bytes) -> None:
        if not feed or _is_read(self.ical_js, feed):
            self.feed = feed

    def dates(self, window: Window) -> list[Occurrence]:
        return _by_ical_js(self.ical_js, self.feed, window) if self.feed and not self.is_off else []


class Nextcloud(_Whole):
    """Asks without conditions, replaces everything, keeps the old copy of what it cannot read; the
    page is drawn by ical.js (facts 16, 18)."""

    name = "Nextcloud"
    asks: ClassVar[dict[str, str]] = {"User-Agent": "Nextcloud Webcal Service"}

    def take(self, feed: bytes) -> None:
        if _is_read(self.ical_js, feed):
            self.feed = feed

    def dates(self, window: Window) -> list[Occurrence]:
        return _by_ical_js(self.ical_js, self.feed, window) if self.feed else []


@lru_cache(maxsize=16)
def _is_read(ical_js: IcalJs, feed: bytes) -> bool:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        ical_js.read(feed, now, now, floating=True)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=16)
def _by_ical_js(ical_js: IcalJs, feed: bytes, window: Window) -> list[Occurrence]:
    return ical_js.read(feed, *window, floating=True)


class Khal(_Whole):
    """vdirsyncer and khal: one item for each UID, compared as text, DTSTAMP included (fact 19).

    `rewritten` are the items that each look made anew; None where there was nothing to see.
    """

    name = "khal"

    def open(self) -> None:
        self.items: dict[str, list[str]] = {}
        self.rewritten: list[set[str] | None] = []

    def receive(self, answer: Answer) -> None:
        super().receive(answer)
        if answer.status not in (200, 304) or self.feed != (answer.body or self.feed):
            self.rewritten.append(None)
        elif answer.status == 304:
            self.rewritten.append(set())

    def take(self, feed: bytes) -> None:
        super().take(feed)
        if self.feed != feed:
            return
        items: dict[str, list[str]] = {}
        for part in components(feed, "VEVENT"):
            items.setdefault(part.uid, []).extend(part.lines)
        self.rewritten.append({uid for uid, text in items.items() if self.items.get(uid) != text})
        self.items = items


class _Store(Subscriber):
    """Keeps components by UID and RECURRENCE-ID, and takes a new one for an old one only when it
    is newer. What is gone from a series stays; a series that is gone goes."""

    def open(self) -> None:
        self.parts: dict[tuple[str, str], Component] = {}
        self.zones: list[Component] = []

    @abstractmethod
    def is_newer(self, new: Component, old: Component) -> bool:
        """Whether the program takes the new component for the old one."""

    def take(self, feed: bytes) -> None:
        self.zones = components(feed, "VTIMEZONE")
        events = components(feed, "VEVENT")
        there = {part.uid for part in events}
        self.parts = {key: part for key, part in self.parts.items() if key[0] in there}
        for part in events:
            old = self.parts.get(part.key)
            if old is None or self.is_newer(part, old):
                self.parts[part.key] = part

    def uids(self) -> set[str]:
        return {uid for uid, _ in self.parts}

    def dates(self, window: Window) -> list[Occurrence]:
        return _by_python(calendar([*self.zones, *self.parts.values()]), window)


class Google(_Store):
    """Comes seldom and unasked for, with no Accept; keeps old details unless SEQUENCE or
    LAST-MODIFIED changed; drops the whole update for one bad fold (facts 1, 2, 3, 5).

    Removes cancelled dates: so say some (fact 4).
    """

    name = "Google, removes"
    every = 3
    asks: ClassVar[dict[str, str]] = {"User-Agent": "Google-Calendar-Importer"}
    hides_cancelled = True

    def is_newer(self, new: Component, old: Component) -> bool:
        return new.sequence > old.sequence or new.modified != old.modified

    def take(self, feed: bytes) -> None:
        if is_sound(feed):
            super().take(feed)


class GoogleShows(Google):
    """Shows cancelled dates as if nothing were the matter: so say others (fact 4)."""

    name = "Google, shows"
    hides_cancelled = False
    heeds_status = False


class Outlook(_Store):
    """Classic Outlook: an update must have a higher SEQUENCE; zones only as MS-OXCICAL has them,
    else times have none; what it cannot express is dropped (facts 9, 10). The 29th to 31st of a
    month are the last day of one that is shorter: its Day 31 is "the last day of every month"
    (MS-OXCICAL 2.1.3.2.2.3)."""

    name = "Outlook"

    def is_newer(self, new: Component, old: Component) -> bool:
        return new.sequence > old.sequence

    def dates(self, window: Window) -> list[Occurrence]:
        known = {zone.value("TZID") for zone in self.zones if _is_outlook_zone(zone)}
        parts = [part for part in self.parts.values() if not _cannot_be_said(part)]
        parts += [end for part in parts for end in _month_ends(part)]
        read = [_in_zone(part, known) for part in parts]
        found = _by_python(calendar([*self.zones, *read]), window)
        dropped = set(_overlapping(found))
        return [one for one in found if one["uid"] not in dropped]


def _is_outlook_zone(zone: Component) -> bool:
    """Yearly onsets on one weekday (MS-OXCICAL 2.1.3.1.1.19.2.2), or a zone that never changes."""
    rules = [rule.partition(":")[2] for rule in zone.all("RRULE")]
    parts = zone.lines.count("BEGIN:STANDARD") + zone.lines.count("BEGIN:DAYLIGHT")
    yearly = r"FREQ=YEARLY;BYMONTH=\d+;BYDAY=-?\dSU"
    if zone.all("RDATE") or not all(re.fullmatch(yearly, rule) for rule in rules):
        return False
    return parts == 1 if not rules else len(rules) == parts == 2


def _cannot_be_said(part: Component) -> bool:
    """RDATE, and two ordinals in a rule."""
    days = re.search(r"BYDAY=([^;]*)", part.value("RRULE"))
    ordinals = re.findall(r"-?\d", days[1]) if days else []
    return bool(part.all("RDATE")) or len(ordinals) > 1


def _month_ends(part: Component) -> Iterator[Component]:
    """The dates that Outlook adds to a monthly rule in months without its day."""
    rule = dict(pair.split("=") for pair in part.value("RRULE").split(";") if pair)
    (first_line, *_), (last_line, *_) = part.all("DTSTART"), part.all("DTEND")
    first, last = _wall(first_line), _wall(last_line)
    day = int(rule.get("BYMONTHDAY", first.day))
    if rule.get("FREQ") != "MONTHLY" or "BYDAY" in rule or day < 29:
        return
    gone = {_wall(line) for line in part.all("EXDATE")}
    until = datetime.strptime(rule["UNTIL"][:8], "%Y%m%d") + timedelta(days=1)
    month = first.replace(day=1)
    while month < until:
        length = monthrange(month.year, month.month)[1]
        start = month.replace(day=min(length, day))
        if length < day and first < start < until and start not in gone:
            kept = [
                line for line in part.lines if not re.match("UID|RRULE|EXDATE|DT(START|END)", line)
            ]
            name, end = f"UID:{part.uid}-{start:%Y%m}", start + (last - first)
            times = [_written(first_line, start), _written(last_line, end)]
            yield Component(part.name, (kept[0], name, *times, *kept[1:]))
        for _ in range(int(rule.get("INTERVAL", 1))):
            month = (month + timedelta(days=31)).replace(day=1)


def _wall(line: str) -> datetime:
    value = line.rpartition(":")[2].removesuffix("Z")
    return datetime.strptime(value, "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d")


def _written(like: str, moment: datetime) -> str:
    """A line with another time, written as the line is."""
    name, _, value = like.rpartition(":")
    return f"{name}:{moment:%Y%m%dT%H%M%S}" if "T" in value else f"{name}:{moment:%Y%m%d}"


def _in_zone(part: Component, known: set[str]) -> Component:
    """The component as Outlook takes it: without the zones that it does not know."""
    lines = []
    for line in part.lines:
        named = re.match(r"(DTSTART|DTEND|EXDATE|RECURRENCE-ID);TZID=([^:]*):", line)
        if named and named[2] not in known:
            line = f"{named[1]}:{line[named.end() :]}"
        lines.append(line)
    return Component(part.name, tuple(lines))


def _overlapping(found: list[Occurrence]) -> Iterator[str]:
    """The series of which a date begins before the one before it has ended."""
    by_uid: dict[str, list[Occurrence]] = {}
    for one in found:
        by_uid.setdefault(one["uid"], []).append(one)
    for uid, dates in by_uid.items():
        dates = [one for one in dates if one["recurrence_id"] == one["start"]]
        if any(earlier["end"] > later["start"] for earlier, later in pairwise(dates)):
            yield uid


class Icsx5(Subscriber):
    """Asks by ETag and by date; takes an event when the newest LAST-MODIFIED of it and its
    overrides rose, or when it has none; saves permanent redirects (fact 14). Android shows
    cancelled dates as if nothing were the matter (fact 4)."""

    name = "ICSx5"
    heeds_status = False
    saves_moves = True

    def open(self) -> None:
        self.events: dict[str, list[Component]] = {}
        self.zones: list[Component] = []

    def conditions(self) -> dict[str, str]:
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in asked.items() if value}

    def take(self, feed: bytes) -> None:
        self.zones = components(feed, "VTIMEZONE")
        came: dict[str, list[Component]] = {}
        for part in components(feed, "VEVENT"):
            came.setdefault(part.uid, []).append(part)
        kept = self.events
        self.events = {
            uid: kept[uid] if uid in kept and not _rose(parts, kept[uid]) else parts
            for uid, parts in came.items()
        }

    def uids(self) -> set[str]:
        return set(self.events)

    def dates(self, window: Window) -> list[Occurrence]:
        parts = [part for event in self.events.values() for part in event]
        return _by_python(calendar([*self.zones, *parts]), window)


def _rose(new: list[Component], old: list[Component]) -> bool:
    newest = max(part.modified for part in new)
    return not newest or newest > max(part.modified for part in old)


EVERY = (Google, GoogleShows, Apple, Outlook, Icsx5, Thunderbird, Nextcloud, Khal)
"""The subscribers, each of its kind."""

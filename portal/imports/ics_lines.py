"""From the bytes of an iCalendar file to its components, however they are written. Pure.

feeds/lines.py reads what the portal has written and calls every irregularity a fault; this reads
what others have written and passes over what it can. Each step takes time in proportion to the
file's size, whatever is in it: the library's parser does not, and stops at the first bad line.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from portal.imports.items import Unreadable

MOST_BYTES = 2_000_000
MOST_COMPONENTS = 5_000
# A calendar's lines have thirty letters and more; a file of tiny ones is made to fill the memory.
MOST_LINES = 150_000
# VCALENDAR, VEVENT, VALARM are three.
DEEPEST = 6
# Name and parameters of a line; the rest is its value.
MOST_HEAD = 4096
KNOWN = {"VCALENDAR", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"}
# The only properties that are looked at. ATTENDEE, CONTACT and COMMENT are people's.
WANTED = re.compile(
    "UID|RECURRENCE-ID|DTSTART|DTEND|DURATION|RRULE|RDATE|EXDATE|EXRULE|SUMMARY|DESCRIPTION|"
    "X-ALT-DESC|LOCATION|ORGANIZER|CATEGORIES|URL|STATUS|CLASS|SEQUENCE|LAST-MODIFIED|DTSTAMP|"
    "X-MICROSOFT-CDO-ALLDAYEVENT|METHOD|NAME|X-WR-CALNAME|TZID|X-LIC-LOCATION|TZOFFSETFROM|"
    "TZOFFSETTO"
)

_NAME = re.compile(r"[A-Za-z0-9-]+")
# Repeats of classes only, each of which ends where the next begins: no two ways to match.
_HEAD = re.compile(r'([A-Za-z0-9-]+)((?:;[^:;="]*=[^";:]*(?:"[^"]*"[^";:]*)*)*);?:')
_PARAMETER = re.compile(r';([^:;="]*)=([^";:]*(?:"[^"]*"[^";:]*)*)')


@dataclass(frozen=True)
class Line:
    """One property; quotes around parameters are gone, escapes in the value are not."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass
class Component:
    """What stands between BEGIN and END. `row` counts the file's events from 1. What has no END
    is not whole: lines may be missing, so nothing of it may be used."""

    name: str
    parent: Component | None = None
    row: int = 0
    is_whole: bool = False
    raw: list[str] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    @cached_property
    def lines(self) -> dict[str, list[Line]]:
        """The wanted lines that can be read, by name."""
        found: dict[str, list[Line]] = {}
        for raw in self.raw:
            if line := _line(raw):
                found.setdefault(line.name, []).append(line)
        return found

    def all(self, name: str) -> list[Line]:
        return self.lines.get(name, [])

    def first(self, name: str) -> Line | None:
        found = self.lines.get(name)
        return found[0] if found else None

    def value(self, name: str) -> str:
        line = self.first(name)
        return line.value.strip() if line else ""


@dataclass
class File:
    """A file's components: `events` in order, with those that are not whole; `others` are how
    many there are of what is no event. `root` holds what stands outside any calendar."""

    root: Component = field(default_factory=lambda: Component("", is_whole=True))
    events: list[Component] = field(default_factory=list)
    calendars: list[Component] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def components(raw: bytes) -> File:
    """What a file is made of; Unreadable when it is too big, too deep or no calendar."""
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_big", bytes=len(raw), most=MOST_BYTES)
    lines = _lines(raw)
    # Ends without a beginning are told, too, so they count.
    for mark in ("BEGIN:", "END:"):
        if sum(line[: len(mark)].upper() == mark for line in lines) > MOST_COMPONENTS:
            raise Unreadable("too_many_components", most=MOST_COMPONENTS)
    file = File()
    stack = [file.root]
    for line in lines:
        name = _NAME.match(line)
        word = name[0].upper() if name else ""
        if word == "BEGIN":
            _begin(file, stack, _kind(line))
        elif word == "END":
            _end(file, stack, _kind(line))
        elif WANTED.fullmatch(word):
            stack[-1].raw.append(line)
    if not KNOWN & (set(file.others) | {part.name for part in [*file.events, *file.calendars]}):
        raise Unreadable("not_a_calendar")
    return file


def _lines(raw: bytes) -> list[str]:
    """The unfolded lines (RFC 5545 3.1), also where a fold cuts a letter or a blank line is in
    between. A byte that is no UTF-8 makes the whole file Windows-1252, which is what programs
    write that say ISO-8859-1."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raw = raw.decode("utf-16", "replace").encode("utf-8", "replace")
    elif raw[:2] in (b"B\0", b"\0B"):
        raw = raw.decode("utf-16-le" if raw[:1] == b"B" else "utf-16-be", "replace").encode(
            "utf-8", "replace"
        )
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n")
    # First the empty lines, then the folds: `\n+[ \t]` in one step would look at every empty
    # line once for each one before it.
    raw = re.sub(rb"\n\n+", b"\n", raw).replace(b"\n ", b"").replace(b"\n\t", b"")
    if raw.count(b"\n") > MOST_LINES:
        raise Unreadable("too_many_lines", most=MOST_LINES)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return text.split("\n")


def _kind(line: str) -> str:
    return line.partition(":")[2].strip().upper()


def _begin(file: File, stack: list[Component], kind: str) -> None:
    if kind == "VEVENT":
        # An event in an event: the END of the first is missing.
        while any(part.name == "VEVENT" for part in stack):
            stack.pop()
    if len(stack) > DEEPEST:
        raise Unreadable("too_deep", most=DEEPEST)
    part = Component(kind, stack[-1])
    stack[-1].parts.append(part)
    stack.append(part)
    if kind == "VEVENT":
        file.events.append(part)
        part.row = len(file.events)
    elif kind == "VCALENDAR":
        file.calendars.append(part)
    else:
        file.others[kind] += 1


def _end(file: File, stack: list[Component], kind: str) -> None:
    if all(part.name != kind for part in stack[1:]):
        if kind == "VEVENT":
            # Its BEGIN is damaged, or a template was not filled in.
            file.events.append(Component(kind, stack[-1], len(file.events) + 1))
        return
    while stack[-1].name != kind:
        stack.pop()
    stack.pop().is_whole = True


def _line(raw: str) -> Line | None:
    head = _HEAD.match(raw[:MOST_HEAD])
    if head is None:
        return None
    parameters = {
        one[1].strip().upper(): one[2].replace('"', "").strip()
        for one in _PARAMETER.finditer(head[2])
    }
    return Line(head[1].upper(), parameters, raw[head.end() :])

"""One VEVENT read: when it is, and what it says as plain text. Pure.

Nobody's name or address is taken: not ATTENDEE, CONTACT or COMMENT, and e-mail addresses are cut
out of texts. ORGANIZER gives the name of a unit to look for, if it gives a name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from portal.core.text import Localised
from portal.imports.cells import read_title
from portal.imports.ics_lines import Component, Line
from portal.imports.ics_times import Moment, Refused, Times, length
from portal.imports.items import MOST, MOST_TEXT
from portal.imports.keys import derived_key
from portal.imports.plain import plain, without_emails

# A key is a UID and, for single dates of a rule, a slash and a time.
MOST_UID = MOST["key"] - 20
MOST_CATEGORIES = 20
MOST_CATEGORY = 80
LANGUAGES = ("sv", "en", "fi")
DAY = timedelta(days=1)
_ESCAPE = re.compile(r"\\([\\;,:\"nN])")
_HTTP = re.compile(r"https?://[^\s<>\"'@/?#\\]+(?:[/?#][^\s<>\"']*)?", re.IGNORECASE)
_MAILTO = re.compile(r"mailto:[^\s<>\"'@?]+@[^\s<>\"'@]+", re.IGNORECASE)
_TEL = re.compile(r"tel:(\+?[\d .()/-]{3,40})(?:;.*)?", re.IGNORECASE)

Note = Callable[[str, str, str], None]
"""Says column, code and value of something that somebody should look at."""


@dataclass(frozen=True)
class Entry:
    """A VEVENT. `start` with `length` is told by the source's clock; `recurrence` is the date of
    a series that it stands for."""

    row: int
    uid: str
    recurrence: Moment | None
    start: Moment
    length: timedelta
    is_cancelled: bool
    is_preliminary: bool
    revision: tuple[int, str]
    titles: Localised
    texts: Localised
    unit: str
    place: str
    categories: tuple[str, ...]
    link: str
    phone: str
    component: Component


def uid_of(component: Component) -> str:
    """The UID as a key; a very long one shortened, but still its own."""
    uid = plain(component.value("UID"))
    if len(uid) <= MOST_UID:
        return uid
    return f"{uid[: MOST_UID - 33]}-{hashlib.sha256(uid.encode()).hexdigest()[:32]}"


def read_event(component: Component, times: Times, note: Note) -> Entry:
    """Refused when it cannot be used; what was only changed is noted."""
    if not component.is_whole:
        raise Refused("BEGIN", "broken", component.value("SUMMARY"))
    is_cancelled = _is_cancelled(component)
    recurrence = _recurrence(component, times)
    if is_cancelled and recurrence and not component.first("DTSTART"):
        start, span = recurrence, DAY
    else:
        start, span = _when(component, times)
    titles = _titles(component, note)
    titles["sv"], is_off, is_open = read_title(titles["sv"])
    place = _text(component.first("LOCATION"), MOST["place"], note).replace("\n", ", ")
    uid = uid_of(component)
    if not uid:
        note("UID", "no_uid", titles["sv"])
        uid = derived_key(titles["sv"], "", place, start.wall)
    categories = [
        _short(without_emails(plain(_unescape(part))), "CATEGORIES", MOST_CATEGORY, note)
        for line in component.all("CATEGORIES")
        for part in re.findall(r"(?:[^,\\]|\\.)+", line.value[:4000])
    ]
    link, phone = _link(component, note)
    sequence = component.value("SEQUENCE")
    return Entry(
        row=component.row,
        uid=uid,
        recurrence=recurrence,
        start=start,
        length=span,
        is_cancelled=is_cancelled or is_off,
        is_preliminary=is_open or component.value("STATUS").upper() == "TENTATIVE",
        revision=(
            int(sequence) if re.fullmatch(r"\d{1,9}", sequence) else 0,
            component.value("LAST-MODIFIED") or component.value("DTSTAMP"),
        ),
        titles=titles,
        texts=_texts(component, note),
        unit=_unit(component),
        place=place,
        categories=tuple(dict.fromkeys(filter(None, categories)))[:MOST_CATEGORIES],
        link=link,
        phone=phone,
        component=component,
    )


def _is_cancelled(component: Component) -> bool:
    method = component.parent.value("METHOD") if component.parent else ""
    return component.value("STATUS").upper() == "CANCELLED" or method.upper() == "CANCEL"


def _recurrence(component: Component, times: Times) -> Moment | None:
    line = component.first("RECURRENCE-ID")
    if line is None:
        return None
    if line.parameters.get("RANGE", "").upper() == "THISANDFUTURE":
        # One date for all that follow: few write it, and nobody reads it alike.
        raise Refused(line.name, "this_and_future", line.value)
    return times.read(line, line.value, component)


def _when(component: Component, times: Times) -> tuple[Moment, timedelta]:
    line = component.first("DTSTART")
    if line is None:
        raise Refused("DTSTART", "empty", "")
    start = times.read(line, line.value, component)
    end_line, duration = component.first("DTEND"), component.first("DURATION")
    if end_line is not None:
        end = times.read(end_line, end_line.value, component)
        if component.value("X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE":
            start, end = whole_day(start, times), whole_day(end, times)
        span = _between(start, end, times)
        # The last day instead of the day after it: meant as one day (RFC 5545 3.6.1 forbids it).
        if start.is_day and not span:
            span = DAY
    elif duration is not None:
        span = length(duration)
    elif start.is_day:
        span = DAY
    else:
        # By RFC 5545 it ends as it starts, but a date here has a length, and whoever comes wants
        # to know it: the source can say it, we cannot.
        raise Refused("DTEND", "no_end", line.value)
    if start.is_day and span % DAY:
        raise Refused("DTEND", "no_end", end_line.value if end_line else "")
    if span <= timedelta(0):
        raise Refused("DTEND", "end_before_start", (end_line or line).value)
    return start, span


def whole_day(moment: Moment, times: Times) -> Moment:
    """As a day, if it is a midnight there or here; Exchange writes whole days so."""
    for midnight in (moment.wall, times.local(moment)):
        if not (midnight.hour or midnight.minute or midnight.second):
            return Moment(midnight, True, times.home)
    return moment


def _between(start: Moment, end: Moment, times: Times) -> timedelta:
    if start.is_day or end.is_day or start.clock == end.clock:
        return end.wall - start.wall
    return times.local(end) - times.local(start)


def _titles(component: Component, note: Note) -> Localised:
    found: Localised = {}
    for line in component.all("SUMMARY"):
        text = _text(line, MOST["title"], note).replace("\n", " ")
        if text:
            found.setdefault(_language(line), text)
    if not found:
        raise Refused("SUMMARY", "empty", "")
    return {"sv": found.get("sv", next(iter(found.values()))), **found}


def _texts(component: Component, note: Note) -> Localised:
    for name in ("DESCRIPTION", "X-ALT-DESC"):
        found: Localised = {}
        for line in component.all(name):
            if text := _text(line, MOST_TEXT, note):
                found.setdefault(_language(line), text)
        if found:
            return found
    return {}


def _language(line: Line) -> str:
    language = line.parameters.get("LANGUAGE", "").lower().partition("-")[0]
    return language if language in LANGUAGES else "sv"


def _unit(component: Component) -> str:
    line = component.first("ORGANIZER")
    name = plain(line.parameters.get("CN", "")) if line else ""
    return "" if "@" in name else name[: MOST["unit"]]


def _text(line: Line | None, most: int, note: Note) -> str:
    if line is None:
        return ""
    # Tags may be most of it, but what comes after this would not be kept in any case.
    text = plain(_unescape(line.value[: 8 * MOST_TEXT]))
    bare = without_emails(text)
    if bare != text:
        note(line.name, "email_dropped", "")
    return _short(bare.strip(), line.name, most, note)


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def _short(text: str, column: str, most: int, note: Note) -> str:
    if len(text) <= most:
        return text
    note(column, "cut", text[:40])
    return text[: most - 1].rstrip() + "…"


def _link(component: Component, note: Note) -> tuple[str, str]:
    """Link and telephone number; anything that a browser might run, or that hides where it
    leads, is dropped."""
    link = component.value("URL")
    phone = _TEL.fullmatch(link)
    if phone:
        return "", phone[1].strip()
    sound = _HTTP.fullmatch(link) or _MAILTO.fullmatch(link)
    if link and (not sound or len(link) > MOST["link"] or not link.isprintable()):
        note("URL", "link_dropped", link[:80])
        return "", ""
    return link, ""

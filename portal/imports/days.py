"""Days and times of day as people write them in tables, in Swedish, English and Finnish.

Pure: what cannot be read is None, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from portal.core.text import plain
from portal.events.recurrence import wall
from portal.events.rules import times_on

YEARS = range(1900, 2200)
"""Outside, it is no date of a programme, and sums with it may leave the calendar."""

_MONTHS = (
    ("januari", "january", "tammikuu"),
    ("februari", "february", "helmikuu"),
    ("mars", "march", "maaliskuu"),
    ("april", "huhtikuu"),
    ("maj", "may", "toukokuu"),
    ("juni", "june", "kesakuu"),
    ("juli", "july", "heinakuu"),
    ("augusti", "august", "elokuu"),
    ("september", "syyskuu"),
    ("oktober", "october", "lokakuu"),
    ("november", "marraskuu"),
    ("december", "joulukuu"),
)
_WEEKDAY = re.compile(
    r"(man|tis|ons|tors|fre|lor|son)(dag)?(en)?|(mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?|sun)(day)?"
    r"|(maanantai|tiistai|keskiviikko|torstai|perjantai|lauantai|sunnuntai)(na)?"
    r"|ma|ti|ke|to|pe|la|su|den|the|of"
)
_ISO = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")
_PARTS = re.compile(r"(\d{1,2}) ?([./-]) ?(\d{1,2})(?: ?[./-] ?| )(\d{4}|\d{2})")
_CLOCK = r"(?:kl\.?|klo|at)?\s*(\d{1,2}(?:[:.]\d\d(?::\d\d)?)?|\d{3,4})(?:\s*([ap])\.?m\.?)?"
_SPAN = re.compile(rf"{_CLOCK}(?:\s*(?:-|–|—|−|till?|to|until)\s*{_CLOCK})?")
_AFTER_DAY = re.compile(rf"(.+?)(?:T|,?\s+)({_SPAN.pattern})")
_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)", re.I)


@dataclass(frozen=True)
class Moment:
    """What a cell says of when: a day, a time, a later time of the same cell, or some of them."""

    day: date | None = None
    starts: time | None = None
    ends: time | None = None


def read_day(text: str, *, is_day_first: bool = True) -> date | None:
    """A day with its year: 2027-01-31, 31/1 2027, 31.1.2027, 31/1-27, sön 31 jan 2027.

    Which of two numbers is the day nobody can see in one cell: `is_day_first` says it.
    """
    if found := _ISO.fullmatch(text):
        return _date(*map(int, found.groups()))
    if re.fullmatch(r"\d{8}", text):
        return _date(int(text[:4]), int(text[4:6]), int(text[6:]))
    words = re.findall(r"[a-z]+|\d+", plain(text))
    while words and _WEEKDAY.fullmatch(words[0]):
        text, words = re.sub(r"^[^\W\d]+\.?,?\s*", "", text), words[1:]
    if found := _PARTS.fullmatch(text):
        one, _, two, year = found.groups()
        day, month = (one, two) if is_day_first else (two, one)
        return _date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    return _named_day(words)


def first_parts(text: str) -> tuple[int, int] | None:
    """The two numbers of which one is the day; None for a day that is plain."""
    found = re.search(rf"(?<!\d){_PARTS.pattern}(?!\d)", text)
    return (int(found[1]), int(found[3])) if found and not _ISO.search(text) else None


def _named_day(words: list[str]) -> date | None:
    """A day with the name of its month: "31 januari 2027", "January 31st, 2027"."""
    numbers = [word for word in words if word.isdecimal()]
    names = [w for w in words if not w.isdecimal() and not _WEEKDAY.fullmatch(w)]
    names = [word for word in names if word not in ("st", "nd", "rd", "th", "e", "a")]
    if len(numbers) != 2 or len(names) != 1 or len(numbers[1]) != 4 or len(numbers[0]) > 2:
        return None
    # Sept, tammik., tammikuuta
    name = names[0].removesuffix("ta")
    months = [
        number
        for number, known in enumerate(_MONTHS, 1)
        if len(name) >= 3 and any(month.startswith(name) for month in known)
    ]
    return _date(int(numbers[1]), months[0], int(numbers[0])) if len(months) == 1 else None


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


@lru_cache(maxsize=4096)  # a programme has few times, and many rows at each
def read_times(text: str) -> tuple[time, time | None] | None:
    """A time of day, or two in one cell: 17:30, 17.30, 1730, kl. 17, 17–19, 5:30 pm.

    24 is the midnight at the end, so 00:00.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        return None
    one, half, two, later_half = found.groups()
    starts = _time(one, half or later_half or "")
    if starts is None or two is None:
        return None if starts is None else (starts, None)
    ends = _time(two, later_half or "")
    if ends is not None and not half and later_half and starts > ends:
        starts = _time(one, "a") or starts  # 10–2 pm begins in the morning
    return None if ends is None else (starts, ends)


def _time(digits: str, half: str) -> time | None:
    if digits.isdecimal() and len(digits) > 2:
        hours, minutes, seconds = digits[:-2], digits[-2:], "0"
    else:
        hours, minutes, seconds = [*re.split(r"[:.]", digits), "0", "0"][:3]
    hour, minute = int(hours), int(minutes)
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if (hour, minute) == (24, 0):
        hour = 0
    try:
        return time(hour, minute, int(seconds))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def read_moment(text: str, zone: str, *, is_day_first: bool = True) -> Moment | None:
    """A day, perhaps with times. One with an offset is an instant, told in `zone`."""
    if day := read_day(text, is_day_first=is_day_first):
        return Moment(day)
    if _OFFSET.fullmatch(text):
        try:
            at = wall(datetime.fromisoformat(text.upper()), zone)
        except (ValueError, OverflowError):
            return None
        return Moment(at.date(), at.time()) if at.year in YEARS else None
    if (found := _AFTER_DAY.fullmatch(text)) and (times := read_times(found[2])):
        day = read_day(found[1].rstrip(" ,"), is_day_first=is_day_first)
        return Moment(day, *times) if day else None
    return None


def span(
    day: date, last: date | None, starts: time | None, ends: time | None
) -> tuple[datetime, datetime, bool] | None:
    """Start, end, and whether it is whole days: those without times, or from midnight to
    midnight, as some sources write them. None when one of the two times is missing.

    An evening may end in the night, and an end at midnight is that after the start.
    """
    if (starts is None) != (ends is None):
        return None
    if starts is None or ends is None or starts == ends == time():
        begin = datetime.combine(day, time())
        return begin, datetime.combine(last or day, time()) + timedelta(days=1), True
    begin, finish = times_on(day, starts, ends, last)
    if last is None and finish < begin and ends == time():
        finish += timedelta(days=1)
    return begin, finish, False


def read_iso(text: str, zone: str) -> tuple[datetime, bool] | None:
    """An ISO 8601 day or moment as wall time in `zone`, and whether it is only a day."""
    try:
        if re.fullmatch(r"\d{4}-?\d\d-?\d\d", text):
            day = read_day(text)
            return (datetime.combine(day, time()), True) if day else None
        at = datetime.fromisoformat(text)
        moment = at if at.tzinfo is None else wall(at, zone)
    except (ValueError, OverflowError):
        return None
    return (moment.replace(second=0, microsecond=0), False) if moment.year in YEARS else None


def read_duration(text: str) -> timedelta | None:
    """An ISO 8601 duration in weeks, days, hours and minutes: PT1H30M, P2D."""
    found = re.fullmatch(
        r"P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?)?", text
    )
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)

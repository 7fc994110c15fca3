"""How values stand in the cells of the exchange format, and how they are read back. Pure.

Each kind of cell is a pair: `write` answers the text, `read` the value of a text (after `clean`)
or raises Unusable with a code. `read(write(value)) == value` for every value that the portal has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# What a spreadsheet takes for a formula (OWASP, CSV Injection), behind any apostrophes of ours.
_RISKY = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LINK = re.compile(r"https?://[^\s<>\"']+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,12})*")
# Calendars and time zones are sure of their clocks only around our own time.
YEARS = range(1990, 2101)
MOST_CHANGES = 1_000_000


class Unusable(ValueError):
    """A cell that means nothing; `code` has words in imports/words.py."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Cell:
    """How one kind of value is written and read."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]


def guard(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would calculate."""
    return f"'{cell}" if _RISKY.match(cell) else cell


def unguard(cell: str) -> str:
    """Takes the apostrophe of `guard` away again."""
    return cell[1:] if cell.startswith("'") and _RISKY.match(cell) else cell


def text(most: int, pattern: re.Pattern[str] | None = None, code: str = "not_a_key") -> Cell:
    """A text of at most so many letters, or one of a pattern; empty is always allowed."""

    def read(cell: str) -> str:
        if len(cell) > most:
            raise Unusable("too_long")
        if pattern is not None and cell and not pattern.fullmatch(cell.strip()):
            raise Unusable(code)
        return cell.strip() if pattern is not None else cell

    return Cell(str, read)


def number(most: int, code: str) -> Cell:
    """A whole number from 0, or nothing."""

    def read(cell: str) -> int | None:
        digits = cell.strip()
        if not digits:
            return None
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 9) or int(digits) > most:
            raise Unusable(code)
        return int(digits)

    return Cell(lambda value: "" if value is None else str(value), read)


def choice(known: Mapping[str, str], code: str) -> Cell:
    """One of a few words; of several words for the same, the first is written."""
    written = {own: word for word, own in reversed(list(known.items()))}

    def read(cell: str) -> str:
        if cell.strip() not in known:
            raise Unusable(code)
        return known[cell.strip()]

    return Cell(lambda value: written[value], read)


def parts(cell: str) -> tuple[str, ...]:
    """What stands between the semicolons of a cell."""
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def keys(pattern: re.Pattern[str] | None = None) -> Cell:
    """Several short keys in one cell, with semicolons between them."""

    def read(cell: str) -> tuple[str, ...]:
        found = parts(cell)
        if pattern is not None and not all(pattern.fullmatch(part) for part in found):
            raise Unusable("not_a_key")
        return found

    return Cell(";".join, read)


def moment(cell: str) -> datetime:
    """A wall time such as 2027-01-31T17:30; a day alone is its midnight."""
    found = cell.strip()
    if not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?", found):
        raise Unusable("not_a_moment")
    try:
        read = datetime.fromisoformat(found)
    except ValueError as error:
        raise Unusable("not_a_moment") from error
    if read.year not in YEARS:
        raise Unusable("far_away")
    return read


def moment_words(value: datetime, is_all_day: bool) -> str:
    """A wall time as `moment` reads it; days alone for what lasts whole days."""
    if is_all_day:
        return value.date().isoformat()
    return value.isoformat(timespec="seconds" if value.second else "minutes")


def _instant(cell: str) -> datetime | None:
    if not cell.strip():
        return None
    try:
        found = datetime.fromisoformat(cell.strip())
    except ValueError as error:
        raise Unusable("not_an_instant") from error
    if found.tzinfo is None or found.microsecond or found.year not in YEARS:
        raise Unusable("not_an_instant")
    return found.astimezone(UTC)


INSTANT = Cell(
    lambda value: "" if value is None else f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", _instant
)

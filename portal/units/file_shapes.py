"""What a value in a municipality file may look like, and what to say when it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal.core.text import is_email, nearest, slugify

Shape = Callable[[Any], str]
"""Answers what is wrong with a value, as the end of a sentence; "" when nothing is."""


def text(most: int) -> Shape:
    """As much as the database holds."""

    def wrong(value: Any) -> str:
        if not isinstance(value, str):
            return "must be text in quotes"
        return f"has more than {most} letters" if len(value) > most else ""

    return wrong


def text_or_number(most: int) -> Shape:
    return lambda value: text(most)(str(value) if type(value) is int else value)


def slug(most: int) -> Shape:
    def wrong(value: Any) -> str:
        if text(most)(value) or re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
            return text(most)(value)
        return (
            f"{value!r} is no address: use lower-case letters, digits and hyphens, "
            f"for example {slugify(value, 'my-library', most)!r}"
        )

    return wrong


def one_of(known: Collection[str]) -> Shape:
    def wrong(value: Any) -> str:
        if isinstance(value, str) and value in known:
            return ""
        return f"{value!r} is not one of {', '.join(known)}{nearest(str(value), known)}"

    return wrong


def number(low: float, high: float) -> Shape:
    def wrong(value: Any) -> str:
        sound = type(value) is int and low <= value <= high
        return "" if sound else f"must be a whole number from {low} to {high}, without quotes"

    return wrong


def degrees(most: int) -> Shape:
    def wrong(value: Any) -> str:
        sound = type(value) in (int, float) and -most <= value <= most
        return "" if sound else f"must be a number from -{most} to {most}"

    return wrong


def yes_no(value: Any) -> str:
    return "" if isinstance(value, bool) else "must be true or false, without quotes"


def day(value: Any) -> str:
    # A moment is a date to Python, but not here.
    return "" if type(value) is date else "must be a date such as 2027-01-31, without quotes"


def email(value: Any) -> str:
    if text(120)(value):
        return text(120)(value)
    return "" if not value or is_email(value) else f"{value!r} is no e-mail address"


def link(value: Any) -> str:
    if value == "":
        return ""
    sound = not text(300)(value) and re.fullmatch(r"https?://[^\s<>\"'\\]+", value)
    return "" if sound else "must be an address that begins with https:// or http://"


def clock(value: Any) -> str:
    sound = isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)
    return "" if sound else 'must be a time in quotes such as "09:00"'


def weekdays(value: Any) -> str:
    sound = isinstance(value, list) and value and all(type(d) is int and 0 <= d <= 6 for d in value)
    return "" if sound else "must be a list of days from 0 (Monday) to 6, such as [0, 1, 2]"


def texts(most: int = 160) -> Shape:
    return lambda value: (
        ""
        if isinstance(value, list) and not any(text(most)(one) for one in value)
        else 'must be a list of texts, such as ["…", "…"]'
    )


def country(value: Any) -> str:
    # Imported when needed: only a municipality file asks.
    from holidays import list_supported_countries

    known = list_supported_countries()
    return (
        ""
        if isinstance(value, str) and value in known
        else f"{value!r} is not known; write SE, FI …"
    )


def zone(fits: Callable[[str], bool]) -> Shape:
    def wrong(value: Any) -> str:
        try:
            ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return f"{value!r} is not known"
        fitting = fits(str(value))
        return "" if fitting else "has clocks that do not change on the same Sundays every year"

    return wrong


def languages(known: Collection[str]) -> Shape:
    def wrong(value: Any) -> str:
        if texts()(value):
            return texts()(value)
        strange = [key for key in value if known and key not in known]
        return "; ".join(f"{key!r} is not known{nearest(key, known)}" for key in strange)

    return wrong


def localised(known: Collection[str], most: int = 10_000) -> Shape:
    """A text per language. Swedish is the language of last resort."""

    def wrong(value: Any) -> str:
        if not isinstance(value, dict) or (value and not value.get("sv")):
            return 'needs a text per language, at least Swedish: { sv = "…" }'
        strange = languages(known)(list(value))
        return strange or next((text(most)(one) for one in value.values() if text(most)(one)), "")

    return wrong


def rules(known: Collection[str]) -> Shape:
    """One text or a list of them per language."""

    def wrong(value: Any) -> str:
        lists = value.values() if isinstance(value, dict) else [None]
        if any(texts(10_000)([one] if isinstance(one, str) else one) for one in lists):
            return 'needs a list of texts per language: { sv = ["…", "…"] }'
        return languages(known)(list(value))

    return wrong

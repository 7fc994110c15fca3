"""What a host says of a date: "full just now", "places again", and how many came. Pure.

A state holds by itself for as long as it can be true and then falls away: nobody has to take
it back. It changes nothing of the date, so calendars never hear of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.core.problems import Problem

FULL, AGAIN = "full", "open"
# Before the start there is a queue at the door; earlier than this there is none.
EARLY = timedelta(hours=3)
# "Places again" is news for those who read "full"; after that a date without a word has places.
AGAIN_FOR = timedelta(minutes=30)
# What was said of a date that goes on for days is not true the next morning.
LONGEST = timedelta(hours=12)
CORRECTED_FOR = timedelta(days=60)
WHO = ("adults", "children")
BUTTONS = (*range(13), 15, 20, 25)
MOST_CAME = 2000


@dataclass(frozen=True)
class Said:
    """What a host said of a date and when (UTC). `state`: "full" or "open" (places again)."""

    state: str
    at: datetime


@dataclass(frozen=True)
class Span:
    """A date as these rules know it: two instants, and whether it happens and is published."""

    starts_at: datetime
    ends_at: datetime
    is_on: bool = True


def may_hold(span: Span, now: datetime) -> bool:
    """Whether anything can be said of the date now: from three hours before it to its end."""
    return span.is_on and span.starts_at - EARLY <= now < span.ends_at


def shown(said: Said | None, span: Span, now: datetime) -> Said | None:
    """What is shown of the date at a moment: "full" to its end but for twelve hours at most,
    "open" for half an hour. What was said before a date was moved is not about the new time."""
    if said is None or not may_hold(span, now) or not may_hold(span, said.at):
        return None
    holds = LONGEST if said.state == FULL else AGAIN_FOR
    return said if said.at <= now < said.at + holds else None


def against_saying(state: str, before: Said | None, span: Span, now: datetime) -> list[Problem]:
    """Why a host cannot say this of the date now; `before` is what is shown of it already."""
    if state not in (FULL, AGAIN):
        return [Problem("state_unknown")]
    if not span.is_on:
        return [Problem("date_off")]
    if now >= span.ends_at:
        return [Problem("date_over")]
    if now < span.starts_at - EARLY:
        return [Problem("date_later")]
    if state == AGAIN and before is None:
        return [Problem("not_full")]
    return []


def against_counting(
    given: Mapping[str, int | None], span: Span, now: datetime, is_counted: bool
) -> list[Problem]:
    """Why these numbers (by "adults", "children") cannot be written down; nothing given takes
    back what there is."""
    if not span.is_on:
        return [Problem("date_off")]
    if now < span.starts_at:
        return [Problem("not_begun")]
    if now >= span.ends_at + CORRECTED_FOR:
        return [Problem("count_closed", facts={"days": CORRECTED_FOR.days})]
    if not given or (not is_counted and all(number is None for number in given.values())):
        return [Problem("count_missing", "adults")]
    return [
        Problem("count_range", who, {"most": MOST_CAME})
        for who, number in given.items()
        if number is not None and not 0 <= number <= MOST_CAME
    ]

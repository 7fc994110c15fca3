"""What icalendar and recurring-ical-events make of a calendar, for comparing.

An independent computation: it imports nothing from the portal.
"""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

Seen = tuple[str, str, str, str]
"""UID, start, end (a day, or a wall time), and title."""


def dates(raw: bytes, zone: str, first: date, last: date) -> set[Seen]:
    """Every date that begins on these days; a file that the library cannot read has none."""
    found: set[Seen] = set()
    for calendar in _calendars(raw):
        for part in [calendar, *calendar.subcomponents]:
            # Without these two it is no event, and the library stops at it.
            part.subcomponents = [one for one in part.subcomponents if _is_sound(one)]
        query = recurring_ical_events.of(calendar, skip_bad_series=True)
        near = query.between(first - timedelta(days=2), last + timedelta(days=2))
        found |= {_seen(event, zone) for event in near}
    return {one for one in found if str(first) <= one[1][:10] <= str(last)}


def _is_sound(component: Any) -> bool:
    return component.name != "VEVENT" or {"UID", "DTSTART"} <= set(component)


def private(raw: bytes) -> set[str]:
    """UIDs of private events."""
    found = [event for one in _calendars(raw) for event in one.walk("VEVENT")]
    return {str(event["UID"]) for event in found if event.get("CLASS") == "PRIVATE"}


def _calendars(raw: bytes) -> list[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of each zone that it guesses
            found = Calendar.from_ical(raw, multiple=True)
    except ValueError:
        return []
    wrapped = Calendar()
    for component in found:
        if component.name == "VEVENT":
            wrapped.add_component(component)
    return [*(one for one in found if one.name == "VCALENDAR"), wrapped]


def _seen(event: Any, zone: str) -> Seen:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = start + event["DURATION"].dt
    else:
        end = start
    if end == start and not isinstance(start, datetime):
        end = start + timedelta(days=1)
    title = " ".join(str(event.get("SUMMARY", "")).split())
    return str(event["UID"]), *days_or_times(_say(start, zone), _say(end, zone)), title


def days_or_times(start: str, end: str) -> tuple[str, str]:
    """Midnight to midnight as days: the library makes times of a DATE that has a TZID."""
    if start.endswith("T00:00") and end.endswith("T00:00"):
        return start[:10], end[:10]
    return start, end


def _say(moment: date, zone: str) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.strftime("%Y-%m-%dT%H:%M")

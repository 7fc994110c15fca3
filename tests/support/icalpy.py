"""What a calendar program makes of a feed, by icalendar and recurring-ical-events.

An independent computation: it imports nothing from the portal. `icaljs.mjs` beside it gives
the same answer by ical.js, which most web calendars and Thunderbird are built on.
"""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import recurring_ical_events
from icalendar import Calendar

from tests.support.requirements import need


class Occurrence(TypedDict):
    """One date. Instants as `2026-10-25T09:00:00Z`, whole days as `2026-10-25`."""

    uid: str
    recurrence_id: str | None
    start: str
    end: str
    summary: str
    status: str


def by_python(feed: bytes, start: datetime, end: datetime) -> list[Occurrence]:
    """The dates that begin from `start` up to, not including, `end`; both are instants."""
    calendar = Calendar.from_ical(feed)
    events = calendar.walk("VEVENT")
    repeating = {str(e["UID"]) for e in events if {"RRULE", "RDATE", "RECURRENCE-ID"} & set(e)}
    query = recurring_ical_events.of(calendar)
    # A day more on both sides: whole days have no zone, and are compared as UTC days below.
    found = query.between(start - timedelta(days=1), end + timedelta(days=1))
    dates = [_occurrence(event, str(event["UID"]) in repeating) for event in found]
    return _within(dates, start, end)


def by_ical_js(feed: bytes, start: datetime, end: datetime, folder: Path) -> list[Occurrence]:
    """The same by ical.js; the feed is handed over as a file in `folder`."""
    node = need("node")
    path = folder / "feed.ics"
    path.write_bytes(feed)
    script = Path(__file__).with_name("icaljs.mjs")
    ran = subprocess.run(
        [node, script, path, _say(start), _say(end)], capture_output=True, text=True, check=False
    )
    if ran.returncode:
        raise AssertionError(f"ical.js cannot read the feed: {ran.stderr}")
    found: list[Occurrence] = json.loads(ran.stdout)
    return _within(found, start, end)


def _occurrence(event: Any, repeats: bool) -> Occurrence:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = start + event["DURATION"].dt
    else:
        end = start if isinstance(start, datetime) else start + timedelta(days=1)
    recurrence = event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else start
    return {
        "uid": str(event["UID"]),
        "recurrence_id": _say(recurrence) if repeats else None,
        "start": _say(start),
        "end": _say(end),
        "summary": str(event.get("SUMMARY", "")),
        "status": str(event.get("STATUS", "CONFIRMED")),
    }


def _say(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        return moment.isoformat()
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _within(dates: list[Occurrence], start: datetime, end: datetime) -> list[Occurrence]:
    first, last = _say(start), _say(end)
    kept = [found for found in dates if first <= _instant(found["start"]) < last]
    return sorted(kept, key=lambda one: (one["start"], one["uid"], one["recurrence_id"] or ""))


def _instant(moment: str) -> str:
    return moment if "T" in moment else f"{moment}T00:00:00Z"

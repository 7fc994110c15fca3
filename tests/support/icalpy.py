"""What a calendar program makes of a feed, by icalendar and recurring-ical-events.

An independent computation: it imports nothing from the portal. `icaljs.mjs` beside it gives
the same answer by ical.js, which most web calendars and Thunderbird are built on.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import pytest
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
    location: str
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


class IcalJs:
    """ical.js in a process of its own, which reads one feed after the other."""

    def __init__(self, node: Path) -> None:
        self._process = subprocess.Popen(
            [node, Path(__file__).with_name("icaljs.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def read(
        self, feed: bytes, start: datetime, end: datetime, *, floating: bool = False
    ) -> list[Occurrence]:
        """The same as `by_python`. With `floating`, a TZID without a VTIMEZONE is no error but a
        time without a zone, said without Z. ValueError for what ical.js cannot read."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        asked = {"feed": feed.decode(), "from": _say(start), "until": _say(end)}
        process.stdin.write(json.dumps({**asked, "floating": floating}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        if "error" in answer:
            raise ValueError(f"ical.js cannot read the feed: {answer['error']}")
        return _within(answer["found"], start, end)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        self._process.stdout.close()


@pytest.fixture(scope="session")
def ical_js() -> Iterator[IcalJs]:
    """This test process's own ical.js."""
    reader = IcalJs(need("node"))
    yield reader
    reader.close()


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
        "location": str(event.get("LOCATION", "")),
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

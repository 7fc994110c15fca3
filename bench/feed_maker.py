"""A process that makes feeds and says what they cost: see bench/feed_cost.py.

Usage: python -m bench.feed_maker INSTANCE, then on its input a line for each request:
plain, gzip, warm-up or compare.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import icalendar
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench import data
from bench.http_rows import FEED
from portal.core.extensions import db
from portal.events.models import Event


def request(app: Flask, path: str, gzip: bool = False) -> tuple[bytes, float]:
    """A whole answer, straight from the application, and its processor time in ms."""
    headers = {"Accept-Encoding": "gzip"} if gzip else {}
    environ = EnvironBuilder(path=path, headers=headers).get_environ()
    started = time.process_time()
    chunks, status, _ = run_wsgi_app(app.wsgi_app, environ)
    body = b"".join(chunks)
    spent = (time.process_time() - started) * 1000
    if not status.startswith("200"):
        raise RuntimeError(f"{path} answers {status}")
    return body, spent


def compare(app: Flask, body: bytes) -> dict[str, Any]:
    """What icalendar reads differently from what the database says; its time to read and write."""
    started = time.process_time()
    calendar = icalendar.Calendar.from_ical(body)
    calendar.to_ical()
    spent = (time.process_time() - started) * 1000
    read = {str(e["UID"]): e for e in calendar.walk("VEVENT") if "RECURRENCE-ID" not in e}
    wrong = []
    with app.app_context():
        events = list(db.session.query(Event))
    for event in events:
        found = read.get(event.uid)
        is_equal = (
            found is not None
            and str(found["SUMMARY"]) == event.titles["sv"]
            and found["DTSTART"].dt.replace(tzinfo=None) == event.starts
            and found["DTEND"].dt.replace(tzinfo=None) == event.ends
            and int(found["SEQUENCE"]) == event.sequence
            and str(found["DESCRIPTION"]).startswith(event.texts["sv"])
        )
        if not is_equal:
            wrong.append(event.uid)
    if len(read) != len(events):
        wrong.append(f"{len(read)} of {len(events)} events")
    return {"ms": spent, "wrong": wrong[:5]}


def main() -> None:
    app = data.app_for(Path(sys.argv[1]))
    for line in sys.stdin:
        what = line.strip()
        if what == "warm-up":
            # Imports, templates, mappers and statements, but no text of the feed's.
            request(app, "/help"), request(app, "/feeds/kind-other.sv.ics")
            answer: dict[str, Any] = {}
        elif what == "compare":
            answer = compare(app, request(app, FEED)[0])
        else:
            body, spent = request(app, FEED, what == "gzip")
            digest = hashlib.sha256(body).hexdigest()
            answer = {"ms": spent, "digest": digest, "events": body.count(b"BEGIN:VEVENT")}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

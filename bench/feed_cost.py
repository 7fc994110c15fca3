"""Row 3: what a feed costs in processor time after one edit, and wholly cold.

The feed is made by a process of its own (bench/feed_maker.py), without sockets; the edits
are made here, by another process, through the portal's actions.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import delete

from bench import data
from bench.report import Figure
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import actions
from portal.events.models import Event
from portal.events.rules import Details
from portal.feeds.models import RenderedEvent

EDITS = 25
COLD = 5


class Maker:
    """The other process: one line in for each request, one line of JSON out."""

    def __init__(self, instance: Path) -> None:
        command = [sys.executable, "-m", "bench.feed_maker", str(instance)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, what: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.communicate()


def measure() -> tuple[list[Figure], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance"
        shutil.copytree(data.instance_with(data.BASE), instance)
        app = data.app_for(instance)
        edited, edited_gzip, warm = _after_edits(app, instance)
        unstored = median(_cold(instance) for _ in range(COLD))
        _store(app)
        stored = median(_cold(instance) for _ in range(COLD))
        icalendar_ms = _parses_back(instance)
    notes = [
        f"{'feed, CPU':<14} warm {warm:.3f} ms; icalendar alone reads and writes it"
        f" in {icalendar_ms:.0f} ms"
    ]
    return [
        Figure(3, "feed after one edit, CPU ms over the warm feed", edited, 10, 3, "lower"),
        Figure(3, "the same, compressed too", edited_gzip, 10, 3, "lower"),
        Figure(3, "feed wholly cold, texts stored, CPU ms per 1,000", stored, 60, 15, "lower"),
        Figure(3, "feed wholly cold, nothing stored, CPU ms per 1,000", unstored, 60, 15, "lower"),
    ], notes


def _after_edits(app: Flask, instance: Path) -> tuple[float, float, float]:
    """CPU ms over the warm feed, plain and compressed, and of the warm feed."""
    maker = Maker(instance)
    maker.ask("plain"), maker.ask("gzip")
    warm = median(maker.ask("plain")["ms"] for _ in range(EDITS))
    warm_gzip = median(maker.ask("gzip")["ms"] for _ in range(EDITS))
    plain, squeezed = [], []
    before = maker.ask("plain")["digest"]
    for n in range(EDITS):
        for kind, found in (("plain", plain), ("gzip", squeezed)):
            _edit(app, 100 + n, f"{kind} {n}")
            answer = maker.ask(kind)
            if answer["digest"] == before:
                raise RuntimeError("An edit is not in the feed")
            before = answer["digest"]
            found.append(answer["ms"])
    maker.close()
    return median(plain) - warm, median(squeezed) - warm_gzip, warm


def _edit(app: Flask, event_id: int, word: str) -> None:
    """Another title for one event, as a staff page would save it."""
    with app.app_context():
        begin_write()
        event = db.session.get(Event, event_id)
        assert event is not None
        kept = {
            name: getattr(event, name)
            for name in Details.__dataclass_fields__
            if name != "co_host_ids"
        }
        actions.change(event, Details(**{**kept, "titles": {"sv": f"Ändrad: {word}"}}))
        db.session.commit()
        db.session.remove()


def _cold(instance: Path) -> float:
    """CPU ms of the first whole feed of a process that has answered other addresses."""
    maker = Maker(instance)
    maker.ask("warm-up")
    answer = maker.ask("plain")
    maker.close()
    return float(answer["ms"]) * 1000 / int(answer["events"])


def _store(app: Flask) -> None:
    from portal.feeds.jobs import store_feed_texts

    with app.app_context():
        begin_write()
        db.session.execute(delete(RenderedEvent))
        # A run stores at most 500 texts a language.
        while not store_feed_texts().startswith("0 "):
            db.session.commit()
            begin_write()
        db.session.commit()
        db.session.remove()


def _parses_back(instance: Path) -> float:
    """icalendar reads the feed back equal; the time it takes to read and write it."""
    maker = Maker(instance)
    answer = maker.ask("compare")
    maker.close()
    if answer["wrong"]:
        raise RuntimeError(f"icalendar reads the feed otherwise: {answer['wrong']}")
    return float(answer["ms"])

"""An import as a process of its own, and what goes on beside it: pages are read, events changed.

As a program (`python -m tests.imports.beside`) it is the editor: changes one event after another,
until its input ends, and says how long each change took.
"""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import resource
import select
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.support.requirements import ROOT
from tests.support.serving import PROGRAM, environment

STEPS = ("reading", "comparing", "preparing", "importing")
PAUSE = 0.05


@dataclass
class Run:
    """One `portal import programme`: when each step began, in seconds from its start."""

    began: dict[str, float] = field(default_factory=dict)
    seconds: float = 0
    cpu: float = 0
    peak: int = 0
    """Megabytes in memory at most."""
    code: int | None = None
    said: str = ""

    def lasted(self, step: str) -> float:
        later = [at for at in self.began.values() if at > self.began.get(step, self.seconds)]
        return min([*later, self.seconds]) - self.began.get(step, self.seconds)

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {self.lasted(step):.1f} s" for step in self.began)
        return f"{self.seconds:.1f} s ({self.cpu:.1f} s of a processor), {self.peak} MB: {steps}"


class Importing:
    """A running import. It sees a terminal, so it shows the steps of its work."""

    def __init__(self, folder: Path, url: str, file: Path) -> None:
        self._screen, slave = pty.openpty()
        self._used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._out = (folder / "import.out").open("w+b")
        self.run, self._started = Run(), time.monotonic()
        self._process = subprocess.Popen(
            [*PROGRAM, "import", "programme", str(file)],
            env=environment(folder, url),
            cwd=ROOT,
            stdout=self._out,
            stderr=slave,
        )
        os.close(slave)
        self._seen = ""

    def wait(self, step: str = "", percent: int = 0) -> bool:
        """Until it has ended, or so much of a step is done; whether it still runs."""
        bar = re.compile(rf"{step.capitalize()}\s+\[[#-]*\]\s+(\d+)%")
        while self._process.poll() is None:
            self._look()
            if step and any(int(done) >= percent for done in bar.findall(self._seen)):
                return True
        self._end()
        return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._end()

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _look(self) -> None:
        readable, _, _ = select.select([self._screen], [], [], 0.02)
        if readable:
            with suppress(OSError):  # the other side has ended
                self._seen += os.read(self._screen, 65536).decode("utf-8", "replace")
        for step in STEPS:
            if step not in self.run.began and step.capitalize() in self._seen:
                self.run.began[step] = self._now()
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return
        if found := re.search(r"VmHWM:\s+(\d+) kB", status):
            self.run.peak = max(self.run.peak, int(found[1]) // 1024)

    def _end(self) -> None:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.run.cpu = sum(used[:2]) - sum(self._used[:2])
        self.run.seconds, self.run.code = self._now(), self._process.returncode
        self._out.seek(0)
        self.run.said = self._out.read().decode() + self._seen
        self._out.close()
        os.close(self._screen)


def bring(folder: Path, url: str, file: Path) -> Run:
    """Imports a file from beginning to end."""
    importing = Importing(folder, url, file)
    importing.wait()
    assert importing.run.code == 0, importing.run.said
    return importing.run


@dataclass
class Times:
    """How long others took, in seconds."""

    found: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.found:
            return "none"
        ordered = sorted(self.found)
        p50, p95 = (ordered[len(ordered) * part // 100] * 1000 for part in (50, 95))
        return f"{len(ordered)}, p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {ordered[-1]:.2f} s"


class Reader(threading.Thread):
    """A visitor who reads pages of a real server all the time; `wrong` are answers but 200."""

    def __init__(self, address: str, paths: Sequence[str]) -> None:
        super().__init__(daemon=True)
        self.address, self.paths = address, paths
        self.times, self.wrong = Times(), list[str]()
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.is_set():
            for path in self.paths:
                began = time.monotonic()
                self._read(path)
                self.times.found.append(time.monotonic() - began)
                if self._over.wait(PAUSE):
                    return

    def _read(self, path: str) -> None:
        try:
            with urllib.request.urlopen(self.address + path, timeout=120) as answer:
                body = answer.read()
                is_whole = b"</html>" in body or body.rstrip().endswith(b"END:VCALENDAR")
                if answer.status != 200 or not is_whole:
                    self.wrong.append(f"{path}: {answer.status}, {len(body)} bytes")
        except OSError as error:
            self.wrong.append(f"{path}: {error}")

    def end(self) -> None:
        self._over.set()
        self.join()


class Editor:
    """Somebody who changes events all the time, in another process."""

    def __init__(self, folder: Path, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.imports.beside"],
            env=environment(folder, url),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def end(self) -> tuple[Times, dict[int, int]]:
        """How long the changes took, and how many there were of each event."""
        out, _ = self._process.communicate(b"", timeout=120)
        assert self._process.returncode == 0
        told = json.loads(out)
        changes: dict[int, int] = {}
        for one in told:
            changes[one["event"]] = changes.get(one["event"], 0) + 1
        return Times([one["seconds"] for one in told]), changes


def edit() -> None:
    """The editor's process."""
    from portal import create_app
    from portal.config import read_settings
    from portal.core.clock import now
    from portal.core.database import begin_write
    from portal.core.extensions import db
    from portal.events.changing import alter_dates
    from portal.events.models import Event, Occurrence
    from portal.events.rules import Alteration

    with create_app(read_settings(os.environ)).app_context():
        coming = db.select(Occurrence.id).join(Event).where(Event.status == "published")
        coming = coming.where(Occurrence.starts_at > now())
        # The oldest rows: those of the city that was here before.
        ids = list(db.session.scalars(coming.order_by(Occurrence.id).limit(40)))
        number, told = 0, list[dict[str, float]]()
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            began = time.monotonic()
            begin_write()
            row = db.session.get_one(Occurrence, ids[number % len(ids)])
            number += 1
            alter_dates(row.event, [row], Alteration(note={"sv": f"Ändring {number}"}))
            event_id = row.event_id
            db.session.commit()
            told.append({"event": event_id, "seconds": time.monotonic() - began})
    # At the end: a pipe that nobody reads would stop the work.
    json.dump(told, sys.stdout)


def fingerprint(url: str) -> dict[str, int]:
    """All that is in each table, in short."""
    engine = create_engine(url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            names = text("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        else:
            names = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        found = {}
        for (name,) in connection.execute(names).all():
            rows = connection.execution_options(yield_per=1000).execute(
                text(f'SELECT * FROM "{name}"')
            )
            # A sum, so that the order of rows makes no difference.
            found[name] = sum(_digest(repr(tuple(row))) for row in rows)
    engine.dispose()
    return found


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


if __name__ == "__main__":
    edit()

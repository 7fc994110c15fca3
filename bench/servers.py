"""Servers as subprocesses on free ports of the loopback, stopped by their own process."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
BASE_URL = "http://portal.example"
PATIENCE = 30.0


@dataclass
class Server:
    """A running program. `cold_ms` is the time from its start to its first 200."""

    process: subprocess.Popen[bytes]
    port: int
    cold_ms: float

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def get(port: int, path: str, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own; header names in lower case."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers=headers or {})
        found = connection.getresponse()
        named = {name.lower(): value for name, value in found.getheaders()}
        return Answer(found.status, named, found.read())
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    *command: str, first: str = "/", environ: dict[str, str] | None = None
) -> Iterator[Server]:
    """Runs `python <command>`, PORT in it replaced, until the block ends."""
    port = free_port()
    words = [str(port) if word == "PORT" else word for word in command]
    settings = {**os.environ, "PYTHONUNBUFFERED": "1", "PORT": str(port), **(environ or {})}
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words], env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        _wait(process, port, first, started)
        yield Server(process, port, (time.perf_counter() - started) * 1000)
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stderr:
            process.stderr.close()


def _wait(process: subprocess.Popen[bytes], port: int, first: str, started: float) -> None:
    while time.perf_counter() - started < PATIENCE:
        if process.poll() is not None:
            said = process.stderr.read().decode("utf-8", "replace") if process.stderr else ""
            raise RuntimeError(f"{process.args} ended with {process.returncode}:\n{said[-3000:]}")
        try:
            if get(port, first).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.002)
    raise RuntimeError(f"{process.args} did not answer {first} with 200 in {PATIENCE:.0f} s")


def portal(instance: Path, first: str = "/events") -> AbstractContextManager[Server]:
    """`portal serve` on an instance folder; enter it to get the Server."""
    environ = {"PORTAL_INSTANCE": str(instance), "PORTAL_BASE_URL": BASE_URL}
    environ |= {"PORTAL_DATABASE_URL": "", "PORTAL_PRODUCTION": "", "HOST": HOST}
    return serving("-m", "portal.cli", "serve", first=first, environ=environ)


def bare(name: str, *args: str) -> AbstractContextManager[Server]:
    """One of bench/bare."""
    return serving("-m", f"bench.bare.{name}", "PORT", *args)


def pss_kb(process: subprocess.Popen[bytes]) -> int:
    """The memory of a process, what it shares counted in parts (Linux only)."""
    text = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))

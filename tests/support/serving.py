"""The portal's own program in processes of their own, for tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.requirements import ROOT

# Not the installed `portal`: that one belongs to a checkout that may be another than this.
PROGRAM = [sys.executable, "-m", "portal.cli"]


def environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """What a process of the portal is told: its folder, and its database if that is not in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return kept | {"PORTAL_INSTANCE": str(folder), "PORTAL_DATABASE_URL": database_url}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class serving:
    """`with serving(folder, port) as address`: the portal in a process of its own."""

    def __init__(self, folder: Path, port: int, database_url: str = "") -> None:
        self.address = f"http://127.0.0.1:{port}"
        own = {"HOST": "127.0.0.1", "PORT": str(port)}
        self._environ = environment(folder, database_url) | own
        self._log = folder / "serve.log"

    def __enter__(self) -> str:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, "serve"], env=self._environ, cwd=ROOT, stdout=log, stderr=log
            )
        for _ in range(300):
            try:
                with urllib.request.urlopen(self.address + "/healthz", timeout=5):
                    return self.address
            except (urllib.error.URLError, ConnectionError):
                assert self._process.poll() is None, self._log.read_text()
                time.sleep(0.1)
        raise AssertionError(f"the portal did not start: {self._log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=20)

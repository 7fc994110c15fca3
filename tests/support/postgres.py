"""A private PostgreSQL for the tests, from the programs that apt installs.

One cluster per test process, in a temporary folder, reached over a Unix socket only;
started when the first test asks and stopped at the end by its process id. PostgreSQL
refuses to run as root, so as root it runs as the user `postgres`.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.support.requirements import need

SETTINGS = {
    # Fast rather than safe: nothing here outlives the tests.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "timezone": "UTC",
    "log_min_messages": "fatal",
}


class Cluster:
    """A running server; `fresh()` gives the address of a new database."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()
        self.folder = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))
        self._who: dict[str, Any] = {"cwd": "/"}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._who |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._server = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        data = self.folder / "data"
        initdb: list[str | Path] = [
            self._programs / "initdb",
            "--pgdata",
            data,
            "--username",
            "portal",
        ]
        initdb += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        made = subprocess.run(initdb, capture_output=True, text=True, **self._who)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        command: list[str | Path] = [self._programs / "postgres", "-D", data, "-k", self.folder]
        command += [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **self._who
            )
        for _ in range(600):
            try:
                psycopg.connect(self._address("postgres")).close()
            except psycopg.OperationalError:
                if server.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return server
        server.kill()
        server.wait()
        raise RuntimeError(f"postgres did not start: {(self.folder / 'log').read_text()}")

    def _address(self, name: str) -> str:
        return f"host={self.folder} user=portal dbname={name}"

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def url(self, name: str) -> str:
        """What PORTAL_DATABASE_URL takes."""
        return f"postgresql+psycopg://portal@/{name}?host={self.folder}"

    def template(self, name: str, build: Callable[[str], None]) -> str:
        """A database filled once by `build(url)`, to be cloned by `fresh(template=name)`.

        `build` must close its connections: one that is open stops the cloning.
        """
        if name not in self._templates:
            self._do("CREATE DATABASE {}", name)
            build(self.url(name))
            self._templates.add(name)
        return name

    def fresh(self, template: str = "template1") -> str:
        """The address of a new database, a copy of `template`."""
        name = f"test_{next(self._numbers)}"
        self._do("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Removes a database, whoever is still connected."""
        name = url.partition("@/")[2].partition("?")[0]
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """This test process's own server."""
    cluster = Cluster(need("postgres"))
    yield cluster
    cluster.stop()


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """The address of an empty database of this test's own."""
    url = postgres.fresh()
    yield url
    postgres.drop(url)

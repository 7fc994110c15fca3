"""What a test needs beyond Python: found, or skipped with the command that installs it.

Continuous integration names what must be there in PORTAL_TEST_REQUIRE
(`postgres,browser,node,openssl,shared`); then a missing one is a failure instead of a skip.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "node_modules"
SHARED = ROOT.parent / "shared"
MARK = "needs "
COUNTED = "counted"
"""The property under which a test records what it counted, such as "2500 lives of events"."""


def postgres_programs() -> Path | None:
    """The newest installed folder with initdb and postgres."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(folders, key=lambda path: int(path.parent.name), reverse=True)
    found = shutil.which("postgres")
    candidates = [*newest_first, *([Path(found).resolve().parent] if found else [])]
    return next((path for path in candidates if (path / "initdb").exists()), None)


def chromium() -> Path | None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return Path(found) if found else None


def node() -> Path | None:
    found = shutil.which("node")
    has_modules = (MODULES / "ical.js").is_dir() and (MODULES / "axe-core").is_dir()
    return Path(found) if found and has_modules else None


def openssl() -> Path | None:
    found = shutil.which("openssl")
    return Path(found) if found else None


def shared() -> Path | None:
    return SHARED if (SHARED / "data").is_dir() else None


FINDERS: dict[str, tuple[Callable[[], Path | None], str]] = {
    "postgres": (postgres_programs, "apt-get install postgresql"),
    "browser": (chromium, "apt-get install chromium"),
    "node": (node, "apt-get install nodejs npm && npm ci"),
    "openssl": (openssl, "apt-get install openssl"),
    "shared": (shared, "put the reference data in a folder `shared` beside this checkout"),
}


def required() -> frozenset[str]:
    """The names in PORTAL_TEST_REQUIRE; an unknown one is an error, not a silent nothing."""
    words = os.environ.get("PORTAL_TEST_REQUIRE", "").replace(",", " ").split()
    if unknown := set(words) - set(FINDERS):
        pytest.exit(f"PORTAL_TEST_REQUIRE names {', '.join(sorted(unknown))}", returncode=4)
    return frozenset(words)


def need(name: str) -> Path:
    """Where it is; otherwise the test is skipped, or fails when it is required."""
    find, command = FINDERS[name]
    found = find()
    if found is not None:
        return found
    reason = f"{MARK}{name}: {command}"
    if name in required():
        pytest.fail(f"{reason} (named in PORTAL_TEST_REQUIRE)", pytrace=False)
    pytest.skip(reason)

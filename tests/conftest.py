"""Fixtures for every room, and at the end what was skipped and how to install it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import chromium, open_page
from tests.support.postgres import Cluster, postgres, postgres_url
from tests.support.requirements import MARK, need, required

__all__ = ["chromium", "open_page", "postgres", "postgres_url"]


def pytest_configure(config: pytest.Config) -> None:
    required()  # a misspelt name in PORTAL_TEST_REQUIRE stops here, not after an hour


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the test's own: the test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'portal.sqlite'}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    url = cluster.fresh()
    yield url
    cluster.drop(url)


@pytest.fixture
def shared() -> Path:
    """The folder with the reference data that is not shipped."""
    return need("shared")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was skipped for want of a program, and the command that installs it."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        _, _, reason = report.longrepr
        words = reason.removeprefix("Skipped: ")
        if words.startswith(MARK):
            reasons[words.removeprefix(MARK)] += 1
    if not reasons:
        return
    terminalreporter.section("skipped, and how to run them")
    for reason, count in sorted(reasons.items()):
        name, _, command = reason.partition(": ")
        terminalreporter.line(f"{count} tests need {name}. To run them: {command}")

"""Fixtures for every room, and at the end what was skipped and how to install it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

# Before anything of the portal is imported: passwords cost nothing in tests.
os.environ["PORTAL_TEST_CHEAP_PASSWORDS"] = "1"

import pytest
from flask import Flask, appcontext_pushed, g, has_app_context
from hypothesis import HealthCheck, settings

from portal.core.database import begin_write
from portal.core.extensions import db
from tests.support import factories, portal_app
from tests.support.browser import chromium, open_page
from tests.support.icalpy import ical_js
from tests.support.postgres import Cluster, postgres, postgres_url
from tests.support.requirements import COUNTED, MARK, need, required

__all__ = ["chromium", "ical_js", "open_page", "postgres", "postgres_url"]

# The same examples at each run; `make storm` tries new ones. A slow machine is no fault of
# the code, and a test's own database is rolled back by hand.
settings.register_profile(
    "portal",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("portal")


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
def engine() -> str:
    """The engine of `app`, `city` and `demo_city`. A test of data asks for both of them with
    `@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])`."""
    return "sqlite"


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> portal_app.Templates:
    return portal_app.Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def start_app(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path, templates: portal_app.Templates
) -> Iterator[Callable[[str], Flask]]:
    """start_app("small") answers an application on a copy of a filled database."""
    started: list[Flask] = []

    def start(name: str) -> Flask:
        url = templates.copy(engine, name, tmp_path, lambda: request.getfixturevalue("postgres"))
        started.append(portal_app.make_app(url, tmp_path))
        return started[-1]

    yield start
    for app in started:
        portal_app.close_app(app)
        if engine == "postgresql":
            request.getfixturevalue("postgres").drop(app.config["SQLALCHEMY_DATABASE_URI"])


@pytest.fixture
def app(start_app: Callable[[str], Flask]) -> Flask:
    """The portal on an empty database: tables and nothing in them."""
    return start_app("empty")


@pytest.fixture
def city(start_app: Callable[[str], Flask]) -> Flask:
    """The portal of a small municipality: see tests/data/small.toml."""
    return start_app("small")


@pytest.fixture
def demo_city(start_app: Callable[[str], Flask]) -> Flask:
    """The portal with the demonstration city."""
    return start_app("demo")


@pytest.fixture
def freeze() -> Iterator[Callable[[datetime], None]]:
    """freeze(moment) stops the portal's clock, in requests and outside them."""
    stopped: list[datetime] = []

    def put(_sender: Any, **_kwargs: Any) -> None:
        if stopped:
            g.frozen_now = stopped[0]

    def stop(moment: datetime) -> None:
        stopped[:] = [moment]
        if has_app_context():
            g.frozen_now = moment

    with appcontext_pushed.connected_to(put):
        yield stop


@pytest.fixture
def inside(city: Flask, freeze: Callable[[datetime], None]) -> Iterator[Flask]:
    """The small city on 20 November 2026, with the test inside its app context."""
    freeze(factories.NOW)
    with city.app_context():
        yield city
        db.session.rollback()


@pytest.fixture
def client(city: Flask) -> portal_app.Browser:
    """Somebody's browser on the small city; `client.sign_in("editor@small.example")`."""
    browser = city.test_client()
    assert isinstance(browser, portal_app.Browser)
    return browser


@pytest.fixture
def sign_in() -> Callable[[portal_app.Browser, str], None]:
    return lambda browser, email: browser.sign_in(email)


@pytest.fixture
def make_event(city: Flask) -> Callable[..., factories.Made]:
    """make_event(series=…, left_out=…, status=…, titles=…) makes and commits an event in the
    small city; every field of Details can be given, and functions are called inside."""

    def make(*args: Any, **changes: Any) -> factories.Made:
        with city.app_context():
            begin_write()
            changes = {k: v() if callable(v) else v for k, v in changes.items()}
            event = factories.new_event(*args, **changes)
            made = factories.made(event)
            db.session.commit()
            return made

    return make


@pytest.fixture
def shared() -> Path:
    """The folder with the reference data that is not shipped."""
    return need("shared")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    _say_what_was_counted(terminalreporter)
    _say_what_was_skipped(terminalreporter)


def _say_what_was_counted(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases the tests of chance tried, added up over the processes."""
    counted: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, said in report.user_properties:
            if name == COUNTED and report.when == "call":
                number, _, what = said.partition(" ")
                counted[what] += int(number)
    for what, number in sorted(counted.items()):
        terminalreporter.line(f"{number:,} {what}: no counterexample")


def _say_what_was_skipped(terminalreporter: pytest.TerminalReporter) -> None:
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

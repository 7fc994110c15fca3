"""An application on a database of the test's own, and a client that behaves like a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from portal import create_app
from portal.accounts import actions as accounts
from portal.accounts.queries import account_by_email
from portal.config import Settings
from portal.core import migrations
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.sealing import digest, sign
from portal.demo.actions import build_demo, found
from portal.feeds.texts import rendered
from portal.imports.setting_up import set_up
from portal.units.queries import unit_by_slug
from tests.support.postgres import Cluster

BASE_URL = "http://127.0.0.1:8000"
SMALL = Path(__file__).parents[1] / "data" / "small.toml"
PASSWORD = "correct horse battery"
LIBRARY, PRESCHOOL = "exempelbiblioteket", "ekorrens-oppna-forskola"
# Who is in the small city: address, role, unit.
PEOPLE = (
    ("editor@small.example", "editor", LIBRARY),
    ("preschool@small.example", "editor", PRESCHOOL),
    ("association@small.example", "editor", "exempelforeningen"),
    ("admin@small.example", "admin", None),
)


class Compiled(BytecodeCache):
    """Templates compiled once in a process, for every application that a test makes."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def make_app(url: str, folder: Path, base_url: str = BASE_URL) -> Flask:
    """An application; what an earlier one remembered in this process is forgotten."""
    rendered.clear()
    app = create_app(Settings(instance=folder, database_url=url, base_url=base_url))
    app.test_client_class = Browser
    app.config["TESTING"] = True
    app.jinja_env.bytecode_cache = COMPILED
    return app


def close_app(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def no_cluster() -> Cluster:
    raise AssertionError("SQLite needs no cluster")


def build_empty() -> None:
    """The newest tables and nothing in them."""
    migrations.upgrade()


def build_small() -> None:
    """The small city with its people and an association."""
    migrations.upgrade()
    begin_write()
    set_up(SMALL, is_demo=False)
    from portal.units.actions import add_association

    add_association("Exempelföreningen")
    for email, role, slug in PEOPLE:
        account = accounts.create_account(email, email.split("@")[0].title(), PASSWORD)
        accounts.grant(account, role, unit_by_slug(slug) if slug else None)
    db.session.commit()


def build_city() -> None:
    """The demonstration city, as `portal demo` makes it today."""
    migrations.upgrade()
    begin_write()
    build_demo(lambda text: None)
    db.session.commit()


def build_founded() -> None:
    """The demonstration city before anything happens in it: what an import begins with."""
    migrations.upgrade()
    begin_write()
    found()
    db.session.commit()


BUILDERS: dict[str, Callable[[], None]] = {
    "empty": build_empty,
    "small": build_small,
    "demo": build_city,
    "founded": build_founded,
}


class Templates:
    """Databases that are filled once in a test process and then copied."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(
        self, engine: str, name: str, target: Path, cluster: Callable[[], Cluster] = no_cluster
    ) -> str:
        """The address of a new copy of the database `name` on an engine."""
        if engine == "sqlite":
            shutil.copyfile(self._sqlite(name), target / "portal.sqlite")
            return f"sqlite:///{target / 'portal.sqlite'}"
        server = cluster()
        return server.fresh(server.template(f"portal_{name}", lambda url: self._build(name, url)))

    def _sqlite(self, name: str) -> Path:
        path = self._folder / f"{name}.sqlite"
        if not path.exists():
            self._build(name, f"sqlite:///{path}")
        return path

    def _build(self, name: str, url: str) -> None:
        app = make_app(url, self._folder)
        with app.app_context():
            BUILDERS[name]()
            if db.engine.dialect.name == "sqlite":
                # All of it in one file, so that copying the file copies the database.
                with db.engine.connect() as connection:
                    connection.exec_driver_sql("ROLLBACK")
                    connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                    connection.exec_driver_sql("BEGIN")
        close_app(app)


class Browser(FlaskClient):
    """A client that asks for http://127.0.0.1:8000 and sends Origin with every POST."""

    account_key = "public"

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("base_url", BASE_URL)
        headers = dict(kwargs.pop("headers", None) or {})
        if kwargs.get("method") == "POST":
            headers.setdefault("Origin", BASE_URL)
        # A test passes Origin=None to leave it out.
        kept = {name: value for name, value in headers.items() if value is not None}
        return super().open(*args, headers=kept, **kwargs)

    def token(self) -> str:
        """The form token that a page would carry for this browser."""
        with self.application.app_context():
            return bytes(32).hex() + sign("form", self.account_key)

    def submit(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Sends a form with its token, as the page's button does."""
        return self.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def sign_in(self, email: str) -> None:
        """Signs in without the form, as somebody who has an account."""
        with self.application.app_context():
            begin_write()
            account = account_by_email(email)
            assert account is not None, email
            token = accounts.start_session(account)
            db.session.commit()
        self.set_cookie("portal", token, domain="127.0.0.1")
        self.account_key = digest(token)

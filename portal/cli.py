"""The `portal` command. Every error says what to do; long work shows progress."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal import create_app
from portal.accounts import actions as accounts
from portal.accounts.queries import ROLES
from portal.accounts.words import say_problem
from portal.config import ConfigError, Settings
from portal.core import jobs, migrations
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.problems import Refused
from portal.demo.actions import DemoRefused, build_demo
from portal.imports import programme
from portal.imports.actions import apply_plan, make_plan, set_up
from portal.units import queries as units
from portal.units.municipality_file import FileProblem

Command = TypeVar("Command", bound=Callable[..., Any])


def fail(message: str, code: int = 1) -> None:
    """Says what is wrong on standard error and ends with an exit code."""
    click.echo(message, err=True)
    sys.exit(code)


def with_app(command: Command) -> Command:
    """Runs a command inside the application, with plain words for what can go wrong."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            app = create_app()
        except ConfigError as error:
            fail(str(error), 2)
        with app.app_context():
            try:
                return command(app, *args, **kwargs)
            except units.NotInitialised as error:
                fail(str(error), 3)
            except SQLAlchemyError as error:
                cause = str(getattr(error, "orig", error)).splitlines()[0]
                fail(f"The database said: {cause}\nIs it there? Try: portal db upgrade", 4)

    return run  # type: ignore[return-value]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portal")
def main() -> None:
    """Meeting places, their calendars, and what belongs to them.

    Settings come from PORTAL_* variables; docs/operations.md lists them.
    """


@main.command()
@click.option(
    "--host", default=lambda: os.environ.get("HOST", "127.0.0.1"), show_default="127.0.0.1"
)
@click.option("--port", default=lambda: int(os.environ.get("PORT", "8000")), show_default="8000")
@with_app
def serve(app: Flask, host: str, port: int) -> None:
    """Serve the portal until it is stopped (Ctrl+C)."""
    from portal.core.serving import serve as run

    settings: Settings = app.config["PORTAL_SETTINGS"]
    if not migrations.is_current():
        fail("The database is older than the program. Run: portal db upgrade", 4)
    if settings.production and units.municipality().is_demo:
        fail("This is the demonstration, whose passwords everybody knows. Run: portal init FILE", 3)
    db.session.remove()
    run(app, host, port)


@main.group("db")
def database() -> None:
    """The database's shape."""


@database.command("upgrade")
@with_app
def upgrade(_app: Flask) -> None:
    """Bring the database to the newest shape."""
    migrations.upgrade()
    click.echo("The database is up to date.")


@database.command("check")
@with_app
def check(_app: Flask) -> None:
    """Compare the tables with the migrations; exit 1 when they differ."""
    migrations.upgrade()
    difference = migrations.drift()
    if difference:
        fail(
            f"Tables and migrations differ:\n{difference}\nThen: portal db revision 'what changed'"
        )
    click.echo("Tables and migrations agree.")


@database.command("revision", hidden=True)
@click.argument("message")
@with_app
def revision(_app: Flask, message: str) -> None:
    """Write a migration from the difference (for developers)."""
    migrations.revision(message)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_app
def init(_app: Flask, file: Path) -> None:
    """Set up a municipality from FILE (docs/municipality-file.md)."""
    migrations.upgrade()
    begin_write()
    try:
        count = set_up(file, is_demo=False)
    except FileProblem as error:
        db.session.rollback()
        fail(f"{file} cannot be used:\n" + "\n".join(f"  {line}" for line in error.problems), 2)
    db.session.commit()
    click.echo(f"Done: {count} units. Next: portal user create --role admin name@example.org")


@main.command()
@with_app
def demo(_app: Flask) -> None:
    """Fill an empty database with the demonstration city."""
    migrations.upgrade()
    begin_write()
    try:
        summary = build_demo(lambda text: click.echo(text))
    except DemoRefused as error:
        db.session.rollback()
        fail(str(error), 3)
    db.session.commit()
    for name, result in jobs.tick():
        click.echo(f"{name}: {result}")
    click.echo(summary)


@main.group()
def user() -> None:
    """Staff accounts."""


@user.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--unit", help="The unit's address, for example rinkeby-bibliotek (editors).")
@click.option("--name", default="", help="Shown on staff pages; the e-mail address if left out.")
@with_app
def create_user(_app: Flask, email: str, role: str, unit: str | None, name: str) -> None:
    """Make an account; asks for the password (or reads PORTAL_PASSWORD)."""
    password = os.environ.get("PORTAL_PASSWORD") or getpass.getpass("Password: ")
    begin_write()
    found = units.unit_by_slug(unit) if unit else None
    if unit and found is None:
        fail(f"There is no unit {unit!r}. Its address is the last part of its page's address.", 2)
    if role == "editor" and found is None:
        fail("An editor needs a unit: --unit rinkeby-bibliotek", 2)
    try:
        accounts.grant(accounts.create_account(email, name or email, password), role, found)
    except Refused as refused:
        db.session.rollback()
        fail("\n".join(say_problem(problem) for problem in refused.problems), 2)
    db.session.commit()
    click.echo(f"{email} can sign in at /sign-in")


@main.group("import")
def imports() -> None:
    """Bring programmes in from files."""


@imports.command("programme")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although some are bad.")
@with_app
def import_programme(_app: Flask, file: Path, dry_run: bool, skip_bad: bool) -> None:
    """Import a library programme (CSV, docs/imports.md), one event a row."""
    try:
        parsed = programme.parse(file.read_bytes())
    except programme.NotAProgramme as error:
        fail(f"{file}: {error}", 2)
    begin_write()
    plan = make_plan(parsed)
    for line in plan.lines():
        click.echo(line)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
        return
    if plan.bad and not skip_bad:
        fail("Nothing was imported, because some rows are bad. Mend them, or add --skip-bad.", 1)
    with click.progressbar(length=len(plan.new), label="Importing", file=sys.stderr) as bar:
        apply_plan(plan, lambda: bar.update(1))
    db.session.commit()
    click.echo(plan.summary())


@main.command()
@with_app
def tick(_app: Flask) -> None:
    """Do the background work once; safe to run at any time, from a timer."""
    results = list(jobs.tick())
    for name, result in results:
        click.echo(f"{name}: {result}")
    if any(result.startswith("failed") for _, result in results):
        sys.exit(1)


@main.command()
@with_app
def doctor(app: Flask) -> None:
    """Say what is wrong with this installation; exit 1 when something is."""
    from portal.core.doctor import examine

    troubles = examine(app.config["PORTAL_SETTINGS"])
    for trouble in troubles:
        click.echo(trouble, err=True)
    click.echo("All is well." if not troubles else f"{len(troubles)} to mend.")
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()

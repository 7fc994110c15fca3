"""The `portal` command. Every error says what to do; long work shows progress."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import NoReturn

import click
from flask import Flask

from portal import create_app
from portal.accounts import actions as accounts
from portal.accounts.queries import ROLES
from portal.accounts.words import say_problem
from portal.core import jobs, migrations
from portal.core.commands import fail, runner
from portal.core.database import begin_write
from portal.core.doctor import examine
from portal.core.extensions import db
from portal.core.languages import WSGI_KEY
from portal.core.problems import Problem, Refused
from portal.core.text import counted, nearest
from portal.demo.actions import DemoRefused, build_demo
from portal.imports.cli import exports, imports
from portal.imports.setting_up import AlreadySetUp, set_up
from portal.units import queries as units
from portal.units.cli import need_data
from portal.units.municipality_file import FileProblem

# Looked up at each call, so that a test can give an application of its own.
with_app = runner(lambda settings: create_app(settings))


def say_problems(app: Flask, problems: list[Problem]) -> NoReturn:
    """The words of the pages, in English: there is no request that wants another language."""
    with app.test_request_context(environ_overrides={WSGI_KEY: "en"}):
        fail("\n".join(say_problem(problem) for problem in problems), 2)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="portal")
def main() -> None:
    """Meeting places, their calendars, and what belongs to them.

    Settings come from PORTAL_* variables; docs/operations.md lists them.
    """


@main.command()
@click.option("--host", metavar="ADDRESS", help="HOST if left out, or 127.0.0.1.")
@click.option("--port", metavar="NUMBER", help="PORT if left out, or 8000.")
@with_app
def serve(app: Flask) -> None:
    """Serve the portal until it is stopped (Ctrl+C)."""
    from portal.core import serving

    need_data()
    if app.config["PORTAL_SETTINGS"].production and units.municipality().is_demo:
        fail("This is the demonstration, whose passwords everybody knows. Run: portal init FILE", 3)
    db.session.remove()
    try:
        serving.serve(app)
    except serving.CannotListen as error:
        fail(str(error), 2)


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
    except AlreadySetUp as error:
        fail(str(error), 3)
    except FileProblem as error:
        fail(f"{file} cannot be used:\n" + "\n".join(f"  {line}" for line in error.problems), 2)
    db.session.commit()
    click.echo(f"Done: {counted(count, 'unit')}.")
    click.echo("Next: portal user create --role admin name@example.org")


@main.command()
@with_app
def demo(_app: Flask) -> None:
    """Fill an empty database with the demonstration city."""
    migrations.upgrade()
    begin_write()
    try:
        summary = build_demo(lambda text: click.echo(text))
    except DemoRefused as error:
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
def create_user(app: Flask, email: str, role: str, unit: str | None, name: str) -> None:
    """Make an account; asks for the password (or reads PORTAL_PASSWORD)."""
    need_data()
    found = units.unit_by_slug(unit) if unit else None
    if unit and found is None:
        meant = nearest(unit, [one.slug for one in units.all_units()])
        fail(f"There is no unit {unit!r}{meant or '. Its page ends with its address.'}", 2)
    if (role == "editor") != (found is not None):
        fail("An editor has a unit (--unit rinkeby-bibliotek), an administrator has none.", 2)
    if problems := accounts.check_address(email):
        say_problems(app, problems)
    # What was read goes, so that nobody waits while somebody thinks of a password.
    db.session.rollback()
    password = os.environ.get("PORTAL_PASSWORD")
    if not password and not sys.stdin.isatty():
        fail("There is no terminal to ask for the password on. Set PORTAL_PASSWORD.", 2)
    password = password or getpass.getpass("Password: ")
    begin_write()
    found = units.unit_by_slug(unit or "")
    try:
        accounts.grant(accounts.create_account(email, name or email, password), role, found)
    except Refused as refused:
        say_problems(app, refused.problems)
    db.session.commit()
    click.echo(f"{email} can sign in at {app.config['PORTAL_SETTINGS'].base_url}/sign-in")


@main.command()
@with_app
def tick(_app: Flask) -> None:
    """Do the background work once; safe to run at any time, from a timer."""
    need_data()
    results = list(jobs.tick())
    for name, result in results:
        click.echo(f"{name}: {result}")
    if any(result.startswith("failed") for _, result in results):
        sys.exit(1)


@main.command()
@with_app
def doctor(app: Flask) -> None:
    """Say what is wrong with this installation; exit 1 when something is."""
    need_data()
    troubles = examine(app.config["PORTAL_SETTINGS"])
    for trouble in troubles:
        click.echo(trouble, err=True)
    click.echo("All is well." if not troubles else f"{len(troubles)} to mend.")
    sys.exit(1 if troubles else 0)


main.add_command(imports)
main.add_command(exports)


if __name__ == "__main__":
    main()

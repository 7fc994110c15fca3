"""Commands that bring events in from files, and take them out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import Flask

from portal import create_app
from portal.core.commands import fail, runner
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import WSGI_KEY
from portal.core.problems import Refused
from portal.core.text import counted, nearest
from portal.events import observance_queries as queries
from portal.imports import observance_exchange, words
from portal.imports.actions import find_source, known_source, new_source
from portal.imports.exchange_actions import apply_exchange, plan_exchange
from portal.imports.exchange_queries import export_events
from portal.imports.exchange_reading import read
from portal.imports.exchange_words import say_unreadable
from portal.imports.items import Unreadable
from portal.imports.mapping import NONE
from portal.imports.observance_exchange_actions import (
    apply_observances,
    export_observances,
    plan_observances,
)
from portal.imports.progress import Progress
from portal.imports.reading import Opened
from portal.imports.work import StillChanging, carry_out, plan_file, plan_for
from portal.units import queries as units
from portal.units.cli import need_data
from portal.units.models import Unit

# Looked up at each call, so that a test can give an application of its own.
with_app = runner(lambda settings: create_app(settings))
there = click.Path(exists=True, dir_okay=False, path_type=Path)
unit_option = click.option("--unit", help="The unit's address, for example rinkeby-bibliotek.")


@click.group("import")
def imports() -> None:
    """Bring programmes in from files."""


@click.group("export")
def exports() -> None:
    """Take out what the portal holds."""


def _unit(slug: str | None) -> Unit | None:
    """The unit of an option; ends here when there is none of that address."""
    found = units.unit_by_slug(slug) if slug else None
    if slug and found is None:
        meant = nearest(slug, [one.slug for one in units.all_units()])
        fail(f"There is no unit {slug!r}{meant or '. Its page ends with its address.'}", 2)
    return found


class Bars(Progress):
    """A bar for each step, on a terminal: elsewhere it would leave its label and nothing else."""

    def __init__(self) -> None:
        self._bar: Any = None

    def begin(self, step: str, total: int) -> None:
        self.end()
        if total and sys.stderr.isatty():
            self._bar = click.progressbar(
                length=total,
                label=step.capitalize(),
                file=sys.stderr,
                update_min_steps=max(1, total // 200),
            )
            self._bar.render_progress()

    def done(self, number: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(number)

    def end(self) -> None:
        """The last step is done, or given up."""
        if self._bar is not None:
            self._bar.render_finish()
        self._bar = None


@imports.command("programme")
@click.argument("file", type=there)
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although some are bad.")
@click.option("--source", default="programme", help="Whose ids these are: one name a system.")
@unit_option
@with_app
def import_programme(
    app: Flask, file: Path, dry_run: bool, skip_bad: bool, source: str, unit: str | None
) -> None:
    """Import a programme: CSV, XLSX, ODS, iCalendar or JSON (docs/imports.md)."""
    need_data()
    found = _unit(unit)
    unit_id, raw, bars = found.id if found else None, file.read_bytes(), Bars()
    # A source is noted when it brings something: a trial leaves no trace.
    asked = known_source(source, unit_id) or new_source(source, unit_id)
    with app.test_request_context(environ_overrides={WSGI_KEY: "en"}):
        try:
            planned = plan_for(asked, raw, file.name, progress=bars)
        except Unreadable as unreadable:
            bars.end()
            fail(f"{file}: {words.say_unreadable(unreadable)}", 2)
        bars.end()
        plan = planned.plan
        lines = [*_columns(planned.opened), *words.plan_lines(plan)]
    _say(lines, bool(plan.bad) and not skip_bad, dry_run)
    if dry_run:
        return
    begin_write()
    source_id = find_source(source, unit_id).id
    db.session.commit()
    again = partial(plan_file, source_id, raw, file.name, progress=bars)
    try:
        plan = carry_out(source_id, planned, again, progress=bars)
    except StillChanging:
        fail("Others are changing the same events. Nothing was imported. Try again later.")
    except Refused as refused:
        fail(f"Nothing was imported, because the rules refuse it: {refused}")
    finally:
        bars.end()
    click.echo(f"{counted(plan.new_dates, 'date')} imported")


def _say(lines: Iterable[str], is_refused: bool, dry_run: bool) -> None:
    """What a plan would do; ends the command when its bad rows stand in the way."""
    for line in lines:
        click.echo(line)
    if dry_run:
        click.echo("Dry run: nothing was changed.")
    if is_refused:
        outcome = "A real run would import nothing" if dry_run else "Nothing was imported"
        fail(f"{outcome}, because some rows are bad. Mend them, or add --skip-bad.")


def _columns(opened: Opened) -> Iterator[str]:
    """What columns were taken for, where nobody has said so: there is nobody here to be asked."""
    if opened.mapping is None or opened.is_sure:
        return
    for column, meaning in opened.mapping.columns:
        yield f"“{column}” is {'passed over' if meaning == NONE else f'read as {meaning}'}."


@exports.command("events")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--public-only", is_flag=True, help="Only what may be given to anybody.")
@unit_option
@with_app
def export_table(_app: Flask, file: Path, public_only: bool, unit: str | None) -> None:
    """Write all published events to FILE (CSV, docs/imports.md)."""
    need_data()
    raw = export_events(public_only=public_only, unit=_unit(unit))
    _write(file, raw)
    click.echo(f"{counted(len(read(raw).events), 'event')} written to {file}")
    if not public_only:
        click.echo("With what only staff may see. To give to anybody: --public-only", err=True)


@exports.command("observances")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@with_app
def export_days(_app: Flask, file: Path) -> None:
    """Write the observances that calendars know to FILE (CSV, docs/imports.md)."""
    need_data()
    _write(file, export_observances())
    click.echo(f"{counted(len(queries.told()), 'observance')} written to {file}")


def _write(file: Path, raw: bytes) -> None:
    try:
        file.write_bytes(raw)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}", 2)


@imports.command("observances")
@click.argument("file", type=there)
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@with_app
def import_days(_app: Flask, file: Path, dry_run: bool) -> None:
    """Import observances that `portal export observances` wrote, before the events."""
    need_data()
    try:
        rows, problems = observance_exchange.read(file.read_bytes())
    except Unreadable as unreadable:
        fail(f"{file}: {say_unreadable(unreadable)}", 2)
    begin_write()
    plan = plan_observances(rows, problems)
    for line in plan.lines():
        click.echo(line)
    if plan.bad:
        fail("Nothing was imported, because some rows are bad. Mend them.")
    if dry_run:
        click.echo("Dry run: nothing was changed.")
        return
    apply_observances(plan)
    db.session.commit()


@imports.command("events")
@click.argument("file", type=there)
@click.option("--dry-run", is_flag=True, help="Show the plan and change nothing.")
@click.option("--skip-bad", is_flag=True, help="Import the good rows although some are bad.")
@unit_option
@with_app
def import_table(_app: Flask, file: Path, dry_run: bool, skip_bad: bool, unit: str | None) -> None:
    """Import events in the portal's exchange format (CSV, docs/imports.md)."""
    need_data()
    try:
        reading = read(file.read_bytes())
    except Unreadable as unreadable:
        fail(f"{file}: {say_unreadable(unreadable)}", 2)
    begin_write()
    only = _unit(unit)
    plan = plan_exchange(reading, only.id if only else None)
    _say(plan.lines(), bool(plan.bad) and not skip_bad, dry_run)
    if dry_run:
        return
    # Elsewhere than on a terminal a bar would leave its label and nothing else.
    size = len(plan.new) + len(plan.changed)
    quiet = not size or not sys.stderr.isatty()
    with click.progressbar(length=size, label="Importing", file=sys.stderr, hidden=quiet) as bar:
        apply_exchange(plan, lambda: bar.update(1))
    db.session.commit()
    click.echo(f"{len(plan.new)} imported, {len(plan.changed)} changed")

"""The database's shape: migrations make what the models say, and no column tells too much."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import Column, MetaData, String, Table, inspect, text

import portal
from portal.core import migrations
from portal.core.extensions import Base, db
from tests.support.factories import WEEKLY, Made

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])


@both
def test_migrations_make_what_the_models_say(app: Flask, engine: str) -> None:
    with app.app_context():
        assert migrations.is_current()
        assert migrations.drift() == ""


@both
def test_a_difference_is_told(app: Flask, engine: str) -> None:
    """The control for the test above."""
    table = Table("forgotten", Base.metadata, Column("name", String(10), primary_key=True))
    try:
        with app.app_context():
            assert "forgotten" in migrations.drift()
    finally:
        Base.metadata.remove(table)


@both
def test_down_to_nothing_and_up_again(app: Flask, engine: str) -> None:
    with app.app_context():
        with migrations._config() as config:
            command.downgrade(config, "base")
        assert not migrations.is_current()
        assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
        migrations.upgrade()
        migrations.upgrade()
        assert migrations.is_current()
        assert migrations.drift() == ""
        assert set(Base.metadata.tables) <= set(inspect(db.engine).get_table_names())


@both
def test_up_with_data(city: Flask, engine: str) -> None:
    """The newest shape again, over a filled database: nothing is lost."""
    with city.app_context():
        before = db.session.execute(text("SELECT count(*) FROM unit")).scalar()
        db.session.remove()
        migrations.upgrade()
        assert db.session.execute(text("SELECT count(*) FROM unit")).scalar() == before == 3


@both
def test_up_from_the_first_tables_with_events(
    city: Flask, make_event: Callable[..., Made], engine: str
) -> None:
    """A filled database of the first release: its events and dates come through."""
    made = make_event(WEEKLY)
    with city.app_context():
        held = {
            table.name: [dict(row) for row in db.session.execute(table.select()).mappings()]
            for table in Base.metadata.sorted_tables
        }
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()
        with migrations._config() as config:
            command.downgrade(config, "0001")
        _fill_first_tables(held)
        migrations.upgrade()
        assert migrations.drift() == ""
        count = "SELECT count(*) FROM occurrence WHERE is_override AND titles IS NOT NULL"
        assert db.session.execute(text(count)).scalar() == len(made.keys)


def _fill_first_tables(held: dict[str, list[dict[str, object]]]) -> None:
    old = MetaData()
    old.reflect(db.engine)
    for name in (table.name for table in Base.metadata.sorted_tables if table.name in old.tables):
        columns = set(old.tables[name].columns.keys())
        for row in held[name]:
            known = {key: value for key, value in row.items() if key in columns}
            if name == "occurrence":
                known["is_moved"] = True
            db.session.execute(old.tables[name].insert(), _plain(known))
    db.session.commit()


def _plain(row: dict[str, object]) -> dict[str, object]:
    """Instants without their zone and keys as text, as the first tables held them."""
    plain: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, datetime) and value.tzinfo is not None:
            value = value.replace(tzinfo=None)
        if isinstance(value, tuple):
            value = f" {' '.join(value)} " if value else ""
        plain[key] = value
    return plain


def constraint_names(metadata: MetaData) -> list[tuple[str, str]]:
    return [
        (table.name, str(constraint.name))
        for table in metadata.tables.values()
        for constraint in table.constraints
    ]


@both
def test_every_constraint_has_a_name_of_its_own(app: Flask, engine: str) -> None:
    """PostgreSQL refuses two of one name, SQLite does not care and would hide it."""
    with app.app_context():
        found = inspect(db.engine)
        for table in Base.metadata.tables:
            names = [unique["name"] for unique in found.get_unique_constraints(table)]
            assert len(set(names)) == len(names), table
            assert None not in names, table


# --- privacy ------------------------------------------------------------------------------

# No column may hold or hint at who somebody is (P1, P2). Whole words, so that "origin" does not
# hit "original".
DENIED = re.compile(
    r"(^|_)(ethnic\w*|roma|romani|origin|nationality|citizenship|religion|faith|race|minority"
    r"|mother_tongue|native|birth\w*|born|age|gender|sex|personnummer|pnr|ssn|national_id"
    r"|identity_number|ip|ip_address|user_agent|disability|health|diet\w*)(_|$)"
)
# Ages whom an event is for, not anybody's.
ALLOWED = {("event", "age_from"), ("event", "age_to"), ("event", "age_unit")}
PEOPLE = ("account", "role_grant", "sign_in_session", "invitation", "audit_entry", "rate_count")


def denied(metadata: MetaData) -> list[tuple[str, str]]:
    return [
        (table.name, column.name)
        for table in metadata.tables.values()
        for column in table.columns
        if DENIED.search(column.name) and (table.name, column.name) not in ALLOWED
    ]


def test_no_column_tells_who_somebody_is() -> None:
    assert portal.TABLES
    assert denied(Base.metadata) == []


@pytest.mark.parametrize(
    "name", ["ethnicity", "origin", "is_roma", "mother_tongue", "birth_year", "personnummer", "ip"]
)
def test_such_a_column_would_be_seen(name: str) -> None:
    metadata = MetaData()
    Table("somebody", metadata, Column(name, String(10)))
    assert denied(metadata) == [("somebody", name)]


def test_no_language_stands_in_a_person_s_row() -> None:
    for table in PEOPLE:
        names = set(Base.metadata.tables[table].columns.keys())
        words = {word for name in names for word in name.split("_")}
        assert not words & {"language", "languages", "lang", "locale", "variety"}, table

"""The private PostgreSQL gives databases that share nothing."""

from __future__ import annotations

from sqlalchemy import create_engine, inspect, text

from tests.support.postgres import Cluster


def fill(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE person (name text)"))
        connection.execute(text("INSERT INTO person VALUES ('Åsa')"))
    engine.dispose()


def tables(url: str) -> list[str]:
    engine = create_engine(url)
    names = inspect(engine).get_table_names()
    engine.dispose()
    return names


def test_databases_share_nothing(postgres: Cluster) -> None:
    one, other = postgres.fresh(), postgres.fresh()
    fill(one)
    assert tables(one) == ["person"]
    assert tables(other) == []


def test_a_template_is_built_once_and_copied(postgres: Cluster) -> None:
    built: list[str] = []

    def build(url: str) -> None:
        built.append(url)
        fill(url)

    copies = [postgres.fresh(postgres.template("filled", build)) for _ in range(2)]
    assert len(built) == 1
    assert [tables(copy) for copy in copies] == [["person"], ["person"]]
    postgres.drop(copies[0])


def test_both_engines_are_tried(database_url: str) -> None:
    fill(database_url)
    assert tables(database_url) == ["person"]

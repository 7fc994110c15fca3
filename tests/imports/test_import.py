"""Programmes in the database: the command, the plan, and the real file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from portal import cli
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events.models import Event, Occurrence
from portal.imports import actions, programme
from portal.imports.actions import SOURCE, add_alias, apply_plan, make_plan
from tests.imports.test_programme import file
from tests.support.factories import NOW, unit

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
REAL = Path("data") / "library_programme_2026-09-25.csv"
Run = Callable[..., Result]


def imported() -> list[Event]:
    query = select(Event).where(Event.source == SOURCE).order_by(Event.source_id)
    return list(db.session.scalars(query))


def revisions() -> dict[str, tuple[int, datetime]]:
    return {event.uid: (event.sequence, event.revised_at) for event in imported()}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Flask], Run]:
    """run(app)(raw, "--dry-run") is the command `portal import programme` on a file."""

    def bind(app: Flask) -> Run:
        monkeypatch.setattr(cli, "create_app", lambda settings: app)

        def command(raw: bytes, *options: str) -> Result:
            path = tmp_path / "programme.csv"
            path.write_bytes(raw)
            return CliRunner().invoke(cli.main, ["import", "programme", str(path), *options])

        return command

    return bind


# --- the real file ------------------------------------------------------------------------


@both
def test_the_real_programme_arrives(
    demo_city: Flask, engine: str, shared: Path, freeze: Callable[[datetime], None]
) -> None:
    freeze(datetime(2026, 9, 24, 8, tzinfo=UTC))
    raw = (shared / REAL).read_bytes()
    with demo_city.app_context():
        begin_write()
        plan = make_plan(programme.parse(raw))
        apply_plan(plan)
        db.session.commit()
        assert plan.summary() == "135 new, 0 already here, 2 not usable"
        assert [(p.column, p.code, p.value) for p in plan.bad] == [
            ("organiser", "unknown_unit", "Medeltidsmuseet")
        ] * 2
        assert all(p.row in range(2, 139) for p in plan.bad)
        events = imported()
        assert len(events) == 135
        assert {event.status for event in events} <= {"published", "cancelled"}
        assert all(
            event.is_public and row.is_listed for event in events for row in event.occurrences
        )
        units = Counter(event.unit.slug for event in events)
        assert units["rinkeby-bibliotek"] == raw.count(b'"Rinkeby bibliotek","Rinkeby bibliotek"')
        assert {"bib-51674", "bib-51675"} == {e.source_id for e in events if e.is_all_day}
        fair = next(event for event in events if event.source_id == "bib-51375")
        assert (fair.unit.slug, fair.place_id) == ("bredangs-bibliotek-punkt127", None)
        assert fair.elsewhere == "Odd Fellowvägen 22 & 26"
        first = next(event for event in events if event.source_id == "bib-54405")
        assert first.unit.name == "Hässelby gårds bibliotek"
        assert (first.starts, first.ends) == (
            datetime(2026, 9, 25, 10),
            datetime(2026, 9, 25, 10, 30),
        )
        assert first.occurrences[0].starts_at == datetime(2026, 9, 25, 8, tzinfo=UTC)
        # Once more: nothing moves.
        before = revisions()
        again = make_plan(programme.parse(raw))
        apply_plan(again)
        db.session.commit()
        assert again.summary() == "0 new, 135 already here, 2 not usable"
        assert revisions() == before
    assert (
        demo_city.test_client()
        .get("/feeds/unit-rinkeby-bibliotek.sv.ics")
        .text.count("SUMMARY;LANGUAGE=sv:Fredagsmys")
    )


def test_the_command_says_what_it_did(
    demo_city: Flask, run: Callable[[Flask], Run], shared: Path
) -> None:
    command, raw = run(demo_city), (shared / REAL).read_bytes()
    dry = command(raw, "--dry-run")
    assert dry.exit_code == 1
    assert "135 new" in dry.output
    assert "A real run would import nothing" in dry.output
    assert command(raw, "--dry-run", "--skip-bad").exit_code == 0
    with demo_city.app_context():
        assert imported() == []
    stopped = command(raw)
    assert stopped.exit_code == 1
    assert "--skip-bad" in stopped.output
    assert stopped.output.count("Medeltidsmuseet") == 2
    with demo_city.app_context():
        assert imported() == []
    done = command(raw, "--skip-bad")
    assert done.exit_code == 0, done.output
    assert done.output.count("135") == 2
    assert done.output.endswith("135 imported\n")
    assert "Importing" not in done.output
    with demo_city.app_context():
        assert len(imported()) == 135
    assert "0 new, 135 already here" in command(raw, "--skip-bad").output


@both
def test_a_category_that_nobody_knows_is_a_note(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    rows = (
        {"category": "Story"},
        {"category": "Story", "subcategory": "Poem"},
        {"category": "Story", "subcategory": "Dans"},
        {"category": "Övrigt", "subcategory": "Poem"},
        {"category": "", "subcategory": "Poem"},
        {"category": ""},
    )
    result = run(city)(file(*rows))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "category “Story” is not known; it becomes Other (2 rows)",
        "category “Poem” is not known; it becomes Other (1 row)",
        "6 new, 0 already here, 0 not usable",
        "6 imported",
    ]
    assert "Story" not in run(city)(file(*rows)).output


def test_a_category_added_to_the_table_is_known_at_once(
    inside: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "kinds.toml"
    table.write_text('[[category]]\ncategory = "Story"\nkind = "story-time"\n')
    monkeypatch.setattr(actions, "KINDS", table)
    plan = make_plan(programme.parse(file({"category": "story"}, {"category": "Dans"})))
    assert [placed.kind_slug for placed in plan.new] == ["story-time", "cultural-event"]
    assert not plan.unknown


@both
def test_everything_bad_in_a_row_is_told(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    bad = {"organiser": "Slottet", "place": "Slottet"}
    lines = run(city)(file({**bad, "link": "x"}, {**bad, "date": "2062-12-01"})).output
    for words in ("row 2, organiser", "row 2, link", "row 3, organiser", "row 3, date"):
        assert words in lines


# --- small files --------------------------------------------------------------------------


@both
def test_a_bad_row_stops_everything(city: Flask, run: Callable[[Flask], Run], engine: str) -> None:
    raw = file({}, {"date": "2026-13-01"}, {"organiser": "Slottet", "place": "Slottet"})
    result = run(city)(raw)
    assert result.exit_code == 1
    assert "row 3, date: “2026-13-01” is not a date" in result.output
    assert "row 4, organiser: “Slottet” is no unit here" in result.output
    with city.app_context():
        assert imported() == []
        assert db.session.scalar(select(func.count()).select_from(Occurrence)) == 0
    assert run(city)(raw, "--skip-bad").exit_code == 0
    with city.app_context():
        assert [event.source_id for event in imported()] == ["bib-1"]


@both
@pytest.mark.parametrize(
    "row",
    [
        {"date": "2062-12-01"},
        {"date": "1999-12-01"},
        {"date": "2027-03-28", "start": "02:30", "end": "04:00"},
        {"date": "2026-10-25", "start": "01:00", "end": "02:30"},
        {"organiser": "Exempelföreningen", "place": ""},
    ],
    ids=["far ahead", "long ago", "gap", "fold", "nowhere"],
)
def test_rows_that_the_rules_refuse_are_told_like_the_others(
    city: Flask,
    run: Callable[[Flask], Run],
    freeze: Callable[[datetime], None],
    engine: str,
    row: dict[str, str],
) -> None:
    """Not a traceback in the middle of an import: the plan knows beforehand."""
    freeze(NOW)
    result = run(city)(file({}, row))
    assert result.exit_code == 1, result.output
    assert "row 3, " in result.output
    assert "Nothing was imported" in result.output
    skipped = run(city)(file({}, row), "--skip-bad")
    assert skipped.exit_code == 0, skipped.output
    with city.app_context():
        assert [event.source_id for event in imported()] == ["bib-1"]


@both
def test_cancelled_preliminary_and_booked_rows(
    inside: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    rows = (
        {"title": "INSTÄLLT: Sagostund"},
        {"title": "Preliminärt: Sagostund", "booking_required": "true"},
        {"organiser": "Biblioteket på torget", "place": "Parken", "category": "Okänt"},
    )
    apply_plan(make_plan(programme.parse(file(*rows))))
    cancelled, preliminary, elsewhere = imported()
    assert (cancelled.status, cancelled.titles) == ("cancelled", {"sv": "Sagostund"})
    assert cancelled.kind.slug == "story-time"
    assert (preliminary.is_preliminary, preliminary.sign_up) == (True, "link")
    assert preliminary.sign_up_link == "https://example.org/1"
    assert (elsewhere.unit_id, elsewhere.place_id, elsewhere.elsewhere) == (
        unit().id,
        None,
        "Parken",
    )
    assert elsewhere.kind.slug == "other"
    assert (elsewhere.age_from, elsewhere.age_to) == (3, 6)


@both
def test_names_are_found_however_they_are_spelt(inside: Flask, engine: str) -> None:
    add_alias("Ekorrhuset", unit("ekorrens-oppna-forskola"))
    rows = ({"organiser": "EXEMPELBIBLIOTEKET"}, {"organiser": "ekorrhuset"})
    plan = make_plan(programme.parse(file(*rows)))
    assert [placed.unit_id for placed in plan.new] == [
        unit().id,
        unit("ekorrens-oppna-forskola").id,
    ]


def test_planning_writes_nothing(inside: Flask) -> None:
    make_plan(programme.parse(file({})))
    assert not db.session.new
    assert not db.session.dirty
    assert imported() == []


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"a,b\n"])
def test_the_wrong_file_is_said_in_words(
    city: Flask, run: Callable[[Flask], Run], raw: bytes
) -> None:
    result = run(city)(raw)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "programme.csv" in result.output

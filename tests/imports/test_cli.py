"""`portal import programme` on both engines: the command, what it says, and the real file."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from portal import cli
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import AuditEntry
from portal.events.models import Event, Occurrence
from portal.imports import cli as commands
from portal.imports import naming, work
from portal.imports.actions import choose
from portal.imports.models import ImportedDate, ImportedEvent, Source
from portal.imports.setting_up import add_alias
from tests.imports.programmes import file
from tests.support.factories import NOW, place, unit

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
REAL = Path("data") / "library_programme_2026-09-25.csv"
Run = Callable[..., Result]


def imported() -> list[Event]:
    query = select(Event).join(ImportedEvent, ImportedEvent.event_id == Event.id)
    return list(db.session.scalars(query.order_by(Event.id)))


def dates() -> dict[str, Occurrence]:
    """The dates that are here, by their ids in the source."""
    query = select(ImportedDate.key, Occurrence).join(
        Occurrence, Occurrence.event_id == ImportedDate.event_id
    )
    query = query.where(Occurrence.recurrence_id == ImportedDate.recurrence_id)
    return dict(db.session.execute(query).all())


def revisions() -> dict[str, tuple[int, datetime]]:
    return {event.uid: (event.sequence, event.revised_at) for event in imported()}


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, freeze: Callable[[datetime], None]
) -> Callable[[Flask], Run]:
    """run(app)(raw, "--dry-run") is the command on a file, on 20 November 2026."""
    freeze(NOW)

    def bind(app: Flask) -> Run:
        monkeypatch.setattr(commands, "create_app", lambda settings: app)

        def command(raw: bytes, *options: str, name: str = "programme.csv") -> Result:
            path = tmp_path / name
            path.write_bytes(raw)
            return CliRunner().invoke(cli.main, ["import", "programme", str(path), *options])

        return command

    return bind


# --- the real file ------------------------------------------------------------------------


@both
def test_the_real_programme_arrives(
    demo_city: Flask,
    engine: str,
    run: Callable[[Flask], Run],
    shared: Path,
    freeze: Callable[[datetime], None],
) -> None:
    command, raw = run(demo_city), (shared / REAL).read_bytes()
    freeze(datetime(2026, 9, 24, 8, tzinfo=UTC))
    dry = command(raw, "--dry-run")
    assert dry.exit_code == 1
    summary = "135 new, 0 changed, 0 cancelled, 0 already here, 2 not usable"
    assert summary in dry.output
    assert "A real run would import nothing" in dry.output
    assert dry.output.count("organiser: “Medeltidsmuseet” is no unit here") == 2
    assert "looks like another row" in dry.output
    assert command(raw, "--dry-run", "--skip-bad").exit_code == 0
    stopped = command(raw)
    assert stopped.exit_code == 1
    assert "--skip-bad" in stopped.output
    with demo_city.app_context():
        assert imported() == []
    done = command(raw, "--skip-bad")
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-2:] == [summary, "135 dates imported"]
    assert "Importing" not in done.output
    with demo_city.app_context():
        _is_what_the_file_says(raw)
        before = revisions()
    again = command(raw, "--skip-bad").output
    assert "0 new, 0 changed, 0 cancelled, 135 already here, 2 not usable" in again
    with demo_city.app_context():
        assert revisions() == before, "once more: nothing moves"
    feed = demo_city.test_client().get("/feeds/unit-rinkeby-bibliotek.sv.ics").text
    assert feed.count("SUMMARY;LANGUAGE=sv:Fredagsmys")


def _is_what_the_file_says(raw: bytes) -> None:
    here, events = dates(), imported()
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert set(here) == {r["source_id"] for r in rows if r["organiser"] != "Medeltidsmuseet"}
    # 27 series of two dates or more; every other date is an event by itself.
    assert (len(here), len(events)) == (135, 135 - 54 + 27)
    assert {event.status for event in events} == {"published"}
    assert all(event.is_public for event in events)
    assert all(row.is_listed for row in here.values())
    assert all((event.sequence, event.source) == (0, None) for event in events)
    units = Counter(row.event.unit.slug for row in here.values())
    assert units["rinkeby-bibliotek"] == raw.count(b'"Rinkeby bibliotek","Rinkeby bibliotek"')
    whole_days = {key for key, row in here.items() if row.event.is_all_day}
    assert whole_days == {"bib-51674", "bib-51675"}
    fair = here["bib-51375"].event
    assert (fair.unit.slug, fair.place_id) == ("bredangs-bibliotek-punkt127", None)
    assert fair.elsewhere == "Odd Fellowvägen 22 & 26"
    first = here["bib-54405"]
    assert first.event.unit.name == "Hässelby gårds bibliotek"
    assert (first.event.starts, first.event.ends) == (
        datetime(2026, 9, 25, 10),
        datetime(2026, 9, 25, 10, 30),
    )
    assert first.starts_at == datetime(2026, 9, 25, 8, tzinfo=UTC)


# --- what it says -------------------------------------------------------------------------


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
    apart = [{**row, "start": f"1{n}:00", "end": f"1{n}:30"} for n, row in enumerate(rows)]
    result = run(city)(file(*apart))
    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        "Category “Story” is not known; it becomes Other (2 rows).",
        "Category “Poem” is not known; it becomes Other (1 row).",
        "6 new, 0 changed, 0 cancelled, 0 already here, 0 not usable",
        "6 dates imported",
    ]


def test_a_category_added_to_the_table_is_known_at_once(
    city: Flask, run: Callable[[Flask], Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    table = tmp_path / "kinds.toml"
    table.write_text('[[category]]\ncategory = "Story"\nkind = "story-time"\n')
    monkeypatch.setattr(naming, "KINDS_FILE", table)
    monkeypatch.setattr(naming, "_kinds_of_file", naming._kinds_of_file.__wrapped__)
    rows = ({"category": "story"}, {"category": "Dans", "start": "09:00", "end": "09:30"})
    assert "not known" not in run(city)(file(*rows)).output
    with city.app_context():
        assert [event.kind.slug for event in imported()] == ["story-time", "cultural-event"]


@both
def test_everything_bad_in_a_row_is_told(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    bad = {"organiser": "Slottet", "place": "Slottet"}
    lines = run(city)(file({**bad, "age_to": "x"}, {**bad, "date": "2062-12-01"})).output
    for words in ("Row 2, organiser", "Row 2, age_to", "Row 3, organiser", "Row 3, date"):
        assert words in lines
    assert "2 not usable" in lines


@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"a,b\n", b"[]", b"PK\x03\x04"])
def test_the_wrong_file_is_said_in_words(
    city: Flask, run: Callable[[Flask], Run], raw: bytes
) -> None:
    result = run(city)(raw)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert "programme.csv: " in result.output
    with city.app_context():
        assert db.session.scalars(select(Source)).all() == []


# --- small files --------------------------------------------------------------------------


@both
def test_a_bad_row_stops_everything(city: Flask, run: Callable[[Flask], Run], engine: str) -> None:
    raw = file({}, {"date": "2026-13-01"}, {"organiser": "Slottet", "place": "Slottet"})
    result = run(city)(raw)
    assert result.exit_code == 1
    assert "Row 3, date: “2026-13-01” is not a date" in result.output
    assert "Row 4, organiser: “Slottet” is no unit here" in result.output
    with city.app_context():
        assert imported() == []
        assert db.session.scalar(select(func.count()).select_from(Occurrence)) == 0
    assert run(city)(raw, "--skip-bad").exit_code == 0
    with city.app_context():
        assert list(dates()) == ["bib-1"]


@both
def test_what_imports_nothing_leaves_nothing(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    """A mistyped source on trial is no source on anybody's page."""

    def left() -> tuple[int | None, int | None]:
        with city.app_context():
            return tuple(
                db.session.scalar(select(func.count()).select_from(table))
                for table in (Source, AuditEntry)
            )

    before = left()
    assert run(city)(file({}), "--dry-run", "--source", "libary").exit_code == 0
    assert run(city)(file({"date": "x"}), "--source", "libary").exit_code == 1
    assert left() == before


@both
@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({"date": "2062-12-01"}, "date"),
        ({"date": "1999-12-01"}, "date"),
        ({"date": "2027-03-28", "start": "02:30", "end": "04:00"}, "start"),
        ({"date": "2026-10-25", "start": "01:00", "end": "02:30"}, "end"),
        ({"organiser": "Exempelföreningen", "place": ""}, "place"),
        ({"organiser": " ", "place": "Parken"}, "organiser"),
    ],
    ids=["far ahead", "long ago", "gap", "fold", "nowhere", "nobody's"],
)
def test_rows_that_the_rules_refuse_are_told_like_the_others(
    city: Flask, run: Callable[[Flask], Run], engine: str, row: dict[str, str], column: str
) -> None:
    """Not a traceback in the middle of an import: the plan knows beforehand."""
    result = run(city)(file({}, row))
    assert result.exit_code == 1, result.output
    assert f"Row 3, {column}: " in result.output
    assert "Nothing was imported" in result.output
    skipped = run(city)(file({}, row), "--skip-bad")
    assert skipped.exit_code == 0, skipped.output
    with city.app_context():
        assert list(dates()) == ["bib-1"]


@both
def test_cancelled_preliminary_and_booked_rows(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    rows = (
        {"title": "INSTÄLLT: Sagostund"},
        {"title": "Preliminärt: Sagostund", "booking_required": "true", "start": "09:00"},
        {"organiser": "Biblioteket på torget", "place": "Parken", "category": "Okänt"},
    )
    assert run(city)(file(*rows)).exit_code == 0
    with city.app_context():
        cancelled, preliminary, elsewhere = (dates()[f"bib-{n}"] for n in (1, 2, 3))
        assert (cancelled.status, cancelled.event.titles) == ("cancelled", {"sv": "Sagostund"})
        assert cancelled.event.kind.slug == "story-time"
        assert (preliminary.status, preliminary.event.is_preliminary) == ("confirmed", True)
        assert preliminary.event.sign_up == "link"
        assert preliminary.event.sign_up_link == "https://example.org/1"
        event = elsewhere.event
        assert (event.unit.slug, event.place_id, event.elsewhere) == (
            "exempelbiblioteket",
            None,
            "Parken",
        )
        assert event.kind.slug == "other"
        assert (event.age_from, event.age_to) == (3, 6)
        assert event.audiences == ("children", "families")


@both
def test_names_are_found_however_they_are_spelt(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    with city.app_context():
        add_alias("Ekorrhuset", unit("ekorrens-oppna-forskola"))
        db.session.commit()
    rows = (
        {"organiser": "EXEMPELBIBLIOTEKET"},
        {"organiser": "ekorrhuset"},
        # The house tells whose it is where no organiser does.
        {"organiser": "", "place": "Ekorrhuset", "start": "09:00"},
    )
    assert run(city)(file(*rows)).exit_code == 0
    with city.app_context():
        found = {key: row.event.unit.slug for key, row in dates().items()}
        house = place("ekorrens-oppna-forskola").id
        assert dates()["bib-3"].event.place_id == house
    assert found == {
        "bib-1": "exempelbiblioteket",
        "bib-2": "ekorrens-oppna-forskola",
        "bib-3": "ekorrens-oppna-forskola",
    }


# --- whose, and from what ------------------------------------------------------------------


@both
def test_sources_of_one_name_belong_to_units(
    city: Flask, run: Callable[[Flask], Run], engine: str
) -> None:
    """The same ids in another source, and in a unit's source of the same name, are other dates."""
    command, raw = run(city), file({})
    for options in ([], ["--source", "b"], ["--source", "b", "--unit", "exempelbiblioteket"]):
        assert "1 new" in command(raw, *options).output
        assert "0 new, 0 changed, 0 cancelled, 1 already here" in command(raw, *options).output
    with city.app_context():
        assert len(imported()) == 3
        sources = db.session.scalars(select(Source))
        found = sorted((one.name, one.unit.slug if one.unit else "") for one in sources)
    assert found == [("b", ""), ("b", "exempelbiblioteket"), ("programme", "")]


def test_a_unit_s_source_brings_only_its_own(city: Flask, run: Callable[[Flask], Run]) -> None:
    other = {"organiser": "Ekorrens öppna förskola", "start": "09:00"}
    nobody = {"organiser": "", "start": "08:00", "end": "09:00"}
    result = run(city)(file({}, other, nobody), "--unit", "exempelbiblioteket", "--skip-bad")
    assert "Row 3, organiser: “Ekorrens öppna förskola” is not your unit" in result.output
    with city.app_context():
        assert set(dates()) == {"bib-1", "bib-3"}


def test_a_unit_that_is_not_there(city: Flask, run: Callable[[Flask], Run]) -> None:
    result = run(city)(file({}), "--unit", "exempelbibliotek")
    assert result.exit_code == 2
    assert "There is no unit 'exempelbibliotek'" in result.output
    assert "exempelbiblioteket" in result.output


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//x//SV
BEGIN:VEVENT
UID:a@example.org
DTSTAMP:20261101T000000Z
DTSTART;TZID=Europe/Stockholm:20261201T100000
DTEND;TZID=Europe/Stockholm:20261201T103000
RRULE:FREQ=WEEKLY;COUNT=3
SUMMARY:Sagostund
LOCATION:Exempelbiblioteket
ORGANIZER;CN=Exempelbiblioteket:mailto:x@example.org
END:VEVENT
END:VCALENDAR
"""
JSONLD = {
    "@context": "https://schema.org",
    "@type": "Event",
    "@id": "https://example.org/1",
    "name": "Sagostund",
    "startDate": "2026-12-01T10:00:00+01:00",
    "endDate": "2026-12-01T10:30:00+01:00",
    "location": {"@type": "Place", "name": "Exempelbiblioteket"},
    "organizer": {"@type": "Organization", "name": "Exempelbiblioteket"},
}


@pytest.mark.parametrize(
    ("raw", "new"),
    [
        (CALENDAR.replace("\n", "\r\n").encode(), 3),
        (json.dumps(JSONLD).encode(), 1),
        (file({}).replace(b",", b";"), 1),
        (file({}, encoding="utf-16"), 1),
    ],
    ids=["iCalendar", "JSON", "semicolons", "UTF-16"],
)
def test_any_format_will_do(city: Flask, run: Callable[[Flask], Run], raw: bytes, new: int) -> None:
    result = run(city)(raw, name="programme.bin")
    assert result.exit_code == 0, result.output
    assert f"{new} new, " in result.output
    with city.app_context():
        (event,) = imported()
        assert (event.starts, len(event.occurrences)) == (datetime(2026, 12, 1, 10), new)
        assert event.place_id == place().id
    assert f"0 new, 0 changed, 0 cancelled, {new} already here" in run(city)(raw).output


def test_columns_that_were_guessed_are_told(city: Flask, run: Callable[[Flask], Run]) -> None:
    """Nobody is there to be asked, so whoever looks can see what was made of them."""
    raw = "Titel;Datum;Start;Slut;Arrangör;Vad\nSaga;2026-12-01;10:00;10:30;Exempelbiblioteket;x\n"
    result = run(city)(raw.encode(), "--dry-run")
    assert result.exit_code == 0, result.output
    assert "“Arrangör” is read as unit" in result.output
    assert "“Vad” is passed over" in result.output
    assert "is read as" not in run(city)(file({})).output


# --- others at the same time ----------------------------------------------------------------


@both
def test_who_changes_names_meanwhile_is_heard(
    city: Flask, run: Callable[[Flask], Run], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    """Between the plan and the lock an editor says whose "Slottet" is: it is planned anew."""
    command, plan_for = run(city), commands.plan_for
    command(file({}))

    def slow(*args: Any, **more: Any) -> work.Planned:
        planned = plan_for(*args, **more)
        begin_write()
        source = db.session.scalars(select(Source)).one()
        choose(source, "unit", "Slottet", str(unit().id))
        db.session.commit()
        return planned

    monkeypatch.setattr(commands, "plan_for", slow)
    rows = ({}, {"organiser": "Slottet", "place": "Slottet", "start": "09:00"})
    result = command(file(*rows), "--skip-bad")
    assert "0 new, 0 changed, 0 cancelled, 1 already here, 1 not usable" in result.output
    assert result.output.endswith("1 date imported\n")
    with city.app_context():
        assert set(dates()) == {"bib-1", "bib-2"}


def test_who_never_stops_changing_is_told_of(
    city: Flask, run: Callable[[Flask], Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = run(city)
    command(file({}))
    stamps = iter(range(1000))
    monkeypatch.setattr(work, "fingerprint", lambda source, plan: str(next(stamps)))
    result = command(file({}, {"start": "09:00"}))
    assert result.exit_code == 1
    assert "Try again" in result.output
    assert "Traceback" not in result.output
    with city.app_context():
        assert set(dates()) == {"bib-1"}

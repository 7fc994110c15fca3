"""A city taken out and brought in elsewhere is the same city; a second time nothing moves."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from portal import cli
from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import AuditEntry
from portal.events import changing
from portal.events.models import Event, EventChange, Observance
from portal.events.rules import LeftOut
from portal.feeds.actions import make_quiet_feeds
from portal.imports import cli as imports_cli
from portal.imports import observance_exchange
from portal.imports.exchange_actions import ExchangePlan, apply_exchange, plan_exchange
from portal.imports.exchange_queries import export_events
from portal.imports.exchange_reading import read
from portal.imports.exchange_words import PROBLEMS, say_problem
from portal.imports.observance_exchange_actions import (
    apply_observances,
    export_observances,
    plan_observances,
)
from portal.units import queries as units
from tests.imports.lived import PRESCHOOL, live
from tests.imports.seen import LANGUAGES, difference, everything
from tests.support import portal_app
from tests.support.factories import NOW, WEEKLY, new_event, unit

both = pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
Start = Callable[[str], Flask]


@pytest.fixture
def beside(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path, templates: portal_app.Templates
) -> Iterator[Start]:
    """beside("small") is another portal, with a database of its own and the same key: the key
    is in quiet calendars and in the forms of pages."""
    started: list[Flask] = []

    def start(name: str) -> Flask:
        folder = tmp_path / f"beside-{len(started)}"
        folder.mkdir()
        if (tmp_path / "portal.key").exists():
            shutil.copyfile(tmp_path / "portal.key", folder / "portal.key")
        url = templates.copy(engine, name, folder, lambda: request.getfixturevalue("postgres"))
        started.append(portal_app.make_app(url, folder))
        return started[-1]

    yield start
    for app in started:
        portal_app.close_app(app)
        if engine == "postgresql":
            request.getfixturevalue("postgres").drop(app.config["SQLALCHEMY_DATABASE_URI"])


def taken_out(app: Flask, **how: bool) -> tuple[bytes, bytes]:
    with app.app_context():
        return export_events(**how), export_observances()


def bring_in(app: Flask, raw: bytes, days: bytes = b"", unit_id: int | None = None) -> ExchangePlan:
    with app.app_context():
        begin_write()
        if days:
            marked = plan_observances(*observance_exchange.read(days))
            assert marked.bad == []
            apply_observances(marked)
        plan = plan_exchange(read(raw), unit_id)
        if not plan.bad:
            apply_exchange(plan)
            db.session.commit()
        else:
            db.session.rollback()
        return plan


def state(app: Flask) -> list[tuple[str, int, datetime]]:
    with app.app_context():
        return [(e.uid, e.sequence, e.revised_at) for e in db.session.scalars(select(Event))]


def sequences(app: Flask) -> dict[str, int]:
    return {uid: sequence for uid, sequence, _ in state(app)}


def changed(raw: bytes, uid: str, **cells: str) -> bytes:
    """The table with some cells of one event's row written anew."""
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    (row,) = (row for row in rows if row["uid"] == uid)
    assert set(cells) <= set(row)
    row.update(cells)
    return table(rows)


def without(raw: bytes, *names: str) -> bytes:
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    gone = {name for name in rows[0] if name in names or name.rpartition("_")[0] in names}
    assert gone
    return table([{k: v for k, v in row.items() if k not in gone} for row in rows])


def table(rows: list[dict[str, str]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def assert_same(one: dict[str, bytes], two: dict[str, bytes]) -> None:
    assert list(one) == list(two)
    differ = [path for path in one if one[path] != two[path]]
    assert not differ, (len(differ), differ[:5])


# --- the same city --------------------------------------------------------------------------


@both
def test_a_city_that_has_lived_is_the_same_elsewhere(
    start_app: Start, beside: Start, freeze: Callable[[datetime], None], engine: str
) -> None:
    freeze(NOW)
    city = start_app("small")
    with city.app_context():
        live()
    raw, days = taken_out(city)
    other = beside("small")
    plan = bring_in(other, raw, days)
    assert (plan.bad, plan.notes) == ([], [])
    assert taken_out(other) == (raw, days)
    # The rows are equal on both; what is made of them is looked at in every language once.
    keys = LANGUAGES if engine == "sqlite" else ("fi",)
    assert_same(everything(city, languages=keys), everything(other, languages=keys))
    before = state(other)
    again = bring_in(other, raw, days)
    assert again.summary() == f"0 new, 0 changed, {len(before)} unchanged, 0 rows not usable"
    assert state(other) == before


# Every fourth address is looked at, and in `make storm` every one.
@pytest.mark.parametrize(
    ("engine", "step"),
    [("sqlite", 16), ("postgresql", 32), pytest.param("sqlite", 1, marks=pytest.mark.storm)],
)
def test_the_demonstration_is_the_same_elsewhere(
    start_app: Start, beside: Start, freeze: Callable[[datetime], None], engine: str, step: int
) -> None:
    city = start_app("demo")
    freeze(now() + timedelta(minutes=1))
    raw, days = taken_out(city)
    other = beside("founded")
    plan = bring_in(other, raw, days)
    assert (plan.bad, plan.notes, len(plan.new)) == ([], [], 99)
    assert taken_out(other) == (raw, days)
    with other.app_context():
        begin_write()
        make_quiet_feeds(units.municipality().languages, units.today())  # as `portal tick` does
        db.session.commit()
    assert_same(*(everything(app, languages=("sv",), step=step) for app in (city, other)))
    before = state(other)
    assert "99 unchanged" in bring_in(other, raw).summary()
    assert state(other) == before


GROUPS = {
    "who it is": ("uid",),
    "address": ("slug",),
    "revision": ("sequence",),
    "since when": ("created_at", "revised_at"),
    "titles": ("title_en", "title_fi"),
    "texts": ("text",),
    "for whom": ("directed_to",),
    "audiences": ("audience",),
    "ages": ("age_from", "age_to"),
    "months": ("age_unit",),
    "languages": ("languages",),
    "hosts": ("partner",),
    "about hosts": ("host_note",),
    "cost": ("cost",),
    "registration": ("registration",),
    "link": ("sign_up_link",),
    "telephone": ("phone",),
    "place": ("place", "elsewhere"),
    "rule": ("rrule",),
    "left out": ("exdates", "exdate_reasons"),
    "dates": ("overrides_json",),
    "degree": ("visibility",),
    "status": ("status",),
    "reason": ("reason",),
    "observance": ("observance_id",),
    "what goes on": ("continues",),
    "former feeds": ("former_scopes",),
}


@pytest.mark.parametrize(
    "names", [("titles", "dates"), pytest.param(tuple(GROUPS), marks=pytest.mark.storm)], ids=len
)
def test_no_column_can_be_missing(
    start_app: Start,
    beside: Start,
    freeze: Callable[[datetime], None],
    names: tuple[str, ...],
) -> None:
    """The fault: each group of columns is lost on the way. Somebody sees each of them."""
    freeze(NOW)
    city = start_app("small")
    with city.app_context():
        live()
    raw, days = taken_out(city)
    expected = everything(city, languages=("en",))
    unseen = []
    for name in names:
        other = beside("small")
        bring_in(other, without(raw, *GROUPS[name]), days)
        if not difference(other, expected):
            unseen.append(name)
    assert unseen == []


@pytest.mark.parametrize(
    "column", ["event_id", "origin", "published_at", "break_policy", "exdate_reasons"]
)
def test_what_nobody_sees_goes_along_too(
    start_app: Start, beside: Start, freeze: Callable[[datetime], None], column: str
) -> None:
    freeze(NOW)
    city = start_app("small")
    with city.app_context():
        begin_write()
        out = LeftOut(WEEKLY.starts + timedelta(days=7), (("sv", "Lov"),))
        event = new_event(WEEKLY, (out,))
        event.source, event.source_id, event.skip_holidays = "demo", "EV1", True
        assert event.published_at is not None
        event.published_at -= timedelta(days=3)
        db.session.commit()
    raw, _ = taken_out(city)
    other = beside("small")
    bring_in(other, raw)
    (first,) = csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))
    (second,) = csv.DictReader(io.StringIO(taken_out(other)[0].decode("utf-8-sig")))
    assert first[column]
    assert first[column] == second[column]


# --- changes --------------------------------------------------------------------------------


@pytest.fixture
def one(city: Flask, freeze: Callable[[datetime], None]) -> Callable[..., tuple[str, bytes]]:
    """one(series, …) makes an event in the small city; answers its UID and the table."""
    freeze(NOW)

    def make(*args: object, **fields: object) -> tuple[str, bytes]:
        with city.app_context():
            begin_write()
            new_event(titles={"sv": "En annan"})
            fields = {key: value() if callable(value) else value for key, value in fields.items()}
            uid = new_event(*args, **fields).uid  # type: ignore[arg-type]
            db.session.commit()
            return uid, export_events()

    return make


Made = Callable[..., tuple[str, bytes]]


def found(uid: str) -> Event:
    return db.session.scalars(select(Event).where(Event.uid == uid)).one()


def date(day: str = "2026-12-02", **what: object) -> dict[str, object]:
    return {"recurrence_id": f"{day}T17:00", **what}


def dates(*given: dict[str, object]) -> dict[str, str]:
    return {"overrides_json": json.dumps(given)}


MOVE = json.dumps([date(start="2026-12-03T10:00", note="Torsdag")])
CANCEL = json.dumps(
    [date(cancelled=True, note={"sv": "Sjuk"}), date("2026-12-09", cancelled=True, note="Sjuk")]
)


@both
@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("title_sv", "Kafé", "change"),
        ("text_en", "New words", "change"),
        ("status", "TENTATIVE", "change"),
        ("status", "CANCELLED", "cancel"),
        ("overrides_json", MOVE, "move_date"),
        ("overrides_json", CANCEL, "cancel_dates"),
        ("rrule", "FREQ=WEEKLY;BYDAY=WE;UNTIL=20270303T160000Z", "lengthen"),
        ("unit_id", PRESCHOOL, "hand_over"),
        ("partner", PRESCHOOL, "change"),
        ("visibility", "without_place", "change"),
    ],
)
def test_a_change_is_an_editors(
    city: Flask, one: Made, engine: str, column: str, cell: str, what: str
) -> None:
    uid, raw = one(WEEKLY, phone="0555-10")
    before = sequences(city)
    new = changed(raw, uid, **{column: cell})
    plan = bring_in(city, new)
    assert plan.bad == []
    assert plan.summary() == "0 new, 1 changed, 1 unchanged, 0 rows not usable"
    assert list(plan.changed[0].differs) == [column]
    assert f"row 3, {column}: “" in plan.lines()[-2]
    after = sequences(city)
    assert after == {**before, uid: before[uid] + 1}
    with city.app_context():
        (change,) = db.session.scalars(select(EventChange))
        assert (change.what, change.event_id) == (what, found(uid).id)
        assert db.session.scalars(select(AuditEntry).filter_by(action=f"event.{what}")).one()
    assert "2 unchanged" in bring_in(city, new).summary()
    assert sequences(city) == after


def test_what_is_planned_again_is_restored(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY)
    bring_in(city, changed(raw, uid, overrides_json=CANCEL))
    assert "1 changed" in bring_in(city, raw).summary()
    with city.app_context():
        assert {row.status for row in found(uid).occurrences} == {"confirmed"}
        assert sum(row.is_override for row in found(uid).occurrences) == 2


def test_columns_that_are_not_there_change_nothing(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY, texts={"sv": "Kom!"}, cost={"sv": "10 kr"}, phone="0555-10")
    kept = ("uid", "event_id", "title_sv", "activity_type", "unit_id")
    kept += ("dtstart_local", "dtend_local", "rrule")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    few = table([{name: row[name] for name in kept} for row in rows])
    assert "2 unchanged" in bring_in(city, few).summary()
    assert list(bring_in(city, changed(few, uid, title_sv="Nytt")).changed[0].differs) == [
        "title_sv"
    ]
    with city.app_context():
        assert found(uid).texts == {"sv": "Kom!"}


NOT_FIRST = ("dtstart_local", "start_not_in_rule")


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"dtstart_local": "2026-11-25T16:00"}, "dtstart_local", "stays"),
        ({"dtend_local": "2026-11-25T19:00"}, "dtend_local", "stays"),
        ({"tzid": "Europe/Helsinki"}, "tzid", "stays"),
        ({"tzid": "Mars/Olympus"}, "tzid", "unknown_zone"),
        ({"tzid": "../../etc/passwd"}, "tzid", "unknown_zone"),
        ({"rrule": ""}, "rrule", "rule_stays"),
        ({"rrule": "FREQ=SECONDLY;UNTIL=20270101T000000Z"}, "rrule", "unknown_rule"),
        ({"rrule": "FREQ=DAILY;UNTIL=20990101T000000Z"}, "rrule", "too_many_dates"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=WE;UNTIL=20261230T160000Z"}, "rrule", "rule_stays"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TH;UNTIL=20270128T160000Z"}, *NOT_FIRST),
        ({"exdates": "2026-12-02T17:00"}, "exdates", "exdates_stay"),
        ({"visibility": "staff"}, "visibility", "visibility_published"),
        ({"unit_id": "nowhere"}, "unit_id", "unknown_unit"),
        ({"activity_type": "nothing"}, "activity_type", "unknown_kind"),
        ({"partner": "nobody"}, "partner", "unknown_partner"),
        ({"languages": "xx"}, "languages", "unknown_language"),
        ({"observance_id": "no-day"}, "observance_id", "unknown_observance"),
        ({"place": "no-place"}, "place", "unknown_place"),
        ({"place": ""}, "elsewhere", "place_missing"),
        ({"registration": "link"}, "sign_up_link", "link_missing"),
        ({"registration": "phone"}, "phone", "phone_missing"),
        ({"age_from": "9", "age_to": "3"}, "age_to", "ages_reversed"),
        ({"revised_at": "2027-11-20T09:00:00Z"}, "revised_at", "in_the_future"),
        (dates(date("2026-12-03")), "overrides_json", "unknown_date"),
        (dates(date(place="nowhere")), "overrides_json", "unknown_place"),
        (dates(date(start="2026-11-02T17:00")), "overrides_json", "moved_to_past"),
        (dates(date(end="2026-12-02T16:00")), "overrides_json", "end_before_start"),
        (dates(date(start="2027-03-28T02:30")), "overrides_json", "clock_gap"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_reason(
    city: Flask, one: Made, cells: dict[str, str], column: str, code: str
) -> None:
    uid, raw = one(WEEKLY)
    before = state(city)
    plan = bring_in(city, changed(raw, uid, **cells))
    assert (plan.new, plan.changed) == ([], [])
    assert [(one.row, one.column) for one in plan.bad][:1] == [(3, column)], plan.bad
    assert plan.bad[0].code == code
    for problem in plan.bad:
        assert problem.code in PROBLEMS
        assert say_problem(problem).startswith(f"row 3, {column}: “")
    assert state(city) == before


def test_a_cancellation_stays(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY, status="cancelled")
    plan = bring_in(city, changed(raw, uid, status="CONFIRMED"))
    assert [(p.column, p.code) for p in plan.bad] == [("status", "stays_cancelled")]
    plan = bring_in(city, changed(raw, uid, reason_sv="En annan"))
    assert [(p.column, p.code) for p in plan.bad] == [("reason_sv", "stays")]


def test_dates_that_have_passed_stay(
    city: Flask, one: Made, freeze: Callable[[datetime], None]
) -> None:
    uid, raw = one(WEEKLY)
    freeze(NOW + timedelta(days=30))
    plan = bring_in(city, changed(raw, uid, overrides_json=MOVE))
    assert [(p.column, p.code) for p in plan.bad] == [("overrides_json", "date_past")]


# --- whose it is ----------------------------------------------------------------------------


def test_somebody_elses_uid_is_refused(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY)
    with city.app_context():
        theirs = unit(PRESCHOOL).id
    stolen = changed(raw, uid, unit_id=PRESCHOOL, place=PRESCHOOL, title_sv="Min nu")
    plan = bring_in(city, stolen, unit_id=theirs)
    assert [(p.row, p.column, p.code) for p in plan.bad] == [
        (2, "uid", "uid_taken"),
        (3, "uid", "uid_taken"),
    ]
    with city.app_context():
        assert found(uid).titles["sv"] != "Min nu"


def test_one_unit_brings_in_its_own_only(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY)
    fresh = "00000000-0000-4000-8000-00000000000"
    with city.app_context():
        theirs = unit(PRESCHOOL).id
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))[:1] * 3
    ours = {"unit_id": PRESCHOOL, "place": PRESCHOOL, "slug": "ny", "event_id": ""}
    made = [{**row, **ours, "uid": f"{fresh}{n}", "event_id": str(n)} for n, row in enumerate(rows)]
    made[0] |= {"unit_id": "exempelbiblioteket"}
    made[1] |= {"place": "exempelbiblioteket"}
    made[2] |= {"former_scopes": "unit-exempelbiblioteket", "continues": uid}
    plan = bring_in(city, table(made), unit_id=theirs)
    assert [(p.row, p.code) for p in plan.bad] == [(2, "other_unit"), (3, "place_of_others")]
    assert [(n.row, n.code) for n in plan.notes] == [
        (4, "unknown_continues"),
        (4, "scopes_left_out"),
    ]


def test_an_address_that_is_taken_and_an_id_that_is(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY)
    other = "00000000-0000-4000-8000-000000000001"
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    new = [{**row, "uid": other, "event_id": other} for row in rows if row["uid"] == uid]
    plan = bring_in(city, table(new))
    assert [(n.row, n.column, n.code) for n in plan.notes] == [(2, "slug", "slug_taken")]
    with city.app_context():
        assert found(other).slug == found(uid).slug + "-2"
        begin_write()
        found(uid).source, found(uid).source_id = "demo", "EV001"
        db.session.commit()
    third = [{**new[0], "uid": other[:-1] + "2", "origin": "demo", "event_id": "EV001"}]
    assert [(p.column, p.code) for p in bring_in(city, table(third)).bad] == [
        ("event_id", "id_taken")
    ]


def test_a_draft_is_not_taken_out_and_not_overwritten(city: Flask, one: Made) -> None:
    uid, raw = one(status="draft")
    assert uid.encode() not in raw
    _, public = one()
    with city.app_context():
        rows = list(csv.DictReader(io.StringIO(public.decode("utf-8-sig"))))
    plan = bring_in(city, table([{**rows[0], "uid": uid}]))
    assert [(p.column, p.code) for p in plan.bad] == [("uid", "is_draft")]


# --- others' tables -------------------------------------------------------------------------


@both
def test_the_sample_programme_arrives(
    start_app: Start, shared: Path, freeze: Callable[[datetime], None], engine: str
) -> None:
    city = start_app("founded")
    freeze(NOW)
    raw = (shared / "data" / "events_2026_2027.csv").read_bytes()
    plan = bring_in(city, raw)
    assert plan.bad == []
    assert plan.summary() == "99 new, 0 changed, 0 unchanged, 0 rows not usable"
    assert {note.code for note in plan.notes} == {
        "passed_over",
        "unknown_partner",
        "unknown_observance",
    }
    with city.app_context():
        first = db.session.scalars(select(Event).filter_by(source_id="EV001")).one()
        assert (first.unit.slug, first.kind.slug, first.source) == (
            "rinkeby-bibliotek",
            "language-cafe",
            "exchange",
        )
        moved = next(row for row in first.occurrences if row.is_override)
        assert (moved.recurrence_id, moved.note["sv"][:6]) == (datetime(2026, 11, 16, 17), "senare")
        second = db.session.scalars(select(Event).filter_by(source_id="EV002")).one()
        assert (second.languages, second.skip_breaks) == (("rmn-arli", "sv"), True)
        hidden = db.session.scalars(select(Event).filter_by(source_id="EV018")).one()
        assert (hidden.visibility, bool(hidden.phone)) == ("without_place", True)
        off = db.session.scalars(select(Event).filter_by(source_id="EV086")).one()
        assert (off.status, off.titles, {row.status for row in off.occurrences}) == (
            "cancelled",
            {"sv": "Konsert i parken"},
            {"cancelled"},
        )
        rows = list(csv.DictReader(io.StringIO(raw.decode())))
        dates = sum(len(event.occurrences) for event in db.session.scalars(select(Event)))
        assert dates == sum(int(row["occurrences"]) for row in rows)
    before = state(city)
    assert "99 unchanged" in bring_in(city, raw).summary()
    assert state(city) == before


# --- what may be given to anybody -----------------------------------------------------------


def test_public_only_tells_nothing_hidden(city: Flask, freeze: Callable[[datetime], None]) -> None:
    freeze(NOW)
    with city.app_context():
        live()
    raw, _ = taken_out(city)
    public, _ = taken_out(city, public_only=True)
    rows = {row["title_sv"]: row for row in csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))}
    shown = {row["title_sv"] for row in csv.DictReader(io.StringIO(public.decode("utf-8-sig")))}
    assert rows.keys() - shown == {"Samtal", "Personalmöte", "Råd"}
    with city.app_context():
        begin_write()
        event = next(
            e for e in db.session.scalars(select(Event)) if e.titles["sv"] == "Mycket händer"
        )
        room = next(row.own_place for row in event.occurrences if row.own_place)
        room.visibility = "staff"
        db.session.commit()
    assert "Mycket händer".encode() not in taken_out(city, public_only=True)[0]


def test_one_units_events_are_taken_out(city: Flask, one: Made) -> None:
    uid, raw = one(unit_id=lambda: unit(PRESCHOOL).id)
    with city.app_context():
        only = export_events(unit=unit(PRESCHOOL))
    assert [event.uid for event in read(only).events] == [uid]
    assert len(read(raw).events) == 2


# --- observances ----------------------------------------------------------------------------


@both
def test_observances_are_those_of_the_file(start_app: Start, beside: Start, engine: str) -> None:
    city, other = start_app("demo"), beside("founded")
    _, days = taken_out(city)
    for expected in (
        "0 new, 17 taking over, 0 changed, 0 unchanged",
        "0 new, 0 taking over, 0 changed, 17",
    ):
        with other.app_context():
            begin_write()
            plan = plan_observances(*observance_exchange.read(days))
            assert plan.lines()[-1].startswith(expected)
            apply_observances(plan)
            db.session.commit()
    assert taken_out(other)[1] == days
    text = days.decode("utf-8-sig").replace("Förintelsens minnesdag", "En annan dag")
    with other.app_context():
        begin_write()
        plan = plan_observances(*observance_exchange.read(text.encode()))
        assert len(plan.changed) == 1
        apply_observances(plan)
        db.session.commit()
        rows = list(db.session.scalars(select(Observance)))
        assert sum(row.sequence for row in rows) == 1
        # Now that it is somebody's, a file with another UID does not take it over.
        fresh = read_anew(days)
        codes = [problem.code for problem in plan_observances(*observance_exchange.read(fresh)).bad]
        assert codes == ["id_taken"]


def read_anew(days: bytes) -> bytes:
    rows = list(csv.DictReader(io.StringIO(days.decode("utf-8-sig"))))
    return table([{**row, "uid": f"00000000-0000-4000-8000-{n:012}"} for n, row in enumerate(rows)])


# --- the commands ---------------------------------------------------------------------------


def test_the_commands(
    city: Flask, beside: Start, one: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    uid, _ = one(WEEKLY)
    file, days = tmp_path / "events.csv", tmp_path / "days.csv"

    def run(app: Flask, *words: str | Path) -> tuple[int, str]:
        monkeypatch.setattr(imports_cli, "create_app", lambda settings: app)
        result = CliRunner().invoke(cli.main, [str(word) for word in words])
        assert isinstance(result.exception, SystemExit | None), result.exception
        return result.exit_code, result.output

    assert run(city, "export", "events", file)[1].startswith(f"2 events written to {file}\n")
    assert run(city, "export", "events", file, "--unit", "nowhere")[0] == 2
    assert run(city, "export", "events", tmp_path / "no" / "file")[0] == 2
    assert run(city, "export", "observances", days) == (0, f"0 observances written to {days}\n")
    other = beside("small")
    assert run(other, "import", "observances", days)[0] == 0
    code, said = run(other, "import", "events", file, "--dry-run")
    assert (code, said.splitlines()) == (
        0,
        ["2 new, 0 changed, 0 unchanged, 0 rows not usable", "Dry run: nothing was changed."],
    )
    assert state(other) == []
    assert "2 imported, 0 changed" in run(other, "import", "events", file)[1]
    assert state(other) == state(city)
    file.write_bytes(changed(file.read_bytes(), uid, unit_id="nowhere", title_sv="Nytt"))
    code, said = run(other, "import", "events", file)
    assert code == 1
    assert "row 3, unit_id: “nowhere” is no unit here" in said
    assert "Nothing was imported" in said
    assert run(other, "import", "events", file, "--skip-bad") == (
        0,
        "row 3, unit_id: “nowhere” is no unit here; give the unit that name as an alias\n"
        "0 new, 0 changed, 1 unchanged, 1 row not usable\n0 imported, 0 changed\n",
    )
    file.write_bytes(b"a,b\n")
    code, said = run(other, "import", "events", file)
    assert code == 2
    assert "columns are missing: event_id" in said


def test_a_trial_leaves_nothing(city: Flask, one: Made) -> None:
    uid, raw = one(WEEKLY)
    with city.app_context():
        begin_write()
        plan = plan_exchange(read(changed(raw, uid, title_sv="Nytt", overrides_json=MOVE)))
        assert len(plan.changed) == 1
        db.session.commit()
        assert found(uid).titles["sv"] == "Språkcafé"
        assert db.session.scalar(select(func.count()).select_from(EventChange)) == 0
        with pytest.raises(changing.Refused):
            changing.undo(found(uid))

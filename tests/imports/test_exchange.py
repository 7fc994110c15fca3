"""The exchange format alone: what is written is read, whatever it holds; what is wrong is told."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.text import clean
from portal.events.rules import AUDIENCES
from portal.imports import observance_exchange
from portal.imports.exchange import differences, header, row_of, write
from portal.imports.exchange_cells import guard, unguard
from portal.imports.exchange_columns import ASIDE, COLUMNS, FILE, LOCALISED, ExchangeEvent
from portal.imports.exchange_dates import ExchangeDate
from portal.imports.exchange_reading import MOST_BYTES, ExchangeReading, read
from portal.imports.exchange_words import PROBLEMS, UNREADABLE, say_unreadable
from portal.imports.items import Unreadable
from tests.support.requirements import ROOT

DOCS = ROOT / "docs" / "imports.md"

# --- any event ------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+46 8", "-5", "@SUM(A1)", "\t=x", "'=x", "''-y", "'apostrophe", "＝1"]
ODD = ['"', '""', ";", ",", "\n", "a\nb", "é", "e\u0301", "\U0001f600", "[", "[1]", "{}", " x "]
texts = st.one_of(st.sampled_from(FORMULAS + ODD), st.text(max_size=40)).map(clean)
keys = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
uids = st.uuids().map(str)
said = st.dictionaries(
    st.sampled_from(["sv", "en", "fi", "rmn-arli", "rmf"]), texts.filter(bool), max_size=3
)
moments = st.datetimes(datetime(1991, 1, 1), datetime(2099, 1, 1)).map(
    lambda at: at.replace(microsecond=0)
)
instants = st.none() | moments.map(lambda at: at.replace(tzinfo=UTC))
numbers = st.none() | st.integers(0, 1500)


@st.composite
def events(draw: st.DrawFn) -> ExchangeEvent:
    is_all_day = draw(st.booleans())
    at = moments.map(lambda one: datetime(*one.timetuple()[:3])) if is_all_day else moments
    exdates = draw(st.lists(at, max_size=3))
    dates = st.builds(
        ExchangeDate,
        at,
        st.none() | at,
        st.none() | at,
        st.booleans(),
        said,
        said,
        st.just("") | keys,
        texts,
        st.sampled_from(["", "https://example.org/boka"]),
        st.sampled_from([None, True, False]),
    )
    uid = draw(st.just("") | uids)
    return ExchangeEvent(
        event_id=draw(texts.filter(lambda text: bool(text.strip()))),
        titles={**draw(said), "sv": draw(texts.filter(lambda text: bool(text.strip())))},
        kind=draw(keys),
        unit=draw(keys),
        starts=draw(at),
        ends=draw(at),
        zone=draw(st.sampled_from(["Europe/Stockholm", "Europe/Helsinki"])),
        is_all_day=is_all_day,
        rrule=draw(st.sampled_from(["", "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270607T150000Z"])),
        exdates=tuple(exdates),
        exdate_reasons=tuple(draw(said) for _ in exdates),
        dates=tuple(draw(st.lists(dates, max_size=3, unique_by=lambda one: one.recurrence_id))),
        break_policy=draw(st.sampled_from(["none", "holidays", "breaks", "term"])),
        co_hosts=tuple(draw(st.lists(keys, max_size=2))),
        languages=tuple(draw(st.lists(keys, max_size=2))),
        audiences=tuple(draw(st.lists(st.sampled_from(AUDIENCES), max_size=2))),
        age_from=draw(numbers),
        age_to=draw(numbers),
        age_unit=draw(st.sampled_from(["years", "months"])),
        sign_up=draw(st.sampled_from(["none", "link", "phone"])),
        sign_up_link=draw(st.sampled_from(["", "https://example.org/?a=1,2;3"])),
        phone=draw(st.sampled_from(["", "08-465 00", "+46 8 465"])),
        visibility=draw(st.sampled_from(["public", "without_place", "staff", "closed"])),
        is_cancelled=draw(st.booleans()) if uid else False,
        is_preliminary=draw(st.booleans()),
        observance=draw(st.just("") | keys),
        place=draw(st.just("") | keys),
        elsewhere=draw(texts),
        uid=uid,
        slug=draw(st.just("") | keys),
        sequence=draw(numbers),
        created_at=draw(instants),
        revised_at=draw(instants),
        published_at=draw(instants),
        continues=draw(st.just("") | uids),
        former_scopes=tuple(draw(st.lists(keys.map(lambda key: f"unit-{key}"), max_size=2))),
        origin=draw(st.sampled_from(["", "demo", "programme"])),
        texts=draw(said),
        directed_to=draw(said),
        host_note=draw(said),
        cost=draw(said),
        reason=draw(said),
        aside=draw(st.dictionaries(st.sampled_from(ASIDE), texts.filter(bool), max_size=3)),
    )


@given(
    st.lists(events(), max_size=3, unique_by=(lambda e: e.event_id, lambda e: e.uid or e.event_id))
)
def test_what_is_written_is_read(made: list[ExchangeEvent]) -> None:
    reading = read(write(made))
    assert reading.problems == []
    assert reading.events == made
    assert [event.row for event in reading.events] == list(range(2, 2 + len(made)))
    assert not any(differences(one, two) for one, two in zip(made, reading.events, strict=True))
    assert write(reading.events) == write(made)


@given(texts)
def test_no_cell_is_a_formula_and_each_is_itself_again(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not re.match(r"[=+\-@\t\r＝＋－＠]", guard(text))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_spreadsheet_calculates_nothing(text: str) -> None:
    event = one(titles={"sv": text}, elsewhere=text, texts={"sv": text})
    for row in csv.reader(io.StringIO(write([event]).decode("utf-8-sig"), newline="")):
        assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "＝") for cell in row)
    assert read(write([event])).events == [event]


# --- one event ------------------------------------------------------------------------------


def one(**changes: object) -> ExchangeEvent:
    basic: dict[str, object] = {
        "event_id": "E1",
        "titles": {"sv": "Språkcafé"},
        "kind": "language-cafe",
        "unit": "exempelbiblioteket",
        "starts": datetime(2026, 11, 25, 17),
        "ends": datetime(2026, 11, 25, 18, 30),
        "zone": "Europe/Stockholm",
    }
    return ExchangeEvent(**{**basic, **changes})  # type: ignore[arg-type]


def cells(**changes: str) -> bytes:
    """A table of one row in the columns of others, some of its cells changed."""
    row = {column.name: column.write(one()) for column in FILE} | changes
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerows([list(row), list(row.values())])
    return file.getvalue().encode()


def told(reading: ExchangeReading) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.code) for one in reading.problems]


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        ("event_id", "", "empty"),
        ("event_id", "x" * 121, "too_long"),
        ("title_sv", " ", "empty"),
        ("title_sv", "x" * 201, "too_long"),
        ("dtstart_local", "2026-11-25T25:00", "not_a_moment"),
        ("dtstart_local", "25/11 2026", "not_a_moment"),
        ("dtend_local", "2026-11-25T18:30:00Z", "not_a_moment"),
        ("dtend_local", "9999-11-25T18:30", "far_away"),
        ("exdates", "igår", "not_a_moment"),
        ("exdate_reasons", "jullov", "too_many_reasons"),
        ("exdate_reasons", "[" * 100_000, "bad_reasons"),
        ("exdate_reasons", "[1]", "bad_reasons"),
        ("overrides_json", "{", "bad_overrides"),
        ("overrides_json", "[" * 100_000, "bad_overrides"),
        ("overrides_json", "{}", "bad_overrides"),
        ("overrides_json", '[{"start":"2026-11-25T17:00"}]', "bad_overrides"),
        ("overrides_json", '[{"recurrence_id":"2026-11-25","cancelled":"yes"}]', "bad_overrides"),
        ("overrides_json", '[{"recurrence_id":"2026-11-25","who":"x"}]', "bad_overrides"),
        ("overrides_json", '[{"recurrence_id":"2026-11-25","note":5}]', "bad_overrides"),
        ("overrides_json", '[{"recurrence_id":"2026-11-25","note":{"<b>":"x"}}]', "bad_overrides"),
        ("overrides_json", '[{"recurrence_id":"x"}]', "not_a_moment"),
        ("overrides_json", json.dumps([{"recurrence_id": "2026-11-25"}] * 2), "date_twice"),
        ("break_policy", "ibland", "not_known"),
        ("age_from", "-1", "not_an_age"),
        ("age_to", "9" * 9999, "not_an_age"),
        ("registration", "=HYPERLINK()", "not_known"),
        ("visibility", "hidden", "not_known"),
        ("status", "DRAFT", "unknown_status"),
        ("uid", "x\r\nATTENDEE:y", "not_a_uid"),
        ("slug", "../admin", "not_a_key"),
        ("sign_up_link", "javascript:alert(1)", "not_a_link"),
        ("sequence", "1e9", "not_a_number"),
        ("created_at", "2026-11-25T17:00", "not_an_instant"),
        ("revised_at", "9999-12-31T23:59:59Z", "not_an_instant"),
        ("former_scopes", "unit-../x", "not_a_key"),
        ("text_sv", "x" * 8001, "too_long"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_with_row_and_column(column: str, cell: str, code: str) -> None:
    reading = read(cells(**{column: cell}))
    assert reading.events == []
    assert (2, column, code) in told(reading)
    assert code in PROBLEMS


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "columns_missing"),
        (b"a,b\n1,2\n", "columns_missing"),
        ("Språk".encode("latin-1"), "not_utf8"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
        (cells().replace(b"tzid", b"note", 1), "column_twice"),
        (cells() + b'"' + b"x" * 1_100_000, "not_csv"),
        (cells() + b",\n" * 20_001, "too_many_rows"),
        (b"," * 5_000_000, "columns_missing"),
        (cells() + b"\xff", "not_utf8"),
    ],
)
def test_a_file_that_is_no_such_table(raw: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(raw)
    assert refused.value.code == code
    assert code in UNREADABLE
    assert "%" not in say_unreadable(refused.value)


def test_a_bad_row_leaves_the_others() -> None:
    whole = cells().decode().splitlines()
    table = "\n".join(
        [*whole, whole[1], whole[1].replace("E1", "E2") + ",more", "", whole[1].replace("E1", "E3")]
    )
    reading = read(table.encode())
    assert told(reading) == [(3, "event_id", "id_twice"), (4, "", "too_many_cells")]
    assert [(event.row, event.event_id) for event in reading.events] == [(2, "E1"), (6, "E3")]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_what_excel_saves_is_read(separator: str) -> None:
    rows = list(csv.reader(io.StringIO(cells().decode(), newline="")))
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows(rows)
    assert read(file.getvalue().encode("utf-8-sig")).events == read(cells()).events == [one()]


def test_unknown_columns_are_passed_over_with_a_note() -> None:
    reading = read(cells(colour="blue", capacity="20", title_xx="Café"))
    assert [(note.row, note.column, note.code) for note in reading.notes] == [
        (1, "colour", "unknown_column"),
        (2, "capacity", "passed_over"),
    ]
    assert reading.events[0].titles == {"sv": "Språkcafé", "xx": "Café"}


def test_audiences_in_words_are_said_in_words() -> None:
    (event,) = read(cells(audience="vuxna och familjer")).events
    assert (event.audiences, event.directed_to) == ((), {"sv": "vuxna och familjer"})
    (event,) = read(cells(audience="adults; families")).events
    assert (event.audiences, event.directed_to) == (("adults", "families"), {})
    (event,) = read(cells(audience="vuxna", directed_to_sv="Alla")).events
    assert event.directed_to == {"sv": "Alla"}


def test_extra_dates_are_events_of_their_own() -> None:
    raw = cells(
        rdates="2026-11-30T17:00;2026-12-07T10:00", rrule="FREQ=DAILY;UNTIL=20261126T160000Z"
    )
    first, *others = read(raw).events
    assert (first.rrule, first.rdates) == ("FREQ=DAILY;UNTIL=20261126T160000Z", ())
    assert [(e.event_id, e.rrule, e.starts, e.ends - e.starts) for e in others] == [
        ("E1-2026-11-30T17:00", "", datetime(2026, 11, 30, 17), timedelta(hours=1, minutes=30)),
        ("E1-2026-12-07T10:00", "", datetime(2026, 12, 7, 10), timedelta(hours=1, minutes=30)),
    ]
    uid = "00000000-0000-4000-8000-000000000000"
    assert told(read(cells(rdates="2026-11-30T17:00", uid=uid))) == [
        (2, "rdates", "rdates_with_uid")
    ]


def test_the_sample_programme_is_read_as_it_is(shared: Path) -> None:
    raw = (shared / "data" / "events_2026_2027.csv").read_bytes()
    reading = read(raw)
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline="")))
    assert reading.problems == []
    assert len(reading.events) == len(rows) + sum(
        len(r["rdates"].split(";")) for r in rows if r["rdates"]
    )
    assert [column.name for column in FILE] == list(rows[0])
    first = reading.events[0]
    assert (first.kind, first.unit, first.starts) == ("ACT02", "LIB23", datetime(2026, 8, 31, 17))
    assert first.exdate_reasons == ({"sv": "Annandag påsk"},)
    assert first.dates[0].starts == datetime(2026, 11, 16, 18)
    last = reading.events[-1]
    assert (last.is_cancelled, last.titles) == (True, {"sv": "Konsert i parken"})
    assert read(write(reading.events)).events == reading.events


def test_differences_are_by_column_and_without_history() -> None:
    before = one(sequence=3, dates=(ExchangeDate(datetime(2026, 11, 25, 17), told_apart=True),))
    after = one(sequence=9, slug="x", co_hosts=("b", "a"), titles={"sv": "Café", "en": "Café"})
    assert differences(before, before) == {}
    assert differences(before, after) == {
        "title_sv": ("Språkcafé", "Café"),
        "title_en": ("", "Café"),
        "partner": ("", "a;b"),
    }


# --- the documentation ----------------------------------------------------------------------


def documented(heading: str) -> list[str]:
    """The columns that a table of docs/imports.md lists."""
    _, _, part = DOCS.read_text("utf-8").partition(f"\n{heading}\n")
    rows = re.split(r"\n##+ ", part)[0].splitlines()
    first = (row.split("|")[1] for row in rows if row.startswith("| `"))
    return [name for cell in first for name in re.findall(r"`([^`]+)`", cell)]


def test_every_column_is_documented_and_no_other() -> None:
    texts = [f"{name}_…" for name in LOCALISED]
    assert documented("## The exchange format") == [column.name for column in COLUMNS] + texts
    names = [*observance_exchange.COLUMNS, *(f"{n}_…" for n in observance_exchange.LOCALISED)]
    assert documented("### Observances") == names


def test_the_header_has_every_column_once() -> None:
    names = header(["fi", "en"])
    assert len(names) == len(set(names)) == len(COLUMNS) + 3 * len(LOCALISED) - 1
    assert names[: len(FILE)] == [column.name for column in FILE]
    assert set(row_of(one(), names)) == set(names)


def test_a_code_that_is_raised_has_words() -> None:
    """Every code that stands in the source of the format is one that can be said."""
    folder = ROOT / "portal" / "imports"
    for path in [*folder.glob("exchange*.py"), *folder.glob("observance_exchange*.py")]:
        for match in re.finditer(r'Unusable\("([a-z_]+)"\)|Problem\("([a-z_]+)"', path.read_text()):
            assert (match[1] or match[2]) in PROBLEMS, match[0]

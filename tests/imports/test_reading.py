"""The library programme, from bytes to items: every bad cell is told with its row and column."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.items import Item, Reading, Unreadable
from portal.imports.mapping import PROGRAMME
from portal.imports.reading import SHOWN_ROWS, open_file, read
from tests.imports.programmes import COLUMNS, file, parse
from tests.support.requirements import need

ZONE = "Europe/Stockholm"
TODAY = date(2026, 11, 20)


def reading(raw: bytes) -> Reading:
    opened = open_file(raw, "programme.csv", {})
    assert opened.is_sure, "the documented columns need no question"
    return read(raw, opened, ZONE, TODAY)


def one(**changes: str) -> Item:
    found = reading(file(changes))
    assert found.problems == []
    (item,) = found.items
    return item


def test_the_documented_columns_are_those_that_are_read() -> None:
    assert tuple(PROGRAMME) == COLUMNS


def test_a_good_row() -> None:
    item = one()
    assert (item.row, item.key, item.titles) == (2, "bib-1", {"sv": "Sagostund"})
    assert (item.starts, item.ends) == (datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 10, 30))
    assert (item.age_from, item.age_to, item.needs_sign_up) == (3, 6, False)
    assert (item.is_all_day, item.is_cancelled, item.is_preliminary) == (False, False, False)
    assert (item.unit, item.place) == ("Exempelbiblioteket", "Exempelbiblioteket")
    assert (item.categories, item.link) == (("Sagostund",), "https://example.org/1")
    assert (item.zone, item.rule, item.group, item.dates) == (ZONE, None, "", ())


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("source_id", "", "empty"),
        ("title", "", "empty"),
        ("title", "\x00\u2028", "empty"),
        ("title", "x" * 201, "too_long"),
        ("date", "", "not_a_date"),
        ("date", "1 december", "not_a_date"),
        ("date", "2026-02-30", "not_a_date"),
        ("start", "", "no_start"),
        ("end", "", "no_end"),
        ("start", "25:00", "not_a_time"),
        ("end", "10:60", "not_a_time"),
        ("end", "10:00", "end_before_start"),
        ("end", "09:30", "end_before_start"),
        ("booking_required", "perhaps", "not_yes_or_no"),
        ("age_from", "three", "not_an_age"),
        ("age_from", "-1", "not_an_age"),
        ("age_from", "²", "not_an_age"),
        ("age_to", "121", "not_an_age"),
        ("age_to", "2", "ages_reversed"),
        ("link", "https://example.org/" + "x" * 300, "too_long"),
        ("source_id", "x" * 201, "too_long"),
        ("place", "x" * 201, "too_long"),
        ("organiser", "x" * 201, "too_long"),
    ],
)
def test_each_bad_cell_is_told_by_row_and_column(column: str, value: str, code: str) -> None:
    found = reading(file({}, {column: value}, {}))
    assert [(p.row, p.column, p.code) for p in found.problems] == [(3, column, code)]
    assert [item.key for item in found.items] == ["bib-1", "bib-3"]
    assert found.has_nameless == (column == "source_id" and not value)
    assert found.refused_keys == (set() if column == "source_id" and not value else {
        value if column == "source_id" else "bib-2"
    })  # fmt: skip


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://a b"])
def test_a_link_that_may_not_stay_is_a_note_and_the_row_is_used(link: str) -> None:
    found = reading(file({"link": link}))
    assert [(n.row, n.column, n.code, n.value) for n in found.notes] == [
        (2, "link", "link_dropped", link)
    ]
    assert [(item.key, item.link) for item in found.items] == [("bib-1", "")]


def test_all_bad_cells_of_a_row_are_told() -> None:
    bad = {"title": "", "date": "x", "start": "x", "age_to": "x"}
    found = reading(file({**bad, "booking_required": "perhaps"}))
    assert {p.column for p in found.problems} == {*bad, "booking_required"}
    assert found.items == []
    assert found.unread == {2: ("Exempelbiblioteket", "Exempelbiblioteket")}


def test_times_are_compared_whatever_the_date() -> None:
    found = reading(file({"date": "x", "end": "09:00"}))
    assert [p.code for p in found.problems] == ["not_a_date", "end_before_start"]


def test_an_id_may_stand_once() -> None:
    found = reading(file({}, {"source_id": "bib-1"}))
    assert [(p.row, p.column, p.code) for p in found.problems] == [(3, "source_id", "id_twice")]
    assert len(found.items) == 1


def test_midnight_to_midnight_is_the_whole_day() -> None:
    item = one(start="00:00", end="00:00")
    assert item.is_all_day
    assert (item.starts, item.ends) == (datetime(2026, 12, 1), datetime(2026, 12, 2))
    assert not one(start="00:00", end="01:00").is_all_day


@pytest.mark.parametrize(
    ("title", "left", "cancelled", "preliminary"),
    [
        ("INSTÄLLT: Sagostund", "Sagostund", True, False),
        ("Inställd – Sagostund", "Sagostund", True, False),
        ("inställt! Sagostund", "Sagostund", True, False),
        ("Cancelled: Sagostund", "Sagostund", True, False),
        ("Preliminärt: Sagostund", "Sagostund", False, True),
        ("Sagostund (preliminär)", "Sagostund", False, True),
        ("Preliminary: Sagostund", "Sagostund", False, True),
        ("INSTÄLLT: Preliminärt: Sagostund", "Sagostund", True, True),
        ("Sagostund: inställt i regn", "Sagostund: inställt i regn", False, False),
        ("Inställningar och mod", "Inställningar och mod", False, False),
        ("UTSÅLT: Jakten på Jack", "UTSÅLT: Jakten på Jack", False, False),
        ("  Pappaträff-   Vi  ", "Pappaträff- Vi", False, False),
        ("INSTÄLLT:", "INSTÄLLT:", True, False),
    ],
)
def test_what_a_title_says_besides(
    title: str, left: str, cancelled: bool, preliminary: bool
) -> None:
    item = one(title=title)
    said = (item.titles, item.is_cancelled, item.is_preliminary)
    assert said == ({"sv": left}, cancelled, preliminary)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_any_encoding_and_other_columns_do_no_harm(encoding: str) -> None:
    text = file({"title": "Språkcafé"}).decode()
    text = text.replace('"source_id"', '"more","source_id"', 1).replace(
        '\n"bib-1"', '\n"x","bib-1"'
    )
    (item,) = reading(text.encode(encoding)).items
    assert (item.key, item.titles) == ("bib-1", {"sv": "Språkcafé"})


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_a_table"),
        (b"a;b;c\n1;2;3\n", "columns_missing"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table"),
        (file({}).replace(b'"Sagostund"', b'"' + b"x" * 200_000 + b'"', 1), "cell_too_big"),
    ],
)
def test_what_is_no_programme_says_why(raw: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(raw, open_file(raw, "", {}), ZONE, TODAY)
    assert caught.value.code == code


def test_columns_with_other_names_are_guessed_and_asked_about() -> None:
    raw = b"Titel;Datum;Start;Slut\nSagostund;2026-12-01;10:00;10:30\n"
    opened = open_file(raw, "", {})
    assert (opened.form, opened.is_sure) == ("csv", False)
    assert opened.first_rows() == [["Sagostund", "2026-12-01", "10:00", "10:30"]]
    assert len(open_file(file(*[{}] * 9), "", {}).first_rows()) == SHOWN_ROWS
    assert opened.mapping is not None
    again = open_file(raw, "", opened.mapping.as_json())
    assert again.is_sure, "what was chosen is remembered"
    (item,) = read(raw, again, ZONE, TODAY).items
    assert item.starts == datetime(2026, 12, 1, 10)
    other = raw.replace(b"Slut", b"Sluttid")
    assert not open_file(other, "", opened.mapping.as_json()).is_sure, "other columns are asked"


def test_the_real_programme_is_what_another_reader_makes_of_it() -> None:
    raw = (need("shared") / "data" / "library_programme_2026-09-25.csv").read_bytes()
    there, here = parse(raw), reading(raw)
    assert (there.problems, here.problems) == ([], [])
    assert [
        (r.row, r.source_id, {"sv": r.title}, r.starts, r.ends, r.is_all_day, r.organiser, r.place,
         r.age_from, r.age_to, r.booking_required, r.link, r.is_cancelled, r.is_preliminary,
         tuple(name for name in (r.category, r.subcategory) if name))
        for r in there.rows
    ] == [
        (i.row, i.key, i.titles, i.starts, i.ends, i.is_all_day, i.unit, i.place,
         i.age_from, i.age_to, i.needs_sign_up, i.link, i.is_cancelled, i.is_preliminary,
         i.categories)
        for i in here.items
    ]  # fmt: skip
    assert len(here.items) == 137


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)


@given(st.lists(WORDS, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_cells_are_rows_or_problems(cells: list[str]) -> None:
    found = reading(file(dict(zip(COLUMNS, cells, strict=True))))
    if not any(cell.strip() for cell in cells):
        assert (found.items, found.problems) == ([], []), "an empty line is none"
        return
    assert len(found.items) + bool(found.problems) == 1
    assert len(found.items) + len(found.refused_keys) + found.has_nameless == 1

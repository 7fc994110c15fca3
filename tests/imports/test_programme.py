"""Reading a programme: every bad cell is told with its row and column."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.imports.programme import COLUMNS, NotAProgramme, ProgrammeRow, parse

GOOD = {
    "source_id": "bib-1",
    "title": "Sagostund",
    "organiser": "Exempelbiblioteket",
    "place": "Exempelbiblioteket",
    "date": "2026-12-01",
    "start": "10:00",
    "end": "10:30",
    "booking_required": "false",
    "age_from": "3",
    "age_to": "6",
    "category": "Sagostund",
    "subcategory": "",
    "link": "https://example.org/1",
}


def file(*rows: dict[str, str], encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for number, changes in enumerate(rows, 1):
        writer.writerow({**GOOD, "source_id": f"bib-{number}", **changes})
    return out.getvalue().encode(encoding)


def one(**changes: str) -> ProgrammeRow:
    parsed = parse(file(changes))
    assert parsed.problems == []
    (row,) = parsed.rows
    return row


def test_a_good_row() -> None:
    row = one()
    assert (row.row, row.source_id, row.title) == (2, "bib-1", "Sagostund")
    assert (row.starts, row.ends) == (datetime(2026, 12, 1, 10), datetime(2026, 12, 1, 10, 30))
    assert (row.age_from, row.age_to, row.booking_required) == (3, 6, False)
    assert (row.is_all_day, row.is_cancelled, row.is_preliminary) == (False, False, False)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("source_id", "", "empty"),
        ("title", "", "empty"),
        ("title", "\x00\u2028", "empty"),
        ("title", "x" * 201, "too_long"),
        ("organiser", " ", "empty"),
        ("date", "", "not_a_date"),
        ("date", "1 december", "not_a_date"),
        ("date", "2026-02-30", "not_a_date"),
        ("start", "", "not_a_time"),
        ("start", "25:00", "not_a_time"),
        ("start", "10.00", "not_a_time"),
        ("end", "10:60", "not_a_time"),
        ("end", "10:00", "end_before_start"),
        ("end", "09:30", "end_before_start"),
        ("booking_required", "perhaps", "not_yes_or_no"),
        ("age_from", "three", "not_an_age"),
        ("age_from", "-1", "not_an_age"),
        ("age_from", "²", "not_an_age"),
        ("age_to", "121", "not_an_age"),
        ("age_to", "2", "ages_reversed"),
        ("link", "javascript:alert(1)", "not_a_link"),
        ("link", "https://a b", "not_a_link"),
        ("link", "https://example.org/" + "x" * 300, "too_long"),
        ("source_id", "x" * 121, "too_long"),
        ("place", "x" * 201, "too_long"),
        ("organiser", "x" * 201, "too_long"),
    ],
)
def test_each_bad_cell_is_told_by_row_and_column(column: str, value: str, code: str) -> None:
    parsed = parse(file({}, {column: value}, {}))
    assert [(p.row, p.column, p.code) for p in parsed.problems] == [(3, column, code)]
    assert [row.source_id for row in parsed.rows] == ["bib-1", "bib-3"]


def test_all_bad_cells_of_a_row_are_told() -> None:
    bad = {"title": "", "date": "x", "start": "x", "age_to": "x", "link": "x"}
    parsed = parse(file({**bad, "booking_required": "x"}))
    assert {p.column for p in parsed.problems} == {*bad, "booking_required"}
    assert parsed.rows == []
    assert parsed.unread == {2: ("Exempelbiblioteket", "Exempelbiblioteket")}


def test_times_are_compared_whatever_the_date() -> None:
    parsed = parse(file({"date": "x", "end": "09:00"}))
    assert [p.code for p in parsed.problems] == ["not_a_date", "end_before_start"]


def test_an_id_may_stand_once() -> None:
    parsed = parse(file({}, {"source_id": "bib-1"}))
    assert [(p.row, p.column, p.code) for p in parsed.problems] == [(3, "source_id", "id_twice")]
    assert len(parsed.rows) == 1


def test_midnight_to_midnight_is_the_whole_day() -> None:
    row = one(start="00:00", end="00:00")
    assert row.is_all_day
    assert (row.starts, row.ends) == (datetime(2026, 12, 1), datetime(2026, 12, 2))
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
    row = one(title=title)
    assert (row.title, row.is_cancelled, row.is_preliminary) == (left, cancelled, preliminary)


def test_a_byte_order_mark_and_other_columns_do_no_harm() -> None:
    raw = b"\xef\xbb\xbf" + file({}).replace(b'"source_id"', b'"more","source_id"', 1)
    raw = raw.replace(b'\n"bib-1"', b'\n"x","bib-1"')
    assert [row.source_id for row in parse(raw).rows] == ["bib-1"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "columns are missing"),
        (b"a;b;c\n1;2;3\n", "columns are missing"),
        (file({"title": "Språk"}, encoding="latin-1"), "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        (
            file({}).replace(b'"Sagostund"', b'"' + b"x" * 200_000 + b'"', 1),
            "cannot be read as CSV",
        ),
    ],
)
def test_what_is_no_programme_says_why(raw: bytes, words: str) -> None:
    with pytest.raises(NotAProgramme, match=words):
        parse(raw)


@given(st.lists(st.text(max_size=30), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_cells_are_rows_or_problems(cells: list[str]) -> None:
    row = dict(zip(COLUMNS, (c.encode("utf-8", "ignore").decode() for c in cells), strict=True))
    parsed = parse(file(row))
    assert len(parsed.rows) + bool(parsed.problems) == 1

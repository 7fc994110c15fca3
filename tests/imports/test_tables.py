"""Tables, whatever wrote them, and files that mean harm."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portal.imports.formats import detect
from portal.imports.items import Unreadable
from portal.imports.tables import Sheet, read_table
from tests.support.requirements import ROOT
from tests.support.spreadsheets import (
    ods,
    ods_cell,
    ods_row,
    sheet_of,
    text_cell,
    xlsx,
    zipped,
)


def rows(sheet: Sheet) -> list[list[str]]:
    return [cells for _, cells in sheet.rows]


def refusal(raw: bytes) -> str:
    """The code with which a file is refused, at once or while its rows are read."""
    began = time.perf_counter()
    with pytest.raises(Unreadable) as caught:
        rows(read_table(raw, "programme.csv"))
    print(f"{caught.value.code}: {time.perf_counter() - began:.2f} s")
    return caught.value.code


# --- CSV ------------------------------------------------------------------------------------

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "iso-8859-1": "ISO-8859-1",
    "cp1252": "Windows-1252",
}


@pytest.mark.parametrize(("codec", "name"), ENCODINGS.items())
@pytest.mark.parametrize("separator", ";\t,|^~§\x1f")
def test_encoding_and_separator_are_found_and_told(codec: str, name: str, separator: str) -> None:
    quote = "“" if codec == "cp1252" else "»"
    text = f"Titel,Datum\nSagostund på {quote}Ön,2027-01-31\n".replace(",", separator)
    sheet = read_table(text.encode(codec))
    assert (sheet.format, sheet.encoding, sheet.separator) == ("csv", name, separator)
    assert sheet.columns == ["Titel", "Datum"]
    assert list(sheet.rows) == [(2, [f"Sagostund på {quote}Ön", "2027-01-31"])]


words = st.text("abcdefghijklmnopqrstuvwxyzåäö", min_size=1, max_size=8)
letters = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\r\t")
narrow = st.characters(min_codepoint=32, max_codepoint=255, exclude_categories=("Cc",))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_table_is_read_back_as_it_was_written(data: st.DataObject) -> None:
    codec = data.draw(st.sampled_from(list(ENCODINGS)))
    separator = data.draw(st.sampled_from(";\t,|^~"))
    quoting = data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    # The writer quotes only the line breaks that it uses itself.
    endings = ["\r\n", "\n", "\r"] if quoting == csv.QUOTE_ALL else ["\r\n"]
    ending = data.draw(st.sampled_from(endings))
    columns = data.draw(st.lists(words, min_size=2, max_size=5, unique=True))
    western = codec in ("iso-8859-1", "cp1252")
    # UTF-16 without a mark is known by the zeros of Western letters.
    alphabet = narrow if western or codec in ("utf-16-le", "utf-16-be") else letters
    cells = st.lists(st.text(alphabet, max_size=12), min_size=len(columns), max_size=len(columns))
    table = data.draw(st.lists(cells.filter(lambda row: any(map(str.strip, row))), max_size=5))
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, quoting=quoting, lineterminator=ending)
    writer.writerows([columns, *table])
    raw = out.getvalue().encode(codec)
    if western:
        assume(not _is_utf8(raw))
    sheet = read_table(raw)
    assert (sheet.columns, sheet.separator) == (columns, separator)
    assert rows(sheet) == table
    assert rows(sheet) == table, "as often as wanted"
    assert western or sheet.encoding == ENCODINGS[codec]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused(raw: bytes) -> None:
    detect(raw)
    with contextlib.suppress(Unreadable):
        rows(read_table(raw))


def test_line_numbers_are_those_of_the_file() -> None:
    raw = b'\nTitel;Text\n\na;"b\nc\nd"\n;\ne;f\n'
    sheet = read_table(raw)
    assert list(sheet.rows) == [(6, ["a", "b\nc\nd"]), (8, ["e", "f"])]


def test_names_above_the_header_are_passed_over() -> None:
    raw = "Program, hösten 2027;;\n;;\nTitel;Datum;Plats\na, b;2027-01-31;c\nd;e;f\n".encode()
    sheet = read_table(raw)
    assert (sheet.separator, sheet.columns) == (";", ["Titel", "Datum", "Plats"])
    assert rows(sheet)[0] == ["a, b", "2027-01-31", "c"]
    assert read_table(b"sep=;\r\nTitel;Datum\r\na;b\r\n").columns == ["Titel", "Datum"]


def test_what_stands_in_cells_parts_no_columns() -> None:
    raw = "Saga, sång, bild, form;2027-01-31\n" * 5
    assert read_table(f"Titel;Datum\n{raw}".encode()).separator == ";"
    above = "Program, hösten, vintern\nTitel;Datum\n" + "Saga;2027-01-31\n" * 5
    assert read_table(above.encode()).separator == ";"


def test_columns_have_names_of_their_own() -> None:
    sheet = read_table("Titel;;Tid\u2028;Tid; Tid  två ;;\na;b;c;d;e;f;g\nh\n".encode())
    assert sheet.columns == ["Titel", "2", "Tid", "Tid 4", "Tid två"]
    assert rows(sheet) == [["a", "b", "c", "d", "e"], ["h", "", "", "", ""]]


def test_a_row_wider_than_the_header_shows_it() -> None:
    assert rows(read_table(b"Titel,Datum\na,b,,\na,b,c\n")) == [["a", "b"], ["a", "b", "c"]]


def test_nul_bytes_are_a_cell_and_no_end() -> None:
    assert rows(read_table(b"Titel;Datum\na\0b;c\n" + b"d;e\n" * 99))[:2] == [
        ["a\0b", "c"],
        ["d", "e"],
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "not_a_table"),
        (b"only words, and a comma\n", "not_a_table_or_header"),
        (b"words\nand more\n", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "encoding_or_table"),
        (b"%PDF-1.7\n\x01\x02\x03\x04\x05;\x06\x0e\n", "not_a_table"),
        (b"<html><td>a,b</td></html>", "not_a_table"),
        (b'{"a": 1, "b": 2}', "not_a_table"),
        (b"BEGIN:VCALENDAR\nX;Y:1;2\n", "not_a_table"),
        (b"Sagostund;2027-01-31;10:00\n", "no_header"),
        (b"Sagostund;31/1 2027;x\n", "no_header"),
        (b"Titel;Datum\n\x81\x8d;\x90\n", "encoding_unknown"),
        (b"x" * 50_000_000, "too_big"),
        (";".join(f"c{n}" for n in range(10_000)).encode(), "too_many_columns"),
        (b"Titel;Datum\n" + b"a;b\n" * 500_001, "too_many_rows"),
        (b"Titel;Datum\na;" + b"b" * 32_001, "cell_too_big"),
        (b"Titel;Datum\na;" + b"b" * 200_000, "cell_too_big"),
        (b"Titel;Datum\na;" + b"b" * 39_000_000, "cell_too_big"),
        (b'Titel;Datum\na;"b\nc;d\ne;f\n', "quote_open"),
        (b'Titel;Datum\na;b\n"' + b"c;d\n" * 100_000, "cell_too_big"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_spreadsheet"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_says_why(raw: bytes, code: str) -> None:
    found = refusal_or_columns(raw) if "_or_" in code else refusal(raw)
    assert found in code or found == code


def refusal_or_columns(raw: bytes) -> str:
    try:
        rows(read_table(raw))
    except Unreadable as error:
        return "table" if error.code == "not_a_table" else error.code.partition("_")[0]
    return "header"


MEMORY = """
import re, sys, tracemalloc
from pathlib import Path
from portal.imports.tables import read_table
raw = sys.stdin.buffer.read()
for _ in read_table(b"a;b\\nc;d\\n").rows: pass
def most():
    # Not getrusage: that remembers the memory of whoever started this process.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1000
before = most()
tracemalloc.start()
count = sum(1 for _ in read_table(raw).rows)
print(count, tracemalloc.get_traced_memory()[1] // 1_000_000, most() - before)
"""


def test_a_hundred_thousand_rows_need_little_memory() -> None:
    line = ";".join(["Sagostund för de minsta"] * 10) + "\n"
    raw = ("".join(f"k{n};" for n in range(10)) + "k\n" + line * 100_000).encode()
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        input=raw,
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    count, peak, resident = map(int, done.stdout.split())
    seconds = time.perf_counter() - began
    print(f"{len(raw) / 1e6:.0f} MB: {peak} MB more, resident {resident} MB more, {seconds:.1f} s")
    assert count == 100_000
    assert max(peak, resident) < 60


# --- spreadsheets -----------------------------------------------------------------------------


def test_xlsx_is_read_as_excel_shows_it() -> None:
    inside = (
        '<row r="3">' + text_cell("B3", "Titel") + text_cell("C3", "Datum") + "</row>"
        '<row r="5"><c r="B5" t="s"><v>0</v></c><c r="C5" s="1"><v>46418</v></c></row>'
        '<row r="6"><c r="B6"><v>7</v></c><c r="C6" s="2"><v>0.729166666666667</v></c></row>'
        '<row r="7"><c r="B7"><v>7.5</v></c><c r="C7" s="3"><v>46418.729166666664</v></c></row>'
        '<row r="8"><c r="B8" t="b"><v>1</v></c><c r="C8" t="b"><v>0</v></c></row>'
        # A time that was rounded on its way, a thousandth of a second before half past.
        '<row r="9"><c r="B9"><v>0.5</v></c><c r="C9" s="2"><v>0.72916665</v></c></row>'
    )
    sheet = read_table(xlsx("", inside, shared="<si><t>Språkcafé\nför alla</t></si>"), "x.csv")
    assert (sheet.format, sheet.encoding, sheet.separator) == ("xlsx", "", "")
    assert sheet.columns == ["Titel", "Datum"]
    assert list(sheet.rows) == [
        (5, ["Språkcafé\nför alla", "2027-01-31"]),
        (6, ["7", "17:30"]),
        (7, ["7.5", "2027-01-31T17:30"]),
        (8, ["true", "false"]),
        (9, ["0.5", "17:30"]),
    ]


def test_a_hidden_sheet_is_somebodys_helper() -> None:
    sheets = sheet_of([["a", "b"], ["c", "d"]]), sheet_of([["e", "f"], ["g", "h"]])
    with zipfile.ZipFile(io.BytesIO(xlsx(*sheets))) as file:
        book = file.read("xl/workbook.xml").decode().replace("<sheet ", '<sheet state="hidden" ', 1)
    assert read_table(xlsx(*sheets)).columns == ["a", "b"]
    assert read_table(xlsx(*sheets, more={"xl/workbook.xml": book})).columns == ["e", "f"]


def test_ods_is_read_the_same_way() -> None:
    table = ods_row(ods_cell("Titel"), ods_cell("Datum"))
    table += ods_row(ods_cell("Ö"), ods_cell("31/1", "date", date_value="2027-01-31"))
    table += ods_row(
        ods_cell("7", "float", value="7"), ods_cell("17.30", "time", time_value="PT17H30M00S")
    )
    table += ods_row(
        ods_cell("SANT", "boolean", boolean_value="true"),
        ods_cell("x", "date", date_value="2027-01-31T17:30:00"),
    )
    table += ods_row(ods_cell(), repeated=1_048_570)
    sheet = read_table(ods(table))
    assert (sheet.format, sheet.columns) == ("ods", ["Titel", "Datum"])
    assert list(sheet.rows) == [
        (2, ["Ö", "2027-01-31"]),
        (3, ["7", "17:30"]),
        (4, ["true", "2027-01-31T17:30"]),
    ]


cells = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=10)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(cells, min_size=3, max_size=3).filter(lambda r: any(map(str.strip, r)))))
def test_any_texts_in_xlsx_are_read_back(table: list[list[str]]) -> None:
    sheet = read_table(xlsx(sheet_of([["a", "b", "c"], *table])))
    assert rows(sheet) == table


@pytest.mark.parametrize("formula", ["=1+1", "+46", "-1+2", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_formula_stays_the_text_that_it_is(formula: str) -> None:
    told = (
        '<row r="3"><c r="A3"><f>1+1</f><v>99</v></c><c r="B3" t="str"><f>A3</f><v>ja</v></c></row>'
    )
    sheet = read_table(xlsx(sheet_of([["a", "b"], [formula, "x"]]) + told))
    assert rows(sheet) == [[formula, "x"], ["99", "ja"]]
    assert rows(read_table(f'a\tb\n"{formula.replace(chr(34), chr(34) * 2)}"\tx\n'.encode())) == [
        [formula, "x"]
    ]


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD = sheet_of([["a", "b"], ["c", "d"]])


def far_away() -> bytes:
    """Two cells, and a grid of seventeen thousand million between them."""
    return xlsx(GOOD + '<row r="1048576">' + text_cell("XFD1048576", "x") + "</row>")


def one_text_often() -> bytes:
    """A text of a megabyte, meant by each of 400,000 cells: 400 GB."""
    cell = '<c t="s"><v>0</v></c>'
    inside = "".join(f"<row>{cell * 40}</row>" for _ in range(10_000))
    return xlsx(GOOD + inside, shared=f"<si><t>{'x' * 1_000_000}</t></si>")


def wide_ods() -> bytes:
    cell = ods_cell("x").replace(" ", ' table:number-columns-repeated="16384" ', 1)
    return ods(ods_row(cell, repeated=2_000))


def laughing() -> bytes:
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">' for n in range(20)
    )
    row = "<row><c t='str'><v>&l19;</v></c></row>"
    sheet = f"<!DOCTYPE x [{entities}]><worksheet><sheetData>{row}</sheetData></worksheet>"
    return xlsx(GOOD, more={"xl/worksheets/sheet1.xml": sheet})


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "60 MB": (lambda: xlsx(GOOD, more={"xl/media/a": b"\0" * 61_000_000}), "bomb"),
    "ratio": (lambda: xlsx(GOOD, more={"xl/media/a": b"\0" * 12_000_000}), "bomb"),
    "members": (lambda: xlsx(GOOD, more={f"x/{n}": b"" for n in range(1000)}), "bomb"),
    "nested": (lambda: xlsx(GOOD, more={"xl/embeddings/x": zipped({"a": "b"})}), "bomb"),
    "far away": (far_away, "bomb"),
    "one text often": (one_text_often, "bomb"),
    "wide ods": (wide_ods, "bomb"),
    "laughs": (laughing, "not_a_table"),
    "encrypted ods": (
        lambda: ods("", {"META-INF/manifest.xml": "<encryption-data/>"}),
        "encrypted",
    ),
    "encrypted xlsx": (lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "big": (lambda: b"PK\x03\x04" + b"\0" * 10_000_000, "too_big"),
    "no zip": (lambda: b"PK\x03\x04" + b"\0" * 100, "not_a_table"),
    "other zip": (lambda: zipped({"a": "b"}), "not_a_table"),
    "cut": (lambda: xlsx(GOOD)[:-200], "not_a_table"),
    "broken": (lambda: xlsx("<row><c"), "not_a_table"),
    "empty": (lambda: xlsx(""), "not_a_table"),
    "no header": (lambda: xlsx(sheet_of([["2027-01-31", "b"]])), "no_header"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_spreadsheet_is_refused(name: str) -> None:
    make, code = HOSTILE[name]
    assert refusal(make()) == code


def test_an_encrypted_member_is_refused() -> None:
    raw = bytearray(xlsx(GOOD))
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        start = file.start_dir
    raw[start + 8] |= 1  # the flag in the first entry of the directory
    assert refusal(bytes(raw)) == "encrypted"


def test_a_long_sheet_in_time() -> None:
    line = [["Sagostund för de minsta"] * 10]
    raw = xlsx(sheet_of([[f"c{n}" for n in range(10)], *line * 20_000]))
    began = time.perf_counter()
    assert len(rows(read_table(raw))) == 20_000
    print(f"{len(raw)} bytes: {time.perf_counter() - began:.1f} s")


# --- which reader -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"BEGIN:VCALENDAR\r\n", "ics"),
        (b"\xef\xbb\xbf\r\nbegin:vcalendar\r\n", "ics"),
        ("BEGIN:VCALENDAR\r\n".encode("utf-16"), "ics"),
        (b' {"@type": "Event"}', "json"),
        (b"\xef\xbb\xbf[]", "json"),
        (b"<!doctype html>", "html"),
        (b"\n<?xml version='1.0'?>", "html"),
        (b"Titel;Datum\n", "table"),
        ("Titel;Datum\n".encode("utf-16-le"), "table"),
        (xlsx(GOOD), "table"),
        # Cut off within a letter, where the beginning ends that is looked at.
        (b"\xef\xbb\xbf[0" + "ö".encode() * 3000, "json"),
        (b"", "table"),
        (b"\x81\x8d\x90", "table"),
    ],
)
def test_the_content_says_which_reader(raw: bytes, kind: str) -> None:
    assert detect(raw) == kind

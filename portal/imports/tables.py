"""Reading a table, whatever wrote it: CSV with any separator and encoding, XLSX, ODS, or rows
pasted from a spreadsheet. Pure.

The content decides and not the name: files are called .csv and .xls whatever is in them. What
the columns mean is for `mapping.py` to know.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TextIO

from portal.core.text import clean
from portal.imports.decoding import Encoding, encoding_of, stream_of
from portal.imports.items import Unreadable
from portal.imports.spreadsheets import is_spreadsheet, spreadsheet

MOST_BYTES = 40_000_000
MOST_ROWS = 500_000
MOST_COLUMNS = 200
MOST_LETTERS = 32_000
"""In a cell; Excel allows 32,767."""
SEPARATORS = ";\t,|"
# What stands in the words of a header, and so cannot part them.
_NO_SEPARATOR = re.compile(r"[\w \xa0\"'().?/&:+–-]")
_DATA = re.compile(r"\d{4}-\d\d-\d\d\b.*|\d{1,2}[.:]\d\d|\d{1,2}[./]\d{1,2}[./ -]+\d{2,4}")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b]")
_OTHER_FORMATS = re.compile(r"\s*(<|\{|\[|BEGIN:V)", re.IGNORECASE)
# Above the header there may be a name of the list, and empty lines.
_HEADER_WITHIN = 20
_LOOKED_AT = 100_000
_LONGEST_LINE = MOST_COLUMNS * (MOST_LETTERS + 3)

Row = tuple[int, list[str]]


@dataclass(frozen=True)
class Sheet:
    """A table. `format` is "csv", "xlsx" or "ods"; `encoding` and `separator` are empty for the
    last two.

    `rows` are a row's number and its cells, as often as wanted, made while they are read; empty
    rows are passed over. The number is that of the line in the file (of a row with line breaks in
    its cells, of its last), or of the row in the spreadsheet. Each row has as many cells as there
    are columns, or more when it does not fit the header. Reading rows may raise Unreadable.
    """

    format: str
    encoding: str
    separator: str
    columns: list[str]
    rows: Iterable[Row]


def read_table(raw: bytes, name: str = "") -> Sheet:
    """The table in a file or in pasted text; `name` only helps to say which file it was.

    Raises Unreadable: too_big, not_a_table, no_header, too_many_columns, encoding_unknown; for a
    spreadsheet also bomb, encrypted and old_spreadsheet; later, from the rows: too_many_rows,
    cell_too_big, quote_open.
    """
    if is_spreadsheet(raw):
        kind, found = spreadsheet(raw, MOST_BYTES)
        columns, below = _parted(found, name)
        return Sheet(kind, "", "", columns, below)
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_big", name=name, most=MOST_BYTES)
    encoding = encoding_of(raw)
    separator = _separator(_beginning(raw, encoding, name), name)
    records = _Records(raw, encoding, separator)
    columns, below = _parted(records, name)
    return Sheet("csv", encoding.name, separator, columns, below)


class _Records:
    """All rows of a CSV that hold anything, anew for each reader."""

    def __init__(self, raw: bytes, encoding: Encoding, separator: str) -> None:
        self.raw, self.encoding, self.separator = raw, encoding, separator

    def __iter__(self) -> Iterator[Row]:
        with stream_of(self.raw, self.encoding) as text:
            yield from _records(text, self.separator)


class _Below:
    """The rows under the header, as wide as it; only rows that do not fit it are wider."""

    def __init__(self, records: Iterable[Row], header: int, named: int, width: int) -> None:
        self.records, self.header, self.named, self.width = records, header, named, width

    def __iter__(self) -> Iterator[Row]:
        below = itertools.islice(self.records, self.header + 1, None)
        for count, (number, cells) in enumerate(below, 1):
            if count > MOST_ROWS:
                raise Unreadable("too_many_rows", most=MOST_ROWS)
            while len(cells) > self.width and not cells[-1].strip():
                cells.pop()
            if len(cells) <= self.width:
                del cells[self.named :]  # what stands under no name
            yield number, cells + [""] * (self.named - len(cells))


def _records(text: TextIO, separator: str) -> Iterator[Row]:
    has_ended, before = False, 0

    def lines() -> Iterator[str]:
        nonlocal has_ended
        while line := text.readline(_LONGEST_LINE):
            if len(line) == _LONGEST_LINE:
                raise Unreadable("cell_too_big", row=before + 1, most=MOST_LETTERS)
            yield line
        has_ended = True

    reader = csv.reader(lines(), delimiter=separator)
    try:
        for cells in reader:
            start, before = before + 1, reader.line_num
            if sum(map(len, cells)) > MOST_LETTERS and max(map(len, cells)) > MOST_LETTERS:
                raise Unreadable("cell_too_big", row=start, most=MOST_LETTERS)
            # A row after the last line: a quote was opened and never closed, and has swallowed
            # the rest of the file.
            if has_ended:
                raise Unreadable("quote_open", row=start)
            if any(map(str.strip, cells)):
                yield before, cells
    except csv.Error as error:
        raise Unreadable("cell_too_big", row=before + 1, most=MOST_LETTERS) from error


def _beginning(raw: bytes, encoding: Encoding, name: str) -> str:
    """What the separator is found in. Raises Unreadable for what is no text of a table."""
    with stream_of(raw, encoding) as text:
        beginning = text.read(_LOOKED_AT)
    if _OTHER_FORMATS.match(beginning):
        raise Unreadable("not_a_table", name=name)
    return beginning


def _separator(beginning: str, name: str) -> str:
    """The character that parts the columns: the one under which the header comes first and the
    rows fit it; of several, the one that makes the most columns."""
    first = next((line for line in re.split(r"[\r\n]+", beginning) if line.strip()), "")
    others = dict.fromkeys(c for c in first[:2000] if c not in SEPARATORS)
    plain = [c for c in others if not _NO_SEPARATOR.match(c)][:10]
    fits = {separator: _fit(beginning, separator) for separator in (*SEPARATORS, *plain)}
    chosen: str = max(fits, key=lambda separator: fits[separator])
    if fits[chosen][2] < 2:
        raise Unreadable("not_a_table", name=name)
    return chosen


def _fit(beginning: str, separator: str) -> tuple[bool, int, int]:
    """Whether the rows fit a header, how early it comes, how many columns it has."""
    rows: list[list[str]] = []
    try:
        for _, cells in _records(io.StringIO(beginning, newline=""), separator):
            rows.append(cells)
            if len(rows) > 2 * _HEADER_WITHIN:
                break
    except Unreadable:
        pass  # the beginning may end within a row
    at = next((at for at, row in enumerate(rows[:_HEADER_WITHIN]) if _is_header(row)), None)
    if at is None:
        return False, 0, 0
    width, below = len(rows[at]), rows[at + 1 :]
    fitting = sum(2 <= len(row) <= width for row in below)
    return fitting * 5 >= len(below) * 4, -at, width


def _is_header(cells: list[str]) -> bool:
    return sum(bool(cell.strip()) for cell in cells) >= 2


def _parted(records: Iterable[Row], name: str) -> tuple[list[str], _Below]:
    """The names of the columns, each only once, and the rows below them."""
    first = enumerate(itertools.islice(records, _HEADER_WITHIN))
    at, cells = next(((at, row) for at, (_, row) in first if _is_header(row)), (0, []))
    # Programs' own formats have rows and columns for whoever looks for them, but no words.
    if not cells or _CONTROLS.search("".join(cells)):
        raise Unreadable("not_a_table", name=name)
    names = [" ".join(clean(cell).split()) for cell in cells]
    if any(_DATA.fullmatch(cell) for cell in names):
        raise Unreadable("no_header", name=name)
    while not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise Unreadable("too_many_columns", name=name, most=MOST_COLUMNS)
    columns: list[str] = []
    for number, column in enumerate(names, 1):
        free = (f"{column} {n}".strip() for n in itertools.count(number))
        is_free = column and column not in columns
        columns.append(column if is_free else next(one for one in free if one not in names))
    return columns, _Below(records, at, len(columns), len(cells))

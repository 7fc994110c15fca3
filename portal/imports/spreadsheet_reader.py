"""A program of its own: a spreadsheet on standard input, its rows on standard output.

Each row is a line of JSON: its number and its cells as text. Run by `spreadsheets.py`, under
limits that it sets for itself before it reads a byte. Ends with 2 for a file with a password,
with 3 for one that is no spreadsheet, in any other way when the limits were met.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine

MEMORY = 200_000_000
"""Bytes of address space; fifty thousand rows of ten columns need a third of it."""
SECONDS = 10


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    room = int(sys.argv[1])
    try:
        rows = _rows(calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read())))
    except calamine.PasswordError:
        sys.exit(2)
    except MemoryError:
        sys.exit(4)
    except (calamine.CalamineError, ValueError, OSError):
        sys.exit(3)
    for number, row in enumerate(rows, 1):
        cells = [_text(cell) for cell in row]
        if any(cells):
            line = json.dumps([number, cells], ensure_ascii=False)
            room -= len(line)
            if room < 0:
                sys.exit(4)
            sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")


def _rows(book: calamine.CalamineWorkbook) -> Any:
    """The rows, from the very first, of the first sheet that has any. A hidden sheet is
    somebody's helper."""
    shown = calamine.SheetVisibleEnum.Visible
    for sheet in book.sheets_metadata:
        if sheet.visible == shown and sheet.typ == calamine.SheetTypeEnum.WorkSheet:
            found = book.get_sheet_by_name(sheet.name)
            if found.start is not None:
                return found.iter_rows()
    return []


def _text(cell: object) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
        case datetime():
            moment = _whole(cell)
            if moment.date() < date(1900, 1, 1):  # a time alone is a part of day nought
                return _clock(moment.time())
            is_day = moment.time() == time()
            return f"{moment:%Y-%m-%d}" if is_day else f"{moment:%Y-%m-%d}T{_clock(moment.time())}"
        case time():
            return _clock(_whole(datetime.combine(date(2000, 1, 1), cell)).time())
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            hours, minutes = divmod(minutes, 60)
            return f"{hours:02}:{minutes:02}" + (f":{seconds:02}" if seconds else "")
        case _:
            return str(cell)


def _whole(moment: datetime) -> datetime:
    """To the nearest second: spreadsheets keep times as fractions of a day."""
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def _clock(clock: time) -> str:
    return f"{clock:%H:%M:%S}" if clock.second else f"{clock:%H:%M}"


if __name__ == "__main__":
    main()

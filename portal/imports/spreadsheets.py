"""XLSX and ODS: what is in the zip is weighed first, then a process of its own reads it. Pure.

A spreadsheet is a zip of XML, and both can be small outside and endless inside: a member that
inflates a thousandfold, a cell at XFD1048576 for which a grid is laid out, one long text that a
million cells refer to. The first is counted here; for the others the reader may use only so much
memory and time, and when it dies for it, the portal does not.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from portal.imports.items import Unreadable

MOST_BYTES = 10_000_000
MOST_UNPACKED = 60_000_000
MOST_MEMBERS = 1000
# XML of a table shrinks to a tenth, of an empty one to a fiftieth; deflate can do 1000.
MOST_RATIO = 100
RATIO_FROM = 10_000_000
SECONDS = 20

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ODS = b"application/vnd.oasis.opendocument.spreadsheet"
READER = Path(__file__).with_name("spreadsheet_reader.py")
_BLOCK = 1 << 16


def is_spreadsheet(raw: bytes) -> bool:
    """Whether it is a zip, or one of the files of old Office that also hold encrypted new ones."""
    return raw.startswith((ZIP, OLE))


def spreadsheet(raw: bytes, most_letters: int) -> tuple[str, Rows]:
    """The format, and the rows of the first sheet that has any: numbers as Excel shows them.

    Dates and times are ISO text, numbers have no needless ".0", formulas are what they last
    gave; none is ever worked out here. Raises Unreadable: too_big, bomb, encrypted, not_a_table,
    old_spreadsheet.
    """
    if raw.startswith(OLE):
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in raw
        raise Unreadable("encrypted" if is_encrypted else "old_spreadsheet")
    if len(raw) > MOST_BYTES:
        raise Unreadable("too_big", most=MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            kind = _weighed(archive, len(raw))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise Unreadable("not_a_table") from error
    return kind, Rows(_read(raw, most_letters))


class Rows:
    """The rows as the reader wrote them, a line of JSON each; anew for each who reads."""

    def __init__(self, lines: bytes) -> None:
        self.lines = lines

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for line in io.BytesIO(self.lines):
            number, cells = json.loads(line)
            yield number, cells


def _weighed(archive: zipfile.ZipFile, packed: int) -> str:
    """The format of a zip whose members were all unpacked and counted, and not kept."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise Unreadable("bomb")
    if any(member.flag_bits & 1 for member in members):
        raise Unreadable("encrypted")
    if any(m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for m in members):
        raise Unreadable("not_a_table")
    unpacked = 0
    for member in members:
        with archive.open(member) as file:
            block = file.read(_BLOCK)
            if block.startswith(ZIP):
                raise Unreadable("bomb")
            if member.filename == "META-INF/manifest.xml" and b"encryption-data" in block:
                raise Unreadable("encrypted")
            while block:
                unpacked += len(block)
                is_dense = unpacked > RATIO_FROM and unpacked > packed * MOST_RATIO
                if unpacked > MOST_UNPACKED or is_dense:
                    raise Unreadable("bomb")
                block = file.read(_BLOCK)
    names = set(archive.namelist())
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "mimetype" in names and archive.read("mimetype").startswith(ODS):
        return "ods"
    raise Unreadable("not_a_table")


def _read(raw: bytes, most_letters: int) -> bytes:
    command = [sys.executable, "-I", str(READER), str(most_letters)]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=raw, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable("bomb") from error
    codes = {0: "", 1: "not_a_table", 2: "encrypted", 3: "not_a_table"}
    # Any other end is that of a reader that wanted more than it may have.
    if code := codes.get(done.returncode, "bomb"):
        raise Unreadable(code)
    return done.stdout

"""Which reader a file is for, from its first words. Pure."""

from __future__ import annotations

import re

from portal.imports.decoding import SAMPLE, encoding_of
from portal.imports.items import Unreadable
from portal.imports.spreadsheets import is_spreadsheet

# Long enough for a file that begins with empty lines.
_OPENINGS = {
    "ics": re.compile(r"\s*BEGIN\s*:\s*V", re.IGNORECASE),
    "json": re.compile(r"\s*[{\[]"),
    "html": re.compile(r"\s*<"),
}


def detect(raw: bytes) -> str:
    """ "ics", "json", "html" or "table", by content; a spreadsheet is a table, and so is
    whatever is none of the others, for the reader of tables to refuse."""
    if is_spreadsheet(raw):
        return "table"
    start = raw[:SAMPLE]
    try:
        # An even number of bytes, so that UTF-16 is not cut; other letters may be.
        words = start.decode(encoding_of(start).codec, "ignore")
    except Unreadable:
        words = start.decode("utf-8", "ignore")
    words = words.lstrip("\ufeff")
    return next((name for name, opening in _OPENINGS.items() if opening.match(words)), "table")

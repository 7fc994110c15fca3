"""Which encoding a file is in, from its bytes alone. Pure.

A library that guesses is wrong in ways that nobody can explain; three questions are enough for
what municipalities send: a byte order mark, whether it is UTF-8, and if not, the Western
European letters that Excel on Windows writes.
"""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

from portal.imports.items import Unreadable

BLOCK = 1 << 20
SAMPLE = 4096


@dataclass(frozen=True)
class Encoding:
    """`name` is for people, `codec` is Python's name; the codec leaves the mark out."""

    name: str
    codec: str


MARKS = (
    (codecs.BOM_UTF8, Encoding("UTF-8 with BOM", "utf-8-sig")),
    (codecs.BOM_UTF16_LE, Encoding("UTF-16", "utf-16")),
    (codecs.BOM_UTF16_BE, Encoding("UTF-16", "utf-16")),
)
UNMARKED = (
    Encoding("UTF-8", "utf-8"),
    # Every byte means something in ISO-8859-1, but 80 to 9F are controls that nobody writes.
    Encoding("ISO-8859-1", "iso-8859-1"),
    Encoding("Windows-1252", "cp1252"),
)


def encoding_of(raw: bytes) -> Encoding:
    """The encoding in which all of `raw` can be read; never looks at more than a block at once.

    Raises Unreadable: encoding_unknown.
    """
    marked = [encoding for mark, encoding in MARKS if raw.startswith(mark)]
    for encoding in marked or _sixteen(raw) or UNMARKED:
        if encoding.codec == "iso-8859-1" and raw.translate(None, _C1) != raw:
            continue
        if _reads(raw, encoding.codec):
            return encoding
    raise Unreadable("encoding_unknown")


def text_of(raw: bytes) -> str:
    """All of a short file as text, line breaks as they are. Raises Unreadable."""
    return raw.decode(encoding_of(raw).codec)


def stream_of(raw: bytes, encoding: Encoding) -> io.TextIOWrapper:
    """The text of a long file, decoded while it is read; line breaks stay as they are."""
    return io.TextIOWrapper(io.BytesIO(raw), encoding.codec, newline="")


_C1 = bytes(range(0x80, 0xA0))


def _sixteen(raw: bytes) -> tuple[Encoding, ...]:
    """UTF-16 without a mark: in Western text every other byte is zero."""
    sample = raw[:SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    pairs = len(sample) // 2
    if pairs and odd >= pairs * 0.3 and even <= pairs * 0.02:
        return (Encoding("UTF-16", "utf-16-le"),)
    if pairs and even >= pairs * 0.3 and odd <= pairs * 0.02:
        return (Encoding("UTF-16", "utf-16-be"),)
    return ()


def _reads(raw: bytes, codec: str) -> bool:
    decoder, view = codecs.getincrementaldecoder(codec)(), memoryview(raw)
    try:
        for start in range(0, len(raw), BLOCK):
            decoder.decode(view[start : start + BLOCK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True

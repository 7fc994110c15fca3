"""QR codes as one path of a drawing. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import segno

# White around the code, in modules: readers find it by that (ISO/IEC 18004 asks for four).
MARGIN = 4


@dataclass(frozen=True)
class Drawing:
    """`size` is the side of the square in modules, white margin and all; `path` goes along the
    middle of each run of dark modules, to be stroked one module wide."""

    size: int
    path: str


@lru_cache(maxsize=256)
def drawing(text: str) -> Drawing:
    """The code of a text. A seventh of it may be dirty or torn (level M)."""
    rows = [bytes(row) for row in segno.make(text, micro=False, error="m").matrix]
    steps = [
        f"M{start + MARGIN} {y + MARGIN}.5h{length}"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    ]
    return Drawing(len(rows) + 2 * MARGIN, "".join(steps))


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where the dark modules of a row begin, and how many stand together."""
    found, at = [], 0
    for dark, group in groupby(row):
        length = len(list(group))
        if dark:
            found.append((at, length))
        at += length
    return found

"""QR codes: the path that is drawn has the modules that the code has."""

from __future__ import annotations

import re

import pytest
import segno
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.feeds.qr import MARGIN, drawing

ADDRESS = "https://moten.example.org/en/subscribe?scope=kind-language-cafe"


def modules(path: str) -> set[tuple[int, int]]:
    """The dark modules that a path strokes, as (column, row) within the margin."""
    found: set[tuple[int, int]] = set()
    assert re.fullmatch(r"(M\d+ \d+\.5h\d+)+", path)
    for x, y, length in re.findall(r"M(\d+) (\d+)\.5h(\d+)", path):
        found |= {(int(x) + n - MARGIN, int(y) - MARGIN) for n in range(int(length))}
    return found


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=200))
@settings(max_examples=30)
def test_every_dark_module_is_stroked_and_no_other(text: str) -> None:
    wanted = {
        (x, y)
        for y, row in enumerate(segno.make(text, micro=False, error="m").matrix)
        for x, dark in enumerate(row)
        if dark
    }
    assert modules(drawing(text).path) == wanted


def test_there_is_white_around_it_and_the_three_corners_are_there() -> None:
    drawn = drawing(ADDRESS)
    dark = modules(drawn.path)
    side = drawn.size - 2 * MARGIN
    assert min(x for x, _ in dark) == min(y for _, y in dark) == 0
    assert max(x for x, _ in dark) == max(y for _, y in dark) == side - 1
    for left, top in ((0, 0), (side - 7, 0), (0, side - 7)):
        assert {(left + n, top) for n in range(7)} <= dark
        assert {(left + 2 + n % 3, top + 2 + n // 3) for n in range(9)} <= dark
        assert (left + 1, top + 1) not in dark


def test_an_address_too_long_for_a_code_is_refused() -> None:
    with pytest.raises(segno.DataOverflowError):
        drawing("x" * 5000)

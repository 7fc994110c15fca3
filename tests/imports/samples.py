"""Forty real calendars: what the reader makes of them, as a table in docs/imports.md.

`python -m tests.imports.samples` writes the table; a test fails while it is stale.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from portal.imports.ics import read
from portal.imports.items import Reading, RowProblem, Unreadable
from tests.support.requirements import ROOT, SHARED

ZONE = "Europe/Stockholm"
# The day on which the files were put together: dates are seen from here.
TODAY = date(2025, 11, 20)
PAGE = ROOT / "docs" / "imports.md"
BEGIN, END = "<!-- samples -->", "<!-- /samples -->"
WORDS = {
    "broken": "has no beginning or no end",
    "empty": "is missing",
    "end_before_start": "is before the start",
    "no_uid": "made here",
    "no_end": "does not say when it ends",
    "not_a_length": "is no length",
    "unknown_rule": "cannot be followed exactly",
    "unknown_zone": "is a zone that nobody defines",
    "rule_as_dates": "became single dates",
    "no_dates_now": "has no dates in the window",
    "dates_cut": "cut at 500",
    "passed_over": "passed over",
    "private": "left out",
    "no_events": "none in the file",
    "not_a_calendar": "is no calendar",
}


def files(folder: Path) -> list[Path]:
    return sorted((folder / "ics-samples").glob("*.ics"))


def try_to_read(path: Path, today: date = TODAY) -> Reading | Unreadable:
    try:
        return read(path.read_bytes(), ZONE, today)
    except Unreadable as error:
        return error


def table(folder: Path) -> str:
    """The table of what arrived from each file."""
    rows = ["| file | arrived | refused or noted |", "| --- | --- | --- |"]
    rows += [f"| {path.stem} | {' | '.join(_cells(try_to_read(path)))} |" for path in files(folder)]
    return "\n".join(rows)


def _cells(found: Reading | Unreadable) -> tuple[str, str]:
    if isinstance(found, Unreadable):
        return "", f"the file {WORDS[found.code]}"
    groups = {item.group for item in found.items if item.group}
    kinds = {
        "event": sum(item.rule is None and not item.group for item in found.items),
        "series": sum(item.rule is not None for item in found.items),
        "single date": sum(bool(item.group) for item in found.items),
    }
    arrived = [f"{n} {name}{'s' * (n > 1 and name != 'series')}" for name, n in kinds.items() if n]
    if groups:
        arrived[-1] += f" of {len(groups)} rule{'s' * (len(groups) > 1)}"
    more = {
        "moved or changed": sum(len(item.dates) for item in found.items),
        "cancelled": sum(item.is_cancelled for item in found.items),
        "preliminary": sum(item.is_preliminary for item in found.items),
    }
    arrived += [f"{n} {name}" for name, n in more.items() if n]
    said = [*_count(found.problems, "refused: "), *_count(found.notes, "")]
    return ", ".join(arrived), "; ".join(said)


def _count(problems: list[RowProblem], before: str) -> list[str]:
    counted = Counter((one.column, one.code) for one in problems)
    for one in problems:
        if one.code == "passed_over":
            counted[one.column, one.code] = int(one.value)
    return [
        f"{before}{f'{n} × ' if n > 1 else ''}{column} {WORDS.get(code, code)}"
        for (column, code), n in counted.items()
    ]


def section(page: str) -> str:
    """What stands in the page between the marks."""
    return page.partition(BEGIN)[2].partition(END)[0].strip()


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{table(SHARED)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()

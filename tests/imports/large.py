"""A municipality's whole programme in one file, and the same file some days later.

What comes of it is computed here as well, so it imports nothing from the portal.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

Row = dict[str, str]
COLUMNS = [
    "source_id",
    "title",
    "organiser",
    "place",
    "lat",
    "lon",
    "date",
    "start",
    "end",
    "recurring_flag",
    "booking_required",
    "age_from",
    "age_to",
    "category",
    "subcategory",
    "link",
]
# Category, subcategory, title, ages; {} is a name or a theme, so that there are many titles.
SORTS = (
    ("Sagostund", "", "Sagostund med {}", "3", "6"),
    ("Rim och ramsor", "Sångstund", "Babyrim med {}", "0", "1"),
    ("Bokcirkel", "", "Bokcirkel: {}", "", ""),
    ("Språkcafé", "", "Språkcafé {}", "", ""),
    ("Läxhjälp", "", "Läxhjälp med {}", "10", "19"),
    ("Skaparverkstad", "", "Skapa med {}", "6", "12"),
    ("Övrigt", "Teater", "Teater: {} & vänner", "4", "9"),
    ("Författarträff", "", "{} läser ur sin nya bok", "", ""),
    ("Dans", "", "Kom och dansa med {}!", "13", ""),
    ("Schack", "", "Schack för alla – {}", "", ""),
)
FIRST = [
    "Aino",
    "Bo",
    "Cecilia",
    "Dragan",
    "Elin",
    "Fatima",
    "Göran",
    "Hanna",
    "Irma",
    "Johan",
    "Kaisa",
    "Lars",
    "Maja",
    "Nadja",
]
LAST = [
    "Berg",
    "Dahl",
    "Ek",
    "Forsman",
    "Grahn",
    "Holm",
    "Isaksson",
    "Järvi",
    "Krantz",
    "Lind",
    "Mård",
    "Nyström",
    "Öberg",
]
WHERE = ("", "", "", "Odd Fellowvägen 22 & 26", "Parken bakom kyrkan", "Folkets hus, sal 3")


def programme(rows: int, units: Sequence[str], first: date, seed: int = 1) -> list[Row]:
    """A year of dates from `first` on: three in five belong to some weekly series, the others
    stand alone. In order of the days, as sources write them."""
    dice, made = random.Random(seed), []
    alone = rows * 2 // 5
    while len(made) < rows - alone:
        made += _series(dice, units, first)[: rows - alone - len(made)]
    made += [_one(dice, units, first + timedelta(days=dice.randrange(370))) for _ in range(alone)]
    made.sort(key=lambda row: (row["date"], row["start"], row["title"], row["organiser"]))
    return [row | {"source_id": f"big-{number}"} for number, row in enumerate(made, 1)]


def _series(dice: random.Random, units: Sequence[str], first: date) -> list[Row]:
    row = _one(dice, units, first + timedelta(days=dice.randrange(240)))
    day = date.fromisoformat(row["date"])
    weeks = [week for week in range(dice.randrange(8, 30)) if dice.random() > 0.08]
    days = [day + timedelta(weeks=week * dice.choice((1, 1, 1, 2))) for week in weeks]
    return [{**row, "date": one.isoformat(), "recurring_flag": "true"} for one in sorted({*days})]


def _one(dice: random.Random, units: Sequence[str], day: date) -> Row:
    category, subcategory, title, low, high = dice.choice(SORTS)
    unit, signs_up = dice.choice(units), dice.random() < 0.2
    hour, minute, length = dice.randrange(8, 19), dice.choice((0, 15, 30, 45)), dice.randrange(1, 5)
    last = hour * 60 + minute + length * 30
    title = title.format(f"{dice.choice(FIRST)} {dice.choice(LAST)}")
    return {
        "source_id": "",
        "title": title,
        "organiser": unit,
        "place": dice.choice(WHERE) or unit,
        "lat": f"59.{dice.randrange(25000, 40000)}",
        "lon": f"18.{dice.randrange(10000)}",
        "date": day.isoformat(),
        "start": f"{hour:02}:{minute:02}",
        "end": f"{last // 60:02}:{last % 60:02}",
        "recurring_flag": "false",
        "booking_required": str(signs_up).lower(),
        "age_from": low,
        "age_to": high,
        "category": category,
        "subcategory": subcategory,
        "link": f"https://bibliotek.example/evenemang/{dice.randrange(10**6)}",
    }


@dataclass(frozen=True)
class Changed:
    """The file of another day, and how many of its rows are different in what way."""

    rows: list[Row]
    moved: int
    retitled: int
    dropped: int
    new: int


def changed(rows: list[Row], units: Sequence[str], seed: int = 2) -> Changed:
    """Some days later: two in a hundred at another time, one gone, one with another title, and
    one in a hundred more than before. The first and last row stay: they say which days it is
    about."""
    dice = random.Random(seed)
    picked = dice.sample(range(1, len(rows) - 1), len(rows) // 25)
    part = len(rows) // 100
    moved, gone, named = picked[: 2 * part], picked[2 * part : 3 * part], picked[3 * part :]
    later: list[Row | None] = list(rows)
    for at in moved:
        later[at] = {**rows[at], "start": _later(rows[at]["start"]), "end": _later(rows[at]["end"])}
    for at in gone:
        later[at] = None
    for at in named:
        later[at] = {**rows[at], "title": f"{rows[at]['title']} (nytt namn)"}
    days = [date.fromisoformat(row["date"]) for row in rows]
    fresh = [
        _one(dice, units, dice.choice(days)) | {"source_id": f"more-{number}"}
        for number in range(part)
    ]
    kept = [row for row in later if row is not None]
    return Changed(kept + fresh, len(moved), len(named), len(gone), len(fresh))


def _later(clock: str) -> str:
    return f"{int(clock[:2]) + 1:02}{clock[2:]}"


def lines_of(rows: list[Row]) -> Iterator[str]:
    """The rows as the lines of the file that carries them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    for row in rows:
        writer.writerow(row)
        if out.tell() > 1 << 20:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()

"""Ten days of a unit's programme, and what a visitor should see of it each day.

An independent computation: it imports nothing from the portal.
"""

from __future__ import annotations

import csv
import io
import random
import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

Row = dict[str, str]


@dataclass(frozen=True)
class Seen:
    """A date as a visitor sees it: wall times, title, and whether it is off."""

    starts: datetime
    ends: datetime
    title: str
    is_off: bool


@dataclass
class Sight:
    """What a source said last of a date, and what is seen of it here."""

    said: Seen
    seen: Seen
    # Not in the file any more: that is said as well.
    is_gone: bool = False


def seen_of(row: Row) -> Seen:
    """What a row of the file says."""
    day = date.fromisoformat(row["date"])
    starts = datetime.combine(day, time.fromisoformat(row["start"]))
    ends = datetime.combine(day, time.fromisoformat(row["end"]))
    if row["start"] == row["end"] == "00:00":
        ends += timedelta(days=1)
    title = re.sub(r"\s+", " ", row["title"]).strip()
    is_off = title.upper().startswith("INSTÄLLT:")
    title = title[len("INSTÄLLT:") :].strip() if is_off else title
    return Seen(starts, ends, title, is_off)


@dataclass
class Expected:
    """What is seen of every date, by its id in the source; `known` are the ids that can be read."""

    dates: dict[str, Sight] = field(default_factory=dict)

    def file(self, rows: list[Row], now: datetime) -> None:
        """A file arrives at a local time."""
        here = {row["source_id"]: seen_of(row) for row in rows}
        days = [said.starts.date() for said in here.values()]
        for key, said in here.items():
            if key not in self.dates:
                self.dates[key] = Sight(said, said)
            else:
                self._again(self.dates[key], said, now)
        for key, sight in self.dates.items():
            in_span = min(days) <= sight.said.starts.date() <= max(days)
            if key not in here and in_span and not sight.is_gone and sight.seen.ends > now:
                if sight.seen.is_off == sight.said.is_off:
                    sight.seen = replace(sight.seen, is_off=True)
                sight.is_gone = True

    def _again(self, sight: Sight, said: Seen, now: datetime) -> None:
        was = replace(sight.said, is_off=sight.said.is_off or sight.is_gone)
        if sight.seen.ends > now:
            seen, before = sight.seen, sight.seen
            if (before.starts, before.ends) == (was.starts, was.ends):
                seen = replace(seen, starts=said.starts, ends=said.ends)
            if before.title == was.title:
                seen = replace(seen, title=said.title)
            if before.is_off == was.is_off:
                seen = replace(seen, is_off=said.is_off)
            # What is moved into the past is not believed.
            sight.seen = seen if seen.ends > now else before
        sight.said, sight.is_gone = said, False


def text_of(rows: list[Row]) -> bytes:
    """The rows as the file that carries them."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def next_day(rows: list[Row], today: date, dice: random.Random) -> list[Row]:
    """Tomorrow's file: some times moved, rows dropped and back, titles altered, dates called off,
    and the series going on; what has passed falls out of it."""
    rows = [row for row in rows if row["date"] >= today.isoformat()]
    result = []
    for row in rows:
        throw = dice.random()
        row = dict(row)
        is_soon = row["date"] <= (today + timedelta(days=1)).isoformat()
        if throw < 0.06 and not is_soon:
            continue
        if throw < 0.12 and row["start"] != row["end"]:
            row["start"], row["end"] = _later(row["start"]), _later(row["end"])
        elif throw < 0.17:
            row["title"] = (
                row["title"] + " " + dice.choice(["med fika", "på lätt svenska", "– nytt!"])
            )
        elif throw < 0.2 and not row["title"].startswith("INSTÄLLT"):
            row["title"] = "INSTÄLLT: " + row["title"]
        elif throw < 0.24 and not is_soon:
            day = date.fromisoformat(row["date"]) + timedelta(days=1)
            row["date"] = day.isoformat()
        result.append(row)
    last = date.fromisoformat(max(row["date"] for row in rows))
    for number, row in enumerate(rows):
        day = date.fromisoformat(row["date"]) + timedelta(days=14)
        if day == last + timedelta(days=1) and not row["title"].startswith("INSTÄLLT"):
            key = f"{row['source_id'][:12]}-{today:%m%d}-{number}"
            result.append({**row, "source_id": key, "date": day.isoformat()})
    dice.shuffle(result)
    return result


def _later(clock: str) -> str:
    hour, minute = map(int, clock.split(":"))
    return f"{min(hour + 1, 23):02}:{minute if hour < 23 else 59:02}"

"""The library's programme as a Reading, for tests."""

from __future__ import annotations

from portal.imports.items import Item, Reading
from portal.imports.programme import parse

ZONE = "Europe/Stockholm"


def read(raw: bytes) -> Reading:
    parsed = parse(raw)
    reading = Reading(problems=parsed.problems, unread=parsed.unread)
    for row in parsed.rows:
        reading.items.append(
            Item(
                row=row.row,
                key=row.source_id,
                titles={"sv": row.title},
                starts=row.starts,
                ends=row.ends,
                zone=ZONE,
                is_all_day=row.is_all_day,
                unit=row.organiser,
                place=row.place,
                categories=(row.category, row.subcategory),
                age_from=row.age_from,
                age_to=row.age_to,
                link=row.link,
                needs_sign_up=row.booking_required,
                is_cancelled=row.is_cancelled,
                is_preliminary=row.is_preliminary,
            )
        )
    return reading

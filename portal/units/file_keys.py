"""The tables of a municipality file: every key, and what its value must look like. Pure.

docs/municipality-file.md says the same in words. Numbers are as much as the database holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from portal.units import file_shapes as a
from portal.units.file_shapes import Shape

UNIT_KINDS = (
    "library",
    "open_preschool",
    "youth_centre",
    "senior_centre",
    "culture_house",
    "museum",
    "community_house",
    "neighbourhood_house",
    "job_centre",
    "training_room",
    "online",
    "office",
    "association",
)
FACILITIES = ("step_free", "lift", "hearing_loop", "toilet", "quiet_room", "changing_table")
ANSWERS = ("yes", "no", "unknown")
VISIBILITIES = ("public", "without_place", "staff", "closed")
TEXTS = ("help", "complaint", "accessibility", "visit")
SPAN = {"starts_on": a.day, "ends_on": a.day}


@dataclass(frozen=True)
class Table:
    """One kind of table. `inner` are the tables that may stand in it, by key: a list of them
    where `is_list`, else one."""

    keys: dict[str, Shape] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    inner: dict[str, Table] = field(default_factory=dict)
    is_list: bool = True


def whole_file(known: Collection[str], zone_fits: Callable[[str], bool]) -> Table:
    """The file as one table. `known` are the keys of the portal's languages."""
    texts, names = a.localised(known), a.localised(known, 200)
    contact = Table(
        {
            "function": names,
            "phone": a.text(40),
            "email": a.email,
            "deputy": a.yes_no,
            **SPAN,
        },
        ("function",),
    )
    # What a unit's premises and its rooms have in common.
    place: dict[str, Shape] = {
        "visibility": a.one_of(VISIBILITIES),
        "street": a.text(120),
        "postcode": a.text_or_number(10),
        "locality": a.text(60),
        "lat": a.degrees(90),
        "lon": a.degrees(180),
        "coordinate_source": a.text(200),
        "floor": a.text_or_number(30),
        "capacity": a.number(1, 100_000),
        "how_to_come": texts,
        "rules": a.rules(known),
    }
    hours = Table({"days": a.weekdays, "opens": a.clock, "closes": a.clock})
    in_place = {
        "hours": Table(hours.keys, tuple(hours.keys)),
        "facilities": Table(dict.fromkeys(FACILITIES, a.one_of(ANSWERS)), is_list=False),
    }
    room = Table(
        {"slug": a.slug(90), "names": names, "bookable": a.yes_no, **place}, ("names",), in_place
    )
    municipality = Table(
        {
            "slug": a.slug(60),
            "names": names,
            "site_names": names,
            "timezone": a.zone(zone_fits),
            "country": a.country,
            "languages": a.languages(known),
            "varieties": a.languages(known),
            "phone": a.text(40),
            "phone_hours": texts,
            "email": a.email,
            "visit": texts,
            "attribution": a.text(200),
            "invented": a.texts(),
        },
        ("slug", "names", "site_names", "timezone", "country", "phone"),
        {"texts": Table(dict.fromkeys(TEXTS, texts), is_list=False)},
        is_list=False,
    )
    area: dict[str, Shape] = {
        "slug": a.slug(80),
        "names": names,
        "code": a.text(80),
        "successor": a.text(80),
        **SPAN,
    }
    unit: dict[str, Shape] = {
        "slug": a.slug(80),
        "name": a.text(120),
        "kind": a.one_of(UNIT_KINDS),
        "code": a.text(80),
        "body": a.text(80),
        "area": a.text(80),
        "parent": a.text(80),
        "operator": a.text(120),
        "phone": a.text(40),
        "email": a.email,
        "website": a.link,
        "aliases": a.texts(80),
        "headcount": a.number(0, 100_000),
        "reading_embassy": a.yes_no,
        "intro": texts,
        # What the demonstration says of its sources.
        "invented": a.texts(),
        "confidence": a.text(80),
        "example": a.yes_no,
        **place,
        **SPAN,
    }
    holiday: dict[str, Shape] = {
        "names": names,
        "first_on": a.day,
        "last_on": a.day,
        "assumed": a.yes_no,
    }
    observance: dict[str, Shape] = {
        "slug": a.slug(90),
        "names": a.localised(known, 120),
        "texts": texts,
        "first_on": a.day,
        "last_on": a.day,
        "annual": a.yes_no,
        "flag_day": a.yes_no,
        "link": a.link,
    }
    return Table(
        inner={
            "municipality": municipality,
            "area": Table(area, ("slug", "names")),
            "body": Table({**area, "kind": a.text(30)}, ("slug", "names"), {"contact": contact}),
            "unit": Table(unit, ("slug", "name", "kind"), {"place": room, **in_place}),
            "house_rules": Table(
                {"kind": a.one_of(UNIT_KINDS), "rules": a.rules(known)}, ("kind", "rules")
            ),
            "break": Table(holiday, ("names", "first_on", "last_on")),
            "observance": Table(observance, ("slug", "names", "first_on")),
        }
    )

"""Writes: setting up the municipality, and changing what units say and belong to.

A page that changes a unit calls `events.actions.change_unit`, which also tells the feeds.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from portal.core.audit import record
from portal.core.extensions import db
from portal.core.models import FormerSlug
from portal.core.text import slugify
from portal.units import queries
from portal.units.models import Affiliation, Area, Body, BodyContact, Municipality, Unit


def set_up_municipality(data: dict[str, Any], *, is_demo: bool) -> Municipality:
    """Writes the one municipality row from a checked file."""
    row = db.session.get(Municipality, 1) or Municipality(id=1)
    row.slug, row.names, row.site_names = data["slug"], data["names"], data["site_names"]
    row.zone, row.country, row.phone = data["timezone"], data["country"], data["phone"]
    row.languages = data.get("languages", ["sv"])
    row.varieties = data.get("varieties", [])
    row.phone_hours = data.get("phone_hours", {})
    row.email = data.get("email", "")
    row.texts = {**data.get("texts", {}), "visit": data.get("visit", {})}
    row.attribution = data.get("attribution", "")
    row.is_demo = is_demo
    db.session.add(row)
    db.session.flush()
    return row


def add_areas(rows: list[dict[str, Any]]) -> dict[str, Area]:
    """Adds areas; successors are tied when all exist. Answers them by slug."""
    made = {
        row["slug"]: Area(
            slug=row["slug"],
            names=row["names"],
            starts_on=row.get("starts_on"),
            ends_on=row.get("ends_on"),
        )
        for row in rows
    }
    db.session.add_all(made.values())
    db.session.flush()
    for row in rows:
        if row.get("successor"):
            made[row["slug"]].successor_id = made[row["successor"]].id
    return made


def add_bodies(rows: list[dict[str, Any]]) -> dict[str, Body]:
    """Adds bodies with their contacts (functions, never names). Answers them by slug."""
    made: dict[str, Body] = {}
    for row in rows:
        body = Body(
            slug=row["slug"],
            kind=row.get("kind", "committee"),
            names=row["names"],
            starts_on=row.get("starts_on"),
            ends_on=row.get("ends_on"),
        )
        for contact in row.get("contact", []):
            body.contacts.append(
                BodyContact(
                    function=contact["function"],
                    phone=contact.get("phone", ""),
                    email=contact.get("email", ""),
                    is_deputy=contact.get("deputy", False),
                    starts_on=contact.get("starts_on"),
                    ends_on=contact.get("ends_on"),
                )
            )
        made[row["slug"]] = body
    db.session.add_all(made.values())
    db.session.flush()
    for row in rows:
        if row.get("successor"):
            made[row["slug"]].successor_id = made[row["successor"]].id
    return made


def add_unit(data: dict[str, Any], areas: dict[str, Area], bodies: dict[str, Body]) -> Unit:
    """Adds one unit and what it belongs to from its start (or from always)."""
    unit = Unit(
        slug=data["slug"],
        name=data["name"],
        kind=data["kind"],
        phone=data.get("phone", ""),
        email=data.get("email", ""),
        website=data.get("website", ""),
        intro=data.get("intro", {}),
        is_reading_embassy=data.get("reading_embassy", False),
        headcount=data.get("headcount"),
        invented=data.get("invented", []),
        starts_on=data.get("starts_on"),
        ends_on=data.get("ends_on"),
    )
    db.session.add(unit)
    db.session.flush()
    area, body = areas.get(data.get("area", "")), bodies.get(data.get("body", ""))
    db.session.add(
        Affiliation(
            unit_id=unit.id,
            area_id=area.id if area else None,
            body_id=body.id if body else None,
            operator=data.get("operator", ""),
            starts_on=data.get("starts_on") or queries.ALWAYS,
        )
    )
    return unit


def set_parent(unit: Unit, parent: Unit, on: date) -> None:
    """Ties a unit to the one it belongs to, in the affiliation that holds on a day."""
    tie = queries.affiliation(unit, on)
    if tie is not None:
        tie.parent_id = parent.id


def add_association(name: str) -> Unit:
    """Adds an association as a unit, so that it can hold a function account (LIB-06)."""
    unit = Unit(slug=free_slug(name), name=name, kind="association", intro={}, invented=[])
    db.session.add(unit)
    db.session.flush()
    record("unit.add", "unit", unit.id, kind="association")
    return unit


def update_unit(unit: Unit, values: dict[str, Any]) -> None:
    """Changes a unit's own fields; a new name keeps the address."""
    for key, value in values.items():
        setattr(unit, key, value)
    db.session.flush()
    record("unit.change", "unit", unit.id, fields=sorted(values))


def rename_slug(unit: Unit, slug: str) -> None:
    """Gives a unit a new address; the old one, and its feeds, answer 301 for ever."""
    db.session.add(FormerSlug(scope="unit", slug=unit.slug, successor=slug))
    unit.slug = slug
    record("unit.rename", "unit", unit.id)


def move_unit(unit: Unit, on: date, **to: Any) -> Affiliation:
    """From a day on the unit belongs elsewhere (`area_id`, `body_id`, `parent_id`, `operator`)."""
    before = queries.affiliation(unit, on)
    kept = {
        key: getattr(before, key, None) for key in ("area_id", "body_id", "parent_id", "operator")
    }
    if before is not None:
        before.ends_on = on - timedelta(days=1)
    after = Affiliation(
        unit_id=unit.id, starts_on=on, **{**kept, "operator": kept["operator"] or "", **to}
    )
    db.session.add(after)
    db.session.flush()
    record("unit.move", "unit", unit.id, on=on.isoformat())
    return after


def free_slug(name: str) -> str:
    """An address for a new unit that no unit has or has had."""
    base = slugify(name, fallback="unit", limit=70)
    slug, number = base, 2
    while queries.unit_by_slug(slug) or queries.former("unit", slug):
        slug, number = f"{base}-{number}", number + 1
    return slug

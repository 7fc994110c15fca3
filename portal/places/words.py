"""Words for places: names, addresses, facilities, unit kinds."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.core.problems import Problem
from portal.core.words import chosen
from portal.places.models import Place

FACILITIES = {
    "step_free": _l("No steps at the entrance"),
    "lift": _l("Lift"),
    "hearing_loop": _l("Hearing loop"),
    "toilet": _l("Accessible toilet"),
    "quiet_room": _l("Quiet room"),
    "changing_table": _l("Changing table"),
}
PROBLEMS = {
    "days_reversed": _l("The last day is before the first day. Change one of them."),
    "days_past": _l("Those days have passed. Choose later ones."),
    "days_many": _l("That is more than %(n)s days. Is the year right?"),
    "days_known": _l("Some of these days are noted already."),
    "name_taken": _l("There is a room with that name already. Choose another."),
    "too_large": _l("The picture is too large. Choose one under 12 MB."),
    "too_small": _l("The picture is too small. Choose one at least 400 pixels wide."),
    "not_a_picture": _l("That is not a picture. Choose a JPEG, PNG or WebP."),
}
ANSWERS = {"yes": _l("Yes"), "no": _l("No"), "unknown": _l("Not known. Call and ask.")}


def say_problem(problem: Problem) -> str:
    return str(PROBLEMS.get(problem.code, problem.code)) % problem.facts


def place_name(place: Place, key: str | None = None) -> str:
    """What a place is called: the unit's name, or "Rinkeby bibliotek, Programrummet"."""
    if place.is_premises:
        return place.unit.name
    return f"{place.unit.name}, {chosen(place.names, key)}"


def address(place: Place) -> str:
    """Street and locality on one line; nothing when no address is known."""
    where = " ".join(part for part in (place.postcode, place.locality) if part)
    return ", ".join(part for part in (place.street, where) if part) if place.street else ""

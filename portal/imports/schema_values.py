"""Values in schema.org's JSON-LD, where one thing may be a text, a thing or a list of either. Pure.

People are never read: an organiser counts only when it says that it is an organisation.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from portal.core.text import clean
from portal.imports.items import MOST_TEXT
from portal.imports.plain import plain

Node = dict[str, Any]
# Organisations by name that do not end in "Organization".
HOSTS = {"Library", "Museum", "School", "Preschool", "NGO", "Corporation", "LocalBusiness"}
HOSTS |= {"CityHall", "CivicStructure", "SportsClub", "CollegeOrUniversity"}

LONGEST = 4 * MOST_TEXT
"""As much of a text as is looked at: of which a lot may be markup."""
# The parts of an event all repeat its words.
words = lru_cache(maxsize=32)(plain)


def kinds_of(node: Node) -> list[str]:
    """The names of its types, without the address of the vocabulary."""
    kinds = listed(node.get("@type"))
    return [k.rpartition("/")[2].rpartition(":")[2] for k in kinds if isinstance(k, str)]


def listed(value: object) -> list[Any]:
    """JSON-LD writes one thing as itself and several as a list."""
    return value if isinstance(value, list) else [] if value in (None, "") else [value]


def text_in(value: object) -> str:
    """A text or number, of a list the first; nothing for anything else."""
    one = next(iter(listed(value)), None)
    if isinstance(one, dict):
        one = one.get("@value", one.get("value"))
    return clean(str(one)[:LONGEST]).strip() if isinstance(one, str | int) else ""


def unit_in(organisers: Iterable[object]) -> str:
    """The name of the first that says it is an organisation."""
    for one in organisers:
        kinds = kinds_of(one) if isinstance(one, dict) else []
        if isinstance(one, dict) and "Person" not in kinds and any(map(_is_host, kinds)):
            return words(text_in(one.get("name")))
    return ""


def _is_host(kind: str) -> bool:
    return kind.endswith("Organization") or kind in HOSTS


def place_in(locations: Iterable[object]) -> str:
    """Where it is: the first place's name, or its address, or that it is online."""
    return next((name for name in map(_place, locations) if name), "")


def _place(one: object) -> str:
    if not isinstance(one, dict):
        return words(text_in(one))
    if "VirtualLocation" in kinds_of(one):
        return words(text_in(one.get("name"))) or "Online"
    if name := words(text_in(one.get("name"))):
        return name
    address = next(iter(listed(one.get("address"))), one)
    if not isinstance(address, dict):
        return words(text_in(address))
    parts = (address.get("streetAddress"), address.get("addressLocality"))
    return ", ".join(part for part in map(words, map(text_in, parts)) if part)


def languages_in(values: Iterable[object]) -> tuple[str, ...]:
    """Languages as the source names them, by tag or by name."""
    names = [
        text_in(one.get("alternateName")) or text_in(one.get("name"))
        if isinstance(one, dict)
        else text_in(one)
        for one in values
    ]
    return tuple(name for name in names if name)

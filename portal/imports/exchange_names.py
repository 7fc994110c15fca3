"""What the words of an exchange table mean in this portal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from portal.core.extensions import db
from portal.core.languages import languages
from portal.core.text import fold, plain
from portal.events.models import EventKind, Observance
from portal.feeds.vtimezone import has_yearly_rule
from portal.imports.models import UnitAlias
from portal.imports.naming import units_by_name
from portal.places.models import Place
from portal.units import queries as units
from portal.units.models import Unit


@dataclass
class Names:
    """What the words of a table mean here: units also by alias and name, kinds also by code."""

    units: dict[str, Unit] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, EventKind] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    observances: dict[str, int] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    phone: str = ""
    today: date = date.min

    def unit(self, name: str) -> Unit | None:
        """The unit of an address, an alias such as a code, or a name."""
        found = self.aliases.get(plain(name)) or self.aliases.get(fold(name)) or 0
        return self.units.get(name) or self.by_id.get(found)

    def is_zone(self, name: str) -> bool:
        """Whether calendars can be written in a time zone; asked once, for it takes its time."""
        if name not in self._zones:
            try:
                self._zones[name] = has_yearly_rule(name)
            except (KeyError, ValueError, OSError):
                self._zones[name] = False  # no such zone, or no name that one could have
        return self._zones[name]

    def __post_init__(self) -> None:
        self._zones: dict[str, bool] = {}
        self.by_id = {unit.id: unit for unit in self.units.values()}


def names() -> Names:
    """Reads them once for a whole table."""
    kinds = list(db.session.scalars(select(EventKind)))
    aliases = db.session.execute(select(UnitAlias.name, UnitAlias.unit_id)).all()
    site = units.municipality()
    return Names(
        units={unit.slug: unit for unit in units.all_units()},
        aliases={**units_by_name(), **dict(aliases)},
        kinds={kind.code: kind for kind in kinds if kind.code}
        | {kind.slug: kind for kind in kinds},
        places={place.slug: place for place in db.session.scalars(select(Place))},
        observances=dict(db.session.execute(select(Observance.slug, Observance.id)).all()),
        languages={one.tag: key for key, one in languages().items()} | {k: k for k in languages()},
        zone=site.zone,
        phone=site.phone,
        today=units.today(),
    )

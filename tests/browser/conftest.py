"""A real server with the demonstration city, for tests in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from portal.core.clock import now
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.events import queries as events
from portal.events.queries import Filter
from portal.places import actions as places
from portal.places.queries import premises, public_places
from portal.units import queries as units
from tests.support import portal_app
from tests.support.requirements import need
from tests.support.serving import free_port, serving

UNIT = "rinkeby-bibliotek"


@dataclass(frozen=True)
class Site:
    """A running portal, and the addresses of ten pages of it."""

    address: str
    pages: dict[str, str]

    def url(self, path: str) -> str:
        return self.address + path


@pytest.fixture(scope="module")
def site(
    templates: portal_app.Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """`portal serve` on a free port of this machine, on a copy of the demonstration."""
    need("browser")
    folder = tmp_path_factory.mktemp("served")
    app = portal_app.make_app(templates.copy("sqlite", "demo", folder), folder)
    with app.app_context():
        pages = _pages()
    portal_app.close_app(app)
    with serving(folder, free_port()) as address:
        yield Site(address, pages)


def _pages() -> dict[str, str]:
    """The ten pages; the unit gets a photograph."""
    begin_write()
    unit = units.unit_by_slug(UNIT)
    assert unit is not None
    own = premises(unit)
    assert own is not None
    from tests.pages.conftest import picture

    places.set_photo(own, picture((960, 640)), {"sv": "Bibliotekets dörr"}, "Exempel")
    row = events.listed(Filter(unit_id=unit.id), now(), None, units.today(), limit=1)[0]
    room = next(place for place in public_places() if not place.is_premises)
    found = {
        "start": "/",
        "list": "/events",
        "event": f"/events/{row.event.slug}",
        "date": f"/events/{row.event.slug}/{row.key}",
        "month": f"/calendar/{units.today():%Y-%m}",
        "unit": f"/units/{UNIT}",
        "place": f"/places/{room.slug}",
        "subscribe": "/subscribe",
        "help": "/help",
        "new event": "/staff/events/new",
    }
    db.session.commit()
    return found

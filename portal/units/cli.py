"""What every command of the command line that needs a municipality asks first."""

from __future__ import annotations

from portal.core import migrations
from portal.core.commands import fail
from portal.core.doctor import OLD
from portal.units import queries as units

NOTHING_YET = "Nothing is set up yet. Run: portal init FILE, or to look around: portal demo"


def need_data() -> None:
    """Ends here, with what to do, unless there is a municipality in tables of today."""
    if migrations.is_empty():
        fail(NOTHING_YET, 3)
    if not migrations.is_current():
        fail(OLD, 4)
    try:
        units.municipality()
    except units.NotInitialised:
        fail(NOTHING_YET, 3)

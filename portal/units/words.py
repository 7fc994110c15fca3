"""Words for units."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

UNIT_KIND = {
    "library": _l("Library"),
    "open_preschool": _l("Open preschool"),
    "youth_centre": _l("Youth centre"),
    "senior_centre": _l("Senior centre"),
    "culture_house": _l("Culture house"),
    "museum": _l("Museum"),
    "community_house": _l("Community house"),
    "neighbourhood_house": _l("Neighbourhood house"),
    "job_centre": _l("Job centre"),
    "training_room": _l("Training room"),
    "online": _l("Online"),
    "office": _l("Office"),
    "association": _l("Association"),
}

"""Shape of input: the choice of a calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from portal.events.forms import EventFilterForm, FilterField


class CalendarForm(EventFilterForm):
    """The filters of /events that calendars are chosen by, and the place besides."""

    place = FilterField(_l("Place"))

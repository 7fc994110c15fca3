"""From places to what pages show of them."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _

from portal.core.languages import language
from portal.core.words import clock, weekday_words
from portal.places.models import Place
from portal.places.opening import Hours, week
from portal.places.queries import hours_of
from portal.places.words import ANSWERS, FACILITIES


def facilities(place: Place) -> list[dict[str, Any]]:
    """What to expect: every facility, also those nobody has said anything about."""
    return [
        {"word": word, "state": state, "note": ANSWERS[state] if state == "unknown" else None}
        for code, word in FACILITIES.items()
        for state in [place.facilities.get(code, "unknown")]
    ]


def hours_rows(place: Place, today: date) -> list[dict[str, Any]]:
    """The week, days with the same hours together; nothing when no hours are known."""
    hours = hours_of(place)
    return [_row(days, spans, today) for days, spans in week(hours)] if hours else []


def _row(days: list[int], spans: list[Hours], today: date) -> dict[str, Any]:
    key = language().key
    first, last = weekday_words(days[0], key), weekday_words(days[-1], key)
    words = first if len(days) == 1 else _("%(first)s to %(last)s", first=first, last=last)
    times = ", ".join(f"{clock(span.opens, key)}–{clock(span.closes, key)}" for span in spans)
    return {
        "day": words[:1].upper() + words[1:],
        "hours": times or _("Closed"),
        "is_today": today.weekday() in days,
    }

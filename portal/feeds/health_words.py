"""What is said of how feeds are doing: kinds of programs, how often, what was found."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.core.problems import Problem

CLIENT = {
    "google": _l("Google Calendar"),
    "apple": _l("iPhone, iPad and Mac"),
    "outlook": "Outlook",
    "icsx5": "ICSx5 (Android)",
    "nextcloud": "Nextcloud",
    "thunderbird": "Thunderbird",
    "khal": "khal, vdirsyncer",
    "browser": _l("Web browsers"),
    "other": _l("Other programs"),
}
OFTEN = {
    "few": _l("a few times"),
    "tens": _l("tens of times"),
    "hundreds": _l("hundreds of times"),
    "thousands": _l("thousands of times"),
}
_OURS = _l("This is a fault in the portal, not yours. Tell those who run it, with this page.")
_WRITE_AGAIN = _l("Open the event, take the strange sign away, and save it.")
_SMALLER = _l("Tell people to take a smaller calendar: of a kind, an area or a unit.")
# What was found in a feed, and what to do.
FINDING: dict[str, tuple[Any, Any]] = {
    "mark": (_l("The file begins with a mark that some calendars stumble over."), _OURS),
    "line_end": (_l("A line does not end as it should."), _OURS),
    "long_line": (_l("A line is too long."), _OURS),
    "control": (_l("A text has a sign in it that calendars do not take."), _WRITE_AGAIN),
    "letters": (_l("A letter is broken."), _WRITE_AGAIN),
    "unreadable": (_l("A line cannot be read."), _OURS),
    "structure": (_l("The file does not begin or end as it should."), _OURS),
    "missing": (_l("Something that calendars need is missing: %(text)s."), _OURS),
    "unwanted": (_l("There is something that calendars misread: %(text)s."), _OURS),
    "no_zone": (_l("A time zone is not explained: %(text)s."), _OURS),
    "floating": (_l("A time has no time zone."), _OURS),
    "other_zone": (_l("A date is in another time zone than its series."), _OURS),
    "list": (_l("Several left-out dates stand on one line."), _OURS),
    "no_time": (_l("A time cannot be read: %(text)s."), _OURS),
    "stamp": (_l("The time of the last change is wrong or lies ahead."), _OURS),
    "rule": (_l("How often it repeats cannot be read."), _OURS),
    "endless": (_l("A series has no end."), _l("Open the event and give it a last day.")),
    "until": (_l("The end of a series is written in the wrong way."), _OURS),
    "until_start": (_l("A series does not end on one of its own dates."), _OURS),
    "twice": (_l("A date is there twice."), _OURS),
    "orphan": (_l("A changed date has lost its series."), _OURS),
    "unequal": (_l("The dates of a series do not agree on when it was changed."), _OURS),
    "size_near": (_l("The calendar is getting large for Google."), _SMALLER),
    "size_over": (
        _l("The calendar is too large. Google may stop fetching it."),
        _SMALLER,
    ),
}


def say_finding(problem: Problem) -> str:
    """What was found, in the page's language."""
    found = str(FINDING[problem.code][0])
    return found % problem.facts if "%(" in found else found

"""Which sort of program fetches a feed, told from its User-Agent header. Pure.

Only one of a few short names comes out; versions, devices and everything else in the header
are left behind. A program that calls itself a browser, or nothing, is counted as it says.
"""

from __future__ import annotations

KINDS = (
    "google",
    "apple",
    "outlook",
    "icsx5",
    "nextcloud",
    "thunderbird",
    "khal",
    "browser",
    "other",
)
# In this order: Thunderbird and Outlook call themselves Mozilla as well, and Exchange Windows.
_MARKS = (
    ("google-calendar-importer", "google"),
    ("icsx5", "icsx5"),
    ("nextcloud", "nextcloud"),
    ("thunderbird", "thunderbird"),
    ("dataaccessd", "apple"),
    ("calendaragent", "apple"),
    ("calendarstore", "apple"),
    ("exchange", "outlook"),
    ("outlook", "outlook"),
    ("microsoft office", "outlook"),
    ("ms-office", "outlook"),
    ("vdirsyncer", "khal"),
    ("khal", "khal"),
)
_LONGEST = 300


def kind_of(user_agent: str) -> str:
    """One of KINDS."""
    words = user_agent[:_LONGEST].lower()
    for mark, kind in _MARKS:
        if mark in words:
            return kind
    # Robots that read the web say so, mostly within a browser's words.
    if words.startswith("mozilla/") and "compatible;" not in words:
        return "browser"
    return "other"


def rounded(count: int) -> str:
    """How often, as a code: nothing under ten, so that no single reader is told of."""
    steps = ((10, ""), (20, "few"), (100, "tens"), (1000, "hundreds"))
    return next((code for below, code in steps if count < below), "thousands")

"""A calendar that says only when, for those whose telephone others see (SOC-04)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from portal.core.languages import languages
from portal.core.sealing import sign
from portal.core.words import translator
from portal.feeds.ics import Entry, Header, Override, Words, vevents

PRODID = "-//Calendar//Calendar 1.0//EN"


def quiet_text(entry: Entry, language: str) -> bytes:
    """An event's VEVENTs without a word about it: the same times and revisions, and whether it
    is cancelled."""
    alone = replace(
        entry,
        uid=sign("quiet", entry.uid),
        words=_words(entry.status, language),
        language=languages()[language].tag,
        url="",
        categories=(),
        contact="",
        overrides=tuple(_override(one, language) for one in entry.overrides),
    )
    return vevents(alone)


def _override(override: Override, language: str) -> Override:
    return replace(override, words=_words(override.status, language), contact=None)


def _words(status: str, language: str) -> Words:
    _ = translator(language)
    title, word = _("Booked time"), _("CANCELLED")
    return Words(f"{word}: {title}" if status == "CANCELLED" else title, "")


def quiet_header(token: str, language: str, zones: list[str]) -> Header:
    """A calendar that names neither the portal nor what it is about."""
    _ = translator(language)
    return Header(
        name=_("Calendar"),
        description="",
        language=languages()[language].tag,
        url="",
        source="",
        uid=sign("quiet calendar", token)[:32],
        zones=tuple(zones),
        refresh=timedelta(hours=4),
        prodid=PRODID,
        color="",
    )

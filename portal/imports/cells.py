"""What a cell says besides days and times: ages, yes or no, and what stands before a title.

In Swedish, English and Finnish. Pure: what cannot be read is None, never a guess.
"""

from __future__ import annotations

import re
from functools import lru_cache

from portal.core.text import plain

OLDEST = 120
CANCELLED = re.compile(
    r"^\s*(inställ[td]t?|inställt|cancelled|canceled|peruttu|peruutettu)\s*[:!–-]\s*"
    r"|\s*\((inställ[td]t?|inställt|cancelled|canceled|peruttu|peruutettu)\)\s*$",
    re.IGNORECASE,
)
PRELIMINARY = re.compile(
    r"^\s*(preliminärt?|preliminary|alustava|alustavasti)\s*[:!–-]\s*"
    r"|\s*\((preliminär[t]?|preliminary|alustava)\)\s*$",
    re.IGNORECASE,
)
YES = {"true", "yes", "y", "ja", "j", "kylla", "k", "sant", "tosi", "x", "1"}
YES |= {"obligatorisk", "kravs", "required"}
NO = {"", "-", "false", "no", "n", "nej", "ei", "e", "falskt", "epatosi", "0", "ingen", "none"}
NO |= {"dropin", "drop in", "drop-in"}
CALLED_OFF = {"cancelled", "canceled", "installd", "installt", "peruttu", "peruutettu"}
HELD = {"confirmed", "scheduled", "planerad", "vahvistettu"}
ANY_AGE = {"", "-", "alla", "alla aldrar", "all ages", "everyone", "kaikki"}


@lru_cache(maxsize=512)  # of these, and of what follows, a table has few
def read_ages(text: str) -> tuple[int | None, int | None] | None:
    """Years of age, from and to: 7, 7 år, 7–9, 7-, från 3 år, 7+. Nobody in particular: None
    twice."""
    if any(c.isdigit() and not c.isascii() for c in text):
        return None
    words = plain(text).strip()
    if words in ANY_AGE:
        return None, None
    words = re.sub(r"\s*\b(ar|years?|yrs|v|vuotta)\b\.?$|^(fran|from|ab|age|alder)\s+", "", words)
    if found := re.fullmatch(r"(\d{1,3})\s*(?:-|–|till|to)\s*(\d{1,3})?", words):
        low, high = (int(part) if part else None for part in found.groups())
    elif found := re.fullmatch(r"(\d{1,3})\s*\+?", words):
        low, high = int(found[1]), None
    else:
        return None
    return (low, high) if max(low or 0, high or 0) <= OLDEST else None


@lru_cache(maxsize=512)
def read_yes(text: str) -> bool | None:
    """Yes or no in three languages; an empty cell is no."""
    word = plain(text).strip(" .!")
    return True if word in YES else False if word in NO else None


@lru_cache(maxsize=512)
def read_cancelled(text: str) -> bool | None:
    """Whether it is called off: yes or no, or the word itself."""
    word = plain(text).strip(" .!")
    return True if word in CALLED_OFF else False if word in HELD else read_yes(text)


def read_title(text: str) -> tuple[str, bool, bool]:
    """The bare title, and whether it says that the event is cancelled, and that it is
    preliminary. Fully booked is news that comes and goes: it stays."""
    title = re.sub(r"\s+", " ", text)
    without, cancelled = CANCELLED.subn("", title, count=1)
    bare, preliminary = PRELIMINARY.subn("", without, count=1)
    return bare.strip() or title.strip(), bool(cancelled), bool(preliminary)

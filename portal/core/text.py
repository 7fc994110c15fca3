"""Pure rules for text: addresses, search, and what may be stored at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

Localised = dict[str, str]
"""Text by language key, for example {"sv": "Språkcafé", "en": "Language café"}."""

_KEPT = {"\n", "\t"}
_LOOKALIKES = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
)


def clean(text: str) -> str:
    """Without control characters and line separators that no calendar may carry.

    icalendar passes NUL, VT, NEL and U+2028 through, and clients drop the whole feed
    for one of them (RFC 5545 3.1 allows only HTAB among controls), so they never get in.
    """
    if text.replace("\n", " ").isprintable() and unicodedata.is_normalized("NFC", text):
        return text  # nearly every text: nothing in it to look at letter by letter
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub("[\u0085\u2028\u2029]", "\n", text)
    kept = (
        c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn")
    )
    return unicodedata.normalize(
        "NFC", "".join(c for c in kept if c not in "\u202a\u202b\u202d\u202e\ufeff")
    )


def plain(text: str) -> str:
    """Lower case, without accents: "Språkcafé" becomes "sprakcafe"."""
    lowered = text.casefold()
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFKD", lowered.translate(_LOOKALIKES))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def slugify(text: str, fallback: str = "event", limit: int = 60) -> str:
    """A readable address: lower-case ASCII letters, digits and single hyphens."""
    words = re.findall(r"[a-z0-9]+", plain(text))
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word
        if len(longer) > limit:
            break
        slug = longer
    return slug or fallback


_SOUNDS = [
    ("ck", "k"),
    ("ch", "k"),
    ("ph", "f"),
    ("th", "t"),
    ("c", "k"),
    ("q", "k"),
    ("w", "v"),
    ("z", "s"),
    ("x", "ks"),
]


def fold(text: str) -> str:
    """How a word sounds more than how it is spelt, for search by people who spell by ear.

    "sprakkafe", "Språkcafé" and "språkcaffe" all fold to the same letters.
    """
    return " ".join(map(_sound, re.findall(r"[^\W_]+", plain(text))))


@lru_cache(maxsize=10_000)  # words come again and again, in every title and place
def _sound(word: str) -> str:
    for spelt, sound in _SOUNDS:
        word = word.replace(spelt, sound)
    return re.sub(r"(.)\1+", r"\1", word)


def search_text(*parts: str) -> str:
    """What a search looks in: every part folded, and once more without the spaces."""
    folded = [fold(part) for part in parts if part]
    joined = [re.sub(r"(.)\1+", r"\1", part.replace(" ", "")) for part in folded[:1]]
    return " ".join([*folded, *joined])


def is_email(text: str) -> bool:
    """Whether it is written like an e-mail address; whether it exists only a mail can tell."""
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None


def counted(number: int, one: str) -> str:
    """A number and what it counts, in English: "1 unit", "2 units"."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def nearest(word: str, known: Iterable[str]) -> str:
    """What somebody may have meant: "; did you mean 'phone'?", nothing when nothing is near."""
    found = get_close_matches(word, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def say(texts: dict[str, str], chain: list[str] | tuple[str, ...]) -> tuple[str, str]:
    """The text in the first language of `chain` that has one, and that language's key.

    When none has, any language will do: a text in the wrong language, marked as such,
    is better than none. Empty texts answer ("", first of chain).
    """
    for key in chain:
        if texts.get(key):
            return texts[key], key
    for key, text in texts.items():
        if text:
            return text, key
    return "", chain[0] if chain else ""

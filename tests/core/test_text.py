"""Text: addresses, search, and what may be stored."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core.text import clean, fold, plain, say, search_text, slugify


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Språkcafé", "sprakcafe"),
        ("  Öppet hus! ", "oppet-hus"),
        ("Kafé & kaka – 2027", "kafe-kaka-2027"),
        ("Æble ß Łódź", "aeble-ss-lodz"),
        ("☕", "event"),
        ("", "event"),
        ("日本", "event"),
        ("../../etc/passwd", "etc-passwd"),
        ("a" * 200, "event"),
        ("ord " * 40, "-".join(["ord"] * 15)),
    ],
)
def test_slugs_by_hand(title: str, slug: str) -> None:
    assert slugify(title) == slug


@given(st.text())
@example("İstanbul ſ ﬁ ½")
def test_every_slug_is_an_address(title: str) -> None:
    slug = slugify(title)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
    assert len(slug) <= 60
    assert slugify(slug) == slug


def test_words_that_sound_alike_fold_alike() -> None:
    same = {fold(word) for word in ("sprakkafe", "Språkcafé", "språkcaffe", "SPRÅKKAFÉ")}
    assert len(same) == 1
    assert fold("Läxhjälp") == fold("lakshjalp")
    assert fold("bibliotek") != fold("babbel")
    assert fold("  -- ") == ""


@given(st.text())
def test_folding_is_plain_and_steady(text: str) -> None:
    folded = fold(text)
    assert folded == fold(text.upper().lower()) or not text.isascii()
    assert not any(unicodedata.combining(c) for c in folded)
    assert not re.search(r"\s\s|^\s|\s$", folded)


def test_search_text_finds_a_title_without_its_spaces() -> None:
    assert fold("språkcafé") in search_text("Språk café", "Kom hit")
    assert fold("sprakkafe") in search_text("Språk café")
    assert "  " not in search_text("", "Kom", "")


@given(st.text())
@example("a\x00b\x07\x0b\x0c\x85\u2028\u2029\ufeff\u202e\r\n\rc\td")
def test_clean_leaves_no_control_and_changes_nothing_twice(text: str) -> None:
    cleaned = clean(text)
    for letter in cleaned:
        assert letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Co", "Cn")
    assert not set(cleaned) & set("\u2028\u2029\u202a\u202b\u202d\u202e\ufeff\r")
    assert clean(cleaned) == cleaned


def test_clean_keeps_what_people_write() -> None:
    text = "Čhib, šukar, ž – “hej” ☕ 👩‍👩‍👧 ᚠ\n\tåäö"
    assert clean(text) == text
    assert clean("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"
    assert clean("e\u0301") == "é"


def test_plain() -> None:
    assert plain("Språkcafé ÅÄÖ ß") == "sprakcafe aao ss"


def test_say_takes_the_first_language_that_has_a_text() -> None:
    texts = {"sv": "hej", "fi": "moi", "en": ""}
    assert say(texts, ("fi", "sv")) == ("moi", "fi")
    assert say(texts, ("en", "sv")) == ("hej", "sv")
    assert say({"rmy": "šunes"}, ("en", "sv")) == ("šunes", "rmy")
    assert say({}, ("en", "sv")) == ("", "en")

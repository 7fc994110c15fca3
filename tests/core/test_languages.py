"""Every language of the table has a locale, a catalogue, a plural rule and dates."""

from __future__ import annotations

import csv
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from portal.core import words
from portal.core.languages import (
    DEFAULT,
    TRANSLATIONS,
    LanguagePrefix,
    _catalogue,
    is_written,
    languages,
    locale_for,
    prefix,
)

KEYS = list(languages())


def test_the_table_is_the_one_of_the_reference_data(shared: Path) -> None:
    """Each tag of the reference table is here, its key the tag without -x."""
    with (shared / "data" / "languages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    column = next(name for name in rows[0] if "tag" in name.lower() or "bcp" in name.lower())
    tags = {row[column] for row in rows if row[column]}
    ours = {language.tag for language in languages().values()}
    # Norwegian Traveller Romani: neither recognised nor published in Sweden.
    assert {tag for tag in tags if tag not in ours} <= {"rmg"}
    for key, language in languages().items():
        assert key == language.tag.replace("-x-", "-")


@pytest.mark.parametrize("key", KEYS)
def test_a_language_can_say_everything(key: str) -> None:
    day, language = date(2026, 11, 25), languages()[key]
    assert words.day_words(day, key)
    assert "2026" in words.day_words(day, key, with_year=True)
    assert words.chip(day, key)[1] == "25"
    assert "2026" in words.month_words(day, key)
    assert len({words.weekday_words(n, key) for n in range(7)}) == 7
    assert words.clock(time(9, 5), key) in ("9.05", "9:05")
    assert words.time_span(datetime(2026, 1, 1, 9), datetime(2026, 1, 1, 10), key)
    assert words.translator(key)("CANCELLED")
    assert _catalogue(key).ungettext("%(n)s date", "%(n)s dates", 2)
    locale = locale_for(key)
    assert locale.plural_form(1) == "one"
    assert locale.plural_form(5) == "other"
    assert hash(locale) == hash(locale_for(key))
    assert language.folder == key.replace("-", "_")


@pytest.mark.parametrize("key", KEYS)
def test_every_chain_ends_in_swedish(key: str) -> None:
    chain = languages()[key].chain
    assert chain[0] == key
    assert chain[-1] == DEFAULT
    assert len(set(chain)) == len(chain)
    assert set(chain) <= set(KEYS)


def test_varieties_are_locales_of_their_own() -> None:
    locales = {str(locale_for(key)) for key in KEYS}
    assert len(locales) == len(KEYS)
    assert locale_for("rmf") != locale_for("fi")
    assert languages()["rmn-arli"].chain == ("rmn-arli", "rom", "sv")
    assert languages()["rmf"].chain == ("rmf", "fi", "sv")


def test_texts_fall_back_along_the_chain() -> None:
    texts = {"sv": "hej", "rom": "te aves baxtalo"}
    assert words.chosen(texts, "rmn-arli") == "te aves baxtalo"
    assert words.chosen(texts, "en") == "hej"
    assert words.chosen({"fi": "moi", "sv": "hej"}, "rmf") == "moi"


@pytest.mark.parametrize("key", [key for key in KEYS if not is_written(key)])
def test_an_unwritten_plural_is_said_in_the_fallback(key: str) -> None:
    """In a catalogue it is a list of empty texts, and compiled it is English."""
    shown = next(one for one in languages()[key].chain if is_written(one))
    with (TRANSLATIONS / "sv" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        plurals = [message.id for message in read_po(file) if message.pluralizable]
    assert plurals
    for one, many in plurals:
        for number in (1, 3):
            said = _catalogue(key).ungettext(one, many, number)
            assert said == _catalogue(shown).ungettext(one, many, number)


def test_only_what_somebody_has_written_counts() -> None:
    written = {key for key in KEYS if is_written(key)}
    assert {"sv", "en", "fi"} <= written < set(KEYS)


def test_nobody_but_speakers_writes_romani() -> None:
    """The Romani catalogues hold no text as long as no speaker has written any."""
    for key in KEYS:
        if languages()[key].tag.startswith("r"):
            catalogue = _catalogue(key)
            assert not any(
                catalogue._catalog.values() if hasattr(catalogue, "_catalog") else ()
            ) or (set(catalogue._catalog) == {""}), key


@pytest.mark.parametrize(
    ("path", "script", "inner"),
    [
        ("/en/events", "/en", "/events"),
        ("/en", "/en", "/"),
        ("/en/", "/en", "/"),
        ("/rmy-kelderas/feeds/all.sv.ics", "/rmy-kelderas", "/feeds/all.sv.ics"),
        ("/events", "", "/events"),
        ("/", "", "/"),
        ("/sv/events", "", "/sv/events"),
        ("/english/events", "", "/english/events"),
        ("/en/en/events", "/en", "/en/events"),
    ],
)
def test_the_language_is_taken_off_the_path(path: str, script: str, inner: str) -> None:
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], _start: Any) -> list[bytes]:
        seen.update(environ)
        return []

    LanguagePrefix(app)({"PATH_INFO": path}, None)
    assert (seen.get("SCRIPT_NAME", ""), seen["PATH_INFO"]) == (script, inner)
    if script:
        assert prefix(seen["portal.language"]) == script


def test_dates_in_words() -> None:
    day = date(2026, 11, 25)
    assert words.day_words(day, "sv") == "onsdag 25 november"
    assert words.day_words(day, "en", True) == "Wednesday 25 November 2026"
    assert words.day_words(day, "fi") == "keskiviikko 25.11."
    assert words.chip(day, "sv") == ("ons", "25", "nov")
    assert words.clock(time(17, 30), "sv") == "17.30"
    assert words.clock(time(17, 30), "en") == "17:30"
    assert words.day_words(day, "rmn-arli") == words.day_words(day, "sv")
    assert words.day_words(day, "rmf") == words.day_words(day, "fi")


def test_a_language_is_chosen_by_the_reader_s_name_and_its_own() -> None:
    assert words.language_choice("fi", "sv") == "finska (suomi)"
    assert words.language_choice("en", "sv") == "engelska (English)"
    assert words.language_choice("sv", "sv") == "svenska", "once where both are the same"
    assert words.language_choice("sv", "en") == "Swedish (svenska)"
    assert words.language_choice("sv", "fi") == "ruotsi (svenska)"
    for key, language in languages().items():
        if key not in ("sv", "en", "fi"):
            assert words.language_choice(key, "sv") == language.name, "we make up no names"

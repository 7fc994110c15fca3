"""Languages: in the path, never in a person's row.

A page in another language than Swedish has the language's key in front: `/en/events`. The
prefix is taken off before Flask sees the path and put into SCRIPT_NAME, so every url_for
on the page stays in the language by itself.

Babel's data know none of the Romani varieties, so each gets a locale of its own, built on a
neighbour's dates and numbers. Their texts come from speakers only; until there are any, the
page is the fallback's and says so.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.messages.pofile import read_po
from babel.plural import PluralRule
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request
from flask_babel import Domain

from portal.config import ROOT
from portal.core.extensions import babel

TABLE = Path(__file__).with_name("languages.csv")
TRANSLATIONS = ROOT / "translations"
DEFAULT = "sv"
WSGI_KEY = "portal.language"


@dataclass(frozen=True)
class Language:
    """One language or variety. `key` stands in paths and feeds, `tag` in `lang` (BCP 47)."""

    key: str
    tag: str
    name: str
    fallbacks: tuple[str, ...]
    formats: str
    dir: str = "ltr"

    @property
    def folder(self) -> str:
        return self.key.replace("-", "_")

    @property
    def chain(self) -> tuple[str, ...]:
        """This language, then the ones to fall back to, Swedish last."""
        return tuple(dict.fromkeys((self.key, *self.fallbacks, DEFAULT)))


class VarietyLocale(Locale):
    """A locale for a variety that CLDR lacks: a neighbour's formats under its own name."""

    _folder = ""

    def __init__(self, language: Language) -> None:
        # Babel checks str(self) while it builds: until then it is the neighbour's name.
        super().__init__(language.formats)
        self._folder = language.folder

    def __str__(self) -> str:
        return self._folder or super().__str__()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VarietyLocale) and self._folder == other._folder

    def __hash__(self) -> int:
        return hash(self._folder)

    @property
    def plural_form(self) -> PluralRule:
        return PluralRule({"one": "n is 1"})


@cache
def languages() -> dict[str, Language]:
    """Every language the portal knows, by key, in the order of the table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["key"]: Language(
                row["key"], row["tag"], row["name"], tuple(row["fallbacks"].split()), row["formats"]
            )
            for row in csv.DictReader(file)
        }


@cache
def locale_for(key: str) -> Locale:
    language = languages()[key]
    return Locale.parse(key) if language.formats == key else VarietyLocale(language)


@cache
def is_written(key: str) -> bool:
    """Whether somebody has written texts in this language: its catalogue is not empty."""
    path = TRANSLATIONS / languages()[key].folder / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return False
    with path.open("rb") as file:
        # A plural that nobody has written yet is a list of empty texts.
        return any(message.id and any(message.string or ()) for message in read_po(file))


def language() -> Language:
    """The language of this request; Swedish outside a request."""
    if not has_request_context():
        return languages()[DEFAULT]
    return languages()[request.environ.get(WSGI_KEY, DEFAULT)]


def page_language() -> Language:
    """The language the page is really in: the first of the chain that has texts."""
    chain = language().chain
    return languages()[next((key for key in chain if is_written(key)), DEFAULT)]


class FallbackDomain(Domain):  # type: ignore[misc]
    """Catalogues that fall back along the language's chain before they give the source text."""

    def get_translations(self) -> Any:
        return _catalogue(language().key)


@cache
def _catalogue(key: str) -> NullTranslations:
    first: NullTranslations | None = None
    for step in languages()[key].chain:
        # Compiled, an unwritten plural is English: it would hide the fallback's.
        folders = [languages()[step].folder] if is_written(step) else []
        found = Translations.load(str(TRANSLATIONS), folders)
        if first is None:
            first = found
        elif isinstance(found, Translations):
            first.add_fallback(found)
    return first or NullTranslations()


@cache
def catalogue_mark(key: str) -> str:
    """Changes when any text of a language or of its fallbacks does."""
    mark = hashlib.sha256()
    for step in languages()[key].chain:
        path = TRANSLATIONS / languages()[step].folder / "LC_MESSAGES" / "messages.mo"
        mark.update(path.read_bytes() if path.exists() else b"")
    return mark.hexdigest()


class LanguagePrefix:
    """WSGI: takes `/<language key>` off the path and remembers it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: MutableMapping[str, Any], start_response: Any) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        first, _, rest = path[1:].partition("/")
        if first != DEFAULT and first in languages():
            environ[WSGI_KEY] = first
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/" + first
            environ["PATH_INFO"] = "/" + rest
        return self.app(environ, start_response)  # type: ignore[no-any-return]


def prefix(key: str) -> str:
    """What stands in front of a path in this language: "" or "/en"."""
    return "" if key == DEFAULT else f"/{key}"


def init_languages(app: Flask) -> None:
    """Binds Flask-Babel with the locales and catalogues above."""
    domain = FallbackDomain()
    babel.init_app(
        app,
        default_locale=DEFAULT,
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=lambda: locale_for(language().key),
    )
    app.extensions["babel"].instance.domain_instance = domain
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _catalogue(language().key).ugettext(text),
        lambda one, many, n: _catalogue(language().key).ungettext(one, many, n),
        newstyle=True,
    )

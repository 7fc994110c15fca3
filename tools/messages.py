"""The catalogues of texts: `python -m tools.messages update` and `… check`.

update  collects the texts of code and templates and brings every catalogue up to date:
        new texts appear untranslated, texts that are gone leave. Nothing is guessed.
check   fails when a catalogue does not have exactly the texts that code and templates have,
        when Swedish, English or Finnish lacks a translation, or when a blank such as
        %(count)s got lost in one.

Romani catalogues may be empty, and only speakers fill them; see CONTRIBUTING.md.
"""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ROOT / "portal" / "core" / "languages.csv"
TRANSLATIONS = ROOT / "translations"
COMPLETE = ("sv", "en", "fi")
KEYWORDS = ("lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2", "_l", "tr")
Key = tuple[str | None, str | tuple[str, ...]]


def collect() -> Catalog:
    """The texts that stand in code and templates now."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(ROOT):
        pot = Path(folder) / "messages.pot"
        words = ["pybabel", "--quiet", "extract", "--mapping-file", "babel.cfg"]
        words += ["--add-location", "file", "--sort-by-file"]
        words += [part for keyword in KEYWORDS for part in ("--keyword", keyword)]
        with contextlib.redirect_stderr(io.StringIO()):
            failed = CommandLineInterface().run(  # type: ignore[no-untyped-call]
                [*words, "--output-file", str(pot), "."]
            )
        if failed:
            raise SystemExit("pybabel could not collect the texts")
        with pot.open("rb") as file:
            return read_po(file)


def folders() -> list[str]:
    """Every language that the portal knows, as it is written in folder names."""
    with LANGUAGES.open(encoding="utf-8", newline="") as file:
        return [row["key"].replace("-", "_") for row in csv.DictReader(file)]


def catalogue_path(folder: str) -> Path:
    return TRANSLATIONS / folder / "LC_MESSAGES" / "messages.po"


def load(folder: str) -> Catalog:
    """The catalogue as it is, or an empty one."""
    path = catalogue_path(folder)
    if not path.exists():
        catalog = Catalog(locale=folder, fuzzy=False, project="portal", version="0")
        catalog.header_comment = f"# The portal's texts in the language {folder}."
        catalog.msgid_bugs_address = catalog.last_translator = catalog.language_team = ""
        return catalog
    with path.open("rb") as file:
        return read_po(file, locale=folder)


def update() -> None:
    """Brings every catalogue up to date; writes only what changed."""
    template = collect()
    for folder in folders():
        catalog, path = load(folder), catalogue_path(folder)
        catalog.update(template, no_fuzzy_matching=True, update_creation_date=False)
        text = io.BytesIO()
        write_po(text, catalog, width=100, ignore_obsolete=True, include_lineno=False)
        if path.exists() and path.read_bytes() == text.getvalue():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.getvalue())
        missing = sum(1 for message in catalog if message.id and not is_translated(message))
        print(f"{path.relative_to(ROOT)}: {len(catalog)} texts, {missing} to translate")


def keys(catalog: Catalog) -> dict[Key, Message]:
    """Messages by what identifies them; the header is left out."""
    found: dict[Key, Message] = {}
    for message in catalog:
        if message.id:
            text = message.id
            identity = text if isinstance(text, str) else tuple(text)
            found[message.context, identity] = message
    return found


def is_translated(message: Message) -> bool:
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(strings) and not message.fuzzy


def problems() -> Iterator[str]:
    """Everything that is wrong with the catalogues, a line each."""
    wanted = keys(collect())
    for folder in folders():
        path = catalogue_path(folder)
        name = path.relative_to(ROOT)
        if not path.exists():
            yield f"{name} is missing"
            continue
        catalog = load(folder)
        found = keys(catalog)
        for _, text in wanted.keys() - found.keys():
            yield f"{name}: lacks {text!r}"
        for _, text in found.keys() - wanted.keys():
            yield f"{name}: still has {text!r}, which nothing says any more"
        for (_, text), message in found.items():
            if folder in COMPLETE and not is_translated(message):
                fuzzy = " (marked as fuzzy)" if message.fuzzy else ""
                yield f"{name}: {text!r} is not translated{fuzzy}"
            if is_translated(message):
                yield from (f"{name}: {text!r}: {error}" for error in message.check(catalog))


def main(words: list[str]) -> int:
    logging.disable(logging.INFO)
    if words == ["update"]:
        update()
        return 0
    if words != ["check"]:
        print(__doc__, file=sys.stderr)
        return 2
    lines = sorted(problems())
    for line in lines:
        print(line)
    if lines:
        print(f"{len(lines)} problems. `make messages` collects the texts; then translate.")
    else:
        print(f"{len(folders())} catalogues are up to date; {', '.join(COMPLETE)} are complete.")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

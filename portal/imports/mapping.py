"""What the columns of a table mean: chosen once on a page, guessed before, remembered. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from portal.core.problems import Problem
from portal.core.text import plain
from portal.imports.days import read_moment

NONE = "none"
FIELDS = (
    "key",
    "title",
    "title_en",
    "title_fi",
    "text",
    "text_en",
    "text_fi",
    "unit",
    "place",
    "date",
    "end_date",
    "start",
    "end",
    "start_at",
    "end_at",
    "category",
    "subcategory",
    "age_from",
    "age_to",
    "link",
    "phone",
    "needs_sign_up",
    "language",
    "cancelled",
    "preliminary",
    NONE,
)
"""What a column may mean. `start_at` and `end_at` are day and time in one cell. Titles and texts
may be in any other language, too: title_<language key>."""
IN_LANGUAGE = re.compile(r"(title|text)_([a-z]{2,3}(?:-[a-z0-9]{2,8})*)")

PROGRAMME = {
    "source_id": "key",
    "title": "title",
    "organiser": "unit",
    "place": "place",
    "date": "date",
    "start": "start",
    "end": "end",
    "booking_required": "needs_sign_up",
    "age_from": "age_from",
    "age_to": "age_to",
    "category": "category",
    "subcategory": "subcategory",
    "link": "link",
}
"""The columns of the library programme, docs/imports.md."""
# As headers say it, folded by `_words`: small letters, no accents, words parted by a space.
WORDS = {
    "key": "id, key, uid, event id, source id, evenemangs id, tunniste",
    "title": "titel, rubrik, title, otsikko, namn, name, evenemang, aktivitet, event, tapahtuma, "
    "titel sv, title sv, nimi",
    "title_en": "title en, titel en, titel engelska, english title, otsikko en",
    "title_fi": "title fi, titel fi, titel finska, otsikko fi",
    "text": "text, beskrivning, description, kuvaus, information, innehall, ingress, teksti",
    "text_en": "text en, description en, beskrivning en, beskrivning engelska, kuvaus en",
    "text_fi": "text fi, description fi, beskrivning fi, beskrivning finska, kuvaus fi",
    "unit": "enhet, arrangor, organiser, organizer, unit, jarjestaja, bibliotek, library, kirjasto",
    "place": "plats, lokal, place, venue, location, paikka, adress, sal, var, room, rum",
    "date": "datum, date, paivamaara, dag, day, paiva, startdatum, start date, fran datum, nar, "
    "alkupaiva",
    "end_date": "slutdatum, end date, till datum, sista dag, loppupaiva",
    "start": "start, starttid, borjar, start time, starts, fran, fran kl, alkaa, alkaen, tid, "
    "time, klockslag, kl, aika, kello, begins",
    "end": "slut, sluttid, slutar, end, end time, ends, till, till kl, paattyy, loppuu",
    "start_at": "dtstart, start at, startsat, start datetime, starts at, dtstart local",
    "end_at": "dtend, end at, end datetime, ends at, dtend local",
    "category": "kategori, category, kategoria, typ, type, kind, tyyppi, aktivitetstyp",
    "subcategory": "underkategori, subcategory, alakategoria",
    "age_from": "alder, alder fran, fran alder, age, age from, age min, lagsta alder, ika, "
    "ika alkaen",
    "age_to": "alder till, till alder, age to, age max, hogsta alder",
    "link": "lank, url, link, lankar, webb, webbplats, website, linkki, hemsida",
    "phone": "telefon, phone, tel, telephone, puhelin, telefonnummer",
    "needs_sign_up": "bokning, anmalan, booking, booking required, sign up, registration, "
    "ilmoittautuminen, foranmalan, anmalan kravs, bokning kravs",
    "language": "sprak, language, languages, kieli",
    "cancelled": "installt, installd, cancelled, canceled, peruttu, status",
    "preliminary": "preliminar, preliminart, preliminary, alustava",
}
_MEANING = {word.strip(): field for field, words in WORDS.items() for word in words.split(",")}
# What a column means after all when its first cells hold a day with a time, or only a day.
_WITH_TIME = {"date": "start_at", "start": "start_at", "end_date": "end_at", "end": "end_at"}
_DAY_ONLY = {"start": "date", "end": "end_date"}


@dataclass(frozen=True)
class Mapping:
    """Which column means what. `columns` are all columns that the table had when this was
    chosen, each with its field; `language` is the key of the language of its titles and texts."""

    columns: tuple[tuple[str, str], ...]
    language: str = "sv"

    def fields(self) -> dict[str, str]:
        """The column of each field that has one."""
        return {field: column for column, field in self.columns if field != NONE}

    def problems(self) -> list[Problem]:
        """What is missing or said twice: title_unmapped, date_unmapped, field_twice,
        field_unknown; `field` is the field."""
        used = [field for _, field in self.columns if field != NONE]
        found = [] if "title" in used else [Problem("title_unmapped", "title")]
        if not {"date", "start_at"} & set(used):
            found.append(Problem("date_unmapped", "date"))
        found += [Problem("field_twice", f) for f in dict.fromkeys(used) if used.count(f) > 1]
        return found + [Problem("field_unknown", f) for f in used if not is_field(f)]

    def as_json(self) -> dict[str, object]:
        """Itself as plain JSON, to be remembered."""
        return {"columns": [list(pair) for pair in self.columns], "language": self.language}

    @classmethod
    def from_json(cls, kept: object) -> Mapping:
        """What as_json made. Raises ValueError for anything else."""
        match kept:
            case {"columns": [*pairs], "language": str(language)}:
                columns = []
                for pair in pairs:
                    match pair:
                        case [str(column), str(field)]:
                            columns.append((column, field))
                        case _:
                            raise ValueError("a column is not a name and a field")
                return cls(tuple(columns), language)
        raise ValueError("not a mapping")


def is_field(name: str) -> bool:
    """Whether a column may mean this."""
    return name in FIELDS or IN_LANGUAGE.fullmatch(name) is not None


def guess(
    columns: list[str], first_rows: Iterable[list[str]] = (), language: str = "sv"
) -> Mapping:
    """What the columns seem to mean, by their names and, for days and times, their first cells.

    A field is given to the first column that seems to mean it.
    """
    if set(PROGRAMME) <= set(columns):
        return Mapping(tuple((name, PROGRAMME.get(name, NONE)) for name in columns), language)
    rows, given, pairs = list(first_rows), {NONE}, []
    for at, column in enumerate(columns):
        field = column if is_field(column) else _field(_words(column))
        cells = [row[at].strip() for row in rows if at < len(row) and row[at].strip()]
        if field in _WITH_TIME and cells:
            moments = [read_moment(cell, "UTC") for cell in cells]
            if all(moment and moment.starts for moment in moments):
                field = _WITH_TIME[field]
            elif all(moments):
                field = _DAY_ONLY.get(field, field)
        field = NONE if field in given else field
        given.add(field)
        pairs.append((column, field))
    return Mapping(tuple(pairs), language)


def _field(words: str) -> str:
    """The field that a header names, whole or in its first word: "Titel (högst 60 tecken)"."""
    return _MEANING.get(words) or _MEANING.get(words.partition(" ")[0]) or NONE


def _words(header: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header))))

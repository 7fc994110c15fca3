"""From a table to items: what columns mean, and what their cells say."""

from __future__ import annotations

import csv
import io
import itertools
import json
import time as clock
from datetime import date, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.imports.cells import read_ages, read_cancelled, read_title, read_yes
from portal.imports.columns import read
from portal.imports.days import read_day, read_duration, read_iso, read_moment, read_times
from portal.imports.items import Item, Reading, Unreadable
from portal.imports.mapping import FIELDS, PROGRAMME, Mapping, guess
from portal.imports.plain import plain, safe_link
from portal.imports.tables import read_table
from tests.imports.programmes import parse
from tests.support.requirements import need

ZONE = "Europe/Stockholm"


def table(columns: list[str], *rows: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerows([columns, *rows])
    return out.getvalue().encode()


def reading(raw: bytes, mapping: Mapping | None = None) -> Reading:
    sheet = read_table(raw)
    first = [cells for _, cells in itertools.islice(sheet.rows, 20)]
    return read(sheet, mapping or guess(sheet.columns, first), ZONE)


def codes(found: Reading) -> list[tuple[int, str, str]]:
    return [(problem.row, problem.column, problem.code) for problem in found.problems]


def one(**cells: str) -> Item:
    """A row in which each field stands in a column of its own name."""
    found = told(**cells)
    assert found.problems == []
    return found.items[0]


def told(**cells: str) -> Reading:
    cells = {"title": "Sagostund", "date": "2027-01-31", **cells}
    mapping = Mapping(tuple((name, name) for name in cells))
    return reading(table(list(cells), list(cells.values())), mapping)


# --- days and times ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2027-01-31", "2027/1/31", "20270131", "31/1 2027", "31.1.2027", "31/1-27", "31-01-2027",
        "31. 1. 2027", "31/1/27", "31 januari 2027", "31 jan. 2027", "sön 31 jan 2027",
        "Söndagen den 31:e januari 2027", "sön 31/1 2027",
        "31. tammikuuta 2027", "su 31.1.2027", "sunnuntaina 31. tammikuuta 2027",
        "January 31, 2027", "Sunday, 31st of January 2027", "Sun 31 Jan 2027",
    ],
)  # fmt: skip
def test_a_day_in_many_ways(text: str) -> None:
    assert read_day(text) == date(2027, 1, 31)


@pytest.mark.parametrize(
    "text",
    ["", "31 jan", "32/1 2027", "2027-02-30", "31/13 2027", "soon", "1 2 3", "31 m 2027", "0/0 0",
     "31 januari 2027 februari", "mars", "31 ju 2027", "²/1 2027", "9999999999",
     "9999-12-31", "0001-01-01"],
)  # fmt: skip
def test_what_is_no_day(text: str) -> None:
    assert read_day(text) is None


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.booleans())
def test_every_day_is_read_in_every_order(day: date, is_day_first: bool) -> None:
    order = "%d/%m %Y" if is_day_first else "%m/%d/%Y"
    for text in (f"{day:{order}}", f"{day:%Y-%m-%d}", f"{day:%d %B %Y}"):
        assert read_day(text, is_day_first=is_day_first) == day


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("17:30", time(17, 30), None),
        ("17.30", time(17, 30), None),
        ("1730", time(17, 30), None),
        ("17:30:00", time(17, 30), None),
        ("kl. 17", time(17), None),
        ("Kl 17.30", time(17, 30), None),
        ("klo 9", time(9), None),
        ("5:30 pm", time(17, 30), None),
        ("5 p.m.", time(17), None),
        ("12 am", time(0), None),
        ("17–19", time(17), time(19)),
        ("17.00 - 19.30", time(17), time(19, 30)),
        ("kl. 17 till 19", time(17), time(19)),
        ("5–6:30 pm", time(17), time(18, 30)),
        ("10–2 pm", time(10), time(14)),
        ("20-24", time(20), time(0)),
    ],
)
def test_a_time_in_many_ways(text: str, starts: time, ends: time | None) -> None:
    assert read_times(text) == (starts, ends)


@pytest.mark.parametrize("text", ["", "25:00", "10:60", "13 pm", "17-", "x", "17:3", "24:30"])
def test_what_is_no_time(text: str) -> None:
    assert read_times(text) is None


def test_a_day_and_times_in_one_cell() -> None:
    for text in (
        "2027-07-31T17:30",
        "2027-07-31 17:30",
        "2027-07-31T17:30:00+02:00",
        "2027-07-31T15:30:00Z",
        "31 juli 2027 kl. 17.30",
        "lör 31/7 2027, 1730",
    ):
        moment = read_moment(text, ZONE)
        assert moment is not None, text
        assert (moment.day, moment.starts) == (date(2027, 7, 31), time(17, 30))
    moment = read_moment("31.7.2027 klo 17–19", ZONE)
    assert moment is not None
    assert (moment.starts, moment.ends) == (time(17), time(19))
    assert read_moment("0001-01-01T00:00:00+14:00", ZONE) is None
    assert read_iso("2027-01-31", ZONE) == (datetime(2027, 1, 31), True)
    assert read_duration("PT1H30M").total_seconds() == 5400  # type: ignore[union-attr]
    assert (read_duration("P"), read_duration("P1Y")) == (None, None)


def test_the_column_decides_which_number_is_the_day() -> None:
    def days(*texts: str) -> list[tuple[int, int]]:
        found = reading(table(["Titel", "Datum"], *(["x", text] for text in texts)))
        return [(item.starts.month, item.starts.day) for item in found.items]

    assert days("3/4 2027", "5/6 2027") == [(4, 3), (6, 5)]
    assert days("3/4/2027", "5/31/2027") == [(3, 4), (5, 31)]
    assert days("3/4/2027", "31/5/2027") == [(4, 3), (5, 31)]
    both = reading(table(["Titel", "Datum"], ["x", "5/31/2027"], ["x", "31/5/2027"]))
    assert codes(both) == [(2, "Datum", "not_a_date")], "no row is read otherwise"


@pytest.mark.parametrize(
    ("cells", "starts", "ends", "is_all_day"),
    [
        ({"start": "17:00", "end": "18:00"}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        ({"start": "17–18"}, "2027-01-31T17:00", "2027-01-31T18:00", False),
        ({"start": "20", "end": "01:00"}, "2027-01-31T20:00", "2027-02-01T01:00", False),
        ({"start": "10", "end": "24:00"}, "2027-01-31T10:00", "2027-02-01T00:00", False),
        ({}, "2027-01-31T00:00", "2027-02-01T00:00", True),
        ({"start": "", "end": ""}, "2027-01-31T00:00", "2027-02-01T00:00", True),
        ({"start": "00:00", "end": "00:00"}, "2027-01-31T00:00", "2027-02-01T00:00", True),
        ({"end_date": "2027-02-02"}, "2027-01-31T00:00", "2027-02-03T00:00", True),
        (
            {"start": "17", "end_date": "2027-02-01", "end": "9"},
            "2027-01-31T17:00",
            "2027-02-01T09:00",
            False,
        ),
        (
            {"date": "", "start_at": "2027-01-31 17:00", "end_at": "2027-02-01 09:00"},
            "2027-01-31T17:00",
            "2027-02-01T09:00",
            False,
        ),
        ({"date": "31/1 2027 kl 17-19"}, "2027-01-31T17:00", "2027-01-31T19:00", False),
    ],
)
def test_when_it_is(cells: dict[str, str], starts: str, ends: str, is_all_day: bool) -> None:
    item = one(**cells)
    assert (f"{item.starts:%Y-%m-%dT%H:%M}", f"{item.ends:%Y-%m-%dT%H:%M}") == (starts, ends)
    assert item.is_all_day == is_all_day


@pytest.mark.parametrize(
    ("cells", "column", "code"),
    [
        ({"title": ""}, "title", "empty"),
        ({"title": "\x00\u2028"}, "title", "empty"),
        ({"title": "<p></p>"}, "title", "empty"),
        ({"title": "x" * 201}, "title", "too_long"),
        ({"title_fi": "x" * 201}, "title_fi", "too_long"),
        ({"key": ""}, "key", "empty"),
        ({"key": "x" * 201}, "key", "too_long"),
        ({"place": "x" * 201}, "place", "too_long"),
        ({"link": "https://example.org/" + "x" * 300}, "link", "too_long"),
        ({"date": ""}, "date", "not_a_date"),
        ({"date": "soon"}, "date", "not_a_date"),
        ({"end_date": "soon"}, "end_date", "not_a_date"),
        ({"start": "17:00"}, "end", "no_end"),
        ({"start": "17:00", "end": ""}, "end", "no_end"),
        ({"start": "", "end": "17:00"}, "start", "no_start"),
        ({"start": "25", "end": "17"}, "start", "not_a_time"),
        ({"start": "17", "end": "16"}, "end", "end_before_start"),
        ({"start": "17", "end": "17"}, "end", "end_before_start"),
        ({"end_date": "2027-01-30"}, "date", "end_before_start"),
        ({"age_from": "three"}, "age_from", "not_an_age"),
        ({"age_from": "-1"}, "age_from", "not_an_age"),
        ({"age_from": "²"}, "age_from", "not_an_age"),
        ({"age_to": "121"}, "age_to", "not_an_age"),
        ({"age_from": "7", "age_to": "6"}, "age_to", "ages_reversed"),
        ({"age_from": "9-7"}, "age_from", "ages_reversed"),
        ({"needs_sign_up": "perhaps"}, "needs_sign_up", "not_yes_or_no"),
        ({"cancelled": "perhaps"}, "cancelled", "not_yes_or_no"),
    ],
)
def test_each_bad_cell_is_told_by_row_and_column(
    cells: dict[str, str], column: str, code: str
) -> None:
    found = told(**cells)
    assert codes(found) == [(2, column, code)]
    assert (found.items, list(found.unread)) == ([], [2])


def test_all_bad_cells_of_a_row_are_told() -> None:
    found = told(title="", date="x", start="18", end="17", age_to="x", unit="Biblioteket", key="k")
    assert {code for _, _, code in codes(found)} == {
        "empty", "not_a_date", "end_before_start", "not_an_age",
    }  # fmt: skip
    assert found.unread == {2: ("Biblioteket", "")}
    assert (found.refused_keys, found.has_nameless) == ({"k"}, False)


def test_a_cell_too_many_is_a_row_out_of_step() -> None:
    found = reading(table(["Titel", "Datum"], ["a", "b", "2027-01-31"], ["c", "2027-01-31", ""]))
    assert (2, "Titel", "too_many_cells") in codes(found)
    assert [item.titles["sv"] for item in found.items] == ["c"]


# --- everything else ---------------------------------------------------------------------------


def test_what_a_row_says() -> None:
    item = one(
        key="bib-1", title="Sagostund", title_en="Story time",
        text="<p>Kom &amp; lyssna</p><p>Fika", unit="Biblioteket", place="Sagorummet",
        category="Barn", subcategory="Saga",
        age_from="3–6 år", link="HTTPS://example.org/1", phone="08-1", needs_sign_up="Ja",
        language="svenska, arabiska och romani", cancelled="nej", preliminary="x",
        start="10:00", end="11:00", none="passed over",
    )  # fmt: skip
    assert item == Item(
        row=2, key="bib-1", titles={"sv": "Sagostund", "en": "Story time"},
        texts={"sv": "Kom & lyssna\n\nFika"}, unit="Biblioteket", place="Sagorummet",
        categories=("Barn", "Saga"), age_from=3, age_to=6, link="https://example.org/1",
        phone="08-1", needs_sign_up=True, languages=("svenska", "arabiska", "romani"),
        is_preliminary=True, zone=ZONE,
        starts=datetime(2027, 1, 31, 10), ends=datetime(2027, 1, 31, 11),
    )  # fmt: skip


def test_an_id_may_stand_once_and_without_ids_one_is_derived() -> None:
    rows = [["k", "a", "2027-01-31"], ["k", "b", "2027-01-31"], ["", "c", "2027-01-31"]]
    found = reading(table(["id", "Titel", "Datum"], *rows))
    assert codes(found) == [(3, "id", "id_twice"), (4, "id", "empty")]
    assert (found.refused_keys, found.has_nameless) == ({"k"}, True)

    columns = ["Titel", "Datum", "Plats"]
    rows = [["a", "2027-01-31", "x"], ["a", "2027-01-31", "y"], ["a", "2027-01-31", "x"]]
    found = reading(table(columns, *rows))
    assert codes(found) == [(4, "Titel", "id_twice")]
    keys = [item.key for item in found.items]
    assert all(key.startswith("~") for key in keys)
    again = reading(table(columns, ["INSTÄLLT: a", "31/1 2027", "x"]))
    assert (again.items[0].key, again.items[0].is_cancelled) == (keys[0], True)


@pytest.mark.parametrize(
    ("title", "left", "cancelled", "preliminary"),
    [
        ("INSTÄLLT: Sagostund", "Sagostund", True, False),
        ("Inställd – Sagostund", "Sagostund", True, False),
        ("Sagostund (inställt)", "Sagostund", True, False),
        ("Cancelled: Sagostund", "Sagostund", True, False),
        ("PERUTTU: Satutunti", "Satutunti", True, False),
        ("Alustava: Satutunti", "Satutunti", False, True),
        ("Sagostund (preliminär)", "Sagostund", False, True),
        ("INSTÄLLT: Preliminärt: Sagostund", "Sagostund", True, True),
        ("Inställningar och mod", "Inställningar och mod", False, False),
        ("UTSÅLT: Jakten på Jack", "UTSÅLT: Jakten på Jack", False, False),
        ("FULLBOKAT: Jakten", "FULLBOKAT: Jakten", False, False),
        ("INSTÄLLT:", "INSTÄLLT:", True, False),
    ],
)
def test_what_a_title_says_besides(
    title: str, left: str, cancelled: bool, preliminary: bool
) -> None:
    assert read_title(title) == (left, cancelled, preliminary)


def test_yes_and_no_in_three_languages() -> None:
    assert all(read_yes(word) for word in ("Ja", "yes", "Kyllä", "TRUE", "x", "1", "Krävs"))
    assert {read_yes(word) for word in ("Nej", "no", "Ei", "false", "", "0", "drop-in")} == {False}
    assert (read_yes("perhaps"), read_cancelled("Inställd"), read_cancelled("CONFIRMED")) == (
        None, True, False,
    )  # fmt: skip
    assert read_ages("alla åldrar") == (None, None)


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x",
     "//example.org", "https://a b", "https://", "\x00javascript:x", "java\nscript:x", "file:///etc/passwd",
     'https://a"onclick=x', "http:/x", "mailto:x", "tel:abc", "https://example.org/<script>"],
)  # fmt: skip
def test_a_link_that_leads_elsewhere_is_dropped(link: str) -> None:
    assert safe_link(link) == ""
    found = told(link=link)
    assert [item.link for item in found.items] == [""]
    assert [(note.column, note.code) for note in found.notes] == [("link", "link_dropped")]


def test_links_that_may_stay() -> None:
    for link in ("https://example.org/a?b=c#d", "http://example.org", "mailto:a@example.org"):
        assert safe_link(f" {link} ") == link
    assert safe_link("TEL:+46 8 123") == "tel:+468123"
    item = one(needs_sign_up="https://example.org/boka", link="https://example.org")
    assert (item.needs_sign_up, item.link) == (True, "https://example.org/boka")


def test_markup_becomes_words() -> None:
    assert plain("a < b & c > d, Tom & Jerry") == "a < b & c > d, Tom & Jerry"
    assert plain("rad 1\nrad <b>2</b>") == "rad 1\nrad 2"
    assert plain("<ul><li>ett\n<li>två</ul>&lt;x&gt;") == "- ett\n- två\n<x>"
    hidden = "<style>p{}</style><SCRIPT>alert('</p>')</SCRIPT >b<!-- c --><!doctype html>d"
    assert plain(f"a{hidden}") == "abd"
    assert plain("a<script>b") == "a"
    began = clock.perf_counter()
    for hostile in ("<a", "<!--", "</", "&#", "<script>", "<p>", "<a b='", "İ<script>"):
        plain("<p>" + hostile * (2_000_000 // len(hostile)))
    print(f"16 MB of hostile markup: {clock.perf_counter() - began:.1f} s")


@given(st.text(max_size=200))
def test_plain_is_as_plain_as_it_gets(text: str) -> None:
    assert "<script" not in plain(f"<SCRIPT>{text}").lower() or "&" in text
    assert safe_link(text) == "" or safe_link(text).startswith(("http", "tel:", "mailto:"))


def test_a_long_text_is_cut_and_told() -> None:
    found = told(text="x" * 8001)
    assert len(found.items[0].texts["sv"]) == 8000
    assert [(note.column, note.code) for note in found.notes] == [("text", "text_cut")]


# --- what columns mean -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        ("Titel Datum Börjar Slutar Plats", "title date start end place"),
        ("Rubrik;Startdatum;Starttid;Sluttid;Lokal;Arrangör", "title date start end place unit"),
        ("Otsikko;Päivämäärä;Alkaa;Päättyy;Paikka;Järjestäjä", "title date start end place unit"),
        ("Title;Date;Start time;End time;Venue;Organiser", "title date start end place unit"),
        (
            "id;Namn;dtstart;dtend;Kategori;Ålder från",
            "key title start_at end_at category age_from",
        ),
        ("Länk;URL;Anmälan;Språk;Inställt", "link none needs_sign_up language cancelled"),
        ("TITEL (högst 60 tecken);startDate;title_en", "title date title_en"),
        ("Kundnr;lat;lon;Titel", "none none none title"),
    ],
)
def test_headers_are_guessed(columns: str, fields: str) -> None:
    names = columns.split(";") if ";" in columns else columns.split()
    assert [field for _, field in guess(names).columns] == fields.split()


def test_first_cells_help_to_guess() -> None:
    def fields(columns: list[str], *rows: list[str]) -> list[str]:
        return [field for _, field in guess(columns, rows).columns]

    assert fields(["Start", "Slut"], ["2027-01-31 17:00", "2027-01-31 18:00"]) == [
        "start_at", "end_at",
    ]  # fmt: skip
    assert fields(["Start", "Slut"], ["31/1 2027", "1/2 2027"]) == ["date", "end_date"]
    assert fields(["Start", "Slut"], ["17", "18"]) == ["start", "end"]
    assert fields(["När"], ["sön 31 jan 2027 kl 17–19"]) == ["start_at"]


def test_every_field_can_be_guessed_by_its_own_name() -> None:
    for field in FIELDS:
        assert guess([field]).columns == ((field, field),)


names = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(st.lists(st.tuples(names, st.sampled_from(FIELDS))), st.sampled_from(["sv", "rmy-kelderas"]))
def test_a_mapping_is_remembered_as_json(pairs: list[tuple[str, str]], language: str) -> None:
    mapping = Mapping(tuple(pairs), language)
    assert Mapping.from_json(json.loads(json.dumps(mapping.as_json()))) == mapping


@pytest.mark.parametrize(
    "kept", [None, [], {}, {"columns": 1, "language": "sv"}, {"columns": [["a"]], "language": "sv"},
             {"columns": [["a", 1]], "language": "sv"}, {"columns": []}],
)  # fmt: skip
def test_what_is_no_mapping(kept: object) -> None:
    with pytest.raises(ValueError):
        Mapping.from_json(kept)


def test_a_mapping_knows_what_is_missing() -> None:
    def wrong(*fields: str) -> list[tuple[str, str]]:
        mapping = Mapping(tuple((f"c{at}", field) for at, field in enumerate(fields)))
        return [(problem.code, problem.field) for problem in mapping.problems()]

    assert wrong("title", "date") == wrong("title", "start_at", "none", "none") == []
    assert wrong("none") == [("title_unmapped", "title"), ("date_unmapped", "date")]
    assert wrong("title", "date", "title") == [("field_twice", "title")]
    assert wrong("title", "date", "price") == [("field_unknown", "price")]
    assert wrong("title", "date", "title_rmy-kelderas", "text_ar") == []


def test_a_column_that_went_missing_refuses_the_file() -> None:
    mapping = guess(["Titel", "Datum", "Plats"])
    with pytest.raises(Unreadable) as caught:
        reading(table(["Titel", "Datum"], ["a", "2027-01-31"]), mapping)
    assert (caught.value.code, caught.value.facts) == ("columns_missing", {"columns": ["Plats"]})


# --- the real programme ------------------------------------------------------------------------

PLANTED = [
    {"date": "x"}, {"date": "2027-02-30"}, {"title": ""}, {"age_to": "121"}, {"age_from": "x"},
    {"start": "25:00"}, {"end": "09:00", "start": "10:00"}, {"booking_required": "perhaps"},
    {"source_id": "bib-54405"}, {"source_id": ""}, {"age_from": "9", "age_to": "3"},
    {"title": "INSTÄLLT: Preliminärt: Sagostund"}, {"start": "00:00", "end": "00:00"},
]  # fmt: skip


def real(planted: list[dict[str, str]]) -> bytes:
    raw = (need("shared") / "data" / "library_programme_2026-09-25.csv").read_bytes()
    found = list(csv.DictReader(io.StringIO(raw.decode())))
    for at, changes in enumerate(planted, 10):
        found[at] = {**found[at], **changes}
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(found[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue().encode()


@pytest.mark.parametrize("planted", [[], PLANTED], ids=["as it is", "with faults"])
def test_the_real_programme_is_read_as_before(planted: list[dict[str, str]]) -> None:
    raw = real(planted)
    before, now = parse(raw), reading(raw)
    assert [
        (r.row, r.source_id, {"sv": r.title}, r.starts, r.ends, r.is_all_day, r.organiser, r.place)
        for r in before.rows
    ] == [
        (i.row, i.key, i.titles, i.starts, i.ends, i.is_all_day, i.unit, i.place) for i in now.items
    ]
    assert [
        (r.age_from, r.age_to, r.booking_required, r.link, r.is_cancelled, r.is_preliminary)
        for r in before.rows
    ] == [
        (i.age_from, i.age_to, i.needs_sign_up, i.link, i.is_cancelled, i.is_preliminary)
        for i in now.items
    ]
    assert [tuple(c for c in (r.category, r.subcategory) if c) for r in before.rows] == [
        i.categories for i in now.items
    ]
    assert [(p.row, p.column, p.code, p.value) for p in before.problems] == [
        (p.row, p.column, p.code, p.value) for p in now.problems
    ]
    assert before.unread == now.unread
    assert len(before.problems) == (11 if planted else 0)
    # The two rows that the import refuses, because nobody here has their organiser's name.
    unknown = [i.row for i in now.items if i.unit == "Medeltidsmuseet"]
    assert len(unknown) == 2
    assert guess(read_table(raw).columns).fields() == {f: name for name, f in PROGRAMME.items()}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=len(FIELDS), max_size=len(FIELDS)))
def test_any_cells_are_an_item_or_problems(cells: list[str]) -> None:
    cells = [cell.encode("utf-8", "ignore").decode() for cell in cells]
    raw = table(list(FIELDS), ["x", *cells[1:]])
    found = read(read_table(raw), Mapping(tuple((field, field) for field in FIELDS)), ZONE)
    assert len(found.items) + bool(found.problems) == 1


def test_a_hundred_thousand_rows_in_time() -> None:
    line = ["Sagostund", "sön 3 jan 2027", "kl. 10–11.30", "Biblioteket", "7–9 år", "nej"]
    columns = ["Titel", "Datum", "Tid", "Plats", "Ålder", "Anmälan"]
    raw = table(["id", *columns], *([str(n), *line] for n in range(100_000)))
    began = clock.perf_counter()
    found = reading(raw)
    print(f"{len(raw) / 1e6:.0f} MB: {clock.perf_counter() - began:.1f} s")
    assert (len(found.items), found.problems) == (100_000, [])

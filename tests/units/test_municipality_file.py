"""A municipality file: each fault told, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from portal.config import ROOT
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.languages import languages
from portal.imports.setting_up import set_up
from portal.units.municipality_file import FileProblem, parse
from tests.support.portal_app import SMALL

TEXT = SMALL.read_text(encoding="utf-8")


def problems(text: str, coordinates: str = "") -> list[str]:
    with pytest.raises(FileProblem) as found:
        parse(text, coordinates, known=["sv", "en", "fi", "rmn-arli"])
    return found.value.problems


def test_the_small_city_is_sound() -> None:
    parsed = parse(TEXT)
    assert [unit["slug"] for unit in parsed.units] == [
        "exempelbiblioteket",
        "ekorrens-oppna-forskola",
    ]
    assert parsed.areas == []
    assert sum(unit["headcount"] for unit in parsed.units) == 14
    assert "Stockholm" not in TEXT.replace("Europe/Stockholm", "")


FAULTS = {
    "no toml": ("[municipality", "[municipality", "[[", "not TOML"),
    "no name": ("names", 'names = { sv = "Exempelköpings kommun"', 'nomes = { sv = "x"', "names"),
    "no Swedish": ("names", '{ sv = "Mötesplatser"', '{ da = "Mødesteder"', "at least Swedish"),
    "zone": ("zone", '"Europe/Stockholm"', '"Europe/Exempel"', "'Europe/Exempel' is not known"),
    "languages": ("", 'languages = ["sv", "en", "fi"]', 'languages = ["en"]', '"sv"'),
    "unknown language": ("", '["sv", "en", "fi"]', '["sv", "xx"]', "'xx'"),
    "unknown country": ("", 'country = "SE"', 'country = "XX"', "'XX'"),
    "unit kind": ("", 'kind = "library"', 'kind = "pub"', "'pub' is not one of"),
    "no unit name": ("", 'name = "Exempelbiblioteket"\n', "", "name is missing"),
    "body": ("", 'body = "kommunstyrelsen"', 'body = "nowhere"', "there is no body 'nowhere'"),
    "slug twice": ("", 'slug = "ekorrens-oppna-forskola"', 'slug = "exempelbiblioteket"', "twice"),
    "date": ("", "first_on = 2026-10-26", 'first_on = "2026-10-26"', "must be a date"),
    "break backwards": ("", "last_on = 2026-10-30", "last_on = 2026-10-20", "ends before"),
    "facility": ("", 'lift = "no"', 'lift = "maybe"', "lift 'maybe' is not one of yes"),
    "facility name": ("", 'lift = "no"', 'escalator = "no"', "unknown key 'escalator'"),
    "room without a name": ("", 'names = { sv = "Hörsalen"', 'nomes = { sv = "Hörsalen"', "names"),
    "hours": ("", 'opens = "09:00"', 'opens = "nine"', "hours"),
    "hours backwards": ("", 'opens = "09:00"', 'opens = "13:00"', "hours"),
    "weekday": ("", "days = [0, 2]", "days = [0, 7]", "hours"),
    "days as words": ("", "days = [0, 2]", 'days = ["mon"]', "hours 1: days must be a list"),
    "hours without opens": ("", 'opens = "09:00", ', "", "hours 1: opens is missing"),
    "misspelt": ("", 'phone = "0555-10 00 20"', 'fone = "1"', "'fone'; did you mean 'phone'?"),
    "misspelt inside": ("", "capacity = 40", "capasity = 40", "did you mean 'capacity'?"),
    "misspelt table": ("", "[[break]]", "[[breaks]]", "unknown table 'breaks'; did you mean"),
    "misspelt contact": ("", "[[body.contact]]", "[[body.contcat]]", "did you mean 'contact'?"),
    "misspelt text": ("", "texts.help]", "texts.halp]", "did you mean 'help'?"),
    "one bracket": ("", "[[body]]", "[body]", "[[body]] must be a list"),
    "slug": ("", '"exempelbiblioteket"', '"Stora bibban"', "for example 'stora-bibban'"),
    "slug of the whole": ("", '"exempelkoping"', '"Köping"', "slug 'Köping' is no address"),
    "variety": ("", '["rmn-arli"]', '["rmn-arly"]', "did you mean 'rmn-arli'?"),
    "languages as text": ("", '["sv", "en", "fi"]', '"sv"', "languages must be a list"),
    "language of a text": ("", 'fi = "Syysloma"', 'fin = "Syysloma"', "names 'fin' is not known"),
    "e-mail": ("", '"kontakt@exempelkoping.example"', '"kontakt"', "'kontakt' is no e-mail"),
    "capacity": ("", "capacity = 40", 'capacity = "40"', "capacity must be a whole number"),
    "deputy": ("", 'phone = "0555-10 00 01"', 'deputy = "no"', "deputy must be true or false"),
    "phone": ("", 'phone = "0555-10 00 20"', "phone = 5551", "phone must be text"),
    "phone too long": ("", "0555-10 00 20", "1" * 41, "phone has more than 40 letters"),
    "moment": ("", "last_on = 2026-10-30", "last_on = 2026-10-30T10:00:00", "must be a date"),
    "link": ("", "headcount = 9", 'website = "javascript:alert(1)"', "website must be an address"),
    "country as list": ("", 'country = "SE"', 'country = ["SE"]', "is not known"),
    "folder as zone": ("", '"Europe/Stockholm"', '"Europe"', "'Europe' is not known"),
    "its own parent": ("", "headcount = 9", 'parent = "exempelbiblioteket"', "its own parent"),
    "latitude": ("", "lat = 59.3293", "lat = 159.3", "lat must be a number"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told(name: str) -> None:
    _, before, after, words = FAULTS[name]
    assert before in TEXT
    found = problems(TEXT.replace(before, after))
    assert any(words in line for line in found), found


def test_all_faults_are_told_at_once() -> None:
    text = TEXT
    for name in ("zone", "unit kind", "body", "break backwards", "facility"):
        _, before, after, _ = FAULTS[name]
        text = text.replace(before, after)
    assert len(problems(text)) >= 5


def test_an_empty_file_says_what_is_missing() -> None:
    assert problems("") == ["[municipality] is missing"]
    missing = problems("[municipality]\n")
    for key in ("slug", "names", "site_names", "timezone", "country", "phone"):
        assert any(key in line for line in missing), key


def test_successors_and_parents_must_exist() -> None:
    more = '[[area]]\nslug = "a"\nnames = { sv = "A" }\nsuccessor = "b"\n'
    assert problems(TEXT + more) == ["[[area]] a: there is no area 'b'"]
    assert "there is no parent 'b'" in problems(TEXT.replace("headcount = 9", 'parent = "b"'))[0]


def test_observances_are_optional_and_each_has_a_day() -> None:
    day = '[[observance]]\nslug = "a"\nnames = { sv = "A" }\nfirst_on = 2026-04-08\n'
    assert parse(TEXT).observances == []
    assert [row["slug"] for row in parse(TEXT + day).observances] == ["a"]
    assert problems(TEXT + day.replace("first_on = 2026-04-08\n", "")) == [
        "[[observance]] a: first_on is missing"
    ]
    assert problems(TEXT + day + "last_on = 2026-04-07\n") == [
        "[[observance]] a: it ends before it begins"
    ]
    assert "flagday" in problems(TEXT + day + "flagday = true\n")[0]
    assert "twice" in problems(TEXT + day + day)[0]


def test_what_only_the_rules_see_is_told_with_its_name(app: Flask, tmp_path: Path) -> None:
    day = '[[observance]]\nslug = "a"\nnames = { sv = "A" }\nfirst_on = 2026-04-08\n'
    file = tmp_path / "municipality.toml"
    file.write_text(f"{TEXT}{day}last_on = 2028-04-08\n", encoding="utf-8")
    with app.app_context():
        begin_write()
        with pytest.raises(FileProblem, match=r"\[\[observance\]\] a: period_too_long"):
            set_up(file, is_demo=False)
        db.session.rollback()


def test_coordinates_come_from_their_own_table() -> None:
    table = "unit_slug,lat,lon,source\nekorrens-oppna-forskola,59.5,18.5,OpenStreetMap\n"
    unit = parse(TEXT, table).units[1]
    assert (unit["lat"], unit["lon"], unit["coordinate_source"]) == (59.5, 18.5, "OpenStreetMap")
    assert problems(TEXT, table.replace("59.5", "north")) == [
        "coordinates: ekorrens-oppna-forskola: lat and lon must be numbers"
    ]
    assert "no unit 'nowhere'" in problems(TEXT, "unit_slug,lat,lon\nnowhere,1,2\n")[0]


def test_house_rules_are_shared_by_kind() -> None:
    shared = '[[house_rules]]\nkind = "library"\nrules = { sv = "Tyst" }\n'
    library, preschool = parse(TEXT + shared).units
    assert (library["rules"], preschool["rules"]) == ({"sv": "Tyst"}, {})


@pytest.mark.parametrize(
    "text",
    [
        "municipality = 1\nunit = 3\n[body]\nslug = 1\n",
        "[[municipality]]\nslug = [1]\n",
        "unit = [1]\narea = [{ names = 1, slug = 2, successor = [] }]\n[municipality]\nnames = 1\n",
        "[municipality]\ntexts = 1\ncountry = {}\ntimezone = [1]\nlanguages = [1]\n",
        "[[unit]]\nplace = [{}, 1]\nhours = [{ days = 1, opens = 09:00:00 }]\nfacilities = []\n",
        "[[unit]]\nkind = []\naliases = [1]\nrules = 1\n[[house_rules]]\nkind = {}\n",
        "[[body]]\ncontact = 1\n[[break]]\nnames = []\nfirst_on = 1\n",
    ],
)
def test_whatever_stands_there_is_told_in_words(text: str) -> None:
    assert problems(text, "unit_slug,lat\n\nx,1,2,3\n")


def test_a_zone_that_calendars_cannot_write_is_told_with_the_rest() -> None:
    with pytest.raises(FileProblem) as found:
        parse(TEXT.replace('kind = "library"', 'kind = "pub"'), zone_fits=lambda name: False)
    assert [line.split()[1] for line in found.value.problems] == ["timezone", "exempelbiblioteket:"]


def test_two_rooms_of_a_unit_have_two_names() -> None:
    more = '[[unit.place]]\nnames = { sv = "HÖRSALEN" }\n\n[[unit]]\nslug = "ek'
    assert problems(TEXT.replace('[[unit]]\nslug = "ek', more)) == [
        "[[unit]] exempelbiblioteket: place HÖRSALEN: the name is used twice"
    ]


def test_what_no_database_takes_is_left_out() -> None:
    assert parse(TEXT.replace("Torggatan 5", "Torg\\u0000gatan 5")).units[0]["street"] == (
        "Torggatan 5"
    )


def test_the_demonstration_is_sound() -> None:
    folder = ROOT / "portal" / "demo" / "stockholm"
    file, table = folder / "municipality.toml", folder / "coordinates.csv"
    assert parse(file.read_text("utf-8"), table.read_text("utf-8"), languages()).units

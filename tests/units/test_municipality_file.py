"""A municipality file: each fault told, all of them at once."""

from __future__ import annotations

import pytest

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
    "facility": ("", 'lift = "no"', 'lift = "maybe"', "facility lift = 'maybe'"),
    "facility name": ("", 'lift = "no"', 'escalator = "no"', "facility escalator"),
    "room without a name": ("", 'names = { sv = "Hörsalen"', 'nomes = { sv = "Hörsalen"', "names"),
    "hours": ("", 'opens = "09:00"', 'opens = "nine"', "hours"),
    "hours backwards": ("", 'opens = "09:00"', 'opens = "13:00"', "hours"),
    "weekday": ("", "days = [0, 2]", "days = [0, 7]", "hours"),
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

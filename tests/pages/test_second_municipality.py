"""A small municipality: what works for a city of districts works for one library."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

import pytest
from flask import Flask

from portal.core.languages import languages
from portal.units import queries as units
from tests.pages.conftest import World
from tests.support.portal_app import LIBRARY, SMALL, Browser
from tests.support.site import crawl, find_all, stays, words

# Names of time zones are no names of cities.
ZONES = ("Europe/Stockholm",)


def mentions(text: str) -> bool:
    for zone in ZONES:
        text = text.replace(zone, "")
    return "stockholm" in text.casefold() or "tukholma" in text.casefold()


def test_the_file_is_as_small_as_it_says(city: Flask) -> None:
    data = tomllib.loads(SMALL.read_text(encoding="utf-8"))
    assert sorted(unit["kind"] for unit in data["unit"]) == ["library", "open_preschool"]
    assert "area" not in data
    with city.app_context():
        assert sum(unit.headcount or 0 for unit in units.all_units()) == 14
        assert units.areas(units.today()) == []


@pytest.mark.parametrize("key", ["sv", "en", "fi"])
def test_every_page_is_good_and_names_no_other_city(
    city: Flask, world: World, visitor: Browser, key: str
) -> None:
    prefix = "" if key == "sv" else f"/{key}"
    found = crawl(visitor, [prefix + "/"], each_kind=5, follow=lambda path: stays(path, key))
    assert found.faults == []
    kinds = {
        path.removeprefix(prefix).partition("/")[2].partition("/")[0] for path in found.answers
    }
    assert kinds >= {
        "",
        "events",
        "places",
        "subscribe",
        "help",
        "about",
        "accessibility",
        "sign-in",
    }
    for path, answer in found.answers.items():
        if answer.mimetype.startswith("text/"):
            assert not mentions(answer.text), f"{path} names another city"
    site = next(iter(find_all(found.roots[prefix + "/"], "p", class_="foot-city")))
    assert {"sv": "Exempelköpings kommun", "en": "Exempelköping", "fi": "Exempelköpingin"}[
        key
    ] in words(site)


def test_no_feed_names_another_city(city: Flask, world: World, visitor: Browser) -> None:
    for key in languages():
        for scope in (
            "all",
            f"unit-{LIBRARY}",
            "kind-language-cafe",
            f"event-{world.of[LIBRARY].slug}",
        ):
            feed = visitor.get(f"/feeds/{scope}.{key}.ics")
            assert feed.status_code == 200
            assert "BEGIN:VEVENT" in feed.text
            assert not mentions(feed.text.replace("\r\n ", ""))


@pytest.mark.parametrize("who", ["admin", "editor", "association"])
def test_staff_pages_are_good_and_name_no_other_city(
    city: Flask, world: World, somebody: Callable[[str], Browser], who: str
) -> None:
    for prefix in ("", "/en", "/fi"):
        behind = (f"{prefix}/staff", f"{prefix}/admin")
        found = crawl(
            somebody(who),
            [f"{prefix}/staff"],
            each_kind=3,
            follow=lambda path, behind=behind: path.startswith(behind),
            is_public=False,
        )
        assert found.faults == []
        assert len(found.answers) >= 5
        assert not [path for path, answer in found.answers.items() if mentions(answer.text)]


def test_nothing_asks_for_an_area(city: Flask, world: World, visitor: Browser) -> None:
    assert 'name="area"' not in visitor.get("/events").text
    assert "area-" not in visitor.get("/subscribe").text
    start = visitor.get("/").text
    assert "area=" not in start
    assert f"/units/{LIBRARY}" in start, "the units instead"
    assert 'class="demo"' not in start


def test_the_look_would_see_it() -> None:
    assert mentions("<p>Stockholms stad</p>")
    assert mentions("Tukholman kaupunki")
    assert not mentions("TZID:Europe/Stockholm")

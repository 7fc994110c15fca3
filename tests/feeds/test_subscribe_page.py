"""The subscribe page: every way in, equally, and nothing that is not true."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.models import FormerSlug
from portal.events import changing
from portal.events.models import Event
from portal.feeds.models import QuietFeed
from portal.feeds.qr import drawing
from tests.support.factories import NOW, WEEKLY
from tests.support.portal_app import BASE_URL, LIBRARY, Browser
from tests.support.site import find_all, read, words

Make = Callable[..., Any]
SCOPE = "kind-language-cafe"


@pytest.fixture
def page(client: Browser, make_event: Make, freeze: Callable[..., None]) -> Element:
    freeze(NOW)
    make_event(WEEKLY)
    return read(client, f"/en/subscribe?scope={SCOPE}")


SVG = "{http://www.w3.org/2000/svg}"


def test_the_button_the_address_and_the_code(page: Element) -> None:
    feed = f"/feeds/{SCOPE}.en.ics"
    first = next(node for node in find_all(page, "a", class_="button"))
    assert first.get("href") == f"webcal://127.0.0.1:8000{feed}"
    assert words(first) == "Subscribe"
    (field,) = find_all(page, "input", id="address")
    assert field.get("value") == BASE_URL + feed
    assert field.get("readonly") is not None
    (code,) = find_all(page, f"{SVG}svg", role="img")
    named = {node.get("id"): words(node) for node in code.iter(f"{SVG}title")}
    assert "QR code" in named[code.get("aria-labelledby") or ""]
    # It opens the page, where each telephone finds its own way: the feed's address itself would
    # only put a copy into most of them.
    wanted = drawing(f"{BASE_URL}/en/subscribe?scope={SCOPE}")
    (ink,) = find_all(code, f"{SVG}path", class_="qr-ink")
    assert ink.get("d") == wanted.path
    assert code.get("viewBox") == f"0 0 {wanted.size} {wanted.size}"


def test_paper_and_telephone_are_the_equals_of_the_button(page: Element) -> None:
    ways = find_all(page, "section", class_="way")
    assert [node.get("aria-labelledby") for node in ways] == ["calendar", "paper", "telephone"]
    targets = []
    for way in ways:
        assert len(find_all(way, "h2")) == 1
        (button,) = find_all(way, "a", class_="button-large")
        targets.append(button.get("href") or "")
    assert targets[1] == "/en/calendar/2026-11"
    assert targets[2].startswith("tel:")
    assert "/en/events?kind=language-cafe" in {node.get("href") for node in ways[1].iter("a")}


def test_each_device_has_an_anchor_and_opens_without_script(page: Element) -> None:
    folded = find_all(page, "details", class_="device")
    keys = ["iphone", "android", "google", "outlook", "thunderbird", "nextcloud", "other"]
    assert [find_all(node, "b")[0].get("id") for node in folded] == keys
    for node in folded:
        assert find_all(node, "ol", class_="steps")
        told = words(find_all(node, "dl", class_="truth")[0])
        assert "How soon a change shows" in told
        assert "A cancelled date" in told
        pictures = find_all(node, f"{SVG}svg")
        assert len(pictures) > 3
        assert all(picture.get("aria-hidden") == "true" for picture in pictures)
    assert not list(page.iter("script"))


def test_what_people_hold_is_at_the_top_and_the_rest_after_paper_and_telephone(
    page: Element,
) -> None:
    marks = {"calendar", "iphone", "android", "paper", "telephone", "address", "google", "other"}
    order = [node.get("id") for node in page.iter() if node.get("id") in marks]
    first = ["calendar", "iphone", "android", "paper", "telephone", "address", "google", "other"]
    assert order == first
    (devices,) = find_all(page, "section", aria_labelledby="devices")
    assert "#computers" in {node.get("href") for node in devices.iter("a")}
    assert find_all(page, "h2", id="computers")


def test_the_next_dates_can_be_taken_one_by_one(
    city: Flask, client: Browser, make_event: Make, freeze: Callable[..., None]
) -> None:
    freeze(NOW)
    made = make_event(WEEKLY)
    with city.app_context():
        begin_write()
        event = db.session.get_one(Event, made.id)
        changing.cancel_date(event.occurrences[0], {"sv": "Sjuk"})
        db.session.commit()
    for scope in ("all", SCOPE, f"unit-{LIBRARY}", f"event-{made.slug}"):
        root = read(client, f"/subscribe?scope={scope}")
        dates = [
            node.get("href") or ""
            for node in root.iter("a")
            if (node.get("href") or "").endswith(".ics")
        ]
        dates = [href for href in dates if href.startswith("/events/")]
        assert dates == [f"/events/{made.slug}/{key}.ics" for key in made.keys[1:4]], scope
        assert client.get(dates[0]).mimetype == "text/calendar"


def test_a_calendar_of_some_days_offers_dates_of_those_days(
    client: Browser, make_event: Make, freeze: Callable[..., None]
) -> None:
    freeze(NOW)
    made = make_event(WEEKLY)
    root = read(client, "/subscribe?from=2026-12-01&to=2026-12-10&kind=language-cafe")
    hrefs = [node.get("href") or "" for node in root.iter("a")]
    dates = [href for href in hrefs if href.startswith("/events/") and href.endswith(".ics")]
    assert dates == [f"/events/{made.slug}/{key}.ics" for key in made.keys[1:3]]


def test_observances_have_no_single_dates(client: Browser, make_event: Make) -> None:
    make_event(WEEKLY)
    root = read(client, "/en/subscribe?scope=observances")
    hrefs = [node.get("href") or "" for node in root.iter("a")]
    assert not [href for href in hrefs if href.startswith("/en/events/")]
    assert "webcal://127.0.0.1:8000/feeds/observances.en.ics" in hrefs
    assert "/en/observances" in hrefs
    told = words(find_all(root, "details", class_="device")[1])
    assert "One date at a time" not in told
    assert "All dates, with an app" in told


FILTERS = {
    "kind=language-cafe": "/feeds/kind-language-cafe.sv.ics",
    f"unit={LIBRARY}": f"/feeds/unit-{LIBRARY}.sv.ics",
    f"place={LIBRARY}": f"/feeds/place-{LIBRARY}.sv.ics",
    "language=fi": "/feeds/language-fi.sv.ics",
    f"kind=language-cafe&area=&unit={LIBRARY}&place=&language=": (
        f"/feeds/events.sv.ics?kind=language-cafe&unit={LIBRARY}"
    ),
    "kind=&area=&unit=&place=&language=": "/feeds/all.sv.ics",
}


@pytest.mark.parametrize(("query", "feed"), FILTERS.items())
def test_the_form_leads_to_the_calendar_of_what_was_chosen(
    client: Browser, make_event: Make, query: str, feed: str
) -> None:
    make_event(WEEKLY, languages=("sv", "fi"))
    root = read(client, f"/subscribe?{query}")
    assert find_all(root, "input", id="address")[0].get("value") == BASE_URL + feed
    assert client.get(feed).mimetype == "text/calendar"
    (form,) = find_all(root, "form", class_="filters")
    chosen = {
        node.get("name"): option.get("value")
        for node in form.iter("select")
        for option in node.iter("option")
        if option.get("selected") is not None and option.get("value")
    }
    wanted = dict(pair.split("=") for pair in query.split("&"))
    assert chosen == {name: value for name, value in wanted.items() if value}, "and stays chosen"


def test_the_form_asks_for_five_things_and_no_more(page: Element) -> None:
    (form,) = find_all(page, "form", class_="filters")
    names = [node.get("name") for node in form.iter("select")]
    assert names in (
        ["kind", "unit", "place", "language"],
        ["kind", "area", "unit", "place", "language"],
    )
    assert not list(form.iter("input"))


def test_a_renamed_calendar_leads_to_its_new_name(city: Flask, client: Browser) -> None:
    with city.app_context():
        begin_write()
        db.session.add(FormerSlug(scope="unit", slug="gamla", successor=LIBRARY))
        db.session.commit()
    answer = client.get("/en/subscribe?scope=unit-gamla")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith(f"/en/subscribe?scope=unit-{LIBRARY}")


def test_the_quiet_calendar_is_there_when_it_was_made_and_never_before(
    city: Flask, client: Browser
) -> None:
    assert not find_all(read(client, "/subscribe"), "section", aria_labelledby="quiet")
    with city.app_context():
        assert db.session.query(QuietFeed).count() == 0
        begin_write()
        db.session.add(QuietFeed(scope="all", language="sv", token="t0k3n"))
        db.session.commit()
    root = read(client, "/subscribe")
    (quiet,) = find_all(root, "section", aria_labelledby="quiet")
    (button,) = find_all(quiet, "a", class_="button")
    assert button.get("href") == "webcal://127.0.0.1:8000/feeds/quiet/t0k3n.ics"
    assert find_all(quiet, "input")[0].get("value") == f"{BASE_URL}/feeds/quiet/t0k3n.ics"
    for other in ("/en/subscribe", f"/subscribe?scope={SCOPE}"):
        assert "t0k3n" not in client.get(other).text, "each calendar and language has its own"


def test_the_same_calendar_in_the_other_languages(page: Element) -> None:
    (section,) = find_all(page, "section", aria_labelledby="languages")
    found = {node.get("hreflang"): node.get("href") for node in section.iter("a")}
    assert found == {"sv": f"/subscribe?scope={SCOPE}", "fi": f"/fi/subscribe?scope={SCOPE}"}


def test_a_hidden_place_has_a_quick_way_out(client: Browser, make_event: Make) -> None:
    hidden = make_event(visibility="without_place", phone="0555-1")
    open_one = make_event()
    way_out = "quick-exit"
    assert way_out in client.get(f"/subscribe?scope=event-{hidden.slug}").text
    assert way_out not in client.get(f"/subscribe?scope=event-{open_one.slug}").text


@pytest.mark.parametrize("key", ["", "/en", "/fi"])
def test_the_page_is_light(demo_city: Flask, key: str) -> None:
    client = demo_city.test_client()
    for path in ("/subscribe", "/subscribe?scope=unit-rinkeby-bibliotek"):
        page = client.get(key + path, base_url=BASE_URL)
        assert page.status_code == 200
        assert len(gzip.compress(page.data, 6)) <= 15_000
        assert len(find_all(read(client, key + path), "details", class_="device")) == 7  # type: ignore[arg-type]

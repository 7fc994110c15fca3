"""How feeds are doing, as editors see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core import jobs
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.feeds import staff
from portal.feeds.actions import add_fetches
from portal.feeds.checks import LIMIT
from portal.feeds.health import Reports, health
from portal.feeds.models import RenderedEvent
from tests.support import portal_app
from tests.support.factories import NOW, TODAY, WEEKLY, unit
from tests.support.portal_app import LIBRARY, PRESCHOOL, Browser
from tests.support.site import find_all, read, words

Make = Callable[..., Any]
EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"


@pytest.fixture
def editor(city: Flask, client: Browser, freeze: Callable[..., None]) -> Browser:
    freeze(NOW)
    client.sign_in("editor@small.example")
    return client


def section(root: Element, scope: str) -> Element:
    (found,) = find_all(root, "section", aria_labelledby=scope)
    return found


def test_an_editor_sees_all_the_own_unit_and_the_own_events(
    editor: Browser, make_event: Make
) -> None:
    make_event(WEEKLY, titles={"sv": "Språkcafé hos oss"})
    make_event(
        unit_id=lambda: unit(PRESCHOOL).id,
        place_id=None,
        elsewhere="Torget",
        titles={"sv": "Hos andra"},
    )
    make_event(status="draft", titles={"sv": "Bara ett utkast"})
    root = read(editor, "/staff/feeds", is_public=False)
    assert [node.get("aria-labelledby") for node in find_all(root, "section", class_="health")] == [
        "all",
        f"unit-{LIBRARY}",
    ]
    own = words(section(root, f"unit-{LIBRARY}"))
    assert "1 evenemang, 10 kommande tillfällen" in own or "1 events, 10 dates" in own
    single = words(section(root, "single"))
    assert "Språkcafé hos oss" in single
    assert "Hos andra" not in single
    assert "Bara ett utkast" not in single


def test_an_administrator_chooses_a_unit(client: Browser, freeze: Callable[..., None]) -> None:
    freeze(NOW)
    client.sign_in("admin@small.example")
    root = read(client, "/staff/feeds", is_public=False)
    assert [node.get("aria-labelledby") for node in find_all(root, "section", class_="health")] == [
        "all"
    ]
    root = read(client, f"/staff/feeds?unit={PRESCHOOL}", is_public=False)
    assert section(root, f"unit-{PRESCHOOL}") is not None
    assert client.get("/staff/feeds?unit=nobody").status_code == 404


def test_an_editor_cannot_choose_another_unit(editor: Browser) -> None:
    root = read(editor, f"/staff/feeds?unit={PRESCHOOL}", is_public=False)
    assert not find_all(root, "section", aria_labelledby=f"unit-{PRESCHOOL}")
    assert not find_all(root, "select", id="unit")


def test_fetches_are_told_in_words_and_few_are_not_told(city: Flask, editor: Browser) -> None:
    with city.app_context():
        begin_write()
        add_fetches(
            {
                ("all", "google"): 432,
                ("all", "apple"): 9,
                ("all", "nextcloud"): 10,
                ("all", "thunderbird"): 57,
                (f"unit-{LIBRARY}", "outlook"): 9,
            },
            TODAY,
        )
        db.session.commit()
    root = read(editor, "/en/staff/feeds", is_public=False)
    everything = words(section(root, "all"))
    assert "Google Calendar: hundreds of times" in everything
    assert "Nextcloud: a few times" in everything
    assert "Thunderbird: tens of times" in everything
    assert "iPhone" not in everything, "nine are too few to tell of"
    for number in ("432", "57"):
        assert number not in everything
    own = words(section(root, f"unit-{LIBRARY}"))
    assert "Outlook" not in own
    assert "Too few to show" in own
    assert "fetches by programs, not people" in words(root)


def test_a_fault_in_a_stored_text_is_told_with_what_to_do(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    made = make_event(WEEKLY, titles={"sv": "Trasig text"})
    with city.app_context():
        list(jobs.tick())
        begin_write()
        for row in db.session.scalars(select(RenderedEvent)):
            row.body = row.body.replace(b"CLASS:PUBLIC", b"CLASS:\x01PUBLIC")
            row.body = row.body.replace(b"SEQUENCE:", b"SEQUENCE:9", 1)
        db.session.commit()
        db.session.remove()
    portal_app.rendered.clear()
    root = read(editor, "/en/staff/feeds", is_public=False)
    own = section(root, f"unit-{LIBRARY}")
    told = words(own)
    assert "Something is wrong" in told
    assert "sign in it that calendars do not take" in told
    assert "take the strange sign away" in told
    assert made.slug
    assert "svenska" in told, "and in which language"


def test_a_fault_names_its_event_to_those_who_may_change_it(
    city: Flask, editor: Browser, make_event: Make
) -> None:
    made = make_event(WEEKLY, titles={"sv": "Trasig text"})
    with city.app_context():
        list(jobs.tick())
        begin_write()
        for row in db.session.scalars(select(RenderedEvent)):
            row.body = row.body.replace(b"UNTIL=20270127T160000Z", b"UNTIL=20270127T170000Z")
        db.session.commit()
        db.session.remove()
    portal_app.rendered.clear()
    root = read(editor, "/en/staff/feeds", is_public=False)
    links = {node.get("href") for node in section(root, f"unit-{LIBRARY}").iter("a")}
    assert f"/en/staff/events/{made.id}" in links
    editor.sign_in("preschool@small.example")
    root = read(editor, "/en/staff/feeds", is_public=False)
    assert "Trasig text" in words(section(root, "all"))
    assert f"/en/staff/events/{made.id}" not in {node.get("href") for node in root.iter("a")}


@pytest.mark.parametrize(
    ("share", "word", "sound"),
    [(0.5, "Fine", True), (0.85, "Nearly full", True), (1.1, "Too large", False)],
)
def test_the_size_is_told_against_the_limit(
    editor: Browser, monkeypatch: pytest.MonkeyPatch, share: float, word: str, sound: bool
) -> None:
    lines = int(share * LIMIT / 70)
    body = EMPTY.replace(b"END:", b"X-FILL:" + b"x" * 61 + b"\r\nEND:", 1)
    body = body.replace(
        b"X-FILL:" + b"x" * 61 + b"\r\n", (b"X-FILL:" + b"x" * 61 + b"\r\n") * lines
    )
    monkeypatch.setattr(staff.formats, "calendar", lambda scope, key, base_url: body)
    told = words(section(read(editor, "/en/staff/feeds", is_public=False), "all"))
    assert f"{round(len(body) / 1000)} of 1,000 kB {word}" in told
    assert ("Works" in told) is sound
    assert ("smaller calendar" in told) is (word != "Fine")


def test_a_feed_that_stands_still_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, asked = Reports(), []
    from portal.feeds import health as module

    real = module.check
    monkeypatch.setattr(module, "check", lambda body, now: asked.append(1) or real(body, now))
    for body in (EMPTY, EMPTY, EMPTY + b"\x01\r\n", EMPTY):
        kept.of(body, NOW)
    assert len(asked) == 2


def test_a_fault_is_told_once_with_the_languages_that_have_it() -> None:
    bad = EMPTY.replace(b"VERSION:2.0", b"VERSION:2.0\x01")
    found = health("all", "Allt", {"sv": EMPTY, "en": bad, "fi": bad}, 3, {"google": 12}, NOW)
    (one,) = found.findings
    assert one.problem.code == "control"
    assert one.languages == ("English", "suomi")
    assert not found.is_sound
    assert found.fetched == (("google", "few"),)


def test_the_way_to_it_is_on_the_start_page_and_in_the_menu(editor: Browser) -> None:
    root = read(editor, "/staff", is_public=False)
    links = [node.get("href") for node in root.iter("a")]
    assert links.count("/staff/feeds") == 2

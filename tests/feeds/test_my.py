"""An editor's own calendar: everything of their units, for whoever has the address."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from werkzeug.test import TestResponse

from portal.accounts import actions as accounts
from portal.accounts.queries import account_by_email
from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.sealing import digest
from portal.core.words import translator
from portal.events import actions, queries
from portal.feeds.models import EditorFeed
from tests.support.factories import NOW, WEEKLY, Made, details, place, unit
from tests.support.portal_app import PRESCHOOL, Browser
from tests.support.site import find_all, read, read_answer, words

Make = Callable[..., Made]
PAGE = "/staff/feeds/my"
PRESCHOOLS: dict[str, Any] = {
    "unit_id": lambda: unit(PRESCHOOL).id,
    "place_id": lambda: place(PRESCHOOL).id,
}


@pytest.fixture(autouse=True)
def today(freeze: Callable[[datetime], None]) -> None:
    freeze(NOW)


def new_address(client: Browser, prefix: str = "") -> str:
    """Presses the button and copies the address from the field."""
    answer = client.submit(prefix + PAGE)
    assert answer.status_code == 200
    root = read_answer(answer, prefix + PAGE, is_public=False)
    (field,) = find_all(root, "input", id="link")
    found = re.fullmatch(
        r"http://127\.0\.0\.1:8000(\S+/feeds/my/\S+\.ics|/feeds/my/\S+\.ics)",
        field.get("value") or "",
    )
    assert found is not None
    return found[1]


@pytest.fixture
def editor(client: Browser) -> Browser:
    client.sign_in("editor@small.example")
    return client


def fetch(client: Browser, path: str, **headers: str) -> TestResponse:
    """As a calendar program does: without any cookie."""
    browser = client.application.test_client()
    return browser.get(path, headers=headers)


def events(client: Browser, path: str) -> dict[str, Any]:
    found = Calendar.from_ical(fetch(client, path).data).walk("VEVENT")
    return {str(e["SUMMARY"]): e for e in found}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_it_holds_everything_of_the_unit_and_says_what_is_not_published(
    editor: Browser, make_event: Make, engine: str
) -> None:
    _ = translator("sv")
    make_event(WEEKLY, titles={"sv": "Öppet"})
    make_event(titles={"sv": "Skiss"}, status="draft")
    make_event(titles={"sv": "Frågad"}, status="waiting")
    make_event(titles={"sv": "Möte"}, visibility="staff")
    make_event(titles={"sv": "Slutet"}, visibility="closed")
    make_event(titles={"sv": "Av"}, status="cancelled")
    make_event(
        titles={"sv": "Gömt"},
        visibility="without_place",
        phone="0555-1",
        host_note={"sv": "Anna tar emot"},
        directed_to={"sv": "Kanariefåglar"},
    )
    make_event(
        titles={"sv": "Andras"},
        unit_id=lambda: unit(PRESCHOOL).id,
        place_id=lambda: place(PRESCHOOL).id,
    )
    found = events(editor, new_address(editor))
    draft, waiting = f"{_('DRAFT')}: Skiss", f"{_('WAITING FOR AN ANSWER')}: Frågad"
    assert set(found) == {
        "Öppet",
        draft,
        waiting,
        "Möte",
        "Slutet",
        "Gömt",
        f"{_('CANCELLED')}: Av",
    }
    for title in (draft, waiting):
        assert found[title]["STATUS"] == "TENTATIVE"
    assert found["Öppet"]["STATUS"] == "CONFIRMED"
    hidden = found["Gömt"]
    assert str(hidden["LOCATION"]).startswith("Exempelbiblioteket, Torggatan 5"), "the host's own"
    assert "GEO" in hidden
    assert "Anna" in str(hidden["DESCRIPTION"])
    assert "Kanarie" not in str(hidden["DESCRIPTION"]), "never in any calendar"


def test_an_administrator_has_all_units(client: Browser, make_event: Make) -> None:
    make_event(titles={"sv": "Ett"})
    make_event(
        titles={"sv": "Annat"},
        unit_id=lambda: unit(PRESCHOOL).id,
        place_id=lambda: place(PRESCHOOL).id,
    )
    client.sign_in("admin@small.example")
    assert set(events(client, new_address(client))) == {"Ett", "Annat"}


def test_it_is_in_the_language_of_the_page_that_made_it(editor: Browser, make_event: Make) -> None:
    make_event(status="draft")
    path = new_address(editor, "/en")
    assert path.startswith("/en/feeds/my/")
    assert set(events(editor, path)) == {"DRAFT: Language café"}


def test_it_is_taken_with_a_press_or_by_the_steps_of_each_device(editor: Browser) -> None:
    """Every button and link leads to the own calendar: to no other, and nowhere without it."""
    before = read(editor, PAGE, is_public=False)
    assert not find_all(before, "details", class_="device")
    root = read_answer(editor.submit(PAGE), PAGE, is_public=False)
    (field,) = find_all(root, "input", id="link")
    webcal = (field.get("value") or "").replace("http:", "webcal:")
    assert "/feeds/my/" in webcal
    first = find_all(root, "a", class_="button")[0]
    assert (first.get("href"), words(first)) == (webcal, "Prenumerera")
    assert "#devices" in {node.get("href") for node in root.iter("a")}
    assert find_all(root, "h2", id="devices")
    assert len(find_all(root, "details", class_="device")) == 7
    targets = [node.get("href") or "" for node in root.iter("a")]
    leading = [href for href in targets if "webcal:" in href]
    assert len(leading) >= 5
    assert all(href.endswith(webcal) for href in leading)


def test_a_draft_that_changes_is_seen_to_change(
    editor: Browser, city: Flask, make_event: Make
) -> None:
    made = make_event(WEEKLY, status="draft")
    path = new_address(editor)
    (before,) = events(editor, path).values()
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        actions.rewrite(
            event, details(titles={"sv": "Nytt"}), queries.series_of(event), [], NOW.date()
        )
        db.session.commit()
    (after,) = events(editor, path).values()
    assert "Nytt" in str(after["SUMMARY"])
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["LAST-MODIFIED"].dt > before["LAST-MODIFIED"].dt


def test_nobody_else_keeps_it(editor: Browser, city: Flask, make_event: Make) -> None:
    made = make_event(status="draft")
    path = new_address(editor)
    first = fetch(editor, path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["X-Robots-Tag"] == "noindex"
    assert "Access-Control-Allow-Origin" not in first.headers
    assert "Last-Modified" not in first.headers, "it would tell of other people's changes"
    assert "SOURCE" not in first.text, "the address is a key, and stands in no calendar"
    assert path.split("/")[-1][:10] not in first.text
    same = fetch(editor, path, **{"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data) == (304, b"")
    assert same.headers["Cache-Control"] == "private, no-cache"
    # No shelf of public answers stands in between: a draft's change shows at once.
    with city.app_context():
        begin_write()
        event = queries.event_by_id(made.id)
        assert event is not None
        event.titles = {"sv": "Direkt"}
        db.session.commit()
    changed = fetch(editor, path, **{"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert "Direkt" in changed.text


def test_only_a_digest_is_stored_and_a_new_address_ends_the_old(
    editor: Browser, city: Flask, make_event: Make
) -> None:
    make_event()
    assert find_all(read(editor, PAGE, is_public=False), "input", id="link") == []
    first = new_address(editor)
    page = read(editor, PAGE, is_public=False)
    assert find_all(page, "input", id="link") == [], "shown once"
    assert first.split("/")[-1].removesuffix(".ics") not in editor.get(PAGE).text
    assert "20 november 2026" in words(page)
    with city.app_context():
        (row,) = db.session.query(EditorFeed)
        token = first.removeprefix("/feeds/my/").removesuffix(".ics")
        assert row.digest == digest(token)
        assert token not in repr(row.__dict__)
    second = new_address(editor)
    assert fetch(editor, first).status_code == 404
    assert fetch(editor, second).status_code == 200
    gone = editor.submit(f"{PAGE}/remove")
    assert gone.status_code == 303
    assert fetch(editor, second).status_code == 404
    page = read(editor, gone.headers["Location"], is_public=False)
    assert len(find_all(page, "form", class_="post")) == 2, "the way out, and a new address"


def test_a_closed_account_s_calendar_is_gone(
    editor: Browser, city: Flask, make_event: Make
) -> None:
    make_event()
    path = new_address(editor)
    assert fetch(editor, path).status_code == 200

    def set_disabled(is_disabled: bool) -> None:
        with city.app_context():
            begin_write()
            account = account_by_email("editor@small.example")
            assert account is not None
            accounts.set_disabled(account, is_disabled)
            db.session.commit()

    set_disabled(True)
    assert fetch(editor, path).status_code == 404
    set_disabled(False)
    assert fetch(editor, path).status_code == 200


def test_who_loses_a_unit_loses_its_events(editor: Browser, city: Flask, make_event: Make) -> None:
    make_event(status="draft")
    path = new_address(editor)
    assert len(events(editor, path)) == 1
    with city.app_context():
        begin_write()
        account = account_by_email("editor@small.example")
        assert account is not None
        accounts.revoke(account, account.grants[0])
        db.session.commit()
    assert events(editor, path) == {}

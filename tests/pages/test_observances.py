"""Observances from an association's proposal to everybody's pages and calendars, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from portal.core.database import begin_write
from portal.core.extensions import db
from portal.core.words import translator
from portal.events import observance_queries as queries
from portal.events.models import Observance
from tests.pages.conftest import World
from tests.support import factories
from tests.support.forms import form_with
from tests.support.portal_app import Browser
from tests.support.site import find_all, read, words

STAFF = "/staff/observances"
Somebody = Callable[[str], Browser]


def tr(text: str) -> str:
    return translator("sv")(text)


def follow(browser: Browser, response: TestResponse) -> Element:
    assert response.status_code == 303, response.text[-900:]
    return read(browser, response.headers["Location"], is_public=False)


def fill(browser: Browser, path: str, **typed: str | None) -> Element:
    """Fills in the form of an observance and answers the page that it leads to."""
    form = form_with(read(browser, path, is_public=False), path, "name")
    return follow(browser, form.send(browser, **typed))


def press(browser: Browser, path: str, button: str) -> Element:
    """Presses the button of a form that has no fields."""
    root = read(browser, path, is_public=False)
    for element in find_all(root, "form", method="post"):
        if button in words(element):
            target = element.get("action") or ""
            return follow(browser, browser.submit(target))
    raise AssertionError(f"{path} has no button {button!r}")


def newest(city: Flask) -> Observance:
    with city.app_context():
        row = db.session.query(Observance).order_by(Observance.id.desc()).first()
        assert row is not None
        db.session.expunge(row)
        return row


def test_a_day_that_an_association_finds_important(
    city: Flask, world: World, somebody: Somebody, visitor: Browser
) -> None:
    association, editor = somebody("association"), somebody("editor")
    page = read(association, STAFF + "/new", is_public=False)
    assert tr("Propose an observance") in words(page)
    told = fill(association, STAFF + "/new", name="Sagornas dag", first_on="2026-12-05")
    assert tr("It is proposed. The municipality answers here.") in words(told)
    assert "Sagornas dag" not in visitor.get("/observances").text
    row = newest(city)
    assert (row.status, row.names) == ("proposed", {"sv": "Sagornas dag"})

    assert "3" in words(read(editor, "/staff", is_public=False)), "somebody is told that it waits"
    listed = read(editor, STAFF, is_public=False)
    assert "Exempelföreningen" in words(listed), "and who asks"
    note = {"answer": "no", "note": "Skriv vad som firas."}
    follow(editor, editor.submit(f"{STAFF}/{row.id}/answer", note))
    assert "Skriv vad som firas." in words(read(association, STAFF, is_public=False))

    fill(association, f"{STAFF}/{row.id}", text="Vi berättar sagor för varandra.")
    assert newest(city).status == "proposed", "a change asks again"
    follow(editor, editor.submit(f"{STAFF}/{row.id}/answer", {"answer": "yes"}))
    shown = visitor.get("/observances").text
    assert "Sagornas dag" in shown
    assert "Vi berättar sagor för varandra." in shown
    assert "Exempelföreningen" not in shown, "whose idea it was is nobody's business"
    assert "Sagornas dag" in visitor.get("/calendar/2026-12").text
    assert "SUMMARY;LANGUAGE=sv:Sagornas dag" in visitor.get("/feeds/observances.sv.ics").text
    assert association.get(f"{STAFF}/{row.id}").status_code == 403, "published, it is everybody's"
    again = editor.submit(f"{STAFF}/{row.id}/answer", {"answer": "no"})
    assert again.headers["Location"].endswith("done=gone")


def test_publishing_changing_withdrawing_and_taking_back(
    city: Flask, world: World, somebody: Somebody, visitor: Browser
) -> None:
    editor = somebody("editor")
    fill(
        editor,
        STAFF + "/new",
        name="Läsveckorna",
        first_on="2026-12-07",
        last_on="2026-12-18",
        is_flag_day="y",
        name_en="Reading weeks",
        other_language="rmn-arli",
        name_other="x",
    )
    row = newest(city)
    assert row.names == {"sv": "Läsveckorna", "en": "Reading weeks", "rmn-arli": "x"}
    assert (row.status, row.unit_id, row.is_flag_day) == ("published", None, True)
    month = read(visitor, "/en/calendar/2026-12")
    assert "Reading weeks: Monday 7 December – Friday 18 December" in words(month)

    fill(editor, f"{STAFF}/{row.id}", last_on="2026-12-19", name_en="")
    assert newest(city).names == {"sv": "Läsveckorna", "rmn-arli": "x"}
    assert "lördag 19 december" in words(read(visitor, "/observances"))

    path = f"{STAFF}/{row.id}/withdraw"
    form = form_with(read(editor, path, is_public=False), path, "reason")
    follow(editor, form.send(editor, reason="Biblioteket bygger om."))
    page = words(read(visitor, "/en/observances"))
    assert "Withdrawn Biblioteket bygger om." in page
    assert "Läsveckorna" not in visitor.get("/calendar/2026-12").text
    assert "STATUS:CANCELLED" in visitor.get("/feeds/observances.sv.ics").text
    with city.app_context():
        others = [one.id for one in queries.with_status("withdrawn") if one.id != row.id]
    for _ in range(len(others) + 1):
        press(editor, STAFF, tr("It is marked after all"))
    assert "STATUS:CANCELLED" not in visitor.get("/feeds/observances.sv.ics").text


def test_texts_in_languages_that_the_form_has_no_room_for_stay(
    city: Flask, somebody: Somebody
) -> None:
    names = {"sv": "Bokens dag", "rmf": "a", "rmn-arli": "b"}
    with city.app_context():
        begin_write()
        row_id = factories.new_observance(names=names, texts={"rmn-arli": "c"}).id
        db.session.commit()
    fill(somebody("editor"), f"{STAFF}/{row_id}", name="Böckernas dag", name_other="d")
    row = newest(city)
    assert row.names == {"sv": "Böckernas dag", "rmf": "d", "rmn-arli": "b"}
    assert row.texts == {"rmn-arli": "c"}


@pytest.mark.usefixtures("world")
def test_an_event_is_part_of_it(city: Flask, somebody: Somebody, visitor: Browser) -> None:
    with city.app_context():
        begin_write()
        day = factories.new_observance(names={"sv": "Kaffets dag"}, first_on=date(2026, 12, 2))
        made = factories.made(factories.new_event())
        db.session.commit()
        day_id = day.id
    editor = somebody("editor")
    path = f"/staff/events/{made.id}"
    form = form_with(read(editor, path, is_public=False), path, "title")
    follow(editor, form.send(editor, observance=str(day_id)))
    for page in (f"/events/{made.slug}", f"/events/{made.slug}/{made.key}"):
        (link,) = [one for one in read(visitor, page).iter("a") if words(one) == "Kaffets dag"]
        assert link.get("href") == "/observances#kaffets-dag-2026"
    listed = read(visitor, "/observances")
    (card,) = [one for one in listed.iter("li") if one.get("id") == "kaffets-dag-2026"]
    assert [one.get("href") for one in card.iter("a")] == [f"/events/{made.slug}"]
    form = form_with(read(editor, path, is_public=False), path, "title")
    assert form.fields["observance"] == str(day_id), "the form knows it"
    follow(editor, form.send(editor, observance="0"))
    assert "Kaffets dag" not in visitor.get(f"/events/{made.slug}").text


def test_without_any_there_is_a_way_on(visitor: Browser) -> None:
    root = read(visitor, "/observances")
    assert tr("No observances yet") in words(root)
    assert "/events" in {one.get("href") for one in find_all(root, "a", class_="button")}

"""Whole journeys through the pages: what one person does in one, another sees in the next.

Every form is taken from its page and sent as a browser without JavaScript does.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import icalendar
import pytest
import recurring_ical_events
from flask import Flask
from PIL import Image
from sqlalchemy import event as sql
from werkzeug.test import TestResponse

from portal.core.extensions import db
from portal.core.languages import languages
from portal.events.queries import kind_by_slug
from tests.pages.conftest import World
from tests.support import factories
from tests.support.forms import form_with
from tests.support.portal_app import LIBRARY, PASSWORD, Browser
from tests.support.site import find_all, read, read_answer, words

# Wednesdays before, in and after the autumn break of small.toml (26 to 30 October 2026).
BEFORE, IN_BREAK, AFTER = "2026-10-21", "2026-10-28", "2026-11-04"


def follow(browser: Browser, response: TestResponse, *, is_public: bool = False) -> Element:
    """The page that an accepted form leads to."""
    assert response.status_code == 303, response.text[-900:]
    return read(browser, response.headers["Location"], is_public=is_public)


def slug_of(root: Element) -> str:
    """The address of the event that a page of dates leads to."""
    found = [node.get("href") or "" for node in root.iter("a")]
    return next(href for href in found if re.fullmatch(r"/events/[^/]+", href)).rpartition("/")[2]


def feed_dates(browser: Browser, scope: str) -> dict[str, str]:
    """Every date in a feed and its state, as a calendar program sees them."""
    calendar = icalendar.Calendar.from_ical(browser.get(f"/feeds/{scope}.sv.ics").data)
    found = recurring_ical_events.of(calendar).between(date(2026, 9, 1), date(2027, 9, 1))
    return {f"{one['DTSTART'].dt:%Y-%m-%d}": str(one.get("STATUS", "CONFIRMED")) for one in found}


def page_dates(root: Element) -> dict[str, bool]:
    """The dates that a public page shows, and whether each is cancelled."""
    found: dict[str, bool] = {}
    for entry in root.iter("li"):
        links = [node.get("href") or "" for node in entry.iter("a")]
        for day in re.findall(r"/events/[^/]+/(\d{4}-\d\d-\d\d)", " ".join(links)):
            found[day] = "Inställt" in words(entry)
    return found


@pytest.fixture
def october(freeze: Callable[..., None]) -> None:
    """A Monday before the autumn break."""
    freeze(factories.NOW.replace(month=10, day=12))


def publish_cafe(browser: Browser, **more: Any) -> Element:
    """Nine fields at most, one page: a weekly café, everything else as it stands."""
    path = "/staff/events/new"
    form = form_with(read(browser, path, is_public=False), path, "title")
    typed = {
        "title": "Onsdagskafé",
        "text": "Vi pratar svenska.",
        "first_day": BEFORE,
        "starts": "17:00",
        "ends": "18:30",
        "repeat": "weekly",
        "until": "2026-12-16",
        **more,
    }
    assert len(typed) <= 9
    return follow(browser, form.send(browser, ("do", "publish"), **typed))


def test_an_editor_publishes_a_weekly_cafe_without_the_autumn_break(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    editor = somebody("editor")
    path = "/staff/events/new"
    form = form_with(read(editor, path, is_public=False), path, "title")
    typed = {"title": "Onsdagskafé", "first_day": BEFORE, "starts": "17", "ends": "18.30"}
    preview = form.send(editor, ("do", "dates"), repeat="weekly", until="2026-12-16", **typed)
    shown = read_answer(preview, path, is_public=False)
    rows = {
        next(row.iter("input")).get("value"): next(row.iter("input")).get("checked") is not None
        for row in shown.iter("li")
        if "date-" in (row.get("class") or "")
    }
    assert rows[IN_BREAK], "the break is ticked as left out"
    assert not rows[BEFORE]
    assert not rows[AFTER]
    assert len(rows) == 9
    # The first of December is taken out by hand, and the dates are then published as shown.
    again = form_with(shown, path, "title")
    out = ["2026-12-02"]
    done = follow(editor, again.send(editor, ("do", "publish"), skip=out))
    slug = slug_of(done)
    wanted = {BEFORE, AFTER, "2026-11-11", "2026-11-18", "2026-11-25", "2026-12-09", "2026-12-16"}

    assert set(page_dates(read(visitor, f"/events/{slug}"))) == wanted
    assert set(feed_dates(visitor, f"event-{slug}")) == wanted
    assert set(feed_dates(visitor, f"unit-{LIBRARY}")) == wanted
    assert set(feed_dates(visitor, "all")) == wanted
    assert set(page_dates(read(visitor, "/events"))) == wanted
    assert set(page_dates(read(visitor, f"/units/{LIBRARY}"))) == wanted
    for month in ("2026-10", "2026-11", "2026-12"):
        own = {day for day in wanted if day.startswith(month)}
        assert set(page_dates(read(visitor, f"/calendar/{month}"))) == own
    assert "Onsdagskafé" in words(read(visitor, "/search?q=onsdagskafe"))
    assert visitor.get(f"/events/{slug}/{IN_BREAK}").status_code == 404
    assert set(page_dates(read(visitor, "/events?from=2026-10-26&to=2026-10-30"))) <= {AFTER}


def test_a_date_is_cancelled_and_happens_after_all(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    editor = somebody("editor")
    dates = publish_cafe(editor)
    slug, day = slug_of(dates), AFTER
    before = visitor.get(f"/feeds/event-{slug}.sv.ics")

    ask = next(
        node.get("href") or ""
        for node in dates.iter("a")
        if (node.get("href") or "").endswith(f"{day}/cancel")
    )
    form = form_with(read(editor, ask, is_public=False), ask, "reason")
    done = follow(editor, form.send(editor, reason="Värden är sjuk"))
    assert page_dates(read(visitor, f"/events/{slug}"))[day]
    page = words(read(visitor, f"/events/{slug}/{day}"))
    assert "Värden är sjuk" in page
    assert feed_dates(visitor, f"event-{slug}")[day] == "CANCELLED"
    assert len(feed_dates(visitor, f"event-{slug}")) == 8, "nothing has vanished"
    after = visitor.get(f"/feeds/event-{slug}.sv.ics")
    assert "Värden är sjuk" in after.text.replace("\r\n ", "")
    assert _sequence(after) > _sequence(before)
    assert _uids(after) == _uids(before)
    assert after.headers["Last-Modified"] != before.headers["Last-Modified"]

    back = form_with_action(done, f"/{day}/restore")
    follow(editor, editor.post(back, data={"csrf_token": editor.token()}))
    assert not page_dates(read(visitor, f"/events/{slug}"))[day]
    assert feed_dates(visitor, f"event-{slug}")[day] == "CONFIRMED"
    assert "Värden är sjuk" not in words(read(visitor, f"/events/{slug}/{day}"))
    assert _sequence(visitor.get(f"/feeds/event-{slug}.sv.ics")) > _sequence(after)


def form_with_action(root: Element, end: str) -> str:
    return next(
        node.get("action") or ""
        for node in root.iter("form")
        if (node.get("action") or "").endswith(end)
    )


def _sequence(feed: TestResponse) -> int:
    return max(int(number) for number in re.findall(r"SEQUENCE:(\d+)", feed.text))


def _uids(feed: TestResponse) -> set[str]:
    return set(re.findall(r"\nUID:(\S+)", feed.text.split("BEGIN:VEVENT", 1)[1]))


def test_a_whole_event_is_cancelled_and_stays(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    editor = somebody("editor")
    slug = slug_of(publish_cafe(editor))
    listed = read(editor, "/staff/events", is_public=False)
    edit = next(
        node.get("href") or ""
        for node in listed.iter("a")
        if re.search(r"/events/\d+$", node.get("href") or "")
    )
    path = f"{edit}/cancel"
    form = form_with(read(editor, path, is_public=False), path, "reason")
    follow(editor, form.send(editor, reason="Huset byggs om"))
    assert "Huset byggs om" in words(read(visitor, f"/events/{slug}"))
    assert set(feed_dates(visitor, f"event-{slug}").values()) == {"CANCELLED"}
    assert set(page_dates(read(visitor, f"/events/{slug}")).values()) == {True}


def test_an_association_publishes_at_a_library_that_says_yes(
    city: Flask, october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    admin, path = somebody("admin"), "/admin/invitations"
    form = form_with(read(admin, path, is_public=False), path, "new_name")
    shown = read_answer(form.send(admin, new_name="Föreningen Vi"), path, is_public=False)
    link = next(node.get("value") or "" for node in shown.iter("input") if node.get("id") == "link")
    link = urlsplit(link).path
    assert link not in admin.get(path).text, "it is shown once"

    guest = city.test_client()
    assert isinstance(guest, Browser)
    form = form_with(read(guest, link), link, "password")
    response = form.send(guest, email="styrelsen@vi.example", name="Styrelsen", password=PASSWORD)
    assert response.status_code == 303
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    read(guest, "/staff", is_public=False)
    assert visitor.get(link).status_code == 404, "it works once"
    assert (
        visitor.submit(
            link, {"email": "b@vi.example", "name": "B", "password": PASSWORD}
        ).status_code
        == 404
    )

    with city.app_context():
        place, kind = factories.place().id, kind_by_slug("language-cafe")
        assert kind is not None
    waiting = publish_cafe(guest, place=str(place), kind=str(kind.id))
    number = next(
        re.findall(r"/staff/events/(\d+)", node.get("href") or "")[0]
        for node in waiting.iter("a")
        if re.search(r"/staff/events/\d+$", node.get("href") or "")
    )
    assert "/events/onsdagskafe" not in [node.get("href") for node in waiting.iter("a")], (
        "no page yet"
    )
    assert visitor.get("/events/onsdagskafe").status_code == 404
    assert feed_dates(visitor, "all") == {}
    assert guest.submit(f"/staff/events/{number}/answer", {"answer": "yes"}).status_code == 403

    # The first answer is no, with a line.
    editor = somebody("editor")
    form = form_with(read(editor, "/staff", is_public=False), "/staff", "note", "/answer")
    follow(editor, form.send(editor, ("answer", "no"), note="Vi har stängt på onsdagar."))
    assert "Vi har stängt på onsdagar." in words(read(guest, "/staff", is_public=False))
    path = f"/staff/events/{number}"
    draft = read(guest, path, is_public=False)
    assert "Vi har stängt på onsdagar." in words(draft)
    assert visitor.get("/events/onsdagskafe").status_code == 404

    # Sent once more, and now the answer is yes.
    form = form_with(draft, path, "title")
    follow(guest, form.send(guest, ("do", "publish"), text="Vi städar efter oss."))
    form = form_with(read(editor, "/staff", is_public=False), "/staff", "note", "/answer")
    follow(editor, form.send(editor, ("answer", "yes")))
    page = read(visitor, "/events/onsdagskafe")
    assert "Föreningen Vi" in words(page)
    assert "Vi städar efter oss." in words(page)
    assert set(feed_dates(visitor, f"unit-{LIBRARY}")) == set(
        feed_dates(visitor, "unit-foreningen-vi")
    )
    assert AFTER in feed_dates(visitor, f"unit-{LIBRARY}")


def test_a_draft_that_has_asked_nobody_cannot_be_answered(
    city: Flask, world: World, somebody: Callable[[str], Browser]
) -> None:
    """Only what waits for a yes gets one: a draft of somebody else is none of their business."""
    with city.app_context():
        from portal.core.database import begin_write

        begin_write()
        unit = factories.unit("exempelforeningen")
        made = factories.made(factories.new_event(status="draft", unit_id=unit.id))
        db.session.commit()
    somebody("editor").submit(f"/staff/events/{made.id}/answer", {"answer": "yes"})
    with city.app_context():
        from portal.events.queries import event_by_id

        found = event_by_id(made.id)
        assert found is not None
        assert found.status == "draft"


def test_a_published_event_cannot_slip_into_a_place_that_was_not_asked(
    city: Flask, october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    """An association publishes elsewhere, then changes the place to a library's."""
    guest = somebody("association")
    publish_cafe(guest, place="0", elsewhere="Folkets hus")
    listed = read(guest, "/staff/events", is_public=False)
    path = next(
        node.get("href") or ""
        for node in listed.iter("a")
        if re.search(r"/events/\d+$", node.get("href") or "")
    )
    form = form_with(read(guest, path, is_public=False), path, "title")
    with city.app_context():
        place = factories.place().id
    response = form.send(guest, place=str(place))
    assert response.status_code == 422
    read_answer(response, path, is_public=False)
    assert "Folkets hus" in words(read(visitor, "/events/onsdagskafe"))
    follow(guest, form.send(guest, title="Nytt namn"))
    assert "Nytt namn" in words(read(visitor, "/events/onsdagskafe")), "its address stays"


def test_a_closed_account_is_out_at_once(city: Flask, somebody: Callable[[str], Browser]) -> None:
    admin, editor = somebody("admin"), somebody("editor")
    assert editor.get("/staff").status_code == 200
    people = read(admin, "/admin/people", is_public=False)
    row = next(node for node in people.iter("tr") if "editor@small.example" in words(node))
    form = form_with(row, "/admin/people", "do")
    follow(admin, form.send(admin))
    assert editor.get("/staff").headers["Location"].startswith("/sign-in")
    assert editor.submit("/staff/events/new", {"title": "x"}).status_code == 401
    again = city.test_client()
    assert isinstance(again, Browser)
    given = {"email": "editor@small.example", "password": PASSWORD}
    assert again.submit("/sign-in", given).status_code == 401
    # Nobody locks themselves out.
    with city.app_context():
        from portal.accounts.queries import account_by_email

        own = account_by_email("admin@small.example")
        assert own is not None
        number = own.id
    assert admin.submit(f"/admin/people/{number}", {"do": "close"}).status_code == 409
    # And opened again they can come back.
    people = read(admin, "/admin/people", is_public=False)
    row = next(node for node in people.iter("tr") if "editor@small.example" in words(node))
    follow(admin, form_with(row, "/admin/people", "do").send(admin))
    assert again.submit("/sign-in", given).status_code == 303


def test_signing_in_and_out(city: Flask, visitor: Browser) -> None:
    """One asks for a page, signs in and is there; after signing out it is closed again."""
    asked = visitor.get("/staff/events?x=1")
    assert asked.status_code == 303
    path = asked.headers["Location"]
    form = form_with(read(visitor, path), path, "password")
    done = form.send(visitor, email="Editor@small.example ", password=PASSWORD)
    assert done.status_code == 303
    assert done.headers["Location"] == "/staff/events?x=1"
    root = read(visitor, "/staff/events", is_public=False)
    token = next(
        node.get("value") for node in root.iter("input") if node.get("name") == "csrf_token"
    )
    out = visitor.post("/sign-out", data={"csrf_token": token})
    assert out.status_code == 303
    assert "cookies" in out.headers["Clear-Site-Data"]
    assert visitor.get("/staff").status_code == 303


def test_a_photograph_shows_and_what_the_camera_knew_is_gone(
    somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Kamerafabriken"
    exif[0x0112] = 6  # turned by a quarter
    gps = exif.get_ifd(0x8825)
    gps[2], gps[4] = (59.0, 20.0, 0.0), (18.0, 4.0, 0.0)
    raw = io.BytesIO()
    Image.new("RGB", (2400, 1200), (20, 90, 160)).save(
        raw, "JPEG", exif=exif, comment=b"hemlig kommentar"
    )
    assert b"Kamerafabriken" in raw.getvalue()

    editor, path = somebody("editor"), f"/staff/units/{LIBRARY}"
    form = form_with(read(editor, path, is_public=False), path, "alt", "/photo")
    assert form.element.get("enctype") == "multipart/form-data"
    sent = form.send(
        editor,
        photo=(io.BytesIO(raw.getvalue()), "min väg/../dörr.jpg"),
        alt="En blå dörr",
        credit="Biblioteket",
    )
    follow(editor, sent)
    root = read(visitor, f"/units/{LIBRARY}")
    shown = next(node for node in root.iter("img"))
    assert shown.get("alt") == "En blå dörr"
    assert "Biblioteket" in words(root)
    answer = visitor.get(shown.get("src") or "")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "immutable" in answer.headers["Cache-Control"]
    picture = Image.open(io.BytesIO(answer.data))
    assert picture.size == (480, 960), "upright, and no larger than a page needs"
    assert [shown.get("width"), shown.get("height")] == ["480", "960"]
    assert not picture.getexif()
    assert set(picture.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    }
    for word in (b"Kamerafabriken", b"hemlig", b"Exif", b"GPS"):
        assert word not in answer.data


def test_a_unit_changes_what_it_says(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    editor, path = somebody("editor"), f"/staff/units/{LIBRARY}"
    slug = slug_of(publish_cafe(editor))
    before = visitor.get(f"/feeds/event-{slug}.sv.ics").text
    form = form_with(read(editor, path, is_public=False), path, "hours_0")
    follow(
        editor,
        form.send(editor, street="Nygatan 9", hours_0="10-12, 13-17", rules="Hälsa.\nStäda."),
    )
    page = words(read(visitor, f"/units/{LIBRARY}"))
    assert "Nygatan 9" in page
    assert "Städa." in page
    after = visitor.get(f"/feeds/event-{slug}.sv.ics").text.replace("\r\n ", "")
    assert "Nygatan 9" in after
    assert "Nygatan" not in before
    closed = form_with(read(editor, path, is_public=False), path, "reason", "/closed")
    follow(editor, closed.send(editor, first_on="2026-11-02", last_on="", reason="Inventering"))
    assert "Inventering" in words(read(visitor, f"/units/{LIBRARY}"))
    again = read(editor, path, is_public=False)
    back = next(
        node.get("action") or ""
        for node in again.iter("form")
        if re.search(r"/closed/\d+$", node.get("action") or "")
    )
    follow(editor, editor.submit(back))
    assert "Inventering" not in words(read(visitor, f"/units/{LIBRARY}"))


def test_an_association_can_say_something_of_itself(
    somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    """It has no premises, so its form asks for nothing that belongs to premises."""
    guest, path = somebody("association"), "/staff/units/exempelforeningen"
    form = form_with(read(guest, path, is_public=False), path, "intro")
    follow(guest, form.send(guest, intro="Vi träffas och sjunger."))
    assert "Vi träffas och sjunger." in words(read(visitor, "/units/exempelforeningen"))


def test_nothing_found_offers_a_next_step(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    publish_cafe(somebody("editor"))
    nothing = read(visitor, "/events?q=zebrahest")
    ways = {
        node.get("href")
        for box in find_all(nothing, "div", class_="empty")
        for node in box.iter("a")
    }
    assert {"/events", "/help"} <= ways
    later = read(visitor, "/events?to=2026-10-13")
    assert page_dates(later) == {BEFORE: False}, "the next date instead"
    told = words(read(visitor, "/events?unit=nobody&q=onsdag"))
    assert "nobody" in told, "what is not known is named"


def test_a_filter_can_be_taken_away(
    october: None, somebody: Callable[[str], Browser], visitor: Browser
) -> None:
    publish_cafe(somebody("editor"))
    path = f"/events?unit={LIBRARY}&language=fi&q=kaf%C3%A9"
    chips = [
        node
        for node in read(visitor, path).iter("ul")
        if "chips" in (node.get("class") or "").split()
    ]
    hrefs = [node.get("href") or "" for node in chips[0].iter("a")]
    assert len(hrefs) == 4, "one for each filter, and one for all"
    assert hrefs[-1] == "/events"
    assert not [href for href in hrefs[:-1] if len(urlsplit(href).query.split("&")) != 2]


def test_every_form_names_languages_for_its_reader(
    october: None,
    somebody: Callable[[str], Browser],
    visitor: Browser,
    make_event: Callable[..., factories.Made],
) -> None:
    make_event(languages=("sv", "fi"))
    for path in ("/events", "/subscribe"):
        (field,) = find_all(read(visitor, path), "select", id="language")
        assert "finska (suomi)" in [words(node) for node in field.iter("option")], path
        (field,) = find_all(read(visitor, f"/en{path}"), "select", id="language")
        assert "Finnish (suomi)" in [words(node) for node in field.iter("option")], path
    (chips,) = find_all(read(visitor, "/events?language=fi"), "ul", class_="chips")
    assert "finska (suomi)" in words(chips)
    root = read(somebody("editor"), "/staff/events/new", is_public=False)
    spoken = [words(node) for node in root.iter("label")]
    assert {"svenska", "engelska (English)", "finska (suomi)"} <= set(spoken)
    (other,) = find_all(root, "select", id="other_language")
    assert words(list(other.iter("option"))[1]) == languages()["rom"].name


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    """The statements that are sent to the database meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(" ".join(statement.split())[:200])

    with app.app_context():
        engine = db.engine
    sql.listen(engine, "before_cursor_execute", note)
    yield found
    sql.remove(engine, "before_cursor_execute", note)


LISTS = {
    "/": None,
    "/events": None,
    "/calendar/2026-12": None,
    f"/units/{LIBRARY}": None,
    f"/places/{LIBRARY}": None,
    "/places": None,
    "/search?q=kafe": None,
    "/subscribe": None,
    "/help/contacts": None,
    "/events/{slug}": None,
    "/events/{slug}/{key}": None,
    "/feeds/all.sv.ics": None,
    "/staff": "editor",
    "/staff/events": "admin",
    "/staff/events/new": "editor",
    "/staff/feeds": "editor",
    "/staff/events/{id}/dates": "editor",
    "/admin/people": "admin",
    "/admin/breaks": "admin",
    "/admin/invitations": "admin",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_often_for_three_as_for_one(
    city: Flask,
    freeze: Callable[..., None],
    visitor: Browser,
    somebody: Callable[[str], Browser],
    path: str,
) -> None:
    """Three times as much of everything, and not one question more to the database."""
    freeze(factories.NOW)
    who = LISTS[path]
    browser = somebody(who) if who else visitor
    counts, texts = [], []
    for number in (1, 3):
        with city.app_context():
            from portal.core.database import begin_write

            begin_write()
            made = _more(number)
            db.session.commit()
        address = path.format(slug=made.slug, key=made.key, id=made.id)
        with counting(city) as found:
            answer = browser.get(address)
        assert answer.status_code == 200
        counts.append(len(found))
        texts.append(found)
    extra = [
        statement for statement in texts[1] if texts[1].count(statement) > texts[0].count(statement)
    ]
    assert counts[0] == counts[1], "\n".join(dict.fromkeys(extra))


def _more(number: int) -> factories.Made:
    """One event first; then so many that there are three of everything."""
    from portal.accounts.actions import create_account, grant
    from portal.places.actions import add_room
    from portal.places.queries import places_of
    from portal.units.actions import add_association

    made = None
    for turn in range(1 if number == 1 else 2):
        name = f"{number}{turn}"
        guest = add_association(f"Förening {name}")
        grant(create_account(f"a{name}@small.example", name, PASSWORD), "editor", guest)
        add_room(factories.unit(), {"names": {"sv": f"Rum {name}"}})
        place = places_of(factories.unit())[-1]
        for status in ("published", "draft", "waiting"):
            found = factories.new_event(
                factories.Series(
                    factories.WEEKLY.starts,
                    factories.WEEKLY.ends,
                    factories.ZONE,
                    rule=factories.Rule(
                        "WEEKLY", date(2026, 11, 25) + timedelta(weeks=number), weekdays=(2,)
                    ),
                ),
                titles={"sv": f"Kafé {name}"},
                place_id=place.id,
                co_host_ids=(guest.id,),
                status=status,
            )
            made = made if made is not None and status != "published" else factories.made(found)
    assert made is not None
    return made
